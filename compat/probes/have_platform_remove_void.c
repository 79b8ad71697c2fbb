// SPDX-License-Identifier: GPL-2.0
/* "platform: Make platform_driver::remove() return void" (v6.11): before it, remove_new. */
#include <linux/platform_device.h>

static void probe_remove(struct platform_device *pdev)
{
}

struct platform_driver probe_driver = { .remove = probe_remove };
