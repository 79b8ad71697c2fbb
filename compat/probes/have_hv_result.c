// SPDX-License-Identifier: GPL-2.0
/* "drivers: hv: Create a consistent pattern for checking Hyper-V hypercall status" (v5.13). */
#include <linux/types.h>
#include <asm/mshyperv.h>

u64 probe_result(u64 status);
u64 probe_result(u64 status)
{
	return hv_result(status);
}
