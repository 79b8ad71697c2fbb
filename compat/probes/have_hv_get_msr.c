// SPDX-License-Identifier: GPL-2.0
/* "mshyperv: Introduce hv_get_hypervisor_version ... hv_{get,set}_msr" (v6.10). */
#include <linux/types.h>
#include <asm/mshyperv.h>

u64 probe_msr(void);
u64 probe_msr(void)
{
	return hv_get_msr(HV_MSR_SIMP);
}
