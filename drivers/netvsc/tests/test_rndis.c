// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the host's RNDIS messages and NDIS objects, word by word ([MS-RNDIS] 2.2). Offsets on
 * the wire count from byte 8 of a message; a frame's message has 44 bytes before anything else.
 */
#include "../wire_rndis.c"

#include "bytes.h"
#include "suites.h"

static void rndis_headers(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 len, words[2];
		int ret;
	} cases[] = {
		{ "all of it", 64, { 1, 64 }, 0 },
		{ "followed by more", 64, { 1, 60 }, 0 },
		{ "a header alone", 8, { 0x80000006, 8 }, 0 },
		{ "a byte more than there is", 64, { 1, 65 }, -EINVAL },
		{ "less than its header", 64, { 1, 7 }, -EINVAL },
		{ "nothing", 64, { 1, 0 }, -EINVAL },
		{ "as much as can be", 64, { 1, 0xffffffff }, -EINVAL },
		{ "7 bytes", 7, { 1, 7 }, -EINVAL },
		{ "no byte", 0, { }, -EINVAL },
	};
	u32 type, size;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    rndis_parse_header(bytes_of(test, cases[i].len,
								cases[i].words, 2),
						       cases[i].len, &type, &size), "%s",
				    cases[i].what);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].words[0], type, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].words[1], size, "%s", cases[i].what);
	}
}

/* 44 bytes of message, 16 of info, then the frame; total 160 bytes. */
static void rndis_frames(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 len, data_offset, data_len, ppi_offset, ppi_len;
		int ret;
	} cases[] = {
		{ "without infos", 160, 36, 116, 0, 0, 0 },
		{ "with infos", 160, 52, 100, 36, 16, 0 },
		{ "an offset without a length", 160, 36, 116, 36, 0, 0 },
		{ "a length without an offset", 160, 36, 116, 0, 16, 0 },
		{ "an empty frame", 160, 152, 0, 0, 0, 0 },
		{ "a byte too long", 160, 36, 117, 0, 0, -EINVAL },
		{ "a byte too far", 160, 153, 0, 0, 0, -EINVAL },
		{ "into the message", 160, 35, 100, 0, 0, -EINVAL },
		{ "at its start", 160, 0, 100, 0, 0, -EINVAL },
		{ "a sum that wraps", 160, 0xffffffff, 0x40, 0, 0, -EINVAL },
		{ "a length that wraps", 160, 36, 0xfffffff0, 0, 0, -EINVAL },
		{ "infos up to the end", 160, 36, 16, 136, 16, 0 },
		{ "infos a byte past it", 160, 36, 16, 137, 16, -EINVAL },
		{ "infos in the message", 160, 36, 16, 35, 16, -EINVAL },
		{ "infos that wrap", 160, 36, 16, 0xfffffff8, 16, -EINVAL },
		{ "infos as long as can be", 160, 36, 16, 36, 0xffffffff, -EINVAL },
		{ "the message alone", 44, 36, 0, 0, 0, 0 },
		{ "less than that", 43, 36, 0, 0, 0, -EINVAL },
		{ "nothing", 0, 36, 0, 0, 0, -EINVAL },
	};
	u32 words[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rndis_rx_meta meta;
		int ret;

		memset(words, 0, sizeof(words));
		words[0] = 1;
		words[1] = cases[i].len;
		words[2] = cases[i].data_offset;
		words[3] = cases[i].data_len;
		words[7] = cases[i].ppi_offset;
		words[8] = cases[i].ppi_len;
		/* A checksum info, wherever the infos are. */
		words[11] = 16;
		words[13] = 12;
		words[14] = 0x28;
		words[36] = 16;
		words[38] = 12;
		ret = rndis_parse_packet(bytes_of(test, cases[i].len, words, 40), cases[i].len,
					 &meta);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, ret, "%s", cases[i].what);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].data_offset + 8, meta.data_offset, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].data_len, meta.data_len, "%s", cases[i].what);
	}
}

static int parse_infos_of(struct kunit *test, const u32 *infos, u32 len,
			  struct rndis_rx_meta *meta)
{
	u32 words[160] = { 1, 44 + len, 36 + len, 0 };

	words[7] = 36;
	words[8] = len;
	memcpy(words + 11, infos, min_t(u32, len, sizeof(words) - 44));
	return rndis_parse_packet(bytes_of(test, 44 + len, words, 160), 44 + len, meta);
}

/* size, type, offset of the value, value */
static void rndis_infos(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 len, words[12];
		int ret;
		u8 has;
	} cases[] = {
		{ "a checksum", 16, { 16, 0, 12, 0x18 }, 0, RNDIS_HAS_CSUM },
		{ "two infos", 32, { 16, 0, 12, 0x18, 16, 8, 12, 0xabcd }, 0,
		  RNDIS_HAS_CSUM | RNDIS_HAS_HASH },
		{ "of a type nobody knows", 16, { 16, 99, 12, 1 }, 0, 0 },
		{ "one behind an unknown one", 36, { 20, 99, 12, 1, 2, 16, 8, 12, 5 }, 0,
		  RNDIS_HAS_HASH },
		{ "without a value", 12, { 12, 0, 12 }, 0, 0 },
		{ "a value of 3 bytes", 16, { 15, 0, 12, 0xffffffff }, 0, 0 },
		{ "a value further behind", 20, { 20, 0, 16, 0, 0x18 }, 0, RNDIS_HAS_CSUM },
		{ "no size: for ever", 16, { 0, 0, 12, 0 }, -EINVAL, 0 },
		{ "less than a header", 16, { 11, 0, 12, 0 }, -EINVAL, 0 },
		{ "more than there is", 16, { 17, 0, 12, 0 }, -EINVAL, 0 },
		{ "as much as can be", 16, { 0xffffffff, 0, 12, 0 }, -EINVAL, 0 },
		{ "a value in the header", 16, { 16, 0, 11, 0 }, -EINVAL, 0 },
		{ "a value at no offset", 16, { 16, 0, 0, 0 }, -EINVAL, 0 },
		{ "a value past the end", 16, { 16, 0, 17, 0 }, -EINVAL, 0 },
		{ "a value far away", 16, { 16, 0, 0xffffffff, 0 }, -EINVAL, 0 },
		{ "a bad one behind a good one", 32, { 16, 0, 12, 0x18, 0, 8, 12, 1 }, -EINVAL },
		{ "a rest that is no info", 24, { 16, 0, 12, 0x18, 8, 8 }, 0, RNDIS_HAS_CSUM },
	};
	struct rndis_rx_meta meta;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    parse_infos_of(test, cases[i].words, cases[i].len, &meta),
				    "%s", cases[i].what);
		if (!cases[i].ret)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].has, meta.has, "%s", cases[i].what);
	}
}

static void rndis_info_values(struct kunit *test)
{
	/* 802.1Q on the wire: priority in bits 0-2, DEI in 3, id in 4-15. */
	static const struct {
		u32 wire;
		u16 tci;
	} vlans[] = {
		{ 0, 0 }, { 7, 0xe000 }, { 8, 0x1000 }, { 0xfff0, 0x0fff }, { 0x10, 1 },
		{ 0x123d, 0xb123 }, { 0xffff0000, 0 },
	};
	const u32 infos[] = {
		16, 0, 12, 0x12345678,
		16, 8, 12, 0xdeadbeef,
		16, 0x80000001, 12, 0x77660501,		/* version 1, flags 5, id 0x7766 */
	};
	struct rndis_rx_meta meta;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 0, parse_infos_of(test, infos, sizeof(infos), &meta));
	KUNIT_EXPECT_EQ(test, meta.csum, 0x12345678u);
	KUNIT_EXPECT_EQ(test, meta.hash, 0xdeadbeefu);
	KUNIT_EXPECT_EQ(test, meta.id_flags, 5);
	KUNIT_EXPECT_EQ(test, meta.has, RNDIS_HAS_CSUM | RNDIS_HAS_HASH | RNDIS_HAS_ID);
	for (i = 0; i < ARRAY_SIZE(vlans); i++) {
		const u32 info[] = { 16, 6, 12, vlans[i].wire };

		KUNIT_EXPECT_EQ(test, 0, parse_infos_of(test, info, sizeof(info), &meta));
		KUNIT_EXPECT_EQ(test, meta.has, RNDIS_HAS_VLAN);
		KUNIT_EXPECT_EQ(test, vlans[i].tci, meta.vlan_tci);
	}
}

static void rndis_infos_have_a_limit(struct kunit *test)
{
	struct rndis_rx_meta meta;
	u32 words[160] = { };

	words[0] = 512;
	words[2] = 12;
	KUNIT_EXPECT_EQ(test, 0, parse_infos_of(test, words, 512, &meta));
	words[0] = 516;
	KUNIT_EXPECT_EQ(test, -E2BIG, parse_infos_of(test, words, 516, &meta));
}

static void rndis_answers(struct kunit *test)
{
	/* type, bytes, request, status, then of a query: length and offset of the outcome */
	static const struct {
		const char *what;
		u32 len, words[6];
		int ret;
		u32 info_offset, info_len;
	} cases[] = {
		{ "a query's", 32, { 0x80000004, 32, 7, 0, 8, 16 }, 0, 24, 8 },
		{ "with nothing", 24, { 0x80000004, 24, 7, 0, 0, 0 }, 0, 0, 0 },
		{ "with nothing, anywhere", 24, { 0x80000004, 24, 7, 0, 0, 99 }, 0, 0, 0 },
		{ "a byte more than there is", 32, { 0x80000004, 32, 7, 0, 9, 16 }, -EINVAL },
		{ "a byte too far", 32, { 0x80000004, 32, 7, 0, 8, 17 }, -EINVAL },
		{ "into the message", 32, { 0x80000004, 32, 7, 0, 8, 15 }, -EINVAL },
		{ "an offset that wraps", 32, { 0x80000004, 32, 7, 0, 8, 0xfffffff8 }, -EINVAL },
		{ "a length that wraps", 32, { 0x80000004, 32, 7, 0, 0xfffffff8, 16 }, -EINVAL },
		{ "without the fields", 23, { 0x80000004, 23, 7, 0, 8, 16 }, -EINVAL },
		{ "a refused query's", 16, { 0x80000004, 16, 7, 0xc00000bb }, 0, 0, 0 },
		{ "a set's", 16, { 0x80000005, 16, 7, 0 }, 0, 0, 0 },
		{ "a byte short", 15, { 0x80000005, 15, 7, 0 }, -EINVAL },
		{ "a keepalive's", 16, { 0x80000008, 16, 7, 0 }, 0, 0, 0 },
		{ "an initialisation's", 52, { 0x80000002, 52, 7, 0, 1, 0 }, 0, 0, 0 },
		{ "cut by a byte", 51, { 0x80000002, 51, 7, 0, 1, 0 }, -EINVAL },
		{ "a refused one", 16, { 0x80000002, 16, 7, 0xc0000001 }, 0, 0, 0 },
		{ "no answer: a frame", 44, { 1, 44, 36, 0 }, -EPROTO },
		{ "no answer: a request", 28, { 4, 28, 7, 0 }, -EPROTO },
		{ "no answer: a status", 20, { 7, 20, 7, 0 }, -EPROTO },
		{ "nothing", 0, { }, -EINVAL },
	};
	struct rndis_answer answer;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    rndis_parse_answer(bytes_of(test, cases[i].len,
								cases[i].words, 6),
						       cases[i].len, &answer), "%s",
				    cases[i].what);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].words[0], answer.type, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, 7u, answer.request_id, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].words[3], answer.status, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].info_len, answer.info_len, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].info_offset, answer.info_offset, "%s",
				    cases[i].what);
	}
}

static void rndis_limits_are_sane(struct kunit *test)
{
	static const struct {
		u32 packets, transfer, factor, max_packets, align;
	} cases[] = {
		{ 8, 0x4000, 3, 8, 8 },
		{ 1, 0x4000, 0, 1, 1 },
		{ 0, 0, 7, 1, 128 },
		{ 0xffffffff, 0xffffffff, 8, 0xffffffff, 128 },
		{ 1, 1, 0xffffffff, 1, 128 },
	};
	u32 words[13] = { 0x80000002, 52, 1, 0, 1, 0, 1, 0 };
	struct rndis_limits limits;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		words[8] = cases[i].packets;
		words[9] = cases[i].transfer;
		words[10] = cases[i].factor;
		KUNIT_EXPECT_EQ(test, 0, rndis_parse_limits(bytes_of(test, 52, words, 13), 52,
							    &limits));
		KUNIT_EXPECT_EQ(test, cases[i].max_packets, limits.max_packets);
		KUNIT_EXPECT_EQ(test, cases[i].transfer, limits.max_transfer);
		KUNIT_EXPECT_EQ(test, cases[i].align, limits.align);
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, rndis_parse_limits(bytes_of(test, 51, words, 13), 51,
							  &limits));
}

static void rndis_indications(struct kunit *test)
{
	/* type, bytes, status, length and offset of a buffer, the buffer */
	static const struct {
		const char *what;
		u32 len, words[6];
		int ret;
		bool has_value;
		u32 value;
	} cases[] = {
		{ "link up", 20, { 7, 20, 0x4001000b, 0, 0 }, 0, false, 0 },
		{ "a speed", 24, { 7, 24, 0x40010013, 4, 12, 100000 }, 0, true, 100000 },
		{ "a speed outside of its length", 24, { 7, 20, 0x40010013, 4, 12, 5 }, 0, true, 5 },
		{ "3 bytes of it", 23, { 7, 23, 0x40010013, 3, 12, 5 }, 0, false, 0 },
		{ "a byte too many", 24, { 7, 24, 0x40010013, 5, 12, 5 }, -EINVAL },
		{ "a byte too far", 24, { 7, 24, 0x40010013, 4, 13, 5 }, -EINVAL },
		{ "into the message", 24, { 7, 24, 0x40010013, 4, 11, 5 }, -EINVAL },
		{ "an offset that wraps", 24, { 7, 24, 0x40010013, 4, 0xfffffffc, 5 }, -EINVAL },
		{ "a byte short", 19, { 7, 19, 0x4001000b, 0, 0 }, -EINVAL },
	};
	struct rndis_indication ind;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    rndis_parse_indication(bytes_of(test, cases[i].len,
								    cases[i].words, 6),
							   cases[i].len, &ind), "%s",
				    cases[i].what);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].words[2], ind.status, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].has_value, ind.has_value, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].value, ind.value, "%s", cases[i].what);
	}
}

/* Words of an NDIS_OFFLOAD: what can be sent without a checksum, and in large pieces. */
#define V4_TX		2
#define V6_TX		6
#define LSO4_ENCAP	20
#define LSO4_MAX	21
#define LSO6_ENCAP	23
#define LSO6_MAX	24
#define LSO6_FLAGS	26
#define RSC		36	/* a byte each for IPv4 and IPv6 */

static void rndis_offloads(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 v4, v6, lso4, lso4_max, lso6, lso6_max, lso6_flags, rsc, csum, lso_max;
		bool has_lso4, has_lso6, has_rsc;
	} cases[] = {
		{ "everything", 0x155, 0x55, 2, 0xf53c, 2, 0xf53c, 5, 0x0101,
		  0xf, 0xf53c, true, true, true },
		{ "nothing", 0, 0, 0, 0, 0, 0, 0, 0, 0, 65536 },
		{ "TCP without options", 0x10, 0x10, 2, 65536, 2, 65536, 5, 0, 0, 65536 },
		{ "UDP alone", 0x40, 0x40, 2, 65536, 2, 65536, 5, 0, 0, 65536 },
		{ "TCP alone", 0x14, 0x15, 0, 0, 0, 0, 0, 0, 0x5, 65536 },
		{ "IPv6 without its options", 0, 0x54, 0, 0, 2, 65536, 5, 0, 0, 65536 },
		{ "a large send for another medium", 0x54, 0, 4, 65536, 0, 0, 0, 0, 0x3, 65536 },
		{ "a large send of one segment", 0x54, 0, 2, 4095, 0, 0, 0, 0, 0x3, 65536 },
		{ "a small large send", 0x54, 0, 2, 4096, 0, 0, 0, 0, 0x3, 4096, true },
		{ "a huge one", 0x54, 0, 2, 0xffffffff, 0, 0, 0, 0, 0x3, 65536, true },
		{ "the lesser of both", 0x54, 0x55, 2, 40000, 2, 30000, 5, 0, 0xf, 30000, true,
		  true },
		{ "IPv6 without extensions", 0, 0x55, 0, 0, 2, 65536, 4, 0, 0xc, 65536 },
		{ "RSC for IPv4 alone", 0, 0, 0, 0, 0, 0, 0, 0x0001, 0, 65536 },
	};
	struct rndis_offload_caps caps;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 words[39] = { 0x009c03a7 };		/* size 156, revision 3, type a7 */

		words[V4_TX] = cases[i].v4;
		words[V6_TX] = cases[i].v6;
		words[LSO4_ENCAP] = cases[i].lso4;
		words[LSO4_MAX] = cases[i].lso4_max;
		words[LSO6_ENCAP] = cases[i].lso6;
		words[LSO6_MAX] = cases[i].lso6_max;
		words[LSO6_FLAGS] = cases[i].lso6_flags;
		words[RSC] = cases[i].rsc;
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    rndis_parse_offload(bytes_of(test, 156, words, 39), 156, &caps),
				    "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].csum, caps.tx_csum, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].has_lso4, caps.lso4, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].has_lso6, caps.lso6, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].has_rsc, caps.rsc, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].lso_max, caps.lso_max, "%s", cases[i].what);
	}
}

static void rndis_offload_objects(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 len, header;
		int ret;
	} cases[] = {
		{ "revision 1", 112, 0x007001a7, 0 },
		{ "a byte short", 111, 0x007001a7, -EINVAL },
		{ "a size a byte short", 112, 0x006f01a7, -EINVAL },
		{ "no revision", 112, 0x007000a7, -EINVAL },
		{ "another object", 112, 0x007001a8, -EINVAL },
		{ "revision 2", 144, 0x009002a7, 0 },
		{ "a later one", 200, 0x00c804a7, 0 },
		{ "nothing", 0, 0, -EINVAL },
	};
	struct rndis_offload_caps caps;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    rndis_parse_offload(bytes_of(test, cases[i].len,
								 &cases[i].header, 1),
							cases[i].len, &caps), "%s", cases[i].what);
}

static void rndis_rss_capabilities(struct kunit *test)
{
	/* size 18, revision 2, type 88; flags; interrupts; queues; entries in 2 bytes */
	const u32 words[] = { 0x00120288, 0x300, 16, 8, 128 };
	u32 queues, table;

	KUNIT_EXPECT_EQ(test, 0, rndis_parse_rss_caps(bytes_of(test, 18, words, 5), 18, &queues,
						      &table));
	KUNIT_EXPECT_EQ(test, 8u, queues);
	KUNIT_EXPECT_EQ(test, 128u, table);
	KUNIT_EXPECT_EQ(test, 0, rndis_parse_rss_caps(bytes_of(test, 16, words, 5), 16, &queues,
						      &table));
	KUNIT_EXPECT_EQ(test, 8u, queues);
	KUNIT_EXPECT_EQ(test, 0u, table);
	KUNIT_EXPECT_EQ(test, -EINVAL, rndis_parse_rss_caps(bytes_of(test, 15, words, 5), 15,
							    &queues, &table));
}

static struct kunit_case rndis_cases[] = {
	KUNIT_CASE(rndis_headers),
	KUNIT_CASE(rndis_frames),
	KUNIT_CASE(rndis_infos),
	KUNIT_CASE(rndis_info_values),
	KUNIT_CASE(rndis_infos_have_a_limit),
	KUNIT_CASE(rndis_answers),
	KUNIT_CASE(rndis_limits_are_sane),
	KUNIT_CASE(rndis_indications),
	KUNIT_CASE(rndis_offloads),
	KUNIT_CASE(rndis_offload_objects),
	KUNIT_CASE(rndis_rss_capabilities),
	{ }
};

struct kunit_suite rndis_suite = {
	.name = "hv-netvsc-rndis",
	.test_cases = rndis_cases,
};
