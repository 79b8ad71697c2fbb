// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: opening and closing channels: what the host is told, in which order, and whose the rings
 * are after each way that it can fail.
 */
#include "fixture.h"

#define RELID	7

static int channel_init(struct kunit *test)
{
	bus_init(test);
	test->priv = bus_offer(test, RELID, &fake_nic, 1, 0);
	return 0;
}

/* The first page of the ring in the @nth GPADL that the guest made. */
static struct page *ring_of(struct kunit *test, unsigned int nth)
{
	const struct vmbus_msg_gpadl_header *msg = fake_host_posted(VMBUS_MSG_GPADL_HEADER, nth);
	const struct vmbus_wire_gpa_range *range;

	KUNIT_ASSERT_NOT_NULL(test, msg);
	range = (const void *)msg->ranges;
	return pfn_to_page(le64_to_cpu(range->pfn[0]));
}

/* The rings of @pages pages are still allocated; free them in the bus's place. */
static void expect_kept(struct kunit *test, struct page *ring, u32 pages)
{
	KUNIT_EXPECT_EQ(test, page_count(ring), 1);
	if (page_count(ring) == 1)
		__free_pages(ring, get_order(pages * PAGE_SIZE));
}

static void nothing(void *context)
{
}

static void channel_opens_and_closes(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct fake_channel *at_host = &fake_host.channels[RELID];
	struct fake_gpadl *gpadl;
	unsigned int round;
	u32 open_id = 0, i;

	for (round = 1; round <= 3; round++) {
		KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
		KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPENED_STATE);
		KUNIT_EXPECT_TRUE(test, at_host->open);
		KUNIT_EXPECT_NE(test, at_host->open_id, open_id);
		open_id = at_host->open_id;
		KUNIT_EXPECT_EQ(test, at_host->target_vp, channel->target_cpu);
		/* The host's ring begins behind ours: a header page and one of data. */
		KUNIT_EXPECT_EQ(test, at_host->downstream, 2u);
		gpadl = fake_host_gpadl(at_host->gpadl);
		KUNIT_ASSERT_NOT_NULL(test, gpadl);
		KUNIT_EXPECT_EQ(test, gpadl->count, 5u);
		for (i = 0; i < gpadl->count; i++)
			KUNIT_EXPECT_EQ(test, gpadl->pfns[i],
					(u64)page_to_pfn(channel->ringbuffer_page) + i);
		KUNIT_EXPECT_EQ(test, channel->outbound.ring_datasize, (u32)PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, channel->inbound.ring_datasize, 2 * (u32)PAGE_SIZE);
		/* Once is enough. */
		KUNIT_EXPECT_EQ(test, vmbus_connect_ring(channel, nothing, NULL), -EINVAL);

		vmbus_close(channel);
		fake_host_settle();
		KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
		KUNIT_EXPECT_EQ(test, at_host->closes, round);
		KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
		KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
		KUNIT_EXPECT_NULL(test, channel->inbound.ring_buffer);
	}
}

/* Data for the host's device, as much as fits its message. */
static void channel_passes_user_data(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	const struct vmbus_msg_open *msg;
	u8 data[121];

	memset(data, 0x5a, sizeof(data));
	KUNIT_EXPECT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, data, 121, nothing,
					 NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_GPADL_HEADER], 0u);

	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, data, 120, nothing,
					 NULL), 0);
	msg = fake_host_posted(VMBUS_MSG_OPEN_CHANNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	KUNIT_EXPECT_EQ(test, memcmp(msg->user_data, data, 120), 0);
	vmbus_close(channel);

	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, data, 1, nothing,
					 NULL), 0);
	msg = fake_host_posted(VMBUS_MSG_OPEN_CHANNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	KUNIT_EXPECT_EQ(test, msg->user_data[0], 0x5a);
	KUNIT_EXPECT_EQ(test, msg->user_data[1], 0);
	vmbus_close(channel);
}

static void channel_rings_of_impossible_sizes(struct kunit *test)
{
	static const struct {
		u32 send, recv;
	} sizes[] = {
		{ 0, 8192 }, { 8192, 0 }, { 4096, 8192 }, { 8192, 4096 }, { 8193, 8192 },
		{ 8192, 8191 }, { 0x80000000, 0x80000000 }, { 0xfffff000, 8192 },
	};
	struct vmbus_channel *channel = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ_MSG(test, vmbus_open(channel, sizes[i].send, sizes[i].recv, NULL,
						     0, nothing, NULL), -EINVAL, "sizes %u", i);
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
	KUNIT_EXPECT_EQ(test, fake_host.num_posted, 2u);
}

/* The host says no to the ring, or to the channel: all is as it was. */
static void channel_refused(struct kunit *test)
{
	static const u32 status[] = { 1, 0xc0000001, 0xffffffff };
	struct vmbus_channel *channel = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(status); i++) {
		fake_host.gpadl_status = status[i];
		KUNIT_EXPECT_EQ(test, bus_open(channel), -EDQUOT);
		KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
		KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_OPEN_CHANNEL], i);
		fake_host.gpadl_status = 0;

		fake_host.open_status = status[i];
		KUNIT_EXPECT_EQ(test, bus_open(channel), -EAGAIN);
		KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
		KUNIT_EXPECT_NULL(test, channel->onchannel_callback);
		KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
		fake_host.open_status = 0;
	}
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
	/* What was never open is not closed. */
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].closes, 0u);
	KUNIT_EXPECT_EQ(test, bus_open(channel), 0);
	vmbus_close(channel);
}

/* No word about the channel: it may be open, so it is closed before the ring is taken back. */
static void channel_open_never_answered(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	fake_host.silent = BIT(VMBUS_MSG_OPEN_CHANNEL);
	KUNIT_EXPECT_EQ(test, bus_open(channel), -ETIMEDOUT);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].closes, 1u);
	KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);

	/* The answer comes too late, for an open that nobody waits for. */
	fake_host_status(VMBUS_MSG_OPEN_RESULT, RELID, fake_host.channels[RELID].open_id, 0);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
}

static bool open_another(const struct fake_posted *posted)
{
	const struct vmbus_msg_open *msg = (const void *)posted->bytes;
	u32 relid = le32_to_cpu(msg->relid), id = le32_to_cpu(msg->open_id);

	if (posted->bytes[0] == VMBUS_MSG_OPEN_CHANNEL) {
		fake_host_status(VMBUS_MSG_OPEN_RESULT, relid + 1, id, 0xbad);
		fake_host_status(VMBUS_MSG_OPEN_RESULT, relid, id - 1, 0xbad);
		fake_host_status(VMBUS_MSG_OPEN_RESULT, relid, id + 1, 0xbad);
	}
	return false;
}

static void channel_open_answered_for_another(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	fake_host.answer = open_another;
	KUNIT_EXPECT_EQ(test, bus_open(channel), 0);
	vmbus_close(channel);
}

static u8 refused_type;

static u16 refuse_type(const struct fake_posted *posted)
{
	return posted->bytes[0] == refused_type ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

static void channel_open_not_posted(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	fake_hv.status = refuse_type;
	refused_type = VMBUS_MSG_OPEN_CHANNEL;
	KUNIT_EXPECT_EQ(test, bus_open(channel), -EAGAIN);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].closes, 0u);
}

/* The ring was given away and nobody said that it came back: it is never freed. */
static void channel_keeps_rings(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	/* At its GPADL's creation. */
	fake_host.silent = BIT(VMBUS_MSG_GPADL_HEADER);
	KUNIT_EXPECT_EQ(test, bus_open(channel), -ETIMEDOUT);
	KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
	expect_kept(test, ring_of(test, 0), 5);

	/* At its teardown after a refused open. */
	fake_host.silent = BIT(VMBUS_MSG_GPADL_TEARDOWN);
	fake_host.open_status = 1;
	KUNIT_EXPECT_EQ(test, bus_open(channel), -EAGAIN);
	expect_kept(test, ring_of(test, 1), 5);
	fake_host.open_status = 0;

	/* At its teardown when closed. */
	channel->rqstor_size = 16;
	KUNIT_EXPECT_EQ(test, bus_open(channel), 0);
	vmbus_close(channel);
	KUNIT_EXPECT_NULL(test, channel->requestor.req_arr);
	KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
	KUNIT_EXPECT_NULL(test, channel->inbound.pkt_buffer);
	expect_kept(test, ring_of(test, 2), 5);
	fake_host_good();

	/* The close itself did not reach the host. */
	KUNIT_EXPECT_EQ(test, bus_open(channel), 0);
	fake_hv.status = refuse_type;
	refused_type = VMBUS_MSG_CLOSE_CHANNEL;
	KUNIT_EXPECT_EQ(test, vmbus_disconnect_ring(channel), -EIO);
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
	KUNIT_EXPECT_TRUE(test, channel->ringbuffer_gpadlhandle.decrypted);
	KUNIT_EXPECT_NULL(test, channel->requestor.req_arr);
	vmbus_free_ring(channel);
	expect_kept(test, ring_of(test, 3), 5);
	/* It goes with the connection. */
	fake_host.channels[RELID].open = false;
}

/* Rings that the page allocator or a GPADL has no room for: no attempt, no warning of the kernel. */
static void channel_refuses_rings(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	static const struct {
		u32 send, recv;
	} cases[] = {
		{ PAGE_SIZE, 2 * PAGE_SIZE }, { 2 * PAGE_SIZE, PAGE_SIZE },
		{ 2 * PAGE_SIZE + 1, 2 * PAGE_SIZE }, { 2 * PAGE_SIZE, 3 * PAGE_SIZE - 1 },
		/* 4 MiB are the allocator's largest block. */
		{ SZ_2M + PAGE_SIZE, SZ_2M }, { SZ_2M, SZ_2M + PAGE_SIZE },
		{ SZ_4M, 2 * PAGE_SIZE }, { 2 * PAGE_SIZE, SZ_4M },
		{ -PAGE_SIZE, 2 * PAGE_SIZE }, { 2 * PAGE_SIZE, -PAGE_SIZE },
		{ SZ_2G, SZ_2G },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, vmbus_alloc_ring(channel, cases[i].send, cases[i].recv),
				    -EINVAL, "case %u", i);
		KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
	}
	KUNIT_ASSERT_EQ(test, vmbus_alloc_ring(channel, SZ_2M, SZ_2M), 0);
	vmbus_free_ring(channel);
}

/* Rings that stay while the channel is closed and opened again, as a driver's with a mapping. */
static void channel_connects_its_rings(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct page *pages;

	KUNIT_ASSERT_EQ(test, vmbus_alloc_ring(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	pages = channel->ringbuffer_page;
	KUNIT_EXPECT_EQ(test, vmbus_connect_ring(channel, nothing, NULL), 0);
	KUNIT_EXPECT_EQ(test, vmbus_disconnect_ring(channel), 0);
	KUNIT_EXPECT_EQ(test, vmbus_disconnect_ring(channel), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, channel->ringbuffer_page, pages);
	KUNIT_EXPECT_EQ(test, vmbus_connect_ring(channel, nothing, NULL), 0);
	vmbus_close(channel);
	KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
	/* A probe that failed may close what it could not open. */
	vmbus_close(channel);
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].closes, 2u);
}

/* A first channel takes its subchannels with it. */
static void channel_closes_subchannels(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct vmbus_channel *one = bus_offer(test, 8, &fake_nic, 1, 1);
	struct vmbus_channel *two = bus_offer(test, 9, &fake_nic, 1, 2);

	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_ASSERT_EQ(test, bus_open(one), 0);
	KUNIT_EXPECT_EQ(test, vmbus_disconnect_ring(one), -EINVAL);
	KUNIT_EXPECT_EQ(test, one->state, CHANNEL_OPENED_STATE);
	vmbus_close(channel);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, one->state, CHANNEL_OPEN_STATE);
	KUNIT_EXPECT_EQ(test, fake_host.channels[8].closes, 1u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[9].closes, 0u);
	KUNIT_EXPECT_EQ(test, two->state, CHANNEL_OPEN_STATE);
	KUNIT_EXPECT_NULL(test, one->ringbuffer_page);
	KUNIT_EXPECT_EQ(test, fake_host_num_gpadls(), 0u);
}

/* Request ids come and go with the channel. */
static void channel_has_request_ids(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;

	channel->rqstor_size = 16;
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_EXPECT_EQ(test, channel->requestor.size, 16u);
	vmbus_close(channel);
	KUNIT_EXPECT_NULL(test, channel->requestor.req_arr);
	fake_host.open_status = 1;
	KUNIT_EXPECT_EQ(test, bus_open(channel), -EAGAIN);
	KUNIT_EXPECT_NULL(test, channel->requestor.req_arr);
}

/* The channel goes while its open is on the way. */
static void channel_rescinded_while_opening(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct hv_device *dev = channel->device_obj;

	get_device(&dev->device);
	fake_host.rescind_at_open = true;
	KUNIT_EXPECT_EQ(test, bus_open(channel), -ENODEV);
	KUNIT_EXPECT_NULL(test, channel->ringbuffer_page);
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
	/* Nor is there another try. */
	KUNIT_EXPECT_EQ(test, bus_open(channel), -ENODEV);
	put_device(&dev->device);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(RELID));
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].released, 1u);
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(channel_opens_and_closes),
	KUNIT_CASE(channel_passes_user_data),
	KUNIT_CASE(channel_rings_of_impossible_sizes),
	KUNIT_CASE(channel_refused),
	KUNIT_CASE(channel_open_never_answered),
	KUNIT_CASE(channel_open_answered_for_another),
	KUNIT_CASE(channel_open_not_posted),
	KUNIT_CASE(channel_keeps_rings),
	KUNIT_CASE(channel_refuses_rings),
	KUNIT_CASE(channel_connects_its_rings),
	KUNIT_CASE(channel_closes_subchannels),
	KUNIT_CASE(channel_has_request_ids),
	KUNIT_CASE(channel_rescinded_while_opening),
	{ }
};

struct kunit_suite channel_suite = {
	.name = "hv-vmbus-channel",
	.init = channel_init,
	.exit = bus_exit,
	.test_cases = channel_cases,
};
