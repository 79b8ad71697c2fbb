// SPDX-License-Identifier: GPL-2.0
/*
 * The bus of the suites: what the driver calls to open channels and to share memory, and both
 * ends of the rings, one of which is the host's.
 */
/* What stands in front of this unit has included headers already. */
#undef pr_fmt
#include "../../ring/ring.c"
#include "../../ring/map.c"

#include <linux/crc32.h>
#include <linux/io.h>

#include "fake_host.h"

#define IN_PAGES	4u
#define OUT_PAGES	2u
#define IN_ORDER	get_order((1 + IN_PAGES) * PAGE_SIZE)
#define OUT_ORDER	get_order((1 + OUT_PAGES) * PAGE_SIZE)
#define RING_HANDLE	0xe1e0

u32 fake_vmbus_proto_version = VERSION_WIN10;
bool fake_isolation;
struct hv_driver *fake_driver;

int fake_vmbus_driver_register(struct hv_driver *hv_driver, struct module *owner, const char *name)
{
	fake_driver = hv_driver;
	return 0;
}

void fake_vmbus_driver_unregister(struct hv_driver *hv_driver)
{
	fake_driver = NULL;
}

bool fake_isolated_guest(void)
{
	return fake_isolation;
}

static struct fake_channel *channel_of(struct vmbus_channel *vmbus)
{
	return container_of(vmbus, struct fake_channel, vmbus);
}

/* ---- channels ---- */

static void free_rings(struct fake_channel *ch)
{
	hvic_ring_cleanup(&ch->vmbus.inbound);
	hvic_ring_cleanup(&ch->vmbus.outbound);
	if (ch->in)
		__free_pages(ch->in, IN_ORDER);
	if (ch->out)
		__free_pages(ch->out, OUT_ORDER);
	ch->in = NULL;
	ch->out = NULL;
}

int fake_vmbus_open(struct vmbus_channel *vmbus, u32 send_bytes, u32 recv_bytes, void *data,
		    u32 len, void (*event)(void *context), void *context)
{
	struct fake_channel *ch = channel_of(vmbus);
	struct fake_host *host = ch->host;
	int ret = host->open_error[ch - host->channel];

	if (ret)
		return ret;
	ch->in = alloc_pages(GFP_KERNEL | __GFP_ZERO, IN_ORDER);
	ch->out = alloc_pages(GFP_KERNEL | __GFP_ZERO, OUT_ORDER);
	if (!ch->in || !ch->out ||
	    hvic_ring_init(&vmbus->inbound, ch->in, 1 + IN_PAGES, 64) ||
	    hvic_ring_init(&vmbus->outbound, ch->out, 1 + OUT_PAGES, 0)) {
		free_rings(ch);
		return -ENOMEM;
	}
	ch->event = event;
	ch->event_context = context;
	vmbus->ringbuffer_gpadlhandle.gpadl_handle = RING_HANDLE;
	spin_lock_bh(&host->lock);
	ch->open = true;
	host->open++;
	spin_unlock_bh(&host->lock);
	return 0;
}

/* Closing the primary closes its subchannels. */
void fake_vmbus_close(struct vmbus_channel *vmbus)
{
	struct fake_host *host = channel_of(vmbus)->host;
	struct fake_channel *ch;

	fake_read(host);
	host->gpadls_at_close = host->gpadls;
	host->path = 0;
	for (ch = host->channel; ch < host->channel + FAKE_CHANNELS; ch++) {
		if (!ch->open)
			continue;
		spin_lock_bh(&host->lock);
		ch->open = false;
		host->open--;
		spin_unlock_bh(&host->lock);
		free_rings(ch);
		if (!host->keeps)
			ch->vmbus.ringbuffer_gpadlhandle.gpadl_handle = 0;
	}
}

/* The ring is no longer empty. */
void fake_vmbus_setevent(struct vmbus_channel *vmbus)
{
	fake_read(channel_of(vmbus)->host);
}

void fake_vmbus_set_sc_create_callback(struct vmbus_channel *vmbus,
				       void (*offered)(struct vmbus_channel *subchannel))
{
	WRITE_ONCE(channel_of(vmbus)->host->offered, offered);
}

/* As on the bus, subchannels are handed out by a work item. */
static void offer_work(struct work_struct *w)
{
	struct fake_host *host = container_of(w, struct fake_host, offer_work);
	void (*offered)(struct vmbus_channel *subchannel);
	u32 i;

	for (i = 1; i <= host->offers_due && i < FAKE_CHANNELS; i++) {
		offered = READ_ONCE(host->offered);
		if (offered)
			offered(&host->channel[i].vmbus);
	}
}

int fake_vmbus_establish_gpadl(struct vmbus_channel *vmbus, void *memory, u32 size,
			       struct vmbus_gpadl *gpadl)
{
	struct fake_host *host = channel_of(vmbus)->host;
	int ret = host->gpadl_error;

	host->gpadl_error = 0;
	if (ret) {
		host->refused = memory;
		return ret;
	}
	gpadl->gpadl_handle = 0xe1e10 + host->gpadls++;
	gpadl->buffer = memory;
	gpadl->size = size;
	if (!host->recv) {
		host->recv = memory;
		host->recv_bytes = size;
	} else {
		host->send = memory;
		host->send_bytes = size;
	}
	return 0;
}

int fake_vmbus_teardown_gpadl(struct vmbus_channel *vmbus, struct vmbus_gpadl *gpadl)
{
	struct fake_host *host = channel_of(vmbus)->host;

	host->gpadls--;
	/* The test finds what the driver must leave alone. */
	if (host->keeps)
		return 0;
	if (gpadl->buffer == host->recv)
		host->recv = NULL;
	else
		host->send = NULL;
	gpadl->gpadl_handle = 0;
	return 0;
}

/**
 * fake_bus_init() - a new host's channels, none of them open
 * @host: the host
 */
void fake_bus_init(struct fake_host *host)
{
	u32 i;

	spin_lock_init(&host->lock);
	INIT_WORK(&host->offer_work, offer_work);
	for (i = 0; i < FAKE_CHANNELS; i++) {
		struct fake_channel *ch = &host->channel[i];

		ch->host = host;
		mutex_init(&ch->vmbus.inbound.ring_buffer_mutex);
		mutex_init(&ch->vmbus.outbound.ring_buffer_mutex);
		ch->vmbus.offermsg.offer.sub_channel_index = i;
		ch->vmbus.device_obj = &host->hv;
		ch->vmbus.primary_channel = i ? &host->channel[0].vmbus : NULL;
		ch->vmbus.target_cpu = i % 2;
	}
	host->hv.channel = &host->channel[0].vmbus;
}

/* ---- the host's end of the rings ---- */

/* Ranges of guest memory: how much, and what is in them. */
static void saw_ranges(struct fake_sent *sent, const struct vmpacket_descriptor *desc)
{
	const void *at = (const void *)(desc + 1) + 8;
	u32 i, got = 0;

	sent->ranges = *(const u32 *)(at - 4);
	sent->crc = ~0;
	for (i = 0; i < sent->ranges; i++) {
		const struct gpa_range *range = at;
		u32 left = range->byte_count, offset = range->byte_offset, page, n;

		for (page = 0; left; page++, left -= n, offset = 0) {
			const u8 *data = phys_to_virt(range->pfn_array[page] << PAGE_SHIFT);
			u32 head;

			n = min_t(u32, left, PAGE_SIZE - offset);
			sent->crc = crc32_le(sent->crc, data + offset, n);
			head = min_t(u32, n, sizeof(sent->head) - got);
			memcpy(sent->head + got, data + offset, head);
			got += head;
		}
		sent->range_bytes += range->byte_count;
		sent->pages += page;
		at = &range->pfn_array[page];
	}
	/* The payload follows at once. */
	if (at != (const void *)desc + desc->offset8 * 8)
		sent->ranges = U32_MAX;
}

/* What a packet of the driver says. */
static void saw_packet(struct fake_channel *ch, const struct vmpacket_descriptor *desc)
{
	const u32 *words = (const void *)desc + desc->offset8 * 8;
	struct fake_host *host = ch->host;
	struct fake_sent *sent = &host->sent[host->num_sent % FAKE_SENT];
	u32 len = (desc->len8 - desc->offset8) * 8;

	if (desc->type == VM_PKT_COMP && len == 8 && words[0] == 108) {
		host->acks++;
		host->last_ack = desc->trans_id;
		if (words[1] != 1)
			host->bad_acks++;
	} else if (len == 40 && words[0] == 107 && words[1] == 0) {
		memset(sent, 0, sizeof(*sent));
		sent->id = desc->trans_id;
		sent->type = desc->type;
		sent->channel = ch - host->channel;
		sent->section = words[2];
		sent->used = words[3];
		if (desc->type == VM_PKT_DATA_USING_GPA_DIRECT)
			saw_ranges(sent, desc);
		host->num_sent++;
	} else {
		host->tampered++;
	}
}

/**
 * fake_read() - read all that the driver has put into its rings
 * @host: the host
 */
void fake_read(struct fake_host *host)
{
	struct fake_channel *ch;

	spin_lock_bh(&host->lock);
	for (ch = host->channel; ch < host->channel + FAKE_CHANNELS; ch++) {
		struct hv_ring_buffer_info *rbi = &ch->vmbus.outbound;
		struct hv_ring_buffer *ring = ch->open ? rbi->ring_buffer : NULL;

		while (ring && !host->hold) {
			const struct vmpacket_descriptor *desc;
			u32 read = ring->read_index;

			/* The packet is read after the index that says it is there. */
			if (read == virt_load_acquire(&ring->write_index))
				break;
			desc = hv_get_ring_buffer(rbi) + read;
			saw_packet(ch, desc);
			/* Its room is free once it has been read. */
			virt_store_release(&ring->read_index,
					   hvic_ring_advance(rbi, read, desc->len8 * 8 + 8));
		}
	}
	spin_unlock_bh(&host->lock);
}

/* Bytes that may be written, which a ring that is closed has none of. */
static u32 room(struct fake_channel *ch)
{
	struct hv_ring_buffer_info *rbi = &ch->vmbus.inbound;
	u32 write, read;

	if (!ch->open)
		return 0;
	write = rbi->ring_buffer->write_index;
	/* The driver has read what is behind the index. */
	read = virt_load_acquire(&rbi->ring_buffer->read_index);
	return write >= read ? rbi->ring_datasize - (write - read) : read - write;
}

/**
 * fake_packet() - put a packet into the driver's ring, unnoticed so far
 * @ch: the channel
 * @type: enum vmbus_packet_type
 * @id: transaction id
 * @more: what stands between descriptor and payload
 * @more_len: its bytes
 * @payload: the payload
 * @len: its bytes; the packet has them rounded up to 8
 *
 * Waits for room, a bounded time.
 */
void fake_packet(struct fake_channel *ch, u16 type, u64 id, const void *more, u32 more_len,
		 const void *payload, u32 len)
{
	struct hv_ring_buffer_info *rbi = &ch->vmbus.inbound;
	u32 size = sizeof(struct vmpacket_descriptor) + more_len + ALIGN(len, 8);
	struct vmpacket_descriptor desc = {
		.type = type,
		.offset8 = (sizeof(desc) + more_len) / 8,
		.len8 = size / 8,
		.trans_id = id,
	};
	u32 write;
	void *at;

	if (!ch->open)
		return;
	if (!fake_wait(room(ch) > size + 8)) {
		ch->host->tampered++;
		return;
	}
	spin_lock_bh(&ch->host->lock);
	if (ch->open) {
		write = rbi->ring_buffer->write_index;
		at = hv_get_ring_buffer(rbi) + write;
		memset(at, 0, size);
		memcpy(at, &desc, sizeof(desc));
		memcpy(at + sizeof(desc), more, more_len);
		memcpy(at + sizeof(desc) + more_len, payload, len);
		/* The packet is there before the index says so. */
		virt_store_release(&rbi->ring_buffer->write_index,
				   hvic_ring_advance(rbi, write, size + 8));
	}
	spin_unlock_bh(&ch->host->lock);
}

/**
 * fake_kick() - interrupt the driver
 * @ch: the channel
 */
void fake_kick(struct fake_channel *ch)
{
	unsigned long flags;

	fake_read(ch->host);
	local_bh_disable();
	local_irq_save(flags);
	if (ch->open)
		ch->event(ch->event_context);
	local_irq_restore(flags);
	local_bh_enable();
}

/**
 * fake_complete() - complete a packet of the driver, and interrupt
 * @ch: the channel
 * @id: its transaction id
 * @words: of the completion
 * @n: how many
 */
void fake_complete(struct fake_channel *ch, u64 id, const u32 *words, u32 n)
{
	fake_packet(ch, VM_PKT_COMP, id, NULL, 0, words, 4 * n);
	fake_kick(ch);
}

/**
 * fake_ranges() - a transfer-page packet, unnoticed so far
 * @ch: the channel
 * @id: transaction id
 * @ranges: bytes and offset of each
 * @count: how many, at most 128
 */
void fake_ranges(struct fake_channel *ch, u64 id, const u32 *ranges, u32 count)
{
	static const u32 nvsp[] = { 107, 1, 0xffffffff, 0 };
	u32 header[2 + 2 * 128] = { 0xcafe, count };

	memcpy(header + 2, ranges, 8 * count);
	fake_packet(ch, VM_PKT_DATA_USING_XFER_PAGES, id, header, 8 + 8 * count, nvsp,
		    sizeof(nvsp));
}

/**
 * fake_message() - write a message into a section of the receive buffer
 * @host: the host
 * @data: the message
 * @len: its bytes, at most FAKE_SECTION
 *
 * Return: the section's offset.
 */
u32 fake_message(struct fake_host *host, const void *data, u32 len)
{
	u32 sections = clamp(host->recv_bytes / FAKE_SECTION, 1u, 64u);
	u32 offset = FAKE_SECTION * (host->next_section++ % sections);

	if (host->recv && offset + len <= host->recv_bytes)
		memcpy(host->recv + offset, data, len);
	return offset;
}

/**
 * fake_rndis() - send an RNDIS message, and interrupt
 * @ch: the channel
 * @words: of the message
 * @n: how many
 */
void fake_rndis(struct fake_channel *ch, const u32 *words, u32 n)
{
	const u32 range[] = { 4 * n, fake_message(ch->host, words, 4 * n) };

	fake_ranges(ch, 0xabcd, range, 1);
	fake_kick(ch);
}
