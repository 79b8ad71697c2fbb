// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: settings that take a new session (MTU, buffers, suspend and resume), with hosts that
 * agree, that agree no more, and that do not even take back what they agreed to before.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

static void any_mtu(struct fake_host *host)
{
	host->mtu = 0;
}

static int config_init(struct kunit *test)
{
	return traffic_start(test, any_mtu);
}

/* Frames come and go. */
static void expect_network(struct kunit *test, struct traffic *t, const char *what)
{
	u32 before = t->count, sent = t->host->num_sent;

	KUNIT_EXPECT_TRUE_MSG(test, netif_carrier_ok(t->net), "%s", what);
	KUNIT_EXPECT_TRUE_MSG(test, netif_device_present(t->net), "%s", what);
	fake_rndis(t->ch, t->words, traffic_frame(t->words, NULL, 0, 60, 1));
	KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->count == before + 1), "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK,
			    "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, t->host->num_sent, sent + 1, "%s", what);
	fake_complete(t->ch, t->host->sent[sent % FAKE_SENT].id, sent_ok, 2);
}

static void config_mtu(struct kunit *test)
{
	static const struct {
		int mtu, ret;
	} cases[] = {
		{ 67, -EINVAL }, { 1280, 0 }, { 9000, 0 }, { 65521, 0 }, { 65522, -EINVAL },
		{ -1, -EINVAL }, { 1500, 0 }, { 68, 0 },
	};
	struct traffic *t = test->priv;
	u32 i, now = 1500;

	KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 1514u);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, traffic_set_mtu(t, cases[i].mtu), cases[i].ret, "%d",
				    cases[i].mtu);
		if (!cases[i].ret)
			now = cases[i].mtu;
		KUNIT_EXPECT_EQ_MSG(test, t->net->mtu, now, "%d", cases[i].mtu);
		/* The host is told the largest frame. */
		KUNIT_EXPECT_EQ_MSG(test, t->host->ndis_config[0], now + 14, "%d", cases[i].mtu);
		KUNIT_EXPECT_EQ(test, t->host->gpadls, 2u);
		expect_network(test, t, "the new MTU");
	}
	/* VLAN 3, SR-IOV 2, teaming 5, RSC 7 */
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[2], 0xacu);
}

static void config_mtu_of_the_host(struct kunit *test)
{
	struct traffic *t = test->priv;

	t->host->mtu = 9000;
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 9000), 0);
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 9001), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 9000u);
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 9014u);
	expect_network(test, t, "the old MTU");
}

/* The MTU to start with is no larger than the host's; old hosts know 1500 and no more. */
static void config_first_mtu(struct kunit *test)
{
	static const struct {
		u32 mtu, version, net, max;
	} cases[] = {
		{ 1400, 0x60001, 1400, 65521 }, { 9000, 0x60001, 1500, 65521 },
		{ 67, 0x60001, 1500, 65521 }, { 0, 0x30002, 1500, 65521 },
		{ 0, 0x00002, 1500, 1500 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);

		host->mtu = cases[i].mtu;
		host->newest = cases[i].version;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
		KUNIT_EXPECT_EQ_MSG(test, fake_host_adapter(host)->net->mtu, cases[i].net, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, fake_host_adapter(host)->net->max_mtu, cases[i].max,
				    "%u", i);
		fake_host_remove(host);
		fake_host_free(host);
	}
}

/* Refuses so many receive buffers to come. */
static bool refuse_buffers(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 no[] = { 102, 2 };
	u32 *left = host->scratch;

	if (msg[0] != 101 || !*left)
		return false;
	--*left;
	fake_complete(host->channel, id, no, 2);
	return true;
}

static void config_goes_back(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 left = 1;

	t->host->scratch = &left;
	t->host->on_nvsp = refuse_buffers;
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 4000), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 1500u);
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 1514u);
	expect_network(test, t, "the old MTU");
}

/* No way back either: an interface without a host, whose every operation says so. */
static void config_cannot_go_back(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct net_device *net = t->net;
	const struct net_device_ops *ops = net->netdev_ops;
	const struct ethtool_ops *eth = net->ethtool_ops;
	struct ethtool_channels channels = { .combined_count = 1 };
	struct ethtool_ringparam ring = { .rx_pending = 100, .tx_pending = 100 };
	struct ethtool_rxnfc info = { .cmd = ETHTOOL_GRXRINGS };
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG };
	struct sockaddr addr = { };
	u32 left = 2, table[1] = { 0 };

	addr.sa_data[0] = 2;
	t->host->scratch = &left;
	t->host->on_nvsp = refuse_buffers;
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 4000), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, t->s, (struct netvsc_session *)NULL);
	KUNIT_EXPECT_EQ(test, t->host->open, 0u);
	KUNIT_EXPECT_EQ(test, t->host->gpadls, 0u);
	KUNIT_EXPECT_FALSE(test, netif_device_present(net));

	rtnl_lock();
	dev_close(net);
	KUNIT_EXPECT_EQ(test, ops->ndo_change_mtu(net, 1400), -ENODEV);
	KUNIT_EXPECT_EQ(test, ops->ndo_set_mac_address(net, &addr), -ENODEV);
	KUNIT_EXPECT_EQ(test, ops->ndo_set_features(net, net->features), -ENODEV);
	KUNIT_EXPECT_EQ(test, ops->ndo_fix_features(net, net->features), net->features);
	KUNIT_EXPECT_EQ(test, ops->ndo_open(net), -ENODEV);
	KUNIT_EXPECT_EQ(test, ops->ndo_bpf(net, &bpf), 0);
	KUNIT_EXPECT_EQ(test, eth->set_channels(net, &channels), -ENODEV);
	KUNIT_EXPECT_EQ(test, eth->set_ringparam(net, &ring, NULL, NULL), -ENODEV);
	KUNIT_EXPECT_EQ(test, eth->get_rxnfc(net, &info, NULL), -ENODEV);
	KUNIT_EXPECT_EQ(test, traffic_get_rxfh(net, NULL, NULL, NULL), -ENODEV);
	KUNIT_EXPECT_EQ(test, traffic_set_rxfh(net, table, NULL, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, eth->get_sset_count(net, ETH_SS_STATS), -ENODEV);
	channels.combined_count = 77;
	ring.rx_pending = 77;
	eth->get_channels(net, &channels);
	eth->get_ringparam(net, &ring, NULL, NULL);
	eth->get_strings(net, ETH_SS_STATS, NULL);
	eth->get_ethtool_stats(net, NULL, NULL);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, channels.combined_count, 77u);
	KUNIT_EXPECT_EQ(test, ring.rx_pending, 77u);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 1);
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), -ENODEV);
	traffic_end(t);
}

/* ---- buffers ---- */

static int set_rings(struct traffic *t, u32 rx, u32 tx)
{
	struct ethtool_ringparam ring = { .rx_pending = rx, .tx_pending = tx };
	int ret;

	rtnl_lock();
	ret = t->net->ethtool_ops->set_ringparam(t->net, &ring, NULL, NULL);
	rtnl_unlock();
	t->s = fake_host_session(t->host);
	return ret;
}

static void config_buffers(struct kunit *test)
{
	static const struct {
		u32 rx, tx;
		u32 rx_now, tx_now;
	} cases[] = {
		{ 1000, 100, 1000, 100 },
		{ 1000, 100, 1000, 100 },
		{ 0, 0, 10, 10 },
		{ 9, 11, 10, 11 },
		/* 31 MiB of 1728 bytes and 15 MiB of 6144 */
		{ 0xffffffff, 0xffffffff, 18811, 2560 },
	};
	struct traffic *t = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ethtool_ringparam got = { };

		KUNIT_EXPECT_EQ(test, set_rings(t, cases[i].rx, cases[i].tx), 0);
		rtnl_lock();
		t->net->ethtool_ops->get_ringparam(t->net, &got, NULL, NULL);
		rtnl_unlock();
		/* Buffers are whole pages, which the host divides: a few sections more may fit. */
		KUNIT_EXPECT_GE_MSG(test, got.rx_pending, cases[i].rx_now, "%u", i);
		KUNIT_EXPECT_LE_MSG(test, got.rx_pending, cases[i].rx_now + 2, "%u", i);
		KUNIT_EXPECT_GE_MSG(test, got.tx_pending, cases[i].tx_now, "%u", i);
		KUNIT_EXPECT_LE_MSG(test, got.tx_pending, cases[i].tx_now + 1, "%u", i);
		KUNIT_EXPECT_EQ(test, got.rx_max_pending, 18811u);
		KUNIT_EXPECT_EQ(test, got.tx_max_pending, 2560u);
		KUNIT_EXPECT_LE(test, t->host->recv_bytes, 31u << 20);
		KUNIT_EXPECT_LE(test, t->host->send_bytes, 15u << 20);
		expect_network(test, t, "other buffers");
	}
	/* What is in force already needs no new session. */
	i = t->host->nvsp[100];
	KUNIT_EXPECT_EQ(test, set_rings(t, t->s->recv.sections, t->s->send.sections), 0);
	KUNIT_EXPECT_EQ(test, t->host->nvsp[100], i);
}

/* ---- suspend and resume ---- */

static void config_suspends(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 round;

	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 2000), 0);
	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
		KUNIT_EXPECT_EQ(test, t->host->open, 0u);
		KUNIT_EXPECT_EQ(test, t->host->gpadls, 0u);
		KUNIT_EXPECT_FALSE(test, netif_device_present(t->net));
		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false),
				NETDEV_TX_OK);
		KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), (int)(2 * round + 1));
		KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), 0);
		KUNIT_EXPECT_EQ(test, t->net->mtu, 2000u);
		KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 2014u);
		expect_network(test, t, "after a resume");
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) ==
						  (int)(2 * round + 2)));
	}
	/* Twice is an error, and so is a host that is another by then. */
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), -ENODEV);
	t->host->newest = 0;
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), -EPROTO);
}

static u32 heard_mtu;

static int hear(struct notifier_block *this, unsigned long event, void *ptr)
{
	if (event == NETDEV_CHANGEMTU)
		heard_mtu = netdev_notifier_info_to_dev(ptr)->mtu;
	return NOTIFY_DONE;
}

/* A host that carries less and less: the MTU follows, users hear, and nobody is cut off. */
static void config_mtu_falls(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct notifier_block listener = { .notifier_call = hear };
	u32 sessions;

	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 9000), 0);
	KUNIT_ASSERT_EQ(test, register_netdevice_notifier(&listener), 0);
	sessions = t->host->nvsp[100];

	/* at a resume */
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	t->host->mtu = 4000;
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 4000u);
	KUNIT_EXPECT_EQ(test, heard_mtu, 4000u);
	KUNIT_EXPECT_EQ(test, t->host->nvsp[100], sessions + 1);
	expect_network(test, t, "the MTU fell at a resume");

	/* at a change of something else */
	t->host->mtu = 3000;
	KUNIT_EXPECT_EQ(test, set_rings(t, 1000, 100), 0);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 3000u);
	KUNIT_EXPECT_EQ(test, heard_mtu, 3000u);
	expect_network(test, t, "the MTU fell at a change of buffers");

	/* at a change of its own, which is refused: the way back */
	t->host->mtu = 2000;
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 2500), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 2000u);
	KUNIT_EXPECT_EQ(test, heard_mtu, 2000u);
	expect_network(test, t, "the MTU fell at a change of its own");

	/* Less yet is agreed with the host, and so is that again. */
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 1500), 0);
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 1514u);
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 2000), 0);
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[0], 2014u);
	unregister_netdevice_notifier(&listener);
}

/* Removed while it sleeps. */
static void config_removed_asleep(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->open, 0u);
}

/* Suspended and resumed while it is down. */
static void config_suspends_down(struct kunit *test)
{
	struct traffic *t = test->priv;

	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, t->host->filter, 0u);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	expect_network(test, t, "after a resume");
}

/* A host that does not stop sending, and does not let frames come. */
static void config_filter_refused(struct kunit *test)
{
	struct traffic *t = test->priv;

	t->host->refuse = 0x0001010e;
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, t->host->filter, 0xdu);
	KUNIT_EXPECT_EQ(test, t->s->state, NETVSC_READY);
	/* What it has already it is not asked for. */
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	t->host->refuse = 0;
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, t->host->filter, 0u);
	t->host->refuse = 0x0001010e;
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), -EIO);
	t->host->refuse = 0;
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	expect_network(test, t, "after a refusal");
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(config_mtu),
	KUNIT_CASE(config_mtu_of_the_host),
	KUNIT_CASE(config_first_mtu),
	KUNIT_CASE(config_goes_back),
	KUNIT_CASE(config_cannot_go_back),
	KUNIT_CASE(config_buffers),
	KUNIT_CASE(config_suspends),
	KUNIT_CASE(config_mtu_falls),
	KUNIT_CASE(config_removed_asleep),
	KUNIT_CASE(config_suspends_down),
	KUNIT_CASE(config_filter_refused),
	{ }
};

struct kunit_suite config_suite = {
	.name = "hv-netvsc-config",
	.init = config_init,
	.exit = traffic_exit,
	.test_cases = config_cases,
};
