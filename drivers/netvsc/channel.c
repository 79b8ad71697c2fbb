// SPDX-License-Identifier: GPL-2.0
/*
 * A channel of a session, from its memory to its poll loop, and the gate through which the bus
 * hands in subchannels.
 */
#include <linux/slab.h>

#include "netvsc.h"

/* Guards the way from a device to its gate against the device's removal. */
static DEFINE_MUTEX(gate_lookup);

/* The bus found packets: mask the host's interrupts and poll. Hard interrupt. */
static void channel_event(void *context)
{
	struct netvsc_channel *ch = context;

	/* A channel that is not open yet, or not any more, is never touched. */
	if (napi_schedule_prep(&ch->napi)) {
		hv_begin_read(&ch->vmbus->inbound);
		__napi_schedule_irqoff(&ch->napi);
	}
}

static void channel_retry(struct timer_list *t)
{
	struct netvsc_channel *ch = timer_container_of(ch, t, retry);

	napi_schedule(&ch->napi);
}

/**
 * netvsc_channel_alloc() - memory for a channel
 * @s: the session
 * @index: 0 for the primary
 *
 * Context: process.
 * Return: the channel, not open; or NULL.
 */
struct netvsc_channel *netvsc_channel_alloc(struct netvsc_session *s, u16 index)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	struct netvsc_channel *ch;

	ch = kzalloc(sizeof(*ch), GFP_KERNEL);
	if (!ch)
		return NULL;
	ch->session = s;
	ch->index = index;
	ch->tx.stats = &a->tx_stats[index];
	ch->rx.stats = &a->rx_stats[index];
	timer_setup(&ch->retry, channel_retry, 0);
	netvsc_tx_hold_init(ch);

	ch->rx.acks = kvcalloc(NETVSC_RX_ACKS, sizeof(*ch->rx.acks), GFP_KERNEL);
	if (!ch->rx.acks || netvsc_tx_alloc(ch))
		goto fail;
	if (xdp_rxq_info_reg(&ch->xdp_rxq, s->net, index, 0))
		goto fail;
	if (xdp_rxq_info_reg_mem_model(&ch->xdp_rxq, MEM_TYPE_PAGE_SHARED, NULL)) {
		xdp_rxq_info_unreg(&ch->xdp_rxq);
		goto fail;
	}
	return ch;
fail:
	netvsc_tx_free(ch);
	kvfree(ch->rx.acks);
	kfree(ch);
	return NULL;
}

/**
 * netvsc_channel_free() - the end of a channel that is closed and abandoned
 * @ch: the channel
 *
 * Context: process.
 */
void netvsc_channel_free(struct netvsc_channel *ch)
{
	xdp_rxq_info_unreg(&ch->xdp_rxq);
	netvsc_tx_free(ch);
	kvfree(ch->rx.acks);
	kfree(ch);
}

/**
 * netvsc_channel_open() - open a channel of the bus and poll it
 * @ch: the channel
 * @vmbus: the bus's side
 *
 * Context: process.
 * Return: 0 or a negative error.
 */
int netvsc_channel_open(struct netvsc_channel *ch, struct vmbus_channel *vmbus)
{
	int ret;

	ch->vmbus = vmbus;
	set_channel_read_mode(vmbus, HV_CALL_ISR);
	/* Our transaction ids are our own; see enum netvsc_id_kind. */
	hvic_no_request_ids(vmbus);
	/* Another driver's use may have left pointers that the bus freed, and would free again. */
	vmbus->requestor.req_arr = NULL;
	vmbus->requestor.req_bitmap = NULL;
	/* Packets are read where they are. */
	hvic_set_max_pkt_size(vmbus, VMBUS_DEFAULT_MAX_PKT_SIZE);

	netif_napi_add(ch->session->net, &ch->napi, netvsc_poll);
	ret = vmbus_open(vmbus, netvsc_ring_bytes, netvsc_ring_bytes, NULL, 0,
			 channel_event, ch);
	if (ret) {
		netif_napi_del(&ch->napi);
		netdev_err(ch->session->net, "cannot open channel %u: %d\n", ch->index, ret);
		return ret;
	}
	/* Whoever sees it open sees what is needed to send: netvsc_start_xmit(). */
	smp_store_release(&ch->open, true);
	napi_enable(&ch->napi);

	/* What came before polling was possible went unnoticed. */
	local_bh_disable();
	napi_schedule(&ch->napi);
	local_bh_enable();
	return 0;
}

/**
 * netvsc_channel_quiet() - stop polling
 * @ch: an open channel that nobody sends on any more
 *
 * Context: process, RTNL.
 */
void netvsc_channel_quiet(struct netvsc_channel *ch)
{
	napi_disable(&ch->napi);
	/* It may begin the other. */
	netvsc_tx_hold_end(ch);
	timer_delete_sync(&ch->retry);
	netif_queue_set_napi(ch->session->net, ch->index, NETDEV_QUEUE_TYPE_RX, NULL);
	netif_queue_set_napi(ch->session->net, ch->index, NETDEV_QUEUE_TYPE_TX, NULL);
	netif_napi_del(&ch->napi);
}

/**
 * netvsc_gate_alloc() - a gate that lets nothing through
 *
 * Context: process.
 * Return: the gate or NULL.
 */
struct netvsc_gate *netvsc_gate_alloc(void)
{
	struct netvsc_gate *gate = kzalloc(sizeof(*gate), GFP_KERNEL);

	if (gate) {
		kref_init(&gate->ref);
		mutex_init(&gate->lock);
	}
	return gate;
}

static void gate_free(struct kref *ref)
{
	kfree(container_of(ref, struct netvsc_gate, ref));
}

/**
 * netvsc_gate_set() - say which session takes subchannels
 * @a: the adapter
 * @s: the session, or NULL for none; then no subchannel is being opened any more on return
 *
 * Context: process.
 */
void netvsc_gate_set(struct netvsc_adapter *a, struct netvsc_session *s)
{
	mutex_lock(&a->gate->lock);
	a->gate->session = s;
	mutex_unlock(&a->gate->lock);
}

/**
 * netvsc_gate_detach() - the device goes: nothing from the bus finds it any more
 * @a: the adapter
 *
 * Context: process.
 */
void netvsc_gate_detach(struct netvsc_adapter *a)
{
	netvsc_gate_set(a, NULL);
	mutex_lock(&gate_lookup);
	hv_set_drvdata(a->hv, NULL);
	mutex_unlock(&gate_lookup);
	kref_put(&a->gate->ref, gate_free);
}

/**
 * netvsc_subchannel_offered() - the host offers a subchannel
 * @vmbus: the bus's side
 *
 * Context: process, a work item of the bus, at any time.
 */
void netvsc_subchannel_offered(struct vmbus_channel *vmbus)
{
	u16 index = vmbus->offermsg.offer.sub_channel_index;
	struct netvsc_gate *gate = NULL;
	struct netvsc_session *s;
	struct net_device *net;

	mutex_lock(&gate_lookup);
	net = hv_get_drvdata(vmbus->primary_channel->device_obj);
	if (net) {
		gate = ((struct netvsc_adapter *)netdev_priv(net))->gate;
		kref_get(&gate->ref);
	}
	mutex_unlock(&gate_lookup);
	if (!gate)
		return;

	mutex_lock(&gate->lock);
	s = gate->session;
	if (s && index && index < s->num_channels && !s->channel[index]->vmbus) {
		netvsc_channel_open(s->channel[index], vmbus);
		atomic_inc(&s->tried_channels);
		wake_up(&s->subchannels);
	} else if (s) {
		netdev_warn(s->net, "ignoring subchannel %u\n", index);
	}
	mutex_unlock(&gate->lock);
	kref_put(&gate->ref, gate_free);
}
