// SPDX-License-Identifier: GPL-2.0
/* "hv: Make remove callback of hyperv driver void returned" (v6.3): before it, int. */
#include <linux/hyperv.h>

static void probe_remove(struct hv_device *dev)
{
}

struct hv_driver probe_driver = { .remove = probe_remove };
