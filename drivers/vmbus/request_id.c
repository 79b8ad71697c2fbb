// SPDX-License-Identifier: GPL-2.0
/*
 * Request ids: small numbers that stand for a driver's request on the wire, so that a host
 * that makes up an id gets nothing but an error. Exports symbols of upstream's channel.c.
 */
#include "syms_channel.h"

#include "vmbus.h"

/**
 * vmbus_requestor_alloc() - a table of request ids
 * @rqstor: filled in
 * @size: requests that can be outstanding
 * Process context. Return: 0 or -ENOMEM.
 */
int vmbus_requestor_alloc(struct vmbus_requestor *rqstor, u32 size)
{
	u32 i;

	rqstor->req_arr = kvmalloc_array(size, sizeof(u64), GFP_KERNEL);
	rqstor->req_bitmap = bitmap_zalloc(size, GFP_KERNEL);
	if (!rqstor->req_arr || !rqstor->req_bitmap) {
		vmbus_requestor_free(rqstor);
		return -ENOMEM;
	}

	/* A free slot holds the number of the next free slot. */
	for (i = 0; i < size; i++)
		rqstor->req_arr[i] = i + 1;
	rqstor->req_arr[size - 1] = U64_MAX;

	rqstor->size = size;
	rqstor->next_request_id = 0;
	spin_lock_init(&rqstor->req_lock);
	return 0;
}

/** vmbus_requestor_free() - free a table; there may be none. */
void vmbus_requestor_free(struct vmbus_requestor *rqstor)
{
	kvfree(rqstor->req_arr);
	bitmap_free(rqstor->req_bitmap);
	rqstor->req_arr = NULL;
	rqstor->req_bitmap = NULL;
	rqstor->size = 0;
}

/**
 * vmbus_next_request_id() - an id for a request
 * @channel: an open channel
 * @rqst_addr: what the id stands for
 *
 * Any context. Id 0 is never given out: with it the host marks what nobody asked for.
 *
 * Return: the id; VMBUS_NO_RQSTOR: the channel has no table; VMBUS_RQST_ERROR: it is full.
 */
u64 vmbus_next_request_id(struct vmbus_channel *channel, u64 rqst_addr)
{
	struct vmbus_requestor *ids = &channel->requestor;
	unsigned long flags;
	u64 slot;

	if (!channel->rqstor_size)
		return VMBUS_NO_RQSTOR;

	lock_requestor(channel, flags);
	slot = ids->next_request_id;
	if (slot >= ids->size) {
		unlock_requestor(channel, flags);
		return VMBUS_RQST_ERROR;
	}
	ids->next_request_id = ids->req_arr[slot];
	ids->req_arr[slot] = rqst_addr;
	__set_bit(slot, ids->req_bitmap);
	unlock_requestor(channel, flags);

	return slot + 1;
}
EXPORT_SYMBOL_GPL(vmbus_next_request_id);

/**
 * vmbus_request_addr() - what an id stands for; the id is free again
 * @channel: an open channel
 * @trans_id: from the host, any value
 * Any context. Return: see __vmbus_request_addr_match().
 */
u64 vmbus_request_addr(struct vmbus_channel *channel, u64 trans_id)
{
	return vmbus_request_addr_match(channel, trans_id, VMBUS_RQST_ADDR_ANY);
}
EXPORT_SYMBOL_GPL(vmbus_request_addr);
