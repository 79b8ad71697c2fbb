// SPDX-License-Identifier: GPL-2.0
/* "driver core: have match() callback in struct bus_type take a const *" (v6.11). */
#include <linux/device.h>

static int probe_match(struct device *dev, const struct device_driver *drv)
{
	return 0;
}

struct bus_type probe_bus = { .match = probe_match };
