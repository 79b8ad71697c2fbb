// SPDX-License-Identifier: GPL-2.0
/*
 * A channel of a fake host, see fake_channel.h: its rings, vmbus_open(), what a host puts into the
 * inbound ring, and the interrupt. Part of a fake host, which has the other functions of the bus.
 */
#include "../ring.c"
#include "../map.c"
#include "fake_channel.h"

/* Of each ring, with its header. The driver's wishes are noted and not followed. */
#ifndef FAKE_RING_PAGES
#define FAKE_RING_PAGES		(1 + 16u)
#endif
#define FAKE_RING_BYTES		(FAKE_RING_PAGES * PAGE_SIZE)

/**
 * fake_channel_init() - a channel that nobody has opened
 * @fc: zero
 * @host: whose it is
 * @hv: the device that it belongs to
 */
void fake_channel_init(struct fake_channel *fc, void *host, struct hv_device *hv)
{
	fc->host = host;
	spin_lock_init(&fc->lock);
	spin_lock_init(&fc->event_lock);
	mutex_init(&fc->vmbus.inbound.ring_buffer_mutex);
	mutex_init(&fc->vmbus.outbound.ring_buffer_mutex);
	fc->vmbus.device_obj = hv;
}

int fake_vmbus_open(struct vmbus_channel *channel, u32 send_bytes, u32 recv_bytes, void *data,
		    u32 len, void (*event)(void *context), void *context)
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);
	u32 packet = channel->max_pkt_size ?: VMBUS_DEFAULT_MAX_PKT_SIZE;
	int ret = fc->open_error;

	fc->asked = send_bytes;
	if (fc->opening)
		fc->opening(fc);
	if (ret)
		return ret;
	fc->in = alloc_pages_exact(FAKE_RING_BYTES, GFP_KERNEL | __GFP_ZERO);
	fc->out = alloc_pages_exact(FAKE_RING_BYTES, GFP_KERNEL | __GFP_ZERO);
	fc->event = event;
	fc->event_context = context;
	if (!fc->in || !fc->out ||
	    hvic_ring_init(&channel->inbound, virt_to_page(fc->in), FAKE_RING_PAGES, packet) ||
	    hvic_ring_init(&channel->outbound, virt_to_page(fc->out), FAKE_RING_PAGES, 0))
		ret = -ENOMEM;
	spin_lock_bh(&fc->lock);
	fc->open = true;
	spin_unlock_bh(&fc->lock);
	if (ret)
		fake_channel_shut(fc);
	return ret;
}

/**
 * fake_channel_shut() - what vmbus_close() does of one channel
 * @fc: a channel; nothing happens when it is not open
 */
void fake_channel_shut(struct fake_channel *fc)
{
	bool was;

	spin_lock_bh(&fc->event_lock);
	spin_lock(&fc->lock);
	was = fc->open;
	fc->open = false;
	spin_unlock(&fc->lock);
	spin_unlock_bh(&fc->event_lock);
	if (!was)
		return;
	hvic_ring_cleanup(&fc->vmbus.inbound);
	hvic_ring_cleanup(&fc->vmbus.outbound);
	if (fc->in)
		free_pages_exact(fc->in, FAKE_RING_BYTES);
	if (fc->out)
		free_pages_exact(fc->out, FAKE_RING_BYTES);
}

void fake_vmbus_setevent(struct vmbus_channel *channel)
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);

	atomic_inc(&fc->signals);
	if (fc->signalled)
		fc->signalled(fc);
}

/**
 * fake_channel_take() - take the next packet that the driver wrote
 * @fc: the channel
 * @buffer: filled in, from the descriptor on, without the trailer
 * @size: bytes that fit
 *
 * The ring's framing is read as a host reads it, by indices of its own, and has to be right.
 *
 * Return: bytes of the packet; 0 when there is none or the channel is not open; U32_MAX when what
 * is in the ring is no packet.
 */
u32 fake_channel_take(struct fake_channel *fc, void *buffer, u32 size)
{
	struct hv_ring_buffer *ring;
	u32 read, used, len = 0, data = FAKE_RING_BYTES - PAGE_SIZE, i;
	const u8 *from = fc->out + PAGE_SIZE;
	u64 trailer = 0;

	spin_lock_bh(&fc->lock);
	if (!fc->open)
		goto out;
	ring = fc->out;
	read = ring->read_index;
	/* Pairs with the release by the driver. */
	used = (virt_load_acquire(&ring->write_index) + data - read) % data;
	if (!used)
		goto out;
	len = used < 24 ? 0 : *(const u16 *)(from + (read + 4) % data) * 8;
	if (len < 16 || len > size || len + 8 > used) {
		len = U32_MAX;
		goto out;
	}
	for (i = 0; i < len; i++)
		((u8 *)buffer)[i] = from[(read + i) % data];
	for (i = 0; i < 8; i++)
		((u8 *)&trailer)[i] = from[(read + len + i) % data];
	/* The packet has been read before the driver may overwrite it. */
	virt_store_release(&ring->read_index, (read + len + 8) % data);
	if (trailer != (u64)read << 32)
		len = U32_MAX;
out:
	spin_unlock_bh(&fc->lock);
	return len;
}

/**
 * fake_channel_packet() - put a packet into the driver's ring, unnoticed so far
 * @fc: the channel; nothing happens when it is not open
 * @type: enum vmbus_packet_type
 * @id: transaction id
 * @payload: the payload
 * @len: its bytes; the packet has them rounded up to 8
 */
void fake_channel_packet(struct fake_channel *fc, u16 type, u64 id, const void *payload, u32 len)
{
	struct hv_ring_buffer_info *rbi = &fc->vmbus.inbound;
	u32 size = sizeof(struct vmpacket_descriptor) + ALIGN(len, 8), write;
	struct vmpacket_descriptor desc = {
		.type = type,
		.offset8 = sizeof(desc) / 8,
		.len8 = size / 8,
		.trans_id = id,
	};
	void *at;

	spin_lock_bh(&fc->lock);
	if (fc->open) {
		write = rbi->ring_buffer->write_index;
		at = hv_get_ring_buffer(rbi) + write;
		memset(at, 0, size);
		memcpy(at, &desc, sizeof(desc));
		memcpy(at + sizeof(desc), payload, len);
		/* The packet must be visible before the index is. */
		virt_store_release(&rbi->ring_buffer->write_index,
				   hvic_ring_advance(rbi, write, size + HVIC_RING_TRAILER));
	}
	spin_unlock_bh(&fc->lock);
}

/**
 * fake_channel_kick() - interrupt the driver until it has read all
 * @fc: the channel
 */
void fake_channel_kick(struct fake_channel *fc)
{
	struct hv_ring_buffer_info *rbi = &fc->vmbus.inbound;
	unsigned int calls = 0;

	spin_lock_bh(&fc->event_lock);
	while (fc->open && calls++ < 16 &&
	       rbi->ring_buffer->read_index != rbi->ring_buffer->write_index)
		fc->event(fc->event_context);
	spin_unlock_bh(&fc->event_lock);
}

/**
 * fake_channel_fill() - make the outbound ring look as if the host had not read it
 * @fc: the channel, open
 * @percent: of it that is taken
 */
void fake_channel_fill(struct fake_channel *fc, u32 percent)
{
	struct hv_ring_buffer_info *rbi = &fc->vmbus.outbound;

	rbi->ring_buffer->read_index = 0;
	rbi->ring_buffer->write_index = round_down(rbi->ring_datasize / 100 * percent, 8);
}
