// SPDX-License-Identifier: GPL-2.0
/*
 * Rings and packets of a guest that behaves, and of one that does not. The guest's side is
 * played on the raw memory, without the host's ring code.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hvic/vmbus.h"
#include "hyperv/packet.h"
#include "hyperv/ring.h"

#define DATA_PAGES	2u
#define DATA_SIZE	(DATA_PAGES * 4096u)

/* A ring in guest memory; its data pages are deliberately not adjacent. */
struct memory_ring {
	uint8_t *pages[1 + DATA_PAGES];
	struct vmbus_ring_control *control;
};

static void ring_make(struct memory_ring *m, uint32_t index)
{
	unsigned int i;

	for (i = 0; i <= DATA_PAGES; i++)
		m->pages[i] = aligned_alloc(4096, 4096);
	for (i = 0; i <= DATA_PAGES; i++)
		memset(m->pages[i], 0, 4096);
	m->control = (void *)m->pages[0];
	m->control->write_index = index;
	m->control->read_index = index;
}

static void ring_drop(struct memory_ring *m)
{
	unsigned int i;

	for (i = 0; i <= DATA_PAGES; i++)
		free(m->pages[i]);
}

static uint8_t *byte_at(struct memory_ring *m, uint32_t index)
{
	index %= DATA_SIZE;
	return m->pages[1 + index / 4096] + index % 4096;
}

/* The guest writes a packet of @len bytes whose payload counts up from @seed. */
static void guest_write(struct memory_ring *m, uint32_t len, uint8_t seed)
{
	struct vmbus_pkt_header head = { .type = VMBUS_PKT_DATA_INBAND, .offset8 = 2,
					 .len8 = len / 8, .xid = seed };
	uint32_t at = m->control->write_index, i;
	uint64_t trailer = (uint64_t)at << 32;

	for (i = 0; i < len; i++)
		*byte_at(m, at + i) = i < sizeof(head) ? ((uint8_t *)&head)[i] :
							 (uint8_t)(seed + i);
	for (i = 0; i < 8; i++)
		*byte_at(m, at + len + i) = ((uint8_t *)&trailer)[i];
	m->control->write_index = (at + len + 8) % DATA_SIZE;
}

static void read_wraps_at_every_offset(void **state)
{
	uint32_t at, len, got, i;

	for (at = 0; at < DATA_SIZE; at += 8) {
		struct memory_ring m;
		struct ring_in in;
		uint8_t buf[4096];

		len = 16 + at % 3000 / 8 * 8;
		ring_make(&m, at);
		assert_int_equal(ring_in_init(&in, m.pages, 1 + DATA_PAGES), 0);
		assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 0);
		guest_write(&m, len, 7);
		assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 1);
		assert_int_equal(got, len);
		for (i = 16; i < len; i++)
			assert_int_equal(buf[i], (uint8_t)(7 + i));
		assert_int_equal(m.control->read_index, m.control->write_index);
		assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 0);
		ring_drop(&m);
	}
}

static void write_wraps_at_every_offset(void **state)
{
	uint32_t at, len, i;

	for (at = 0; at < DATA_SIZE; at += 8) {
		struct memory_ring m;
		struct ring_out out;
		uint8_t data[4096];
		uint64_t trailer;

		len = 16 + at % 3000 / 8 * 8;
		for (i = 0; i < len; i++)
			data[i] = i * 5;
		ring_make(&m, at);
		assert_int_equal(ring_out_init(&out, m.pages, 1 + DATA_PAGES), 0);
		assert_int_equal(m.control->feature_bits, 1);
		assert_int_equal(ring_out_begin(&out, len), 0);
		ring_out_put(&out, data, len - 8);
		ring_out_put(&out, NULL, 8);
		assert_int_equal(m.control->write_index, at);
		assert_true(ring_out_end(&out));
		assert_int_equal(m.control->write_index, (at + len + 8) % DATA_SIZE);
		for (i = 0; i < len - 8; i++)
			assert_int_equal(*byte_at(&m, at + i), data[i]);
		for (i = 0; i < 8; i++)
			((uint8_t *)&trailer)[i] = *byte_at(&m, at + len + i);
		assert_true(trailer == (uint64_t)at << 32);
		ring_drop(&m);
	}
}

static int put(struct ring_out *out, uint32_t len, bool *signal)
{
	int ret = ring_out_begin(out, len);

	if (ret)
		return ret;
	ring_out_put(out, NULL, len);
	*signal = ring_out_end(out);
	return 0;
}

static void full_ring_waits_for_space(void **state)
{
	struct memory_ring m;
	struct ring_out out;
	unsigned int n = 0;
	bool signal;

	ring_make(&m, 0);
	ring_out_init(&out, m.pages, 1 + DATA_PAGES);
	assert_int_equal(ring_out_begin(&out, DATA_SIZE - 8), -EMSGSIZE);
	assert_int_equal(ring_out_begin(&out, 0xffffu * 8), -EMSGSIZE);
	while (!put(&out, 1016, &signal))
		n++;
	/* 8 packets of 1024 bytes would fill it to the brim, and full would look empty. */
	assert_int_equal(n, 7);
	assert_int_equal(m.control->pending_send_size, 0);
	assert_true(ring_out_wait(&out, 1016));
	assert_int_equal(m.control->pending_send_size, 1024);
	assert_false(ring_out_ready(&out));
	m.control->read_index = 8;
	assert_true(ring_out_ready(&out));
	assert_int_equal(m.control->pending_send_size, 0);
	assert_false(ring_out_ready(&out));
	assert_int_equal(put(&out, 1016, &signal), 0);
	/* Space that comes before the wait is seen at once. */
	assert_int_equal(ring_out_begin(&out, 1016), -EAGAIN);
	m.control->read_index = 4096;
	assert_false(ring_out_wait(&out, 1016));
	assert_int_equal(m.control->pending_send_size, 0);
	ring_drop(&m);
}

static void largest_packet_fits(void **state)
{
	struct memory_ring m;
	struct ring_out out;
	struct ring_in in;
	uint8_t *buf = malloc(DATA_SIZE);
	uint32_t got;
	bool signal;

	ring_make(&m, 4096);
	ring_out_init(&out, m.pages, 1 + DATA_PAGES);
	assert_int_equal(put(&out, DATA_SIZE - 16, &signal), 0);
	assert_int_equal(put(&out, 16, &signal), -EAGAIN);
	ring_drop(&m);

	ring_make(&m, 4096);
	ring_in_init(&in, m.pages, 1 + DATA_PAGES);
	guest_write(&m, DATA_SIZE - 16, 1);
	assert_int_equal(ring_in_read(&in, buf, 16, &got), -ENOSPC);
	assert_int_equal(got, DATA_SIZE - 16);
	assert_int_equal(m.control->read_index, 4096);
	assert_int_equal(ring_in_read(&in, buf, DATA_SIZE, &got), 1);
	ring_drop(&m);
	free(buf);
}

static void signal_only_when_empty_and_unmasked(void **state)
{
	struct memory_ring m;
	struct ring_out out;
	bool signal;

	ring_make(&m, 0);
	ring_out_init(&out, m.pages, 1 + DATA_PAGES);
	assert_int_equal(put(&out, 16, &signal), 0);
	assert_true(signal);
	assert_int_equal(put(&out, 16, &signal), 0);
	assert_false(signal);
	m.control->read_index = m.control->write_index;
	m.control->interrupt_mask = 1;
	assert_int_equal(put(&out, 16, &signal), 0);
	assert_false(signal);
	m.control->read_index = m.control->write_index;
	m.control->interrupt_mask = 0;
	assert_int_equal(put(&out, 16, &signal), 0);
	assert_true(signal);
	ring_drop(&m);
}

static void mask_while_reading(void **state)
{
	struct memory_ring m;
	struct ring_in in;
	uint8_t buf[64];
	uint32_t got;

	ring_make(&m, 0);
	ring_in_init(&in, m.pages, 1 + DATA_PAGES);
	ring_in_mask(&in);
	assert_int_equal(m.control->interrupt_mask, 1);
	assert_false(ring_in_unmask(&in));
	assert_int_equal(m.control->interrupt_mask, 0);
	ring_in_mask(&in);
	guest_write(&m, 16, 1);
	assert_true(ring_in_unmask(&in));
	assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 1);
	assert_false(ring_in_unmask(&in));
	ring_drop(&m);
}

static void guest_that_waits_is_signalled_once(void **state)
{
	struct memory_ring m;
	struct ring_in in;
	uint8_t buf[2048];
	uint32_t got;
	unsigned int i;

	ring_make(&m, 0);
	ring_in_init(&in, m.pages, 1 + DATA_PAGES);
	assert_false(ring_in_guest_signals_space(&in));
	m.control->feature_bits = 1;
	assert_true(ring_in_guest_signals_space(&in));
	for (i = 0; i < 7; i++)
		guest_write(&m, 1016, i);
	ring_in_read(&in, buf, sizeof(buf), &got);
	assert_false(ring_in_freed(&in));	/* it does not wait */
	m.control->pending_send_size = 3 * 1024;
	ring_in_read(&in, buf, sizeof(buf), &got);
	assert_false(ring_in_freed(&in));	/* 3 KiB free is not more than 3 KiB */
	ring_in_read(&in, buf, sizeof(buf), &got);
	assert_true(ring_in_freed(&in));
	assert_false(ring_in_freed(&in));
	ring_in_read(&in, buf, sizeof(buf), &got);
	assert_false(ring_in_freed(&in));	/* free enough before already */
	m.control->pending_send_size = DATA_SIZE - 1;
	while (ring_in_read(&in, buf, sizeof(buf), &got) == 1)
		;
	assert_true(ring_in_freed(&in));
	ring_drop(&m);
}

/* A guest with a pending size that stays fills the ring, waits, and fills it again meanwhile. */
static void a_ring_that_is_filled_while_it_is_read(void **state)
{
	struct memory_ring m;
	struct ring_in in;
	uint8_t buf[2048];
	uint32_t got;
	int i, round;

	ring_make(&m, 0);
	assert_int_equal(ring_in_init(&in, m.pages, 1 + DATA_PAGES), 0);
	m.control->pending_send_size = 4 * 1024;
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 3; i++)
			guest_write(&m, 1016, i);
		for (i = 0; i < 3; i++)
			assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 1);
		/* Now it fills the ring to the brim, and waits; the host reads on. */
		for (i = 0; i < 7; i++)
			guest_write(&m, 1016, i);
		while (ring_in_read(&in, buf, sizeof(buf), &got) == 1)
			;
		assert_true(ring_in_freed(&in));
		assert_false(ring_in_freed(&in));
	}
	ring_drop(&m);
}

static void corrupt_indices(void **state)
{
	static const uint32_t bad[] = { 4, 1, 7, DATA_SIZE, DATA_SIZE + 8, 0xfffffff8, 0xffffffff };
	struct memory_ring m;
	struct ring_in in;
	struct ring_out out;
	uint8_t buf[64];
	uint32_t got;
	bool signal;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring_make(&m, 0);
		m.control->write_index = bad[i];
		assert_int_equal(ring_in_init(&in, m.pages, 1 + DATA_PAGES), -EBADMSG);
		assert_int_equal(ring_out_init(&out, m.pages, 1 + DATA_PAGES), -EBADMSG);
		m.control->write_index = 0;
		assert_int_equal(ring_in_init(&in, m.pages, 1 + DATA_PAGES), 0);
		m.control->write_index = bad[i];
		assert_true(ring_in_unmask(&in));
		assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), -EBADMSG);
		m.control->write_index = 0;
		assert_int_equal(ring_out_init(&out, m.pages, 1 + DATA_PAGES), 0);
		m.control->read_index = bad[i];
		assert_int_equal(put(&out, 16, &signal), 0);
		assert_false(signal);
		assert_int_equal(put(&out, DATA_SIZE - 24, &signal), -EBADMSG);
		assert_true(ring_out_wait(&out, 4096));
		assert_false(ring_out_ready(&out));
		ring_drop(&m);
	}
	ring_make(&m, 0);
	assert_int_equal(ring_in_init(&in, m.pages, 1), -EINVAL);
	ring_drop(&m);
}

static void corrupt_lengths(void **state)
{
	static const struct { uint16_t len8; uint32_t written; } bad[] = {
		{ 0, 64 }, { 1, 64 }, { 8, 64 }, { 0xffff, 64 }, { 2, 16 }, { 2, 8 },
	};
	struct memory_ring m;
	struct ring_in in;
	uint8_t buf[256];
	uint32_t got;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vmbus_pkt_header *head;

		ring_make(&m, 0);
		ring_in_init(&in, m.pages, 1 + DATA_PAGES);
		head = (void *)m.pages[1];
		head->len8 = bad[i].len8;
		m.control->write_index = bad[i].written;
		assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), -EBADMSG);
		ring_drop(&m);
	}
}

/* The host's read index is its own: what the guest writes over it changes nothing. */
static void guest_overwrites_our_index(void **state)
{
	struct memory_ring m;
	struct ring_in in;
	uint8_t buf[64];
	uint32_t got;

	ring_make(&m, 0);
	ring_in_init(&in, m.pages, 1 + DATA_PAGES);
	guest_write(&m, 16, 1);
	guest_write(&m, 24, 2);
	assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 1);
	m.control->read_index = 0xdead;
	assert_int_equal(ring_in_read(&in, buf, sizeof(buf), &got), 1);
	assert_int_equal(got, 24);
	assert_int_equal(m.control->read_index, 24 + 32);
	ring_drop(&m);
}

/* ---- packets ---- */

static uint8_t ram[16 * 4096] __attribute__((aligned(4096)));
static const struct guest_memory memory = {
	.nr_regions = 1,
	.regions = { { .gpa = 0x10000, .size = sizeof(ram), .hva = ram } },
};

struct bytes {
	uint64_t words[64];
	uint32_t len;
};

static void add_word(struct bytes *b, uint64_t word)
{
	b->words[b->len++ / 8] = word;
	b->len += 7;
}

static void add_head(struct bytes *b, uint16_t type, uint16_t offset8, uint16_t len8,
		     uint16_t flags)
{
	add_word(b, type | (uint64_t)offset8 << 16 | (uint64_t)len8 << 32 | (uint64_t)flags << 48);
	add_word(b, 0x1122334455667788);
}

static uint64_t range(uint32_t count, uint32_t offset)
{
	return count | (uint64_t)offset << 32;
}

static void packet_good(void **state)
{
	struct ranges ranges = { 0 };
	struct vmbus_packet pkt;
	struct bytes b = { .len = 0 };

	add_head(&b, VMBUS_PKT_DATA_INBAND, 2, 3, 1);
	add_word(&b, 42);
	assert_int_equal(packet_parse(&pkt, &memory, b.words, b.len, &ranges), 0);
	assert_int_equal(pkt.type, VMBUS_PKT_DATA_INBAND);
	assert_int_equal(pkt.flags, 1);
	assert_true(pkt.xid == 0x1122334455667788);
	assert_int_equal(pkt.len, 8);
	assert_int_equal(*(const uint64_t *)pkt.data, 42);
	assert_int_equal(pkt.nr_ranges, 0);

	/* Two ranges: pages 0x11 and 0x12 are adjacent, 0x1f is not. */
	b.len = 0;
	add_head(&b, VMBUS_PKT_DATA_USING_GPA_DIRECT, 10, 11, 0);
	add_word(&b, (uint64_t)2 << 32);
	add_word(&b, range(0x1000 + 0x800 + 0x400, 0x800));
	add_word(&b, 0x11);
	add_word(&b, 0x12);
	add_word(&b, 0x1f);
	add_word(&b, range(16, 4080));
	add_word(&b, 0x10);
	b.words[b.len / 8] = 99;
	b.len += 8;
	assert_int_equal(b.len, 80);
	b.words[0] = VMBUS_PKT_DATA_USING_GPA_DIRECT | 9ull << 16 | 10ull << 32;
	assert_int_equal(packet_parse(&pkt, &memory, b.words, b.len, &ranges), 0);
	assert_int_equal(pkt.nr_ranges, 2);
	assert_int_equal(pkt.ranges[0].len, 0x1c00);
	assert_int_equal(pkt.ranges[0].niov, 2);
	assert_ptr_equal(pkt.ranges[0].iov[0].iov_base, ram + 0x1800);
	assert_int_equal(pkt.ranges[0].iov[0].iov_len, 0x1800);
	assert_ptr_equal(pkt.ranges[0].iov[1].iov_base, ram + 0xf000);
	assert_int_equal(pkt.ranges[0].iov[1].iov_len, 0x400);
	assert_int_equal(pkt.ranges[1].niov, 1);
	assert_false(pkt.unmapped);
	assert_ptr_equal(pkt.ranges[1].iov[0].iov_base, ram + 4080);
	assert_int_equal(*(const uint64_t *)pkt.data, 99);
	ranges_free(&ranges);
}

static void packet_bad_descriptors(void **state)
{
	static const struct { uint16_t type, offset8, len8, flags; } bad[] = {
		{ VMBUS_PKT_DATA_INBAND, 1, 4, 0 },		/* payload inside the descriptor */
		{ VMBUS_PKT_DATA_INBAND, 5, 4, 0 },		/* beyond the packet */
		{ VMBUS_PKT_DATA_INBAND, 0xffff, 4, 0 },
		{ VMBUS_PKT_DATA_INBAND, 2, 5, 0 },		/* length of another packet */
		{ VMBUS_PKT_DATA_INBAND, 2, 4, 2 },		/* unknown flag */
		{ VMBUS_PKT_DATA_USING_XFER_PAGES, 3, 4, 0 },	/* not towards the host */
		{ VMBUS_PKT_CANCEL_REQUEST, 2, 4, 0 },
		{ 0, 2, 4, 0 }, { 0x100, 2, 4, 0 }, { 0xffff, 2, 4, 0 },
		{ VMBUS_PKT_DATA_USING_GPA_DIRECT, 2, 4, 0 },	/* no room for the range count */
		{ VMBUS_PKT_DATA_USING_GPA_DIRECT, 3, 4, 0 },	/* no range */
	};
	struct ranges ranges = { 0 };
	struct vmbus_packet pkt;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes b = { .len = 0 };

		add_head(&b, bad[i].type, bad[i].offset8, bad[i].len8, bad[i].flags);
		add_word(&b, 0);
		add_word(&b, 0);
		assert_int_equal(packet_parse(&pkt, &memory, b.words, b.len, &ranges), -EBADMSG);
	}
	assert_int_equal(packet_parse(&pkt, &memory, "", 0, &ranges), -EBADMSG);
	ranges_free(&ranges);
}

static void packet_bad_ranges(void **state)
{
	static const struct {
		uint32_t nr, count, offset;
		uint64_t pfn;
		int error;
	} bad[] = {
		{ 0, 16, 0, 0x10, -EBADMSG },
		{ 2, 16, 0, 0x10, -EBADMSG },		/* the second is missing */
		{ 0xffffffff, 16, 0, 0x10, -EBADMSG },
		{ 1, 0, 0, 0x10, -EBADMSG },
		{ 1, 16, 4096, 0x10, -EBADMSG },
		{ 1, 16, 0xffffffff, 0x10, -EBADMSG },
		{ 1, 4096, 1, 0x10, -EBADMSG },		/* needs two pages */
		{ 1, 0xffffffff, 4095, 0x10, -EBADMSG },	/* must not wrap */
		/* Sound but for the page: delivered, for its device to refuse. */
		{ 1, 16, 0, 0xf, 0 },
		{ 1, 16, 0, 0x20, 0 },
		{ 1, 16, 0, UINT64_MAX, 0 },
		{ 1, 16, 0, 1ull << 52 | 0x10, 0 },
	};
	struct ranges ranges = { 0 };
	struct vmbus_packet pkt;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes b = { .len = 0 };

		add_head(&b, VMBUS_PKT_DATA_USING_GPA_DIRECT, 5, 5, 0);
		add_word(&b, (uint64_t)bad[i].nr << 32);
		add_word(&b, range(bad[i].count, bad[i].offset));
		add_word(&b, bad[i].pfn);
		assert_int_equal(packet_parse(&pkt, &memory, b.words, b.len, &ranges),
				 bad[i].error);
		if (bad[i].error)
			continue;
		assert_true(pkt.unmapped);
		assert_int_equal(pkt.nr_ranges, 0);
		assert_null(pkt.ranges);
		assert_true(pkt.xid == 0x1122334455667788);
	}
	ranges_free(&ranges);
}

/* Pages of an isolated guest, one of which it shares: a range of others is one outside of RAM. */
static void packet_of_isolated(void **state)
{
	static const struct {
		uint64_t first, second;
		bool mapped;
	} cases[] = {
		{ 0x11, 0x11, true }, { 0x12, 0x12, false }, { 0x11, 0x12, false },
		{ 0x12, 0x11, false },
	};
	struct guest_memory isolated = memory;
	struct ranges ranges = { 0 };
	struct vmbus_packet pkt;
	struct error err;
	size_t i;

	assert_int_equal(guest_memory_isolate(&isolated, &err), 0);
	assert_int_equal(guest_memory_share(&isolated, 0x11, true), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .len = 0 };

		add_head(&b, VMBUS_PKT_DATA_USING_GPA_DIRECT, 6, 6, 0);
		add_word(&b, (uint64_t)1 << 32);
		add_word(&b, range(0x1800, 0));
		add_word(&b, cases[i].first);
		add_word(&b, cases[i].second);
		assert_int_equal(packet_parse(&pkt, &isolated, b.words, b.len, &ranges), 0);
		assert_int_equal(pkt.unmapped, !cases[i].mapped);
		assert_int_equal(pkt.nr_ranges, cases[i].mapped);
	}
	ranges_free(&ranges);
	free(isolated.shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_wraps_at_every_offset),
		cmocka_unit_test(write_wraps_at_every_offset),
		cmocka_unit_test(full_ring_waits_for_space),
		cmocka_unit_test(largest_packet_fits),
		cmocka_unit_test(signal_only_when_empty_and_unmasked),
		cmocka_unit_test(mask_while_reading),
		cmocka_unit_test(guest_that_waits_is_signalled_once),
		cmocka_unit_test(a_ring_that_is_filled_while_it_is_read),
		cmocka_unit_test(corrupt_indices),
		cmocka_unit_test(corrupt_lengths),
		cmocka_unit_test(guest_overwrites_our_index),
		cmocka_unit_test(packet_good),
		cmocka_unit_test(packet_bad_descriptors),
		cmocka_unit_test(packet_bad_ranges),
		cmocka_unit_test(packet_of_isolated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
