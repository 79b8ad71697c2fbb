// SPDX-License-Identifier: GPL-2.0
/* KUnit: request ids, the numbers by which the host names a driver's request. */
#include "../vmbus.h"
#include "suite.h"

#define SLOTS	16u

static int ids_init(struct kunit *test)
{
	struct vmbus_channel *channel = kunit_kzalloc(test, sizeof(*channel), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, channel);
	test->priv = channel;
	channel->rqstor_size = SLOTS;
	KUNIT_ASSERT_EQ(test, 0, vmbus_requestor_alloc(&channel->requestor, SLOTS));
	return 0;
}

static void ids_exit(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	if (channel)
		vmbus_requestor_free(&channel->requestor);
}

/* Every slot can be had once, none is zero, none twice; the next is refused. */
static void ids_run_out(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	DECLARE_BITMAP(seen, SLOTS + 1) = { };
	u32 i;
	u64 id;

	for (i = 0; i < SLOTS; i++) {
		id = vmbus_next_request_id(channel, 0x1000 + i);
		KUNIT_ASSERT_GT(test, id, 0ull);
		KUNIT_ASSERT_LE(test, id, (u64)SLOTS);
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(id, seen));
	}
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_RQST_ERROR, vmbus_next_request_id(channel, 1));
	/* One given back can be had again, and only that one. */
	KUNIT_EXPECT_EQ(test, 0x1000ull + 4, vmbus_request_addr(channel, 5));
	KUNIT_EXPECT_EQ(test, 5ull, vmbus_next_request_id(channel, 0x2000));
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_RQST_ERROR, vmbus_next_request_id(channel, 1));
	KUNIT_EXPECT_EQ(test, 0x2000ull, vmbus_request_addr(channel, 5));
}

/* Ids that were not given out name nothing, whatever the host says; nor does one twice. */
static void ids_made_up_are_refused(struct kunit *test)
{
	static const u64 made_up[] = {
		0, 2, SLOTS, SLOTS + 1, 0xffffffff, 0x100000001, U64_MAX - 3, U64_MAX - 2, U64_MAX - 1,
		U64_MAX, 0x8000000000000000,
	};
	struct vmbus_channel *channel = test->priv;
	u64 id = vmbus_next_request_id(channel, 0xabc);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 1ull, id);
	for (i = 0; i < ARRAY_SIZE(made_up); i++)
		KUNIT_EXPECT_EQ_MSG(test, (u64)VMBUS_RQST_ERROR,
				    vmbus_request_addr(channel, made_up[i]), "id %llx",
				    made_up[i]);
	KUNIT_EXPECT_EQ(test, 0xabcull, vmbus_request_addr(channel, id));
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_RQST_ERROR, vmbus_request_addr(channel, id));
}

/* Asked for with an expectation, an id that means something else stays in use. */
static void ids_match_or_stay(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	u64 id = vmbus_next_request_id(channel, 0xabc);

	KUNIT_EXPECT_EQ(test, 0xabcull, vmbus_request_addr_match(channel, id, 0xdef));
	KUNIT_EXPECT_EQ(test, 0xabcull, vmbus_request_addr_match(channel, id, 0xabc));
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_RQST_ERROR,
			vmbus_request_addr_match(channel, id, 0xabc));
}

static void ids_without_a_table(struct kunit *test)
{
	struct vmbus_channel *channel = kunit_kzalloc(test, sizeof(*channel), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, channel);
	spin_lock_init(&channel->requestor.req_lock);
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_NO_RQSTOR, vmbus_next_request_id(channel, 1));
	KUNIT_EXPECT_EQ(test, (u64)VMBUS_NO_RQSTOR, vmbus_request_addr(channel, 1));
}

static struct kunit_case request_id_cases[] = {
	KUNIT_CASE(ids_run_out),
	KUNIT_CASE(ids_made_up_are_refused),
	KUNIT_CASE(ids_match_or_stay),
	KUNIT_CASE(ids_without_a_table),
	{ }
};

struct kunit_suite request_id_suite = {
	.name = "hv-vmbus-request-id",
	.init = ids_init,
	.exit = ids_exit,
	.test_cases = request_id_cases,
};
