// SPDX-License-Identifier: GPL-2.0
/*
 * From the guest: gathers a transfer out of send section and pages, walks its RNDIS messages,
 * carries out the offloads and hands finished frames to the back end.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/netvsp_internal.h"

/* ---- to the back end ---- */

static void queue_frame(struct netvsp *nic, const uint8_t *frame, size_t len)
{
	struct netvsp_frame *f = malloc(sizeof(*f) + len);

	if (!f) {
		nic->rndis.stats.xmit_discards++;
		return;
	}
	f->next = NULL;
	f->len = len;
	memcpy(f->data, frame, len);
	*nic->tx_tail = f;
	nic->tx_tail = &f->next;
	/* A transfer that is begun is taken whole; its segments bound the excess. */
	if (++nic->nr_tx >= NETVSP_TX_QUEUE)
		nic->tx_blocked = true;
}

void netvsp_tx_drain(void *arg)
{
	struct netvsp *nic = arg;
	struct netvsp_frame *f;

	while ((f = nic->tx_head)) {
		if (net_backend_send(nic->backend, f->data, f->len) == -EAGAIN)
			break;
		nic->tx_head = f->next;
		nic->nr_tx--;
		free(f);
	}
	if (!nic->tx_head)
		nic->tx_tail = &nic->tx_head;
	if (!nic->tx_blocked || nic->nr_tx > NETVSP_TX_QUEUE / 2)
		return;
	nic->tx_blocked = false;
	for (unsigned int i = 0; i < NVSP_MAX_CHANNELS; i++)
		if (nic->channels[i].ch)
			vmbus_channel_kick(nic->channels[i].ch);
}

/* The guest has left; its frames were complete before, so nothing of it is touched here. */
void netvsp_tx_drop(struct netvsp *nic)
{
	struct netvsp_frame *f;

	while ((f = nic->tx_head)) {
		nic->tx_head = f->next;
		free(f);
		nic->rndis.stats.xmit_discards++;
	}
	nic->tx_tail = &nic->tx_head;
	nic->nr_tx = 0;
	nic->tx_blocked = false;
}

static void emit(void *arg, uint8_t *frame, size_t len)
{
	struct netvsp *nic = arg;

	if (nic->tx_has_vlan) {
		memcpy(nic->tagged, frame, 12);
		nic->tagged[12] = FRAME_ETHERTYPE_VLAN >> 8;
		nic->tagged[13] = FRAME_ETHERTYPE_VLAN & 0xff;
		nic->tagged[14] = nic->tx_tci >> 8;
		nic->tagged[15] = nic->tx_tci;
		memcpy(nic->tagged + 16, frame + 12, len - 12);
		frame = nic->tagged;
		len += FRAME_VLAN_HLEN;
		nic->vlan_out++;
	}
	if (nic->tx_head || net_backend_send(nic->backend, frame, len) == -EAGAIN)
		queue_frame(nic, frame, len);
}

static void emit_segment(void *arg, uint8_t *frame, size_t len)
{
	((struct netvsp *)arg)->segments++;
	emit(arg, frame, len);
}

/* ---- one frame ---- */

static bool csum_is_on(const struct rndis_offloads *on, uint32_t csum)
{
	bool v6 = csum & RNDIS_WIRE_CSUM_TX_IPV6;
	uint8_t need = RNDIS_CSUM_TX;

	if (csum & RNDIS_WIRE_CSUM_TX_TCP)
		need &= v6 ? on->tcp6_csum : on->tcp4_csum;
	if (csum & RNDIS_WIRE_CSUM_TX_UDP)
		need &= v6 ? on->udp6_csum : on->udp4_csum;
	if ((csum & RNDIS_WIRE_CSUM_TX_IP_HEADER) && !v6)
		need &= on->ipv4_csum;
	return need;
}

static bool lso_is_on(const struct rndis_offloads *on, uint32_t lso)
{
	return lso & RNDIS_WIRE_LSO_IPV6 ? on->lso_ipv6 : on->lso_ipv4;
}

static uint16_t vlan_tci(uint32_t vlan)
{
	return (vlan & RNDIS_WIRE_VLAN_PRIORITY_MASK) << 13 |
	       (vlan & RNDIS_WIRE_VLAN_DEI ? 1 << 12 : 0) |
	       (vlan >> RNDIS_WIRE_VLAN_ID_SHIFT & RNDIS_WIRE_VLAN_ID_MASK);
}

static size_t tag_bytes(const uint8_t *frame, size_t len)
{
	return len >= 14 && frame[12] == FRAME_ETHERTYPE_VLAN >> 8 &&
	       frame[13] == (FRAME_ETHERTYPE_VLAN & 0xff) ? FRAME_VLAN_HLEN : 0;
}

/* Return: 0, or the reason why the frame is lost, plus one. */
static int tx_frame(struct netvsp *nic, const struct rndis_tx_packet *pkt)
{
	uint8_t *frame = (uint8_t *)pkt->frame;	/* in nic->transfer, which is ours */
	int n;

	if (!nic->rndis.link_up)
		return 1 + NETVSP_DROP_TX_LINK_DOWN;
	if (pkt->len < FRAME_ETH_HLEN || pkt->len > NET_FRAME_MAX ||
	    (!pkt->has_lso && pkt->len > nic->rndis.max_frame + tag_bytes(frame, pkt->len)))
		return 1 + NETVSP_DROP_TX_BAD_LENGTH;
	nic->tx_has_vlan = pkt->has_vlan;
	nic->tx_tci = vlan_tci(pkt->vlan);
	if (pkt->has_lso) {
		if (!lso_is_on(&nic->rndis.offloads, pkt->lso))
			return 1 + NETVSP_DROP_TX_OFFLOAD_OFF;
		n = frame_segment(frame, pkt->len, pkt->lso, nic->rndis.max_frame, nic->segment,
				  emit_segment, nic);
		if (n < 0)
			return 1 + NETVSP_DROP_TX_BAD_OFFLOAD;
		nic->large_sends++;
		return 0;
	}
	if (pkt->has_csum && pkt->csum) {
		if (!csum_is_on(&nic->rndis.offloads, pkt->csum))
			return 1 + NETVSP_DROP_TX_OFFLOAD_OFF;
		if (frame_fill_checksums(frame, pkt->len, pkt->csum) < 0)
			return 1 + NETVSP_DROP_TX_BAD_OFFLOAD;
		nic->checksums_filled++;
	}
	emit(nic, frame, pkt->len);
	return 0;
}

static void tx_packet(struct netvsp_channel *nc, const struct rndis_tx_packet *pkt)
{
	struct netvsp *nic = nc->nic;
	struct rndis_stats *stats = &nic->rndis.stats;
	int lost;

	nc->count.tx_packets++;
	nc->count.tx_bytes += pkt->len;
	lost = nic->rndis.state == RNDIS_INITIALIZED ? tx_frame(nic, pkt) :
	       1 + NETVSP_DROP_TX_NOT_READY;
	if (!lost) {
		stats->xmit_ok++;
		stats->xmit_bytes += pkt->len;
		return;
	}
	nic->drops[lost - 1]++;
	stats->xmit_error++;
}

/* ---- one transfer ---- */

/*
 * The section's bytes come first, those of the ranges follow. They are copied before anything
 * is read from them, for the guest may change them at any time.
 * Return: bytes, or -1.
 */
static ssize_t gather(struct netvsp *nic, const struct vmbus_packet *pkt,
		      const struct nvsp_msg_send_rndis_packet *rndis)
{
	uint32_t index = le32toh(rndis->section_index), size = le32toh(rndis->section_size);
	size_t len = 0;

	if (index != NVSP_SECTION_NONE) {
		if (index >= nic->nr_sections || size > NVSP_SEND_SECTION_SIZE ||
		    vmbus_gpadl_read(nic->send_gpadl, (size_t)index * NVSP_SEND_SECTION_SIZE,
				     nic->transfer, size) < 0)
			return -1;
		len = size;
	}
	for (unsigned int r = 0; r < pkt->nr_ranges; r++) {
		const struct vmbus_range *range = &pkt->ranges[r];

		if (range->len > sizeof(nic->transfer) - len)
			return -1;
		for (unsigned int i = 0; i < range->niov; i++) {
			memcpy(nic->transfer + len, range->iov[i].iov_base, range->iov[i].iov_len);
			len += range->iov[i].iov_len;
		}
	}
	return len;
}

static int take_control(struct netvsp *nic, const uint8_t *msg, size_t len)
{
	uint8_t reply[RNDIS_REPLY_MAX];
	size_t reply_len = 0;

	if (rndis_request(&nic->rndis, msg, len, reply, &reply_len) < 0)
		return -1;
	if (reply_len)
		netvsp_send_control(nic, reply, reply_len);
	return 0;
}

uint32_t netvsp_tx(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
		   const struct nvsp_msg_send_rndis_packet *rndis)
{
	struct netvsp *nic = nc->nic;
	bool control = le32toh(rndis->channel_type) == NVSP_CHANNEL_CONTROL;
	struct rndis_tx_packet packet;
	const uint8_t *at = nic->transfer;
	unsigned int count = 0;
	ssize_t left;
	uint32_t type;
	int len;

	/* Without a receive buffer there is no way to answer, so there is no device yet. */
	if (!nic->recv_gpadl) {
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
		return NVSP_STATUS_FAILURE;
	}
	if (pkt->unmapped) {
		nic->drops[NETVSP_DROP_TX_UNMAPPED]++;
		return NVSP_STATUS_FAILURE;
	}
	left = gather(nic, pkt, rndis);
	if (left <= 0 || (control && nc->index))
		goto bad;
	nc->count.tx_messages += !control;
	for (; left >= (ssize_t)sizeof(struct rndis_wire_header); at += len, left -= len) {
		len = rndis_next_message(at, left, &type);
		if (len < 0 || ++count > RNDIS_MAX_PACKETS || control == (type == RNDIS_WIRE_PACKET))
			goto bad;
		if (control) {
			if (take_control(nic, at, len) < 0)
				goto bad;
		} else {
			if (rndis_parse_packet(at, len, &packet) < 0)
				goto bad;
			tx_packet(nc, &packet);
		}
	}
	if (count)
		return NVSP_STATUS_SUCCESS;
bad:
	nic->drops[NETVSP_BAD_RNDIS]++;
	return NVSP_STATUS_INVALID_RNDIS_PACKET;
}
