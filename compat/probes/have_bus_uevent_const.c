// SPDX-License-Identifier: GPL-2.0
/* "driver core: make struct bus_type.uevent() take a const *" (v6.3). */
#include <linux/device.h>

static int probe_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	return 0;
}

struct bus_type probe_bus = { .uevent = probe_uevent };
