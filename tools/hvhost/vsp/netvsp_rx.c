// SPDX-License-Identifier: GPL-2.0
/*
 * To the guest: the receive buffer's sub-allocations, frames from the back end in batched
 * transfer-page packets, control messages, and the guest's completions that free the room.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/hostile.h"
#include "vsp/netvsp_internal.h"

/* ---- slots ---- */

int netvsp_rx_setup(struct netvsp *nic, struct vmbus_gpadl *gpadl, uint16_t id)
{
	size_t size = vmbus_gpadl_size(gpadl);
	uint32_t frame = nic->rndis.max_frame, max = NVSP_MAX_RECV_BUF;

	if (frame < NETVSP_DEFAULT_FRAME)
		frame = NETVSP_DEFAULT_FRAME;
	if (nic->version <= NVSP_VERSION_2)
		max = NVSP_MAX_RECV_BUF_V2;
	nic->slot_size = (RNDIS_RX_HEADER_MAX + frame + NETVSP_SLOT_FOOTER + 7) & ~7u;
	if (size < nic->slot_size || size > max)
		return -EINVAL;
	nic->nr_slots = size / nic->slot_size;
	nic->slots = calloc(nic->nr_slots, sizeof(*nic->slots));
	if (!nic->slots)
		return -EINVAL;
	for (uint32_t i = 0; i < nic->nr_slots; i++)
		nic->slots[i].next = i + 1 < nic->nr_slots ? i + 1 : NETVSP_SLOT_NONE;
	nic->free_slots = 0;
	nic->nr_free = nic->nr_slots;
	nic->recv_gpadl = gpadl;
	nic->recv_id = id;
	return 0;
}

/* @control: whether the reserve may be used. Return: an index, or NETVSP_SLOT_NONE. */
static uint32_t slot_alloc(struct netvsp *nic, bool control)
{
	uint32_t i = nic->free_slots;

	if (i == NETVSP_SLOT_NONE || (!control && nic->nr_slots > 2 * NETVSP_SLOTS_RESERVED &&
				      nic->nr_free <= NETVSP_SLOTS_RESERVED))
		return NETVSP_SLOT_NONE;
	nic->free_slots = nic->slots[i].next;
	nic->nr_free--;
	nic->slots[i].next = NETVSP_SLOT_NONE;
	nic->slots[i].state = NETVSP_SLOT_QUEUED;
	nic->slots[i].xid = 0;
	return i;
}

static void slot_free(struct netvsp *nic, uint32_t i)
{
	nic->slots[i].state = NETVSP_SLOT_FREE;
	nic->slots[i].xid = 0;
	nic->slots[i].next = nic->free_slots;
	nic->free_slots = i;
	nic->nr_free++;
}

static void control_drop(struct netvsp *nic)
{
	struct netvsp_message *m;

	while ((m = nic->control)) {
		nic->control = m->next;
		free(m);
	}
	nic->control_tail = &nic->control;
	nic->nr_control = 0;
}

void netvsp_rx_drop(struct netvsp *nic)
{
	for (unsigned int i = 0; i < NVSP_MAX_CHANNELS; i++) {
		nic->channels[i].head = NETVSP_SLOT_NONE;
		nic->channels[i].tail = NETVSP_SLOT_NONE;
		nic->channels[i].queued = 0;
	}
	nic->dirty = 0;
	control_drop(nic);
	free(nic->slots);
	nic->slots = NULL;
	nic->nr_slots = 0;
	nic->nr_free = 0;
	nic->free_slots = NETVSP_SLOT_NONE;
	if (nic->recv_gpadl)
		vmbus_gpadl_put(nic->recv_gpadl);
	nic->recv_gpadl = NULL;
}

void netvsp_rx_drop_channel(struct netvsp_channel *nc)
{
	struct netvsp *nic = nc->nic;

	for (uint32_t i = 0; i < nic->nr_slots; i++)
		if (nic->slots[i].state != NETVSP_SLOT_FREE && nic->slots[i].channel == nc->index)
			slot_free(nic, i);
	nc->head = NETVSP_SLOT_NONE;
	nc->tail = NETVSP_SLOT_NONE;
	nc->queued = 0;
	nic->dirty &= ~(1ull << nc->index);
}

/* ---- transfer-page packets ---- */

/*
 * One packet of the @count slots that start at @head.
 * Return: what vmbus_channel_send() says; on success the slots are the guest's.
 */
static int send_slots(struct netvsp_channel *nc, uint32_t channel_type, uint32_t head,
		      unsigned int count)
{
	struct netvsp *nic = nc->nic;
	struct {
		struct nvsp_xfer_header header;
		struct nvsp_xfer_range ranges[NVSP_MAX_PACKETS_PER_RECV];
	} xfer;
	struct nvsp_msg msg = { .header.type = htole32(NVSP_MSG_SEND_RNDIS_PACKET) };
	struct iovec iov = { &msg, netvsp_msg_size(nic) };
	uint64_t xid = (uint64_t)(++nic->generation) << 32 | head;
	uint32_t slot = head, last = head;
	unsigned int n;
	int ret;

	for (n = 0; n < count; n++) {
		xfer.ranges[n].byte_count = htole32(nic->slots[slot].len);
		xfer.ranges[n].byte_offset = htole32(slot * nic->slot_size);
		hostile_rndis(nc->ch, nic->recv_gpadl, (size_t)slot * nic->slot_size,
			      nic->slots[slot].len);
		last = slot;
		slot = nic->slots[slot].next;
	}
	xfer.header = (struct nvsp_xfer_header){
		.page_set_id = htole16(nic->recv_id),
		.range_count = htole32(count),
	};
	msg.rndis.channel_type = htole32(channel_type);
	msg.rndis.section_index = htole32(NVSP_SECTION_NONE);
	ret = vmbus_channel_send(nc->ch, VMBUS_PKT_DATA_USING_XFER_PAGES,
				 VMBUS_PKT_FLAG_COMPLETION_REQUESTED, xid, &xfer,
				 sizeof(xfer.header) + count * sizeof(xfer.ranges[0]), &iov, 1);
	if (ret)
		return ret;
	for (n = 0, slot = head; n < count; n++, slot = nic->slots[slot].next) {
		nic->slots[slot].state = NETVSP_SLOT_GUEST;
		nic->slots[slot].channel = nc->index;
	}
	nic->slots[head].xid = xid;
	nic->slots[last].next = NETVSP_SLOT_NONE;
	return 0;
}

void netvsp_rx_flush_channel(struct netvsp_channel *nc)
{
	struct netvsp *nic = nc->nic;

	while (nc->queued && nc->ch) {
		unsigned int count = nc->queued, n;
		uint32_t head = nc->head, rest = head;

		if (count > NVSP_MAX_PACKETS_PER_RECV)
			count = NVSP_MAX_PACKETS_PER_RECV;
		for (n = 0; n < count; n++)
			rest = nic->slots[rest].next;
		if (send_slots(nc, NVSP_CHANNEL_DATA, head, count) != 0)
			return;		/* writable() or close() comes */
		nc->head = rest;
		if (rest == NETVSP_SLOT_NONE)
			nc->tail = NETVSP_SLOT_NONE;
		nc->queued -= count;
		nc->count.rx_messages++;
	}
	nic->dirty &= ~(1ull << nc->index);
}

void netvsp_rx_flush(void *arg)
{
	struct netvsp *nic = arg;
	uint64_t dirty = nic->dirty;

	while (dirty) {
		netvsp_rx_flush_channel(&nic->channels[__builtin_ctzll(dirty)]);
		dirty &= dirty - 1;
	}
}

/* The guest has read a packet: everything is checked, for the id comes from it. */
void netvsp_rx_completed(struct netvsp_channel *nc, const struct vmbus_packet *pkt)
{
	struct netvsp *nic = nc->nic;
	uint32_t slot = (uint32_t)pkt->xid, next;
	struct nvsp_msg_header header = { .type = 0 };

	memcpy(&header, pkt->data, pkt->len < sizeof(header) ? pkt->len : sizeof(header));
	if (le32toh(header.type) != NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE ||
	    pkt->len < sizeof(header) + sizeof(struct nvsp_msg_send_rndis_packet_complete) ||
	    slot >= nic->nr_slots || !pkt->xid || nic->slots[slot].xid != pkt->xid ||
	    nic->slots[slot].state != NETVSP_SLOT_GUEST || nic->slots[slot].channel != nc->index) {
		nic->drops[NETVSP_BAD_COMPLETION]++;
		return;
	}
	for (; slot != NETVSP_SLOT_NONE; slot = next) {
		next = nic->slots[slot].next;
		slot_free(nic, slot);
	}
	if (nic->control)
		netvsp_pump_control(nic);
}

/* ---- control messages ---- */

static int send_control(struct netvsp *nic, const void *data, size_t len)
{
	struct netvsp_channel *nc = &nic->channels[0];
	uint32_t slot;
	int ret;

	if (!nc->ch || !nic->recv_gpadl)
		return -EPIPE;
	slot = slot_alloc(nic, true);
	if (slot == NETVSP_SLOT_NONE)
		return -EAGAIN;
	nic->slots[slot].len = len;
	ret = vmbus_gpadl_write(nic->recv_gpadl, (size_t)slot * nic->slot_size, data, len);
	if (!ret)
		ret = send_slots(nc, NVSP_CHANNEL_CONTROL, slot, 1);
	if (ret)
		slot_free(nic, slot);
	return ret;
}

void netvsp_pump_control(struct netvsp *nic)
{
	struct netvsp_message *m;

	while ((m = nic->control)) {
		int ret = send_control(nic, m->data, m->len);

		if (ret == -EAGAIN)
			return;
		if (ret)
			nic->drops[NETVSP_DROP_CONTROL]++;
		nic->control = m->next;
		nic->nr_control--;
		if (!nic->control)
			nic->control_tail = &nic->control;
		free(m);
	}
}

void netvsp_send_control(struct netvsp *nic, const void *data, size_t len)
{
	struct netvsp_message *m = NULL;

	if (nic->nr_control < NETVSP_CONTROL_QUEUE && len <= nic->slot_size)
		m = malloc(sizeof(*m) + len);
	if (!m) {
		nic->drops[NETVSP_DROP_CONTROL]++;
		return;
	}
	m->next = NULL;
	m->len = len;
	memcpy(m->data, data, len);
	*nic->control_tail = m;
	nic->control_tail = &m->next;
	nic->nr_control++;
	netvsp_pump_control(nic);
}

/* ---- frames ---- */

/*
 * The permanent address stays valid beside one that was set: a driver that is loaded anew goes
 * back to it without a word.
 */
static bool filter_passes(const struct rndis_nic *rndis, const uint8_t *frame)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint32_t filter = rndis->packet_filter;

	if (filter & RNDIS_WIRE_FILTER_PROMISCUOUS)
		return true;
	if (!(frame[0] & 1))
		return (filter & RNDIS_WIRE_FILTER_DIRECTED) &&
		       (!memcmp(frame, rndis->mac, 6) ||
			!memcmp(frame, rndis->permanent_mac, 6));
	if (!memcmp(frame, broadcast, 6))
		return filter & RNDIS_WIRE_FILTER_BROADCAST;
	if (filter & RNDIS_WIRE_FILTER_ALL_MULTICAST)
		return true;
	if (filter & RNDIS_WIRE_FILTER_MULTICAST)
		for (unsigned int i = 0; i < rndis->nr_multicast; i++)
			if (!memcmp(frame, rndis->multicast[i], 6))
				return true;
	return false;
}

/* What the guest has switched on of what was found. */
static uint32_t csum_wanted(const struct rndis_offloads *on, const struct frame_info *info,
			    uint32_t found)
{
	bool v4 = info->ip_version == 4;
	uint32_t mask = 0;

	if (on->ipv4_csum & RNDIS_CSUM_RX)
		mask |= RNDIS_WIRE_CSUM_RX_IP_OK | RNDIS_WIRE_CSUM_RX_IP_FAILED;
	if ((v4 ? on->tcp4_csum : on->tcp6_csum) & RNDIS_CSUM_RX)
		mask |= RNDIS_WIRE_CSUM_RX_TCP_OK | RNDIS_WIRE_CSUM_RX_TCP_FAILED;
	if ((v4 ? on->udp4_csum : on->udp6_csum) & RNDIS_CSUM_RX)
		mask |= RNDIS_WIRE_CSUM_RX_UDP_OK | RNDIS_WIRE_CSUM_RX_UDP_FAILED;
	return found & mask;
}

static struct netvsp_channel *choose_channel(struct netvsp *nic, const uint8_t *frame,
					     const struct frame_info *info,
					     struct rndis_rx_info *ppi)
{
	const struct rndis_rss *rss = &nic->rndis.rss;
	struct netvsp_channel *nc;

	if (!rss->enabled || !info->ip_version ||
	    !frame_rss_hash(frame, info, rss->hash_types, rss->key, &ppi->hash))
		return &nic->channels[0];
	ppi->has_hash = true;
	nc = &nic->channels[rss->table[ppi->hash % rss->table_len]];
	return nc->ch ? nc : &nic->channels[0];
}

/* Moves a tag out of the frame into the info. Return: bytes to leave out at offset 12. */
static size_t take_tag(struct netvsp *nic, const uint8_t *frame, size_t len,
		       struct rndis_rx_info *ppi)
{
	uint16_t tci;

	if (!(nic->capabilities & NVSP_NDIS_CAP_VLAN) || len < FRAME_ETH_HLEN + FRAME_VLAN_HLEN ||
	    frame[12] != FRAME_ETHERTYPE_VLAN >> 8 || frame[13] != (FRAME_ETHERTYPE_VLAN & 0xff))
		return 0;
	tci = frame[14] << 8 | frame[15];
	ppi->has_vlan = true;
	ppi->vlan = (tci >> 13) | (tci & 0x1000 ? RNDIS_WIRE_VLAN_DEI : 0) |
		    (uint32_t)(tci & 0xfff) << RNDIS_WIRE_VLAN_ID_SHIFT;
	nic->vlan_in++;
	return FRAME_VLAN_HLEN;
}

static void queue_slot(struct netvsp_channel *nc, uint32_t slot)
{
	struct netvsp *nic = nc->nic;

	nic->slots[slot].channel = nc->index;
	if (nc->tail == NETVSP_SLOT_NONE)
		nc->head = slot;
	else
		nic->slots[nc->tail].next = slot;
	nc->tail = slot;
	nc->queued++;
	nic->dirty |= 1ull << nc->index;
}

/* Whether there is a guest that a frame could go to. */
static bool rx_open(const struct netvsp *nic)
{
	return nic->recv_gpadl && nic->rndis.state == RNDIS_INITIALIZED && nic->channels[0].ch;
}

/* Return: 0, or the reason why the frame is lost, plus one. */
static int rx_frame(struct netvsp *nic, const uint8_t *frame, size_t len)
{
	struct rndis_rx_info ppi = { .has_csum = false };
	uint8_t header[RNDIS_RX_HEADER_MAX];
	struct netvsp_channel *nc;
	struct frame_info info;
	size_t tag, head, at;
	uint32_t slot;
	int ret;

	if (!rx_open(nic))
		return 1 + NETVSP_DROP_RX_CLOSED;
	if (!nic->rndis.link_up)
		return 1 + NETVSP_DROP_RX_LINK_DOWN;
	if (len < FRAME_ETH_HLEN || !filter_passes(&nic->rndis, frame))
		return 1 + NETVSP_DROP_RX_FILTER;
	tag = take_tag(nic, frame, len, &ppi);
	if (len - tag > nic->rndis.max_frame)
		return 1 + NETVSP_DROP_RX_TOO_LONG;
	if (frame_dissect(frame, len, false, &info)) {
		ppi.csum = csum_wanted(&nic->rndis.offloads, &info,
				       frame_verify_checksums(frame, &info));
		ppi.has_csum = ppi.csum != 0;
		nic->checksums_verified += ppi.has_csum;
	}
	nc = choose_channel(nic, frame, &info, &ppi);
	slot = slot_alloc(nic, false);
	if (slot == NETVSP_SLOT_NONE) {
		nic->rndis.stats.rcv_no_buffer++;
		return 1 + NETVSP_DROP_RX_NO_BUFFER;
	}
	head = rndis_build_packet(header, &ppi, len - tag);
	at = (size_t)slot * nic->slot_size;
	ret = vmbus_gpadl_write(nic->recv_gpadl, at, header, head);
	if (!ret && tag) {
		ret = vmbus_gpadl_write(nic->recv_gpadl, at + head, frame, 12);
		head += 12;
		frame += 12 + tag;
		len -= 12 + tag;
	}
	if (!ret)
		ret = vmbus_gpadl_write(nic->recv_gpadl, at + head, frame, len);
	if (ret) {
		slot_free(nic, slot);
		return 1 + NETVSP_DROP_RX_CLOSED;
	}
	nic->slots[slot].len = head + len;
	queue_slot(nc, slot);
	nc->count.rx_packets++;
	nc->count.rx_bytes += nic->slots[slot].len;
	nic->rndis.stats.rcv_ok++;
	nic->rndis.stats.rcv_bytes += nic->slots[slot].len;
	return 0;
}

unsigned int netvsp_rx_room(void *arg)
{
	struct netvsp *nic = arg;
	uint32_t kept = nic->nr_slots > 2 * NETVSP_SLOTS_RESERVED ? NETVSP_SLOTS_RESERVED : 0;

	/* What rx_frame() would drop whatever the frame is has no room. */
	if (!rx_open(nic) || !nic->rndis.link_up || !nic->rndis.packet_filter ||
	    nic->nr_free <= kept)
		return 0;
	return nic->nr_free - kept;
}

void netvsp_rx_deliver(void *arg, const void *frame, size_t len)
{
	struct netvsp *nic = arg;
	int lost = rx_frame(nic, frame, len);

	if (lost)
		nic->drops[lost - 1]++;
}
