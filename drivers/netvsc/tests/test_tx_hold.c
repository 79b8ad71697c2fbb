// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: messages that wait for more frames. When they do, what ends the wait, and who never has
 * to wait.
 */
#include <linux/ethtool.h>
#include <linux/net.h>
#include <linux/rtnetlink.h>
#include <net/sock.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define LONG_WAIT	(60 * 1000 * 1000)	/* microseconds: not within a test */
#define SHORT_WAIT	(100 * 1000)		/* long enough to be seen */
#define STREAM		16			/* frames that are one */
#define MESSAGE		104u			/* bytes of a frame of 60 */

/* The sockets that frames are of, and what kind of frames. */
struct sockets {
	struct socket *datagrams, *connection;
	u32 len;
	u16 queue;
};

static struct sk_buff *frame_of(struct kunit *test, struct socket *socket)
{
	struct traffic *t = test->priv;
	const struct sockets *sockets = t->more;
	struct sk_buff *skb = traffic_skb(test, t, sockets->len);

	skb->sk = socket ? socket->sk : NULL;
	skb_set_queue_mapping(skb, sockets->queue);
	return skb;
}

static void send_one(struct kunit *test, struct socket *socket)
{
	KUNIT_EXPECT_EQ(test, traffic_send(test->priv, frame_of(test, socket), false),
			NETDEV_TX_OK);
}

static struct netvsc_channel *channel_of(struct traffic *t)
{
	return t->s->channel[((struct sockets *)t->more)->queue];
}

static struct netvsc_tx_hold *hold_of(struct traffic *t)
{
	return &channel_of(t)->tx.hold;
}

static bool waits(struct traffic *t)
{
	const struct netvsc_tx_msg *msg = &channel_of(t)->tx.msg;

	return READ_ONCE(msg->state) == NETVSC_TX_OPEN;
}

/* Frames that the session has received. */
static u32 received(struct traffic *t)
{
	u32 sum = 0, i;

	for (i = 0; i < t->s->num_channels; i++)
		sum += READ_ONCE(t->s->channel[i]->rx.received);
	return sum;
}

static void receive(struct kunit *test, u32 channel, u32 frames)
{
	struct traffic *t = test->priv;
	u32 before = t->count, i;

	for (i = 0; i < frames; i++)
		fake_rndis(&t->host->channel[channel], t->words,
			   traffic_frame(t->words, NULL, 0, 60, 0));
	KUNIT_ASSERT_TRUE(test, fake_wait(smp_load_acquire(&t->count) == before + frames));
}

/* The host completes all it has, and the byte queue limit has room for more. */
static void host_completes(struct kunit *test, u32 *done)
{
	struct traffic *t = test->priv;
	struct netvsc_channel *ch = channel_of(t);

	for (; *done < t->host->num_sent; (*done)++) {
		const struct fake_sent *sent = &t->host->sent[*done];

		fake_complete(&t->host->channel[sent->channel], sent->id, sent_ok, 2);
	}
	KUNIT_EXPECT_TRUE(test, fake_wait(!atomic_read(&ch->tx.outstanding) &&
					  !netif_xmit_stopped(netvsc_txq(ch))));
}

/*
 * As if so many frames had been sent a window ago, and nothing but @answers received since, the
 * next one is sent. Tried again when the machine was too slow for it to be within the next window.
 * Whether it waited.
 */
static bool send_answered(struct kunit *test, u32 frames, u32 answers, u32 *done)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netdev_queue *txq = netvsc_txq(channel_of(t));
	unsigned long held = t->a->counters.tx_held, since = jiffies;
	unsigned int tries;

	for (tries = 0; !tries || (tries < 100 && t->a->counters.tx_held == held &&
				   time_after(jiffies, since + 2 * NETVSC_STREAM_WINDOW));
	     tries++) {
		struct sk_buff *skb = frame_of(test, sockets->datagrams);

		host_completes(test, done);
		since = jiffies - NETVSC_STREAM_WINDOW - 1;
		hold_of(t)->frames = frames;
		hold_of(t)->received = received(t) - answers;
		hold_of(t)->since = since;
		KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	}
	/* This window is a long one, unless the timer has ended the stream already. */
	__netif_tx_lock_bh(txq);
	if (hold_of(t)->stream)
		hold_of(t)->since = jiffies + 60 * HZ;
	__netif_tx_unlock_bh(txq);
	return t->a->counters.tx_held > held;
}

static bool send_after(struct kunit *test, u32 frames, u32 *done)
{
	return send_answered(test, frames, 0, done);
}

/* The first frame of a message that waits. */
static void stream(struct kunit *test, u32 *done)
{
	KUNIT_ASSERT_TRUE(test, send_after(test, STREAM, done));
}

static void hold_exit(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t ? t->more : NULL;

	traffic_exit(test);
	if (sockets && sockets->datagrams)
		sock_release(sockets->datagrams);
	if (sockets && sockets->connection)
		sock_release(sockets->connection);
}

static int hold_start(struct kunit *test, void (*setup)(struct fake_host *host))
{
	struct sockets *sockets = kunit_kzalloc(test, sizeof(*sockets), GFP_KERNEL);
	struct traffic *t;
	int ret = traffic_start(test, setup);

	if (ret || !sockets)
		return ret ?: -ENOMEM;
	t = test->priv;
	sockets->len = 60;
	t->more = sockets;
	t->a->tx_usecs = LONG_WAIT;
	/* Frames of its bringing up are no stream's. */
	hold_of(t)->frames = 0;
	ret = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sockets->datagrams);
	if (ret)
		return ret;
	return sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
				&sockets->connection);
}

static int hold_init(struct kunit *test)
{
	return hold_start(test, NULL);
}

/* The first frames do not wait. Those of a stream do until the message is full, then all go. */
static void hold_fills(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	u32 done = 0, before, i;

	for (i = 0; i < STREAM; i++) {
		send_one(test, sockets->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, i + 1);
	}
	/* One frame less is no stream. */
	KUNIT_EXPECT_FALSE(test, send_after(test, STREAM - 1, &done));
	stream(test, &done);
	before = t->host->num_sent;
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 1ul);
	for (i = 1; i < 7; i++) {
		send_one(test, sockets->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, before);
	}
	send_one(test, sockets->datagrams);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 8 * MESSAGE);
	KUNIT_EXPECT_FALSE(test, waits(t));
	host_completes(test, &done);

	/* And so on: one message of eight, not eight. */
	for (i = 0; i < 8; i++)
		send_one(test, sockets->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 2);
	KUNIT_EXPECT_EQ(test, t->host->sent[before + 1].used, 8 * MESSAGE);
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 2ul);
	host_completes(test, &done);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) ==
					  t->a->tx_stats[0].packets));
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
}

/* A frame that may not wait takes with it what does. */
static void hold_for_nobody_else(struct kunit *test)
{
	enum who { NO_SOCKET, CONNECTION, FULL_BUFFER, NETPOLL, SWITCHED_OFF } who;
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct hv_ring_buffer *out = t->ch->vmbus.outbound.ring_buffer;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u32 done = 0, before;
	netdev_tx_t ret;

	for (who = NO_SOCKET; who <= SWITCHED_OFF; who++) {
		struct sock *sk = sockets->datagrams->sk;
		struct sk_buff *skb;
		unsigned long flags;

		stream(test, &done);
		before = t->host->num_sent;
		skb = frame_of(test, who == NO_SOCKET ? NULL : who == CONNECTION ?
			       sockets->connection : sockets->datagrams);
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
		KUNIT_EXPECT_FALSE_MSG(test, waits(t), "%u", who);
		KUNIT_ASSERT_EQ_MSG(test, t->host->num_sent, before + 1, "%u", who);
		KUNIT_EXPECT_EQ_MSG(test, t->host->sent[before].used, 2 * MESSAGE, "%u", who);
	}
}

/* Half of the buffer is not too much. */
static void hold_of_half_a_buffer(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct sock *sk = sockets->datagrams->sk;
	u32 done = 0;

	stream(test, &done);
	refcount_set(&sk->sk_wmem_alloc, sk->sk_sndbuf / 2);
	send_one(test, sockets->datagrams);
	refcount_set(&sk->sk_wmem_alloc, 1);
	KUNIT_EXPECT_TRUE(test, waits(t));
}

/* The time ends the wait. */
static void hold_times_out(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 done = 0, before;

	t->a->tx_usecs = SHORT_WAIT;
	stream(test, &done);
	KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
	before = t->host->num_sent;
	KUNIT_EXPECT_EQ(test, t->host->sent[before - 1].used, MESSAGE);
	host_completes(test, &done);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == before));
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
}

/* Few frames for the wait, three times one after the other: then no waiting for a while. */
static void hold_in_vain(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 done = 0, sent, i, misses;
	unsigned long began, since;

	t->a->tx_usecs = SHORT_WAIT;
	for (misses = 1; misses <= 6; misses++) {
		for (i = 0; i < 3; i++) {
			began = jiffies;
			KUNIT_EXPECT_EQ(test, h->misses, min(misses - 1, 4u));
			stream(test, &done);
			KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
		}
		since = h->since;
		/* Each time for twice as long, up to sixteen windows. */
		KUNIT_EXPECT_EQ(test, h->misses, min(misses, 4u));
		began += NETVSC_STREAM_WINDOW << min(misses - 1, 4u);
		KUNIT_EXPECT_TRUE(test, time_after_eq(since, began));
		KUNIT_EXPECT_TRUE(test, time_before_eq(since, jiffies + 16 * NETVSC_STREAM_WINDOW));
		KUNIT_EXPECT_FALSE(test, h->stream);
		sent = t->host->num_sent;
		send_one(test, sockets->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, sent + 1);
	}
}

/* What is sent while there is no waiting is no stream's when there may be again. */
static void hold_forgives(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 done = 0, i;
	unsigned long held;

	t->a->tx_usecs = SHORT_WAIT;
	h->misses = 4;
	for (i = 0; i < 3; i++) {
		stream(test, &done);
		KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
	}
	KUNIT_EXPECT_FALSE(test, h->stream);
	held = t->a->counters.tx_held;
	for (i = 0; i < STREAM; i++) {
		host_completes(test, &done);
		send_one(test, sockets->datagrams);
		if (time_before(jiffies, h->since))
			KUNIT_EXPECT_EQ(test, h->frames, 0u);
	}
	/* Their window and one more: the next frame is the first. */
	host_completes(test, &done);
	while (time_before_eq(jiffies, h->since + NETVSC_STREAM_WINDOW))
		usleep_range(500, 1000);
	send_one(test, sockets->datagrams);
	KUNIT_EXPECT_EQ(test, h->frames, 1u);
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, held);
}

/*
 * Full messages are worth it, be they full of few large frames: some vain waits between them end
 * nothing, and all is forgotten.
 */
static void worth_it(struct kunit *test, u32 len, u32 frames, u32 messages, u32 *done)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 before, i;

	sockets->len = len;
	t->a->tx_usecs = LONG_WAIT;
	h->misses = 3;
	stream(test, done);
	before = t->host->num_sent;
	for (i = 1; i < messages * frames; i++) {
		KUNIT_EXPECT_EQ(test, h->misses, 3);
		KUNIT_EXPECT_EQ(test, waits(t), i % frames != 0);
		if (!waits(t))
			host_completes(test, done);
		send_one(test, sockets->datagrams);
	}
	KUNIT_EXPECT_FALSE(test, waits(t));
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + messages);
	KUNIT_EXPECT_EQ(test, h->misses, 0);

	t->a->tx_usecs = SHORT_WAIT;
	for (i = 0; i < 10; i++) {
		host_completes(test, done);
		send_one(test, sockets->datagrams);
		KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
		KUNIT_EXPECT_TRUE(test, h->stream);
	}
	host_completes(test, done);
	send_one(test, sockets->datagrams);
	KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
	KUNIT_EXPECT_FALSE(test, h->stream);
	KUNIT_EXPECT_EQ(test, h->misses, 1);
	host_completes(test, done);
}

/*
 * The score goes from 8 to 32. Of small frames eight are a message, worth four more than half of
 * it. In a section of 6144 have room: four of 1448 and the header of a fifth, which is one more
 * than half; three of 1544 and the header of a fourth, which is not, but full.
 */
static void hold_is_worth_it(struct kunit *test)
{
	u32 done = 0;

	worth_it(test, 60, 8, 6, &done);
	worth_it(test, 1400, 5, 24, &done);
	worth_it(test, 1500, 4, 24, &done);
}

/* Full by the number of frames, though more were to follow: the wait was worth it as well. */
static void hold_fills_with_more(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netvsc_tx_hold *h = hold_of(t);
	u32 done = 0, before, i;

	stream(test, &done);
	before = t->host->num_sent;
	for (i = 1; i < 8; i++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, frame_of(test, sockets->datagrams), true),
				NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 8 * MESSAGE);
	KUNIT_EXPECT_EQ(test, h->score, 8 + 4);
}

/* One timer for many messages: the last one waits for its own time, and not for ever. */
static void hold_next_message(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	u32 done = 0, before, i;
	ktime_t began, until;

	t->a->tx_usecs = 500 * 1000;
	stream(test, &done);
	before = t->host->num_sent;
	for (i = 1; i < 8; i++)
		send_one(test, sockets->datagrams);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 1);
	host_completes(test, &done);
	msleep(200);
	began = ktime_get();
	send_one(test, sockets->datagrams);
	KUNIT_ASSERT_TRUE(test, waits(t));
	until = hold_of(t)->until;
	KUNIT_EXPECT_GE(test, ktime_us_delta(until, began), 500 * 1000ll);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->host->num_sent == before + 2));
	KUNIT_EXPECT_GE(test, ktime_us_delta(ktime_get(), began), 500 * 1000ll);
}

static void four_queues(struct fake_host *host)
{
	host->queues = 4;
}

/* Another device, with four channels. */
static struct traffic *four_channels(struct kunit *test)
{
	struct traffic *t;

	hold_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, hold_start(test, four_queues), 0);
	t = test->priv;
	KUNIT_ASSERT_EQ(test, t->s->num_channels, 4u);
	return t;
}

/* Answers come on any channel: more than a quarter of what was sent, and nothing waits. */
static void hold_for_nobody_answered(struct kunit *test)
{
	struct traffic *t = four_channels(test);
	u32 done = 0, i, base;

	for (i = 0; i < 4; i++) {
		base = received(t);
		receive(test, i, 5);
		KUNIT_ASSERT_EQ(test, received(t), base + 5);
		KUNIT_EXPECT_FALSE_MSG(test, send_answered(test, STREAM, 5, &done), "%u", i);
		KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
	}
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_held, 0ul);
	/* Those of an earlier window are not this one's. */
	KUNIT_EXPECT_EQ(test, hold_of(t)->received, received(t));
	/* A quarter of them is not enough to be an answer. */
	KUNIT_EXPECT_TRUE(test, send_answered(test, STREAM, 4, &done));
}

/* A few frames that come in meanwhile end nothing. */
static void hold_goes_on(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	u32 done = 0, before, i;

	stream(test, &done);
	before = t->host->num_sent;
	receive(test, 0, 4);
	for (i = 1; i < 7; i++)
		send_one(test, sockets->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before);
	KUNIT_EXPECT_TRUE(test, waits(t));
	send_one(test, sockets->datagrams);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	/* Nor in the window after that. */
	KUNIT_EXPECT_TRUE(test, send_answered(test, 4 * 4, 4, &done));
	KUNIT_EXPECT_TRUE(test, hold_of(t)->stream);
}

/* A stream that is answered is none any more when its window ends. */
static void hold_ends_by_answers(struct kunit *test)
{
	struct traffic *t = four_channels(test);
	struct sockets *sockets = t->more;
	u32 done = 0, before, i;

	stream(test, &done);
	before = t->host->num_sent;
	receive(test, 2, 5);
	KUNIT_EXPECT_FALSE(test, send_answered(test, STREAM, 5, &done));
	KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
	/* Those of further tries, on a slow machine, went alone. */
	KUNIT_ASSERT_GE(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 2 * MESSAGE);
	before = t->host->num_sent;
	for (i = 0; i < 4; i++) {
		send_one(test, sockets->datagrams);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1 + i);
	}
}

/* The time is over, and the ring has no room: the message is sealed, and sent when it has. */
static void hold_ends_without_room(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hv_ring_buffer_info *out = &t->ch->vmbus.outbound;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u32 done = 0, before;

	stream(test, &done);
	host_completes(test, &done);
	before = t->host->num_sent;
	t->host->hold = true;
	/* Packets given back fill the ring of 8192, 32 bytes each, to its last 32. */
	receive(test, 0, 300);
	KUNIT_ASSERT_TRUE(test, fake_wait(out->ring_datasize - hv_get_bytes_to_read(out) == 32));
	KUNIT_ASSERT_TRUE(test, waits(t));
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_busy, 0ul);
	hold_of(t)->until = ktime_get();
	hrtimer_start(&hold_of(t)->timer, 0, HRTIMER_MODE_ABS_PINNED_SOFT);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(channel_of(t)->tx.msg.state) ==
					  NETVSC_TX_SEALED));
	KUNIT_EXPECT_TRUE(test, fake_wait(netif_tx_queue_stopped(txq)));
	KUNIT_EXPECT_GE(test, t->a->counters.tx_busy, 1ul);

	t->host->hold = false;
	fake_read(t->host);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->num_sent == before + 1)));
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, MESSAGE);
	host_completes(test, &done);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 0ul);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), netvsc_rx_idle(channel_of(t)))));
}

/* A frame of an XDP program does not pass those that wait: they go first, at once. */
static void hold_before_a_frame(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sockets *sockets = t->more;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u8 *frame = kunit_kzalloc(test, 100, GFP_KERNEL);
	u32 done = 0, before;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	stream(test, &done);
	send_one(test, sockets->datagrams);
	before = t->host->num_sent;
	KUNIT_ASSERT_TRUE(test, waits(t));
	local_bh_disable();
	__netif_tx_lock(txq, smp_processor_id());
	ret = netvsc_tx_frame(channel_of(t), frame, 100);
	__netif_tx_unlock(txq);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_FALSE(test, waits(t));
	KUNIT_ASSERT_EQ(test, t->host->num_sent, before + 2);
	KUNIT_EXPECT_EQ(test, t->host->sent[before].used, 2 * MESSAGE);
	KUNIT_EXPECT_EQ(test, t->host->sent[before + 1].used, HEADER + 100u);
	host_completes(test, &done);
}

/* Queues that stop send what waits, on whichever channel. */
static void hold_ends_on_all_channels(struct kunit *test)
{
	struct traffic *t = four_channels(test);
	struct sockets *sockets = t->more;
	u32 done = 0, before, i;

	for (i = 1; i < 4; i += 2) {
		sockets->queue = i;
		stream(test, &done);
		KUNIT_EXPECT_TRUE(test, waits(t));
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
		sockets->queue = i;
		KUNIT_EXPECT_FALSE(test, waits(t));
		host_completes(test, &done);
	}
}

/* An interface that goes down, and a device that goes, send what waits. */
static void hold_ends_with_the_interface(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 done = 0, before;

	stream(test, &done);
	before = t->host->num_sent;
	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
	KUNIT_EXPECT_FALSE(test, waits(t));
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	host_completes(test, &done);

	stream(test, &done);
	before = t->host->num_sent;
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, before + 1);
}

/* A device that the host took away: what waits is dropped, by the timer and once. */
static void hold_ends_by_rescind(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 done = 0, freed;

	stream(test, &done);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == done));
	freed = atomic_read(&traffic_freed);
	t->ch->vmbus.rescind = true;
	/* The timer's time has come. */
	hold_of(t)->until = ktime_get();
	hrtimer_start(&hold_of(t)->timer, 0, HRTIMER_MODE_ABS_PINNED_SOFT);
	KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), freed + 1);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);
	traffic_end(t);
}

static void one_packet(struct fake_host *host)
{
	host->max_packets = 1;
}

/* A host that takes one frame a message: nothing can be gained. */
static void hold_of_single_frames(struct kunit *test)
{
	u32 done = 0;

	hold_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, hold_start(test, one_packet), 0);
	KUNIT_EXPECT_FALSE(test, send_after(test, STREAM, &done));
}

static void two_packets(struct fake_host *host)
{
	host->max_packets = 2;
}

/* A host that takes two: half of that is one, and for one frame no wait is worth it. */
static void hold_of_two_frames(struct kunit *test)
{
	struct traffic *t;
	u32 done = 0, i;

	hold_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, hold_start(test, two_packets), 0);
	t = test->priv;
	t->a->tx_usecs = SHORT_WAIT;
	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, hold_of(t)->misses, 0);
		stream(test, &done);
		KUNIT_EXPECT_TRUE(test, fake_wait(!waits(t)));
	}
	KUNIT_EXPECT_EQ(test, hold_of(t)->misses, 1);
	KUNIT_EXPECT_FALSE(test, hold_of(t)->stream);
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
	KUNIT_CASE(hold_for_nobody_else),
	KUNIT_CASE(hold_of_half_a_buffer),
	KUNIT_CASE(hold_times_out),
	KUNIT_CASE(hold_in_vain),
	KUNIT_CASE(hold_forgives),
	KUNIT_CASE(hold_is_worth_it),
	KUNIT_CASE(hold_fills_with_more),
	KUNIT_CASE(hold_next_message),
	KUNIT_CASE(hold_for_nobody_answered),
	KUNIT_CASE(hold_goes_on),
	KUNIT_CASE(hold_ends_by_answers),
	KUNIT_CASE(hold_ends_without_room),
	KUNIT_CASE(hold_before_a_frame),
	KUNIT_CASE(hold_ends_on_all_channels),
	KUNIT_CASE(hold_ends_with_the_interface),
	KUNIT_CASE(hold_ends_by_rescind),
	KUNIT_CASE(hold_of_single_frames),
	KUNIT_CASE(hold_of_two_frames),
	KUNIT_CASE(hold_by_ethtool),
	{ }
};

struct kunit_suite tx_hold_suite = {
	.name = "hv-netvsc-tx-hold",
	.init = hold_init,
	.exit = hold_exit,
	.test_cases = tx_hold_cases,
};
