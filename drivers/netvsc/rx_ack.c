// SPDX-License-Identifier: GPL-2.0
/*
 * Giving received packets back to the host. To tell it of a single one is a signal, and it has
 * many receive sections more: a few wait for a message that is sent anyway, whose signal then
 * serves both, or for a timer. Many go at once, with one signal.
 *
 * The poll loop adds acknowledgements; who holds the lock of the outbound ring takes them out.
 */
#include <ring/ring.h>

#include "netvsc.h"

/* Frames of a channel that may wait, at most, and the part of the sections that all may keep. */
#define WAITING_FRAMES	32u
#define WAITING_PART	8u

/**
 * netvsc_ack_add() - a received packet is done with
 * @ch: the channel
 * @id: the packet's transaction id
 * @status: NVSP_STATUS_*
 * @frames: what it carried
 * @sections: that those lie in
 *
 * Context: softirq, the channel's poll loop; netvsc_acks_full() was false.
 */
void netvsc_ack_add(struct netvsc_channel *ch, u64 id, u32 status, u32 frames, u32 sections)
{
	struct netvsc_rx *rx = &ch->rx;
	struct netvsc_rx_ack *ack = &rx->acks[rx->ack_tail & (NETVSC_RX_ACKS - 1)];

	if (netvsc_rx_idle(ch)) {
		rx->ack_since = jiffies;
		rx->ack_frames = 0;
		rx->ack_sections = 0;
	}
	rx->ack_frames += frames;
	rx->ack_sections += sections;
	ack->id = id;
	ack->status = status;
	/* Pairs with the acquire in netvsc_ack_put(). */
	smp_store_release(&rx->ack_tail, rx->ack_tail + 1);
}

/**
 * netvsc_acks_full() - is there no room for one more?
 * @ch: the channel
 *
 * Context: softirq, the channel's poll loop.
 */
bool netvsc_acks_full(const struct netvsc_channel *ch)
{
	/* Pairs with the release in netvsc_ack_put(). */
	return ch->rx.ack_tail - smp_load_acquire(&ch->rx.ack_head) >= NETVSC_RX_ACKS;
}

/**
 * netvsc_ack_put() - acknowledgements that wait, into a batch
 * @ch: the channel
 * @ring: a batch on its outbound ring
 *
 * Context: any; the batch holds the ring's lock.
 * Return: whether all had room.
 */
bool netvsc_ack_put(struct netvsc_channel *ch, struct hvic_ring_tx *ring)
{
	struct {
		struct vmpacket_descriptor desc;
		__le32 type, status;
	} __packed packet = {
		.desc.type = VM_PKT_COMP,
		.desc.offset8 = sizeof(packet.desc) / 8,
		.desc.len8 = sizeof(packet) / 8,
		.type = cpu_to_le32(NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE),
	};
	struct netvsc_rx *rx = &ch->rx;
	/* Pairs with the release in netvsc_ack_add(). */
	u32 tail = smp_load_acquire(&rx->ack_tail);
	u32 head = rx->ack_head;
	void *at = NULL;

	for (; head != tail; head++) {
		at = hvic_ring_tx_reserve(ring, sizeof(packet));
		if (!at)
			break;
		packet.desc.trans_id = rx->acks[head & (NETVSC_RX_ACKS - 1)].id;
		packet.status = cpu_to_le32(rx->acks[head & (NETVSC_RX_ACKS - 1)].status);
		memcpy(at, &packet, sizeof(packet));
		hvic_ring_tx_commit(ring, sizeof(packet));
	}
	/* Pairs with the acquire in netvsc_acks_full(). */
	smp_store_release(&rx->ack_head, head);
	return head == tail;
}

/**
 * netvsc_ack_send() - send all acknowledgements now
 * @ch: the channel
 *
 * Context: softirq, the channel's poll loop.
 * Return: false when the ring had no room for all; a timer polls again.
 */
bool netvsc_ack_send(struct netvsc_channel *ch)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct hvic_ring_tx ring;
	unsigned long flags;
	bool all;

	if (netvsc_rx_idle(ch))
		return true;
	if (hvic_ring_tx_begin(ch->vmbus, &ring)) {
		/*
		 * The host is gone, or has spoilt the ring; it does not miss them. A batch that
		 * began before that ends first, or it would bring some of them back.
		 */
		spin_lock_irqsave(&ch->vmbus->outbound.ring_lock, flags);
		WRITE_ONCE(ch->rx.ack_head, ch->rx.ack_tail);
		spin_unlock_irqrestore(&ch->vmbus->outbound.ring_lock, flags);
		return true;
	}
	all = netvsc_ack_put(ch, &ring);
	hvic_ring_tx_end(&ring);
	if (all)
		return true;
	a->counters.rx_comp_busy++;
	mod_timer(&ch->retry, jiffies + 1);
	return false;
}

/**
 * netvsc_ack_poll_end() - at the end of a poll: send the acknowledgements, or let them wait
 * @ch: the channel
 *
 * Context: softirq, the channel's poll loop.
 */
void netvsc_ack_poll_end(struct netvsc_channel *ch)
{
	struct netvsc_session *s = ch->session;
	unsigned long due = ch->rx.ack_since + s->ack_delay;

	if (netvsc_rx_idle(ch))
		return;
	if (ch->rx.ack_frames >= WAITING_FRAMES ||
	    ch->rx.ack_sections >= s->recv.sections / WAITING_PART / READ_ONCE(s->num_channels) ||
	    time_after_eq(jiffies, due))
		netvsc_ack_send(ch);
	else if (!timer_pending(&ch->retry))
		mod_timer(&ch->retry, due);
}

/**
 * netvsc_rx_idle() - has everything received been given back?
 * @ch: the channel
 *
 * Context: any.
 */
bool netvsc_rx_idle(const struct netvsc_channel *ch)
{
	return READ_ONCE(ch->rx.ack_head) == READ_ONCE(ch->rx.ack_tail);
}
