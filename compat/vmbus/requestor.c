// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_next_request_id() and vmbus_request_addr() by table instead of by channel. Exports
 * symbols of upstream's channel.c.
 */
#include "../../drivers/vmbus/syms_channel.h"

#include "../../drivers/vmbus/vmbus.h"

#undef vmbus_next_request_id
#undef vmbus_request_addr

/**
 * vmbus_next_request_id() - an id for a request
 * @rqstor: the table of a channel
 * @rqst_addr: what the id stands for
 * Any context. Return: see hvic_next_request_id(), which is request_id.c's.
 */
u64 vmbus_next_request_id(struct vmbus_requestor *rqstor, u64 rqst_addr)
{
	return hvic_next_request_id(container_of(rqstor, struct vmbus_channel, requestor),
				    rqst_addr);
}
EXPORT_SYMBOL_GPL(vmbus_next_request_id);

/**
 * vmbus_request_addr() - what an id stands for; the id is free again
 * @rqstor: the table of a channel
 * @trans_id: from the host, any value
 * Any context. Return: see hvic_request_addr(), which is request_id.c's.
 */
u64 vmbus_request_addr(struct vmbus_requestor *rqstor, u64 trans_id)
{
	return hvic_request_addr(container_of(rqstor, struct vmbus_channel, requestor), trans_id);
}
EXPORT_SYMBOL_GPL(vmbus_request_addr);
