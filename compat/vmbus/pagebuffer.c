// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_sendpacket_pagebuffer(): one packet with a list of buffers of a page each. Exports a
 * symbol of upstream's channel.c.
 */
#include "../../drivers/vmbus/syms_channel.h"

#include "../../drivers/vmbus/vmbus.h"

/**
 * vmbus_sendpacket_pagebuffer() - send a packet with up to MAX_PAGE_BUFFER_COUNT buffers
 * @channel: an open channel
 * @pagebuffers: where they are
 * @pagecount: their number
 * @buffer: payload
 * @bufferlen: its length in bytes
 * @requestid: what the completion is to be matched with
 * Any context. Return: 0; -EINVAL; see vmbus_packet_send().
 */
int vmbus_sendpacket_pagebuffer(struct vmbus_channel *channel, struct hv_page_buffer pagebuffers[],
				u32 pagecount, void *buffer, u32 bufferlen, u64 requestid)
{
	struct vmbus_channel_packet_page_buffer desc;
	u32 len = offsetof(typeof(desc), range[0]) + pagecount * sizeof(desc.range[0]), i;

	if (pagecount > ARRAY_SIZE(desc.range))
		return -EINVAL;

	desc.type = VM_PKT_DATA_USING_GPA_DIRECT;
	desc.dataoffset8 = len / 8;
	desc.length8 = 0;
	desc.flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;
	desc.transactionid = VMBUS_RQST_ERROR;
	desc.reserved = 0;
	desc.rangecount = pagecount;
	for (i = 0; i < pagecount; i++)
		desc.range[i] = pagebuffers[i];

	return vmbus_packet_send(channel, &desc, len, buffer, bufferlen, requestid, NULL);
}
EXPORT_SYMBOL_GPL(vmbus_sendpacket_pagebuffer);
