// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: agreeing on a protocol version with hosts old and new, with one that refuses, answers
 * nonsense or nothing, and with a hypervisor that does not take the message.
 */
#include "fixture.h"

/* Newest first, as a guest offers them. */
static const u32 versions[] = {
	VMBUS_WIRE_V5_3, VMBUS_WIRE_V5_2, VMBUS_WIRE_V5_1, VMBUS_WIRE_V5_0,
	VMBUS_WIRE_V4_1, VMBUS_WIRE_V4_0, VMBUS_WIRE_V3_0, VMBUS_WIRE_V2_4,
};

static int connection_init(struct kunit *test)
{
	return bus_prepare(test);
}

/* The contact at @nth must be the next older version than that before it. */
static void expect_contacts(struct kunit *test, unsigned int first, unsigned int n)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_INITIATE_CONTACT], n);
	for (i = 0; i < n; i++) {
		const struct vmbus_msg_initiate_contact *msg =
			fake_host_posted(VMBUS_MSG_INITIATE_CONTACT, i);

		KUNIT_ASSERT_NOT_NULL(test, msg);
		KUNIT_EXPECT_EQ_MSG(test, versions[first + i], le32_to_cpu(msg->version),
				    "contact %u", i);
		KUNIT_EXPECT_EQ(test, 0u, le32_to_cpu(msg->target_vp));
	}
}

/* A host of each version, and a guest that is told not to go higher. */
static void connection_agrees_on_each(struct kunit *test)
{
	unsigned int newest, i;

	for (newest = 0; newest < ARRAY_SIZE(versions); newest++) {
		for (i = newest; i < ARRAY_SIZE(versions); i++) {
			bool by_host = i != newest;

			fake_host.num_posted = 0;
			fake_host.num_handled = 0;
			memset(fake_host.count, 0, sizeof(fake_host.count));
			*fake_param_max_version = versions[newest];
			fake_host.newest = versions[i];
			KUNIT_ASSERT_EQ(test, bus_load(), 0);
			KUNIT_EXPECT_EQ(test, versions[i], vmbus_proto_version);
			expect_contacts(test, newest, i - newest + 1);
			/* Where later messages go is checked by the host. */
			KUNIT_EXPECT_EQ(test, vmbus_connection.msg_conn_id,
					versions[i] >= VMBUS_WIRE_V5_0 ? 0x1004u : 1u);
			bus_unload(test);
			/* 2.4 does not know UNLOAD. */
			KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD],
					versions[i] == VMBUS_WIRE_V2_4 ? 0u : 1u);
			if (by_host && newest)
				break;	/* the triangle's rim is enough */
		}
	}
}

static void connection_fits_no_version(struct kunit *test)
{
	fake_host.oldest = VMBUS_WIRE_V6_0;
	fake_host.newest = VMBUS_WIRE_V6_0;
	KUNIT_EXPECT_EQ(test, bus_load(), -EDOM);
	expect_contacts(test, 0, ARRAY_SIZE(versions));
	KUNIT_EXPECT_FALSE(test, vmbus_connected());

	/* The parameter leaves nothing. */
	*fake_param_max_version = VMBUS_WIRE_V1_1;
	KUNIT_EXPECT_EQ(test, bus_load(), -EDOM);
	expect_contacts(test, 0, ARRAY_SIZE(versions));
}

/* Any nonzero byte is yes. Any state but success is no. */
static void connection_reads_the_answer(struct kunit *test)
{
	static const struct {
		u8 supported, state;
		int ret;
	} answers[] = {
		{ 1, 0, 0 }, { 0xff, 0, 0 },
		{ 0, 0, -EDOM }, { 0, 1, -EDOM },
		{ 1, VMBUS_CONN_STATE_LOW_RESOURCES, -EDOM }, { 1, VMBUS_CONN_STATE_FAILED, -EDOM },
		{ 1, 0xff, -EDOM },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		fake_host.supported = answers[i].supported;
		fake_host.conn_state = answers[i].state;
		KUNIT_EXPECT_EQ_MSG(test, answers[i].ret, bus_load(), "answer %u", i);
		bus_unload(test);
	}
}

/* Where messages go is the host's choice from 5.0 on, whatever it is. */
static void connection_takes_its_id(struct kunit *test)
{
	static const u32 ids[] = { 0, 1, 4, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		fake_host.msg_conn_id = ids[i];
		KUNIT_ASSERT_EQ(test, bus_load(), 0);
		KUNIT_EXPECT_EQ(test, ids[i], vmbus_connection.msg_conn_id);
		bus_unload(test);
	}
	fake_host.newest = VMBUS_WIRE_V4_1;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_EQ(test, 1u, vmbus_connection.msg_conn_id);
}

static u8 answer_len;

/* A good answer of any length. */
static bool answer_cut(const struct fake_posted *posted)
{
	struct vmbus_msg_version_response response = {
		.header.type = cpu_to_le32(VMBUS_MSG_VERSION_RESPONSE),
		.supported = 1,
		.msg_conn_id = cpu_to_le32(fake_host.msg_conn_id),
	};
	u8 bytes[HV_MESSAGE_PAYLOAD_BYTE_COUNT] = { };

	if (posted->bytes[0] != VMBUS_MSG_INITIATE_CONTACT)
		return false;
	fake_host.contacted = true;
	fake_host.version = VMBUS_WIRE_V5_3;
	memcpy(bytes, &response, min_t(u32, answer_len, sizeof(response)));
	fake_host_send(bytes, answer_len);
	return true;
}

/* What is too short is as good as nothing; a longer one is a newer host's. */
static void connection_measures_the_answer(struct kunit *test)
{
	static const struct {
		u8 len;
		int ret;
	} lengths[] = { { 15, -ETIMEDOUT }, { 16, 0 }, { 17, 0 }, { 240, 0 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fake_host.answer = answer_cut;
		answer_len = lengths[i].len;
		KUNIT_EXPECT_EQ_MSG(test, lengths[i].ret, bus_load(), "%u bytes", answer_len);
		bus_unload(test);
	}
}

/* A silent host ends the negotiation at once: it is asked for no other version. */
static void connection_bears_silence(struct kunit *test)
{
	unsigned long start = jiffies;

	fake_host.silent = BIT(VMBUS_MSG_INITIATE_CONTACT);
	KUNIT_EXPECT_EQ(test, bus_load(), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, time_in_range(jiffies, start + HZ, start + 8 * HZ));
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_INITIATE_CONTACT], 1u);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD], 0u);

	fake_host_good();
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
}

/* Pages that a host was told of and did not speak about stay allocated. */
static void connection_keeps_shared_pages(struct kunit *test)
{
	const struct vmbus_msg_initiate_contact *msg;
	struct page *monitor;
	u64 address;

	fake_host.newest = VMBUS_WIRE_V4_1;
	fake_host.oldest = VMBUS_WIRE_V4_1;
	*fake_param_max_version = VMBUS_WIRE_V4_1;
	fake_host.silent = BIT(VMBUS_MSG_INITIATE_CONTACT);
	KUNIT_EXPECT_EQ(test, bus_load(), -ETIMEDOUT);
	msg = fake_host_posted(VMBUS_MSG_INITIATE_CONTACT, 0);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	address = le64_to_cpu(msg->parent_to_child_monitor);
	monitor = pfn_to_page(address >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, page_count(monitor), 1);
	KUNIT_EXPECT_EQ(test, page_count(pfn_to_page(le64_to_cpu(msg->u.interrupt_page) >>
						     PAGE_SHIFT)), 1);
	KUNIT_EXPECT_NE(test, address, le64_to_cpu(msg->child_to_parent_monitor));
}

/* An old host has no connection 4: the hypervisor says so, and 4.1 is tried at connection 1. */
static u16 no_connection_4(const struct fake_posted *posted)
{
	if (posted->connection == 4)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return HV_STATUS_SUCCESS;
}

static void connection_falls_to_1(struct kunit *test)
{
	fake_hv.status = no_connection_4;
	fake_host.newest = VMBUS_WIRE_V4_1;
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.refused), 4);
	expect_contacts(test, 4, 1);
	KUNIT_EXPECT_EQ(test, vmbus_proto_version, VMBUS_WIRE_V4_1);
}

static u16 post_status;
static unsigned int posts_refused;

static u16 refuse_some(const struct fake_posted *posted)
{
	if (!posts_refused)
		return HV_STATUS_SUCCESS;
	posts_refused--;
	return post_status;
}

/* Want of buffers passes; other errors are final, for this version. */
static void connection_posts_again(struct kunit *test)
{
	static const struct {
		u16 status;
		unsigned int times;
		u32 version;		/* agreed on; 0: none */
	} cases[] = {
		{ HV_STATUS_INSUFFICIENT_BUFFERS, 1, VMBUS_WIRE_V5_3 },
		{ HV_STATUS_INSUFFICIENT_BUFFERS, 12, VMBUS_WIRE_V5_3 },
		{ HV_STATUS_INSUFFICIENT_MEMORY, 3, VMBUS_WIRE_V5_3 },
		{ HV_STATUS_INVALID_PARAMETER, 1, VMBUS_WIRE_V5_2 },
		{ HV_STATUS_INVALID_CONNECTION_ID, 1, VMBUS_WIRE_V5_2 },
		{ 0x7fff, 2, VMBUS_WIRE_V5_1 },
		{ HV_STATUS_INVALID_HYPERCALL_CODE, 8, 0 },
	};
	unsigned int i;

	fake_hv.status = refuse_some;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = cases[i].version ? 0 : -EDOM;

		post_status = cases[i].status;
		posts_refused = cases[i].times;
		fake_hv.status = refuse_some;
		KUNIT_EXPECT_EQ_MSG(test, ret, bus_load(), "case %u", i);
		KUNIT_EXPECT_EQ(test, posts_refused, 0u);
		if (cases[i].version)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].version, vmbus_proto_version,
					    "case %u", i);
		bus_unload(test);
	}
}

/* No buffers for longer than the bus is patient. */
static void connection_gives_up_posting(struct kunit *test)
{
	const u8 message[HV_MESSAGE_PAYLOAD_BYTE_COUNT + 1] = { VMBUS_MSG_REQUEST_OFFERS };
	unsigned int before;

	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	fake_hv.status = refuse_some;
	posts_refused = UINT_MAX;

	post_status = HV_STATUS_INSUFFICIENT_BUFFERS;
	KUNIT_EXPECT_EQ(test, vmbus_post(message, 8, true), -ENOBUFS);
	post_status = HV_STATUS_INVALID_CONNECTION_ID;
	KUNIT_EXPECT_EQ(test, vmbus_post(message, 8, true), -EAGAIN);
	/* In a crash nothing sleeps. */
	post_status = HV_STATUS_INSUFFICIENT_MEMORY;
	KUNIT_EXPECT_EQ(test, vmbus_post(message, 8, false), -ENOBUFS);
	KUNIT_EXPECT_GT(test, atomic_read(&fake_hv.refused), 6);

	/* A final error is not tried again. */
	before = atomic_read(&fake_hv.refused);
	post_status = HV_STATUS_ACCESS_DENIED;
	KUNIT_EXPECT_EQ(test, vmbus_post(message, 8, true), -EIO);
	KUNIT_EXPECT_EQ(test, before + 1, (unsigned int)atomic_read(&fake_hv.refused));

	KUNIT_EXPECT_EQ(test, vmbus_post(message, sizeof(message), true), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, before + 1, (unsigned int)atomic_read(&fake_hv.refused));
}

/* An isolated guest needs 5.2, and of an old host it leaves what it began. */
static void connection_of_an_isolated_guest(struct kunit *test)
{
	fake_machine.isolated = true;
	fake_host.newest = VMBUS_WIRE_V5_1;
	KUNIT_EXPECT_EQ(test, bus_load(), -EINVAL);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD], 1u);
	KUNIT_EXPECT_TRUE(test, fake_host.unloaded);

	fake_host.newest = VMBUS_WIRE_V5_2;
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
}

/* Answers that nobody waits for, and one that comes twice. */
static void connection_ignores_late_answers(struct kunit *test)
{
	struct vmbus_msg_version_response response = {
		.header.type = cpu_to_le32(VMBUS_MSG_VERSION_RESPONSE),
		.supported = 1,
		.msg_conn_id = cpu_to_le32(0xbad),
	};

	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_TRUE(test, fake_host_send(&response, sizeof(response)));
	KUNIT_EXPECT_TRUE(test, fake_host_send(&response, sizeof(response)));
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, vmbus_connection.msg_conn_id, 0x1004u);
	KUNIT_EXPECT_TRUE(test, vmbus_connected());
}

static struct kunit_case connection_cases[] = {
	KUNIT_CASE(connection_agrees_on_each),
	KUNIT_CASE(connection_fits_no_version),
	KUNIT_CASE(connection_reads_the_answer),
	KUNIT_CASE(connection_takes_its_id),
	KUNIT_CASE(connection_measures_the_answer),
	KUNIT_CASE(connection_bears_silence),
	KUNIT_CASE(connection_keeps_shared_pages),
	KUNIT_CASE(connection_falls_to_1),
	KUNIT_CASE(connection_posts_again),
	KUNIT_CASE(connection_gives_up_posting),
	KUNIT_CASE(connection_of_an_isolated_guest),
	KUNIT_CASE(connection_ignores_late_answers),
	{ }
};

struct kunit_suite connection_suite = {
	.name = "hv-vmbus-connection",
	.init = connection_init,
	.exit = bus_exit,
	.test_cases = connection_cases,
};
