// SPDX-License-Identifier: GPL-2.0
/*
 * GPADLs: lists in one and in many messages, what is wrong with them, and their use by a VSP.
 */
#include "fake_guest.h"
#include "fake_vsp.h"

#define FAILED	0x8000ffffu

/* A header message with free choice of everything; @words follow it. */
static void post_header(uint32_t relid, uint32_t handle, uint16_t count, uint16_t buflen,
			const uint64_t *words, size_t nr)
{
	struct {
		struct vmbus_msg_gpadl_header head;
		uint64_t words[26];
	} __attribute__((packed)) msg = {
		.head.relid = relid, .head.gpadl = handle, .head.range_count = count,
		.head.range_buflen = buflen,
	};

	memcpy(msg.words, words, nr * 8);
	fake_post(4, VMBUS_MSG_GPADL_HEADER, &msg, sizeof(msg.head) + nr * 8);
}

static void post_body(uint32_t handle, const uint64_t *words, size_t nr)
{
	struct {
		struct vmbus_msg_gpadl_body head;
		uint64_t words[28];
	} __attribute__((packed)) msg = { .head.gpadl = handle };

	memcpy(msg.words, words, nr * 8);
	fake_post(4, VMBUS_MSG_GPADL_BODY, &msg, sizeof(msg.head) + nr * 8);
}

static uint32_t status(uint32_t handle)
{
	struct fake_message *m = fake_next(VMBUS_MSG_GPADL_CREATED);

	assert_int_equal(m->created.gpadl, handle);
	return m->created.status;
}

static struct vmbus_channel *connect_one(void)
{
	struct vmbus_device *dev = vsp_add();

	fake_connect(1);
	return vmbus_device_primary(dev);
}

static void every_number_of_messages(void **state)
{
	static const uint32_t pages[] = { 1, 25, 26, 27, 53, 54, 55, 56, 82, 83, 400 };
	struct vmbus_channel *ch = connect_one();
	struct vmbus_gpadl *gpadl;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		assert_int_equal(fake_gpadl(1, 20 + i, 100, pages[i]), 0);
		gpadl = vmbus_gpadl_get(ch, 20 + i);
		assert_int_equal(vmbus_gpadl_size(gpadl), pages[i] * 4096);
		vmbus_gpadl_put(gpadl);
		fake_post_teardown(1, 20 + i);
		assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 20 + i);
	}
	fake_nothing();
	assert_int_equal(stat_of("gpadls"), 0);
	assert_int_equal(stat_of("bad_messages"), 0);
}

static void malformed(void **state)
{
	static const struct {
		uint16_t count, buflen;
		uint64_t words[4];
	} bad[] = {
		{ 0, 16, { 4096, 1 } },
		{ 2, 16, { 4096, 1 } },
		{ 0xffff, 16, { 4096, 1 } },
		{ 1, 0, { 4096, 1 } },
		{ 1, 8, { 4096, 1 } },
		{ 1, 16, { 0, 1 } },			/* no bytes */
		{ 1, 16, { 4097, 1 } },			/* two pages are needed */
		{ 1, 16, { 0xffffffff, 1 } },
		{ 1, 16, { 4096 | 1ull << 32, 1 } },
		{ 1, 16, { 16 | 4096ull << 32, 1 } },
		{ 1, 24, { 16 | 4096ull << 32, 1, 2 } },	/* an offset beyond its page */
		{ 1, 16, { 4096, FAKE_PAGES } },	/* not RAM */
		{ 1, 16, { 4096, UINT64_MAX } },
		{ 1, 16, { 4096, 1ull << 52 } },
		{ 2, 32, { 4096, 1, 0, 2 } },
		{ 2, 24, { 4096, 1, 4096, 2 } },
	};
	size_t i;

	connect_one();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		post_header(1, 7, bad[i].count, bad[i].buflen, bad[i].words, 4);
		assert_int_equal(status(7), FAILED);
		assert_int_equal(stat_of("gpadls"), 0);
	}
	/* Unknown channels. */
	post_header(2, 7, 1, 16, (uint64_t[]){ 4096, 1 }, 2);
	assert_int_equal(status(7), FAILED);
	post_header(0xffffffff, 7, 1, 16, (uint64_t[]){ 4096, 1 }, 2);
	assert_int_equal(status(7), FAILED);
	/* The last of many page numbers is wrong. */
	assert_int_equal(fake_gpadl(1, 7, FAKE_PAGES - 99, 100), FAILED);
	assert_int_equal(fake_gpadl(1, 7, FAKE_PAGES - 100, 100), 0);
}

static void handles(void **state)
{
	uint64_t words[26] = { 200 * 4096, 1 };

	vsp_add();
	vsp_add();
	fake_connect(2);
	assert_int_equal(fake_gpadl(1, 7, 1, 1), 0);
	assert_int_equal(fake_gpadl(1, 7, 1, 1), FAILED);
	assert_int_equal(fake_gpadl(2, 7, 1, 1), FAILED);
	post_body(7, words, 26);		/* it is complete */
	post_body(8, words, 26);		/* it was never begun */
	fake_nothing();
	/* One that never ends: no teardown, no second header, no use. */
	post_header(1, 9, 1, 8 + 200 * 8, words, 26);
	fake_nothing();
	assert_int_equal(stat_of("gpadls"), 2);
	fake_post_teardown(1, 9);
	fake_nothing();
	assert_null(vmbus_gpadl_get(vmbus_device_primary(vmbus_device_find(fake.server, "probe0")),
				    9));
	post_header(1, 9, 1, 8 + 200 * 8, words, 26);
	assert_int_equal(status(9), FAILED);
	/* Wrong channel, unknown handle. */
	fake_post_teardown(2, 7);
	fake_post_teardown(1, 70);
	fake_nothing();
	fake_post_teardown(1, 7);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	fake_post_teardown(1, 7);
	fake_nothing();
	/* What was left behind goes with the connection. */
	fake_post_header(VMBUS_MSG_UNLOAD);
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	assert_int_equal(stat_of("gpadls"), 0);
}

/* Some guests post whole messages, whatever the length that counts. */
static void more_bytes_than_announced(void **state)
{
	uint64_t words[28] = { 4096, 1, 0xdead, 0xbeef };
	struct vmbus_channel *ch = connect_one();
	struct vmbus_gpadl *gpadl;

	post_header(1, 7, 1, 16, words, 26);
	assert_int_equal(status(7), 0);
	gpadl = vmbus_gpadl_get(ch, 7);
	assert_int_equal(vmbus_gpadl_size(gpadl), 4096);
	vmbus_gpadl_put(gpadl);
}

/* Begin lists until one is refused. Return: how many there were. */
static uint32_t begin_lists(void)
{
	uint64_t words[26] = { 0 };
	uint32_t handle;

	for (handle = 1000; handle < 2000; handle++) {
		post_header(1, handle, 1, 0xfff8, words, 26);
		if (fake.logged != fake.taken)
			break;
	}
	assert_int_equal(status(handle), FAILED);
	return handle - 1000;
}

static void unfinished_lists_are_bounded(void **state)
{
	uint32_t handle, many;

	connect_one();
	many = begin_lists();
	assert_int_equal(many, (16 << 20) / 0xfff8);
	/* Neither those that were dropped nor those that were finished count. */
	fake_post_header(VMBUS_MSG_UNLOAD);
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	fake_connect(1);
	for (handle = 1; handle < 100; handle++) {
		assert_int_equal(fake_gpadl(1, handle, 100, 400), 0);
		fake_post_teardown(1, handle);
		fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	}
	assert_int_equal(begin_lists(), many);
}

static void copies_and_iovs(void **state)
{
	/* 100 bytes from the end of page 5, then page 9, then two adjacent ones. */
	const uint64_t words[] = { 100 | (uint64_t)(4096 - 100) << 32, 5,
				   3 * 4096, 9, 20, 21 };
	struct vmbus_channel *ch = connect_one();
	struct vmbus_gpadl *gpadl;
	uint8_t data[3 * 4096 + 100], back[sizeof(data)];
	struct iovec iov[4];
	size_t i;

	post_header(1, 7, 2, sizeof(words), words, 6);
	assert_int_equal(status(7), 0);
	gpadl = vmbus_gpadl_get(ch, 7);
	assert_int_equal(vmbus_gpadl_size(gpadl), sizeof(data));
	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + i / 256;
	assert_int_equal(vmbus_gpadl_write(gpadl, 0, data, sizeof(data)), 0);
	assert_memory_equal(fake.ram + 6 * 4096 - 100, data, 100);
	assert_memory_equal(fake.ram + 9 * 4096, data + 100, 4096);
	assert_memory_equal(fake.ram + 20 * 4096, data + 100 + 4096, 8192);
	for (i = 0; i <= sizeof(data); i += 97) {
		assert_int_equal(vmbus_gpadl_read(gpadl, i, back, sizeof(data) - i), 0);
		assert_memory_equal(back, data + i, sizeof(data) - i);
	}
	assert_int_equal(vmbus_gpadl_iov(gpadl, 90, 4200, iov, 4), 3);
	assert_int_equal(iov[0].iov_len, 10);
	assert_int_equal(iov[1].iov_len, 4096);
	assert_ptr_equal(iov[2].iov_base, fake.ram + 20 * 4096);
	assert_int_equal(iov[2].iov_len, 4200 - 10 - 4096);
	assert_int_equal(vmbus_gpadl_iov(gpadl, 90, 4200, iov, 2), -ENOBUFS);
	assert_int_equal(vmbus_gpadl_iov(gpadl, 0, 0, iov, 0), 0);
	assert_int_equal(vmbus_gpadl_write(gpadl, sizeof(data), data, 1), -ERANGE);
	assert_int_equal(vmbus_gpadl_read(gpadl, 1, back, sizeof(data)), -ERANGE);
	assert_int_equal(vmbus_gpadl_iov(gpadl, SIZE_MAX, 2, iov, 4), -ERANGE);
	assert_int_equal(vmbus_gpadl_write(gpadl, 1, data, SIZE_MAX), -ERANGE);
	/* It is no memory for rings: two ranges. */
	fake_post_open(1, 7, 2, 0);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, FAILED);
	vmbus_gpadl_put(gpadl);
}

static void teardown_waits_for_the_vsp(void **state)
{
	struct vmbus_channel *ch = connect_one();
	struct vmbus_gpadl *gpadl;

	fake_open(1, 10, 16);
	assert_int_equal(fake_gpadl(1, 11, 32, 4), 0);
	gpadl = vmbus_gpadl_get(ch, 11);
	fake_post_teardown(1, 11);
	fake_nothing();
	assert_int_equal(vmbus_gpadl_write(gpadl, 0, "x", 1), -ENXIO);
	assert_null(vmbus_gpadl_get(ch, 11));
	vmbus_gpadl_put(gpadl);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 11);
	/* One that the VSP holds after its close does not hold up the guest. */
	assert_int_equal(fake_gpadl(1, 12, 32, 4), 0);
	gpadl = vmbus_gpadl_get(ch, 12);
	fake_post_teardown(1, 12);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 12);
	assert_int_equal(vmbus_gpadl_read(gpadl, 0, &(char){ 0 }, 1), -ENXIO);
	vmbus_gpadl_put(gpadl);
	fake_run();
	fake_nothing();
}

static void only_the_devices_own(void **state)
{
	struct vmbus_device *first = vsp_add(), *second = vsp_add();

	fake_connect(2);
	assert_int_equal(fake_gpadl(1, 10, 16, 8), 0);
	assert_null(vmbus_gpadl_get(vmbus_device_primary(second), 10));
	fake_post_open(2, 10, 4, 0);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, FAILED);
	vmbus_gpadl_put(vmbus_gpadl_get(vmbus_device_primary(first), 10));
	vmbus_gpadl_put(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VSP_TEST(every_number_of_messages),
		VSP_TEST(malformed),
		VSP_TEST(handles),
		VSP_TEST(more_bytes_than_announced),
		VSP_TEST(unfinished_lists_are_bounded),
		VSP_TEST(copies_and_iovs),
		VSP_TEST(teardown_waits_for_the_vsp),
		VSP_TEST(only_the_devices_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
