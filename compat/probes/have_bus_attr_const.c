// SPDX-License-Identifier: GPL-2.0
/* "driver core: bus: mark the struct bus_type for sysfs callbacks as constant" (v6.4). */
#include <linux/device.h>

static ssize_t probe_show(const struct bus_type *bus, char *buf)
{
	return 0;
}

struct bus_attribute probe_attr = __ATTR_RO(probe);
