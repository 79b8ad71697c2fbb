// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the keyboard's parser makes of the host's bytes. The parser's source is part of
 * this module, as the driver exports nothing.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "../keyboard_wire.c"
#include "suites.h"

static const struct {
	u8 wire[12];
	size_t len;
	int ret;
	struct keyboard_wire_msg msg;
} cases[] = {
	/* accepted, refused */
	{ { 2, 0, 0, 0, 1 }, 8, 0, { .type = 2, .accepted = true } },
	{ { 2, 0, 0, 0, 0 }, 8, 0, { .type = 2 } },
	/* a goes down and up; right ctrl down; pause, its first half */
	{ { 3, 0, 0, 0, 0x1e }, 12, 0,
	  { .type = 3, .down = true, .nr_bytes = 1, .bytes = { 0x1e } } },
	{ { 3, 0, 0, 0, 0x1e, 0, 0, 0, 2 }, 12, 0,
	  { .type = 3, .nr_bytes = 1, .bytes = { 0x9e } } },
	{ { 3, 0, 0, 0, 0x1d, 0, 0, 0, 4 }, 12, 0,
	  { .type = 3, .down = true, .nr_bytes = 2, .bytes = { 0xe0, 0x1d } } },
	{ { 3, 0, 0, 0, 0x1d, 0, 0, 0, 10 }, 12, 0,
	  { .type = 3, .nr_bytes = 2, .bytes = { 0xe1, 0x9d } } },
	/* both prefixes fit; a Unicode event types nothing */
	{ { 3, 0, 0, 0, 0x1d, 0, 0, 0, 12 }, 12, 0,
	  { .type = 3, .down = true, .nr_bytes = 3, .bytes = { 0xe0, 0xe1, 0x1d } } },
	{ { 3, 0, 0, 0, 0xac, 0x20, 0, 0, 1 }, 12, 0, { .type = 3, .down = true } },
	/* too short, a code of nine bits, a guest's message, an unknown one */
	{ { 2, 0, 0, 0, 1 }, 7, -EBADMSG, {} },
	{ { 3, 0, 0, 0, 0x1e }, 11, -EBADMSG, {} },
	{ { 3 }, 3, -EBADMSG, {} },
	{ { 3, 0, 0, 0, 0, 1 }, 12, -EBADMSG, {} },
	{ { 1, 0, 0, 0, 0, 0, 1, 0 }, 8, -EPROTO, {} },
	{ { 0xff, 0xff, 0xff, 0xff }, 12, -EPROTO, {} },
};

static void test_parse(struct kunit *test)
{
	struct keyboard_wire_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Exactly as long as said, so that a read past the end is seen. */
		u8 *wire = kmemdup(cases[i].wire, cases[i].len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wire);
		memset(&msg, 0, sizeof(msg));
		KUNIT_EXPECT_EQ_MSG(test, keyboard_wire_parse(wire, cases[i].len, &msg),
				    cases[i].ret, "case %u", i);
		if (!cases[i].ret)
			KUNIT_EXPECT_EQ_MSG(test, memcmp(&msg, &cases[i].msg, sizeof(msg)), 0,
					    "case %u", i);
		kfree(wire);
	}
}

static void test_request(struct kunit *test)
{
	static const u8 bytes[] = { 1, 0, 0, 0, 0, 0, 1, 0 };
	struct synthkbd_version_request request;

	keyboard_wire_request_init(&request);
	KUNIT_EXPECT_EQ(test, sizeof(request), sizeof(bytes));
	KUNIT_EXPECT_EQ(test, memcmp(&request, bytes, sizeof(bytes)), 0);
}

static struct kunit_case keyboard_cases[] = {
	KUNIT_CASE(test_parse),
	KUNIT_CASE(test_request),
	{}
};

struct kunit_suite keyboard_wire_suite = {
	.name = "hyperv-keyboard",
	.test_cases = keyboard_cases,
};
