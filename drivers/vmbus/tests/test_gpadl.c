// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: giving memory to the host and taking it back. The page numbers on the wire are those of
 * the buffer, 26 in the first message and 28 in each that follows; memory that the host may still
 * have is not freed, whatever went wrong.
 */
#include <linux/vmalloc.h>

#include "fixture.h"

#define RELID	7

static int gpadl_init(struct kunit *test)
{
	bus_init(test);
	test->priv = bus_offer(test, RELID, &fake_nic, 1, 0);
	return 0;
}

/* A buffer whose pages are known even when it was freed. */
struct buffer {
	void *at;
	u32 pages;
	struct page *page[64];
};

static void buffer_new(struct kunit *test, struct buffer *buffer, u32 pages)
{
	u32 i;

	buffer->at = vzalloc(pages * PAGE_SIZE);
	buffer->pages = pages;
	KUNIT_ASSERT_NOT_NULL(test, buffer->at);
	for (i = 0; i < pages; i++)
		buffer->page[i] = vmalloc_to_page(buffer->at + i * PAGE_SIZE);
}

/* Free it as a driver does; what the bus kept must still be allocated, and is freed then. */
static void buffer_free(struct kunit *test, struct buffer *buffer, bool kept)
{
	u32 i;

	for (i = 0; i < buffer->pages; i++)
		KUNIT_EXPECT_EQ_MSG(test, page_count(buffer->page[i]), kept ? 2 : 1, "page %u", i);
	vfree(buffer->at);
	for (i = 0; kept && i < buffer->pages; i++) {
		KUNIT_EXPECT_EQ(test, page_count(buffer->page[i]), 1);
		put_page(buffer->page[i]);
	}
}

static u32 sent(u32 type)
{
	return fake_host.count[type];
}

/* Every size around what one, two and three messages carry, and around a page. */
static void gpadl_of_each_size(struct kunit *test)
{
	static const struct {
		u32 bytes, pages, bodies;
	} sizes[] = {
		{ 1, 1, 0 }, { 4095, 1, 0 }, { 4096, 1, 0 }, { 4097, 2, 0 },
		{ 25 * 4096, 25, 0 }, { 26 * 4096, 26, 0 }, { 26 * 4096 + 1, 27, 1 },
		{ 27 * 4096, 27, 1 }, { 53 * 4096, 53, 1 }, { 54 * 4096, 54, 1 },
		{ 55 * 4096, 55, 2 }, { 82 * 4096, 82, 2 }, { 83 * 4096, 83, 3 },
		{ 8190 * 4096, 8190, 292 },
	};
	struct vmbus_channel *channel = test->priv;
	unsigned int i;
	u32 page;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 bodies = sent(VMBUS_MSG_GPADL_BODY), bad = 0;
		void *buffer = vzalloc(sizes[i].bytes);
		struct vmbus_gpadl gpadl = { };
		struct fake_gpadl *at_host;

		KUNIT_ASSERT_NOT_NULL(test, buffer);
		KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer, sizes[i].bytes,
							    &gpadl), 0);
		fake_host_settle();
		at_host = fake_host_gpadl(gpadl.gpadl_handle);
		KUNIT_ASSERT_NOT_NULL(test, at_host);
		KUNIT_EXPECT_EQ(test, at_host->relid, (u32)RELID);
		KUNIT_EXPECT_EQ_MSG(test, at_host->bytes, sizes[i].bytes, "size %u", i);
		KUNIT_EXPECT_EQ_MSG(test, at_host->got, sizes[i].pages, "size %u", i);
		KUNIT_EXPECT_EQ_MSG(test, sent(VMBUS_MSG_GPADL_BODY) - bodies, sizes[i].bodies,
				    "size %u", i);
		for (page = 0; page < at_host->got; page++)
			bad += at_host->pfns[page] !=
			       vmalloc_to_pfn(buffer + (size_t)page * PAGE_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, bad, 0u, "size %u", i);
		KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
		KUNIT_EXPECT_PTR_EQ(test, gpadl.buffer, buffer);
		KUNIT_EXPECT_EQ(test, gpadl.size, sizes[i].bytes);

		KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), 0);
		KUNIT_EXPECT_FALSE(test, gpadl.decrypted);
		KUNIT_EXPECT_EQ(test, gpadl.gpadl_handle, 0u);
		KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
		vfree(buffer);
	}
}

/* The length of all page numbers has 16 bits in the header. */
static void gpadl_that_is_too_large(struct kunit *test)
{
	static const u32 sizes[] = { 0, 8191u * 4096, 16384u * 4096, 0xfffff000, 0xffffffff };
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		gpadl.decrypted = true;
		KUNIT_EXPECT_EQ_MSG(test, vmbus_establish_gpadl(channel, &gpadl, sizes[i], &gpadl),
				    -EINVAL, "size %u", i);
		KUNIT_EXPECT_FALSE(test, gpadl.decrypted);
	}
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, sent(VMBUS_MSG_GPADL_HEADER), 0u);
}

/* Two at a time have two handles. */
static void gpadl_handles_differ(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl one = { }, two = { };
	struct buffer buffer;

	buffer_new(test, &buffer, 1);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &one), 0);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &two), 0);
	KUNIT_EXPECT_NE(test, one.gpadl_handle, two.gpadl_handle);
	KUNIT_EXPECT_NE(test, one.gpadl_handle, 0u);
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &one), 0);
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &two), 0);
	buffer_free(test, &buffer, false);
}

/* The host says no: the memory is ours. */
static void gpadl_refused(struct kunit *test)
{
	static const u32 status[] = { 1, 0x8000ffff, 0xc000009a, 0xffffffff };
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	struct buffer buffer;
	unsigned int i;

	buffer_new(test, &buffer, 30);
	for (i = 0; i < ARRAY_SIZE(status); i++) {
		fake_host.gpadl_status = status[i];
		KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 30 * PAGE_SIZE,
							    &gpadl), -EDQUOT);
		KUNIT_EXPECT_FALSE(test, gpadl.decrypted);
	}
	buffer_free(test, &buffer, false);
}

static struct {
	u32 relid, handle;		/* added to the right ones */
	bool then_right;
} lie;

static bool answer_another(const struct fake_posted *posted)
{
	const struct vmbus_msg_gpadl_header *msg = (const void *)posted->bytes;
	const struct vmbus_msg_gpadl_teardown *teardown = (const void *)posted->bytes;

	if (posted->bytes[0] == VMBUS_MSG_GPADL_HEADER)
		fake_host_status(VMBUS_MSG_GPADL_CREATED, le32_to_cpu(msg->relid) + lie.relid,
				 le32_to_cpu(msg->gpadl) + lie.handle, 0xbad);
	else if (posted->bytes[0] == VMBUS_MSG_GPADL_TEARDOWN)
		fake_host_status(VMBUS_MSG_GPADL_TORNDOWN, 0,
				 le32_to_cpu(teardown->gpadl) + lie.handle, 0);
	else
		return false;
	return !lie.then_right;
}

/* Answers about another channel or handle are not the answer; the right one may still come. */
static void gpadl_answered_for_another(struct kunit *test)
{
	static const struct {
		u32 relid, handle;
	} lies[] = { { 1, 0 }, { 0, 1 }, { 0x10000, 0 }, { 0, 0x80000000 } };
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	struct buffer buffer;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		buffer_new(test, &buffer, 2);
		lie.relid = lies[i].relid;
		lie.handle = lies[i].handle;
		fake_host.answer = answer_another;
		lie.then_right = true;
		KUNIT_EXPECT_EQ_MSG(test, vmbus_establish_gpadl(channel, buffer.at, 2 * PAGE_SIZE,
								&gpadl), 0, "lie %u", i);
		KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), 0);
		buffer_free(test, &buffer, false);
	}
	lie.then_right = false;
	buffer_new(test, &buffer, 2);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 2 * PAGE_SIZE, &gpadl),
			-ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	buffer_free(test, &buffer, true);
}

/* Without an answer nobody knows whose the memory is: it stays allocated. */
static void gpadl_never_answered(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	unsigned long start = jiffies;
	struct buffer buffer;

	buffer_new(test, &buffer, 28);
	fake_host.silent = BIT(VMBUS_MSG_GPADL_HEADER);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 28 * PAGE_SIZE, &gpadl),
			-ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, time_in_range(jiffies, start + HZ, start + 8 * HZ));
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	buffer_free(test, &buffer, true);

	buffer_new(test, &buffer, 28);
	fake_host.silent = BIT(VMBUS_MSG_GPADL_TEARDOWN);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 28 * PAGE_SIZE, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	buffer_free(test, &buffer, true);
}

static u8 refused_type;

static u16 refuse_type(const struct fake_posted *posted)
{
	return posted->bytes[0] == refused_type ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

/* A header that was not posted gave nothing away; after a body the host may have some. */
static void gpadl_not_posted(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	struct buffer buffer;

	fake_hv.status = refuse_type;
	refused_type = VMBUS_MSG_GPADL_HEADER;
	buffer_new(test, &buffer, 27);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 27 * PAGE_SIZE, &gpadl),
			-EDQUOT);
	KUNIT_EXPECT_FALSE(test, gpadl.decrypted);
	buffer_free(test, &buffer, false);

	refused_type = VMBUS_MSG_GPADL_BODY;
	buffer_new(test, &buffer, 27);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 27 * PAGE_SIZE, &gpadl),
			-EIO);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmbus_connection.chn_msg_list));
	buffer_free(test, &buffer, true);

	refused_type = VMBUS_MSG_GPADL_TEARDOWN;
	buffer_new(test, &buffer, 27);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, 27 * PAGE_SIZE, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), -EIO);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	buffer_free(test, &buffer, true);
}

/* Memory that cannot be made visible to the host, or cannot be taken out of its sight. */
static void gpadl_not_shared(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	struct buffer buffer;

	fake_machine.share_error = -EIO;
	fake_machine.shares_left = 0;
	buffer_new(test, &buffer, 1);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &gpadl), -EIO);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	KUNIT_EXPECT_EQ(test, sent(VMBUS_MSG_GPADL_HEADER), 0u);
	buffer_free(test, &buffer, true);
	fake_machine.share_error = 0;

	fake_machine.unshare_error = -EIO;
	buffer_new(test, &buffer, 1);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), -EIO);
	KUNIT_EXPECT_TRUE(test, gpadl.decrypted);
	buffer_free(test, &buffer, true);
	fake_machine.unshare_error = 0;
}

static bool rescind_at_gpadl(const struct fake_posted *posted)
{
	if (posted->bytes[0] != VMBUS_MSG_GPADL_HEADER &&
	    posted->bytes[0] != VMBUS_MSG_GPADL_TEARDOWN)
		return false;
	fake_host_rescind(RELID);
	return true;
}

/* The channel goes while an answer is due: the host has let go of its memory before. */
static void gpadl_rescinded(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct hv_device *dev = channel->device_obj;
	struct vmbus_gpadl gpadl = { }, second = { };
	struct buffer buffer;

	/* The channel is the device's, and stays with it. */
	get_device(&dev->device);
	buffer_new(test, &buffer, 1);
	KUNIT_ASSERT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &gpadl), 0);
	fake_host.answer = rescind_at_gpadl;
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &second),
			-ENODEV);
	KUNIT_EXPECT_FALSE(test, second.decrypted);
	/* Nothing is posted about it any more. */
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &second),
			-ENODEV);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, sent(VMBUS_MSG_GPADL_HEADER), 2u);
	KUNIT_EXPECT_EQ(test, sent(VMBUS_MSG_GPADL_TEARDOWN), 0u);
	buffer_free(test, &buffer, false);
	put_device(&dev->device);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].released, 1u);
}

static void gpadl_rescinded_in_teardown(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct hv_device *dev = channel->device_obj;
	struct vmbus_gpadl gpadl = { };
	struct buffer buffer;

	get_device(&dev->device);
	buffer_new(test, &buffer, 1);
	KUNIT_ASSERT_EQ(test, vmbus_establish_gpadl(channel, buffer.at, PAGE_SIZE, &gpadl), 0);
	fake_host.answer = rescind_at_gpadl;
	KUNIT_EXPECT_EQ(test, vmbus_teardown_gpadl(channel, &gpadl), 0);
	KUNIT_EXPECT_FALSE(test, gpadl.decrypted);
	buffer_free(test, &buffer, false);
	put_device(&dev->device);
}

static struct kunit_case gpadl_cases[] = {
	KUNIT_CASE(gpadl_of_each_size),
	KUNIT_CASE(gpadl_that_is_too_large),
	KUNIT_CASE(gpadl_handles_differ),
	KUNIT_CASE(gpadl_refused),
	KUNIT_CASE(gpadl_answered_for_another),
	KUNIT_CASE(gpadl_never_answered),
	KUNIT_CASE(gpadl_not_posted),
	KUNIT_CASE(gpadl_not_shared),
	KUNIT_CASE(gpadl_rescinded),
	KUNIT_CASE(gpadl_rescinded_in_teardown),
	{ }
};

struct kunit_suite gpadl_suite = {
	.name = "hv-vmbus-gpadl",
	.init = gpadl_init,
	.exit = bus_exit,
	.test_cases = gpadl_cases,
};
