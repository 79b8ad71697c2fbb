// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: drivers and devices: who takes which by type, by an administrator's new_id and
 * driver_override, a socket's; probes that fail, removal, shutdown, the alias that udev sees.
 */
#include <linux/device.h>
#include <linux/hyperv.h>
#include <linux/kobject.h>

#include "compat/driver_override.h"
#include "fixture.h"

/* As if written to a driver's file. */
static ssize_t write_driver(struct bus_driver *driver, const char *name, const char *text)
{
	const struct bus_type *bus = driver->hv.driver.bus;
	struct attribute **attr = bus->drv_groups[0]->attrs;

	for (; *attr; attr++)
		if (!strcmp((*attr)->name, name))
			return container_of(*attr, struct driver_attribute, attr)
				->store(&driver->hv.driver, text, strlen(text));
	return -ENOENT;
}

/* As if written to a device's file driver_override. */
static ssize_t write_override(struct hv_device *dev, const char *text)
{
	struct device_attribute *attr = bus_device_file(dev, "driver_override");

	return attr ? attr->store(&dev->device, NULL, text, strlen(text)) : -ENOENT;
}

/* Before and after its driver; the driver gets the id that matched. */
static void device_meets_its_driver(struct kunit *test)
{
	struct bus_driver driver = { }, other = { .hv.name = "other_driver" };
	struct hv_device *early, *late;

	early = bus_offer(test, 1, &fake_nic, 1, 0)->device_obj;
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &other, &fake_scsi), 0);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	KUNIT_EXPECT_EQ(test, driver.probes, 1u);
	KUNIT_EXPECT_PTR_EQ(test, driver.device, early);
	KUNIT_EXPECT_EQ(test, driver.driver_data, 0xd1ul);
	late = bus_offer(test, 2, &fake_nic, 2, 0)->device_obj;
	KUNIT_EXPECT_PTR_EQ(test, driver.device, late);
	bus_offer(test, 3, &fake_shutdown, 3, 0);
	KUNIT_EXPECT_EQ(test, driver.probes, 2u);
	KUNIT_EXPECT_EQ(test, other.probes, 0u);

	vmbus_driver_unregister(&driver.hv);
	KUNIT_EXPECT_EQ(test, driver.removes, 2u);
	KUNIT_EXPECT_NULL(test, early->device.driver);
	vmbus_driver_unregister(&other.hv);
	/* Without a driver the device is there all the same. */
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
}

static void device_of_a_failing_probe(struct kunit *test)
{
	struct bus_driver driver = { .probe_error = -EIO };
	struct hv_device *dev = bus_offer(test, 1, &fake_nic, 1, 0)->device_obj;

	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	KUNIT_EXPECT_EQ(test, driver.probes, 1u);
	KUNIT_EXPECT_NULL(test, dev->device.driver);
	vmbus_driver_unregister(&driver.hv);
	KUNIT_EXPECT_EQ(test, driver.removes, 0u);

	/* One that can neither probe nor remove nor shut down. */
	memset(&driver, 0, sizeof(driver));
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, NULL), 0);
	driver.ids[0].guid = fake_nic;
	driver.hv.probe = NULL;
	bus_offer(test, 2, &fake_nic, 2, 0);
	KUNIT_EXPECT_NULL(test, bus_channel(2)->device_obj->device.driver);
	vmbus_driver_unregister(&driver.hv);
}

static void device_shuts_down(struct kunit *test)
{
	struct bus_driver driver = { };
	struct device *dev = &bus_offer(test, 1, &fake_nic, 1, 0)->device_obj->device;

	dev->bus->shutdown(dev);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	dev->bus->shutdown(dev);
	KUNIT_EXPECT_EQ(test, driver.shutdowns, 1u);
	driver.hv.shutdown = NULL;
	dev->bus->shutdown(dev);
	KUNIT_EXPECT_EQ(test, driver.shutdowns, 1u);
	driver.hv.remove = NULL;
	vmbus_driver_unregister(&driver.hv);
	KUNIT_EXPECT_EQ(test, driver.removes, 0u);
}

/* An administrator's id: taken at once, once, and taken back. */
static void device_by_new_id(struct kunit *test)
{
	static const char id[] = "01234567-89ab-cdef-0123-456789abcdef\n";
	static const struct {
		const char *text;
	} bad[] = { { "" }, { "01234567" }, { "0123456g-89ab-cdef-0123-456789abcdef" },
		    { "{01234567-89ab-cdef-0123-456789abcdef}" } };
	struct bus_driver driver = { };
	struct hv_device *dev = bus_offer(test, 1, &fake_unknown, 1, 0)->device_obj;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, write_driver(&driver, "new_id", bad[i].text),
				(ssize_t)-EINVAL);
		KUNIT_EXPECT_EQ(test, write_driver(&driver, "remove_id", bad[i].text),
				(ssize_t)-EINVAL);
	}
	atomic_set(&fake_machine.failures, 1);
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "new_id", id), (ssize_t)-ENOMEM);
	KUNIT_EXPECT_EQ(test, driver.probes, 0u);
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "new_id", id), (ssize_t)strlen(id));
	KUNIT_EXPECT_PTR_EQ(test, driver.device, dev);
	KUNIT_EXPECT_EQ(test, driver.driver_data, 0ul);
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "new_id", id), (ssize_t)-EEXIST);
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "remove_id", id), (ssize_t)strlen(id));
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "remove_id", id), (ssize_t)-ENODEV);
	/* The device that it has stays its own. */
	KUNIT_EXPECT_PTR_EQ(test, dev->device.driver, &driver.hv.driver);
	bus_offer(test, 2, &fake_unknown, 2, 0);
	KUNIT_EXPECT_EQ(test, driver.probes, 1u);
	/* What is left goes with the driver. */
	KUNIT_EXPECT_EQ(test, write_driver(&driver, "new_id", id), (ssize_t)strlen(id));
	vmbus_driver_unregister(&driver.hv);
	KUNIT_EXPECT_TRUE(test, list_empty(&driver.hv.dynids.list));
}

/* With an override the named driver takes the device, whatever its type, and no other does. */
static void device_by_override(struct kunit *test)
{
	struct bus_driver nic = { }, any = { .hv.name = "any_driver" };
	struct hv_device *dev = bus_offer(test, 1, &fake_nic, 1, 0)->device_obj;
	int ret;

	KUNIT_EXPECT_EQ(test, write_override(dev, "any_driver\n"), (ssize_t)11);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &nic, &fake_nic), 0);
	KUNIT_EXPECT_EQ(test, nic.probes, 0u);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &any, &fake_scsi), 0);
	KUNIT_EXPECT_EQ(test, any.probes, 1u);
	KUNIT_EXPECT_EQ(test, any.driver_data, 0ul);
	vmbus_driver_unregister(&any.hv);

	KUNIT_EXPECT_EQ(test, write_override(dev, "\n"), (ssize_t)1);
	ret = device_match_driver_override(&dev->device, &nic.hv.driver);
	KUNIT_EXPECT_LT(test, ret, 0);
	ret = device_attach(&dev->device);
	KUNIT_EXPECT_EQ(test, ret, 1);
	KUNIT_EXPECT_EQ(test, nic.probes, 1u);
	/* Kept until the device goes. */
	KUNIT_EXPECT_EQ(test, write_override(dev, "nobody"), (ssize_t)6);
	vmbus_driver_unregister(&nic.hv);
}

/* All sockets are for the one socket driver, and nothing else is. */
static void device_of_a_socket(struct kunit *test)
{
	struct vmbus_msg_offer offer = fake_offer(1, &fake_nic, 1, 0);
	struct bus_driver nic = { }, sockets = { .hv = { .name = "socket_driver", .hvsock = true } };

	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &nic, &fake_nic), 0);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &sockets, NULL), 0);
	offer.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	fake_host_offer(&offer);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, nic.probes, 0u);
	KUNIT_EXPECT_EQ(test, sockets.probes, 1u);
	bus_offer(test, 2, &fake_nic, 2, 0);
	KUNIT_EXPECT_EQ(test, nic.probes, 1u);
	KUNIT_EXPECT_EQ(test, sockets.probes, 1u);
	vmbus_driver_unregister(&nic.hv);
	vmbus_driver_unregister(&sockets.hv);
}

/* The request for a socket is a message; its answer would be an offer. */
static void device_of_a_socket_is_asked_for(struct kunit *test)
{
	const struct vmbus_msg_tl_connect *msg;

	KUNIT_EXPECT_EQ(test, vmbus_send_tl_connect_request(&fake_unknown, &fake_nic), 0);
	fake_host_settle();
	msg = fake_host_posted(VMBUS_MSG_TL_CONNECT_REQUEST, 0);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	KUNIT_EXPECT_EQ(test, memcmp(msg->endpoint_id.b, &fake_unknown, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(msg->service_id.b, &fake_nic, 16), 0);
}

/* The alias: the type's 16 bytes as they lie on the wire. */
static void device_tells_udev(struct kunit *test)
{
	struct device *dev = &bus_offer(test, 1, &fake_nic, 1, 0)->device_obj->device;
	struct kobj_uevent_env *env = kunit_kzalloc(test, sizeof(*env), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, env);
	KUNIT_EXPECT_EQ(test, dev->bus->uevent(dev, env), 0);
	KUNIT_EXPECT_STREQ(test, env->envp[0],
			   "MODALIAS=vmbus:635161f83edfc546913ff2d2f965ed0e");
	KUNIT_EXPECT_EQ(test, dev->bus->dma_configure(dev), 0);
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(device_meets_its_driver),
	KUNIT_CASE(device_of_a_failing_probe),
	KUNIT_CASE(device_shuts_down),
	KUNIT_CASE(device_by_new_id),
	KUNIT_CASE(device_by_override),
	KUNIT_CASE(device_of_a_socket),
	KUNIT_CASE(device_of_a_socket_is_asked_for),
	KUNIT_CASE(device_tells_udev),
	{ }
};

struct kunit_suite device_suite = {
	.name = "hv-vmbus-device",
	.init = bus_init,
	.exit = bus_exit,
	.test_cases = device_cases,
};
