// SPDX-License-Identifier: GPL-2.0
/*
 * What only newer kernels export of upstream's channel.c: sending a packet and knowing its id, and
 * giving an id back only if it stands for what is expected.
 */
#include "syms_channel.h"

#include "vmbus.h"

/**
 * vmbus_sendpacket_getid() - send a packet with one buffer, and tell its id
 * @channel: an open channel
 * @buffer: payload
 * @bufferlen: its length in bytes
 * @requestid: what the completion is to be matched with
 * @trans_id: the id on the wire, after success; or NULL
 * @type: enum vmbus_packet_type
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 *
 * Any context.
 *
 * Return: 0; -EAGAIN: the ring or the table of request ids is full; -ENODEV: rescinded;
 * -EMSGSIZE; -EIO: the host corrupted the ring.
 */
int vmbus_sendpacket_getid(struct vmbus_channel *channel, void *buffer, u32 bufferlen,
			   u64 requestid, u64 *trans_id, enum vmbus_packet_type type, u32 flags)
{
	struct vmpacket_descriptor desc = {
		.type = type,
		.offset8 = sizeof(desc) / 8,
		.flags = flags,
		.trans_id = VMBUS_RQST_ERROR,
	};

	return vmbus_packet_send(channel, &desc, sizeof(desc), buffer, bufferlen, requestid, trans_id);
}
EXPORT_SYMBOL(vmbus_sendpacket_getid);

/**
 * __vmbus_request_addr_match() - what an id stands for; give it back if that is @rqst_addr
 * @channel: an open channel, its requestor locked by the caller
 * @trans_id: from the host, any value
 * @rqst_addr: what is expected, or VMBUS_RQST_ADDR_ANY
 *
 * Return: what the id stood for (the id is free again only if it matched);
 * VMBUS_NO_RQSTOR: the channel has no table; VMBUS_RQST_ERROR: the id is not in use.
 */
u64 __vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id, u64 rqst_addr)
{
	struct vmbus_requestor *ids = &channel->requestor;
	u64 slot = trans_id - 1, found;

	if (!channel->rqstor_size)
		return VMBUS_NO_RQSTOR;
	if (!trans_id || slot >= ids->size || !test_bit(slot, ids->req_bitmap))
		return VMBUS_RQST_ERROR;

	found = ids->req_arr[slot];
	if (rqst_addr == VMBUS_RQST_ADDR_ANY || rqst_addr == found) {
		ids->req_arr[slot] = ids->next_request_id;
		ids->next_request_id = slot;
		__clear_bit(slot, ids->req_bitmap);
	}
	return found;
}
EXPORT_SYMBOL_GPL(__vmbus_request_addr_match);

/**
 * vmbus_request_addr_match() - __vmbus_request_addr_match() with the lock taken
 * @channel: an open channel
 * @trans_id: from the host, any value
 * @rqst_addr: what is expected, or VMBUS_RQST_ADDR_ANY
 * Any context. Return: see there.
 */
u64 vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id, u64 rqst_addr)
{
	unsigned long flags;
	u64 found;

	lock_requestor(channel, flags);
	found = __vmbus_request_addr_match(channel, trans_id, rqst_addr);
	unlock_requestor(channel, flags);
	return found;
}
EXPORT_SYMBOL_GPL(vmbus_request_addr_match);
