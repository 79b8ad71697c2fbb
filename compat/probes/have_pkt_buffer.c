// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Copy packets sent by Hyper-V out of the ring buffer" (v5.15). */
#include <linux/hyperv.h>

u32 probe_pkt_buffer(const struct vmbus_channel *channel);
u32 probe_pkt_buffer(const struct vmbus_channel *channel)
{
	return channel->inbound.pkt_buffer ? channel->inbound.pkt_buffer_size :
					     channel->max_pkt_size;
}
