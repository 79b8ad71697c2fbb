// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose frames wait for each other: sockets that they are of, and a past in which they were
 * a stream.
 */
#include <net/sock.h>

#include "hold.h"

/**
 * hold_start() - a device that is up, with a wait that no test sees the end of, and the sockets
 * @test: the test, whose priv it sets
 * @setup: changes the host before the driver sees it, or NULL
 *
 * Return: 0 or a negative error; hold_exit() is due either way.
 */
int hold_start(struct kunit *test, void (*setup)(struct fake_host *host))
{
	struct hold *hold = kunit_kzalloc(test, sizeof(*hold), GFP_KERNEL);
	struct traffic *t;
	int ret = traffic_start(test, setup);

	if (ret || !hold)
		return ret ?: -ENOMEM;
	t = test->priv;
	hold->len = 60;
	t->more = hold;
	t->a->tx_usecs = LONG_WAIT;
	/* Frames of its bringing up are no stream's. */
	hold_of(t)->frames = 0;
	ret = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &hold->datagrams);
	if (ret)
		return ret;
	return sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &hold->connection);
}

/** hold_init() - a suite's init. Return: see hold_start(). */
int hold_init(struct kunit *test)
{
	return hold_start(test, NULL);
}

/** hold_exit() - a suite's exit. */
void hold_exit(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hold *hold = t ? t->more : NULL;

	traffic_exit(test);
	if (hold && hold->datagrams)
		sock_release(hold->datagrams);
	if (hold && hold->connection)
		sock_release(hold->connection);
}

/**
 * hold_restart() - another device in the place of the one that there was
 * @test: the test, which ends when there is none
 * @setup: see hold_start()
 *
 * Return: what test->priv is now.
 */
struct traffic *hold_restart(struct kunit *test, void (*setup)(struct fake_host *host))
{
	hold_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, hold_start(test, setup), 0);
	return test->priv;
}

/** hold_channel() - the channel that frames take. */
struct netvsc_channel *hold_channel(struct traffic *t)
{
	return t->s->channel[((struct hold *)t->more)->queue];
}

/** hold_of() - what the driver knows of the waits on it. */
struct netvsc_tx_hold *hold_of(struct traffic *t)
{
	return &hold_channel(t)->tx.hold;
}

/** hold_waits() - whether a message is being put together on it. */
bool hold_waits(struct traffic *t)
{
	return READ_ONCE(hold_channel(t)->tx.msg.state) == NETVSC_TX_OPEN;
}

/** hold_received() - frames that the session has received. */
u32 hold_received(struct traffic *t)
{
	u32 sum = 0, i;

	for (i = 0; i < t->s->num_channels; i++)
		sum += READ_ONCE(t->s->channel[i]->rx.received);
	return sum;
}

/**
 * hold_frame() - a frame
 * @test: the test, which ends when there is no memory
 * @socket: that it is of, or NULL
 */
struct sk_buff *hold_frame(struct kunit *test, struct socket *socket)
{
	struct traffic *t = test->priv;
	const struct hold *hold = t->more;
	struct sk_buff *skb = traffic_skb(test, t, hold->len);

	skb->sk = socket ? socket->sk : NULL;
	skb_set_queue_mapping(skb, hold->queue);
	return skb;
}

/** hold_send() - send one, with no more to follow at once. See hold_frame(). */
void hold_send(struct kunit *test, struct socket *socket)
{
	KUNIT_EXPECT_EQ(test, traffic_send(test->priv, hold_frame(test, socket), false),
			NETDEV_TX_OK);
}

/** hold_completes() - the host completes all it has, and the byte queue limit has room for more. */
void hold_completes(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct netvsc_channel *ch = hold_channel(t);
	struct hold *hold = t->more;

	for (; hold->done < t->host->num_sent; hold->done++) {
		const struct fake_sent *sent = &t->host->sent[hold->done];

		fake_complete(&t->host->channel[sent->channel], sent->id, sent_ok, 2);
	}
	KUNIT_EXPECT_TRUE(test, fake_wait(!atomic_read(&ch->tx.outstanding) &&
					  !netif_xmit_stopped(netvsc_txq(ch))));
}

/**
 * hold_send_answered() - as if frames had been sent a window ago, the next datagram is sent
 * @test: the test
 * @frames: so many
 * @answers: what the session has received since
 *
 * Tried again when the machine was too slow for it to be within the next window: the host may have
 * got some that did not wait.
 *
 * Return: whether it waited. Then this window is a long one.
 */
bool hold_send_answered(struct kunit *test, u32 frames, u32 answers)
{
	struct traffic *t = test->priv;
	struct hold *hold = t->more;
	struct netdev_queue *txq = netvsc_txq(hold_channel(t));
	unsigned long held = t->a->counters.tx_held, since;
	unsigned int tries = 0;

	do {
		struct sk_buff *skb = hold_frame(test, hold->datagrams);

		hold_completes(test);
		since = jiffies - NETVSC_STREAM_WINDOW - 1;
		hold_of(t)->frames = frames;
		hold_of(t)->received = hold_received(t) - answers;
		hold_of(t)->since = since;
		KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	} while (t->a->counters.tx_held == held && ++tries < 100 &&
		 time_after(jiffies, since + 2 * NETVSC_STREAM_WINDOW));
	/* Unless the timer has ended the stream already. */
	__netif_tx_lock_bh(txq);
	if (hold_of(t)->stream)
		hold_of(t)->since = jiffies + 60 * HZ;
	__netif_tx_unlock_bh(txq);
	return t->a->counters.tx_held > held;
}

/** hold_send_after() - the same, and nothing was received. */
bool hold_send_after(struct kunit *test, u32 frames)
{
	return hold_send_answered(test, frames, 0);
}

/** hold_stream() - the first frame of a message waits; else the test ends. */
void hold_stream(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, hold_send_after(test, STREAM));
}
