// SPDX-License-Identifier: GPL-2.0
/*
 * Frames on their way to the host: choosing the queue, the RNDIS header with its offloads, and
 * whether a frame is copied into a send section, shares one with others, or is sent in place.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/tcp.h>
#include <net/flow_dissector.h>
#include <net/ip6_checksum.h>
#include <net/sch_generic.h>
#include <net/sock.h>

#include "netvsc.h"

/* Which L4 protocols there are, and what the host calls them. */
static const struct l4_kind {
	__be16 protocol;
	u8 l4;
	u32 cap;			/* RNDIS_CSUM_* */
	u32 csum;			/* RNDIS_WIRE_CSUM_TX_* */
	u32 hash;			/* NETVSC_L4_* */
} l4_kinds[] = {
	{ htons(ETH_P_IP), IPPROTO_TCP, RNDIS_CSUM_TCP4,
	  RNDIS_WIRE_CSUM_TX_IPV4 | RNDIS_WIRE_CSUM_TX_TCP, NETVSC_L4_TCP4 },
	{ htons(ETH_P_IPV6), IPPROTO_TCP, RNDIS_CSUM_TCP6,
	  RNDIS_WIRE_CSUM_TX_IPV6 | RNDIS_WIRE_CSUM_TX_TCP, NETVSC_L4_TCP6 },
	{ htons(ETH_P_IP), IPPROTO_UDP, RNDIS_CSUM_UDP4,
	  RNDIS_WIRE_CSUM_TX_IPV4 | RNDIS_WIRE_CSUM_TX_UDP, NETVSC_L4_UDP4 },
	{ htons(ETH_P_IPV6), IPPROTO_UDP, RNDIS_CSUM_UDP6,
	  RNDIS_WIRE_CSUM_TX_IPV6 | RNDIS_WIRE_CSUM_TX_UDP, NETVSC_L4_UDP6 },
};

static const struct l4_kind *find_kind(__be16 protocol, u8 l4)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(l4_kinds); i++)
		if (l4_kinds[i].protocol == protocol && l4_kinds[i].l4 == l4)
			return &l4_kinds[i];
	return NULL;
}

/* The hash that decides the queue: with the ports, or where ethtool -N says so without. */
static u32 flow_hash(const struct netvsc_adapter *a, struct sk_buff *skb)
{
	static u32 seed __read_mostly;
	const struct l4_kind *kind;
	struct flow_keys keys;
	u32 hash;

	/* Ports always count, and it has a hash with them: most frames of sockets do. */
	if (skb->l4_hash && a->l4_hash == NETVSC_L4_ALL)
		return skb_get_hash_raw(skb);
	net_get_random_once(&seed, sizeof(seed));
	if (!skb_flow_dissect_flow_keys(skb, &keys, 0))
		return 0;
	kind = find_kind(keys.basic.n_proto, keys.basic.ip_proto);
	if (kind && kind->hash & a->l4_hash) {
		if (skb->l4_hash || skb->sw_hash)
			return skb_get_hash_raw(skb);
		/* As skb_get_hash() does, which would dissect the frame again. */
		hash = flow_hash_from_keys(&keys);
		__skb_set_sw_hash(skb, hash, flow_keys_have_l4(&keys));
		return hash;
	}

	if (keys.basic.n_proto == htons(ETH_P_IP))
		hash = jhash2((u32 *)&keys.addrs.v4addrs, 2, seed);
	else if (keys.basic.n_proto == htons(ETH_P_IPV6))
		hash = jhash2((u32 *)&keys.addrs.v6addrs, 8, seed);
	else
		return 0;
	__skb_set_sw_hash(skb, hash, false);
	return hash;
}

static u16 pick_queue(struct net_device *net, struct sk_buff *skb)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct sock *sk = skb->sk;
	int old = sk_tx_queue_get(sk);
	u32 queue;

	if (old >= 0 && !skb->ooo_okay && old < net->real_num_tx_queues)
		return old;
	/* What is forwarded leaves where it came in. */
	if (skb_rx_queue_recorded(skb))
		return skb_get_rx_queue(skb) % net->real_num_tx_queues;

	queue = READ_ONCE(a->tx_table[flow_hash(a, skb) % NETVSC_SEND_TABLE]) %
		net->real_num_tx_queues;
	if (queue != old && sk && sk_fullsock(sk) && rcu_access_pointer(sk->sk_dst_cache))
		sk_tx_queue_set(sk, queue);
	return queue;
}

/**
 * netvsc_select_queue() - ndo_select_queue: by the host's send table, or as the VF likes
 * @net: the interface
 * @skb: the frame
 * @sb: subordinate device
 *
 * Context: softirq or BH off.
 * Return: the queue.
 */
u16 netvsc_select_queue(struct net_device *net, struct sk_buff *skb, struct net_device *sb)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf;
	u32 queue;

	rcu_read_lock();
	vf = rcu_dereference(a->vf);
	if (vf) {
		const struct net_device_ops *ops = vf->netdev_ops;

		queue = ops->ndo_select_queue ? ops->ndo_select_queue(vf, skb, sb) :
						netdev_pick_tx(vf, skb, NULL);
		/* The VF may have more queues than we: remember its choice for it. */
		qdisc_skb_cb(skb)->slave_dev_queue_mapping = queue;
		queue %= net->real_num_tx_queues;
	} else {
		queue = pick_queue(net, skb);
	}
	rcu_read_unlock();
	return queue;
}

/* Tagged otherwise than by 802.1Q, which is the one tag that the host adds. */
static bool foreign_tag(const struct sk_buff *skb)
{
	if (skb_vlan_tag_present(skb))
		return skb->vlan_proto != htons(ETH_P_8021Q);
	return skb->protocol == htons(ETH_P_8021AD);
}

/**
 * netvsc_features_check() - ndo_features_check: what the 10-bit header offset cannot express, and
 * frames whose tag stays within, where the host does not look for what it is to work on
 * @skb: the frame
 * @net: the interface
 * @features: what it could use
 *
 * Return: what it may use.
 */
netdev_features_t netvsc_features_check(struct sk_buff *skb, struct net_device *net,
					netdev_features_t features)
{
	if (foreign_tag(skb) ||
	    (skb->ip_summed == CHECKSUM_PARTIAL &&
	     skb_checksum_start_offset(skb) > (int)RNDIS_WIRE_CSUM_TX_L4_MASK))
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	return vlan_features_check(skb, features);
}

/* The host adds the tag itself: one within the frame, as packet sockets send it, moves out. */
static int pull_vlan(struct netvsc_adapter *a, struct sk_buff *skb)
{
	u16 tci;

	if (skb->protocol != htons(ETH_P_8021Q))
		return 0;
	skb_reset_mac_header(skb);
	if (!eth_type_vlan(eth_hdr(skb)->h_proto))
		return 0;
	if (__skb_vlan_pop(skb, &tci)) {
		a->counters.vlan_error++;
		return -EINVAL;
	}
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), tci);
	return 0;
}

static u8 l4_protocol(const struct sk_buff *skb)
{
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return ip_hdr(skb)->protocol;
	case htons(ETH_P_IPV6):
		return ipv6_hdr(skb)->nexthdr;
	}
	return 0;
}

/* The host wants the lengths that it will fill in out of the checksums. */
static int prepare_lso(struct sk_buff *skb, struct rndis_tx_meta *meta)
{
	int ret = skb_cow_head(skb, 0);

	if (ret)
		return ret;
	meta->has |= RNDIS_HAS_LSO;
	meta->lso = RNDIS_WIRE_LSO_V2 |
		    (skb_shinfo(skb)->gso_size & RNDIS_WIRE_LSO_MSS_MASK) |
		    (u32)skb_transport_offset(skb) << RNDIS_WIRE_LSO_L4_SHIFT;
	if (skb->protocol == htons(ETH_P_IP)) {
		struct iphdr *ip = ip_hdr(skb);

		ip->tot_len = 0;
		ip->check = 0;
		tcp_hdr(skb)->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, 0,
							 IPPROTO_TCP, 0);
	} else {
		meta->lso |= RNDIS_WIRE_LSO_IPV6;
		tcp_v6_gso_csum_prep(skb);
	}
	return 0;
}

static int prepare_csum(const struct netvsc_adapter *a, struct sk_buff *skb,
			struct rndis_tx_meta *meta)
{
	const struct l4_kind *kind = find_kind(skb->protocol, l4_protocol(skb));
	u32 offset = skb_transport_offset(skb);

	if (!kind || !(kind->cap & a->tx_csum) || offset > RNDIS_WIRE_CSUM_TX_L4_MASK)
		return skb_checksum_help(skb);
	meta->has |= RNDIS_HAS_CSUM;
	meta->csum = kind->csum | offset << RNDIS_WIRE_CSUM_TX_L4_SHIFT;
	return 0;
}

/* What the host is to do with a frame. */
static int describe(struct netvsc_adapter *a, struct sk_buff *skb, struct rndis_tx_meta *meta)
{
	int ret = pull_vlan(a, skb);

	if (ret)
		return ret;
	memset(meta, 0, sizeof(*meta));
	if (a->net->real_num_tx_queues > 1) {
		meta->hash = skb_get_hash_raw(skb);
		meta->has |= meta->hash ? RNDIS_HAS_HASH : 0;
	}
	if (skb_vlan_tag_present(skb)) {
		meta->vlan_tci = skb_vlan_tag_get(skb);
		meta->has |= RNDIS_HAS_VLAN;
	}
	if (skb_is_gso(skb))
		ret = prepare_lso(skb, meta);
	else if (skb->ip_summed == CHECKSUM_PARTIAL)
		ret = prepare_csum(a, skb, meta);
	meta->data_len = skb->len;
	return ret;
}

static u32 pages_of(phys_addr_t at, u32 len)
{
	return HVPFN_UP((at & ~HV_HYP_PAGE_MASK) + len);
}

static phys_addr_t frag_phys(const skb_frag_t *frag)
{
	return page_to_phys(skb_frag_page(frag)) + skb_frag_off(frag);
}

static void put_range(struct netvsc_tx_msg *msg, phys_addr_t at, u32 len)
{
	struct hv_page_buffer *r = &msg->range[msg->ranges++];

	r->pfn = at >> HV_HYP_PAGE_SHIFT;
	r->offset = at & ~HV_HYP_PAGE_MASK;
	r->len = len;
}

static void put_skb_ranges(struct netvsc_tx_msg *msg, const struct sk_buff *skb)
{
	int i;

	if (skb_headlen(skb))
		put_range(msg, virt_to_phys(skb->data), skb_headlen(skb));
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		put_range(msg, frag_phys(frag), skb_frag_size(frag));
	}
}

static u32 skb_pages(const struct sk_buff *skb)
{
	u32 pages = skb_headlen(skb) ? pages_of(virt_to_phys(skb->data), skb_headlen(skb)) : 0;
	int i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		pages += pages_of(frag_phys(frag), skb_frag_size(frag));
	}
	return pages;
}

/* A packet carries so many pages, one of them for the header: squeeze what has more. */
static int fit_pages(struct netvsc_adapter *a, struct sk_buff *skb)
{
	if (likely(skb_pages(skb) < MAX_PAGE_BUFFER_COUNT))
		return 0;
	a->counters.tx_scattered++;
	if (skb_linearize(skb)) {
		a->counters.tx_no_memory++;
		return -ENOMEM;
	}
	if (skb_pages(skb) >= MAX_PAGE_BUFFER_COUNT) {
		a->counters.tx_too_big++;
		return -E2BIG;
	}
	return 0;
}

/* Bytes that a copied frame of @size takes in a section: the next one starts aligned. */
static u32 padded(const struct netvsc_session *s, u32 size)
{
	return ALIGN(size, s->align);
}

static bool section_fits(const struct netvsc_session *s, u32 used, u32 size)
{
	if (used + size > s->send.section_size)
		return false;
	return !used || !s->max_transfer || used + size <= s->max_transfer;
}

/* A new message, with a slot and if possible a section of at least @size bytes. */
static int begin(struct netvsc_channel *ch, u32 size)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netvsc_tx_msg *msg = &ch->tx.msg;
	struct netvsc_tx_slot *slot;

	slot = netvsc_tx_slot_get(&ch->tx, &msg->slot);
	if (!slot)
		return -EBUSY;
	msg->charged = false;
	msg->held = false;
	msg->frames = 0;
	msg->ranges = 0;
	msg->section_used = 0;
	slot->section = NETVSC_NO_SECTION;
	if (section_fits(ch->session, 0, size)) {
		slot->section = netvsc_tx_section_get(ch);
		if (slot->section == NETVSC_NO_SECTION)
			a->counters.tx_send_full++;
	}
	msg->state = NETVSC_TX_OPEN;
	return 0;
}

/* The place in the section where the next frame goes. */
static void *section_end(struct netvsc_channel *ch, const struct netvsc_tx_slot *slot)
{
	return netvsc_tx_section(ch->session, slot->section) + ch->tx.msg.section_used;
}

/* Makes the message that is being put together hold one more frame; false if it cannot. */
static bool append(struct netvsc_channel *ch, struct sk_buff *skb,
		   const struct rndis_tx_meta *meta, bool *seal)
{
	struct netvsc_session *s = ch->session;
	struct netvsc_tx_msg *msg = &ch->tx.msg;
	struct netvsc_tx_slot *slot = &ch->tx.slots[msg->slot];
	u32 head = rndis_packet_header_size(meta);
	u32 size = padded(s, head + skb->len);
	void *at;

	*seal = true;
	if (slot->section == NETVSC_NO_SECTION) {
		/* in place, header and all */
		at = netvsc_tx_header(&ch->tx, msg->slot);
		rndis_build_packet(at, meta, 0);
		put_range(msg, virt_to_phys(at), head);
		put_skb_ranges(msg, skb);
	} else if (section_fits(s, msg->section_used, size)) {
		at = section_end(ch, slot);
		rndis_build_packet(at, meta, size - head - skb->len);
		skb_copy_bits(skb, 0, at + head, skb->len);
		memset(at + head + skb->len, 0, size - head - skb->len);
		msg->section_used += size;
		*seal = false;
	} else if (msg->section_used + head <= s->send.section_size &&
		   (!s->max_transfer ||
		    msg->section_used + head + skb->len <= s->max_transfer)) {
		/* the header behind the frames that were copied, the frame in place */
		rndis_build_packet(section_end(ch, slot), meta, 0);
		msg->section_used += head;
		put_skb_ranges(msg, skb);
	} else {
		return false;
	}
	msg->frames++;
	slot->packets++;
	slot->bytes += skb->len;
	slot->bql_bytes += skb->len;
	skb->next = slot->skbs;
	slot->skbs = skb;
	return true;
}

static int send_skb(struct netvsc_channel *ch, struct sk_buff *skb)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netvsc_tx_msg *msg = &ch->tx.msg;
	struct rndis_tx_meta meta;
	bool seal;
	int ret;

	ret = describe(a, skb, &meta);
	if (!ret)
		ret = fit_pages(a, skb);
	if (ret)
		return ret;
	skb_tx_timestamp(skb);

	if (msg->state == NETVSC_TX_OPEN) {
		if (append(ch, skb, &meta, &seal))
			goto added;
		netvsc_tx_full(ch);
		if (msg->state == NETVSC_TX_SEALED)
			return -EBUSY;
	}
	ret = begin(ch, padded(ch->session, rndis_packet_header_size(&meta) + skb->len));
	if (ret)
		return ret;
	append(ch, skb, &meta, &seal);
added:
	if (seal || msg->frames >= ch->session->max_packets)
		netvsc_tx_full(ch);
	return 0;
}

/**
 * netvsc_start_xmit() - ndo_start_xmit
 * @skb: the frame
 * @net: the interface
 *
 * Context: the queue's lock, BH off.
 * Return: NETDEV_TX_OK when the frame is ours, NETDEV_TX_BUSY when it must come again.
 */
netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);
	u16 queue = skb_get_queue_mapping(skb);
	struct netvsc_channel *ch = NULL;
	struct netvsc_session *s;
	struct net_device *vf;
	bool wait;
	int ret;

	s = rcu_dereference_bh(a->session);
	/* What is needed to send was set up before it was open: netvsc_channel_open(). */
	if (s && queue < s->num_channels && smp_load_acquire(&s->channel[queue]->open))
		ch = s->channel[queue];

	vf = rcu_dereference_bh(a->vf);
	if (vf && netvsc_vf_ready(a, vf)) {
		if (ch && ch->tx.msg.state == NETVSC_TX_OPEN)
			netvsc_tx_submit(ch);
		return netvsc_vf_xmit(a, vf, skb);
	}

	ret = -ENODEV;
	if (ch && skb->len >= ETH_HLEN) {
		if (ch->tx.msg.state == NETVSC_TX_SEALED)
			netvsc_tx_submit(ch);
		ret = ch->tx.msg.state == NETVSC_TX_SEALED ? -EBUSY : send_skb(ch, skb);
		/*
		 * Whatever became of this frame, those before it wait no longer than it says, or
		 * than the frames of a stream may wait.
		 */
		wait = !ret && !netif_xmit_stopped(netvsc_txq(ch)) &&
		       (netdev_xmit_more() || netvsc_tx_hold(ch, skb));
		if (ch->tx.msg.state == NETVSC_TX_OPEN && !wait)
			netvsc_tx_submit(ch);
	}
	if (ret == -EBUSY) {
		if (!netif_xmit_stopped(netdev_get_tx_queue(net, queue)))
			netvsc_tx_stop(ch);
		return NETDEV_TX_BUSY;
	}
	if (ret) {
		dev_kfree_skb_any(skb);
		net->stats.tx_dropped++;
	}
	return NETDEV_TX_OK;
}

/**
 * netvsc_tx_frame() - send a frame without an skb, by copying it
 * @ch: the channel
 * @data: the frame
 * @len: its bytes
 *
 * Context: the queue's lock, BH off.
 * Return: 0, -EBUSY when there is no room now, -E2BIG when it fits no section.
 */
int netvsc_tx_frame(struct netvsc_channel *ch, const void *data, u32 len)
{
	struct netvsc_session *s = ch->session;
	struct netvsc_tx_msg *msg = &ch->tx.msg;
	const struct rndis_tx_meta meta = { .data_len = len };
	u32 head = rndis_packet_header_size(&meta);
	u32 size = padded(s, head + len);
	struct netvsc_tx_slot *slot;
	void *at;
	int ret;

	if (!section_fits(s, 0, size))
		return -E2BIG;
	if (msg->state != NETVSC_TX_EMPTY)
		netvsc_tx_submit(ch);
	if (msg->state != NETVSC_TX_EMPTY)
		return -EBUSY;
	ret = begin(ch, size);
	if (ret)
		return ret;
	slot = &ch->tx.slots[msg->slot];
	if (slot->section == NETVSC_NO_SECTION) {
		netvsc_tx_drop(ch);
		return -EBUSY;
	}
	at = section_end(ch, slot);
	rndis_build_packet(at, &meta, size - head - len);
	memcpy(at + head, data, len);
	memset(at + head + len, 0, size - head - len);
	msg->section_used = size;
	slot->packets = 1;
	slot->bytes = len;
	netvsc_tx_submit(ch);
	return 0;
}
