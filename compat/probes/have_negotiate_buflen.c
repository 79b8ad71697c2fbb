// SPDX-License-Identifier: GPL-2.0
/* "hv_utils: Add validation for untrusted Hyper-V values" (v5.11). */
#include <linux/hyperv.h>

bool probe_negotiate(struct icmsg_hdr *header, u8 *buf, u32 len, const int *version);
bool probe_negotiate(struct icmsg_hdr *header, u8 *buf, u32 len, const int *version)
{
	return vmbus_prep_negotiate_resp(header, buf, len, version, 1, version, 1, NULL, NULL);
}
