// SPDX-License-Identifier: GPL-2.0
/*
 * Small datagrams, one after the other: a program hands them over one by one, and a host that is
 * faster than the program is signalled for each and interrupts for each. Where a channel sends
 * many, and the session receives few, a message that has room waits for more frames, until it is
 * full or the time of ethtool -C tx-usecs is over.
 *
 * Nobody who waits for something may wait for that as well. So frames of a connection never wait,
 * nor of a socket that has used up half of its send buffer, nor of netpoll, whose machine may be
 * stopped. Who is answered does not wait either: an answer may come on any channel, so that
 * those of all are counted, and a few broadcasts are none. And waits that bring few frames end
 * the waiting for a while, each time for longer.
 */
#include <net/sock.h>

#include "netvsc.h"

/* So many frames in one window, and no more received than this part of them, are a stream. */
#define STREAM_FRAMES	16u
#define ANSWERED_PART	4u
/* Frames beyond half of what a message may have, added up: the beginning, the most that counts. */
#define SCORE_BEGIN	8
#define SCORE_MAX	32
/* The longest that there is no waiting after vain waits: so many doublings of the window. */
#define MISSES_MAX	4

/* Frames that all channels have received. */
static u32 received(const struct netvsc_session *s)
{
	u32 num = READ_ONCE(s->num_channels), sum = 0, i;

	for (i = 0; i < num; i++)
		sum += READ_ONCE(s->channel[i]->rx.received);
	return sum;
}

/* Counts a frame; whether those before it were a stream. */
static bool in_stream(struct netvsc_channel *ch)
{
	struct netvsc_tx_hold *h = &ch->tx.hold;
	unsigned long now = jiffies;

	/* The window begins when vain waits are forgiven. */
	if (time_before(now, h->since))
		return h->stream;
	if (time_after(now, h->since + NETVSC_STREAM_WINDOW)) {
		h->stream = h->frames >= STREAM_FRAMES &&
			    received(ch->session) - h->received <= h->frames / ANSWERED_PART &&
			    time_before_eq(now, h->since + 2 * NETVSC_STREAM_WINDOW);
		h->frames = 0;
		h->since = now;
	}
	if (!h->frames++)
		h->received = received(ch->session);
	return h->stream;
}

/* Was the wait of the message that is being put together worth it? If not, none for a while. */
static void judge(struct netvsc_channel *ch, bool full)
{
	struct netvsc_tx_hold *h = &ch->tx.hold;
	/* One frame is in vain whatever the host takes. */
	int worth = max(ch->session->max_packets / 2, 2U);
	int gain = ch->tx.msg.frames - worth;
	int score;

	/* Few frames fill a message when they are large: those did not wait for nothing. */
	if (full)
		gain = max(gain, 1);
	score = h->score + gain;
	h->score = min(score, SCORE_MAX);
	if (score >= SCORE_MAX)
		h->misses = 0;
	if (score >= 0)
		return;
	h->score = SCORE_BEGIN;
	h->stream = false;
	h->frames = 0;
	h->since = jiffies + ((unsigned long)NETVSC_STREAM_WINDOW << h->misses);
	if (h->misses < MISSES_MAX)
		h->misses++;
}

/* A sender that is not stopped by what we keep. */
static bool patient(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && (sk->sk_type == SOCK_DGRAM || sk->sk_type == SOCK_RAW) &&
	       refcount_read(&sk->sk_wmem_alloc) <= READ_ONCE(sk->sk_sndbuf) / 2;
}

/**
 * netvsc_tx_hold() - may the message that is being put together wait for more frames?
 * @ch: the channel
 * @skb: the frame that came last; no longer there unless the message is open
 *
 * If so, it is sent with a later frame or by a timer, after tx-usecs at the latest.
 * Context: the queue's lock, BH off.
 * Return: whether it waits; else the caller sends what is open.
 */
bool netvsc_tx_hold(struct netvsc_channel *ch, const struct sk_buff *skb)
{
	struct netvsc_adapter *a = netdev_priv(ch->session->net);
	struct netvsc_tx_hold *h = &ch->tx.hold;
	struct netvsc_tx_msg *msg = &ch->tx.msg;
	u32 usecs = READ_ONCE(a->tx_usecs);

	if (!usecs || !in_stream(ch) || msg->state != NETVSC_TX_OPEN)
		return false;
	if (!patient(skb->sk) || irqs_disabled())
		return false;
	if (!msg->held) {
		msg->held = true;
		h->until = ktime_add_us(ktime_get(), usecs);
		a->counters.tx_held++;
	}
	/*
	 * One that runs was begun for an earlier message and goes on for this one, unless the time
	 * was made shorter. It has not expired when it ends later than that.
	 */
	if (!h->armed || ktime_before(h->until, hrtimer_get_expires(&h->timer))) {
		h->armed = true;
		hrtimer_start(&h->timer, h->until, HRTIMER_MODE_ABS_PINNED_SOFT);
	}
	return true;
}

/**
 * netvsc_tx_full() - send the message that is being put together, for it takes no more
 * @ch: the channel, whose message is open
 *
 * Context: the queue's lock, BH off.
 */
void netvsc_tx_full(struct netvsc_channel *ch)
{
	if (ch->tx.msg.held)
		judge(ch, true);
	netvsc_tx_submit(ch);
}

static enum hrtimer_restart hold_ends(struct hrtimer *timer)
{
	struct netvsc_channel *ch = container_of(timer, struct netvsc_channel, tx.hold.timer);
	struct netdev_queue *txq = netvsc_txq(ch);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	struct netvsc_tx_hold *h = &ch->tx.hold;

	__netif_tx_lock(txq, smp_processor_id());
	if (ch->tx.msg.state != NETVSC_TX_OPEN || !ch->tx.msg.held) {
		h->armed = false;
	} else if (ktime_before(ktime_get(), h->until)) {
		/* The message that it was begun for is gone; the next one has some time left. */
		hrtimer_set_expires(timer, h->until);
		again = HRTIMER_RESTART;
	} else {
		judge(ch, false);
		h->armed = false;
		netvsc_tx_submit(ch);
	}
	__netif_tx_unlock(txq);
	return again;
}

/**
 * netvsc_tx_release() - send what waits
 * @s: a session whose queues are stopped
 *
 * Context: process.
 */
void netvsc_tx_release(struct netvsc_session *s)
{
	u32 i;

	for (i = 0; i < s->num_channels; i++) {
		struct netvsc_channel *ch = s->channel[i];

		if (!ch->open)
			continue;
		__netif_tx_lock_bh(netvsc_txq(ch));
		if (ch->tx.msg.state == NETVSC_TX_OPEN)
			netvsc_tx_submit(ch);
		__netif_tx_unlock_bh(netvsc_txq(ch));
	}
}

/**
 * netvsc_tx_hold_init() - nothing waits
 * @ch: a new channel
 */
void netvsc_tx_hold_init(struct netvsc_channel *ch)
{
	hrtimer_setup(&ch->tx.hold.timer, hold_ends, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_SOFT);
	ch->tx.hold.since = jiffies;
	ch->tx.hold.score = SCORE_BEGIN;
}

/**
 * netvsc_tx_hold_end() - nothing will be sent by the timer any more
 * @ch: a channel that nobody sends on any more
 *
 * Context: process.
 */
void netvsc_tx_hold_end(struct netvsc_channel *ch)
{
	hrtimer_cancel(&ch->tx.hold.timer);
}
