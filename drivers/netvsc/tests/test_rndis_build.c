// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the RNDIS messages and NDIS objects that we send, word by word, as [MS-RNDIS] 2.2 and
 * NDIS 6.30 lay them out.
 */
#include "../wire_rndis_build.c"

#include "bytes.h"
#include "suites.h"

static void rndis_builds_frames(struct kunit *test)
{
	static const struct rndis_tx_meta plain = { .data_len = 100 }, all = {
		.data_len = 100, .hash = 0xdeadbeef, .vlan_tci = 0xb123, .lso = 0x422005b4,
		.csum = 0x220005,
		.has = RNDIS_HAS_HASH | RNDIS_HAS_VLAN | RNDIS_HAS_LSO | RNDIS_HAS_CSUM,
	}, one = { .data_len = 1514, .csum = 0x22000d, .has = RNDIS_HAS_CSUM };
	static const u32 plain_words[] = { 1, 148, 36, 100, 0, 0, 0, 0, 0, 0, 0 };
	static const u32 all_words[] = {
		1, 208, 100, 100, 0, 0, 0, 36, 64, 0, 0,
		16, 8, 12, 0xdeadbeef,
		16, 6, 12, 0x123d,	/* priority 5, DEI, id 0x123 */
		16, 2, 12, 0x422005b4,
		16, 0, 12, 0x220005,
	};
	static const u32 one_words[] = {
		1, 1574, 52, 1514, 0, 0, 0, 36, 16, 0, 0, 16, 0, 12, 0x22000d,
	};
	u8 *header = kunit_kzalloc(test, 108, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, header);
	expect_words(test, header, rndis_build_packet(header, &plain, 4), plain_words, 11);
	KUNIT_EXPECT_EQ(test, rndis_packet_header_size(&plain), 44u);
	expect_words(test, header, rndis_build_packet(header, &all, 0), all_words, 27);
	KUNIT_EXPECT_EQ(test, rndis_packet_header_size(&all), 108u);
	expect_words(test, header, rndis_build_packet(header, &one, 0), one_words, 15);
}

static void rndis_builds_requests(struct kunit *test)
{
	static const u32 init[] = { 2, 24, 5, 1, 0, 0x4000 };
	static const u32 halt[] = { 3, 12, 6 };
	static const u32 query[] = { 4, 28, 7, 0x00010114, 0, 20, 0 };
	static const u32 set[] = { 5, 32, 8, 0x0001010e, 4, 20, 0, 0xb };
	const __le32 filter = cpu_to_le32(0xb);
	u8 *msg = kunit_kzalloc(test, 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, msg);
	expect_words(test, msg, rndis_build_init(msg, 5, 0x4000), init, 6);
	expect_words(test, msg, rndis_build_halt(msg, 6), halt, 3);
	expect_words(test, msg, rndis_build_request(msg, 28, false, 7, 0x00010114, NULL, 0),
		     query, 7);
	expect_words(test, msg, rndis_build_request(msg, 32, true, 8, 0x0001010e, &filter, 4),
		     set, 8);
	KUNIT_EXPECT_EQ(test, 0u, rndis_build_request(msg, 27, false, 7, 0, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0u, rndis_build_request(msg, 31, true, 8, 0, &filter, 4));
	KUNIT_EXPECT_EQ(test, 0u, rndis_build_request(msg, 0, true, 8, 0, &filter, 4));
	KUNIT_EXPECT_EQ(test, 0u, rndis_build_request(msg, 32, true, 8, 0, &filter, 0xfffffff0));
}

static void rndis_builds_offload_queries(struct kunit *test)
{
	static const struct {
		u32 version, bytes, header;
	} cases[] = {
		{ 0x30002, 112, 0x007001a7 },
		{ 0x40000, 144, 0x009002a7 },
		{ 0x50000, 156, 0x009c03a7 },
		{ 0x60001, 156, 0x009c03a7 },
	};
	u8 *info = kunit_kzalloc(test, 156, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, info);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 words[39] = { cases[i].header };

		memset(info, 0xa5, 156);
		expect_words(test, info, rndis_build_offload_query(info, cases[i].version), words,
			     cases[i].bytes / 4);
	}
}

/*
 * Behind the object's header a byte each: IPv4, TCP4, UDP4, TCP6, UDP6 checksum (1 off, 4 both
 * ways), LSOv1, IPsec, LSOv2 for IPv4 and IPv6 (2 on), connections; then flags, IPsec v2 and,
 * in revision 3, RSC for IPv4 and IPv6 (1 off, 2 on). 0 changes nothing.
 */
static void rndis_builds_offload_settings(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 version, len;
		struct rndis_offload_choice choice;
		u8 bytes[28];
	} cases[] = {
		{ "all", 0x60001, 28,
		  { .csum = 0xf, .lso4 = true, .lso6 = true, .rsc_known = true, .rsc = true },
		  { 0x80, 3, 28, 0, 1, 4, 4, 4, 4, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2 } },
		{ "TCP over IPv4", 0x50000, 28, { .csum = 1, .lso4 = true },
		  { 0x80, 3, 28, 0, 1, 4, 0, 0, 0, 0, 0, 2, 0 } },
		{ "all that an old host knows", 0x40000, 22,
		  { .csum = 0xf, .lso4 = true, .lso6 = true, .rsc_known = true, .rsc = true },
		  { 0x80, 2, 22, 0, 1, 4, 0, 4, 0, 0, 0, 2, 2 } },
		{ "RSC off, the rest as it is", 0x60001, 28,
		  { .keep = true, .rsc_known = true },
		  { 0x80, 3, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 } },
	};
	u8 *info = kunit_kzalloc(test, 28, GFP_KERNEL);
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, info);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(info, 0xa5, 28);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].len,
				    rndis_build_offload_params(info, cases[i].version,
							       &cases[i].choice), "%s",
				    cases[i].what);
		for (n = 0; n < cases[i].len; n++)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].bytes[n], info[n], "%s: byte %u",
					    cases[i].what, n);
	}
}

static void rndis_builds_rss(struct kunit *test)
{
	static const u32 expected[] = {
		0x00280289,		/* size 40, revision 2, type 89 */
		0x10,			/* flags, base CPU */
		0x1701,			/* Toeplitz over IPv4, TCP4, IPv6, TCP6 */
		16, 40, 8, 56, 0, 0, 0,	/* table: bytes, offset; key likewise; no masks */
		0, 1, 2, 0xffff,
		0x04030201, 0x08070605,
	};
	static const u16 table[] = { 0, 1, 2, 0xffff };
	static const u8 key[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const u8 caps[18] = { 0x88, 2, 18 };
	u8 *info = kunit_kzalloc(test, 64, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, info);
	expect_words(test, info, rndis_build_rss_params(info, table, 4, key, 8, 0x10), expected,
		     16);
	KUNIT_EXPECT_EQ(test, 18u, rndis_build_rss_query(info));
	for (i = 0; i < 18; i++)
		KUNIT_EXPECT_EQ_MSG(test, caps[i], info[i], "byte %u", i);
}

static void rndis_builds_an_address(struct kunit *test)
{
	static const char name[] = "NetworkAddress", value[] = "00155dfa0b9c";
	static const u8 mac[] = { 0x00, 0x15, 0x5d, 0xfa, 0x0b, 0x9c };
	static const u32 header[] = { 20, 28, 2, 48, 24 };	/* offset, bytes, string, ... */
	u8 *info = kunit_kzalloc(test, 72, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, 72u, rndis_build_mac_param(info, mac));
	expect_words(test, info, 20, header, 5);
	for (i = 0; i < 14; i++)
		KUNIT_EXPECT_EQ(test, name[i], get_unaligned_le16(info + 20 + 2 * i));
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, value[i], get_unaligned_le16(info + 48 + 2 * i));
}

static struct kunit_case rndis_build_cases[] = {
	KUNIT_CASE(rndis_builds_frames),
	KUNIT_CASE(rndis_builds_requests),
	KUNIT_CASE(rndis_builds_offload_queries),
	KUNIT_CASE(rndis_builds_offload_settings),
	KUNIT_CASE(rndis_builds_rss),
	KUNIT_CASE(rndis_builds_an_address),
	{ }
};

struct kunit_suite rndis_build_suite = {
	.name = "hv-netvsc-rndis-build",
	.test_cases = rndis_build_cases,
};
