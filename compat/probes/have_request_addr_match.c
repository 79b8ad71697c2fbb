// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Introduce vmbus_request_addr_match()" (v5.19). */
#include <linux/hyperv.h>

u64 probe_request_addr_match(struct vmbus_channel *channel);
u64 probe_request_addr_match(struct vmbus_channel *channel)
{
	return vmbus_request_addr_match(channel, 1, VMBUS_RQST_ADDR_ANY);
}
