// SPDX-License-Identifier: GPL-2.0
/*
 * Channel messages: posting them, matching responses to the requests that wait, and the table
 * that says what to do with each message that the host sends. Every wait is bounded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>

#include "vmbus.h"
#include "trace.h"

#define POST_PAUSE_MAX_US	(100 * USEC_PER_MSEC)

#define MESSAGE_TYPE_CHANNEL	1u	/* hv_message type of all channel messages */

static uint response_timeout = 60;
module_param(response_timeout, uint, 0644);
MODULE_PARM_DESC(response_timeout, "Seconds to wait for the host's answer to a message");

static DECLARE_COMPLETION(offers_delivered);

/* Suspending: offers and rescinds wait here, the newest first. */
bool vmbus_offers_held;
static LLIST_HEAD(held_messages);

/** vmbus_response_jiffies() - how long to wait for the host, at least a second. */
unsigned long vmbus_response_jiffies(void)
{
	return clamp(READ_ONCE(response_timeout), 1u, 3600u) * HZ;
}

static void post_pause(u32 pause_us, bool can_sleep)
{
	if (can_sleep)
		fsleep(pause_us);
	else if (pause_us < 1000)
		udelay(pause_us);
	else
		mdelay(pause_us / 1000);
}

/**
 * vmbus_post() - post one message to the host
 * @msg: starts with struct vmbus_channel_message_header
 * @len: bytes, at most 240
 * @can_sleep: false in a crash
 *
 * The host may lack buffers for a while; the message is tried again for ten seconds.
 *
 * Return: 0; -ENOTCONN when INITIATE_CONTACT went to a connection that the host lacks;
 * -EAGAIN, -ENOBUFS when the time is up; -EIO; -EMSGSIZE.
 */
int vmbus_post(const void *msg, size_t len, bool can_sleep)
{
	const struct vmbus_channel_message_header *header = msg;
	u32 waited_us = 0, pause_us = 1;
	u16 status;
	int ret;

	if (len > HV_MESSAGE_PAYLOAD_BYTE_COUNT)
		return -EMSGSIZE;

	for (;;) {
		/* The post page is this CPU's: no other thread may use it meanwhile. */
		struct vmbus_cpu *context = get_cpu_ptr(vmbus_cpus);

		status = vmbus_arch->post_message(context, vmbus_connection.msg_conn_id,
						  MESSAGE_TYPE_CHANNEL, msg, len);
		put_cpu_ptr(vmbus_cpus);

		switch (status) {
		case HV_STATUS_SUCCESS:
			return 0;
		case HV_STATUS_INVALID_CONNECTION_ID:
			/* A host before protocol 5.0 has no connection 4. */
			if (header->msgtype == CHANNELMSG_INITIATE_CONTACT)
				return -ENOTCONN;
			ret = -EAGAIN;
			break;
		case HV_STATUS_INSUFFICIENT_MEMORY:
		case HV_STATUS_INSUFFICIENT_BUFFERS:
			ret = -ENOBUFS;
			break;
		default:
			pr_err("message %u was refused with hypervisor status 0x%x\n",
			       header->msgtype, status);
			return -EIO;
		}

		if (waited_us >= VMBUS_POST_LIMIT_US) {
			pr_err("message %u was refused for %u s, last hypervisor status 0x%x\n",
			       header->msgtype, waited_us / (u32)USEC_PER_SEC, status);
			return ret;
		}
		post_pause(pause_us, can_sleep);
		waited_us += pause_us;
		pause_us = min_t(u32, pause_us * 2, POST_PAUSE_MAX_US);
	}
}

static void request_unlink(struct vmbus_request *req)
{
	unsigned long flags;

	spin_lock_irqsave(&vmbus_connection.channelmsg_lock, flags);
	list_del(&req->node);
	spin_unlock_irqrestore(&vmbus_connection.channelmsg_lock, flags);
}

/**
 * vmbus_request_send() - post a message that the host answers
 * @req: channel, response_type, relid and id are set
 * @msg: the message
 * @len: bytes
 *
 * May sleep. After success vmbus_request_wait() or vmbus_request_abandon() is due.
 *
 * Return: 0; -ENODEV when the channel is rescinded; as vmbus_post().
 */
int vmbus_request_send(struct vmbus_request *req, const void *msg, size_t len)
{
	unsigned long flags;
	int ret;

	init_completion(&req->done);
	req->status = -ETIMEDOUT;

	/* On the list before it is posted: the answer may be faster than the return. */
	spin_lock_irqsave(&vmbus_connection.channelmsg_lock, flags);
	if (req->channel && req->channel->rescind) {
		spin_unlock_irqrestore(&vmbus_connection.channelmsg_lock, flags);
		return -ENODEV;
	}
	list_add_tail(&req->node, &vmbus_connection.chn_msg_list);
	spin_unlock_irqrestore(&vmbus_connection.channelmsg_lock, flags);

	ret = vmbus_post(msg, len, true);
	if (ret)
		request_unlink(req);
	return ret;
}

/**
 * vmbus_request_wait() - wait for the answer
 * @req: was sent
 * May sleep. Return: 0 with @req->response; -ENODEV: rescinded meanwhile; -ETIMEDOUT.
 */
int vmbus_request_wait(struct vmbus_request *req)
{
	wait_for_completion_timeout(&req->done, vmbus_response_jiffies());
	request_unlink(req);
	return req->status;
}

/** vmbus_request_abandon() - nobody wants the answer to @req any more. */
void vmbus_request_abandon(struct vmbus_request *req)
{
	request_unlink(req);
}

/**
 * vmbus_requests_wake() - mark a channel rescinded and wake who waits for it
 * @channel: the host withdrew it and answers nothing more about it
 */
void vmbus_requests_wake(struct vmbus_channel *channel)
{
	struct vmbus_request *req;
	unsigned long flags;

	spin_lock_irqsave(&vmbus_connection.channelmsg_lock, flags);
	channel->rescind = true;
	list_for_each_entry(req, &vmbus_connection.chn_msg_list, node) {
		if (req->channel == channel && req->status == -ETIMEDOUT) {
			req->status = -ENODEV;
			complete(&req->done);
		}
	}
	spin_unlock_irqrestore(&vmbus_connection.channelmsg_lock, flags);
}

/** vmbus_offers_expect() - the offers are about to be requested. */
void vmbus_offers_expect(void)
{
	reinit_completion(&offers_delivered);
}

/**
 * vmbus_offers_wait() - until the host has delivered all offers and each has been handled
 * May sleep. Return: 0 or -ETIMEDOUT.
 */
int vmbus_offers_wait(void)
{
	if (!wait_for_completion_timeout(&offers_delivered, vmbus_response_jiffies()))
		return -ETIMEDOUT;
	return 0;
}

static void on_offers_delivered(const void *msg)
{
	complete(&offers_delivered);
}

static void on_unload_response(const void *msg)
{
	complete(&vmbus_connection.unload_event);
}

enum message_kind {
	MESSAGE_IGNORED,	/* guest to host, or unknown */
	MESSAGE_RESPONSE,	/* belongs to a struct vmbus_request */
	MESSAGE_NOW,		/* handled in the tasklet */
	MESSAGE_ORDERED,	/* handled on the work queue, in the host's order */
};

static void on_version_response(const void *msg)
{
	trace_vmbus_onversion_response(msg);
}

static void on_open_result(const void *msg)
{
	trace_vmbus_onopen_result(msg);
}

static void on_gpadl_created(const void *msg)
{
	trace_vmbus_ongpadl_created(msg);
}

static void on_gpadl_torndown(const void *msg)
{
	trace_vmbus_ongpadl_torndown(msg);
}

static void on_modify_response(const void *msg)
{
	trace_vmbus_onmodifychannel_response(msg);
}

#define RESPONSE(type, handler, relid_field, id_field) \
	.kind = MESSAGE_RESPONSE, .least = sizeof(struct type), .handle = handler, \
	.relid_at = relid_field, .id_at = id_field

/*
 * What the host sends. relid_at and id_at: where a response says which request it is of; its
 * handler only traces.
 */
static const struct message_type {
	enum message_kind kind;
	u8 least;		/* bytes */
	u8 relid_at;		/* byte offset of the relid, 0: none */
	u8 id_at;		/* byte offset of the open id or GPADL handle, 0: none */
	void (*handle)(const void *msg);
} message_types[CHANNELMSG_COUNT] = {
	[CHANNELMSG_OFFERCHANNEL] = {
		.kind = MESSAGE_ORDERED, .least = sizeof(struct vmbus_channel_offer_channel),
		.handle = vmbus_on_offer },
	[CHANNELMSG_RESCIND_CHANNELOFFER] = {
		.kind = MESSAGE_ORDERED, .least = sizeof(struct vmbus_channel_rescind_offer),
		.handle = vmbus_on_rescind },
	[CHANNELMSG_ALLOFFERS_DELIVERED] = {
		.kind = MESSAGE_ORDERED, .least = sizeof(struct vmbus_channel_message_header),
		.handle = on_offers_delivered },
	[CHANNELMSG_UNLOAD_RESPONSE] = {
		.kind = MESSAGE_NOW, .least = sizeof(struct vmbus_channel_message_header),
		.handle = on_unload_response },
	[CHANNELMSG_VERSION_RESPONSE] = { RESPONSE(vmbus_channel_version_response,
		on_version_response, 0, 0) },
	[CHANNELMSG_OPENCHANNEL_RESULT] = { RESPONSE(vmbus_channel_open_result, on_open_result,
		offsetof(struct vmbus_channel_open_result, child_relid),
		offsetof(struct vmbus_channel_open_result, openid)) },
	[CHANNELMSG_GPADL_CREATED] = { RESPONSE(vmbus_channel_gpadl_created, on_gpadl_created,
		offsetof(struct vmbus_channel_gpadl_created, child_relid),
		offsetof(struct vmbus_channel_gpadl_created, gpadl)) },
	[CHANNELMSG_GPADL_TORNDOWN] = { RESPONSE(vmbus_channel_gpadl_torndown,
		on_gpadl_torndown, 0,
		offsetof(struct vmbus_channel_gpadl_torndown, gpadl)) },
	[CHANNELMSG_MODIFYCHANNEL_RESPONSE] = { RESPONSE(vmbus_channel_modifychannel_response,
		on_modify_response,
		offsetof(struct vmbus_channel_modifychannel_response, child_relid), 0) },
};

static u32 message_u32(const void *msg, u8 offset)
{
	u32 value;

	memcpy(&value, msg + offset, sizeof(value));
	return value;
}

static void message_response(const struct message_type *type, u32 response_type,
			     const void *msg, u8 len)
{
	struct vmbus_request *req;
	unsigned long flags;

	spin_lock_irqsave(&vmbus_connection.channelmsg_lock, flags);
	list_for_each_entry(req, &vmbus_connection.chn_msg_list, node) {
		if (req->response_type != response_type || req->status != -ETIMEDOUT)
			continue;
		if (type->relid_at && message_u32(msg, type->relid_at) != req->relid)
			continue;
		if (type->id_at && message_u32(msg, type->id_at) != req->id)
			continue;
		memcpy(&req->response, msg, len);
		req->status = 0;
		complete(&req->done);
		break;
	}
	spin_unlock_irqrestore(&vmbus_connection.channelmsg_lock, flags);
}

/* A message on its way from the tasklet to the work queue. */
struct deferred_message {
	struct work_struct work;
	struct llist_node node;		/* of held_messages */
	u32 type;
	u8 payload[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
};

static void deferred_message_work(struct work_struct *work)
{
	struct deferred_message *deferred = container_of(work, struct deferred_message, work);

	trace_vmbus_on_message((const void *)deferred->payload);
	if (vmbus_connected())
		message_types[deferred->type].handle(deferred->payload);
	kfree(deferred);
}

/* Return: false when there is no memory: the message must stay in its slot. */
static bool message_defer(u32 type, const void *payload, u8 len)
{
	struct deferred_message *deferred;

	/* A guest that is connected asks for offers; none is due before. */
	if (!vmbus_connected())
		return true;

	deferred = kzalloc(sizeof(*deferred), GFP_ATOMIC);
	if (!deferred)
		return false;
	deferred->type = type;
	memcpy(deferred->payload, payload, len);
	INIT_WORK(&deferred->work, deferred_message_work);
	if (vmbus_offers_held)
		llist_add(&deferred->node, &held_messages);
	else
		queue_work(vmbus_connection.work_queue, &deferred->work);
	return true;
}

static void set_held(bool held)
{
	struct tasklet_struct *tasklet =
		&per_cpu_ptr(vmbus_cpus, VMBUS_CONNECT_CPU)->message_tasklet;

	tasklet_disable(tasklet);
	vmbus_offers_held = held;
	tasklet_enable(tasklet);
}

/** vmbus_offers_hold() - offers and rescinds that come from now on wait. May sleep. */
void vmbus_offers_hold(void)
{
	set_held(true);
}

/**
 * vmbus_offers_release() - the end of vmbus_offers_hold()
 *
 * What came meanwhile is handled if there is a connection, and otherwise forgotten: the next one
 * begins with all offers. May sleep.
 */
void vmbus_offers_release(void)
{
	struct deferred_message *deferred, *next;
	struct llist_node *held;

	set_held(false);
	held = llist_reverse_order(llist_del_all(&held_messages));
	llist_for_each_entry_safe(deferred, next, held, node)
		queue_work(vmbus_connection.work_queue, &deferred->work);
}

/* Return: false when the message could not be taken yet. */
static bool message_dispatch(const struct hv_message *msg)
{
	const struct vmbus_channel_message_header *header = (const void *)msg->u.payload;
	const struct message_type *type;
	u8 len = msg->header.payload_size;

	if (len < sizeof(*header) || len > sizeof(msg->u.payload) ||
	    header->msgtype >= CHANNELMSG_COUNT) {
		pr_warn_ratelimited("host sent an unknown message, %u bytes\n", len);
		return true;
	}
	trace_vmbus_on_msg_dpc(header);

	type = &message_types[header->msgtype];
	if (type->kind != MESSAGE_IGNORED && len < type->least) {
		pr_warn_ratelimited("host sent message %u with %u bytes, needs %u\n",
				    header->msgtype, len, type->least);
		return true;
	}

	switch (type->kind) {
	case MESSAGE_RESPONSE:
		type->handle(header);
		message_response(type, header->msgtype, header, len);
		return true;
	case MESSAGE_NOW:
		type->handle(header);
		return true;
	case MESSAGE_ORDERED:
		return message_defer(header->msgtype, header, len);
	case MESSAGE_IGNORED:
		break;
	}
	return true;
}

/**
 * vmbus_message_tasklet() - handle the message in a CPU's slot
 * @cpu_context: struct vmbus_cpu
 * Softirq on that CPU.
 */
void vmbus_message_tasklet(unsigned long cpu_context)
{
	struct vmbus_cpu *context = (void *)cpu_context;
	struct hv_message *slot, copy;
	u32 type;

	if (!context->message_page)
		return;
	slot = (struct hv_message *)context->message_page + VMBUS_SINT;

	/* The hypervisor writes the type last. */
	type = smp_load_acquire(&slot->header.message_type);
	/* A timer message came after the interrupt; its own interrupt serves it. */
	if (type == HVMSG_NONE || type == HVMSG_TIMER_EXPIRED)
		return;
	/* The slot is the hypervisor's: what is checked is a copy. */
	memcpy(&copy, slot, sizeof(copy));

	if (type == MESSAGE_TYPE_CHANNEL && !message_dispatch(&copy)) {
		tasklet_schedule(&context->message_tasklet);
		return;
	}
	vmbus_arch->end_message(slot, type);
}
