// SPDX-License-Identifier: GPL-2.0
/*
 * Sending and receiving packets on an open channel. Exports symbols of upstream's channel.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_channel.h"

#include <asm/sync_bitops.h>

#include "../ring/ring.h"
#include "vmbus.h"
#include "trace.h"

/**
 * vmbus_setevent() - let the host know that the outbound ring has something
 * @channel: an open channel
 *
 * With a monitor the host looks at the trigger bit within the latency that it chose, else it
 * is interrupted. Any context.
 */
void vmbus_setevent(struct vmbus_channel *channel)
{
	union hv_monitor_trigger_group *group;

	trace_vmbus_setevent(channel);

	if (!channel->offermsg.monitor_allocated || channel->low_latency ||
	    channel->monitor_grp >= ARRAY_SIZE(vmbus_connection.monitor_pages[1]->trigger_group)) {
		vmbus_set_event(channel);
		return;
	}

	sync_set_bit(channel->offermsg.child_relid, vmbus_connection.send_int_page);
	group = &vmbus_connection.monitor_pages[1]->trigger_group[channel->monitor_grp];
	/* The host looks at the trigger first. */
	smp_mb__before_atomic();
	sync_set_bit(channel->monitor_bit, (unsigned long *)&group->pending);
}
EXPORT_SYMBOL_GPL(vmbus_setevent);

/**
 * vmbus_packet_send() - send one packet
 * @channel: an open channel
 * @head: the descriptor, with what follows it; its length is filled in
 * @head_len: bytes of it, a multiple of 8
 * @data: what comes next, padded to 8 bytes
 * @data_len: bytes of it
 * @requestid: what the completion is to be matched with
 * @trans_id: the id on the wire, after success; or NULL
 * See vmbus_sendpacket_getid().
 */
int vmbus_packet_send(struct vmbus_channel *channel, const void *head, u32 head_len,
		      const void *data, u32 data_len, u64 requestid, u64 *trans_id)
{
	u64 id = VMBUS_NO_RQSTOR, wire_id;
	struct vmpacket_descriptor *desc;
	struct hvic_ring_tx tx;
	u32 len, pad;
	void *to;
	int ret;

	/* len8 has 16 bits. */
	if (data_len > U16_MAX * 8u - head_len)
		return -EMSGSIZE;
	len = ALIGN(head_len + data_len, 8);
	pad = len - head_len - data_len;

	ret = hvic_ring_tx_begin(channel, &tx);
	if (ret)
		return ret;

	to = hvic_ring_tx_reserve(&tx, len);
	if (!to) {
		ret = -EAGAIN;
		goto out;
	}
	memcpy(to, head, head_len);
	memcpy(to + head_len, data, data_len);
	memset(to + head_len + data_len, 0, pad);

	desc = to;
	desc->len8 = len / 8;

	/*
	 * The id is taken last: once the host's answer carries it, the completion path may
	 * free what it stands for.
	 */
	if (((const struct vmpacket_descriptor *)head)->flags &
	    VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED) {
		id = hvic_request_id(channel, requestid);
		if (id == VMBUS_RQST_ERROR) {
			ret = -EAGAIN;
			goto out;
		}
	}
	/* Not read back from the ring, which the host can write. */
	wire_id = id == VMBUS_NO_RQSTOR ? requestid : id;
	WRITE_ONCE(desc->trans_id, wire_id);
	if (trans_id)
		*trans_id = wire_id;
	hvic_ring_tx_commit(&tx, len);
out:
	hvic_ring_tx_end(&tx);

	/* Rescinded meanwhile: no completion will come, the caller keeps the request. */
	if (!ret && unlikely(READ_ONCE(channel->rescind))) {
		if (id != VMBUS_NO_RQSTOR)
			hvic_request_forget(channel, id);
		ret = -ENODEV;
	}
	return ret;
}

/**
 * vmbus_sendpacket() - send a packet with one buffer
 * @channel: an open channel
 * @buffer: payload
 * @bufferlen: its length in bytes
 * @requestid: what the completion is to be matched with
 * @type: enum vmbus_packet_type
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 * See vmbus_sendpacket_getid().
 */
int vmbus_sendpacket(struct vmbus_channel *channel, void *buffer, u32 bufferlen, u64 requestid,
		     enum vmbus_packet_type type, u32 flags)
{
	return vmbus_sendpacket_getid(channel, buffer, bufferlen, requestid, NULL, type, flags);
}
EXPORT_SYMBOL(vmbus_sendpacket);

/**
 * vmbus_sendpacket_mpb_desc() - send a packet with a range of guest pages
 * @channel: an open channel
 * @desc: range and its page numbers are set, the descriptor is filled in
 * @desc_size: bytes of @desc with the page numbers, a multiple of 8
 * @buffer: payload
 * @bufferlen: its length in bytes
 * @requestid: what the completion is to be matched with
 * See vmbus_sendpacket_getid().
 */
int vmbus_sendpacket_mpb_desc(struct vmbus_channel *channel, struct vmbus_packet_mpb_array *desc,
			      u32 desc_size, void *buffer, u32 bufferlen, u64 requestid)
{
	desc->type = VM_PKT_DATA_USING_GPA_DIRECT;
	desc->dataoffset8 = desc_size / 8;
	desc->length8 = ALIGN(desc_size + bufferlen, 8) / 8;
	desc->flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED;
	desc->transactionid = VMBUS_RQST_ERROR;
	desc->reserved = 0;
	hvic_mpb_one_range(desc);

	return vmbus_packet_send(channel, desc, desc_size, buffer, bufferlen, requestid, NULL);
}
EXPORT_SYMBOL_GPL(vmbus_sendpacket_mpb_desc);

static int packet_receive(struct vmbus_channel *channel, void *buffer, u32 bufferlen,
			  u32 *actual_len, u64 *requestid, bool raw)
{
	struct vmpacket_descriptor *desc;
	const void *from;

	*actual_len = 0;
	*requestid = 0;
	if (!bufferlen)
		return -EINVAL;

	desc = hv_pkt_iter_first(channel);
	if (!desc)
		return 0;

	from = raw ? desc : hv_pkt_data(desc);
	*actual_len = raw ? hv_pkt_len(desc) : hv_pkt_datalen(desc);
	*requestid = desc->trans_id;
	/* The packet stays: the caller may come back with a larger buffer. */
	if (*actual_len > bufferlen)
		return -ENOBUFS;

	memcpy(buffer, from, *actual_len);
	__hv_pkt_iter_next(channel, desc);
	hv_pkt_iter_close(channel);
	return 0;
}

/**
 * vmbus_recvpacket() - take the next packet's payload
 * @channel: an open channel
 * @buffer: filled in
 * @bufferlen: bytes that fit
 * @buffer_actual_len: bytes of the payload, 0 when there is no packet
 * @requestid: transaction id of the packet
 *
 * For the one reader of the ring. What the payload means is unchecked.
 *
 * Return: 0; -ENOBUFS: @buffer_actual_len bytes are needed and the packet stays; -EINVAL.
 */
int vmbus_recvpacket(struct vmbus_channel *channel, void *buffer, u32 bufferlen,
		     u32 *buffer_actual_len, u64 *requestid)
{
	return packet_receive(channel, buffer, bufferlen, buffer_actual_len, requestid, false);
}
EXPORT_SYMBOL(vmbus_recvpacket);

/**
 * vmbus_recvpacket_raw() - take the next packet with its descriptor
 * @channel: an open channel
 * @buffer: filled in, starts with struct vmpacket_descriptor
 * @bufferlen: bytes that fit
 * @buffer_actual_len: bytes of the packet, 0 when there is none
 * @requestid: transaction id of the packet
 * See vmbus_recvpacket().
 */
int vmbus_recvpacket_raw(struct vmbus_channel *channel, void *buffer, u32 bufferlen,
			 u32 *buffer_actual_len, u64 *requestid)
{
	return packet_receive(channel, buffer, bufferlen, buffer_actual_len, requestid, true);
}
EXPORT_SYMBOL_GPL(vmbus_recvpacket_raw);
