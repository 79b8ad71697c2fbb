// SPDX-License-Identifier: GPL-2.0
/*
 * The device that the suites about frames share: bringing it up and down, the tap, frames as a
 * host sends them and frames as the stack does.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "traffic.h"

atomic_t traffic_freed;
const u32 sent_ok[] = { 108, 1 }, sent_badly[] = { 108, 2 };

static int tap(struct sk_buff *skb, struct net_device *net, struct packet_type *pt,
	       struct net_device *orig)
{
	struct traffic *t = container_of(pt, struct traffic, tap);
	struct got *got = &t->got[t->count % MOST];

	if (skb->pkt_type != PACKET_OUTGOING) {
		got->len = skb->len;
		got->hash = skb->hash;
		got->vlan = skb_vlan_tag_present(skb);
		got->tci = skb->vlan_tci;
		got->ip_summed = skb->ip_summed;
		got->type = skb->pkt_type;
		got->queue = skb_get_rx_queue(skb);
		if (skb_headlen(skb) >= 20)
			got->ip_check = get_unaligned_be16(skb->data + 10);
		skb_copy_bits(skb, skb->len - 1, &got->last, 1);
		/* Whoever sees the count sees the frame. */
		smp_store_release(&t->count, t->count + 1);
	}
	kfree_skb(skb);
	return 0;
}

/**
 * traffic_start() - a suite's init: a device that is up
 * @test: the test, whose priv it sets
 * @setup: changes the host before the driver sees it, or NULL
 *
 * Return: 0 or a negative error; traffic_exit() is due either way.
 */
int traffic_start(struct kunit *test, void (*setup)(struct fake_host *host))
{
	struct traffic *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, t);
	ret = fake_driver_load();
	if (ret)
		return ret;
	t->host = fake_host_new(test);
	t->ch = &t->host->channel[0];
	test->priv = t;
	atomic_set(&traffic_freed, 0);
	if (setup)
		setup(t->host);
	ret = fake_host_probe(t->host);
	if (ret)
		return ret;
	t->up = true;
	t->a = fake_host_adapter(t->host);
	t->s = fake_host_session(t->host);
	t->net = t->a->net;
	t->tap.type = htons(ETH_P_ALL);
	t->tap.dev = t->net;
	t->tap.func = tap;
	dev_add_pack(&t->tap);
	flush_work(&t->s->subchannel_work);
	ret = fake_host_up(t->host);
	traffic_settle(t);
	return ret;
}

/** traffic_four_queues() - a setup for traffic_start(): a host with four channels for the device. */
void traffic_four_queues(struct fake_host *host)
{
	host->queues = 4;
}

/**
 * traffic_settle() - wait until all that came in is given back, and count anew
 * @t: the device
 */
void traffic_settle(struct traffic *t)
{
	fake_wait(!hv_get_bytes_to_read(&t->ch->vmbus.inbound) &&
		  netvsc_rx_idle(t->s->channel[0]));
	fake_read(t->host);
	t->host->acks = 0;
	t->host->bad_acks = 0;
}

/**
 * traffic_end() - remove the device
 * @t: what traffic_start() made
 */
void traffic_end(struct traffic *t)
{
	if (!t->up)
		return;
	t->up = false;
	dev_remove_pack(&t->tap);
	fake_host_remove(t->host);
}

/**
 * traffic_exit() - a suite's exit
 * @test: the test
 */
void traffic_exit(struct kunit *test)
{
	struct traffic *t = test->priv;

	if (!t)
		return;
	t->host->hold = false;
	fake_read(t->host);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->open, 0u);
	KUNIT_EXPECT_EQ(test, t->host->gpadls, 0u);
	KUNIT_EXPECT_EQ(test, t->host->tampered, 0u);
	fake_host_free(t->host);
	fake_driver_unload();
}

/**
 * traffic_set_mtu() - change the MTU, which begins a new session
 * @t: the device
 * @mtu: the new one
 *
 * Return: what the network stack says.
 */
int traffic_set_mtu(struct traffic *t, int mtu)
{
	int ret;

	rtnl_lock();
	ret = dev_set_mtu(t->net, mtu);
	rtnl_unlock();
	t->s = fake_host_session(t->host);
	return ret;
}

/**
 * traffic_get_rxfh() - what ethtool -x asks for
 * @net: the interface
 * @table: room for the flows' table, or NULL
 * @key: room for 40 bytes of the hash key, or NULL
 * @hfunc: the hash function, or NULL
 *
 * Context: RTNL.
 * Return: what the driver says.
 */
int traffic_get_rxfh(struct net_device *net, u32 *table, u8 *key, u8 *hfunc)
{
#ifdef HVIC_HAVE_ETHTOOL_RXFH_PARAM
	struct ethtool_rxfh_param param = { .indir = table, .key = key };
	int ret = net->ethtool_ops->get_rxfh(net, &param);

	if (hfunc)
		*hfunc = param.hfunc;
	return ret;
#else
	return net->ethtool_ops->get_rxfh(net, table, key, hfunc);
#endif
}

/**
 * traffic_set_rxfh() - what ethtool -X does
 * @net: the interface
 * @table: the flows' table, or NULL
 * @key: 40 bytes of the hash key, or NULL
 * @hfunc: ETH_RSS_HASH_*
 *
 * Context: RTNL.
 * Return: what the driver says.
 */
int traffic_set_rxfh(struct net_device *net, u32 *table, u8 *key, u8 hfunc)
{
#ifdef HVIC_HAVE_ETHTOOL_RXFH_PARAM
	struct ethtool_rxfh_param param = { .indir = table, .key = key, .hfunc = hfunc };

	return net->ethtool_ops->set_rxfh(net, &param, NULL);
#else
	return net->ethtool_ops->set_rxfh(net, table, key, hfunc);
#endif
}

/**
 * traffic_get_rxfh_fields() - what ethtool -n rx-flow-hash asks for
 * @net: the interface
 * @flow: *_FLOW
 * @fields: then RXH_*
 *
 * Context: RTNL.
 * Return: what the driver says.
 */
int traffic_get_rxfh_fields(struct net_device *net, u32 flow, u64 *fields)
{
#ifdef HVIC_HAVE_ETHTOOL_RXFH_FIELDS
	struct ethtool_rxfh_fields info = { .flow_type = flow };
	int ret = net->ethtool_ops->get_rxfh_fields(net, &info);
#else
	struct ethtool_rxnfc info = { .cmd = ETHTOOL_GRXFH, .flow_type = flow };
	int ret = net->ethtool_ops->get_rxnfc(net, &info, NULL);
#endif

	*fields = info.data;
	return ret;
}

/**
 * traffic_set_rxfh_fields() - what ethtool -N rx-flow-hash does
 * @net: the interface
 * @flow: *_FLOW
 * @fields: RXH_*
 *
 * Context: RTNL.
 * Return: what the driver says.
 */
int traffic_set_rxfh_fields(struct net_device *net, u32 flow, u64 fields)
{
#ifdef HVIC_HAVE_ETHTOOL_RXFH_FIELDS
	struct ethtool_rxfh_fields info = { .flow_type = flow, .data = fields };

	return net->ethtool_ops->set_rxfh_fields(net, &info, NULL);
#else
	struct ethtool_rxnfc info = { .cmd = ETHTOOL_SRXFH, .flow_type = flow, .data = fields };

	return net->ethtool_ops->set_rxnfc(net, &info);
#endif
}

/**
 * traffic_frame() - a frame's RNDIS message
 * @words: room for it
 * @infos: per-packet infos
 * @info_words: their words
 * @len: bytes of the frame
 * @last: the last of them
 *
 * Return: the message's words.
 */
u32 traffic_frame(u32 *words, const u32 *infos, u32 info_words, u32 len, u8 last)
{
	static const u8 ethernet[] = {
		0x00, 0x15, 0x5d, 1, 2, 3, 0x00, 0x15, 0x5d, 10, 11, 12, 0x88, 0xb5,
	};
	u8 *data = (u8 *)(words + 11 + info_words);
	u32 n = 11 + info_words + DIV_ROUND_UP(len, 4);

	memset(words, 0, 4 * n);
	words[0] = 1;
	words[1] = 4 * n;
	words[2] = 36 + 4 * info_words;
	words[3] = len;
	words[7] = info_words ? 36 : 0;
	words[8] = 4 * info_words;
	memcpy(words + 11, infos, 4 * info_words);
	memcpy(data, ethernet, min_t(u32, len, sizeof(ethernet)));
	if (len)
		data[len - 1] = last;
	return n;
}

/**
 * traffic_receive() - frames of 60 bytes come in, one a packet, and the stack has got them
 * @test: the test, which ends when it does not
 * @channel: that they come on
 * @frames: how many
 */
void traffic_receive(struct kunit *test, u32 channel, u32 frames)
{
	struct traffic *t = test->priv;
	u32 before = t->count, i;

	for (i = 0; i < frames; i++)
		fake_rndis(&t->host->channel[channel], t->words,
			   traffic_frame(t->words, NULL, 0, 60, i));
	KUNIT_ASSERT_TRUE(test, fake_wait(smp_load_acquire(&t->count) == before + frames));
}

/**
 * traffic_acked() - has all that came in been given back?
 * @t: the device
 * @acks: how many packets
 * @bad: how many of them with a failure
 */
bool traffic_acked(struct traffic *t, u32 acks, u32 bad)
{
	return fake_wait((fake_read(t->host), t->host->acks >= acks)) &&
	       t->host->acks == acks && t->host->bad_acks == bad;
}

static void count_freed(struct sk_buff *skb)
{
	atomic_inc(&traffic_freed);
}

/**
 * traffic_skb() - a frame to send, of which byte n is 7 * n
 * @test: the test
 * @t: the device
 * @len: its bytes
 */
struct sk_buff *traffic_skb(struct kunit *test, struct traffic *t, u32 len)
{
	struct sk_buff *skb = alloc_skb(len + NET_SKB_PAD, GFP_KERNEL);
	u32 i;
	u8 *at;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NET_SKB_PAD);
	at = skb_put(skb, len);
	for (i = 0; i < len; i++)
		at[i] = i * 7;
	if (len >= ETH_HLEN)
		put_unaligned_be16(ETHERTYPE, at + 12);
	skb->protocol = htons(ETHERTYPE);
	skb->dev = t->net;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->destructor = count_freed;
	return skb;
}

/* Leaves the L4 checksum to the device. */
static void want_csum(struct sk_buff *skb, u8 protocol, u32 at)
{
	skb_set_transport_header(skb, at);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + at;
	skb->csum_offset = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
}

/**
 * traffic_ip4() - an IPv4 packet from 10.0.0.1 to 10.0.0.2, its L4 header at 34
 * @test: the test
 * @t: the device
 * @protocol: IPPROTO_*
 * @len: bytes of the frame
 */
struct sk_buff *traffic_ip4(struct kunit *test, struct traffic *t, u8 protocol, u32 len)
{
	struct sk_buff *skb = traffic_skb(test, t, len);
	struct iphdr *ip = (struct iphdr *)(skb->data + 14);

	memset(ip, 0, 40);
	put_unaligned_be16(ETH_P_IP, skb->data + 12);
	skb->protocol = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->protocol = protocol;
	ip->tot_len = htons(len - 14);
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a000002);
	want_csum(skb, protocol, 34);
	return skb;
}

/**
 * traffic_ip6() - an IPv6 packet from fd00::1 to fd00::2, its L4 header at 54
 * @test: the test
 * @t: the device
 * @protocol: IPPROTO_*
 * @len: bytes of the frame
 */
struct sk_buff *traffic_ip6(struct kunit *test, struct traffic *t, u8 protocol, u32 len)
{
	struct sk_buff *skb = traffic_skb(test, t, len);
	struct ipv6hdr *ip = (struct ipv6hdr *)(skb->data + 14);

	memset(ip, 0, 60);
	put_unaligned_be16(ETH_P_IPV6, skb->data + 12);
	skb->protocol = htons(ETH_P_IPV6);
	ip->version = 6;
	ip->nexthdr = protocol;
	ip->payload_len = htons(len - 54);
	ip->saddr.s6_addr[0] = 0xfd;
	ip->saddr.s6_addr[15] = 1;
	ip->daddr.s6_addr[0] = 0xfd;
	ip->daddr.s6_addr[15] = 2;
	want_csum(skb, protocol, 54);
	return skb;
}

/**
 * traffic_send() - hand a frame to the driver, on the queue that it names
 * @t: the device
 * @skb: the frame
 * @more: whether another one follows at once
 *
 * Return: what the driver says.
 */
netdev_tx_t traffic_send(struct traffic *t, struct sk_buff *skb, bool more)
{
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, skb_get_queue_mapping(skb));
	netdev_tx_t ret;

	local_bh_disable();
	__netif_tx_lock(txq, smp_processor_id());
	ret = netdev_start_xmit(skb, t->net, txq, more);
	__netif_tx_unlock(txq);
	local_bh_enable();
	return ret;
}
