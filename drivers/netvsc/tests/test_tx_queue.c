// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the driver keeps account of while the host has its frames: packets shared by
 * frames, slots, send sections, room in the ring; completions of all kinds; the end of it all.
 */
#include <linux/rtnetlink.h>
#include <linux/vmalloc.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

static int tx_queue_init(struct kunit *test)
{
	return traffic_start(test, NULL);
}

/* Eight RNDIS messages a packet, says the host. */
static void tx_batches(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	unsigned int i;

	for (i = 0; i < 9; i++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), i < 8), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 2u);
	KUNIT_EXPECT_EQ(test, host->sent[0].used, 8 * 104u);
	KUNIT_EXPECT_EQ(test, host->sent[1].used, 104u);
	fake_complete(t->ch, host->sent[0].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 8));
	fake_complete(t->ch, host->sent[1].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 9));
	KUNIT_EXPECT_EQ(test, t->a->tx_stats[0].packets, 9ull);
}

/* Only the id that the host was given, and only once, gives a frame back. */
static void tx_lying_completions(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	u64 id, lies[4];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 1u);
	id = host->sent[0].id;
	lies[0] = id + 0x10000;		/* the slot's next use */
	lies[1] = id - 0x10000;
	lies[2] = id ^ 1;		/* another slot */
	lies[3] = id | 0x8000;		/* one that there is not */
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		fake_complete(t->ch, lies[i], sent_ok, 2);
		KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_bad_completion ==
						       i + 1));
		KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 0);
	}
	fake_complete(t->ch, id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 1));
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_completion, 4ul);
	/* Again, and once more when the slot is in use again. */
	fake_complete(t->ch, id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_bad_completion == 5));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->s->channel[0]->tx.outstanding), 0);
	KUNIT_EXPECT_EQ(test, t->a->tx_stats[0].packets, 1ull);
}

static void tx_full_ring(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	struct sk_buff *skb;
	u32 accepted, done = 0;

	host->hold = true;
	for (accepted = 0; accepted < FAKE_SENT; accepted++) {
		if (netif_tx_queue_stopped(txq))
			break;
		KUNIT_ASSERT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	}
	/* The queue stops in time: nobody was told to come again. */
	KUNIT_EXPECT_TRUE(test, netif_tx_queue_stopped(txq));
	KUNIT_EXPECT_EQ(test, t->a->counters.stop_queue, 1ul);
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_busy, 0ul);
	/* 64 bytes a packet in a ring of 8192 */
	KUNIT_EXPECT_GT(test, accepted, 90u);
	KUNIT_EXPECT_LT(test, accepted, 128u);

	/* Who sends all the same fills the ring to the brim, then is told to. */
	for (; accepted < FAKE_SENT; accepted++) {
		skb = traffic_skb(test, t, 60);
		if (traffic_send(t, skb, false) != NETDEV_TX_OK) {
			skb->destructor = NULL;
			kfree_skb(skb);
			break;
		}
	}
	KUNIT_EXPECT_GT(test, t->a->counters.tx_busy, 0ul);
	KUNIT_EXPECT_LE(test, accepted, 128u);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 0);

	/* The host reads and completes: all of them arrive once, and the queue runs. */
	host->hold = false;
	fake_read(host);
	while (done < host->num_sent && done < FAKE_SENT) {
		fake_complete(t->ch, host->sent[done++].id, sent_ok, 2);
		if (done == host->num_sent)
			fake_wait((fake_read(host), host->num_sent == accepted));
	}
	KUNIT_EXPECT_EQ(test, host->num_sent, accepted);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == accepted));
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_tx_queue_stopped(txq)));
	KUNIT_EXPECT_GE(test, t->a->counters.wake_queue, 1ul);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_completion, 0ul);
	KUNIT_EXPECT_EQ(test, t->a->tx_stats[0].packets, (u64)accepted);
}

/* The device goes while the host has frames: they come back with the ring. */
static void tx_ends(struct kunit *test)
{
	struct traffic *t = test->priv;
	unsigned int i;

	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, i == 4 ? 9000 : 60), false),
				NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 0);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 5);
}


/* Completions that are none. */
static void tx_malformed_completions(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 words[2], n;
		bool freed;
	} cases[] = {
		{ "nothing", { }, 0, false },
		{ "another message", { 107, 1 }, 2, false },
		{ "no status", { 108, 0 }, 2, true },
		{ "a status that nobody knows", { 108, 0xffffffff }, 2, true },
	};
	struct traffic *t = test->priv;
	u32 i, freed = 0, bad = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 id;

		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false),
				NETDEV_TX_OK);
		KUNIT_ASSERT_EQ(test, t->host->num_sent, i + 1);
		id = t->host->sent[i].id;
		fake_complete(t->ch, id, cases[i].words, cases[i].n);
		freed++;
		if (!cases[i].freed) {
			bad++;
			KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->a->counters.host_bad_completion ==
							      bad), "%s", cases[i].what);
			KUNIT_EXPECT_EQ_MSG(test, atomic_read(&traffic_freed), freed - 1, "%s",
					    cases[i].what);
			fake_complete(t->ch, id, sent_ok, 2);
		}
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(atomic_read(&traffic_freed) == freed), "%s",
				      cases[i].what);
	}
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_completion, (unsigned long)bad);
}

/* A host that reads all and completes nothing: sections run out first, then slots. */
static void tx_runs_out(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	struct netdev_queue *txq = netdev_get_tx_queue(t->net, 0);
	u32 sections = host->send_bytes / SECTION, i;
	struct sk_buff *skb;

	KUNIT_ASSERT_LT(test, sections, 1000u);
	for (i = 0; i < 1024; i++) {
		KUNIT_ASSERT_FALSE(test, netif_tx_queue_stopped(txq));
		KUNIT_ASSERT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false),
				NETDEV_TX_OK);
	}
	KUNIT_EXPECT_EQ(test, host->num_sent, 1024u);
	KUNIT_EXPECT_TRUE(test, bitmap_full(t->s->send_map, sections));
	KUNIT_EXPECT_EQ(test, t->a->counters.tx_send_full, 1024ul - sections);
	KUNIT_EXPECT_EQ(test, host->sent[sections - 1].type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(test, host->sent[sections].type, VM_PKT_DATA_USING_GPA_DIRECT);
	KUNIT_EXPECT_EQ(test, host->sent[sections].range_bytes, HEADER + 60u);

	KUNIT_EXPECT_TRUE(test, netif_tx_queue_stopped(txq));
	skb = traffic_skb(test, t, 60);
	KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_BUSY);
	skb->destructor = NULL;
	kfree_skb(skb);

	/* A sixteenth of the slots is not worth waking up for. */
	for (i = 0; i < 64; i++)
		fake_complete(t->ch, host->sent[i].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 64));
	KUNIT_EXPECT_TRUE(test, netif_tx_queue_stopped(txq));
	fake_complete(t->ch, host->sent[i++].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(!netif_tx_queue_stopped(txq)));
	for (; i < 1024; i++)
		fake_complete(t->ch, host->sent[i].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 1024));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->s->send_map, sections));

	/* Sections are found again, from where the last one was. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, host->sent[1024].type, VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_completion, 0ul);
}

static void one_aligned_packet(struct fake_host *host)
{
	host->max_packets = 1;
	host->align = 5;
}

/* One message a packet, says another host, and messages of 32 bytes' multiples. */
static void tx_by_the_limits(struct kunit *test)
{
	struct traffic *t;
	u32 i;

	traffic_exit(test);
	KUNIT_ASSERT_EQ(test, traffic_start(test, one_aligned_packet), 0);
	t = test->priv;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), i < 2),
				NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, 3u);
	for (i = 0; i < 3; i++) {
		const u8 *at = t->host->send + t->host->sent[i].section * SECTION;

		KUNIT_EXPECT_EQ(test, t->host->sent[i].used, 128u);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 4), 128u);
	}
}

/* Batches of the largest copied frames: by the section, not by the count. */
static void tx_batches_by_size(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 i, n;

	/* 1500 + 44 is 1544: three take 4632, a fourth's header and data in place end a packet */
	for (i = 0; i < 2; i++) {
		for (n = 0; n < 4; n++)
			KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 1500), true),
					NETDEV_TX_OK);
		KUNIT_ASSERT_EQ(test, t->host->num_sent, i + 1);
		KUNIT_EXPECT_EQ(test, t->host->sent[i].used, 3 * 1544u + HEADER);
		KUNIT_EXPECT_EQ(test, t->host->sent[i].range_bytes, 1500u);
		/* Only then does the byte queue limit let more be put together. */
		fake_complete(t->ch, t->host->sent[i].id, sent_ok, 2);
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 4 * (i + 1)));
	}
}

/* Frames for a channel that there is not, or a device that is gone. */
static void tx_to_nobody(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct sk_buff *skb = traffic_skb(test, t, 60);

	skb_set_queue_mapping(skb, 5);
	KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);

	t->ch->vmbus.rescind = true;
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 9000), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 3ul);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 3);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 0u);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->s->channel[0]->tx.outstanding), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->s->send_map, t->s->send.sections));
	traffic_end(t);
}

/* Indices that the host may not have written. */
static void tx_spoilt_ring(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hv_ring_buffer *ring = t->ch->vmbus.outbound.ring_buffer;
	u32 read = ring->read_index;

	WRITE_ONCE(ring->read_index, 0xfffffff8);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 1);
	WRITE_ONCE(ring->read_index, read);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 1u);
}

/*
 * A host that gives nothing back. What it may still read or write must not be used for anything
 * else, so the driver parts with it; here it is freed once the host is certainly done.
 */
static void tx_host_keeps_all(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	struct sk_buff *skbs[2];
	u32 i;

	for (i = 0; i < 2; i++) {
		skbs[i] = skb_get(traffic_skb(test, t, i ? 9000 : 60));
		KUNIT_EXPECT_EQ(test, traffic_send(t, skbs[i], false), NETDEV_TX_OK);
	}
	KUNIT_EXPECT_EQ(test, host->num_sent, 2u);
	host->keeps = true;
	traffic_end(t);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, refcount_read(&skbs[i]->users), 2);
		KUNIT_EXPECT_EQ(test, skbs[i]->data[1], 7);
		kfree_skb(skbs[i]);
		kfree_skb(skbs[i]);
	}
	/* The host still reads the one, and writes the other. */
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(host->send + SECTION * host->sent[0].section), 1u);
	memset(host->recv, 0x5a, host->recv_bytes);
	vfree(host->recv);
	vfree(host->send);
}

static struct kunit_case tx_queue_cases[] = {
	KUNIT_CASE(tx_batches),
	KUNIT_CASE(tx_batches_by_size),
	KUNIT_CASE(tx_by_the_limits),
	KUNIT_CASE(tx_lying_completions),
	KUNIT_CASE(tx_malformed_completions),
	KUNIT_CASE(tx_full_ring),
	KUNIT_CASE(tx_runs_out),
	KUNIT_CASE(tx_to_nobody),
	KUNIT_CASE(tx_spoilt_ring),
	KUNIT_CASE(tx_ends),
	KUNIT_CASE(tx_host_keeps_all),
	{ }
};

struct kunit_suite tx_queue_suite = {
	.name = "hv-netvsc-tx-queue",
	.init = tx_queue_init,
	.exit = traffic_exit,
	.test_cases = tx_queue_cases,
};
