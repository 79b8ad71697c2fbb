// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: an isolated guest, whose memory the host cannot read: what it shares goes through the
 * DMA interface, old protocols are no choice, a VF is nothing that the host may bring.
 */
#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

static int isolated_init(struct kunit *test)
{
	fake_isolation = true;
	return traffic_start(test, NULL);
}

static void isolated_exit(struct kunit *test)
{
	traffic_exit(test);
	fake_isolation = false;
}

static void isolated_needs_the_newest(struct kunit *test)
{
	struct fake_host *host = fake_host_new(test);

	host->newest = 0x60000;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), -EPROTO);
	KUNIT_EXPECT_EQ(test, host->nvsp[101], 0u);
	KUNIT_EXPECT_EQ(test, host->open, 0u);
	fake_host_free(host);
}

static void isolated_takes_no_vf(struct kunit *test)
{
	static const u32 association[10] = { 128, 1, 7 };
	struct traffic *t = test->priv;

	/* VLAN 3, teaming 5, RSC 7, and not SR-IOV 2 */
	KUNIT_EXPECT_EQ(test, t->host->ndis_config[2], 0xa8u);
	fake_packet(t->ch, VM_PKT_DATA_INBAND, 0, NULL, 0, association, sizeof(association));
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(!hv_get_bytes_to_read(&t->ch->vmbus.inbound)));
	KUNIT_EXPECT_EQ(test, t->a->vf_present, 0u);
}

/* Frames in place are mapped for as long as the host has them; copied ones need it not. */
static void isolated_maps_frames(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct netvsc_tx *tx = &t->s->channel[0]->tx;
	u32 i;

	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, 1u);
	KUNIT_EXPECT_TRUE(test, !tx->slots[t->host->sent[0].id & 0xffff].dma);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 20000), false), NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, 2u);
	KUNIT_EXPECT_FALSE(test, !tx->slots[t->host->sent[1].id & 0xffff].dma);
	KUNIT_EXPECT_EQ(test, t->host->sent[1].range_bytes, HEADER + 20000u);
	KUNIT_EXPECT_EQ(test, t->host->sent[1].head[HEADER + 20], (u8)(20 * 7));
	for (i = 0; i < 2; i++)
		fake_complete(t->ch, t->host->sent[i].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 2));
	KUNIT_EXPECT_TRUE(test, !tx->slots[t->host->sent[1].id & 0xffff].dma);

	/* And one that the host never completes. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 9000), false), NETDEV_TX_OK);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 3);
}

static void isolated_receives(struct kunit *test)
{
	struct traffic *t = test->priv;

	fake_rndis(t->ch, t->words, traffic_frame(t->words, NULL, 0, 60, 1));
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 1));
}

static struct kunit_case isolated_cases[] = {
	KUNIT_CASE(isolated_needs_the_newest),
	KUNIT_CASE(isolated_takes_no_vf),
	KUNIT_CASE(isolated_maps_frames),
	KUNIT_CASE(isolated_receives),
	{ }
};

struct kunit_suite isolated_suite = {
	.name = "hv-netvsc-isolated",
	.init = isolated_init,
	.exit = isolated_exit,
	.test_cases = isolated_cases,
};
