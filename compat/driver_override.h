/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device's driver_override: the driver core's, or the bus's own in struct hv_device. Included
 * after <linux/hyperv.h>.
 */
#ifndef HVIC_COMPAT_DRIVER_OVERRIDE_H
#define HVIC_COMPAT_DRIVER_OVERRIDE_H

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifdef HVIC_HAVE_DEVICE_DRIVER_OVERRIDE

/* For the bus type: the core has the file and frees the name. */
#define HVIC_BUS_DRIVER_OVERRIDE	.driver_override = true,

static inline void hvic_driver_override_free(struct hv_device *dev)
{
}

#else

#define HVIC_BUS_DRIVER_OVERRIDE

/* Return: -1: no override; 1: @drv is the one; 0: it is not. */
static inline int device_match_driver_override(struct device *dev, const struct device_driver *drv)
{
	const char *name = device_to_hv_device(dev)->driver_override;

	return name ? !strcmp(name, drv->name) : -1;
}

static inline void hvic_driver_override_free(struct hv_device *dev)
{
	kfree(dev->driver_override);
}

#endif

#endif
