// SPDX-License-Identifier: GPL-2.0
/* The bus on its fake hypervisor, from load to unload, and small helpers to use it. */
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/smp.h>
#include <linux/trace_events.h>

#include "fixture.h"

static bool loaded;

/**
 * bus_prepare() - a new machine, hypervisor and host; the bus is not loaded
 * @test: the case
 * Return: 0 or -ENOMEM.
 */
int bus_prepare(struct kunit *test)
{
	fake_machine_reset();
	fake_hv_reset();
	loaded = false;
	*fake_param_response_timeout = 1;
	*fake_param_max_version = VMBUS_WIRE_V5_3;
	return fake_host_reset();
}

/** bus_load() - load the bus. Return: as its module's start. */
int bus_load(void)
{
	int ret;

	/* A module that is loaded starts with these; the copy was not loaded just now. */
	atomic_set(&vmbus_connection.nr_chan_close_on_suspend, 0);
	atomic_set(&vmbus_connection.nr_chan_fixup_on_resume, 0);
	/* With each trace point recorded, so that these run as well. */
	trace_set_clr_event("hyperv_kunit", NULL, 1);
	ret = fake_bus_load();
	loaded = !ret;
	return ret;
}

/**
 * bus_unload() - unload the bus from a good host, and see what it leaves
 * @test: the case
 */
void bus_unload(struct kunit *test)
{
	if (!loaded)
		return;
	fake_host_good();
	fake_host_settle();
	fake_bus_unload();
	loaded = false;
	fake_host_settle();
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&fake_hv.enabled));
	KUNIT_EXPECT_NULL(test, fake_hv.handler);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmbus_connection.chn_msg_list));
	KUNIT_EXPECT_TRUE(test, list_empty(&vmbus_connection.chn_list));
	KUNIT_EXPECT_NULL(test, fake_machine.kexec);
	KUNIT_EXPECT_NULL(test, fake_machine.crash);
	KUNIT_EXPECT_NULL(test, fake_machine.syscore);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(fake_machine.panic.head));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clocks), 0);
}

/** bus_init() - a suite's init: the bus is loaded and there are no devices */
int bus_init(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, bus_prepare(test), 0);
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	return 0;
}

/** bus_exit() - a suite's exit; the host must have seen nothing that no guest may do */
void bus_exit(struct kunit *test)
{
	bus_unload(test);
	fake_host_stop();
	KUNIT_EXPECT_EQ_MSG(test, fake_host.wrong, 0u, "%s", fake_host.why);
	KUNIT_EXPECT_EQ(test, fake_hv.strange_pages, 0u);
}

/** bus_channel() - the channel of a relid. Return: NULL: there is none. */
struct vmbus_channel *bus_channel(u32 relid)
{
	struct vmbus_channel *channel;

	rcu_read_lock();
	channel = vmbus_relid_channel(relid);
	rcu_read_unlock();
	return channel;
}

/**
 * bus_offer() - have the host offer a channel, and wait until it is there
 * @test: the case, which ends when the channel does not come
 * @relid: its number
 * @class: the device's type
 * @instance: tells devices apart
 * @subchannel: 0 for a device's first channel
 */
struct vmbus_channel *bus_offer(struct kunit *test, u32 relid, const guid_t *class, u8 instance,
				u16 subchannel)
{
	struct vmbus_msg_offer offer = fake_offer(relid, class, instance, subchannel);
	struct vmbus_channel *channel;

	KUNIT_ASSERT_TRUE(test, fake_host_offer(&offer));
	fake_host_settle();
	channel = bus_channel(relid);
	KUNIT_ASSERT_NOT_NULL(test, channel);
	KUNIT_ASSERT_TRUE(test, channel->probe_done);
	return channel;
}

static void nothing(void *context)
{
}

/**
 * bus_device_file() - a device's file in sysfs, whether the bus or the driver core has it
 * @device: the device
 * @name: the file's
 * Return: NULL: there is none.
 */
struct device_attribute *bus_device_file(struct hv_device *device, const char *name)
{
	struct kernfs_node *node = kernfs_find_and_get(device->device.kobj.sd, name);
	struct attribute *attr;

	if (!node)
		return NULL;
	attr = node->priv;
	kernfs_put(node);
	return container_of(attr, struct device_attribute, attr);
}

/** bus_open() - open a channel with small rings and a callback that does nothing */
int bus_open(struct vmbus_channel *channel)
{
	return vmbus_open(channel, 2 * PAGE_SIZE, 3 * PAGE_SIZE, NULL, 0, nothing, NULL);
}

/* ---- a driver ---- */

static struct bus_driver *driver_of(struct hv_device *dev)
{
	return container_of(drv_to_hv_drv(dev->device.driver), struct bus_driver, hv);
}

static int driver_probe(struct hv_device *dev, const struct hv_vmbus_device_id *id)
{
	struct bus_driver *driver = driver_of(dev);

	driver->probes++;
	if (driver->probe_error)
		return driver->probe_error;
	driver->device = dev;
	driver->driver_data = id ? id->driver_data : 0;
	return driver->on_probe ? driver->on_probe(dev) : 0;
}

static hvic_remove_t driver_remove(struct hv_device *dev)
{
	struct bus_driver *driver = driver_of(dev);

	driver->removes++;
	if (driver->on_remove)
		driver->on_remove(dev);
	driver->device = NULL;
	hvic_remove_return();
}

static void driver_shutdown(struct hv_device *dev)
{
	driver_of(dev)->shutdowns++;
}

static int driver_suspend(struct hv_device *dev)
{
	driver_of(dev)->suspends++;
	return 0;
}

static int driver_resume(struct hv_device *dev)
{
	driver_of(dev)->resumes++;
	return 0;
}

/**
 * bus_driver_register() - register a driver
 * @test: the case
 * @driver: what is set already stays
 * @class: the device type that it takes, or NULL
 * Return: as __vmbus_driver_register().
 */
int bus_driver_register(struct kunit *test, struct bus_driver *driver, const guid_t *class)
{
	driver->hv.name = driver->hv.name ?: "fake_driver";
	driver->hv.probe = driver_probe;
	driver->hv.remove = driver_remove;
	driver->hv.shutdown = driver_shutdown;
	driver->hv.suspend = driver_suspend;
	driver->hv.resume = driver_resume;
	if (class)
		driver->ids[0].guid = *class;
	driver->ids[0].driver_data = 0xd1;
	driver->hv.id_table = driver->ids;
	/* Without a module: this one's has no directory yet while its suites run. */
	return __vmbus_driver_register(&driver->hv, NULL, NULL);
}

/* ---- CPUs ---- */

struct on_cpu {
	int (*what)(unsigned int cpu);
	unsigned int cpu;
};

static int run_on_cpu(void *arg)
{
	struct on_cpu *on = arg;

	return on->what(on->cpu);
}

/** bus_on_cpu() - call a CPU hotplug callback where the kernel would. Return: what it returns. */
int bus_on_cpu(unsigned int cpu, int (*what)(unsigned int cpu))
{
	struct on_cpu on = { what, cpu };

	return smp_call_on_cpu(cpu, run_on_cpu, &on, false);
}
