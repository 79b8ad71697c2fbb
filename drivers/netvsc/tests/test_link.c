// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the host says about the link, at the interface's pace: one change at a time, bursts,
 * and what is no news.
 */
#include <linux/rtnetlink.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define CONNECT		0x4001000b
#define DISCONNECT	0x4001000c
#define CHANGE		0x40010018

static int link_init(struct kunit *test)
{
	return traffic_start(test, NULL);
}

static void say(struct traffic *t, u32 status)
{
	const u32 words[] = { 7, 20, status, 0, 0 };

	fake_rndis(t->ch, words, 5);
}

/* How often the carrier has gone or come so far. */
static int carrier_changes(struct traffic *t)
{
	return atomic_read(&t->net->carrier_up_count) + atomic_read(&t->net->carrier_down_count);
}

static void link_changes(struct kunit *test)
{
	static const u32 up[] = { 7, 20, 0x4001000b, 0, 0 }, down[] = { 7, 20, 0x4001000c, 0, 0 };
	static const u32 speed[] = { 7, 24, 0x40010013, 4, 12, 400000 };
	static const u32 wild[] = { 7, 24, 0x40010013, 4, 0xfffffff0, 1 };
	struct traffic *t = test->priv;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);

	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
	fake_rndis(t->ch, down, 5);
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_carrier_ok(t->net)));
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_tx_queue_stopped(txq)));
	fake_rndis(t->ch, up, 5);
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_carrier_ok(t->net)));
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_tx_queue_stopped(txq)));
	fake_rndis(t->ch, speed, 6);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(t->a->speed) == 40));
	fake_rndis(t->ch, wild, 6);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_bad_frame == 1));
	KUNIT_EXPECT_EQ(test, t->a->speed, 40u);
}

/* A burst that ends up shows as one flap at most; one that ends down ends down. */
static void link_bursts(struct kunit *test)
{
	struct traffic *t = test->priv;
	int before = carrier_changes(t);
	u32 i;

	/* The work item can only see what there is when it comes. */
	rtnl_lock();
	for (i = 0; i < 100; i++) {
		say(t, DISCONNECT);
		say(t, CONNECT);
	}
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, fake_wait(carrier_changes(t) == before + 2));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
	msleep(500);
	KUNIT_EXPECT_EQ(test, carrier_changes(t), before + 2);

	rtnl_lock();
	for (i = 0; i < 100; i++) {
		say(t, CONNECT);
		say(t, DISCONNECT);
	}
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_carrier_ok(t->net)));
	msleep(500);
	KUNIT_EXPECT_EQ(test, carrier_changes(t), before + 3);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
}

/* Another network behind the same cable: down and up, so that addresses are asked for anew. */
static void link_network_change(struct kunit *test)
{
	struct traffic *t = test->priv;
	int before = carrier_changes(t);

	say(t, CHANGE);
	KUNIT_EXPECT_TRUE(test, fake_wait(carrier_changes(t) == before + 2));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));

	/* One that is down stays down. */
	say(t, DISCONNECT);
	KUNIT_EXPECT_TRUE(test, fake_wait(carrier_changes(t) == before + 3));
	say(t, CHANGE);
	msleep(600);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
	KUNIT_EXPECT_EQ(test, carrier_changes(t), before + 3);

	rtnl_lock();
	say(t, DISCONNECT);
	say(t, CHANGE);
	rtnl_unlock();
	msleep(600);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
}

/* Up and up again is no change; what nobody knows is none either. */
static void link_no_news(struct kunit *test)
{
	static const u32 unknown[] = { 0, 0x40020006, 0xffffffff };
	struct traffic *t = test->priv;
	int before = carrier_changes(t);
	u32 i;

	say(t, CONNECT);
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		say(t, unknown[i]);
	msleep(500);
	KUNIT_EXPECT_EQ(test, carrier_changes(t), before);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_frame, 0ul);
}

/* Of a link that comes up while the interface is down, opening it makes use. */
static void link_while_down(struct kunit *test)
{
	struct traffic *t = test->priv;

	say(t, DISCONNECT);
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_carrier_ok(t->net)));
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	say(t, CONNECT);
	KUNIT_EXPECT_TRUE(test, fake_wait(!t->s->link_down));
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
}

static void no_link(struct fake_host *host)
{
	host->link_down = true;
}

static void link_down_from_the_start(struct kunit *test)
{
	struct traffic *t;

	traffic_exit(test);
	KUNIT_ASSERT_EQ(test, traffic_start(test, no_link), 0);
	t = test->priv;
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(t->net));
	say(t, CONNECT);
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_carrier_ok(t->net)));
}

#define OID_LINK_SPEED	0x00010107	/* asked for after the state of the link */

static bool comes_up_in_probe(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 up[] = { 7, 20, CONNECT, 0, 0 };

	if (msg[0] == 4 && msg[3] == OID_LINK_SPEED)
		fake_rndis(host->channel, up, 5);
	return false;
}

static void no_link_until_probe(struct fake_host *host)
{
	host->link_down = true;
	host->on_rndis = comes_up_in_probe;
}

/* Between the driver's question and the end of the probe. */
static void link_up_in_probe(struct kunit *test)
{
	struct traffic *t;

	traffic_exit(test);
	KUNIT_ASSERT_EQ(test, traffic_start(test, no_link_until_probe), 0);
	t = test->priv;
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_carrier_ok(t->net)));
}

/* What was said before a new session asked is old: the answer counts. */
static void link_news_of_old_session(struct kunit *test)
{
	struct traffic *t = test->priv;
	bool heard;

	rtnl_lock();
	say(t, DISCONNECT);
	heard = fake_wait(READ_ONCE(t->a->link_events));
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 1400), 0);
	rtnl_unlock();
	t->s = fake_host_session(t->host);
	KUNIT_EXPECT_TRUE(test, heard);
	msleep(600);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
}

static struct kunit_case link_cases[] = {
	KUNIT_CASE(link_changes),
	KUNIT_CASE(link_bursts),
	KUNIT_CASE(link_network_change),
	KUNIT_CASE(link_no_news),
	KUNIT_CASE(link_while_down),
	KUNIT_CASE(link_down_from_the_start),
	KUNIT_CASE(link_up_in_probe),
	KUNIT_CASE(link_news_of_old_session),
	{ }
};

struct kunit_suite link_suite = {
	.name = "hv-netvsc-link",
	.init = link_init,
	.exit = traffic_exit,
	.test_cases = link_cases,
};
