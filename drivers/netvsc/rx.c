// SPDX-License-Identifier: GPL-2.0
/*
 * The poll loop of a channel and the way of received frames into the stack. Each packet of the
 * host is checked here once; a loop over what the host sends ends by the poll's budget.
 */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <net/checksum.h>

#include <ring/ring.h>

#include "netvsc.h"

/* Frames longer than fits one page with its overhead keep this much in the linear part. */
#define RX_HEAD		256
#define RX_LINEAR	(SKB_WITH_OVERHEAD(PAGE_SIZE) - NET_SKB_PAD - NET_IP_ALIGN - 64)
/* Packets that one poll looks at for each frame of its budget. */
#define PACKETS_A_FRAME	4

static void count_bad_frame(struct netvsc_channel *ch, const char *what, u32 len)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);

	a->counters.host_bad_frame++;
	if (netif_msg_rx_err(a) && net_ratelimit())
		netdev_err(ch->session->net, "%s, %u bytes\n", what, len);
}

static void count_bad_packet(struct netvsc_channel *ch, const char *what, u32 value)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);

	a->counters.host_bad_packet++;
	if (netif_msg_rx_err(a) && net_ratelimit())
		netdev_err(ch->session->net, "%s: %u\n", what, value);
}

/* ---- frames ---- */

/* Copies more of a frame behind what the skb has, into pages when the linear part is full. */
static bool add_data(struct sk_buff *skb, const void *data, u32 len)
{
	u32 n = min_t(u32, len, skb_tailroom(skb));

	/* Once there are pages, even a put of nothing is forbidden. */
	if (n)
		skb_put_data(skb, data, n);
	for (data += n, len -= n; len; data += n, len -= n) {
		unsigned int count = skb_shinfo(skb)->nr_frags;
		skb_frag_t *frag = count ? &skb_shinfo(skb)->frags[count - 1] : NULL;
		struct page *page;

		if (frag && skb_frag_size(frag) < PAGE_SIZE) {
			n = min_t(u32, len, PAGE_SIZE - skb_frag_size(frag));
			memcpy(skb_frag_address(frag) + skb_frag_size(frag), data, n);
			skb_frag_size_add(frag, n);
			skb->len += n;
			skb->data_len += n;
			continue;
		}
		page = count < MAX_SKB_FRAGS ? dev_alloc_page() : NULL;
		if (!page)
			return false;
		n = min_t(u32, len, PAGE_SIZE);
		memcpy(page_address(page), data, n);
		skb_add_rx_frag(skb, count, page, 0, n, PAGE_SIZE);
	}
	return true;
}

static struct sk_buff *new_skb(struct netvsc_channel *ch, const void *data, u32 len, u32 room)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct sk_buff *skb;

	skb = napi_alloc_skb(&ch->napi, room <= RX_LINEAR ? room : RX_HEAD);
	if (skb && !add_data(skb, data, len)) {
		kfree_skb(skb);
		skb = NULL;
	}
	if (!skb)
		a->counters.rx_no_memory++;
	return skb;
}

/* A host that coalesced segments left the IPv4 header's checksum out. */
static bool fix_ip_csum(struct sk_buff *skb)
{
	struct iphdr *ip = (struct iphdr *)skb->data;

	if (skb_headlen(skb) < sizeof(*ip) || ip->ihl < 5 || skb_headlen(skb) < ip->ihl * 4)
		return false;
	ip->check = 0;
	ip->check = ip_fast_csum(ip, ip->ihl);
	return true;
}

/* Gives a complete frame to the stack. */
static u32 deliver(struct netvsc_channel *ch, struct sk_buff *skb,
		   const struct rndis_rx_meta *meta)
{
	const u32 recompute = RNDIS_WIRE_CSUM_RX_IP_INVALID | RNDIS_WIRE_CSUM_RX_IP_OK;
	struct net_device *net = ch->session->net;
	struct netvsc_rx_stats *stats = ch->rx.stats;
	u32 len = skb->len;

	skb->protocol = eth_type_trans(skb, net);
	skb_checksum_none_assert(skb);
	if (meta->has & RNDIS_HAS_CSUM) {
		if ((meta->csum & recompute) == recompute && skb->protocol == htons(ETH_P_IP) &&
		    !fix_ip_csum(skb)) {
			kfree_skb(skb);
			return NVSP_STATUS_FAILURE;
		}
		if (net->features & NETIF_F_RXCSUM &&
		    meta->csum & (RNDIS_WIRE_CSUM_RX_TCP_OK | RNDIS_WIRE_CSUM_RX_UDP_OK))
			skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
	if (meta->has & RNDIS_HAS_HASH && net->features & NETIF_F_RXHASH)
		skb_set_hash(skb, meta->hash, PKT_HASH_TYPE_L4);
	if (meta->has & RNDIS_HAS_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), meta->vlan_tci);
	skb_record_rx_queue(skb, ch->index);

	u64_stats_update_begin(&stats->syncp);
	stats->packets++;
	stats->bytes += len;
	if (skb->pkt_type == PACKET_BROADCAST)
		stats->broadcast++;
	else if (skb->pkt_type == PACKET_MULTICAST)
		stats->multicast++;
	u64_stats_update_end(&stats->syncp);

	napi_gro_receive(&ch->napi, skb);
	return NVSP_STATUS_SUCCESS;
}

static void count_xdp(struct netvsc_channel *ch, u64 *counter, u32 len)
{
	u64_stats_update_begin(&ch->rx.stats->syncp);
	(*counter)++;
	if (len) {
		ch->rx.stats->packets++;
		ch->rx.stats->bytes += len;
	}
	u64_stats_update_end(&ch->rx.stats->syncp);
}

static bool xdp_transmit(struct netvsc_channel *ch, const struct xdp_buff *xdp)
{
	struct netdev_queue *txq = netvsc_txq(ch);
	int ret = -EBUSY;

	__netif_tx_lock(txq, smp_processor_id());
	if (!READ_ONCE(ch->session->tx_disable))
		ret = netvsc_tx_frame(ch, xdp->data, xdp->data_end - xdp->data);
	__netif_tx_unlock(txq);
	return !ret;
}

/* A frame in one piece. */
static u32 rx_whole(struct netvsc_channel *ch, const void *data,
		    const struct rndis_rx_meta *meta)
{
	struct netvsc_rx_stats *stats = ch->rx.stats;
	u32 len = meta->data_len;
	struct bpf_prog *prog;
	struct xdp_buff xdp;
	struct sk_buff *skb;

	prog = rcu_dereference_bh(ch->prog);
	if (prog) {
		switch (netvsc_xdp_run(ch, prog, data, len, &xdp)) {
		case XDP_PASS:
			data = xdp.data;
			len = xdp.data_end - xdp.data;
			break;
		case XDP_TX:
			if (xdp_transmit(ch, &xdp))
				count_xdp(ch, &stats->xdp_tx, len);
			else
				count_xdp(ch, &stats->xdp_drop, 0);
			return NVSP_STATUS_SUCCESS;
		case XDP_REDIRECT:
			ch->rx.xdp_flush = true;
			count_xdp(ch, &stats->xdp_redirect, len);
			return NVSP_STATUS_SUCCESS;
		default:
			count_xdp(ch, &stats->xdp_drop, 0);
			return NVSP_STATUS_SUCCESS;
		}
	}
	skb = new_skb(ch, data, len, len);
	return skb ? deliver(ch, skb, meta) : NVSP_STATUS_FAILURE;
}

static void drop_partial(struct netvsc_channel *ch)
{
	kfree_skb(ch->rx.partial);
	ch->rx.partial = NULL;
}

/* A piece of a coalesced frame; the first one carries the infos. */
static u32 rx_piece(struct netvsc_channel *ch, const void *data,
		    const struct rndis_rx_meta *meta, bool last_range)
{
	struct netvsc_rx *rx = &ch->rx;
	struct sk_buff *skb;

	if (meta->id_flags & RNDIS_WIRE_PACKET_ID_FIRST) {
		drop_partial(ch);
		if (meta->data_len < ETH_HLEN) {
			count_bad_frame(ch, "runt frame", meta->data_len);
			return NVSP_STATUS_FAILURE;
		}
		rx->partial = new_skb(ch, data, meta->data_len, NETVSC_MAX_FRAME);
		rx->partial_meta = *meta;
		if (!rx->partial)
			return NVSP_STATUS_FAILURE;
	} else if (!rx->partial) {
		return NVSP_STATUS_FAILURE;
	} else if (meta->data_len > NETVSC_MAX_FRAME - rx->partial->len ||
		   !add_data(rx->partial, data, meta->data_len)) {
		count_bad_frame(ch, "cannot join a coalesced frame", meta->data_len);
		drop_partial(ch);
		return NVSP_STATUS_FAILURE;
	}

	if (!(meta->id_flags & RNDIS_WIRE_PACKET_ID_LAST)) {
		if (!last_range)
			return NVSP_STATUS_SUCCESS;
		drop_partial(ch);
		return NVSP_STATUS_FAILURE;
	}
	skb = rx->partial;
	rx->partial = NULL;
	return deliver(ch, skb, &rx->partial_meta);
}

static u32 rx_frame(struct netvsc_channel *ch, const void *data, u32 len, bool last_range)
{
	struct rndis_rx_meta meta;

	if (rndis_parse_packet(data, len, &meta)) {
		count_bad_frame(ch, "malformed frame message", len);
		return NVSP_STATUS_FAILURE;
	}
	if (READ_ONCE(ch->session->state) != NETVSC_RUNNING)
		return NVSP_STATUS_FAILURE;
	data += meta.data_offset;
	if (meta.has & RNDIS_HAS_ID && meta.id_flags & RNDIS_WIRE_PACKET_ID_SUB_ALLOC)
		return rx_piece(ch, data, &meta, last_range);

	drop_partial(ch);
	if (meta.data_len < ETH_HLEN || meta.data_len > NETVSC_MAX_FRAME) {
		count_bad_frame(ch, "frame of an impossible length", meta.data_len);
		return NVSP_STATUS_FAILURE;
	}
	return rx_whole(ch, data, &meta);
}

/* One RNDIS message. */
static u32 rx_message(struct netvsc_channel *ch, const void *data, u32 len, bool last_range)
{
	u32 type, size;

	if (rndis_parse_header(data, len, &type, &size)) {
		count_bad_frame(ch, "malformed RNDIS message", len);
		return NVSP_STATUS_FAILURE;
	}
	switch (type) {
	case RNDIS_WIRE_PACKET:
		return rx_frame(ch, data, len, last_range);
	case (u32)RNDIS_WIRE_INITIALIZE_COMPLETE:
	case (u32)RNDIS_WIRE_QUERY_COMPLETE:
	case (u32)RNDIS_WIRE_SET_COMPLETE:
		if (!netvsc_rndis_answer(ch->session, data, size))
			count_bad_frame(ch, "an answer that nobody waits for", size);
		return NVSP_STATUS_SUCCESS;
	case RNDIS_WIRE_INDICATE_STATUS:
		netvsc_link_indicate(ch->session, data, len);
		return NVSP_STATUS_SUCCESS;
	}
	count_bad_frame(ch, "RNDIS message of an unknown type", size);
	return NVSP_STATUS_FAILURE;
}

/* ---- packets of the ring ---- */

/* Sections that a range of so many bytes lies in; one while the host has not told their size. */
static u32 sections_of(const struct netvsc_buffer *buf, u32 len)
{
	u32 size = READ_ONCE(buf->section_size);

	return size && len > size ? DIV_ROUND_UP(len, size) : 1;
}

/* Works on a transfer-page packet; true when it is done with. */
static bool rx_transfer(struct netvsc_channel *ch, const struct hvic_ring_packet *packet,
			int budget, int *work)
{
	u32 header = packet->raw_len - packet->len;
	struct netvsc_buffer *buf = &ch->session->recv;
	struct netvsc_rx *rx = &ch->rx;
	u32 type, ranges, offset, len;

	if (!rx->range)
		rx->sections = 0;
	if (nvsp_parse_type(packet->data, packet->len, &type) ||
	    type != NVSP_MSG_SEND_RNDIS_PACKET ||
	    nvsp_parse_transfer(packet->raw, header, NETVSC_RECV_BUFFER_ID, &ranges)) {
		count_bad_packet(ch, "malformed transfer packet", packet->raw_len);
		ranges = 0;
		rx->status = NVSP_STATUS_FAILURE;
	} else if (!rx->range) {
		rx->status = NVSP_STATUS_SUCCESS;
	}

	for (; rx->range < ranges; rx->range++) {
		if (*work >= budget)
			return false;
		(*work)++;
		WRITE_ONCE(rx->received, rx->received + 1);
		if (nvsp_parse_range(packet->raw, rx->range, buf->size, &offset, &len)) {
			count_bad_packet(ch, "range outside of the receive buffer", rx->range);
			drop_partial(ch);
			rx->status = NVSP_STATUS_FAILURE;
			rx->sections++;
			continue;
		}
		rx->sections += sections_of(buf, len);
		if (rx_message(ch, buf->data + offset, len, rx->range == ranges - 1) !=
		    NVSP_STATUS_SUCCESS)
			rx->status = NVSP_STATUS_FAILURE;
	}
	drop_partial(ch);
	rx->range = 0;
	netvsc_ack_add(ch, packet->trans_id, rx->status, ranges, rx->sections);
	return true;
}

/* The host completed something: whose it is, is in the id's kind. */
static void rx_completion(struct netvsc_channel *ch, const struct hvic_ring_packet *packet,
			  int budget)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	u32 status = NVSP_STATUS_NONE;
	u64 id = packet->trans_id;

	if (NETVSC_ID_KIND(id) == NETVSC_ID_NVSP) {
		netvsc_nvsp_completion(ch->session, id, packet->data, packet->len);
		return;
	}
	if (nvsp_parse_status(packet->data, packet->len, &status)) {
		a->counters.host_bad_completion++;
		if (net_ratelimit())
			netdev_err(ch->session->net, "malformed completion of %#llx\n", id);
		return;
	}
	if (status != NVSP_STATUS_SUCCESS && netif_msg_tx_err(a) && net_ratelimit())
		netdev_err(ch->session->net, "the host refused a message: status %u\n", status);

	switch (NETVSC_ID_KIND(id)) {
	case NETVSC_ID_TX:
		netvsc_tx_completion(ch, id, budget);
		break;
	case NETVSC_ID_RNDIS:
		netvsc_rndis_sent(ch->session, id, status == NVSP_STATUS_SUCCESS);
		break;
	default:
		a->counters.host_bad_completion++;
	}
}

/* Works on one packet; true when it is done with. */
static bool rx_packet(struct netvsc_channel *ch, const struct hvic_ring_packet *packet,
		      int budget, int *work)
{
	switch (packet->type) {
	case VM_PKT_DATA_USING_XFER_PAGES:
		return rx_transfer(ch, packet, budget, work);
	case VM_PKT_COMP:
		rx_completion(ch, packet, budget);
		return true;
	case VM_PKT_DATA_INBAND:
		netvsc_nvsp_inband(ch->session, packet->data, packet->len);
		return true;
	}
	count_bad_packet(ch, "packet of an unknown type", packet->type);
	return true;
}

/**
 * netvsc_poll() - the poll loop of a channel
 * @napi: of the channel
 * @budget: frames to receive at most
 *
 * A packet of many frames may take several polls; it stays in the ring until it is done with,
 * and is checked anew each time, since the host can change it there.
 * Context: softirq.
 * Return: frames received, or @budget to be called again.
 */
int netvsc_poll(struct napi_struct *napi, int budget)
{
	struct netvsc_channel *ch = container_of(napi, struct netvsc_channel, napi);
	struct hv_ring_buffer_info *ring = &ch->vmbus->inbound;
	int work = 0, packets = 0, found;
	bool again = false, stuck = false;
	struct hvic_ring_packet packet;

	/* netpoll wants room to send alone, and comes with interrupts off. */
	if (!budget)
		return 0;
	while ((found = hvic_ring_rx_peek(ch->vmbus, &packet)) > 0) {
		if (netvsc_acks_full(ch) && !netvsc_ack_send(ch)) {
			stuck = true;
			break;
		}
		if (work >= budget || packets++ >= budget * PACKETS_A_FRAME ||
		    !rx_packet(ch, &packet, budget, &work)) {
			again = true;
			break;
		}
		hvic_ring_rx_advance(ch->vmbus, &packet);
	}
	if (found < 0) {
		count_bad_packet(ch, "the host spoilt the ring, error", -found);
		hvic_ring_rx_discard(ch->vmbus);
		drop_partial(ch);
		ch->rx.range = 0;
	}
	/* The host gets back the room of what is done with, even when there is more. */
	hv_pkt_iter_close(ch->vmbus);
	if (ch->rx.xdp_flush) {
		ch->rx.xdp_flush = false;
		xdp_do_flush();
	}
	netvsc_tx_poll_end(ch, budget);
	netvsc_ack_poll_end(ch);

	/* A poll that used its budget up must not say that it is complete. */
	if (again || work >= budget)
		return budget;
	if (napi_complete_done(napi, work) && !stuck &&
	    hv_end_read(ring) >= sizeof(struct vmpacket_descriptor) &&
	    napi_schedule_prep(napi)) {
		hv_begin_read(ring);
		__napi_schedule(napi);
	}
	return work;
}

/**
 * netvsc_rx_abandon() - drop what is half received
 * @ch: the channel; it is closed, nobody polls
 *
 * Context: process.
 */
void netvsc_rx_abandon(struct netvsc_channel *ch)
{
	drop_partial(ch);
	if (ch->rx.xdp_page)
		__free_page(ch->rx.xdp_page);
	ch->rx.xdp_page = NULL;
}
