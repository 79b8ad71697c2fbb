// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: Redo Hyper-V synthetic MSR get/set functions" (v5.13). */
#include <linux/types.h>
#include <asm/mshyperv.h>

u64 probe_register(void);
u64 probe_register(void)
{
	return hv_get_register(HV_REGISTER_SIMP);
}
