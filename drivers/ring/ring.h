/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet ring, hot path: write packets in place (reserve, fill, commit, one signal a
 * batch) and read them in place or by copy. It works over the kernel's struct vmbus_channel, so
 * a driver that includes it has its gains on the in-tree bus too.
 */
#ifndef HVIC_RING_H
#define HVIC_RING_H

#include <linux/compiler.h>
#include <linux/hyperv.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* Each packet is followed by 8 bytes: the write index before it, in the upper half. */
#define HVIC_RING_TRAILER	8u

/*
 * Largest ring, header page included: both rings of a channel are one allocation of the page
 * allocator and one GPADL, which has 8,190 pages of 4 KiB at most.
 */
#define HVIC_GPADL_MAX		(8190ul * HV_HYP_PAGE_SIZE)
#define HVIC_RING_MAX \
	((int)(min_t(unsigned long, HVIC_GPADL_MAX, KMALLOC_MAX_SIZE) / 2 & PAGE_MASK))

/* One batch of packets being written to a channel's outbound ring. */
struct hvic_ring_tx {
	struct vmbus_channel *channel;
	unsigned long flags;
	u32 start;		/* write index that the host sees, bytes */
	u32 next;		/* where the next packet goes, bytes */
	u32 free;		/* bytes that may be written */
};

/* One received packet. The descriptor's fields are private copies, checked. */
struct hvic_ring_packet {
	u16 type;		/* enum vmbus_packet_type */
	u16 flags;
	u64 trans_id;
	const void *raw;	/* the descriptor, in the ring */
	const void *data;	/* the payload, in the ring: the host can change it */
	u32 raw_len;		/* bytes from raw, without the trailer */
	u32 len;		/* bytes of payload */
};

/* An index that the other side may have written. */
static inline bool hvic_ring_index_ok(const struct hv_ring_buffer_info *rbi, u32 index)
{
	return likely(index < rbi->ring_datasize && !(index & 7));
}

static inline u32 hvic_ring_advance(const struct hv_ring_buffer_info *rbi, u32 index, u32 bytes)
{
	index += bytes;
	return index >= rbi->ring_datasize ? index - rbi->ring_datasize : index;
}

/**
 * hvic_ring_tx_begin() - lock the outbound ring and start a batch
 * @channel: an open channel
 * @tx: filled in; after success one of the two ends it
 *
 * Any context; interrupts are off until hvic_ring_tx_end() or hvic_ring_tx_publish().
 *
 * Return: 0; -ENODEV when the channel was rescinded; -EIO when the indices in the shared page
 * are impossible: the host corrupted them and the channel is of no use any more.
 */
static inline int hvic_ring_tx_begin(struct vmbus_channel *channel, struct hvic_ring_tx *tx)
{
	struct hv_ring_buffer_info *rbi = &channel->outbound;
	u32 read, write;

	if (unlikely(READ_ONCE(channel->rescind)))
		return -ENODEV;

	spin_lock_irqsave(&rbi->ring_lock, tx->flags);
	read = READ_ONCE(rbi->ring_buffer->read_index);
	write = READ_ONCE(rbi->ring_buffer->write_index);
	if (unlikely(!hvic_ring_index_ok(rbi, read) || !hvic_ring_index_ok(rbi, write))) {
		spin_unlock_irqrestore(&rbi->ring_lock, tx->flags);
		return -EIO;
	}

	tx->channel = channel;
	tx->start = write;
	tx->next = write;
	tx->free = write >= read ? rbi->ring_datasize - (write - read) : read - write;
	__release(&rbi->ring_lock);	/* for sparse: held until hvic_ring_tx_publish() */
	return 0;
}

/**
 * hvic_ring_tx_reserve() - room for one packet
 * @tx: a batch
 * @len: bytes of the packet with its descriptor, a multiple of 8
 *
 * The room is contiguous (the ring is mapped twice). It is not sent before
 * hvic_ring_tx_commit(); reserving again without a commit gives the same room.
 *
 * Return: where to write the packet, or NULL when the ring is full. A ring is never filled to
 * the last byte: equal indices mean empty.
 */
static inline void *hvic_ring_tx_reserve(struct hvic_ring_tx *tx, u32 len)
{
	struct vmbus_channel *channel = tx->channel;

	if (unlikely(tx->free <= HVIC_RING_TRAILER || len >= tx->free - HVIC_RING_TRAILER)) {
		++channel->out_full_total;
		if (!channel->out_full_flag) {
			++channel->out_full_first;
			channel->out_full_flag = true;
		}
		return NULL;
	}
	channel->out_full_flag = false;
	return hv_get_ring_buffer(&channel->outbound) + tx->next;
}

/**
 * hvic_ring_tx_commit() - the reserved packet is complete
 * @tx: a batch
 * @len: what was reserved, bytes
 */
static inline void hvic_ring_tx_commit(struct hvic_ring_tx *tx, u32 len)
{
	struct hv_ring_buffer_info *rbi = &tx->channel->outbound;
	u64 *trailer = hv_get_ring_buffer(rbi) + tx->next + len;

	WRITE_ONCE(*trailer, (u64)tx->next << 32);
	tx->next = hvic_ring_advance(rbi, tx->next, len + HVIC_RING_TRAILER);
	tx->free -= len + HVIC_RING_TRAILER;
}

/**
 * hvic_ring_tx_publish() - let the host see the batch, and unlock
 * @tx: a batch; it has ended
 *
 * The host drains the ring before it sleeps and masks its interrupt while it drains, so a
 * signal is due only when the ring was empty before the batch. Without it the host may sleep on:
 * the caller sends it, or sees to it that hvic_ring_tx_waits() is asked soon.
 *
 * Any context. Return: whether a signal is due.
 */
static inline bool hvic_ring_tx_publish(struct hvic_ring_tx *tx)
{
	struct hv_ring_buffer_info *rbi = &tx->channel->outbound;
	struct hv_ring_buffer *ring = rbi->ring_buffer;
	bool sent = tx->next != tx->start;

	__acquire(&rbi->ring_lock);	/* for sparse: see hvic_ring_tx_begin() */
	if (sent)
		/* The packets must be visible before the index is. */
		virt_store_release(&ring->write_index, tx->next);
	spin_unlock_irqrestore(&rbi->ring_lock, tx->flags);
	if (!sent)
		return false;

	/* Publish the index before looking whether the host sleeps. */
	virt_mb();
	if (READ_ONCE(ring->interrupt_mask))
		return false;
	/* The mask is read before the read index. */
	virt_rmb();
	return READ_ONCE(ring->read_index) == tx->start;
}

/**
 * hvic_ring_tx_waits() - whether a signal that was due still is
 * @channel: an open channel
 *
 * For a signal that was put off: between hvic_ring_tx_publish() and this lies a full barrier. A
 * host that has taken everything meanwhile, or is about to, needs none.
 *
 * Any context.
 */
static inline bool hvic_ring_tx_waits(const struct vmbus_channel *channel)
{
	const struct hv_ring_buffer *ring = channel->outbound.ring_buffer;

	if (READ_ONCE(ring->interrupt_mask))
		return false;
	/* The mask is read before the read index. */
	virt_rmb();
	return READ_ONCE(ring->read_index) != READ_ONCE(ring->write_index);
}

/**
 * hvic_ring_tx_signal() - signal the host that the outbound ring is not empty any more
 * @channel: an open channel
 *
 * Any context.
 */
static inline void hvic_ring_tx_signal(struct vmbus_channel *channel)
{
	++channel->intr_out_empty;
	vmbus_setevent(channel);
}

/**
 * hvic_ring_tx_end() - publish the batch, unlock, and signal the host if it waits
 * @tx: a batch; it has ended
 *
 * Any context.
 */
static inline void hvic_ring_tx_end(struct hvic_ring_tx *tx)
{
	if (hvic_ring_tx_publish(tx))
		hvic_ring_tx_signal(tx->channel);
}

/**
 * hvic_ring_rx_discard() - give up on what the host has written so far
 * @channel: an open channel
 *
 * After a packet whose framing is impossible there is no way to find the next one. The
 * indices are made equal in the shared page as well, so that no reader spins on the remains.
 * For the reader of the ring only.
 */
static inline void hvic_ring_rx_discard(struct vmbus_channel *channel)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;
	u32 write = READ_ONCE(rbi->ring_buffer->write_index);

	if (!hvic_ring_index_ok(rbi, write)) {
		write = rbi->priv_read_index;
		WRITE_ONCE(rbi->ring_buffer->write_index, write);
	}
	rbi->priv_read_index = write;
	/* The packets before it have been read before the host may overwrite them. */
	virt_store_release(&rbi->ring_buffer->read_index, write);
}

/**
 * hvic_ring_rx_peek() - look at the next packet of the inbound ring
 * @channel: an open channel
 * @pkt: filled in
 *
 * The packet's extent has been checked against the ring; the meaning of the payload has not.
 * For the one reader of the ring (the channel callback or what it schedules).
 *
 * Return: 1 with a packet, 0 when there is none, -EBADMSG when the host broke the framing:
 * call hvic_ring_rx_discard().
 */
static inline int hvic_ring_rx_peek(struct vmbus_channel *channel, struct hvic_ring_packet *pkt)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;
	const struct vmpacket_descriptor *desc;
	u32 write, avail, offset;

	/* Pairs with the host's release of the index: the packet is read after it. */
	write = virt_load_acquire(&rbi->ring_buffer->write_index);
	if (write == rbi->priv_read_index)
		return 0;
	if (unlikely(!hvic_ring_index_ok(rbi, write)))
		return -EBADMSG;

	avail = write > rbi->priv_read_index ? write - rbi->priv_read_index :
		rbi->ring_datasize - rbi->priv_read_index + write;
	if (unlikely(avail < sizeof(*desc) + HVIC_RING_TRAILER))
		return -EBADMSG;

	desc = hv_get_ring_buffer(rbi) + rbi->priv_read_index;
	pkt->raw = desc;
	pkt->raw_len = READ_ONCE(desc->len8) * 8u;
	offset = READ_ONCE(desc->offset8) * 8u;
	if (unlikely(offset < sizeof(*desc) || offset > pkt->raw_len ||
		     pkt->raw_len > avail - HVIC_RING_TRAILER))
		return -EBADMSG;

	pkt->type = READ_ONCE(desc->type);
	pkt->flags = READ_ONCE(desc->flags);
	pkt->trans_id = READ_ONCE(desc->trans_id);
	pkt->data = (const void *)desc + offset;
	pkt->len = pkt->raw_len - offset;
	return 1;
}

/**
 * hvic_ring_rx_advance() - done with a packet
 * @channel: an open channel
 * @pkt: from hvic_ring_rx_peek()
 *
 * The room goes back to the host with hv_pkt_iter_close(), which publishes the read index and
 * signals a host that waits for room: once after a run of packets.
 */
static inline void hvic_ring_rx_advance(struct vmbus_channel *channel,
					const struct hvic_ring_packet *pkt)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;

	rbi->priv_read_index = hvic_ring_advance(rbi, rbi->priv_read_index,
						 pkt->raw_len + HVIC_RING_TRAILER);
}

#endif
