// SPDX-License-Identifier: GPL-2.0
/*
 * The packet ring, the bus's part: the hv_ringbuffer_* and hv_pkt_iter_* interface of
 * <linux/hyperv.h> on top of ring.h. Exports symbols of upstream's ring_buffer.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "../vmbus/syms_ring.h"

#include "../vmbus/vmbus.h"
#include "ring.h"

/**
 * hv_ringbuffer_get_debuginfo() - indices and fill of a ring
 * @ring_info: a ring
 * @debug_info: filled in; bytes and byte offsets
 *
 * Process context. Return: 0, or -EINVAL when the ring is not mapped.
 */
int hv_ringbuffer_get_debuginfo(struct hv_ring_buffer_info *ring_info,
				struct hv_ring_buffer_debug_info *debug_info)
{
	const struct hv_ring_buffer *ring;
	u32 read, write;

	mutex_lock(&ring_info->ring_buffer_mutex);
	ring = ring_info->ring_buffer;
	if (!ring) {
		mutex_unlock(&ring_info->ring_buffer_mutex);
		return -EINVAL;
	}

	read = READ_ONCE(ring->read_index);
	write = READ_ONCE(ring->write_index);
	debug_info->current_interrupt_mask = READ_ONCE(ring->interrupt_mask);
	debug_info->current_read_index = read;
	debug_info->current_write_index = write;
	debug_info->bytes_avail_toread = write >= read ? write - read :
		ring_info->ring_datasize - read + write;
	debug_info->bytes_avail_towrite =
		ring_info->ring_datasize - debug_info->bytes_avail_toread;
	mutex_unlock(&ring_info->ring_buffer_mutex);
	return 0;
}
EXPORT_SYMBOL_GPL(hv_ringbuffer_get_debuginfo);

/**
 * hv_ringbuffer_spinlock_busy() - whether a writer holds the outbound ring
 * @channel: an open channel
 * For panic paths that must not spin. Any context.
 */
bool hv_ringbuffer_spinlock_busy(struct vmbus_channel *channel)
{
	return spin_is_locked(&channel->outbound.ring_lock);
}
EXPORT_SYMBOL_GPL(hv_ringbuffer_spinlock_busy);

/**
 * hv_pkt_iter_first() - the next packet, as a private copy
 * @channel: an open channel
 *
 * The copy lies in the channel's packet buffer and lasts until the next packet is asked for.
 * Its type, flags and payload come from the host; its lengths have been checked. A packet
 * larger than the channel's max_pkt_size is dropped; impossible framing drops all that the
 * ring holds. For the one reader of the ring.
 *
 * Return: the copy, or NULL when there is no packet.
 */
struct vmpacket_descriptor *hv_pkt_iter_first(struct vmbus_channel *channel)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;
	struct vmpacket_descriptor *copy = hvic_pkt_buffer(channel);
	struct hvic_ring_packet pkt;
	int ret;

	while ((ret = hvic_ring_rx_peek(channel, &pkt)) == 1) {
		if (likely(pkt.raw_len <= hvic_pkt_buffer_size(channel))) {
			memcpy(copy, pkt.raw, pkt.raw_len);
			/* The host may have changed them between the check and the copy. */
			copy->len8 = pkt.raw_len / 8;
			copy->offset8 = (pkt.raw_len - pkt.len) / 8;
			return copy;
		}
		pr_warn_ratelimited("channel %u: dropped a packet of %u bytes, at most %u expected\n",
				    channel->offermsg.child_relid, pkt.raw_len,
				    hvic_pkt_buffer_size(channel));
		hvic_ring_rx_advance(channel, &pkt);
	}
	if (unlikely(ret < 0)) {
		pr_warn_ratelimited("channel %u: host broke the inbound ring (read %u, write %u), dropping its contents\n",
				    channel->offermsg.child_relid, rbi->priv_read_index,
				    READ_ONCE(rbi->ring_buffer->write_index));
		hvic_ring_rx_discard(channel);
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(hv_pkt_iter_first);

/**
 * __hv_pkt_iter_next() - done with a packet, get the next
 * @channel: an open channel
 * @desc: what hv_pkt_iter_first() or this returned
 * Return: as hv_pkt_iter_first(). The room goes back to the host with hv_pkt_iter_close().
 */
struct vmpacket_descriptor *__hv_pkt_iter_next(struct vmbus_channel *channel,
					       const struct vmpacket_descriptor *desc)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;

	rbi->priv_read_index = hvic_ring_advance(rbi, rbi->priv_read_index,
						 hv_pkt_len(desc) + HVIC_RING_TRAILER);
	return hv_pkt_iter_first(channel);
}
EXPORT_SYMBOL_GPL(__hv_pkt_iter_next);

/**
 * hv_pkt_iter_close() - give the room of read packets back to the host
 * @channel: an open channel
 *
 * A host that found the ring full left the room that it waits for in pending_send_sz. It is
 * signalled when this call makes the free room exceed that, and only then: hosts throttle
 * guests that signal without need. For the one reader of the ring.
 */
void hv_pkt_iter_close(struct vmbus_channel *channel)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;
	struct hv_ring_buffer *ring = rbi->ring_buffer;
	u32 old_read, new_read, pending, write, freed, room;

	old_read = READ_ONCE(ring->read_index);
	new_read = rbi->priv_read_index;

	/* The packets have been read before the host may overwrite them. */
	virt_store_release(&ring->read_index, new_read);

	if (!ring->feature_bits.feat_pending_send_sz)
		return;

	/*
	 * The host stores pending_send_sz and looks at the read index once more before it
	 * sleeps. Publish the index, then look at pending_send_sz ...
	 */
	virt_mb();
	pending = READ_ONCE(ring->pending_send_sz);
	if (likely(!pending))
		return;
	/* ... and then at the write index. */
	virt_rmb();
	write = READ_ONCE(ring->write_index);

	freed = new_read >= old_read ? new_read - old_read :
		rbi->ring_datasize - old_read + new_read;
	room = write >= new_read ? rbi->ring_datasize - (write - new_read) : new_read - write;

	/* A completely filled ring is not allowed, so equal is not enough. */
	if (room > pending && room - freed <= pending) {
		++channel->intr_in_full;
		vmbus_setevent(channel);
	}
}
EXPORT_SYMBOL_GPL(hv_pkt_iter_close);
