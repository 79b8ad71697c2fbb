// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: frames on their way to the host, looked at where the host reads them: copied, shared
 * with others, in place; and what the host is asked to do with them.
 */
#include <linux/crc32.h>
#include <linux/if_vlan.h>
#include <linux/unaligned.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

static int tx_init(struct kunit *test)
{
	return traffic_start(test, NULL);
}

static void tx_sends(struct kunit *test)
{
	static const u32 header[] = { 1, 104, 36, 60, 0, 0, 0, 0, 0, 0, 0 };
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	const struct fake_sent *sent = &host->sent[0];
	const u8 *at;
	u32 i;

	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 1u);
	KUNIT_EXPECT_EQ(test, sent->type, VM_PKT_DATA_INBAND);
	/* whole messages of 8 bytes, as the host wants them aligned */
	KUNIT_EXPECT_EQ(test, sent->used, 104u);
	KUNIT_ASSERT_LT(test, sent->section, host->send_bytes / SECTION);
	at = host->send + sent->section * SECTION;
	for (i = 0; i < ARRAY_SIZE(header); i++)
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + 4 * i), header[i], "%u", i);
	for (i = 0; i < 60; i++)
		if (i != 12 && i != 13)
			KUNIT_EXPECT_EQ_MSG(test, at[HEADER + i], (u8)(i * 7), "%u", i);
	KUNIT_EXPECT_EQ(test, bitmap_weight(t->s->send_map, t->s->send.sections), 1);

	fake_complete(t->ch, sent->id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 1));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->s->send_map, t->s->send.sections));
	KUNIT_EXPECT_EQ(test, t->a->tx_stats[0].packets, 1ull);
	KUNIT_EXPECT_EQ(test, t->a->tx_stats[0].bytes, 60ull);
	KUNIT_EXPECT_EQ(test, t->a->counters.host_bad_completion, 0ul);

	/* What fits no section goes out from where it is. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 9000), false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 2u);
	sent = &host->sent[1];
	KUNIT_EXPECT_EQ(test, sent->type, VM_PKT_DATA_USING_GPA_DIRECT);
	KUNIT_EXPECT_EQ(test, sent->section, 0xffffffffu);
	KUNIT_EXPECT_EQ(test, sent->range_bytes, HEADER + 9000u);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 1);
	/* A host that could not send it is done with it too. */
	fake_complete(t->ch, sent->id, sent_badly, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 2));

	/* The least that a frame can be. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 14), false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_EXPECT_EQ(test, host->num_sent, 3u);
	fake_complete(t->ch, host->sent[2].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 3));
}


/* Sends what was put into a section, of which the first words are looked at. */
static const u8 *send_copied(struct kunit *test, struct traffic *t, struct sk_buff *skb, u32 nth)
{
	struct fake_host *host = t->host;

	KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, nth + 1);
	KUNIT_ASSERT_LT(test, host->sent[nth].section, host->send_bytes / SECTION);
	return host->send + host->sent[nth].section * SECTION;
}

static void tx_asks_for_offloads(struct kunit *test)
{
	static const struct {
		const char *what;
		u16 ip;
		u8 protocol;
		u16 mss, tci;
		u32 infos[8], n;
		u16 check;		/* of TCP, when there are segments */
	} cases[] = {
		/* IPv4 1, IPv6 2, TCP 4, UDP 8, offset from bit 16 */
		{ "TCP's checksum", 4, IPPROTO_TCP, 0, 0, { 16, 0, 12, 34 << 16 | 1 | 4 }, 4 },
		{ "UDP's checksum", 4, IPPROTO_UDP, 0, 0, { 16, 0, 12, 34 << 16 | 1 | 8 }, 4 },
		{ "TCP's over IPv6", 6, IPPROTO_TCP, 0, 0, { 16, 0, 12, 54 << 16 | 2 | 4 }, 4 },
		{ "UDP's over IPv6", 6, IPPROTO_UDP, 0, 0, { 16, 0, 12, 54 << 16 | 2 | 8 }, 4 },
		/* size, offset from bit 20, version 2 in bit 30, IPv6 in bit 31 */
		{ "segments", 4, IPPROTO_TCP, 1448, 0,
		  { 16, 2, 12, 1u << 30 | 34 << 20 | 1448 }, 4, 0x1409 },
		{ "a tag, and segments", 4, IPPROTO_TCP, 1448, 0xb123,
		  { 16, 6, 12, 0x123d, 16, 2, 12, 1u << 30 | 34 << 20 | 1448 }, 8, 0x1409 },
		{ "segments of IPv6", 6, IPPROTO_TCP, 1428, 0,
		  { 16, 2, 12, 3u << 30 | 54 << 20 | 1428 }, 4, 0xfa0a },
		{ "a tag", 4, IPPROTO_TCP, 0, 0x1fff,
		  { 16, 6, 12, 0xfff8, 16, 0, 12, 34 << 16 | 1 | 4 }, 8 },
	};
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 len = cases[i].mss ? 74 + 3000 : 94;
		struct sk_buff *skb = cases[i].ip == 4 ?
				      traffic_ip4(test, t, cases[i].protocol, len) :
				      traffic_ip6(test, t, cases[i].protocol, len);
		const u8 *at, *frame;

		if (cases[i].mss) {
			skb_shinfo(skb)->gso_size = cases[i].mss;
			skb_shinfo(skb)->gso_type = cases[i].ip == 4 ? SKB_GSO_TCPV4 :
								       SKB_GSO_TCPV6;
			skb_shinfo(skb)->gso_segs = 3;
		}
		if (cases[i].tci)
			__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), cases[i].tci);
		at = send_copied(test, t, skb, i);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + 8), 36 + 4 * cases[i].n, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + 12), len, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + 28), 36u, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + 32), 4 * cases[i].n, "%s",
				    cases[i].what);
		for (n = 0; n < cases[i].n; n++)
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at + HEADER + 4 * n),
					    cases[i].infos[n], "%s: %u", cases[i].what, n);
		/* The host fills the lengths in when it makes segments; they are in no sum. */
		frame = at + HEADER + 4 * n;
		if (cases[i].mss && cases[i].ip == 4) {
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_be16(frame + 14 + 2), 0, "%s",
					    cases[i].what);
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_be16(frame + 34 + 16),
					    cases[i].check, "%s", cases[i].what);
		} else if (cases[i].mss) {
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_be16(frame + 14 + 4), 0, "%s",
					    cases[i].what);
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_be16(frame + 54 + 16),
					    cases[i].check, "%s", cases[i].what);
		}
		fake_complete(t->ch, host->sent[i].id, sent_ok, 2);
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == i + 1));
	}
}

/* What the host cannot be asked for is done here: the sum is in the frame, the info is not. */
static void tx_checksums_itself(struct kunit *test)
{
	struct traffic *t = test->priv;
	const u8 *at;
	u32 i;

	/* ICMP is nothing that hosts know; then a host that knows TCP no more. */
	for (i = 0; i < 2; i++) {
		u32 sum_at = i ? 34 + 16 : 34 + 2, sum = 0, j;
		struct sk_buff *skb;

		if (i)
			t->a->tx_csum = 0;
		skb = traffic_ip4(test, t, i ? IPPROTO_TCP : IPPROTO_ICMP, 74);
		memset(skb->data + sum_at, 0, 2);
		at = send_copied(test, t, skb, i);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 8), 36u);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 32), 0u);
		/* all words from the L4 header on add up to zero, in ones' complement */
		for (j = 34; j < 74; j += 2)
			sum += get_unaligned_be16(at + HEADER + j);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		KUNIT_EXPECT_EQ(test, sum, 0xffffu);
		KUNIT_EXPECT_NE(test, get_unaligned_be16(at + HEADER + sum_at), 0);
	}
}

/* The L4 header's offset has 10 bits on the wire. */
static void tx_far_headers(struct kunit *test)
{
	const netdev_features_t all = NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_SG;
	static const struct {
		u32 offset;
		bool can;
	} cases[] = { { 34, true }, { 1023, true }, { 1024, false }, { 1100, false } };
	struct traffic *t = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = traffic_ip4(test, t, IPPROTO_TCP, 1200);
		netdev_features_t left;

		skb->csum_start = skb_headroom(skb) + cases[i].offset;
		skb_set_transport_header(skb, cases[i].offset);
		left = t->net->netdev_ops->ndo_features_check(skb, t->net, all);
		KUNIT_EXPECT_EQ_MSG(test, left, cases[i].can ? all : NETIF_F_SG, "%u",
				    cases[i].offset);
		/* Who sends it all the same gets a sum from us. */
		memset(skb->data + cases[i].offset, 0, 40);
		send_copied(test, t, skb, i);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(t->host->send + 32 + SECTION *
							 t->host->sent[i].section),
				cases[i].can ? 16u : 0u);
	}
}

/* Tags that the host does not know: neither sums nor segments behind them. */
static void tx_foreign_tags(struct kunit *test)
{
	const netdev_features_t all = NETIF_F_IP_CSUM | NETIF_F_TSO | NETIF_F_SG;
	static const struct {
		u16 inside, beside;
		bool can;
	} cases[] = {
		{ ETH_P_IP, 0, true }, { ETH_P_8021Q, 0, true }, { ETH_P_IP, ETH_P_8021Q, true },
		{ ETH_P_8021AD, 0, false }, { ETH_P_IP, ETH_P_8021AD, false },
	};
	struct traffic *t = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = traffic_ip4(test, t, IPPROTO_TCP, 100);
		netdev_features_t left;

		skb->protocol = htons(cases[i].inside);
		if (cases[i].beside)
			__vlan_hwaccel_put_tag(skb, htons(cases[i].beside), 5);
		left = t->net->netdev_ops->ndo_features_check(skb, t->net, all);
		KUNIT_EXPECT_EQ_MSG(test, left, cases[i].can ? all : NETIF_F_SG, "%u", i);
		kfree_skb(skb);
	}
}

/* A tag within the frame moves into an info, as a host adds tags itself. */
static void tx_pulls_tags(struct kunit *test)
{
	static const u32 info[] = { 16, 6, 12, 0x1235 };
	struct traffic *t = test->priv;
	struct sk_buff *skb = traffic_skb(test, t, 64);
	const u8 *at;
	u32 i;

	put_unaligned_be16(ETH_P_8021Q, skb->data + 12);
	put_unaligned_be16(0xa123, skb->data + 14);
	put_unaligned_be16(ETHERTYPE, skb->data + 16);
	skb->protocol = htons(ETH_P_8021Q);
	at = send_copied(test, t, skb, 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 12), 60u);
	for (i = 0; i < ARRAY_SIZE(info); i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + HEADER + 4 * i), info[i]);
	at += HEADER + 16;
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, at[i], (u8)(i * 7));
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(at + 12), ETHERTYPE);
	KUNIT_EXPECT_EQ(test, at[14], (u8)(18 * 7));

	/* One that is cut short is an error of its sender. */
	skb = traffic_skb(test, t, 16);
	put_unaligned_be16(ETH_P_8021Q, skb->data + 12);
	skb->protocol = htons(ETH_P_8021Q);
	KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 1);
	KUNIT_EXPECT_EQ(test, t->a->counters.vlan_error, 1ul);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);

	/* Who says so and has none is sent as he is. */
	skb = traffic_skb(test, t, 60);
	skb->protocol = htons(ETH_P_8021Q);
	at = send_copied(test, t, skb, 1);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 12), 60u);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 32), 0u);
}

static void tx_too_short(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 13), false), NETDEV_TX_OK);
	fake_read(t->host);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 0u);
	KUNIT_EXPECT_EQ(test, atomic_read(&traffic_freed), 1);
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);
}

/* A frame of @frags pages' pieces of @len bytes, each from @offset of two pages on. */
static struct sk_buff *scattered(struct kunit *test, struct traffic *t, u32 frags, u32 offset,
				 u32 len)
{
	struct sk_buff *skb = traffic_skb(test, t, 64);
	u32 i;

	/* The 64 bytes shall be in one page. */
	while (offset_in_page(skb->data) > PAGE_SIZE - 64) {
		struct sk_buff *other = traffic_skb(test, t, 64);

		skb->destructor = NULL;
		kfree_skb(skb);
		skb = other;
	}
	for (i = 0; i < frags; i++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

		KUNIT_ASSERT_NOT_NULL(test, page);
		memset(page_address(page), i + 1, 4 * PAGE_SIZE);
		skb_add_rx_frag(skb, i, page, offset, len, 4 * PAGE_SIZE);
	}
	return skb;
}

/*
 * Pages of a packet: 32 at most, one of them the header's. Beyond that the frame is copied into
 * one piece; beyond 31 pages of that it cannot be sent.
 */
static void tx_scatters(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 frags, offset, len;
		u32 ranges;		/* 0: dropped */
		unsigned long scattered, too_big;
	} cases[] = {
		{ "one", 1, 0, 8000, 3, 0, 0 },
		{ "17 pieces", 17, 100, 500, 19, 0, 0 },
		/* 64 bytes of one page and 3 pages each: 31 */
		{ "as many pages as there may be", 10, 4095, 4098, 12, 0, 0 },
		{ "pages that are too many", 11, 4095, 4098, 2, 1, 0 },
		{ "more than 31 pages in any form", 16, 0, 8192, 0, 1, 1 },
	};
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	u32 i, sent = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = scattered(test, t, cases[i].frags, cases[i].offset,
						cases[i].len);
		u32 len = skb->len, crc = ~0, f;
		const struct fake_sent *at = &host->sent[sent];

		memset(&t->a->counters, 0, sizeof(t->a->counters));
		KUNIT_EXPECT_EQ_MSG(test, traffic_send(t, skb, false), NETDEV_TX_OK, "%s",
				    cases[i].what);
		fake_read(host);
		KUNIT_EXPECT_EQ_MSG(test, t->a->counters.tx_scattered, cases[i].scattered, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->a->counters.tx_too_big, cases[i].too_big, "%s",
				    cases[i].what);
		sent += !!cases[i].ranges;
		KUNIT_ASSERT_EQ_MSG(test, host->num_sent, sent, "%s", cases[i].what);
		if (!cases[i].ranges)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, at->type, VM_PKT_DATA_USING_GPA_DIRECT, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, at->ranges, cases[i].ranges, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, at->range_bytes, HEADER + len, "%s", cases[i].what);
		KUNIT_EXPECT_LE_MSG(test, at->pages, 32u, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(at->head + 12), len, "%s",
				    cases[i].what);
		/* The header, the 64 bytes, and the pieces, byte by byte. */
		crc = crc32_le(crc, at->head, HEADER + 64);
		for (f = 0; f < cases[i].frags; f++) {
			u32 n;

			for (n = 0; n < cases[i].len; n++) {
				const u8 byte = f + 1;

				crc = crc32_le(crc, &byte, 1);
			}
		}
		KUNIT_EXPECT_EQ_MSG(test, at->crc, crc, "%s", cases[i].what);
		fake_complete(t->ch, at->id, sent_ok, 2);
	}
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == i));
	KUNIT_EXPECT_EQ(test, t->net->stats.tx_dropped, 1ul);
}

/* What fits no section with those before it has its header there, and its data in place. */
static void tx_copies_in_part(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct fake_host *host = t->host;
	const struct fake_sent *sent = host->sent;
	const u8 *at;

	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), true), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, host->num_sent, 0u);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 6096), true), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 1u);
	KUNIT_EXPECT_EQ(test, sent->type, VM_PKT_DATA_USING_GPA_DIRECT);
	KUNIT_EXPECT_EQ(test, sent->used, 104u + HEADER);
	KUNIT_EXPECT_EQ(test, sent->ranges, 1u);
	KUNIT_EXPECT_EQ(test, sent->range_bytes, 6096u);
	KUNIT_EXPECT_EQ(test, sent->head[100], 100 * 7 % 256);
	at = host->send + sent->section * SECTION + 104;
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at), 1u);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 4), HEADER + 6096u);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(at + 12), 6096u);
	fake_complete(t->ch, sent->id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 2));

	/* Where the header has no room either, it is another packet. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 6080), true), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	fake_read(host);
	KUNIT_ASSERT_EQ(test, host->num_sent, 3u);
	KUNIT_EXPECT_EQ(test, sent[1].used, 6128u);
	KUNIT_EXPECT_EQ(test, sent[2].used, 104u);
	KUNIT_EXPECT_NE(test, sent[1].section, sent[2].section);
}

static struct kunit_case tx_cases[] = {
	KUNIT_CASE(tx_sends),
	KUNIT_CASE(tx_asks_for_offloads),
	KUNIT_CASE(tx_checksums_itself),
	KUNIT_CASE(tx_far_headers),
	KUNIT_CASE(tx_foreign_tags),
	KUNIT_CASE(tx_pulls_tags),
	KUNIT_CASE(tx_too_short),
	KUNIT_CASE(tx_scatters),
	KUNIT_CASE(tx_copies_in_part),
	{ }
};

struct kunit_suite tx_suite = {
	.name = "hv-netvsc-tx",
	.init = tx_init,
	.exit = traffic_exit,
	.test_cases = tx_cases,
};
