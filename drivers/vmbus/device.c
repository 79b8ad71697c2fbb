// SPDX-License-Identifier: GPL-2.0
/*
 * The driver core's view: the bus type, matching of drivers, devices. A device holds its
 * primary channel: the channel is removed when the device's last reference goes.
 * Exports symbols of upstream's vmbus_drv.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_bus.h"

#include <linux/pci_ids.h>
#include <asm/mshyperv.h>

#include "compat/driver_override.h"
#include "vmbus.h"

/* An id that an administrator wrote to a driver's new_id. */
struct dynamic_id {
	struct list_head node;
	struct hv_vmbus_device_id id;
};

static const struct hv_vmbus_device_id any_device;
static struct device *bus_parent;
static struct bus_type vmbus_bus;

static struct dynamic_id *dynamic_id_find(struct hv_driver *drv, const guid_t *guid)
{
	struct dynamic_id *dynid;

	lockdep_assert_held(&drv->dynids.lock);
	list_for_each_entry(dynid, &drv->dynids.list, node)
		if (guid_equal(&dynid->id.guid, guid))
			return dynid;
	return NULL;
}

/* Return: what @drv says of the device, NULL when it is not for it. */
static const struct hv_vmbus_device_id *device_match_id(struct hv_driver *drv,
							struct hv_device *dev)
{
	const struct hv_vmbus_device_id *id;
	struct dynamic_id *dynid;
	int override;

	/* With an override the named driver takes the device, and only that one. */
	override = device_match_driver_override(&dev->device, &drv->driver);
	if (!override)
		return NULL;

	spin_lock(&drv->dynids.lock);
	dynid = dynamic_id_find(drv, &dev->dev_type);
	spin_unlock(&drv->dynids.lock);
	if (dynid)
		return &dynid->id;

	for (id = drv->id_table; id && !guid_is_null(&id->guid); id++)
		if (guid_equal(&id->guid, &dev->dev_type))
			return id;

	return override > 0 ? &any_device : NULL;
}

static ssize_t new_id_store(struct device_driver *driver, const char *buf, size_t count)
{
	struct hv_driver *drv = drv_to_hv_drv(driver);
	struct dynamic_id *dynid;
	guid_t guid;
	int ret;

	ret = guid_parse(buf, &guid);
	if (ret)
		return ret;

	dynid = kzalloc(sizeof(*dynid), GFP_KERNEL);
	if (!dynid)
		return -ENOMEM;
	dynid->id.guid = guid;

	spin_lock(&drv->dynids.lock);
	if (dynamic_id_find(drv, &guid)) {
		spin_unlock(&drv->dynids.lock);
		kfree(dynid);
		return -EEXIST;
	}
	list_add_tail(&dynid->node, &drv->dynids.list);
	spin_unlock(&drv->dynids.lock);

	ret = driver_attach(driver);
	return ret ? ret : count;
}
static DRIVER_ATTR_WO(new_id);

static ssize_t remove_id_store(struct device_driver *driver, const char *buf, size_t count)
{
	struct hv_driver *drv = drv_to_hv_drv(driver);
	struct dynamic_id *dynid;
	guid_t guid;
	int ret;

	ret = guid_parse(buf, &guid);
	if (ret)
		return ret;

	spin_lock(&drv->dynids.lock);
	dynid = dynamic_id_find(drv, &guid);
	if (dynid)
		list_del(&dynid->node);
	spin_unlock(&drv->dynids.lock);

	if (!dynid)
		return -ENODEV;
	kfree(dynid);
	return count;
}
static DRIVER_ATTR_WO(remove_id);

static struct attribute *vmbus_drv_attrs[] = {
	&driver_attr_new_id.attr,
	&driver_attr_remove_id.attr,
	NULL
};
ATTRIBUTE_GROUPS(vmbus_drv);

static ssize_t hibernation_show(hvic_bus_attr_const struct bus_type *bus, char *buf)
{
	return sysfs_emit(buf, "%d\n", hv_is_hibernation_supported());
}
static BUS_ATTR_RO(hibernation);

static struct attribute *vmbus_bus_attrs[] = {
	&bus_attr_hibernation.attr,
	NULL
};
ATTRIBUTE_GROUPS(vmbus_bus);

/* udev loads the driver by this alias: the type's GUID, 32 hexadecimal digits. */
static int vmbus_uevent(hvic_uevent_const struct device *device, struct kobj_uevent_env *env)
{
	const struct hv_device *dev = device_to_hv_device(device);

	return add_uevent_var(env, "MODALIAS=vmbus:%*phN", UUID_SIZE, &dev->dev_type);
}

static int vmbus_match(struct device *device, hvic_match_const struct device_driver *driver)
{
	/* Its lock is taken, so it is not constant. */
	struct hv_driver *drv = container_of(driver, struct hv_driver, driver);
	struct hv_device *dev = device_to_hv_device(device);

	/* A socket's GUIDs are port numbers: all of them are for the one socket driver. */
	if (is_hvsock_channel(dev->channel))
		return drv->hvsock;
	return !!device_match_id(drv, dev);
}

static int vmbus_probe(struct device *device)
{
	struct hv_driver *drv = drv_to_hv_drv(device->driver);
	struct hv_device *dev = device_to_hv_device(device);
	int ret = -ENODEV;

	if (!dev->channels_kset)
		return -ENOMEM;
	if (drv->probe)
		ret = drv->probe(dev, device_match_id(drv, dev));
	if (ret) {
		/* Of a channel that could not be opened: channel_close(). */
		dev->channel->change_target_cpu_callback = NULL;
		pr_err("probe failed for device %s (%d)\n", dev_name(device), ret);
	}
	return ret;
}

static hvic_bus_remove_t vmbus_remove(struct device *device)
{
	struct hv_driver *drv = drv_to_hv_drv(device->driver);

	if (drv->remove)
		drv->remove(device_to_hv_device(device));
	hvic_bus_remove_return();
}

static void vmbus_shutdown(struct device *device)
{
	struct hv_driver *drv;

	if (!device->driver)
		return;
	drv = drv_to_hv_drv(device->driver);
	if (drv->shutdown)
		drv->shutdown(device_to_hv_device(device));
}

static int vmbus_dma_configure(struct device *device)
{
	/* Coherent as the firmware says of the bus; without effect on x86. */
	hv_setup_dma_ops(device, device_get_dma_attr(bus_parent) == DEV_DMA_COHERENT);
	return 0;
}

static struct bus_type vmbus_bus = {
	.name = "vmbus",
	.match = vmbus_match,
	.probe = vmbus_probe,
	.remove = vmbus_remove,
	.shutdown = vmbus_shutdown,
	.uevent = vmbus_uevent,
	.dma_configure = vmbus_dma_configure,
	.dev_groups = vmbus_dev_groups,
	.drv_groups = vmbus_drv_groups,
	.bus_groups = vmbus_bus_groups,
	.pm = &vmbus_device_pm,
	HVIC_BUS_DRIVER_OVERRIDE
};

/*
 * Between a device's directory and its driver's probe: the probe may bring subchannels, which
 * need the channels directory.
 */
static int device_added(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *device = data;
	struct hv_device *dev = device_to_hv_device(device);
	struct kset *kset;

	if (action != BUS_NOTIFY_ADD_DEVICE)
		return NOTIFY_DONE;

	kset = kset_create_and_add("channels", NULL, &device->kobj);
	if (!kset)
		return NOTIFY_DONE;
	dev->channels_kset = kset;
	if (vmbus_channel_kobj_add(dev, dev->channel)) {
		dev->channels_kset = NULL;
		kset_unregister(kset);
	}
	return NOTIFY_OK;
}

static struct notifier_block device_notifier = { .notifier_call = device_added };

static void device_release(struct device *device)
{
	struct hv_device *dev = device_to_hv_device(device);

	if (dev->channel)
		vmbus_channel_remove(dev->channel);
	hvic_driver_override_free(dev);
	kfree(dev);
}

/**
 * vmbus_device_add() - a device for a primary channel; its driver is probed
 * @channel: a primary channel; its device_obj is set
 *
 * May sleep long. After success the channel is the device's.
 *
 * Return: 0; -ENOMEM; as device_add().
 */
int vmbus_device_add(struct vmbus_channel *channel)
{
	const struct vmbus_channel_offer *offer = &channel->offermsg.offer;
	struct hv_device *dev;
	int ret;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;

	dev->channel = channel;
	dev->dev_type = offer->if_type;
	dev->dev_instance = offer->if_instance;
	dev->vendor_id = PCI_VENDOR_ID_MICROSOFT;
	dev->device_id = channel->device_id;
	dev->device.bus = &vmbus_bus;
	dev->device.parent = bus_parent;
	dev->device.release = device_release;
	device_initialize(&dev->device);
	hvic_device_dma_init(dev);
	channel->device_obj = dev;

	ret = dev_set_name(&dev->device, "%pUl", &offer->if_instance);
	if (!ret)
		ret = device_add(&dev->device);
	if (!ret && !dev->channels_kset) {
		device_del(&dev->device);
		ret = -ENOMEM;
	}
	if (ret) {
		/* The channel stays with whoever handles its rescind. */
		channel->device_obj = NULL;
		dev->channel = NULL;
		put_device(&dev->device);
	}
	return ret;
}

/**
 * vmbus_device_unregister() - a device goes, its driver is removed
 * @device_obj: a device; not to be touched afterwards
 * May sleep long.
 */
void vmbus_device_unregister(struct hv_device *device_obj)
{
	pr_debug("child device %s unregistered\n", dev_name(&device_obj->device));

	/* First the files that look into the channels. */
	kset_unregister(device_obj->channels_kset);
	device_unregister(&device_obj->device);
}
EXPORT_SYMBOL_GPL(vmbus_device_unregister);

/**
 * __vmbus_driver_register() - a driver comes
 * @hv_driver: name, id_table, probe and the rest are set
 * @owner: its module
 * @mod_name: the module's name
 * May sleep. Return: 0; -ENODEV: there is no VMBus; as driver_register().
 */
int __vmbus_driver_register(struct hv_driver *hv_driver, struct module *owner,
			    const char *mod_name)
{
	pr_info("registering driver %s\n", hv_driver->name);

	if (!bus_parent)
		return -ENODEV;

	hv_driver->driver.name = hv_driver->name;
	hv_driver->driver.owner = owner;
	hv_driver->driver.mod_name = mod_name;
	hv_driver->driver.bus = &vmbus_bus;
	spin_lock_init(&hv_driver->dynids.lock);
	INIT_LIST_HEAD(&hv_driver->dynids.list);

	return driver_register(&hv_driver->driver);
}
EXPORT_SYMBOL_GPL(__vmbus_driver_register);

/**
 * vmbus_driver_unregister() - a driver goes
 * @hv_driver: was registered
 * May sleep.
 */
void vmbus_driver_unregister(struct hv_driver *hv_driver)
{
	struct dynamic_id *dynid, *next;

	pr_info("unregistering driver %s\n", hv_driver->name);

	if (!bus_parent)
		return;
	driver_unregister(&hv_driver->driver);
	list_for_each_entry_safe(dynid, next, &hv_driver->dynids.list, node) {
		list_del(&dynid->node);
		kfree(dynid);
	}
}
EXPORT_SYMBOL_GPL(vmbus_driver_unregister);

/**
 * vmbus_bus_register() - drivers and devices may come
 * @parent: the ACPI device that stands for the bus
 * Process context. Return: 0 or -errno.
 */
int vmbus_bus_register(struct device *parent)
{
	int ret;

	ret = bus_register(&vmbus_bus);
	if (ret)
		return ret;
	ret = bus_register_notifier(&vmbus_bus, &device_notifier);
	if (ret) {
		bus_unregister(&vmbus_bus);
		return ret;
	}
	bus_parent = parent;
	return 0;
}

/** vmbus_bus_unregister() - there are no devices. Process context. */
void vmbus_bus_unregister(void)
{
	bus_parent = NULL;
	bus_unregister_notifier(&vmbus_bus, &device_notifier);
	bus_unregister(&vmbus_bus);
}
