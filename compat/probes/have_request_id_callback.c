// SPDX-License-Identifier: GPL-2.0
/*
 * "scsi: storvsc: Use blk_mq_unique_tag() to generate requestIDs" (v5.15): before it, each channel
 * with rqstor_size has ids, and the interface is that of the table.
 */
#include <linux/hyperv.h>

u64 probe_request_id(struct vmbus_channel *channel);
u64 probe_request_id(struct vmbus_channel *channel)
{
	channel->request_addr_callback = vmbus_request_addr;
	return channel->next_request_id_callback(channel, 0);
}
