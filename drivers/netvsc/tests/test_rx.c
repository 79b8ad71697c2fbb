// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: frames from a host that is right, that lies about where they are, that cuts them into
 * pieces, and that sends more than is given back in time.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

/* Of one coalesced frame at most: 65535 bytes, Ethernet header and tag. */
#define LONGEST		(65535 + 14 + 4)

static int rx_init(struct kunit *test)
{
	return traffic_start(test, NULL);
}

static void rx_receives(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 infos[12], words;
		struct got got;
	} cases[] = {
		{ "nothing known", { }, 0, { .ip_summed = CHECKSUM_NONE } },
		{ "TCP is good", { 16, 0, 12, 0x08 }, 4, { .ip_summed = CHECKSUM_UNNECESSARY } },
		{ "UDP is good", { 16, 0, 12, 0x10 }, 4, { .ip_summed = CHECKSUM_UNNECESSARY } },
		{ "IP is good", { 16, 0, 12, 0x20 }, 4, { .ip_summed = CHECKSUM_NONE } },
		{ "TCP is bad", { 16, 0, 12, 0x21 }, 4, { .ip_summed = CHECKSUM_NONE } },
		{ "UDP is bad", { 16, 0, 12, 0x22 }, 4, { .ip_summed = CHECKSUM_NONE } },
		{ "a tag", { 16, 6, 12, 0x123d }, 4, { .vlan = true, .tci = 0xb123 } },
		{ "a hash", { 16, 8, 12, 0xdeadbeef }, 4, { .hash = 0xdeadbeef } },
		{ "all of it", { 16, 8, 12, 7, 16, 6, 12, 0x10, 16, 0, 12, 0x28 }, 12,
		  { .vlan = true, .tci = 1, .hash = 7, .ip_summed = CHECKSUM_UNNECESSARY } },
	};
	struct traffic *t = test->priv;
	u32 words[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct got *got = &t->got[i % MOST];

		fake_rndis(t->ch, words,
				traffic_frame(words, cases[i].infos, cases[i].words, 60 + i, 0x40 + i));
		KUNIT_ASSERT_TRUE_MSG(test, fake_wait(t->count == i + 1), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, got->len, 60 + i - 14, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, got->last, 0x40 + i, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, got->ip_summed, cases[i].got.ip_summed, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, got->vlan, cases[i].got.vlan, "%s", cases[i].what);
		if (got->vlan)
			KUNIT_EXPECT_EQ_MSG(test, got->tci, cases[i].got.tci, "%s",
					    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, got->hash, cases[i].got.hash, "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, traffic_acked(t, i + 1, 0), "%s", cases[i].what);
	}
	KUNIT_EXPECT_EQ(test, t->a->rx_stats[0].packets, (u64)i);
}

/* Lies about where a message is and what it holds: counted, given back with a failure, dropped. */
static void rx_drops_lies(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 words[11], n;	/* a message; 0 words: @range */
		u32 range[2];
		u32 bad_packets, bad_frames;
	} cases[] = {
		{ "behind the buffer", { }, 0, { 100, 0x7fffff00 }, 1, 0 },
		{ "past its end", { }, 0, { 0x7fffffff, 0 }, 1, 0 },
		{ "an offset of all ones", { }, 0, { 1, 0xffffffff }, 1, 0 },
		{ "no bytes", { }, 0, { 0, 0 }, 0, 1 },
		{ "more than the range", { 1, 48, 36 }, 11, { }, 0, 1 },
		{ "data in the header", { 1, 44, 35, 0 }, 11, { }, 0, 1 },
		{ "data behind the message", { 1, 44, 36, 60 }, 11, { }, 0, 1 },
		{ "an empty frame", { 1, 44, 36, 0 }, 11, { }, 0, 1 },
		{ "a type that nobody knows", { 9, 44 }, 11, { }, 0, 1 },
		{ "a request", { 4, 44 }, 11, { }, 0, 1 },
	};
	struct traffic *t = test->priv;
	u32 words[64], ranges[6], n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* A good frame before it and one behind it arrive all the same. */
		n = traffic_frame(words, NULL, 0, 60, 1);
		ranges[0] = 4 * n;
		ranges[1] = fake_message(t->host, words, 4 * n);
		ranges[2] = cases[i].n ? 4 * cases[i].n : cases[i].range[0];
		ranges[3] = cases[i].n ? fake_message(t->host, cases[i].words,
							   4 * cases[i].n) : cases[i].range[1];
		ranges[4] = 4 * n;
		ranges[5] = fake_message(t->host, words, 4 * n);
		memset(&t->a->counters, 0, sizeof(t->a->counters));
		fake_ranges(t->ch, 0x5000 + i, ranges, 3);
		fake_kick(t->ch);
		KUNIT_EXPECT_TRUE_MSG(test, traffic_acked(t, i + 1, i + 1), "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->host->last_ack, 0x5000ull + i, "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->count == 2 * i + 2), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->a->counters.host_bad_packet,
				    (unsigned long)cases[i].bad_packets, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->a->counters.host_bad_frame,
				    (unsigned long)cases[i].bad_frames, "%s", cases[i].what);
	}
}

static void rx_drops_packets(struct kunit *test)
{
	static const u32 nvsp[] = { 107, 1, 0xffffffff, 0 }, other[] = { 108, 1 };
	static const u32 set[] = { 0xcaff, 1, 60, 0 }, many[] = { 0xcafe, 2, 60, 0 };
	static const u32 good[] = { 0xcafe, 1, 60, 0 };
	struct traffic *t = test->priv;

	memset(&t->a->counters, 0, sizeof(t->a->counters));
	fake_packet(t->ch, VM_PKT_DATA_USING_XFER_PAGES, 1, set, 16, nvsp, 16);
	fake_packet(t->ch, VM_PKT_DATA_USING_XFER_PAGES, 2, many, 16, nvsp, 16);
	fake_packet(t->ch, VM_PKT_DATA_USING_XFER_PAGES, 3, good, 16, other, 8);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 3, 3));
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_packet, 3ul);
	/* Of a type that is not for us: nothing to give back. */
	fake_packet(t->ch, VM_PKT_ESTABLISH_GPADL, 4, NULL, 0, nvsp, 16);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_bad_packet == 4));
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 3, 3));
	KUNIT_EXPECT_EQ(test, t->count, 0u);
}

/* Pieces of one frame, in ranges of one packet: sub-allocation 1, first 2, last 4. */
static void rx_joins_pieces(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 flags[2];
		u32 len;
	} cases[] = {
		{ "first and last", { 3, 5 }, 60 + 40 - 14 },
		{ "no last", { 3, 1 }, 0 },
		{ "no first", { 1, 5 }, 0 },
		{ "first twice", { 3, 7 }, 40 - 14 },
	};
	struct traffic *t = test->priv;
	u32 words[64], ranges[4], n, bad = 0, whole = 0;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < 2; j++) {
			const u32 info[] = { 16, 0x80000001, 12, cases[i].flags[j] << 8 | 1 };

			n = traffic_frame(words, info, 4, j ? 40 : 60, 0x30 + j);
			ranges[2 * j] = 4 * n;
			ranges[2 * j + 1] = fake_message(t->host, words, 4 * n);
		}
		fake_ranges(t->ch, i, ranges, 2);
		fake_kick(t->ch);
		whole += !!cases[i].len;
		bad += !cases[i].len;
		KUNIT_EXPECT_TRUE_MSG(test, traffic_acked(t, i + 1, bad), "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->count == whole), "%s",
				      cases[i].what);
		if (!cases[i].len)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, t->got[whole - 1].len, cases[i].len, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->got[whole - 1].last, 0x31, "%s", cases[i].what);
	}
}

/* A coalesced frame of @pieces pieces of @len bytes each, in one packet. */
static void send_pieces(struct traffic *t, u64 id, u32 pieces, u32 len)
{
	u32 ranges[2 * 64], i, n;

	for (i = 0; i < pieces; i++) {
		u8 flags = 1 | (i ? 0 : 2) | (i == pieces - 1 ? 4 : 0);
		const u32 info[] = { 16, 0x80000001, 12, flags << 8 | 1 };

		n = traffic_frame(t->words, info, 4, len, i);
		ranges[2 * i] = 4 * n;
		ranges[2 * i + 1] = fake_message(t->host, t->words, 4 * n);
	}
	fake_ranges(t->ch, id, ranges, pieces);
	fake_kick(t->ch);
}

static void rx_joins_long_frames(struct kunit *test)
{
	struct traffic *t = test->priv;

	/* 39 pieces of 1660 bytes are 64740 bytes. */
	send_pieces(t, 1, 39, 1660);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 1, 0));
	KUNIT_ASSERT_TRUE(test, fake_wait(t->count == 1));
	KUNIT_EXPECT_EQ(test, t->got[0].len, 39u * 1660 - 14);
	KUNIT_EXPECT_EQ(test, t->got[0].last, 38);
	/* One more makes 66400, which is no frame. */
	KUNIT_ASSERT_GT(test, 40u * 1660, (u32)LONGEST);
	send_pieces(t, 2, 40, 1660);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 2, 1));
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_frame, 1ul);
	/* A first piece that has no Ethernet header. */
	send_pieces(t, 3, 2, 13);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 3, 2));
	KUNIT_EXPECT_EQ(test, t->count, 1u);
	/* None of it spoils the next. */
	send_pieces(t, 4, 2, 14);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 4, 2));
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 2));
	KUNIT_EXPECT_EQ(test, t->got[1].len, 14u);
}

/* A range outside of the buffer between two pieces ends the frame that was being joined. */
static void rx_pieces_around_a_lie(struct kunit *test)
{
	static const u32 first[] = { 16, 0x80000001, 12, 0x301 };
	static const u32 last[] = { 16, 0x80000001, 12, 0x501 };
	struct traffic *t = test->priv;
	u32 words[64], ranges[6], n;

	n = traffic_frame(words, first, 4, 60, 1);
	ranges[0] = 4 * n;
	ranges[1] = fake_message(t->host, words, 4 * n);
	ranges[2] = 60;
	ranges[3] = 0x7ffffff0;
	n = traffic_frame(words, last, 4, 60, 1);
	ranges[4] = 4 * n;
	ranges[5] = fake_message(t->host, words, 4 * n);
	fake_ranges(t->ch, 1, ranges, 3);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 1, 1));
	KUNIT_EXPECT_EQ(test, t->count, 0u);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_packet, 1ul);

	/* And a whole frame in between is not a part of it. */
	n = traffic_frame(words, first, 4, 60, 1);
	ranges[1] = fake_message(t->host, words, 4 * n);
	n = traffic_frame(words, NULL, 0, 60, 7);
	ranges[2] = 4 * n;
	ranges[3] = fake_message(t->host, words, 4 * n);
	n = traffic_frame(words, last, 4, 60, 1);
	ranges[5] = fake_message(t->host, words, 4 * n);
	fake_ranges(t->ch, 2, ranges, 3);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 2, 2));
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 1));
	KUNIT_EXPECT_EQ(test, t->got[0].last, 7);
}

/* A host that coalesced leaves the IPv4 header's checksum to us (bits 5 and 8). */
static void rx_mends_ip_checksums(struct kunit *test)
{
	/* 10.0.0.1 to 10.0.0.2, 46 bytes, nothing but what RFC 791 wants: its checksum is 0x66c8 */
	static const u8 header[20] = {
		0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	};
	static const struct {
		const char *what;
		u32 csum;
		u8 first;		/* of the IP header */
		u16 check;		/* then */
		bool dropped;
	} cases[] = {
		{ "left out", 0x120, 0x45, 0x66c8, false },
		{ "bad and said so", 0x104, 0x45, 0, false },
		{ "good", 0x020, 0x45, 0, false },
		{ "a header of 16 bytes", 0x120, 0x44, 0, true },
		{ "a header beyond the frame", 0x120, 0x4f, 0, true },
	};
	struct traffic *t = test->priv;
	u32 words[64], i, n, good = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 info[] = { 16, 0, 12, cases[i].csum };
		u8 *data = (u8 *)(words + 15);

		n = traffic_frame(words, info, 4, 60, 0);
		data[12] = 8;
		data[13] = 0;
		memcpy(data + 14, header, sizeof(header));
		data[14] = cases[i].first;
		fake_rndis(t->ch, words, n);
		KUNIT_EXPECT_TRUE_MSG(test, traffic_acked(t, i + 1, i - good + cases[i].dropped),
				      "%s", cases[i].what);
		good += !cases[i].dropped;
		KUNIT_ASSERT_TRUE_MSG(test, fake_wait(t->count == good), "%s", cases[i].what);
		if (!cases[i].dropped)
			KUNIT_EXPECT_EQ_MSG(test, t->got[good - 1].ip_check, cases[i].check, "%s",
					    cases[i].what);
	}
}

static void rx_counts_kinds(struct kunit *test)
{
	static const struct {
		u8 to[6], type;
	} cases[] = {
		{ { 0x00, 0x15, 0x5d, 1, 2, 3 }, PACKET_HOST },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, PACKET_BROADCAST },
		{ { 0x01, 0x00, 0x5e, 0, 0, 1 }, PACKET_MULTICAST },
		{ { 0x00, 0x15, 0x5d, 1, 2, 4 }, PACKET_OTHERHOST },
	};
	struct traffic *t = test->priv;
	struct rtnl_link_stats64 stats = { };
	u32 words[64], i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = traffic_frame(words, NULL, 0, 100, 0);
		memcpy(words + 11, cases[i].to, 6);
		fake_rndis(t->ch, words, n);
		KUNIT_ASSERT_TRUE(test, fake_wait(t->count == i + 1));
		KUNIT_EXPECT_EQ(test, t->got[i].type, cases[i].type);
		KUNIT_EXPECT_EQ(test, t->got[i].queue, 0);
	}
	t->net->netdev_ops->ndo_get_stats64(t->net, &stats);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, 4ull);
	KUNIT_EXPECT_EQ(test, stats.rx_bytes, 400ull);
	KUNIT_EXPECT_EQ(test, stats.multicast, 2ull);
}

/* With receive checksums and hashes turned off, what the host says of them does not count. */
static void rx_without_features(struct kunit *test)
{
	static const u32 infos[] = { 16, 8, 12, 7, 16, 0, 12, 0x28 };
	struct traffic *t = test->priv;
	u32 words[64];

	rtnl_lock();
	t->net->wanted_features &= ~(NETIF_F_RXCSUM | NETIF_F_RXHASH);
	netdev_update_features(t->net);
	rtnl_unlock();
	fake_rndis(t->ch, words, traffic_frame(words, infos, 8, 60, 0));
	KUNIT_ASSERT_TRUE(test, fake_wait(t->count == 1));
	KUNIT_EXPECT_EQ(test, t->got[0].ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, t->got[0].hash, 0u);
}

/* One packet of more messages than a poll's budget of 64. */
static void rx_many_in_a_packet(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 words[64], ranges[2 * 128], i, n, offset;

	n = traffic_frame(words, NULL, 0, 60, 9);
	offset = fake_message(t->host, words, 4 * n);
	for (i = 0; i < 128; i++) {
		ranges[2 * i] = 4 * n;
		ranges[2 * i + 1] = offset;
	}
	fake_ranges(t->ch, 77, ranges, 128);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 128));
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 1, 0));
	KUNIT_EXPECT_EQ(test, t->host->last_ack, 77ull);
	KUNIT_EXPECT_EQ(test, t->a->rx_stats[0].packets, 128ull);
}

/* A small frame in the receive buffer, and where it stands there. */
static void one_frame(struct traffic *t, u32 range[2])
{
	u32 words[64];

	range[0] = 4 * traffic_frame(words, NULL, 0, 60, 9);
	range[1] = fake_message(t->host, words, range[0]);
}

/* More packets than can be given back for now: none is lost, none is given back twice. */
static void rx_waits_for_room(struct kunit *test)
{
	const u32 packets = 900;
	struct traffic *t = test->priv;
	u32 range[2], i;

	one_frame(t, range);
	t->host->hold = true;
	for (i = 0; i < packets; i++) {
		fake_ranges(t->ch, i, range, 1);
		if (i % 32 == 31)
			fake_kick(t->ch);
	}
	fake_kick(t->ch);
	KUNIT_EXPECT_GT(test, t->a->counters.rx_comp_busy, 0ul);
	KUNIT_EXPECT_LT(test, t->count, packets);
	t->host->hold = false;
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, packets, 0));
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == packets));
	KUNIT_EXPECT_EQ(test, t->host->last_ack, packets - 1ull);
}

/* A ring that makes no sense is given up as far as it goes, and what comes next is heard. */
static void rx_spoilt_rings(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hv_ring_buffer_info *in = &t->ch->vmbus.inbound;
	static const u32 nothing[16];
	u32 words[64], i, n = traffic_frame(words, NULL, 0, 60, 9);
	struct vmpacket_descriptor *desc;

	for (i = 0; i < 5; i++) {
		u32 before = in->ring_buffer->write_index;
		const u32 bad[] = { 0x7ffffff8, in->ring_datasize, before + 4, before + 8 };

		if (i < 4) {
			WRITE_ONCE(in->ring_buffer->write_index, bad[i]);
		} else {
			/* a packet that is longer than what was written */
			fake_packet(t->ch, VM_PKT_COMP, 0, NULL, 0, nothing, 64);
			desc = hv_get_ring_buffer(in) + before;
			desc->len8 = 100;
		}
		fake_kick(t->ch);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->a->counters.host_bad_packet == i + 1),
				      "%u", i);
		fake_rndis(t->ch, words, n);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->count == i + 1), "%u", i);
	}
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, i, 0));
}

/* Who is down gets nothing, and gives it back. */
static void rx_when_down(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 words[64], n = traffic_frame(words, NULL, 0, 60, 9);

	rtnl_lock();
	dev_close(t->net);
	rtnl_unlock();
	traffic_settle(t);
	fake_rndis(t->ch, words, n);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 1, 1));
	KUNIT_EXPECT_EQ(test, t->count, 0u);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_frame, 0ul);
}

/* The device goes with a frame half received and packets that could not be given back. */
static void rx_ends_midway(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 range[2], i;

	one_frame(t, range);
	t->host->hold = true;
	for (i = 0; i < 280; i++)
		fake_ranges(t->ch, i, range, 1);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 280));
	KUNIT_EXPECT_FALSE(test, netvsc_rx_idle(t->s->channel[0]));
	t->host->hold = false;
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, t->host->bad_acks, 0u);
}

/* The host is gone before what it sent could be given back. */
static void rx_rescinded(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 range[2];

	one_frame(t, range);
	fake_ranges(t->ch, 1, range, 1);
	t->ch->vmbus.rescind = true;
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 1));
	KUNIT_EXPECT_TRUE(test, fake_wait(netvsc_rx_idle(t->s->channel[0])));
	fake_read(t->host);
	KUNIT_EXPECT_EQ(test, t->host->acks, 0u);
	traffic_end(t);
}

static struct kunit_case rx_cases[] = {
	KUNIT_CASE(rx_receives),
	KUNIT_CASE(rx_drops_lies),
	KUNIT_CASE(rx_drops_packets),
	KUNIT_CASE(rx_joins_pieces),
	KUNIT_CASE(rx_joins_long_frames),
	KUNIT_CASE(rx_pieces_around_a_lie),
	KUNIT_CASE(rx_mends_ip_checksums),
	KUNIT_CASE(rx_counts_kinds),
	KUNIT_CASE(rx_without_features),
	KUNIT_CASE(rx_many_in_a_packet),
	KUNIT_CASE(rx_waits_for_room),
	KUNIT_CASE(rx_spoilt_rings),
	KUNIT_CASE(rx_when_down),
	KUNIT_CASE(rx_ends_midway),
	KUNIT_CASE(rx_rescinded),
	{ }
};

struct kunit_suite rx_suite = {
	.name = "hv-netvsc-rx",
	.init = rx_init,
	.exit = traffic_exit,
	.test_cases = rx_cases,
};
