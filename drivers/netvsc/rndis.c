// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS requests and their answers. A request's page belongs to the host from the sending until
 * the host completes the packet, which is another moment than the answer; so a request may
 * outlive its caller's patience, and is freed by whoever lets go last.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>

#include "netvsc.h"

/* The longest answer that any query of ours has: a friendly name of 256 UTF-16 units. */
#define RNDIS_ANSWER_ROOM	1024
/* Requests that the host has neither answered nor completed; more is a broken host. */
#define RNDIS_MAX_CALLS		16
/* What we say that we take in one message, bytes; hosts ignore it. */
#define RNDIS_OUR_TRANSFER	0x4000

/* Who still needs a request. */
#define RNDIS_OWNER_CALLER	BIT(0)
#define RNDIS_OWNER_HOST	BIT(1)

struct rndis_call {
	struct list_head list;		/* as long as it has an owner */
	u32 owners;			/* under calls_lock */
	u64 id;				/* of the packet */
	u32 request_id;			/* of the RNDIS message */
	u32 expect;			/* type of the answer; 0 when there is none */
	struct completion sent;
	struct completion answered;
	void *page;			/* the request, in the first HV_HYP_PAGE */
	dma_addr_t dma;			/* its bounce mapping in an isolated guest */
	int result;
	struct rndis_answer answer;
	u32 len;
	u8 data[RNDIS_ANSWER_ROOM];
};

static void free_call(struct netvsc_session *s, struct rndis_call *call)
{
	if (call->dma)
		dma_unmap_single(&s->hv->device, call->dma, HV_HYP_PAGE_SIZE, DMA_TO_DEVICE);
	free_page((unsigned long)call->page);
	kfree(call);
}

static struct rndis_call *new_call(struct netvsc_session *s, u32 expect)
{
	struct rndis_call *call, *other;
	unsigned int count = 0;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return NULL;
	call->page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!call->page) {
		kfree(call);
		return NULL;
	}
	call->expect = expect;
	init_completion(&call->sent);
	init_completion(&call->answered);

	spin_lock_bh(&s->calls_lock);
	list_for_each_entry(other, &s->rndis_calls, list)
		count++;
	if (count < RNDIS_MAX_CALLS) {
		call->id = netvsc_next_id(s, NETVSC_ID_RNDIS);
		call->request_id = ++s->last_rndis_id;
		call->owners = RNDIS_OWNER_CALLER;
		list_add_tail(&call->list, &s->rndis_calls);
	}
	spin_unlock_bh(&s->calls_lock);

	if (count >= RNDIS_MAX_CALLS) {
		netdev_err(s->net, "the host left %u requests unfinished\n", count);
		free_call(s, call);
		return NULL;
	}
	return call;
}

static void disown(struct netvsc_session *s, struct rndis_call *call, u32 owner)
{
	bool last;

	spin_lock_bh(&s->calls_lock);
	call->owners &= ~owner;
	last = !call->owners;
	if (last)
		list_del(&call->list);
	spin_unlock_bh(&s->calls_lock);
	if (last)
		free_call(s, call);
}

/* Hands the request's page to the host. */
static int send_call(struct netvsc_session *s, struct rndis_call *call, u32 len)
{
	/* one range of one page */
	u64 space[(sizeof(struct vmbus_packet_mpb_array) + sizeof(u64)) / sizeof(u64)] = { };
	struct vmbus_packet_mpb_array *desc = (void *)space;
	unsigned long until = jiffies + NETVSC_HOST_TIMEOUT;
	struct nvsp_msg msg;
	u64 pfn = virt_to_hvpfn(call->page);
	int ret;

	if (hv_is_isolation_supported()) {
		call->dma = dma_map_single(&s->hv->device, call->page, HV_HYP_PAGE_SIZE,
					   DMA_TO_DEVICE);
		if (dma_mapping_error(&s->hv->device, call->dma)) {
			call->dma = 0;
			return -ENOMEM;
		}
		pfn = call->dma >> HV_HYP_PAGE_SHIFT;
	}
	nvsp_build_rndis(&msg, NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0);
	desc->rangecount = 1;
	desc->range.len = len;
	desc->range.offset = 0;
	space[ARRAY_SIZE(space) - 1] = pfn;

	spin_lock_bh(&s->calls_lock);
	call->owners |= RNDIS_OWNER_HOST;
	spin_unlock_bh(&s->calls_lock);

	/* Frames may fill the ring for a while. */
	for (;;) {
		ret = vmbus_sendpacket_mpb_desc(s->hv->channel, desc, sizeof(space),
						&msg, sizeof(msg), call->id);
		if (ret != -EAGAIN || time_after(jiffies, until))
			break;
		usleep_range(1000, 2000);
	}
	if (ret) {
		spin_lock_bh(&s->calls_lock);
		call->owners &= ~RNDIS_OWNER_HOST;
		spin_unlock_bh(&s->calls_lock);
	}
	return ret;
}

/**
 * netvsc_rndis_sent() - the host has read a request and gives its page back
 * @s: the session
 * @id: transaction id, of kind NETVSC_ID_RNDIS
 * @accepted: the host took it; otherwise there will be no answer
 *
 * Context: softirq. A completion for nothing is counted and dropped.
 */
void netvsc_rndis_sent(struct netvsc_session *s, u64 id, bool accepted)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	struct rndis_call *call, *found = NULL;

	spin_lock(&s->calls_lock);
	list_for_each_entry(call, &s->rndis_calls, list) {
		if (call->id == id && call->owners & RNDIS_OWNER_HOST) {
			if (!accepted && !completion_done(&call->answered)) {
				call->result = -EIO;
				complete(&call->answered);
			}
			complete(&call->sent);
			call->owners &= ~RNDIS_OWNER_HOST;
			if (!call->owners) {
				list_del(&call->list);
				found = call;
			}
			spin_unlock(&s->calls_lock);
			if (found)
				free_call(s, found);
			return;
		}
	}
	spin_unlock(&s->calls_lock);
	a->counters.host_bad_completion++;
}

/**
 * netvsc_rndis_answer() - the host answered a request
 * @s: the session
 * @data: the message, in memory that the host may be changing
 * @len: bytes that there are
 *
 * Context: softirq.
 * Return: whether it was an answer that somebody waits for.
 */
bool netvsc_rndis_answer(struct netvsc_session *s, const void *data, u32 len)
{
	/* A poll loop works on one message at a time, and answers come on the primary alone. */
	struct rndis_answer answer;
	struct rndis_call *call;
	bool found = false;

	if (rndis_parse_answer(data, len, &answer))
		return false;

	spin_lock(&s->calls_lock);
	list_for_each_entry(call, &s->rndis_calls, list) {
		if (call->request_id != answer.request_id ||
		    !(call->owners & RNDIS_OWNER_CALLER) || !call->expect ||
		    completion_done(&call->answered))
			continue;
		found = true;
		call->result = 0;
		if (len > sizeof(call->data)) {
			call->result = -EMSGSIZE;
		} else {
			/* Judge the copy: the original may have changed meanwhile. */
			memcpy(call->data, data, len);
			call->len = len;
			call->result = rndis_parse_answer(call->data, len, &call->answer);
			if (!call->result && call->answer.type != call->expect)
				call->result = -EPROTO;
		}
		complete(&call->answered);
		break;
	}
	spin_unlock(&s->calls_lock);
	return found;
}

static int status_to_error(u32 status)
{
	switch (status) {
	case RNDIS_WIRE_STATUS_SUCCESS:
		return 0;
	case RNDIS_WIRE_STATUS_NOT_SUPPORTED:
	case RNDIS_WIRE_STATUS_INVALID_OID:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* Sends, waits, judges; the answer stays valid until the caller lets go of the call. */
static int exec_call(struct netvsc_session *s, struct rndis_call *call, u32 len,
		     const char *what)
{
	int ret;

	ret = send_call(s, call, len);
	if (ret) {
		if (!netvsc_rescinded(s))
			netdev_err(s->net, "cannot send %s: %d\n", what, ret);
		return ret;
	}
	ret = netvsc_wait(s, &call->answered, what);
	if (ret)
		return ret;
	if (call->result) {
		netdev_err(s->net, "malformed answer to %s: %d\n", what, call->result);
		return call->result;
	}
	return status_to_error(call->answer.status);
}

/**
 * netvsc_rndis_init() - RNDIS's first exchange; sets the session's limits
 * @s: the session
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int netvsc_rndis_init(struct netvsc_session *s)
{
	struct rndis_limits limits;
	struct rndis_call *call;
	int ret;

	call = new_call(s, RNDIS_WIRE_INITIALIZE_COMPLETE);
	if (!call)
		return -ENOMEM;
	ret = exec_call(s, call, rndis_build_init(call->page, call->request_id,
						  RNDIS_OUR_TRANSFER), "the RNDIS version");
	if (!ret)
		ret = rndis_parse_limits(call->data, call->len, &limits);
	if (!ret) {
		s->max_packets = limits.max_packets;
		s->max_transfer = limits.max_transfer;
		s->align = limits.align;
	}
	disown(s, call, RNDIS_OWNER_CALLER);
	return ret;
}

/**
 * netvsc_rndis_halt() - RNDIS's last message
 * @s: the session
 *
 * Context: process. Failure does not matter: the channel closes next.
 */
void netvsc_rndis_halt(struct netvsc_session *s)
{
	struct rndis_call *call;

	if (netvsc_rescinded(s))
		return;
	call = new_call(s, 0);
	if (!call)
		return;
	if (!send_call(s, call, rndis_build_halt(call->page, call->request_id)))
		netvsc_wait(s, &call->sent, "the RNDIS halt");
	disown(s, call, RNDIS_OWNER_CALLER);
}

/**
 * netvsc_rndis_query() - ask for an object
 * @s: the session
 * @oid: RNDIS_WIRE_OID_*
 * @in: the header of the object, or NULL
 * @in_len: its bytes
 * @out: room for the object
 * @out_len: bytes of that room; then of the object
 *
 * Context: process.
 * Return: 0, -EOPNOTSUPP when the host has no such object, or another negative error.
 */
int netvsc_rndis_query(struct netvsc_session *s, u32 oid, const void *in, u32 in_len,
		       void *out, u32 *out_len)
{
	struct rndis_call *call;
	char what[32];
	int ret;

	call = new_call(s, RNDIS_WIRE_QUERY_COMPLETE);
	if (!call)
		return -ENOMEM;
	snprintf(what, sizeof(what), "query %#x", oid);
	ret = exec_call(s, call, rndis_build_request(call->page, HV_HYP_PAGE_SIZE, false,
						     call->request_id, oid, in, in_len), what);
	if (!ret) {
		*out_len = min(*out_len, call->answer.info_len);
		memcpy(out, call->data + call->answer.info_offset, *out_len);
	}
	disown(s, call, RNDIS_OWNER_CALLER);
	return ret;
}

/**
 * netvsc_rndis_set() - set an object
 * @s: the session
 * @oid: RNDIS_WIRE_OID_*
 * @in: the object
 * @in_len: its bytes
 *
 * Context: process.
 * Return: 0, -EOPNOTSUPP when the host has no such object, or another negative error.
 */
int netvsc_rndis_set(struct netvsc_session *s, u32 oid, const void *in, u32 in_len)
{
	struct rndis_call *call;
	char what[32];
	u32 len;
	int ret;

	call = new_call(s, RNDIS_WIRE_SET_COMPLETE);
	if (!call)
		return -ENOMEM;
	snprintf(what, sizeof(what), "set %#x", oid);
	len = rndis_build_request(call->page, HV_HYP_PAGE_SIZE, true, call->request_id, oid,
				  in, in_len);
	ret = len ? exec_call(s, call, len, what) : -EMSGSIZE;
	disown(s, call, RNDIS_OWNER_CALLER);
	return ret;
}

/**
 * netvsc_rndis_abandon() - the channel is closed: settle what the host never completed
 * @s: the session
 * @host_gone: the host confirmed the closing, so that it reads no request any more
 *
 * Context: process; nobody waits for an answer.
 */
void netvsc_rndis_abandon(struct netvsc_session *s, bool host_gone)
{
	struct rndis_call *call, *next;

	list_for_each_entry_safe(call, next, &s->rndis_calls, list) {
		list_del(&call->list);
		if (host_gone)
			free_call(s, call);
		else
			netdev_err(s->net, "leaking a request: the host may still read it\n");
	}
}
