// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: subchannels that a host grants, offers, or does not; how many there are by ethtool -L;
 * frames that take them.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define OID_RSS		0x00010204

static void four_queues(struct fake_host *host)
{
	host->queues = 4;
	host->table = 64;
}

static int channels_init(struct kunit *test)
{
	return traffic_start(test, four_queues);
}

/* The poll loop of each queue, which netlink tells user space. */
static void channels_of_queues(struct kunit *test)
{
#ifdef HVIC_HAVE_QUEUE_SET_NAPI
	struct traffic *t = test->priv;
	struct netvsc_config config;
	u32 i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, t->net->_tx[i].napi, &t->s->channel[i]->napi);
	rtnl_lock();
	netvsc_config_now(t->s, &config);
	config.channels = 2;
	KUNIT_EXPECT_EQ(test, netvsc_reconfigure(t->a, t->s, &config, t->net->mtu), 0);
	t->s = fake_host_session(t->host);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, t->net->_tx[i].napi,
				    i < 2 ? &t->s->channel[i]->napi : NULL);
	rtnl_unlock();
#else
	kunit_skip(test, "this kernel does not tell");
#endif
}

static void channels_open(struct kunit *test)
{
	struct traffic *t = test->priv;
	const struct fake_object *rss = fake_host_set(t->host, OID_RSS);
	u32 i;

	KUNIT_EXPECT_EQ(test, t->host->nvsp[133], 1u);
	KUNIT_EXPECT_EQ(test, t->host->open, 4u);
	KUNIT_EXPECT_EQ(test, t->net->real_num_tx_queues, 4u);
	KUNIT_EXPECT_EQ(test, t->net->real_num_rx_queues, 4u);
	/* Flows are spread over the table's entries in turn: set with RSS off, then on. */
	KUNIT_ASSERT_NOT_NULL(test, rss);
	KUNIT_EXPECT_EQ(test, rss->count, 2u);
	KUNIT_EXPECT_EQ(test, rss->len, 40u + 4 * 64 + 40);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(rss->data + 4), 0);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(rss->data + 40 + 4 * i), i % 4);
	/* And sent ones likewise, until the host has a table of its own. */
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, t->a->tx_table[i], i % 4);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->open, 0u);
}

/* ---- hosts that do not keep to it ---- */

static bool refuse(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 no[] = { 133, 2, 0 };

	if (msg[0] == 133)
		fake_complete(host->channel, id, no, 3);
	return msg[0] == 133;
}

static bool grant_too_many(struct fake_host *host, const u32 *msg, u64 id)
{
	const u32 more[] = { 133, 1, msg[2] + 1 };

	if (msg[0] == 133)
		fake_complete(host->channel, id, more, 3);
	return msg[0] == 133;
}

static bool be_silent(struct fake_host *host, const u32 *msg, u64 id)
{
	return msg[0] == 133;
}

static bool go_away(struct fake_host *host, const u32 *msg, u64 id)
{
	const u32 yes[] = { 133, 1, msg[2] };

	if (msg[0] != 133)
		return false;
	fake_complete(host->channel, id, yes, 3);
	host->channel[0].vmbus.rescind = true;
	return true;
}

/* Offers of indices that were not asked for, and of one twice. */
static bool offer_others(struct fake_host *host, const u32 *msg, u64 id)
{
	if (msg[0] == 133) {
		host->channel[1].vmbus.offermsg.offer.sub_channel_index = 4;
		host->channel[2].vmbus.offermsg.offer.sub_channel_index = 0;
		host->channel[3].vmbus.offermsg.offer.sub_channel_index = 0xffff;
	}
	return false;
}

static bool offer_twice(struct fake_host *host, const u32 *msg, u64 id)
{
	if (msg[0] == 133)
		host->channel[2].vmbus.offermsg.offer.sub_channel_index = 1;
	return false;
}

static void channels_fewer(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 grants, offers;
		int no_open;		/* of this one */
		bool (*on_nvsp)(struct fake_host *host, const u32 *msg, u64 id);
		u32 channels;
	} cases[] = {
		{ "fewer", 1, 3, 0, NULL, 2 },
		{ "none", 0, 3, 0, NULL, 1 },
		{ "a part of what is granted", 3, 2, 0, NULL, 3 },
		{ "none of it", 3, 0, 0, NULL, 1 },
		{ "one that does not open", 3, 3, 2, NULL, 2 },
		{ "a refusal", 3, 3, 0, refuse, 1 },
		{ "more than there may be", 3, 3, 0, grant_too_many, 1 },
		{ "silence", 3, 3, 0, be_silent, 1 },
		{ "others", 3, 3, 0, offer_others, 1 },
		{ "one twice", 3, 3, 0, offer_twice, 2 },
		{ "the end", 3, 3, 0, go_away, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct net_device *net;

		four_queues(host);
		host->grants = cases[i].grants;
		host->offers = cases[i].offers;
		host->on_nvsp = cases[i].on_nvsp;
		if (cases[i].no_open)
			host->open_error[cases[i].no_open] = -ENOMEM;
		/* There is a network all the same. */
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host), 0, "%s", cases[i].what);
		net = fake_host_adapter(host)->net;
		flush_work(&fake_host_session(host)->subchannel_work);
		KUNIT_EXPECT_EQ_MSG(test, fake_host_session(host)->num_channels, cases[i].channels,
				    "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, net->real_num_tx_queues, cases[i].channels, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, net->real_num_rx_queues, cases[i].channels, "%s",
				    cases[i].what);
		fake_host_remove(host);
		KUNIT_EXPECT_EQ_MSG(test, host->open, 0u, "%s", cases[i].what);
		fake_host_free(host);
	}
}

/* Who comes when nobody asks finds the gate closed, whether there is a device or not. */
static void channels_unasked(struct kunit *test)
{
	struct traffic *t = test->priv;

	netvsc_subchannel_offered(&t->host->channel[1].vmbus);
	KUNIT_EXPECT_EQ(test, t->host->open, 4u);
	traffic_end(t);
	netvsc_subchannel_offered(&t->host->channel[1].vmbus);
	KUNIT_EXPECT_EQ(test, t->host->open, 0u);
}

/* Sixteen to start with, or what the kernel likes on machines with many processors. */
static void channels_default(struct kunit *test)
{
	struct netvsc_config config;

	netvsc_config_now(NULL, &config);
	KUNIT_EXPECT_EQ(test, config.channels,
			clamp(netif_get_num_default_rss_queues(), 16, NETVSC_MAX_CHANNELS));
}

/* Two queues at most, says the host's RSS; or it has none; or its protocol does not. */
static void channels_limits(struct kunit *test)
{
	static const struct {
		u32 version, queues, table;
		u32 channels, entries;
	} cases[] = {
		{ 0x60001, 0, 128, 1, 0 },
		{ 0x60001, 1, 128, 1, 0 },
		{ 0x60001, 2, 256, 2, 256 },
		{ 0x60001, 3, 257, 3, 128 },
		{ 0x60001, 2, 0, 2, 128 },
		{ 0x60001, 64, 16, 4, 16 },	/* as many as there are processors */
		{ 0x50000, 2, 128, 2, 128 },
		{ 0x40000, 4, 128, 1, 0 },
	};
	struct ethtool_channels channels;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct net_device *net;

		host->newest = cases[i].version;
		host->queues = cases[i].queues;
		host->table = cases[i].table;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
		net = fake_host_adapter(host)->net;
		flush_work(&fake_host_session(host)->subchannel_work);
		memset(&channels, 0, sizeof(channels));
		rtnl_lock();
		net->ethtool_ops->get_channels(net, &channels);
		KUNIT_EXPECT_EQ_MSG(test, net->ethtool_ops->get_rxfh_indir_size(net),
				    cases[i].entries, "%u", i);
		rtnl_unlock();
		KUNIT_EXPECT_EQ_MSG(test, channels.max_combined, cases[i].channels, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, channels.combined_count, cases[i].channels, "%u", i);
		fake_host_remove(host);
		fake_host_free(host);
	}
}

static int set_channels(struct traffic *t, struct ethtool_channels channels)
{
	int ret;

	rtnl_lock();
	ret = t->net->ethtool_ops->set_channels(t->net, &channels);
	rtnl_unlock();
	t->s = fake_host_session(t->host);
	return ret;
}

static void channels_by_ethtool(struct kunit *test)
{
	static const struct {
		struct ethtool_channels want;
		int ret;
		u32 channels;
	} cases[] = {
		{ { .combined_count = 2 }, 0, 2 },
		{ { .combined_count = 2 }, 0, 2 },
		{ { .combined_count = 0 }, -EINVAL, 2 },
		{ { .combined_count = 5 }, -EINVAL, 2 },
		{ { .combined_count = 3, .rx_count = 1 }, -EINVAL, 2 },
		{ { .combined_count = 3, .tx_count = 1 }, -EINVAL, 2 },
		{ { .combined_count = 3, .other_count = 1 }, -EINVAL, 2 },
		{ { .combined_count = 1 }, 0, 1 },
		{ { .combined_count = 4 }, 0, 4 },
	};
	struct traffic *t = test->priv;
	u32 i, j, sessions = 1;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 before = t->net->real_num_tx_queues;

		KUNIT_EXPECT_EQ_MSG(test, set_channels(t, cases[i].want), cases[i].ret, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, t->net->real_num_tx_queues, cases[i].channels, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, t->host->open, cases[i].channels, "%u", i);
		/* What is there already needs no new session. */
		sessions += before != cases[i].channels;
		KUNIT_EXPECT_EQ_MSG(test, t->host->nvsp[100], sessions, "%u", i);
		for (j = 0; j < t->a->rx_table_size; j++)
			KUNIT_EXPECT_EQ_MSG(test, t->a->rx_table[j], j % cases[i].channels,
					    "%u: %u", i, j);
		KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
		KUNIT_EXPECT_TRUE(test, netif_device_present(t->net));
	}

	/* A host that grants fewer by now. */
	t->host->grants = 1;
	KUNIT_EXPECT_EQ(test, set_channels(t, (struct ethtool_channels){ .combined_count = 3 }), 0);
	KUNIT_EXPECT_EQ(test, t->net->real_num_tx_queues, 2u);
}

static void channels_of_old_hosts(struct kunit *test)
{
	struct fake_host *host = fake_host_new(test);
	struct ethtool_channels one = { .combined_count = 1 };
	struct net_device *net;

	host->newest = 0x40000;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
	net = fake_host_adapter(host)->net;
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, net->ethtool_ops->set_channels(net, &one), -EINVAL);
	rtnl_unlock();
	fake_host_remove(host);
	fake_host_free(host);
}

/* Each queue has its channel, both ways, and its statistics. */
static void channels_carry_frames(struct kunit *test)
{
	static const u32 hash_info[] = { 16, 8, 12, 0xfeedf00d };
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	u32 i, j;

	for (i = 0; i < 4; i++) {
		struct sk_buff *skb = traffic_skb(test, t, 60);
		const u8 *at;

		skb_set_queue_mapping(skb, i);
		skb_set_hash(skb, 0xfeedf00d, PKT_HASH_TYPE_L4);
		KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
		fake_read(host);
		KUNIT_ASSERT_EQ(test, host->num_sent, i + 1);
		KUNIT_EXPECT_EQ(test, host->sent[i].channel, (u16)i);
		at = host->send + host->sent[i].section * SECTION + HEADER;
		for (j = 0; j < 4; j++)
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 4 * j), hash_info[j]);

		fake_rndis(&host->channel[i], t->words, traffic_frame(t->words, NULL, 0, 60, i));
		KUNIT_ASSERT_TRUE(test, fake_wait(t->count == i + 1));
		KUNIT_EXPECT_EQ(test, t->got[i].queue, i);
		KUNIT_EXPECT_EQ(test, t->a->rx_stats[i].packets, 1ull);
	}
	for (i = 0; i < 4; i++) {
		fake_complete(&host->channel[i], host->sent[i].id, sent_ok, 2);
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == i + 1));
		KUNIT_EXPECT_EQ(test, t->a->tx_stats[i].packets, 1ull);
	}
	/* Sections are found in each channel's own part first. */
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_GE(test, host->sent[i].section, i * (host->send_bytes / SECTION) / 4);
}

static struct kunit_case channels_cases[] = {
	KUNIT_CASE(channels_of_queues),
	KUNIT_CASE(channels_open),
	KUNIT_CASE(channels_fewer),
	KUNIT_CASE(channels_unasked),
	KUNIT_CASE(channels_default),
	KUNIT_CASE(channels_limits),
	KUNIT_CASE(channels_by_ethtool),
	KUNIT_CASE(channels_of_old_hosts),
	KUNIT_CASE(channels_carry_frames),
	{ }
};

struct kunit_suite channels_suite = {
	.name = "hv-netvsc-channels",
	.init = channels_init,
	.exit = traffic_exit,
	.test_cases = channels_cases,
};
