// SPDX-License-Identifier: GPL-2.0
/* KUnit: the negotiate message of the integration services, of every length and with any counts. */
#include "../vmbus.h"
#include "suite.h"

#define V(major, minor)	((major) << 16 | (minor))

static const int frameworks[] = { V(3, 0), V(1, 0) };
static const int services[] = { V(4, 0), V(3, 0), V(1, 0) };

/* The host's lists as 32-bit words: major in the lower half, as it lies in memory. */
struct negotiate {
	const char *what;
	u16 nr_frameworks, nr_services;	/* as the message says */
	u32 versions[6];
	u32 len;			/* bytes received; 0: as many as the counts need */
	bool agreed;
	int framework, service;
};

#define W(major, minor)	((major) | (minor) << 16)

static const struct negotiate cases[] = {
	{ "newest of both", 2, 2, { W(1, 0), W(3, 0), W(3, 0), W(4, 0) }, 0, true, V(3, 0), V(4, 0) },
	{ "our order decides", 1, 3, { W(1, 0), W(1, 0), W(4, 0), W(3, 0) }, 0, true, V(1, 0), V(4, 0) },
	{ "the oldest alone", 1, 1, { W(1, 0), W(1, 0) }, 0, true, V(1, 0), V(1, 0) },
	{ "unknown among known", 2, 2, { W(9, 9), W(3, 0), W(8, 8), W(3, 0) }, 0, true, V(3, 0), V(3, 0) },
	{ "no common framework", 1, 1, { W(2, 0), W(4, 0) }, 0, false, 0, 0 },
	{ "no common service", 1, 1, { W(3, 0), W(2, 0) }, 0, false, V(3, 0), 0 },
	{ "a minor that differs", 1, 1, { W(3, 1), W(4, 0) }, 0, false, 0, 0 },
	{ "no versions", 0, 0, { }, 0, false, 0, 0 },
	{ "more than there are", 2, 2, { W(3, 0), W(1, 0), W(4, 0) }, ICMSG_NEGOTIATE_PKT_SIZE(2, 1),
	  false, 0, 0 },
	{ "one byte short", 1, 1, { W(3, 0), W(4, 0) }, ICMSG_NEGOTIATE_PKT_SIZE(1, 1) - 1, false, 0, 0 },
	{ "one byte more", 1, 1, { W(3, 0), W(4, 0) }, ICMSG_NEGOTIATE_PKT_SIZE(1, 1) + 1, true,
	  V(3, 0), V(4, 0) },
	{ "101 frameworks", 101, 1, { W(3, 0), W(4, 0) }, 512, false, 0, 0 },
	{ "101 services", 1, 101, { W(3, 0), W(4, 0) }, 512, false, 0, 0 },
	{ "as many as 16 bits count", 0xffff, 0xffff, { }, 512, false, 0, 0 },
};

static void icmsg_negotiates(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct negotiate *c = &cases[i];
		u32 len = c->len ?: ICMSG_NEGOTIATE_PKT_SIZE(c->nr_frameworks, c->nr_services);
		/* Exactly as long as received, so that KASAN sees a byte too many. */
		u8 *buf = kunit_kzalloc(test, len, GFP_KERNEL);
		struct icmsg_negotiate *msg = (void *)(buf + ICMSG_HDR);
		int framework = -1, service = -1;

		KUNIT_ASSERT_NOT_NULL(test, buf);
		msg->icframe_vercnt = c->nr_frameworks;
		msg->icmsg_vercnt = c->nr_services;
		memcpy(msg->icversion_data, c->versions,
		       min_t(u32, sizeof(c->versions),
			     len - ICMSG_HDR - offsetof(struct icmsg_negotiate, icversion_data)));
		KUNIT_EXPECT_EQ_MSG(test, c->agreed,
				    vmbus_prep_negotiate_resp((void *)(buf + sizeof(struct vmbuspipe_hdr)),
							      buf, len, frameworks,
							      ARRAY_SIZE(frameworks), services,
							      ARRAY_SIZE(services), &framework,
							      &service), "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->framework, framework, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, c->service, service, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, (u16)c->agreed, msg->icframe_vercnt, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, (u16)c->agreed, msg->icmsg_vercnt, "%s", c->what);
		if (c->agreed) {
			KUNIT_EXPECT_EQ(test, c->framework >> 16, (int)msg->icversion_data[0].major);
			KUNIT_EXPECT_EQ(test, c->service >> 16, (int)msg->icversion_data[1].major);
		}
	}
}

/* Too short to say how many versions it lists: refused, untouched, nothing reported. */
static void icmsg_refuses_a_stump(struct kunit *test)
{
	u32 least = ICMSG_HDR + offsetof(struct icmsg_negotiate, reserved), len;

	for (len = sizeof(struct vmbuspipe_hdr) + sizeof(struct icmsg_hdr); len < least; len++) {
		u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);
		int framework = -1, service = -1;

		KUNIT_ASSERT_NOT_NULL(test, buf);
		memset(buf, 0x5a, len);
		KUNIT_EXPECT_FALSE(test,
				   vmbus_prep_negotiate_resp((void *)(buf + sizeof(struct vmbuspipe_hdr)),
							     buf, len, frameworks,
							     ARRAY_SIZE(frameworks), services,
							     ARRAY_SIZE(services), &framework,
							     &service));
		KUNIT_EXPECT_EQ(test, -1, framework);
		KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0x5a, len));
	}
}

static struct kunit_case icmsg_cases[] = {
	KUNIT_CASE(icmsg_negotiates),
	KUNIT_CASE(icmsg_refuses_a_stump),
	{ }
};

struct kunit_suite icmsg_suite = {
	.name = "hv-vmbus-icmsg",
	.test_cases = icmsg_cases,
};
