// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: messages that wait for more frames. How they fill, and what ends the wait.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "../netvsc.h"
#include "hold.h"
#include "suites.h"

/* The first frames do not wait. Those of a stream do until the message is full, then all go. */
static void hold_fills(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	u32 before, i;

	for (i = 0; i < STREAM; i++) {
		hold_send(test, hold->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, i + 1);
	}
	/* One frame less is no stream. */
	KUNIT_EXPECT_FALSE(test, hold_send_after(test, STREAM - 1));
	hold_stream(test);
	before = t->host->num_sent;
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 1ul);
	for (i = 1; i < 7; i++) {
		hold_send(test, hold->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, before);
	}
	hold_send(test, hold->datagrams);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 8 * MESSAGE);
	KUNIT_EXPECT_FALSE(test, hold_waits(t));
	hold_completes(test);

	/* And so on: one message of eight, not eight. */
	for (i = 0; i < 8; i++)
		hold_send(test, hold->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 2);
	KUNIT_EXPECT_EQ(test, t->host->sent[before + 1].used, 8 * MESSAGE);
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 2ul);
	hold_completes(test);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) ==
					  t->a->tx_stats[0].packets));
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
}

/* Full by the number of frames, though more were to follow: the wait was worth it as well. */
static void hold_fills_with_more(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 before, i;

	hold_stream(test);
	before = t->host->num_sent;
	for (i = 1; i < 8; i++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, hold_frame(test, hold->datagrams), true),
				NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 8 * MESSAGE);
	KUNIT_EXPECT_EQ(test, h->score, 8 + 4);
}

/* The time ends the wait. */
static void hold_times_out(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 before;

	t->a->tx_usecs = SHORT_WAIT;
	hold_stream(test);
	KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
	before = t->host->num_sent;
	KUNIT_EXPECT_EQ(test, t->host->sent[before - 1].used, MESSAGE);
	hold_completes(test);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == before));
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
}

/* One timer for many messages: the last one waits for its own time, and not for ever. */
static void hold_next_message(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	u32 before, i;
	ktime_t began, until;

	t->a->tx_usecs = 500 * 1000;
	hold_stream(test);
	before = t->host->num_sent;
	for (i = 1; i < 8; i++)
		hold_send(test, hold->datagrams);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 1);
	hold_completes(test);
	msleep(200);
	began = ktime_get();
	hold_send(test, hold->datagrams);
	KUNIT_ASSERT_TRUE(test, hold_waits(t));
	until = hold_of(t)->until;
	KUNIT_EXPECT_GE(test, ktime_us_delta(until, began), 500 * 1000ll);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->host->num_sent == before + 2));
	KUNIT_EXPECT_GE(test, ktime_us_delta(ktime_get(), began), 500 * 1000ll);
}

/* The time is over, and the ring has no room: the message is sealed, and sent when it has. */
static void hold_ends_without_room(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hv_ring_buffer_info *out = &t->ch->vmbus.outbound;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u32 before;

	hold_stream(test);
	hold_completes(test);
	before = t->host->num_sent;
	t->host->hold = true;
	/* Packets given back fill the ring of 8192, 32 bytes each, to its last 32. */
	traffic_receive(test, 0, 300);
	KUNIT_ASSERT_TRUE(test, fake_wait(out->ring_datasize - hv_get_bytes_to_read(out) == 32));
	KUNIT_ASSERT_TRUE(test, hold_waits(t));
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_busy, 0ul);
	hold_of(t)->until = ktime_get();
	hrtimer_start(&hold_of(t)->timer, 0, HRTIMER_MODE_ABS_PINNED_SOFT);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(hold_channel(t)->tx.msg.state) ==
					  NETVSC_TX_SEALED));
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_tx_queue_stopped(txq)));
	KUNIT_EXPECT_GE(test, t->a->counters.tx_busy, 1ul);

	t->host->hold = false;
	fake_read(t->host);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->num_sent == before + 1)));
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, MESSAGE);
	hold_completes(test);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), netvsc_rx_idle(hold_channel(t)))));
}

/* A frame of an XDP program does not pass those that wait: they go first, at once. */
static void hold_before_a_frame(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u8 *frame = kunit_kzalloc(test, 100, GFP_KERNEL);
	u32 before;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	hold_stream(test);
	hold_send(test, hold->datagrams);
	before = t->host->num_sent;
	KUNIT_ASSERT_TRUE(test, hold_waits(t));
	local_bh_disable();
	__netif_tx_lock(txq, smp_processor_id());
	ret = netvsc_tx_frame(hold_channel(t), frame, 100);
	__netif_tx_unlock(txq);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_FALSE(test, hold_waits(t));
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 2);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 2 * MESSAGE);
	KUNIT_EXPECT_EQ(test, t->host->sent[before + 1].used, HEADER + 100u);
	hold_completes(test);
}

/* Queues that stop send what waits, on whichever channel. */
static void hold_ends_on_all_channels(struct kunit *test)
{
	struct traffic *t = hold_restart(test, traffic_four_queues);
	struct hold *hold = t->more;
	u32 before, i;

	for (i = 1; i < 4; i += 2) {
		hold->queue = i;
		hold_stream(test);
		KUNIT_EXPECT_TRUE(test, hold_waits(t));
	}
	before = t->host->num_sent;
	rtnl_lock();
	netvsc_tx_disable(t->s);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 2);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].channel, 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before + 1].channel, 3);
	netvsc_tx_enable(t->s);
	rtnl_unlock();
	for (i = 1; i < 4; i += 2) {
		hold->queue = i;
		KUNIT_EXPECT_FALSE(test, hold_waits(t));
		hold_completes(test);
	}
}

/* An interface that goes down, and a device that goes, send what waits. */
static void hold_ends_with_the_interface(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 before;

	hold_stream(test);
	before = t->host->num_sent;
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_FALSE(test, hold_waits(t));
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	hold_completes(test);

	hold_stream(test);
	before = t->host->num_sent;
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
}

/* A device that the host took away: what waits is dropped, by the timer and once. */
static void hold_ends_by_rescind(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	u32 freed;

	hold_stream(test);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == hold->done));
	freed = atomic_read(&traffic_freed);
	t->ch->vmbus.rescind = true;
	/* The timer's time has come. */
	hold_of(t)->until = ktime_get();
	hrtimer_start(&hold_of(t)->timer, 0, HRTIMER_MODE_ABS_PINNED_SOFT);
	KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), freed + 1);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);
	traffic_end(t);
}

/* ethtool -C: the time, up to a millisecond, for all sessions. */
static void hold_by_ethtool(struct kunit *test)
{
	static const struct {
		u32 usecs;
		int ret;
	} cases[] = {
		{ 0, 0 }, { 1, 0 }, { 1000, 0 }, { 1001, -EINVAL }, { U32_MAX, -EINVAL }, { 250, 0 },
	};
	struct traffic *t = test->priv;
	const struct ethtool_ops *ops = t->net->ethtool_ops;
	struct ethtool_coalesce coal = { };
	u32 i, usecs = LONG_WAIT;

	KUNIT_EXPECT_EQ(test, ops->supported_coalesce_params, ETHTOOL_COALESCE_TX_USECS);
	rtnl_lock();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		coal.tx_coalesce_usecs = cases[i].usecs;
		KUNIT_EXPECT_EQ_MSG(test, ops->set_coalesce(t->net, &coal, NULL, NULL),
				    cases[i].ret, "%u", cases[i].usecs);
		if (!cases[i].ret)
			usecs = cases[i].usecs;
		KUNIT_EXPECT_EQ(test, ops->get_coalesce(t->net, &coal, NULL, NULL), 0);
		KUNIT_EXPECT_EQ(test, coal.tx_coalesce_usecs, usecs);
	}
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 1400), 0);
	KUNIT_EXPECT_EQ(test, t->a->tx_usecs, 250u);
}

static struct kunit_case tx_hold_cases[] = {
	KUNIT_CASE(hold_fills),
	KUNIT_CASE(hold_fills_with_more),
	KUNIT_CASE(hold_times_out),
	KUNIT_CASE(hold_next_message),
	KUNIT_CASE(hold_ends_without_room),
	KUNIT_CASE(hold_before_a_frame),
	KUNIT_CASE(hold_ends_on_all_channels),
	KUNIT_CASE(hold_ends_with_the_interface),
	KUNIT_CASE(hold_ends_by_rescind),
	KUNIT_CASE(hold_by_ethtool),
	{ }
};

struct kunit_suite tx_hold_suite = {
	.name = "hv-netvsc-tx-hold",
	.init = hold_init,
	.exit = hold_exit,
	.test_cases = tx_hold_cases,
};
