// SPDX-License-Identifier: GPL-2.0
/*
 * Guests isolated from their host: VBS (v5.12), SEV-SNP with GHCB and a boundary of what is
 * shared (v5.16).
 */
#include <linux/types.h>
#include <asm/mshyperv.h>

u64 probe_isolation(void *page);
u64 probe_isolation(void *page)
{
	if (hv_is_isolation_supported() && hv_isolation_type_snp())
		return hv_ghcb_hypercall(0, page, NULL, 0);
	return ms_hyperv.shared_gpa_boundary;
}
