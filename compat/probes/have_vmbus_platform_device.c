// SPDX-License-Identifier: GPL-2.0
/*
 * "Drivers: hv: vmbus: Convert acpi_device to more generic platform_device" (v6.4). No header
 * shows it; hv_vtl_init_platform() came with the same series. Architectures without that have the
 * isolation of TDX guests (v6.6), in the next long-term kernel after it.
 */
#include <linux/types.h>
#include <asm/mshyperv.h>

#ifdef CONFIG_X86
extern typeof(hv_vtl_init_platform) *probe_vtl;
#else
extern typeof(hv_isolation_type_tdx) *probe_tdx;
#endif
