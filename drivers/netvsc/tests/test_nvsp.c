// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: NVSP messages, word by word. A message of version 6 and older has 28 bytes, one of 6.1
 * has 40; type and fields are little-endian words of 4 bytes unless a case says otherwise.
 */
#include "../wire_nvsp.c"

#include "bytes.h"
#include "suites.h"

#define LEN	40	/* what we send */
#define WORDS	10

struct answer_case {
	const char *what;
	u32 len, words[7];
	int ret;
	u32 a, b, c;
};

static void nvsp_builds(struct kunit *test)
{
	static const u32 v1 = 2, v2 = 0x30002, v4 = 0x40000, v5 = 0x50000, v6 = 0x60000,
			 v6_1 = 0x60001;
	static const u32 newest_first[] = { v6_1, v6, v5, v4, v2, v1 };
	struct nvsp_msg msg;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, nvsp_version_count, (unsigned int)ARRAY_SIZE(newest_first));
	for (i = 0; i < ARRAY_SIZE(newest_first); i++)
		KUNIT_EXPECT_EQ(test, nvsp_versions[i], newest_first[i]);

#define BUILT(call, ...) do {						\
	const u32 words[WORDS] = { __VA_ARGS__ };			\
									\
	memset(&msg, 0xa5, sizeof(msg));				\
	call;								\
	expect_words(test, &msg, sizeof(msg), words, WORDS);		\
} while (0)

	BUILT(nvsp_build_init(&msg, v6_1), 1, v6_1, v6_1);
	BUILT(nvsp_build_init(&msg, v1), 1, v1, v1);
	/* frame bytes, reserved, capabilities: VLAN 3, SR-IOV 2, teaming 5, RSC 7 */
	BUILT(nvsp_build_ndis_config(&msg, v2, 1514, true), 125, 1514, 0, 0x08);
	BUILT(nvsp_build_ndis_config(&msg, v4, 1514, true), 125, 1514, 0, 0x08);
	BUILT(nvsp_build_ndis_config(&msg, v5, 9014, false), 125, 9014, 0, 0x28);
	BUILT(nvsp_build_ndis_config(&msg, v5, 9014, true), 125, 9014, 0, 0x2c);
	BUILT(nvsp_build_ndis_config(&msg, v6, 1514, true), 125, 1514, 0, 0x2c);
	BUILT(nvsp_build_ndis_config(&msg, v6_1, 1514, true), 125, 1514, 0, 0xac);
	BUILT(nvsp_build_ndis_version(&msg, v4), 100, 6, 1);
	BUILT(nvsp_build_ndis_version(&msg, v5), 100, 6, 30);
	BUILT(nvsp_build_recv_buf(&msg, 0xe1e10, 0xcafe), 101, 0xe1e10, 0xcafe);
	BUILT(nvsp_build_send_buf(&msg, 0xe1e11, 0), 104, 0xe1e11, 0);
	BUILT(nvsp_build_revoke_recv_buf(&msg, 0xcafe), 103, 0xcafe);
	BUILT(nvsp_build_revoke_send_buf(&msg, 0), 106, 0);
	BUILT(nvsp_build_subchannels(&msg, 63), 133, 1, 63);
	BUILT(nvsp_build_data_path(&msg, true), 129, 1);
	BUILT(nvsp_build_data_path(&msg, false), 129, 0);
	BUILT(nvsp_build_rndis(&msg, 0, 7, 100), 107, 0, 7, 100);
	BUILT(nvsp_build_rndis(&msg, 1, 0xffffffff, 0), 107, 1, 0xffffffff, 0);
	BUILT(nvsp_build_rndis_complete(&msg, 1), 108, 1);
#undef BUILT
}

static void nvsp_types(struct kunit *test)
{
	const u32 words[] = { 0x8000006b };
	u32 len, type = 0;

	for (len = 0; len < 4; len++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				nvsp_parse_type(bytes_of(test, len, words, 1), len, &type));
	KUNIT_EXPECT_EQ(test, 0, nvsp_parse_type(bytes_of(test, 4, words, 1), 4, &type));
	KUNIT_EXPECT_EQ(test, 0x8000006bu, type);
}

static void nvsp_init_answers(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "granted", 28, { 2, 2, 34, 1 }, 0, 1 },
		{ "granted by 6.1", 40, { 2, 2, 34, 1 }, 0, 1 },
		{ "just long enough", 16, { 2, 2, 34, 1 }, 0, 1 },
		{ "one byte short", 15, { 2, 2, 34, 1 }, -EINVAL },
		{ "nothing", 0, { }, -EINVAL },
		{ "refused", 28, { 2, 2, 0, 2 }, 0, 2 },
		{ "no status", 28, { 2, 2, 0, 0 }, 0, 0 },
		{ "another answer", 28, { 102, 2, 34, 1 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		u32 status = 99;

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    nvsp_parse_init_complete(data, cases[i].len, &status), "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret ? 99 : cases[i].a, status, "%s",
				    cases[i].what);
	}
}

/* Of an answer that is accepted: the status, and the sections of one that is good. */
static void expect_layout(struct kunit *test, const struct answer_case *c, int ret,
			  const struct nvsp_layout *layout)
{
	KUNIT_EXPECT_EQ_MSG(test, c->ret, ret, "%s", c->what);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ_MSG(test, c->a, layout->status, "%s", c->what);
	if (c->a != 1)
		return;
	KUNIT_EXPECT_EQ_MSG(test, c->b, layout->section_size, "%s", c->what);
	KUNIT_EXPECT_EQ_MSG(test, c->c, layout->sections, "%s", c->what);
}

/* status, sections, then of each: offset, size, count, end */
static void nvsp_receive_buffers(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "all of it", 28, { 102, 1, 1, 0, 2048, 512, 0x100000 }, 0, 1, 2048, 512 },
		{ "a part", 28, { 102, 1, 1, 0, 2048, 511, 0 }, 0, 1, 2048, 511 },
		{ "one section more than fits", 28, { 102, 1, 1, 0, 2048, 513, 0 }, -ERANGE },
		{ "a product of 33 bits", 28, { 102, 1, 1, 0, 0x10000, 0x10000, 0 }, -ERANGE },
		{ "the least section", 28, { 102, 1, 1, 0, 100, 1, 0 }, 0, 1, 100, 1 },
		{ "less than that", 28, { 102, 1, 1, 0, 99, 1, 0 }, -ERANGE },
		{ "sections of nothing", 28, { 102, 1, 1, 0, 0, 512, 0 }, -ERANGE },
		{ "no sections", 28, { 102, 1, 1, 0, 2048, 0, 0 }, -ERANGE },
		{ "two kinds", 28, { 102, 1, 2, 0, 2048, 512, 0 }, -ERANGE },
		{ "no kind", 28, { 102, 1, 0, 0, 2048, 512, 0 }, -ERANGE },
		{ "not from the start", 28, { 102, 1, 1, 8, 2048, 256, 0 }, -ERANGE },
		{ "one byte short", 27, { 102, 1, 1, 0, 2048, 512, 0 }, -EINVAL },
		{ "refused", 28, { 102, 2, 0, 0, 0, 0, 0 }, 0, 2 },
		{ "refused in 8 bytes", 8, { 102, 2 }, 0, 2 },
		{ "refused in 7 bytes", 7, { 102, 2 }, -EINVAL },
		{ "the send buffer's", 28, { 105, 1, 1, 0, 2048, 512, 0 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		struct nvsp_layout layout = { };
		int ret = nvsp_parse_recv_buf_complete(data, cases[i].len, 0x100000, 100, &layout);

		expect_layout(test, &cases[i], ret, &layout);
	}
}

static void nvsp_send_buffers(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "usual", 28, { 105, 1, 6144 }, 0, 1, 6144, 170 },	/* of 1 MiB */
		{ "just long enough", 12, { 105, 1, 6144 }, 0, 1, 6144, 170 },
		{ "one byte short", 11, { 105, 1, 6144 }, -EINVAL },
		{ "the whole buffer", 28, { 105, 1, 0x100000 }, 0, 1, 0x100000, 1 },
		{ "more", 28, { 105, 1, 0x100001 }, -ERANGE },
		{ "the most there is", 28, { 105, 1, 0xffffffff }, -ERANGE },
		{ "the least", 28, { 105, 1, 1700 }, 0, 1, 1700, 616 },
		{ "less than that", 28, { 105, 1, 1699 }, -ERANGE },
		{ "nothing", 28, { 105, 1, 0 }, -ERANGE },
		{ "refused", 28, { 105, 2, 0 }, 0, 2 },
		{ "the receive buffer's", 28, { 102, 1, 6144 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		struct nvsp_layout layout = { };
		int ret = nvsp_parse_send_buf_complete(data, cases[i].len, 0x100000, 1700, &layout);

		expect_layout(test, &cases[i], ret, &layout);
	}
}

static void nvsp_subchannel_answers(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "as asked", 28, { 133, 1, 7 }, 0, 7 },
		{ "fewer", 12, { 133, 1, 0 }, 0, 0 },
		{ "more", 28, { 133, 1, 8 }, -ERANGE },
		{ "many more", 28, { 133, 1, 0xffffffff }, -ERANGE },
		{ "refused", 28, { 133, 2, 7 }, -EIO },
		{ "no status", 28, { 133, 0, 7 }, -EIO },
		{ "one byte short", 11, { 133, 1, 7 }, -EINVAL },
		{ "another message", 28, { 134, 1, 7 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		u32 granted = 0;

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    nvsp_parse_subchannels(data, cases[i].len, 7, &granted), "%s",
				    cases[i].what);
		if (!cases[i].ret)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].a, granted, "%s", cases[i].what);
	}
}

static void nvsp_send_statuses(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "sent", 28, { 108, 1 }, 0, 1 },
		{ "just long enough", 8, { 108, 5 }, 0, 5 },
		{ "one byte short", 7, { 108, 1 }, -EINVAL },
		{ "a type alone", 4, { 108 }, -EINVAL },
		{ "nothing", 0, { }, -EINVAL },
		{ "another message", 28, { 107, 1 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		u32 status = 0;

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    nvsp_parse_status(data, cases[i].len, &status), "%s",
				    cases[i].what);
		if (!cases[i].ret)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].a, status, "%s", cases[i].what);
	}
}

/* type, count, offset, then 16 words at the offset; hosts before 6.1 tell a wrong one. */
static void nvsp_send_tables(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 version, len, type, count, offset, table_at;
		int ret;
	} cases[] = {
		{ "behind the message", 0x60001, 104, 134, 16, 40, 40, 0 },
		{ "one byte short", 0x60001, 103, 134, 16, 40, 40, -ERANGE },
		{ "further behind", 0x60001, 108, 134, 16, 44, 44, 0 },
		{ "at once", 0x60001, 76, 134, 16, 12, 12, 0 },
		{ "past the end", 0x60001, 104, 134, 16, 41, 40, -ERANGE },
		{ "an offset that wraps", 0x60001, 104, 134, 16, 0xffffffc1, 40, -ERANGE },
		{ "an old host's offset", 0x50000, 104, 134, 16, 8, 40, 0 },
		{ "an old host's wild offset", 0x60000, 104, 134, 16, 0xffffffff, 40, 0 },
		{ "old and short", 0x50000, 76, 134, 16, 12, 12, 0 },
		{ "15 entries", 0x60001, 104, 134, 15, 40, 40, -ERANGE },
		{ "17 entries", 0x60001, 108, 134, 17, 40, 40, -ERANGE },
		{ "a header alone", 0x60001, 12, 134, 16, 0, 12, -ERANGE },
		{ "less than that", 0x60001, 11, 134, 16, 0, 12, -EINVAL },
		{ "another message", 0x60001, 104, 133, 16, 40, 40, -EPROTO },
	};
	u32 words[32], table[16];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		memset(words, 0xee, sizeof(words));
		words[0] = cases[i].type;
		words[1] = cases[i].count;
		words[2] = cases[i].offset;
		for (n = 0; n < 16; n++)
			words[cases[i].table_at / 4 + n] = 100 + n;
		ret = nvsp_parse_send_table(bytes_of(test, cases[i].len, words, 32), cases[i].len,
					    cases[i].version, table);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, ret, "%s", cases[i].what);
		for (n = 0; !ret && n < 16; n++)
			KUNIT_EXPECT_EQ_MSG(test, 100 + n, table[n], "%s", cases[i].what);
	}
}

static void nvsp_vf_messages(struct kunit *test)
{
	static const struct answer_case cases[] = {
		{ "comes", 28, { 128, 1, 0x1234 }, 0, 1, 0x1234 },
		{ "goes", 12, { 128, 0, 0x1234 }, 0, 0, 0x1234 },
		{ "one byte short", 11, { 128, 1, 0x1234 }, -EINVAL },
		{ "another message", 28, { 129, 1, 0x1234 }, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *data = bytes_of(test, cases[i].len, cases[i].words, 7);
		struct nvsp_vf_association vf = { };

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    nvsp_parse_vf_association(data, cases[i].len, &vf), "%s",
				    cases[i].what);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].a, vf.present, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].b, vf.serial, "%s", cases[i].what);
	}
}

/* 16 bytes of descriptor, then set (2 bytes), owner, a byte, count, and (bytes, offset) each. */
static void nvsp_transfer_pages(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 header_len, set, count;
		int ret;
	} cases[] = {
		{ "one range", 32, 0xcafe, 1, 0 },
		{ "two ranges", 40, 0xcafe, 2, 0 },
		{ "fewer than there is room for", 40, 0xcafe, 1, 0 },
		{ "none", 24, 0xcafe, 0, 0 },
		{ "more than there is room for", 32, 0xcafe, 2, -ERANGE },
		{ "room for all but a byte", 39, 0xcafe, 2, -ERANGE },
		{ "as many as can be", 32, 0xcafe, 0xffffffff, -ERANGE },
		{ "a count whose bytes wrap", 32, 0xcafe, 0x20000001, -ERANGE },
		{ "another set", 32, 0xcaff, 1, -EPROTO },
		{ "set 0", 32, 0, 1, -EPROTO },
		{ "no room for the count", 23, 0xcafe, 1, -EINVAL },
		{ "a descriptor alone", 16, 0xcafe, 1, -EINVAL },
		{ "nothing", 0, 0xcafe, 1, -EINVAL },
	};
	u32 words[10] = { }, ranges;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		words[4] = cases[i].set | 0x01 << 16;
		words[5] = cases[i].count;
		ranges = 99;
		ret = nvsp_parse_transfer(bytes_of(test, cases[i].header_len, words, 10),
					  cases[i].header_len, 0xcafe, &ranges);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, ret, "%s", cases[i].what);
		if (!ret)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].count, ranges, "%s", cases[i].what);
	}
}

static void nvsp_transfer_ranges(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 len, offset;
		int ret;
	} cases[] = {
		{ "a frame", 100, 2048, 0 },
		{ "up to the end", 2048, 0xff800, 0 },
		{ "a byte past it", 2049, 0xff800, -ERANGE },
		{ "the whole buffer", 0x100000, 0, 0 },
		{ "a byte more", 0x100001, 0, -ERANGE },
		{ "nothing at the end", 0, 0x100000, 0 },
		{ "nothing behind it", 0, 0x100001, -ERANGE },
		{ "a sum that wraps", 0xffffff00, 0x100, -ERANGE },
		{ "an offset of all ones", 1, 0xffffffff, -ERANGE },
	};
	u32 words[10] = { }, offset, len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The second of two, so that the first one's are not taken. */
		words[6] = 1;
		words[7] = 1;
		words[8] = cases[i].len;
		words[9] = cases[i].offset;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    nvsp_parse_range(bytes_of(test, 40, words, 10), 1, 0x100000,
						     &offset, &len), "%s", cases[i].what);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].offset, offset, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].len, len, "%s", cases[i].what);
	}
}

static struct kunit_case nvsp_cases[] = {
	KUNIT_CASE(nvsp_builds),
	KUNIT_CASE(nvsp_types),
	KUNIT_CASE(nvsp_init_answers),
	KUNIT_CASE(nvsp_receive_buffers),
	KUNIT_CASE(nvsp_send_buffers),
	KUNIT_CASE(nvsp_subchannel_answers),
	KUNIT_CASE(nvsp_send_statuses),
	KUNIT_CASE(nvsp_send_tables),
	KUNIT_CASE(nvsp_vf_messages),
	KUNIT_CASE(nvsp_transfer_pages),
	KUNIT_CASE(nvsp_transfer_ranges),
	{ }
};

struct kunit_suite nvsp_suite = {
	.name = "hv-netvsc-nvsp",
	.test_cases = nvsp_cases,
};
