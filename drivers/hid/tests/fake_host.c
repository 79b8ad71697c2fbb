// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the suites: the bus's functions that the drivers call, and the life of a device. What
 * it says is in the suites, as a mouse and a keyboard have nothing in common.
 */
/* The longest description of a mouse fits. */
#define FAKE_RING_PAGES		(1 + 20u)
#include "../../ring/tests/fake_channel.c"

#include <linux/slab.h>

#include "fake_host.h"

int fake_register_error;
static struct hv_driver *driver;

int fake_vmbus_driver_register(struct hv_driver *hv_driver, struct module *owner, const char *name)
{
	if (!fake_register_error)
		driver = hv_driver;
	return fake_register_error;
}

void fake_vmbus_driver_unregister(struct hv_driver *hv_driver)
{
	driver = NULL;
}

void fake_vmbus_close(struct vmbus_channel *channel)
{
	fake_channel_shut(container_of(channel, struct fake_channel, vmbus));
}

int fake_vmbus_sendpacket(struct vmbus_channel *channel, void *buffer, u32 len, u64 id,
			  enum vmbus_packet_type type, u32 flags)
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);
	struct fake_host *host = fc->host;

	if (!fc->open || type != VM_PKT_DATA_INBAND || len > sizeof(host->last))
		return -EINVAL;
	if (host->send_error && !host->send_errors_after--)
		return host->send_error;
	host->messages++;
	host->last_len = len;
	memcpy(host->last, buffer, len);
	if (host->on_message)
		host->on_message(host, host->last, len);
	return 0;
}

/**
 * fake_host_say() - send a message; the driver hears of it with fake_channel_kick()
 * @host: the host
 * @data: the message
 * @len: its bytes
 */
void fake_host_say(struct fake_host *host, const void *data, u32 len)
{
	fake_channel_packet(&host->channel, VM_PKT_DATA_INBAND, 0, data, len);
}

static void release(struct device *device)
{
	complete(&container_of(device, struct fake_host, hv.device)->released);
}

/**
 * fake_host_new() - a host with a device that no driver has probed
 * @test: the test
 *
 * Return: the host; fake_host_free() is due.
 */
struct fake_host *fake_host_new(struct kunit *test)
{
	struct fake_host *host = kzalloc(sizeof(*host), GFP_KERNEL);
	static unsigned int count;

	KUNIT_ASSERT_NOT_NULL(test, host);
	init_completion(&host->released);
	fake_channel_init(&host->channel, host, &host->hv);
	host->hv.channel = &host->channel.vmbus;
	host->hv.device.release = release;
	dev_set_name(&host->hv.device, "fake-input-%u", count++);
	KUNIT_ASSERT_EQ(test, 0, device_register(&host->hv.device));
	return host;
}

/**
 * fake_host_free() - remove what is left probed; the end of the host
 * @test: the test, which fails when something of the driver still holds the device
 * @host: the host
 */
void fake_host_free(struct kunit *test, struct fake_host *host)
{
	if (host->driver)
		fake_host_remove(host);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	KUNIT_EXPECT_NULL(test, hv_get_drvdata(&host->hv));
	device_unregister(&host->hv.device);
	if (wait_for_completion_timeout(&host->released, 20 * HZ))
		kfree(host);
	else
		KUNIT_FAIL(test, "the driver keeps the device");
}

/**
 * fake_host_probe() - let the driver probe the device
 * @host: the host
 *
 * Return: what probe() says.
 */
int fake_host_probe(struct fake_host *host)
{
	int ret = driver->probe(&host->hv, driver->id_table);

	host->driver = ret ? NULL : driver;
	return ret;
}

/**
 * fake_host_remove() - let the driver remove the device
 * @host: the host
 */
void fake_host_remove(struct fake_host *host)
{
	host->driver->remove(&host->hv);
	host->driver = NULL;
}

/**
 * fake_host_suspend() - let the driver suspend the device
 * @host: the host
 */
int fake_host_suspend(struct fake_host *host)
{
	return host->driver->suspend(&host->hv);
}

/**
 * fake_host_resume() - let the driver resume the device
 * @host: the host
 */
int fake_host_resume(struct fake_host *host)
{
	return host->driver->resume(&host->hv);
}
