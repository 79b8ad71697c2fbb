// SPDX-License-Identifier: GPL-2.0
/* "x86/hyperv: detect if Linux is the root partition" (v5.12). */
#include <linux/types.h>
#include <asm/mshyperv.h>

bool probe_root(void);
bool probe_root(void)
{
	return hv_root_partition;
}
