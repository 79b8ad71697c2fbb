// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: which flows take which channel: the host's table for those that are sent, the table and
 * the key that ethtool -X sets for those that are received, what ethtool -N hashes.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define OID_RSS		0x00010204
#define ENTRIES		64

static void four_queues(struct fake_host *host)
{
	host->queues = 4;
	host->table = ENTRIES;
}

static int flows_init(struct kunit *test)
{
	return traffic_start(test, four_queues);
}

/* ---- sent ---- */

/* The host's table, of which entry n is @first + @step * n. */
static void send_table(struct traffic *t, u32 first, u32 step)
{
	u32 words[3 + 7 + 16] = { 134, 16, 40 }, i;

	for (i = 0; i < 16; i++)
		words[10 + i] = first + step * i;
	fake_packet(t->ch, VM_PKT_DATA_INBAND, 0, NULL, 0, words, sizeof(words));
	fake_kick(t->ch);
}

static u16 queue_of(struct traffic *t, struct sk_buff *skb)
{
	u16 queue;

	local_bh_disable();
	queue = t->net->netdev_ops->ndo_select_queue(t->net, skb, NULL);
	local_bh_enable();
	return queue;
}

/* An UDP packet, with its ports. */
static struct sk_buff *flow(struct kunit *test, struct traffic *t, bool ip6, u8 protocol,
			    u16 port)
{
	struct sk_buff *skb = ip6 ? traffic_ip6(test, t, protocol, 94) :
				    traffic_ip4(test, t, protocol, 94);
	u8 *at = skb->data + (ip6 ? 54 : 34);

	put_unaligned_be16(port, at);
	put_unaligned_be16(53, at + 2);
	if (protocol == IPPROTO_TCP)
		at[12] = 0x50;
	return skb;
}

/* The queues that flows which differ in their port alone take. */
static u32 queues_of(struct kunit *test, struct traffic *t, bool ip6, u8 protocol)
{
	u32 seen = 0, port;

	for (port = 1; port <= 64; port++) {
		struct sk_buff *skb = flow(test, t, ip6, protocol, port);

		seen |= 1 << queue_of(t, skb);
		kfree_skb(skb);
	}
	return seen;
}

static void flows_by_the_hosts_table(struct kunit *test)
{
	static const u32 first[] = { 2, 3, 0, 7, 0xffffffff };
	struct traffic *t = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		send_table(t, first[i], 0);
		KUNIT_ASSERT_TRUE(test, fake_wait(t->a->tx_table[15] == first[i]));
		/* What is beyond our channels is brought down to them. */
		KUNIT_EXPECT_EQ_MSG(test, queues_of(test, t, false, IPPROTO_UDP),
				    1u << first[i] % 4, "%u", first[i]);
	}
	send_table(t, 0, 1);
	KUNIT_ASSERT_TRUE(test, fake_wait(t->a->tx_table[15] == 15));
	KUNIT_EXPECT_EQ(test, queues_of(test, t, false, IPPROTO_TCP), 0xfu);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_packet, 0ul);
}

/* A hash with the ports that a frame has already is taken; one that is made stays with it. */
static void flows_with_a_hash(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sk_buff *skb = traffic_skb(test, t, 60);
	u16 queue;

	send_table(t, 0, 1);
	KUNIT_ASSERT_TRUE(test, fake_wait(t->a->tx_table[15] == 15));
	/* entry 5 of the table, on four queues; no dissector knows this frame */
	skb_set_hash(skb, 21, PKT_HASH_TYPE_L4);
	KUNIT_EXPECT_EQ(test, queue_of(t, skb), 1);
	/* Without the ports of UDP it says too much. */
	t->a->l4_hash &= ~NETVSC_L4_UDP4;
	KUNIT_EXPECT_EQ(test, queue_of(t, skb), 0);
	t->a->l4_hash |= NETVSC_L4_UDP4;
	kfree_skb(skb);

	skb = flow(test, t, false, IPPROTO_UDP, 7);
	queue = queue_of(t, skb);
	KUNIT_EXPECT_TRUE(test, skb->sw_hash && skb->l4_hash);
	KUNIT_EXPECT_EQ(test, queue, skb_get_hash_raw(skb) % 16 % 4);
	KUNIT_EXPECT_EQ(test, queue_of(t, skb), queue);
	kfree_skb(skb);
}

static void flows_bad_tables(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 words[3], bytes;
	} cases[] = {
		{ "cut short", { 134, 16, 40 }, 96 },
		{ "15 entries", { 134, 15, 40 }, 104 },
		{ "past the end", { 134, 16, 48 }, 104 },
		{ "an offset that wraps", { 134, 16, 0xffffffe0 }, 104 },
		{ "no word", { }, 0 },
		{ "a type alone", { 134 }, 8 },
		{ "a VF's serial is missing", { 128, 1 }, 8 },
	};
	struct traffic *t = test->priv;
	u32 words[26], i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < 26; j++)
			words[j] = 3;
		memcpy(words, cases[i].words, 12);
		fake_packet(t->ch, VM_PKT_DATA_INBAND, 0, NULL, 0, words, cases[i].bytes);
		fake_kick(t->ch);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->a->counters.host_bad_packet == i + 1),
				      "%s", cases[i].what);
		for (j = 0; j < 16; j++)
			KUNIT_EXPECT_EQ_MSG(test, t->a->tx_table[j], j % 4, "%s", cases[i].what);
	}
	/* Messages that are not for us, or of later versions, are no error. */
	words[0] = 130;
	fake_packet(t->ch, VM_PKT_DATA_INBAND, 0, NULL, 0, words, 40);
	words[0] = 999;
	fake_packet(t->ch, VM_PKT_DATA_INBAND, 0, NULL, 0, words, 40);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(!hv_get_bytes_to_read(&t->ch->vmbus.inbound)));
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_packet, (unsigned long)i);
}

/* With and without the ports, by ethtool -N. */
static void flows_hash_ports_or_not(struct kunit *test)
{
	static const struct {
		u32 flow;
		bool ip6;
		u8 protocol;
	} cases[] = {
		{ TCP_V4_FLOW, false, IPPROTO_TCP }, { UDP_V4_FLOW, false, IPPROTO_UDP },
		{ TCP_V6_FLOW, true, IPPROTO_TCP }, { UDP_V6_FLOW, true, IPPROTO_UDP },
	};
	struct traffic *t = test->priv;
	u32 i, on;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (on = 0; on < 2; on++) {
			u64 got, set = RXH_IP_SRC | RXH_IP_DST |
				       (on ? RXH_L4_B_0_1 | RXH_L4_B_2_3 : 0);
			u32 flow = cases[i].flow, queues;

			rtnl_lock();
			KUNIT_EXPECT_EQ(test, traffic_set_rxfh_fields(t->net, flow, set), 0);
			KUNIT_EXPECT_EQ(test, traffic_get_rxfh_fields(t->net, flow, &got), 0);
			rtnl_unlock();
			KUNIT_EXPECT_EQ(test, got, set);
			queues = queues_of(test, t, cases[i].ip6, cases[i].protocol);
			if (on)
				KUNIT_EXPECT_EQ_MSG(test, queues, 0xfu, "%u", i);
			else
				KUNIT_EXPECT_EQ_MSG(test, hweight32(queues), 1u, "%u", i);
		}
	}
}

static void flows_rxnfc(struct kunit *test)
{
	static const struct {
		u32 flow;
		u64 data;
	} get[] = {
		{ IPV4_FLOW, RXH_IP_SRC | RXH_IP_DST }, { IPV6_FLOW, RXH_IP_SRC | RXH_IP_DST },
		{ SCTP_V4_FLOW, 0 }, { ETHER_FLOW, 0 },
	}, bad[] = {
		{ TCP_V4_FLOW, RXH_IP_SRC }, { TCP_V4_FLOW, 0 }, { UDP_V6_FLOW, RXH_L4_B_0_1 },
		{ IPV4_FLOW, RXH_IP_SRC | RXH_IP_DST }, { SCTP_V4_FLOW, RXH_IP_SRC | RXH_IP_DST },
	};
	struct traffic *t = test->priv;
	const struct ethtool_ops *ops = t->net->ethtool_ops;
	struct ethtool_rxnfc info = { .cmd = ETHTOOL_GRXRINGS };
	u64 fields;
	u32 i;

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ops->get_rxnfc(t->net, &info, NULL), 0);
	KUNIT_EXPECT_EQ(test, info.data, 4ull);
	info.cmd = ETHTOOL_GRXCLSRLCNT;
	KUNIT_EXPECT_EQ(test, ops->get_rxnfc(t->net, &info, NULL), -EOPNOTSUPP);
	if (ops->set_rxnfc)
		KUNIT_EXPECT_EQ(test, ops->set_rxnfc(t->net, &info), -EOPNOTSUPP);
	for (i = 0; i < ARRAY_SIZE(get); i++) {
		KUNIT_EXPECT_EQ(test, traffic_get_rxfh_fields(t->net, get[i].flow, &fields), 0);
		KUNIT_EXPECT_EQ_MSG(test, fields, get[i].data, "%u", i);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, traffic_set_rxfh_fields(t->net, bad[i].flow, bad[i].data),
				    -EOPNOTSUPP, "%u", i);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, t->a->l4_hash, 0xfu);
}

/* What is no IP has the first entry; what came in on a queue goes out on it. */
static void flows_others(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sk_buff *skb = traffic_skb(test, t, 60);
	u32 i;

	send_table(t, 3, 1);
	KUNIT_ASSERT_TRUE(test, fake_wait(t->a->tx_table[15] == 18));
	KUNIT_EXPECT_EQ(test, queue_of(t, skb), 3);
	for (i = 0; i < 9; i++) {
		skb_record_rx_queue(skb, i);
		KUNIT_EXPECT_EQ(test, queue_of(t, skb), i % 4);
	}
	kfree_skb(skb);
	/* IP of other kinds goes by its addresses. */
	KUNIT_EXPECT_EQ(test, hweight32(queues_of(test, t, false, IPPROTO_SCTP)), 1u);
	KUNIT_EXPECT_EQ(test, hweight32(queues_of(test, t, true, IPPROTO_SCTP)), 1u);
}

/* ---- received ---- */

static int set_rxfh(struct traffic *t, u32 *table, u8 *key, u8 hfunc)
{
	int ret;

	rtnl_lock();
	ret = traffic_set_rxfh(t->net, table, key, hfunc);
	rtnl_unlock();
	return ret;
}

static void flows_rss(struct kunit *test)
{
	/* of Microsoft's specification of RSS: its first bytes and its last */
	static const u8 first[] = { 0x6d, 0x5a, 0x56, 0xda }, last[] = { 0xbe, 0xac, 0x01, 0xfa };
	struct traffic *t = test->priv;
	const struct ethtool_ops *ops = t->net->ethtool_ops;
	const struct fake_object *rss = fake_host_set(t->host, OID_RSS);
	u32 table[ENTRIES], got[ENTRIES], count, i;
	u8 key[40], old[40], hfunc = 0;

	KUNIT_ASSERT_NOT_NULL(test, rss);
	KUNIT_EXPECT_EQ(test, ops->get_rxfh_key_size(t->net), 40u);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ops->get_rxfh_indir_size(t->net), (u32)ENTRIES);
	KUNIT_EXPECT_EQ(test, traffic_get_rxfh(t->net, got, old, &hfunc), 0);
	KUNIT_EXPECT_EQ(test, traffic_get_rxfh(t->net, NULL, NULL, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, hfunc, ETH_RSS_HASH_TOP);
	KUNIT_EXPECT_EQ(test, memcmp(old, first, 4), 0);
	KUNIT_EXPECT_EQ(test, memcmp(old + 36, last, 4), 0);
	KUNIT_EXPECT_EQ(test, got[5], 1u);

	/* A table and a key, at once and alone. */
	for (i = 0; i < ENTRIES; i++)
		table[i] = 3 - i % 4;
	for (i = 0; i < 40; i++)
		key[i] = i;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, key, ETH_RSS_HASH_TOP), 0);
	for (i = 0; i < ENTRIES; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(rss->data + 40 + 4 * i), 3 - i % 4);
	KUNIT_EXPECT_EQ(test, memcmp(rss->data + 40 + 4 * ENTRIES, key, 40), 0);
	key[0] = 99;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, NULL, key, ETH_RSS_HASH_NO_CHANGE), 0);
	KUNIT_EXPECT_EQ(test, rss->data[40 + 4 * ENTRIES], 99);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(rss->data + 40), 3u);
	table[0] = 0;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, NULL, ETH_RSS_HASH_NO_CHANGE), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(rss->data + 40), 0u);
	KUNIT_EXPECT_EQ(test, rss->data[40 + 4 * ENTRIES], 99);

	/* What cannot be does not reach the host. */
	count = rss->count;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, NULL, NULL, ETH_RSS_HASH_NO_CHANGE), 0);
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, NULL, ETH_RSS_HASH_XOR), -EOPNOTSUPP);
	table[ENTRIES - 1] = 4;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, key, ETH_RSS_HASH_TOP), -EINVAL);
	KUNIT_EXPECT_EQ(test, rss->count, count);

	/* What the host refuses is not there afterwards. */
	table[ENTRIES - 1] = 2;
	key[0] = 1;
	t->host->refuse = OID_RSS;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, key, ETH_RSS_HASH_TOP), -EIO);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, traffic_get_rxfh(t->net, got, old, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, got[ENTRIES - 1], 0u);
	KUNIT_EXPECT_EQ(test, old[0], 99);
}

/* A table that somebody chose outlives a change of the channels, as far as it can. */
static void flows_keep_the_table(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct ethtool_channels two = { .combined_count = 2 };
	u32 table[ENTRIES], i;

	for (i = 0; i < ENTRIES; i++)
		table[i] = 3;
	KUNIT_EXPECT_EQ(test, set_rxfh(t, table, NULL, ETH_RSS_HASH_TOP), 0);
	/* as ethtool's core does */
	t->net->priv_flags |= IFF_RXFH_CONFIGURED;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, t->net->ethtool_ops->set_channels(t->net, &two), 0);
	rtnl_unlock();
	for (i = 0; i < ENTRIES; i++)
		KUNIT_EXPECT_EQ(test, t->a->rx_table[i], 1);
}

static void flows_without_rss(struct kunit *test)
{
	struct fake_host *host = fake_host_new(test);
	struct net_device *net;
	u32 table[1] = { };
	u8 key[40] = { };

	KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
	net = fake_host_adapter(host)->net;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, net->ethtool_ops->get_rxfh_indir_size(net), 0u);
	KUNIT_EXPECT_EQ(test, traffic_set_rxfh(net, table, key, ETH_RSS_HASH_TOP), -EOPNOTSUPP);
	rtnl_unlock();
	fake_host_remove(host);
	fake_host_free(host);
}

static struct kunit_case flows_cases[] = {
	KUNIT_CASE(flows_by_the_hosts_table),
	KUNIT_CASE(flows_with_a_hash),
	KUNIT_CASE(flows_bad_tables),
	KUNIT_CASE(flows_hash_ports_or_not),
	KUNIT_CASE(flows_rxnfc),
	KUNIT_CASE(flows_others),
	KUNIT_CASE(flows_rss),
	KUNIT_CASE(flows_keep_the_table),
	KUNIT_CASE(flows_without_rss),
	{ }
};

struct kunit_suite flows_suite = {
	.name = "hv-netvsc-flows",
	.init = flows_init,
	.exit = traffic_exit,
	.test_cases = flows_cases,
};
