// SPDX-License-Identifier: GPL-2.0
/* "x86/hyperv: Add hv_isolation_type_tdx() to detect TDX guests" (v6.6), and the paravisor flag. */
#include <linux/types.h>
#include <asm/mshyperv.h>

bool probe_paravisor(void);
bool probe_paravisor(void)
{
	return hv_isolation_type_tdx() && ms_hyperv.paravisor_present;
}
