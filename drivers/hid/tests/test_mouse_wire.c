// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the mouse's parser makes of the host's bytes. The parser's source is part of
 * this module, as the driver exports nothing.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "../mouse_wire.c"
#include "mouse_bytes.h"
#include "suites.h"

static const u8 response[] = { PIPE(13), HEADER(1, 5), 0, 0, 2, 0, 1 };
static const u8 report[] = { PIPE(11), HEADER(4, 3), 0xaa, 0xbb, 0xcc };
static const u8 info[] = {
	PIPE(53), HEADER(2, 45),
	32, 0, 0, 0, 0x5e, 0x04, 0x21, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	9, 0x21, 1, 1, 0, 1, 0x22, 4, 0,
	0x05, 0x01, 0x09, 0x02,
};

/* The parser sees exactly @len bytes, so that a read past the end is caught. */
static int parse(struct kunit *test, const u8 *wire, size_t len, struct mouse_wire_msg *msg)
{
	u8 *exact = kunit_kzalloc(test, len ? len : 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, exact);
	memcpy(exact, wire, len);
	return mouse_wire_parse(exact, len, msg);
}

static void test_good(struct kunit *test)
{
	struct mouse_wire_msg msg;

	KUNIT_ASSERT_EQ(test, parse(test, response, sizeof(response), &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.type, (u32)SYNTHHID_WIRE_PROTOCOL_RESPONSE);
	KUNIT_EXPECT_EQ(test, msg.response.version, SYNTHHID_WIRE_VERSION_2_0);
	KUNIT_EXPECT_TRUE(test, msg.response.approved);

	KUNIT_ASSERT_EQ(test, parse(test, report, sizeof(report), &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.report.len, 3u);
	KUNIT_EXPECT_EQ(test, msg.report.data[2], 0xcc);

	KUNIT_ASSERT_EQ(test, parse(test, info, sizeof(info), &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.info.vendor, 0x045e);
	KUNIT_EXPECT_EQ(test, msg.info.product, 0x0621);
	KUNIT_EXPECT_EQ(test, msg.info.version, 1);
	KUNIT_EXPECT_EQ(test, msg.info.report_desc_len, 4);
	KUNIT_EXPECT_EQ(test, msg.info.report_desc[3], 0x02);
}

static void test_short(struct kunit *test)
{
	static const struct {
		const u8 *wire;
		size_t len;
	} whole[] = {
		{ response, sizeof(response) }, { report, sizeof(report) }, { info, sizeof(info) },
	};
	struct mouse_wire_msg msg;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(whole); i++)
		for (len = 0; len < whole[i].len; len++)
			KUNIT_EXPECT_EQ(test, parse(test, whole[i].wire, len, &msg), -EBADMSG);
}

/* One byte of a good message is changed. */
static const struct {
	const u8 *wire;
	size_t len, at;
	u8 byte;
	int ret;
} changed[] = {
	{ response, sizeof(response), 0, 2, -ENOMSG },
	{ response, sizeof(response), 4, 12, -EBADMSG },
	{ response, sizeof(response), 4, 14, -EBADMSG },
	{ response, sizeof(response), 7, 0xff, -EBADMSG },
	{ response, sizeof(response), 8, 0, -EPROTO },
	{ response, sizeof(response), 8, 3, -EPROTO },
	{ response, sizeof(response), 11, 1, -EPROTO },
	{ report, sizeof(report), 12, 4, -EBADMSG },
	{ report, sizeof(report), 12, 0, -EBADMSG },
	{ report, sizeof(report), 15, 0xff, -EBADMSG },
	{ info, sizeof(info), INFO_LENGTH_AT, 0, -EBADMSG },
	{ info, sizeof(info), INFO_LENGTH_AT, 8, -EBADMSG },
	{ info, sizeof(info), INFO_LENGTH_AT, 10, -EBADMSG },
	{ info, sizeof(info), INFO_LENGTH_AT, 0xff, -EBADMSG },
	{ info, sizeof(info), INFO_REPORT_LEN_AT, 0, -EBADMSG },
	{ info, sizeof(info), INFO_REPORT_LEN_AT, 5, -EBADMSG },
	{ info, sizeof(info), INFO_REPORT_LEN_AT + 1, 0x10, -EBADMSG },
	{ info, sizeof(info), INFO_REPORT_LEN_AT + 1, 0xff, -EBADMSG },
};

static void test_changed(struct kunit *test)
{
	struct mouse_wire_msg msg;
	u8 wire[sizeof(info)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(changed); i++) {
		memcpy(wire, changed[i].wire, changed[i].len);
		wire[changed[i].at] = changed[i].byte;
		KUNIT_EXPECT_EQ_MSG(test, parse(test, wire, changed[i].len, &msg),
				    changed[i].ret, "case %u", i);
	}
}

/* The HID descriptor may be longer than we know it; both as long as their lengths can tell. */
static void test_sizes(struct kunit *test)
{
	const size_t len = 8 + 40 + 255 + 65535;
	u8 *wire = kunit_kzalloc(test, len, GFP_KERNEL);
	struct mouse_wire_msg msg;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wire);
	memcpy(wire, info, sizeof(info));
	wire[4] = (len - 8) & 0xff;
	wire[5] = (len - 8) >> 8 & 0xff;
	wire[6] = (len - 8) >> 16;
	wire[INFO_LENGTH_AT] = 255;
	wire[INFO_REPORT_LEN_AT] = 0xff;
	wire[INFO_REPORT_LEN_AT + 1] = 0xff;
	wire[len - 1] = 0xa5;
	KUNIT_ASSERT_EQ(test, parse(test, wire, len, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.info.report_desc_len, 65535);
	/* The copy that was parsed is there until the test ends. */
	KUNIT_EXPECT_EQ(test, msg.info.report_desc[65534], 0xa5);
	KUNIT_EXPECT_EQ(test, parse(test, wire, len - 1, &msg), -EBADMSG);
}

static void test_build(struct kunit *test)
{
	static const u8 request_bytes[] = { PIPE(12), HEADER(0, 4), 0, 0, 2, 0 };
	static const u8 ack_bytes[] = { PIPE(9), HEADER(3, 1), 0 };
	struct mouse_wire_request request;
	struct mouse_wire_ack ack;

	mouse_wire_request_init(&request);
	KUNIT_EXPECT_EQ(test, sizeof(request), sizeof(request_bytes));
	KUNIT_EXPECT_EQ(test, memcmp(&request, request_bytes, sizeof(request)), 0);
	mouse_wire_ack_init(&ack);
	KUNIT_EXPECT_EQ(test, sizeof(ack), sizeof(ack_bytes));
	KUNIT_EXPECT_EQ(test, memcmp(&ack, ack_bytes, sizeof(ack)), 0);
}

/* What some hosts send, and descriptors whose byte 14 is 0x25 for another reason. */
static void test_fix(struct kunit *test)
{
#define HEAD	0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09
	static const struct {
		u8 len, mended;
		u8 desc[28];
	} cases[] = {
		{ 28, true, { HEAD, 0x19, 0x01, 0x25, 0x05, 0x15, 0x00, 0x25, 0x01, 0x95, 0x05,
			      0x75, 0x01, 0x81, 0x02, 0xc0, 0xc0 } },
		{ 16, true, { HEAD, 0x19, 0x01, 0x25, 0x05 } },
		{ 15, true, { HEAD, 0x19, 0x01, 0x25 } },
		/* right as it is */
		{ 18, false, { HEAD, 0x19, 0x01, 0x29, 0x05, 0x15, 0x00 } },
		/* a logical maximum behind the logical minimum, and behind a usage */
		{ 28, false, { HEAD, 0x15, 0x00, 0x25, 0x01, 0x19, 0x01, 0x29, 0x05, 0x95, 0x05,
			       0x75, 0x01, 0x81, 0x02, 0xc0, 0xc0 } },
		{ 16, false, { HEAD, 0x09, 0x01, 0x25, 0x01 } },
		/* one between the usages' minimum and maximum, of one byte and of two */
		{ 20, false, { HEAD, 0x19, 0x01, 0x25, 0x01, 0x29, 0x05, 0x81, 0x02 } },
		{ 21, false, { HEAD, 0x19, 0x01, 0x25, 0x01, 0x2a, 0x05, 0x00, 0x81, 0x02 } },
		/* a usage maximum that belongs to the next item comes too late */
		{ 20, true, { HEAD, 0x19, 0x01, 0x25, 0x05, 0x81, 0x02, 0x29, 0x05 } },
		/* data of an item of two bytes, of four, and what is in a long item */
		{ 16, false, { HEAD, 0x0a, 0x19, 0x25, 0x95 } },
		{ 17, false, { HEAD, 0x17, 0x19, 0x25, 0x00, 0x00 } },
		{ 16, false, { 0xfe, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09,
			       0x00, 0x19, 0x01, 0x25, 0x05 } },
		/* too short to have such a byte */
		{ 14, false, { HEAD, 0x19, 0x01 } }, { 1, false, { 0x25 } },
	};
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *desc = kunit_kzalloc(test, cases[i].len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
		memcpy(desc, cases[i].desc, cases[i].len);
		mouse_wire_fix_report_desc(desc, cases[i].len);
		for (at = 0; at < cases[i].len; at++)
			KUNIT_EXPECT_EQ_MSG(test, desc[at], at == 14 && cases[i].mended ? 0x29 :
					    cases[i].desc[at], "case %u, byte %u", i, at);
	}
}

static struct kunit_case mouse_cases[] = {
	KUNIT_CASE(test_good),
	KUNIT_CASE(test_short),
	KUNIT_CASE(test_changed),
	KUNIT_CASE(test_sizes),
	KUNIT_CASE(test_build),
	KUNIT_CASE(test_fix),
	{}
};

struct kunit_suite mouse_wire_suite = {
	.name = "hid-hyperv",
	.test_cases = mouse_cases,
};
