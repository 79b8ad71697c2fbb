// SPDX-License-Identifier: GPL-2.0
/* "bus: Make remove callback return void" (v5.15): before it, int. */
#include <linux/device.h>

static void probe_remove(struct device *device)
{
}

struct bus_type probe_bus = { .remove = probe_remove };
