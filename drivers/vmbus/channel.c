// SPDX-License-Identifier: GPL-2.0
/*
 * Opening and closing channels. States (enum vmbus_channel_state): OPEN means offered and not
 * in use; vmbus_open() goes over OPENING to OPENED, vmbus_close() back. The ring's pages are the
 * guest's alone in OPEN; otherwise, and after a failure that left the
 * ring GPADL's decrypted set, they are the host's too and are never freed.
 * Exports symbols of upstream's channel.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_channel.h"

#include <linux/slab.h>

#include "../ring/ring.h"
#include "vmbus.h"
#include "trace.h"

/* Tells the answers to two attempts at opening a channel apart. */
static atomic_t next_open_id = ATOMIC_INIT(1);

/**
 * vmbus_alloc_ring() - pages for both rings of a channel
 * @newchannel: a channel that is not in use
 * @send_size: bytes of the outbound ring with its header page, a multiple of PAGE_SIZE
 * @recv_size: likewise, inbound; both together 2 * HVIC_RING_MAX at most
 * Process context. Return: 0, -EINVAL, -ENOMEM.
 */
int vmbus_alloc_ring(struct vmbus_channel *newchannel, u32 send_size, u32 recv_size)
{
	struct page *pages;
	int order;

	if (!PAGE_ALIGNED(send_size) || !PAGE_ALIGNED(recv_size) ||
	    send_size < 2 * PAGE_SIZE || recv_size < 2 * PAGE_SIZE ||
	    send_size > 2 * HVIC_RING_MAX || recv_size > 2 * HVIC_RING_MAX - send_size)
		return -EINVAL;

	order = get_order(send_size + recv_size);
	pages = alloc_pages_node(cpu_to_node(newchannel->target_cpu),
				 GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
	if (!pages)
		pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	if (!pages)
		return -ENOMEM;

	newchannel->ringbuffer_page = pages;
	newchannel->ringbuffer_pagecount = (send_size + recv_size) >> PAGE_SHIFT;
	newchannel->ringbuffer_send_offset = send_size >> PAGE_SHIFT;
	return 0;
}
EXPORT_SYMBOL_GPL(vmbus_alloc_ring);

/**
 * vmbus_free_ring() - unmap and free a channel's rings
 * @channel: a channel that is not in use
 * Process context. Pages that the host may still use stay allocated.
 */
void vmbus_free_ring(struct vmbus_channel *channel)
{
	hvic_ring_cleanup(&channel->outbound);
	hvic_ring_cleanup(&channel->inbound);

	if (channel->ringbuffer_page && !hvic_ring_gpadl(channel)->decrypted)
		__free_pages(channel->ringbuffer_page,
			     get_order(channel->ringbuffer_pagecount << PAGE_SHIFT));
	channel->ringbuffer_page = NULL;
}
EXPORT_SYMBOL_GPL(vmbus_free_ring);

/* Return: 0; -EAGAIN: refused; -ENODEV: rescinded; other: the host may have opened it. */
static int channel_send_open(struct vmbus_channel *channel, const void *userdata, u32 userdatalen)
{
	struct vmbus_channel_open_channel msg = {
		.header.msgtype = CHANNELMSG_OPENCHANNEL,
		.child_relid = channel->offermsg.child_relid,
		.openid = atomic_inc_return(&next_open_id),
		.ringbuffer_gpadlhandle = hvic_ring_gpadl(channel)->gpadl_handle,
		.target_vp = hv_cpu_number_to_vp_number(channel->target_cpu),
		.downstream_ringbuffer_pageoffset =
			vmbus_gpadl_send_page(channel->ringbuffer_send_offset << PAGE_SHIFT),
	};
	struct vmbus_request req = {
		.channel = channel,
		.response_type = CHANNELMSG_OPENCHANNEL_RESULT,
		.relid = msg.child_relid,
		.id = msg.openid,
	};
	int ret;

	if (userdatalen)
		memcpy(msg.userdata, userdata, userdatalen);

	ret = vmbus_request_send(&req, &msg, sizeof(msg));
	trace_vmbus_open(&msg, ret);
	if (ret)
		return ret == -ENODEV ? ret : -EAGAIN;

	ret = vmbus_request_wait(&req);
	if (ret == -ETIMEDOUT)
		pr_err("channel %u: host does not answer the open request\n", msg.child_relid);
	if (ret)
		return ret;
	if (req.response.open.status) {
		pr_err("channel %u: host refused to open it with status 0x%x\n",
		       msg.child_relid, req.response.open.status);
		return -EAGAIN;
	}
	return 0;
}

static int channel_send_close(struct vmbus_channel *channel)
{
	struct vmbus_channel_close_channel msg = {
		.header.msgtype = CHANNELMSG_CLOSECHANNEL,
		.child_relid = channel->offermsg.child_relid,
	};
	int ret = vmbus_post(&msg, sizeof(msg), true);

	trace_vmbus_close_internal(&msg, ret);
	return ret;
}

static int channel_open(struct vmbus_channel *channel, const void *userdata, u32 userdatalen,
			void (*callback)(void *context), void *context)
{
	u32 send_pages = channel->ringbuffer_send_offset;
	u32 recv_pages = channel->ringbuffer_pagecount - send_pages;
	int pkt_size, ret;

	if (userdatalen > MAX_USER_DEFINED_BYTES || channel->state != CHANNEL_OPEN_STATE)
		return -EINVAL;

	hvic_ring_gpadl(channel)->gpadl_handle = 0;
	if (channel->rqstor_size) {
		ret = vmbus_requestor_alloc(&channel->requestor, channel->rqstor_size);
		if (ret)
			return ret;
	}

	channel->state = CHANNEL_OPENING_STATE;
	pkt_size = hvic_pkt_size(channel);
	if (pkt_size < 0) {
		ret = pkt_size;
		goto err_state;
	}

	ret = vmbus_gpadl_establish(channel, HV_GPADL_RING, page_address(channel->ringbuffer_page),
				    channel->ringbuffer_pagecount << PAGE_SHIFT,
				    send_pages << PAGE_SHIFT, hvic_ring_gpadl(channel));
	if (ret)
		goto err_state;
	hvic_ring_gpadl_show(channel);

	/* As they were mapped before vmbus_disconnect_ring(). */
	hvic_ring_cleanup(&channel->outbound);
	hvic_ring_cleanup(&channel->inbound);
	ret = hvic_ring_init(&channel->outbound, channel->ringbuffer_page, send_pages, 0);
	if (!ret)
		ret = hvic_ring_init(&channel->inbound, channel->ringbuffer_page + send_pages,
				     recv_pages, pkt_size);
	if (ret)
		goto err_gpadl;

	channel->channel_callback_context = context;
	/* The host may interrupt before its answer has been handled: the context comes first. */
	smp_store_release(&channel->onchannel_callback, callback);

	ret = channel_send_open(channel, userdata, userdatalen);
	if (!ret) {
		channel->state = CHANNEL_OPENED_STATE;
		return 0;
	}

	vmbus_reset_channel_cb(channel);
	/* It may be open on the other side: ask the host to let go of the ring. */
	if (ret == -ETIMEDOUT)
		channel_send_close(channel);
err_gpadl:
	vmbus_teardown_gpadl(channel, hvic_ring_gpadl(channel));
	hvic_ring_gpadl_show(channel);
err_state:
	hvic_ring_cleanup(&channel->outbound);
	hvic_ring_cleanup(&channel->inbound);
	vmbus_requestor_free(&channel->requestor);
	channel->state = CHANNEL_OPEN_STATE;
	return ret;
}

/**
 * vmbus_connect_ring() - open a channel with the rings that it has
 * @newchannel: vmbus_alloc_ring() was done
 * @onchannel_callback: called when the host signals, in the mode of set_channel_read_mode()
 * @context: its argument
 * May sleep. Return: see vmbus_open().
 */
int vmbus_connect_ring(struct vmbus_channel *newchannel,
		       void (*onchannel_callback)(void *context), void *context)
{
	return channel_open(newchannel, NULL, 0, onchannel_callback, context);
}
EXPORT_SYMBOL_GPL(vmbus_connect_ring);

/**
 * vmbus_open() - allocate rings and open a channel
 * @newchannel: an offered channel
 * @send_ringbuffer_size: bytes with the header page, a multiple of PAGE_SIZE
 * @recv_ringbuffer_size: likewise
 * @userdata: passed to the host's device, or NULL
 * @userdatalen: bytes of it, at most 120
 * @onchannel_callback: called when the host signals, in the mode of set_channel_read_mode()
 * @context: its argument
 *
 * May sleep. Return: 0; -EINVAL; -ENOMEM; -ENODEV: rescinded; -EAGAIN, -EDQUOT: the host
 * refused; -ETIMEDOUT: the host does not answer.
 */
int vmbus_open(struct vmbus_channel *newchannel, u32 send_ringbuffer_size,
	       u32 recv_ringbuffer_size, void *userdata, u32 userdatalen,
	       void (*onchannel_callback)(void *context), void *context)
{
	int ret;

	ret = vmbus_alloc_ring(newchannel, send_ringbuffer_size, recv_ringbuffer_size);
	if (ret)
		return ret;

	ret = channel_open(newchannel, userdata, userdatalen, onchannel_callback, context);
	if (ret)
		vmbus_free_ring(newchannel);
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_open);

/**
 * vmbus_reset_channel_cb() - no callback of the channel runs after this
 * @channel: a channel
 *
 * Both the tasklet and the interrupt handler may be at the ring. In interrupt mode the driver
 * has to stop what its callback scheduled. May wait.
 */
void vmbus_reset_channel_cb(struct vmbus_channel *channel)
{
	unsigned long flags;

	tasklet_disable(&channel->callback_event);

	spin_lock_irqsave(&channel->sched_lock, flags);
	channel->onchannel_callback = NULL;
	spin_unlock_irqrestore(&channel->sched_lock, flags);

	channel->sc_creation_callback = NULL;

	/* The tasklet serves the next open again. */
	tasklet_enable(&channel->callback_event);
}

/* Under channel_mutex. Return: 0: the rings are ours again. */
static int channel_close(struct vmbus_channel *channel)
{
	int ret;

	vmbus_reset_channel_cb(channel);
	/* The next driver need not have one, and this one's code may go. */
	channel->change_target_cpu_callback = NULL;

	/* A driver whose probe failed may close what it could not open. */
	if (channel->state != CHANNEL_OPENED_STATE)
		return -EINVAL;
	channel->state = CHANNEL_OPEN_STATE;

	ret = channel_send_close(channel);
	if (ret)
		pr_err("channel %u: cannot post the close request (%d), leaking its rings\n",
		       channel->offermsg.child_relid, ret);
	else if (hvic_ring_gpadl(channel)->gpadl_handle)
		ret = vmbus_teardown_gpadl(channel, hvic_ring_gpadl(channel));
	hvic_ring_gpadl_show(channel);

	/* The host never sees the table, whatever it does with the rings. */
	vmbus_requestor_free(&channel->requestor);
	return ret;
}

/**
 * vmbus_disconnect_ring() - close a primary channel and its subchannels, keep its rings
 * @channel: a primary channel
 *
 * May sleep. The subchannels' rings are freed.
 *
 * Return: 0; -EINVAL: not a primary, or not open; else the rings are still the host's.
 */
int vmbus_disconnect_ring(struct vmbus_channel *channel)
{
	struct vmbus_channel *sub, *next;
	LIST_HEAD(gone);
	int ret;

	if (channel->primary_channel)
		return -EINVAL;

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry_safe(sub, next, &channel->sc_list, sc_list) {
		if (channel_close(sub) != -EINVAL)
			vmbus_free_ring(sub);
		/* The rescind handler found it open and left the removal to us. */
		if (completion_done(&sub->rescind_event))
			vmbus_channel_unlink(sub, &gone);
	}
	ret = channel_close(channel);
	mutex_unlock(&vmbus_connection.channel_mutex);
	vmbus_channels_free(&gone);
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_disconnect_ring);

/**
 * vmbus_close() - close a primary channel and its subchannels, free the rings
 * @channel: a primary channel
 * May sleep. Rings that the host may still use are unmapped, and their pages stay allocated.
 */
void vmbus_close(struct vmbus_channel *channel)
{
	if (vmbus_disconnect_ring(channel) != -EINVAL)
		vmbus_free_ring(channel);
}
EXPORT_SYMBOL_GPL(vmbus_close);
