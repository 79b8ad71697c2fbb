// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: whose frames may wait for others. What is a stream, who never has to wait, and when it was
 * not worth it.
 */
#include <net/sock.h>

#include "../netvsc.h"
#include "hold.h"
#include "suites.h"

/* A frame that may not wait takes with it what does. */
static void stream_for_nobody_else(struct kunit *test)
{
	enum who { NO_SOCKET, CONNECTION, FULL_BUFFER, NETPOLL, SWITCHED_OFF } who;
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct hv_ring_buffer *out = t->ch->vmbus.outbound.ring_buffer;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u32 before;
	netdev_tx_t ret;

	for (who = NO_SOCKET; who <= SWITCHED_OFF; who++) {
		struct sock *sk = hold->datagrams->sk;
		struct sk_buff *skb;
		unsigned long flags;

		hold_stream(test);
		before = t->host->num_sent;
		skb = hold_frame(test, who == NO_SOCKET ? NULL : who == CONNECTION ?
			       hold->connection : hold->datagrams);
		if (who == FULL_BUFFER)
			refcount_set(&sk->sk_wmem_alloc, sk->sk_sndbuf / 2 + 1);
		if (who == SWITCHED_OFF)
			t->a->tx_usecs = 0;
		if (who == NETPOLL) {
			/* The fake host is no one to be called like that: it looks by itself. */
			out->interrupt_mask = 1;
			local_irq_save(flags);
			__netif_tx_lock(txq, smp_processor_id());
			ret = netdev_start_xmit(skb, t->net, txq, false);
			__netif_tx_unlock(txq);
			local_irq_restore(flags);
			out->interrupt_mask = 0;
			KUNIT_EXPECT_EQ(test, ret, NETDEV_TX_OK);
			fake_read(t->host);
		} else {
			KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
		}
		refcount_set(&sk->sk_wmem_alloc, 1);
		KUNIT_EXPECT_FALSE_MSG(test, hold_waits(t), "%u", who);
		KUNIT_ASSERT_EQ_MSG(test, t->host->num_sent, before + 1, "%u", who);
		KUNIT_EXPECT_EQ_MSG(test, t->host->sent[before].used, 2 * MESSAGE, "%u", who);
	}
}

/* Half of the buffer is not too much. */
static void stream_of_half_a_buffer(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct sock *sk = hold->datagrams->sk;

	hold_stream(test);
	refcount_set(&sk->sk_wmem_alloc, sk->sk_sndbuf / 2);
	hold_send(test, hold->datagrams);
	refcount_set(&sk->sk_wmem_alloc, 1);
	KUNIT_EXPECT_TRUE(test, hold_waits(t));
}

/* Few frames for the wait, three times one after the other: then no waiting for a while. */
static void stream_in_vain(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 sent, i, misses;
	unsigned long began, since;

	t->a->tx_usecs = SHORT_WAIT;
	for (misses = 1; misses <= 6; misses++) {
		for (i = 0; i < 3; i++) {
			began = jiffies;
			KUNIT_EXPECT_EQ(test, h->misses, min(misses - 1, 4u));
			hold_stream(test);
			KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
		}
		since = h->since;
		/* Each time for twice as long, up to sixteen windows. */
		KUNIT_EXPECT_EQ(test, h->misses, min(misses, 4u));
		began += NETVSC_STREAM_WINDOW << min(misses - 1, 4u);
		KUNIT_EXPECT_TRUE(test, time_after_eq(since, began));
		KUNIT_EXPECT_TRUE(test, time_before_eq(since, jiffies + 16 * NETVSC_STREAM_WINDOW));
		KUNIT_EXPECT_FALSE(test, h->stream);
		sent = t->host->num_sent;
		hold_send(test, hold->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, sent + 1);
	}
}

/* What is sent while there is no waiting is no stream's when there may be again. */
static void stream_forgives(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 i;
	unsigned long held;

	t->a->tx_usecs = SHORT_WAIT;
	h->misses = 4;
	for (i = 0; i < 3; i++) {
		hold_stream(test);
		KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
	}
	KUNIT_EXPECT_FALSE(test, h->stream);
	held = t->a->counters.tx_held;
	for (i = 0; i < STREAM; i++) {
		hold_completes(test);
		hold_send(test, hold->datagrams);
		if (time_before(jiffies, h->since))
			KUNIT_EXPECT_EQ(test, h->frames, 0u);
	}
	/* Their window and one more: the next frame is the first. */
	hold_completes(test);
	while (time_before_eq(jiffies, h->since + NETVSC_STREAM_WINDOW))
		usleep_range(500, 1000);
	hold_send(test, hold->datagrams);
	KUNIT_EXPECT_EQ(test, h->frames, 1u);
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, held);
}

/*
 * Full messages are worth it, be they full of few large frames: some vain waits between them end
 * nothing, and all is forgotten.
 */
static void worth_it(struct kunit *test, u32 len, u32 frames, u32 messages)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 before, i;

	hold->len = len;
	t->a->tx_usecs = LONG_WAIT;
	h->misses = 3;
	hold_stream(test);
	before = t->host->num_sent;
	for (i = 1; i < messages * frames; i++) {
		KUNIT_EXPECT_EQ(test, h->misses, 3);
		KUNIT_EXPECT_EQ(test, hold_waits(t), i % frames != 0);
		if (!hold_waits(t))
			hold_completes(test);
		hold_send(test, hold->datagrams);
	}
	KUNIT_EXPECT_FALSE(test, hold_waits(t));
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + messages);
	KUNIT_EXPECT_EQ(test, h->misses, 0);

	t->a->tx_usecs = SHORT_WAIT;
	for (i = 0; i < 10; i++) {
		hold_completes(test);
		hold_send(test, hold->datagrams);
		KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
		KUNIT_EXPECT_TRUE(test, h->stream);
	}
	hold_completes(test);
	hold_send(test, hold->datagrams);
	KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
	KUNIT_EXPECT_FALSE(test, h->stream);
	KUNIT_EXPECT_EQ(test, h->misses, 1);
	hold_completes(test);
}

/*
 * The score goes from 8 to 32. Of small frames eight are a message, worth four more than half of
 * it. In a section of 6144 have room: four of 1448 and the header of a fifth, which is one more
 * than half; three of 1544 and the header of a fourth, which is not, but full.
 */
static void stream_is_worth_it(struct kunit *test)
{

	worth_it(test, 60, 8, 6);
	worth_it(test, 1400, 5, 24);
	worth_it(test, 1500, 4, 24);
}

/* Answers come on any channel: more than a quarter of what was sent, and nothing waits. */
static void stream_for_nobody_answered(struct kunit *test)
{
	struct traffic *t = hold_restart(test, traffic_four_queues);
	u32 i, base;

	for (i = 0; i < 4; i++) {
		base = hold_received(t);
		traffic_receive(test, i, 5);
		KUNIT_ASSERT_EQ(test, hold_received(t), base + 5);
		KUNIT_EXPECT_FALSE_MSG(test, hold_send_answered(test, STREAM, 5), "%u", i);
		KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
	}
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 0ul);
	/* Those of an earlier window are not this one's. */
	KUNIT_EXPECT_EQ(test, hold_of(t)->received, hold_received(t));
	/* A quarter of them is not enough to be an answer. */
	KUNIT_EXPECT_TRUE(test, hold_send_answered(test, STREAM, 4));
}

/* A few frames that come in meanwhile end nothing. */
static void stream_goes_on(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	u32 before, i;

	hold_stream(test);
	before = t->host->num_sent;
	traffic_receive(test, 0, 4);
	for (i = 1; i < 7; i++)
		hold_send(test, hold->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before);
	KUNIT_EXPECT_TRUE(test, hold_waits(t));
	hold_send(test, hold->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	/* Nor in the window after that. */
	KUNIT_EXPECT_TRUE(test, hold_send_answered(test, 4 * 4, 4));
	KUNIT_EXPECT_TRUE(test, hold_of(t)->stream);
}

/* A stream that is answered is none any more when its window ends. */
static void stream_ends_by_answers(struct kunit *test)
{
	struct traffic *t = hold_restart(test, traffic_four_queues);
	struct hold *hold = t->more;
	u32 before, i;

	hold_stream(test);
	before = t->host->num_sent;
	traffic_receive(test, 2, 5);
	KUNIT_EXPECT_FALSE(test, hold_send_answered(test, STREAM, 5));
	KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
	/* Those of further tries, on a slow machine, went alone. */
	KUNIT_ASSERT_GE(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 2 * MESSAGE);
	before = t->host->num_sent;
	for (i = 0; i < 4; i++) {
		hold_send(test, hold->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1 + i);
	}
}

static void one_packet(struct fake_host *host)
{
	host->max_packets = 1;
}

/* A host that takes one frame a message: nothing can be gained. */
static void stream_of_single_frames(struct kunit *test)
{

	hold_restart(test, one_packet);
	KUNIT_EXPECT_FALSE(test, hold_send_after(test, STREAM));
}

static void two_packets(struct fake_host *host)
{
	host->max_packets = 2;
}

/* A host that takes two: half of that is one, and for one frame no wait is worth it. */
static void stream_of_two_frames(struct kunit *test)
{
	struct traffic *t;
	u32 i;

	t = hold_restart(test, two_packets);
	t->a->tx_usecs = SHORT_WAIT;
	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, hold_of(t)->misses, 0);
		hold_stream(test);
		KUNIT_EXPECT_TRUE(test, fake_wait(!hold_waits(t)));
	}
	KUNIT_EXPECT_EQ(test, hold_of(t)->misses, 1);
	KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
}

static struct kunit_case tx_stream_cases[] = {
	KUNIT_CASE(stream_for_nobody_else),
	KUNIT_CASE(stream_of_half_a_buffer),
	KUNIT_CASE(stream_in_vain),
	KUNIT_CASE(stream_forgives),
	KUNIT_CASE(stream_is_worth_it),
	KUNIT_CASE(stream_for_nobody_answered),
	KUNIT_CASE(stream_goes_on),
	KUNIT_CASE(stream_ends_by_answers),
	KUNIT_CASE(stream_of_single_frames),
	KUNIT_CASE(stream_of_two_frames),
	{ }
};

struct kunit_suite tx_stream_suite = {
	.name = "hv-netvsc-tx-stream",
	.init = hold_init,
	.exit = hold_exit,
	.test_cases = tx_stream_cases,
};
