// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what ip and ethtool see and set within a session: address, flags, features, name,
 * speed, statistics.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define OID_FILTER	0x0001010e
#define OID_CONFIG	0x0001021b
#define OID_OFFLOADS	0xfc01020c

static void offers_lro(struct fake_host *host)
{
	host->offers_lro = true;
}

static int interface_init(struct kunit *test)
{
	return traffic_start(test, offers_lro);
}

static int set_mac(struct traffic *t, const u8 *mac)
{
	struct sockaddr addr = { .sa_family = ARPHRD_ETHER };
	int ret;

	memcpy(addr.sa_data, mac, 6);
	rtnl_lock();
	ret = dev_set_mac_address(t->net, &addr, NULL);
	rtnl_unlock();
	return ret;
}

static void interface_address(struct kunit *test)
{
	static const u8 mac[] = { 0x00, 0x15, 0x5d, 0xfa, 0x0b, 0x9c };
	static const u8 other[] = { 0x02, 0, 0, 0, 0, 1 }, group[] = { 0x01, 0, 0x5e, 0, 0, 1 };
	static const u8 none[6];
	static const char digits[] = "00155dfa0b9c";
	struct traffic *t = test->priv;
	const struct fake_object *set;
	u32 i;

	/* Not while frames flow. */
	KUNIT_EXPECT_EQ(test, set_mac(t, mac), -EBUSY);
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, set_mac(t, mac), 0);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(t->net->dev_addr, mac));
	set = fake_host_set(t->host, OID_CONFIG);
	KUNIT_ASSERT_NOT_NULL(test, set);
	/* the value's offset and bytes, then the value in UTF-16 */
	KUNIT_ASSERT_EQ(test, set->len, 72u);
	KUNIT_ASSERT_EQ(test, get_unaligned_le32(set->data + 12), 48u);
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(set->data + 48 + 2 * i), digits[i]);

	/* Neither what is no address nor what the host refuses. */
	KUNIT_EXPECT_EQ(test, set_mac(t, group), -EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, set_mac(t, none), -EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, set->count, 1u);
	t->host->refuse = OID_CONFIG;
	KUNIT_EXPECT_EQ(test, set_mac(t, other), -EIO);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(t->net->dev_addr, mac));
}

/* ---- flags ---- */

static u32 filter_after(struct traffic *t)
{
	flush_delayed_work(&t->a->rx_mode_work);
	return t->host->filter;
}

/* Directed 1, all multicast 4, broadcast 8, promiscuous 20. */
static void interface_flags(struct kunit *test)
{
	static const u8 group[] = { 0x01, 0, 0x5e, 1, 2, 3 };
	struct traffic *t = test->priv;

	rtnl_lock();
	dev_mc_flush(t->net);
	dev_set_promiscuity(t->net, 1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0x20u);
	rtnl_lock();
	dev_set_promiscuity(t->net, -1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0x9u);
	rtnl_lock();
	dev_set_allmulti(t->net, 1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0xdu);
	rtnl_lock();
	dev_set_allmulti(t->net, -1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0x9u);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_mc_add(t->net, group), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0xdu);

	/* A refusal leaves the filter, and the next change tries again. */
	t->host->refuse = OID_FILTER;
	rtnl_lock();
	dev_mc_del(t->net, group);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0xdu);
	t->host->refuse = 0;
	rtnl_lock();
	dev_set_promiscuity(t->net, 1);
	dev_set_promiscuity(t->net, -1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0x9u);

	/* Flags of an interface that is down are no business of the host's. */
	rtnl_lock();
	dev_close(t->net);
	dev_set_promiscuity(t->net, 1);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, filter_after(t), 0u);
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	KUNIT_EXPECT_EQ(test, filter_after(t), 0x20u);
	rtnl_lock();
	dev_set_promiscuity(t->net, -1);
	rtnl_unlock();
}

/* ---- features ---- */

static void want(struct traffic *t, netdev_features_t on, netdev_features_t off)
{
	rtnl_lock();
	t->net->wanted_features |= on;
	t->net->wanted_features &= ~off;
	netdev_update_features(t->net);
	rtnl_unlock();
}

static void interface_features(struct kunit *test)
{
	struct traffic *t = test->priv;
	const struct fake_object *set = fake_host_set(t->host, OID_OFFLOADS);
	u32 count;

	/* RSC is bytes 22 and 23 of NDIS_OFFLOAD_PARAMETERS: 1 off, 2 on. */
	KUNIT_ASSERT_NOT_NULL(test, set);
	KUNIT_EXPECT_EQ(test, set->len, 28u);
	KUNIT_EXPECT_TRUE(test, t->net->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, set->data[22], 2);
	KUNIT_EXPECT_EQ(test, set->data[5], 4);
	count = set->count;
	want(t, 0, NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, set->count, count + 1);
	KUNIT_EXPECT_EQ(test, set->data[22], 1);
	KUNIT_EXPECT_EQ(test, set->data[23], 1);
	/* the rest as it is */
	KUNIT_EXPECT_EQ(test, set->data[5], 0);
	KUNIT_EXPECT_FALSE(test, t->net->features & NETIF_F_LRO);
	want(t, NETIF_F_LRO, 0);
	KUNIT_EXPECT_EQ(test, set->data[22], 2);
	KUNIT_EXPECT_TRUE(test, t->net->features & NETIF_F_LRO);

	/* Others are ours alone. */
	count = set->count;
	want(t, 0, NETIF_F_TSO | NETIF_F_RXCSUM);
	KUNIT_EXPECT_FALSE(test, t->net->features & NETIF_F_TSO);
	want(t, NETIF_F_TSO | NETIF_F_RXCSUM, 0);
	KUNIT_EXPECT_TRUE(test, t->net->features & NETIF_F_TSO);
	KUNIT_EXPECT_EQ(test, set->count, count);

	/* What the host refuses to turn off is still on. */
	t->host->refuse = OID_OFFLOADS;
	want(t, 0, NETIF_F_LRO);
	KUNIT_EXPECT_TRUE(test, t->net->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, set->data[22], 2);
}

/* What an old host's objects can say. */
static void interface_old_features(struct kunit *test)
{
	const netdev_features_t csum = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM;
	struct fake_host *host = fake_host_new(test);
	struct netvsc_adapter *a;

	host->newest = 0x40000;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
	a = fake_host_adapter(host);
	KUNIT_EXPECT_EQ(test, a->net->features & (csum | NETIF_F_LRO), csum);
	/* no UDP, no speed */
	KUNIT_EXPECT_EQ(test, a->tx_csum, RNDIS_CSUM_TCP4 | RNDIS_CSUM_TCP6);
	KUNIT_EXPECT_EQ(test, a->speed, (u32)SPEED_UNKNOWN);
	KUNIT_EXPECT_EQ(test, fake_host_set(host, OID_OFFLOADS)->len, 22u);
	fake_host_remove(host);
	fake_host_free(host);
}

/* Objects without which there is no interface, and those that may be missing. */
static void interface_needs_objects(struct kunit *test)
{
	static const struct {
		u32 oid;
		int ret;
	} cases[] = {
		{ 0x01010101, -EIO }, { 0xfc01020d, -EIO }, { OID_OFFLOADS, -EIO },
		{ 0x00010106, 0 }, { 0x00010114, 0 }, { 0x00010107, 0 }, { 0x00010203, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);

		host->queues = 2;
		host->refuse = cases[i].oid;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host), cases[i].ret, "%#x",
				    cases[i].oid);
		if (!cases[i].ret) {
			KUNIT_EXPECT_FALSE(test, fake_host_session(host)->link_down);
			fake_host_remove(host);
		}
		KUNIT_EXPECT_EQ(test, host->gpadls, 0u);
		KUNIT_EXPECT_EQ(test, host->open, 0u);
		fake_host_free(host);
	}
}

/* A name that somebody gave is an alias; the one that every adapter has is none. */
static void interface_name(struct kunit *test)
{
	static const struct {
		const char *name, *alias;
	} cases[] = {
		{ NULL, "none" }, { "", "none" }, { "Network Adapter", "none" }, { "left", "left" },
		{ "Network Adapter 2", "Network Adapter 2" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct dev_ifalias *alias;

		host->name = cases[i].name;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
		rtnl_lock();
		alias = rtnl_dereference(fake_host_adapter(host)->net->ifalias);
		KUNIT_EXPECT_STREQ(test, alias ? alias->ifalias : "none", cases[i].alias);
		rtnl_unlock();
		fake_host_remove(host);
		fake_host_free(host);
	}
}

/* ---- ethtool ---- */

static void interface_ethtool(struct kunit *test)
{
	struct traffic *t = test->priv;
	const struct ethtool_ops *ops = t->net->ethtool_ops;
	struct ethtool_drvinfo drvinfo = { };
	struct ethtool_link_ksettings link = { };
	struct ethtool_regs regs = { };
	u32 table[16], i;

	rtnl_lock();
	ops->get_drvinfo(t->net, &drvinfo);
	KUNIT_EXPECT_STREQ(test, drvinfo.version, HVIC_VERSION);
	KUNIT_EXPECT_STREQ(test, drvinfo.fw_version, "N/A");

	/* Registers are the send table. */
	KUNIT_EXPECT_EQ(test, ops->get_regs_len(t->net), 64);
	for (i = 0; i < 16; i++)
		t->a->tx_table[i] = 100 + i;
	ops->get_regs(t->net, &regs, table);
	KUNIT_EXPECT_EQ(test, regs.version, 1u);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, table[i], 100 + i);

	ops->set_msglevel(t->net, 0x1234);
	KUNIT_EXPECT_EQ(test, ops->get_msglevel(t->net), 0x1234u);
	KUNIT_EXPECT_EQ(test, ops->get_link(t->net), 1u);

	KUNIT_EXPECT_EQ(test, ops->get_link_ksettings(t->net, &link), 0);
	KUNIT_EXPECT_EQ(test, link.base.speed, 10000u);
	KUNIT_EXPECT_EQ(test, link.base.duplex, DUPLEX_FULL);
	KUNIT_EXPECT_EQ(test, link.base.port, PORT_OTHER);
	/* A speed may be claimed, for those that compute with it; an impossible one may not. */
	link.base.speed = 25000;
	KUNIT_EXPECT_EQ(test, ops->set_link_ksettings(t->net, &link), 0);
	link.base.speed = 0;
	KUNIT_EXPECT_EQ(test, ops->get_link_ksettings(t->net, &link), 0);
	KUNIT_EXPECT_EQ(test, link.base.speed, 25000u);
	link.base.duplex = 7;
	KUNIT_EXPECT_EQ(test, ops->set_link_ksettings(t->net, &link), -EINVAL);
	rtnl_unlock();
}

/* The statistic of a name, or all ones. */
static u64 statistic(struct traffic *t, const char *name)
{
	const struct ethtool_ops *ops = t->net->ethtool_ops;
	u64 value = U64_MAX, *values;
	u8 *names;
	int count, i;

	rtnl_lock();
	count = ops->get_sset_count(t->net, ETH_SS_STATS);
	names = kcalloc(count + 1, ETH_GSTRING_LEN, GFP_KERNEL);
	values = kcalloc(count + 1, sizeof(*values), GFP_KERNEL);
	if (names && values) {
		ops->get_strings(t->net, ETH_SS_STATS, names);
		ops->get_ethtool_stats(t->net, NULL, values);
		for (i = 0; i < count; i++)
			if (!strcmp(names + i * ETH_GSTRING_LEN, name))
				value = values[i];
		/* As many of each as was said. */
		if (names[count * ETH_GSTRING_LEN] || values[count] ||
		    !names[(count - 1) * ETH_GSTRING_LEN])
			value = U64_MAX;
	}
	rtnl_unlock();
	kfree(names);
	kfree(values);
	return value;
}

static void interface_statistics(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct rtnl_link_stats64 stats = { };
	u32 i;

	for (i = 0; i < 3; i++) {
		fake_rndis(t->ch, t->words, traffic_frame(t->words, NULL, 0, 100, 0));
		KUNIT_ASSERT_TRUE(test, fake_wait(t->count == i + 1));
	}
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 70), false), NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, 1u);
	fake_complete(t->ch, t->host->sent[0].id, sent_ok, 2);
	fake_complete(t->ch, t->host->sent[0].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_bad_completion == 1));
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 13), false), NETDEV_TX_OK);

	KUNIT_EXPECT_EQ(test, statistic(t, "rx_queue_0_packets"), 3ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "rx_queue_0_bytes"), 300ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "tx_queue_0_packets"), 1ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "tx_queue_0_bytes"), 70ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "cpu0_rx_packets"), 3ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "cpu0_tx_bytes"), 70ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "cpu1_rx_packets"), 0ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "vf_rx_packets"), 0ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "vf_tx_dropped"), 0ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "tx_scattered"), 0ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "host_bad_completion"), 1ull);
	KUNIT_EXPECT_EQ(test, statistic(t, "no such"), U64_MAX);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, t->net->ethtool_ops->get_sset_count(t->net, ETH_SS_TEST), -EINVAL);
	rtnl_unlock();

	t->net->netdev_ops->ndo_get_stats64(t->net, &stats);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, 3ull);
	KUNIT_EXPECT_EQ(test, stats.tx_packets, 1ull);
	KUNIT_EXPECT_EQ(test, stats.tx_bytes, 70ull);
	KUNIT_EXPECT_EQ(test, stats.tx_dropped, 1ull);
}

static struct kunit_case interface_cases[] = {
	KUNIT_CASE(interface_address),
	KUNIT_CASE(interface_flags),
	KUNIT_CASE(interface_features),
	KUNIT_CASE(interface_old_features),
	KUNIT_CASE(interface_needs_objects),
	KUNIT_CASE(interface_name),
	KUNIT_CASE(interface_ethtool),
	KUNIT_CASE(interface_statistics),
	{ }
};

struct kunit_suite interface_suite = {
	.name = "hv-netvsc-interface",
	.init = interface_init,
	.exit = traffic_exit,
	.test_cases = interface_cases,
};
