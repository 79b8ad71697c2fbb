// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit side below the frames: slots that remember what the host owns, send sections,
 * posting the message that is being put together, completions, stopping and waking the queue.
 *
 * A slot is ours (cookie 0), or the host's (cookie = the id on the wire). Only the one who
 * exchanges the cookie for 0 gives back what the slot holds, so a completion that comes twice,
 * late or unasked for changes nothing.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>

#include <ring/ring.h>

#include "netvsc.h"

/* Percent of the ring that is free: stop below the first, wake above the second. */
#define RING_LOW	10
#define RING_HIGH	20

/* Before the ranges of a GPA-direct packet: a reserved word and their number. */
#define GPA_HEADER	(2 * sizeof(u32))

#define HEADERS_A_PAGE	(PAGE_SIZE / NETVSC_TX_HEADER)
#define HEADER_PAGES	(NETVSC_TX_SLOTS / HEADERS_A_PAGE)

static_assert(NETVSC_TX_SLOTS % HEADERS_A_PAGE == 0);
static_assert(HV_HYP_PAGE_SIZE % NETVSC_TX_HEADER == 0);

/* Bounce mappings of one message in an isolated guest. */
struct netvsc_dma {
	unsigned int count;
	struct {
		dma_addr_t addr;
		u32 len;
	} map[MAX_PAGE_BUFFER_COUNT];
};

/**
 * netvsc_tx_alloc() - slots and header memory of a channel
 * @ch: the channel
 *
 * Context: process.
 * Return: 0, or -ENOMEM; netvsc_tx_free() is due either way.
 */
int netvsc_tx_alloc(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	unsigned int i;

	tx->slots = kvcalloc(NETVSC_TX_SLOTS, sizeof(*tx->slots), GFP_KERNEL);
	tx->free = kvcalloc(NETVSC_TX_SLOTS, sizeof(*tx->free), GFP_KERNEL);
	tx->headers = kcalloc(HEADER_PAGES, sizeof(*tx->headers), GFP_KERNEL);
	if (!tx->slots || !tx->free || !tx->headers)
		return -ENOMEM;
	for (i = 0; i < HEADER_PAGES; i++) {
		tx->headers[i] = (void *)__get_free_page(GFP_KERNEL);
		if (!tx->headers[i])
			return -ENOMEM;
	}
	for (i = 0; i < NETVSC_TX_SLOTS; i++) {
		tx->slots[i].section = NETVSC_NO_SECTION;
		tx->free[i] = i;
	}
	tx->free_tail = NETVSC_TX_SLOTS;
	/* Nowhere yet: the search starts in the channel's own part. */
	tx->section_hint = NETVSC_NO_SECTION;
	return 0;
}

/**
 * netvsc_tx_free() - give the memory back
 * @ch: the channel; netvsc_tx_abandon() has settled what the host owned
 *
 * Context: process.
 */
void netvsc_tx_free(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	unsigned int i;

	for (i = 0; tx->headers && i < HEADER_PAGES; i++)
		free_page((unsigned long)tx->headers[i]);
	kfree(tx->headers);
	kvfree(tx->free);
	kvfree(tx->slots);
}

static u32 free_slots(const struct netvsc_tx *tx)
{
	/* Pairs with the release in slot_put(). */
	return smp_load_acquire(&tx->free_tail) - tx->free_head;
}

/**
 * netvsc_tx_slot_get() - a slot for a new message
 * @tx: the channel's transmit side
 * @index: which one it is
 *
 * Context: the queue's lock.
 * Return: the slot, or NULL when the host owns them all.
 */
struct netvsc_tx_slot *netvsc_tx_slot_get(struct netvsc_tx *tx, u16 *index)
{
	if (!free_slots(tx))
		return NULL;
	*index = tx->free[tx->free_head++ & (NETVSC_TX_SLOTS - 1)];
	return &tx->slots[*index];
}

/* From the poll loop alone. */
static void slot_put(struct netvsc_tx *tx, u16 index)
{
	tx->free[tx->free_tail & (NETVSC_TX_SLOTS - 1)] = index;
	/* Pairs with the acquire in free_slots(). */
	smp_store_release(&tx->free_tail, tx->free_tail + 1);
}

/**
 * netvsc_tx_header() - memory for the RNDIS header of a message that is not copied
 * @tx: the channel's transmit side
 * @index: the message's slot
 *
 * Return: NETVSC_TX_HEADER bytes within one page.
 */
void *netvsc_tx_header(struct netvsc_tx *tx, u16 index)
{
	return tx->headers[index / HEADERS_A_PAGE] +
	       index % HEADERS_A_PAGE * NETVSC_TX_HEADER;
}

/**
 * netvsc_tx_section_get() - a free send section
 * @ch: the channel
 *
 * Each channel looks from where it last found one, so that channels seldom meet.
 * Context: the queue's lock.
 * Return: the section's number, or NETVSC_NO_SECTION.
 */
u32 netvsc_tx_section_get(struct netvsc_channel *ch)
{
	struct netvsc_session *s = ch->session;
	u32 total = s->send.sections;
	u32 at = ch->tx.section_hint;
	unsigned int pass;

	if (at >= total)
		at = total * ch->index / s->num_channels;
	for (pass = 0; pass < 2; pass++) {
		for (; (at = find_next_zero_bit(s->send_map, total, at)) < total; at++) {
			if (!test_and_set_bit_lock(at, s->send_map)) {
				ch->tx.section_hint = at + 1;
				return at;
			}
		}
		at = 0;
	}
	return NETVSC_NO_SECTION;
}

/**
 * netvsc_tx_section() - a section's memory
 * @s: the session
 * @section: its number
 *
 * Return: send.section_size bytes that the host can read.
 */
void *netvsc_tx_section(struct netvsc_session *s, u32 section)
{
	return s->send.data + (size_t)section * s->send.section_size;
}

static void dma_unmap(struct netvsc_session *s, struct netvsc_tx_slot *slot)
{
	struct netvsc_dma *dma = slot->dma;
	unsigned int i;

	if (likely(!dma))
		return;
	for (i = 0; i < dma->count; i++)
		dma_unmap_single(&s->hv->device, dma->map[i].addr, dma->map[i].len,
				 DMA_TO_DEVICE);
	kfree(dma);
	slot->dma = NULL;
}

/* An isolated guest's memory is closed to the host: each range goes through a bounce buffer. */
static int dma_map(struct netvsc_session *s, struct netvsc_tx_slot *slot,
		   struct netvsc_tx_msg *msg)
{
	struct netvsc_dma *dma;
	unsigned int i;

	dma = kzalloc(sizeof(*dma), GFP_ATOMIC);
	if (!dma)
		return -ENOMEM;
	slot->dma = dma;
	for (i = 0; i < msg->ranges; i++) {
		struct hv_page_buffer *r = &msg->range[i];
		void *from = phys_to_virt((r->pfn << HV_HYP_PAGE_SHIFT) + r->offset);

		dma->map[i].len = r->len;
		dma->map[i].addr = dma_map_single(&s->hv->device, from, r->len, DMA_TO_DEVICE);
		if (dma_mapping_error(&s->hv->device, dma->map[i].addr)) {
			dma_unmap(s, slot);
			return -ENOMEM;
		}
		dma->count = i + 1;
		/* The mapping keeps the offset within the page. */
		r->pfn = dma->map[i].addr >> HV_HYP_PAGE_SHIFT;
	}
	return 0;
}

/* Gives back what a slot holds; @budget as for napi_consume_skb(), negative for a drop. */
static void slot_release(struct netvsc_channel *ch, struct netvsc_tx_slot *slot, int budget)
{
	struct netvsc_session *s = ch->session;
	struct sk_buff *skb = slot->skbs;

	dma_unmap(s, slot);
	if (slot->section != NETVSC_NO_SECTION)
		clear_bit_unlock(slot->section, s->send_map);
	slot->section = NETVSC_NO_SECTION;
	slot->skbs = NULL;
	slot->packets = 0;
	slot->bytes = 0;
	slot->bql_bytes = 0;
	while (skb) {
		struct sk_buff *next = skb->next;

		skb_mark_not_on_list(skb);
		if (budget < 0)
			dev_kfree_skb_any(skb);
		else
			napi_consume_skb(skb, budget);
		skb = next;
	}
}

/**
 * netvsc_tx_drop() - give up the message that is being put together
 * @ch: the channel, whose message is open or sealed; its frames are lost
 *
 * Context: the queue's lock, or nobody else left.
 */
void netvsc_tx_drop(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	struct netvsc_tx_slot *slot = &tx->slots[tx->msg.slot];
	struct net_device *net = ch->session->net;

	net->stats.tx_dropped += slot->packets;
	slot_release(ch, slot, -1);
	tx->msg.state = NETVSC_TX_EMPTY;
	/* The last one taken is the first one free again. */
	tx->free[--tx->free_head & (NETVSC_TX_SLOTS - 1)] = tx->msg.slot;
}

/* Bytes of the packet that carries the message, without its trailer. */
static u32 packet_size(const struct netvsc_tx_msg *msg)
{
	u32 size = sizeof(struct vmpacket_descriptor) + NVSP_MSG_SIZE;
	unsigned int i;

	if (msg->ranges)
		size += GPA_HEADER;
	for (i = 0; i < msg->ranges; i++)
		size += sizeof(struct gpa_range) + sizeof(u64) *
			HVPFN_UP(msg->range[i].offset + msg->range[i].len);
	return size;
}

/* Ranges as the host wants them: each with its page numbers. */
static void *put_ranges(void *at, const struct netvsc_tx_msg *msg)
{
	unsigned int i, j;

	*(u32 *)at = 0;
	*(u32 *)(at + sizeof(u32)) = msg->ranges;
	at += GPA_HEADER;
	for (i = 0; i < msg->ranges; i++) {
		const struct hv_page_buffer *r = &msg->range[i];
		unsigned int pages = HVPFN_UP(r->offset + r->len);
		struct gpa_range *range = at;

		range->byte_count = r->len;
		range->byte_offset = r->offset;
		for (j = 0; j < pages; j++)
			range->pfn_array[j] = r->pfn + j;
		at = &range->pfn_array[pages];
	}
	return at;
}

/* Builds the packet where the host reads it. */
static int put_packet(struct netvsc_channel *ch, const struct netvsc_tx_msg *msg, u32 section,
		      u64 id)
{
	u32 size = packet_size(msg);
	struct vmpacket_descriptor desc = {
		.type = msg->ranges ? VM_PKT_DATA_USING_GPA_DIRECT : VM_PKT_DATA_INBAND,
		.offset8 = (size - NVSP_MSG_SIZE) / 8,
		.len8 = size / 8,
		.flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		.trans_id = id,
	};
	struct hvic_ring_tx ring;
	void *at;
	int ret;

	ret = hvic_ring_tx_begin(ch->vmbus, &ring);
	if (ret)
		return ret;
	at = hvic_ring_tx_reserve(&ring, size);
	if (at) {
		memcpy(at, &desc, sizeof(desc));
		at += sizeof(desc);
		if (msg->ranges)
			at = put_ranges(at, msg);
		nvsp_build_rndis(at, NVSP_CHANNEL_DATA, section, msg->section_used);
		hvic_ring_tx_commit(&ring, size);
		/* One signal for both. */
		netvsc_ack_put(ch, &ring);
	}
	hvic_ring_tx_end(&ring);
	return at ? 0 : -EAGAIN;
}

/* Hands the message to the host; on success the slot is the host's. */
static int post(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;
	struct netvsc_tx_slot *slot = &tx->slots[tx->msg.slot];
	u64 id;
	int ret;

	slot->generation++;
	id = NETVSC_ID(NETVSC_ID_TX, (u64)slot->generation << 16 | tx->msg.slot);

	atomic_inc(&tx->outstanding);
	/* Pairs with the exchange in netvsc_tx_completion(), which may come at once. */
	smp_store_release(&slot->cookie, id);
	ret = put_packet(ch, &tx->msg, slot->section, id);
	if (ret) {
		/* Unless a lying host completed what it never got: then it is gone already. */
		if (cmpxchg64(&slot->cookie, id, 0) != id)
			return 0;
		atomic_dec(&tx->outstanding);
	}
	return ret;
}

/* Room for frames again, or nothing under way that could tell us about room? */
static bool can_wake(struct netvsc_channel *ch)
{
	struct netvsc_tx *tx = &ch->tx;

	if (READ_ONCE(tx->msg.state) == NETVSC_TX_SEALED)
		return false;
	return !atomic_read(&tx->outstanding) ||
	       (free_slots(tx) > NETVSC_TX_SLOTS / 16 &&
		hv_get_avail_to_write_percent(&ch->vmbus->outbound) > RING_HIGH);
}

static void wake(struct netvsc_channel *ch)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netdev_queue *txq = netvsc_txq(ch);

	if (netif_tx_queue_stopped(txq) && !READ_ONCE(ch->session->tx_disable) && can_wake(ch)) {
		netif_tx_wake_queue(txq);
		a->counters.wake_queue++;
	}
}

/**
 * netvsc_tx_stop() - no more frames for now
 * @ch: the channel
 *
 * A completion wakes the queue; if none is under way, a timer looks again.
 * Context: the queue's lock.
 */
void netvsc_tx_stop(struct netvsc_channel *ch)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);

	netif_tx_stop_queue(netvsc_txq(ch));
	a->counters.stop_queue++;
	/* The completion that saw the queue running must be seen here. */
	smp_mb();
	if (!atomic_read(&ch->tx.outstanding))
		mod_timer(&ch->retry, jiffies + 1);
	else
		wake(ch);
}

/**
 * netvsc_tx_submit() - send the message that is being put together
 * @ch: the channel, whose message is open or sealed
 *
 * Without room in the ring the message stays sealed, the queue stops, and the poll loop tries
 * again. With the device gone the frames are dropped.
 * Context: the queue's lock.
 */
void netvsc_tx_submit(struct netvsc_channel *ch)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netvsc_tx *tx = &ch->tx;
	struct netvsc_tx_msg *msg = &tx->msg;
	struct netvsc_tx_slot *slot = &tx->slots[msg->slot];
	int ret;

	msg->state = NETVSC_TX_SEALED;
	if (!msg->charged) {
		if (msg->ranges && hv_is_isolation_supported() &&
		    dma_map(ch->session, slot, msg)) {
			a->counters.tx_no_memory++;
			netvsc_tx_drop(ch);
			return;
		}
		msg->charged = true;
		if (slot->bql_bytes)
			netdev_tx_sent_queue(netvsc_txq(ch), slot->bql_bytes);
	}
	ret = post(ch);
	if (!ret) {
		WRITE_ONCE(msg->state, NETVSC_TX_EMPTY);
		if (hv_get_avail_to_write_percent(&ch->vmbus->outbound) < RING_LOW ||
		    !free_slots(tx))
			netvsc_tx_stop(ch);
	} else if (ret == -EAGAIN) {
		a->counters.tx_busy++;
		netvsc_tx_stop(ch);
	} else {
		netvsc_tx_drop(ch);
	}
}

/**
 * netvsc_tx_completion() - the host is through with a message
 * @ch: the channel
 * @id: transaction id, of kind NETVSC_ID_TX
 * @budget: of the poll
 *
 * Context: softirq, the channel's poll loop.
 */
void netvsc_tx_completion(struct netvsc_channel *ch, u64 id, int budget)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netvsc_tx *tx = &ch->tx;
	u16 index = id & 0xffff;
	struct netvsc_tx_slot *slot;

	if (index >= NETVSC_TX_SLOTS ||
	    cmpxchg64(&tx->slots[index].cookie, id, 0) != id) {
		a->counters.host_bad_completion++;
		return;
	}
	slot = &tx->slots[index];

	u64_stats_update_begin(&tx->stats->syncp);
	tx->stats->packets += slot->packets;
	tx->stats->bytes += slot->bytes;
	u64_stats_update_end(&tx->stats->syncp);
	if (slot->bql_bytes) {
		tx->done_packets += slot->packets;
		tx->done_bytes += slot->bql_bytes;
	}
	slot_release(ch, slot, budget);
	slot_put(tx, index);
	atomic_dec(&tx->outstanding);
}

/**
 * netvsc_tx_poll_end() - what one poll's completions allow: charge less, send more, wake
 * @ch: the channel
 * @budget: of the poll
 *
 * Context: softirq, the channel's poll loop.
 */
void netvsc_tx_poll_end(struct netvsc_channel *ch, int budget)
{
	struct netvsc_tx *tx = &ch->tx;
	struct netdev_queue *txq = netvsc_txq(ch);

	if (tx->done_bytes) {
		netdev_tx_completed_queue(txq, tx->done_packets, tx->done_bytes);
		tx->done_packets = 0;
		tx->done_bytes = 0;
	}
	/* Pairs with the barrier in netvsc_tx_stop(). */
	smp_mb();
	if (READ_ONCE(tx->msg.state) == NETVSC_TX_SEALED && budget) {
		if (__netif_tx_trylock(txq)) {
			if (tx->msg.state == NETVSC_TX_SEALED)
				netvsc_tx_submit(ch);
			__netif_tx_unlock(txq);
		} else {
			mod_timer(&ch->retry, jiffies + 1);
		}
	}
	wake(ch);
}

/**
 * netvsc_tx_abandon() - settle what the host never completed
 * @ch: the channel; it is closed, nobody sends or polls
 * @host_gone: the host confirmed the closing, so that it reads no frame any more
 *
 * Context: process.
 */
void netvsc_tx_abandon(struct netvsc_channel *ch, bool host_gone)
{
	struct netvsc_tx *tx = &ch->tx;
	unsigned int i, leaked = 0;

	if (tx->msg.state != NETVSC_TX_EMPTY)
		netvsc_tx_drop(ch);
	for (i = 0; i < NETVSC_TX_SLOTS; i++) {
		if (!tx->slots[i].cookie)
			continue;
		tx->slots[i].cookie = 0;
		if (host_gone)
			slot_release(ch, &tx->slots[i], -1);
		else
			leaked++;
	}
	if (leaked) {
		netdev_err(ch->session->net,
			   "leaking %u messages: the host may still read them\n", leaked);
		/* Their headers too. */
		kfree(tx->headers);
		tx->headers = NULL;
	}
	atomic_set(&tx->outstanding, 0);
	netdev_tx_reset_queue(netvsc_txq(ch));
}
