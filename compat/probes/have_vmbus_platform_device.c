// SPDX-License-Identifier: GPL-2.0
/*
 * "Drivers: hv: vmbus: Convert acpi_device to more generic platform_device" (v6.4). No header
 * shows it; hv_vtl_init_platform() came with the same series.
 */
#include <linux/types.h>
#include <asm/mshyperv.h>

extern typeof(hv_vtl_init_platform) *probe_vtl;
