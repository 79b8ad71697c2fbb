// SPDX-License-Identifier: GPL-2.0
/* "driver core: generalize driver_override in struct device" (v7.1): before it, each bus's own. */
#include <linux/device.h>

int probe_match(struct device *dev, const struct device_driver *drv);
int probe_match(struct device *dev, const struct device_driver *drv)
{
	return device_match_driver_override(dev, drv);
}
