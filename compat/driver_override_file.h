/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device's file driver_override, for the one unit that has the devices' files. The driver core
 * has it where HVIC_HAVE_DEVICE_DRIVER_OVERRIDE.
 */
#ifndef HVIC_COMPAT_DRIVER_OVERRIDE_FILE_H
#define HVIC_COMPAT_DRIVER_OVERRIDE_FILE_H

#ifdef HVIC_HAVE_DEVICE_DRIVER_OVERRIDE

#define HVIC_DRIVER_OVERRIDE_FILE

#else

#define HVIC_DRIVER_OVERRIDE_FILE	&dev_attr_driver_override.attr,

static ssize_t driver_override_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	ssize_t len;

	device_lock(dev);
	len = sysfs_emit(buf, "%s\n", device_to_hv_device(dev)->driver_override);
	device_unlock(dev);
	return len;
}

static ssize_t driver_override_store(struct device *dev, struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct hv_device *hv = device_to_hv_device(dev);
	/* The name is not const in each kernel. */
	int ret = driver_set_override(dev, (const char **)&hv->driver_override, buf, count);

	return ret ? ret : count;
}
static DEVICE_ATTR_RW(driver_override);

#endif

#endif
