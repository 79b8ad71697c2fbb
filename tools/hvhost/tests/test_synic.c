// SPDX-License-Identifier: GPL-2.0
/* SynIC and hypercalls over synthetic guest memory: slots, flags, EOM, hostile addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hyperv/hypercall.h"
#include "hyperv/synic_host.h"

#define PAGES		8
#define SIMP		0x2000u
#define SIEFP		0x3000u

static _Alignas(4096) uint8_t ram[PAGES * 4096];
static struct guest_memory mem = { .nr_regions = 1, .regions = { { 0, sizeof(ram), ram } } };

static struct {
	struct loop *loop;
	struct synic *synic;
	int irq_fd, ack_fd, connects, connect_ret;
	int bind_ret, bound_fd;
	int paused, pauses;
	int freed;
} fx;

static int connect_sint(void *arg, uint32_t vp, unsigned int sint, int irq_fd, int ack_fd)
{
	fx.irq_fd = irq_fd;
	fx.ack_fd = ack_fd;
	fx.connects++;
	return fx.connect_ret;
}

static int bind_signal(void *arg, uint32_t conn_id, int fd)
{
	fx.bound_fd = fd;
	return fx.bind_ret;
}

static void pause_vp(void *arg, uint32_t vp)
{
	fx.paused++;
	fx.pauses++;
}

static void resume_vp(void *arg, uint32_t vp)
{
	fx.paused--;
}

static void on_free(void *arg, uint32_t vp, unsigned int sint)
{
	assert_int_equal(vp, 0);
	assert_int_equal(sint, 2);
	fx.freed++;
}

static int setup(void **state)
{
	const struct synic_ops ops = { connect_sint, bind_signal, pause_vp, resume_vp, NULL };

	memset(&fx, 0, sizeof(fx));
	memset(ram, 0, sizeof(ram));
	fx.loop = loop_new("test");
	fx.synic = synic_new(fx.loop, &mem, 2, &ops);
	synic_on_slot_free(fx.synic, on_free, NULL);
	return 0;
}

static int teardown(void **state)
{
	synic_free(fx.synic);
	loop_free(fx.loop);
	return fx.paused;
}

static void enable(void)
{
	synic_set_pages(fx.synic, 0, 1, SIEFP | 1, SIMP | 1);
}

static uint64_t fires(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static uint32_t slot_type(unsigned int sint)
{
	uint32_t type;

	memcpy(&type, ram + SIMP + sint * 256, 4);
	return type;
}

static void test_message(void **state)
{
	uint8_t *slot = ram + SIMP + 2 * 256;

	enable();
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "hello", 5), 0);
	assert_int_equal(slot_type(2), 1);
	assert_int_equal(slot[4], 5);
	assert_int_equal(slot[5], 0);
	assert_memory_equal(slot + 16, "hello", 5);
	assert_int_equal(fires(fx.irq_fd), 1);
	assert_int_equal(fx.pauses, 1);
}

static void test_busy_slot_and_eom(void **state)
{
	uint8_t *slot = ram + SIMP + 2 * 256;
	uint64_t one = 1;

	enable();
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), 0);
	assert_int_equal(write(fx.ack_fd, &one, 8), 8);	/* an EOI nobody waits for */
	assert_int_equal(loop_poll(fx.loop, 0), 0);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "b", 1), -EBUSY);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "b", 1), -EBUSY);
	assert_int_equal(slot[5], 1);			/* message pending */
	assert_int_equal(slot[16], 'a');
	assert_int_equal(loop_poll(fx.loop, 0), 0);	/* the old EOI does not count */
	memset(slot, 0, 4);
	assert_int_equal(write(fx.ack_fd, &one, 8), 8);
	loop_poll(fx.loop, 0);
	assert_int_equal(fx.freed, 1);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "b", 1), 0);
	assert_int_equal(slot[5], 0);
	assert_int_equal(fx.connects, 1);
}

static void test_event_flags(void **state)
{
	enable();
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 2047), 1);
	assert_int_equal(ram[SIEFP + 2 * 256 + 255], 0x80);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 2047), 0);
	assert_int_equal(fires(fx.irq_fd), 1);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 2046), 1);
	assert_int_equal(ram[SIEFP + 2 * 256 + 255], 0xc0);
}

static void test_refusals(void **state)
{
	static const uint8_t big[HV_MESSAGE_PAYLOAD_MAX + 1];

	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), -ENXIO);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 1), -ENXIO);
	enable();
	assert_int_equal(synic_post_message(fx.synic, 1, 2, 1, "a", 1), -ENXIO);
	assert_int_equal(synic_post_message(fx.synic, 2, 2, 1, "a", 1), -ENXIO);
	assert_int_equal(synic_post_message(fx.synic, 0, 16, 1, "a", 1), -EINVAL);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, big, sizeof(big)), -EINVAL);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, big, sizeof(big) - 1), 0);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 2048), -EINVAL);
	assert_int_equal(synic_signal_event(fx.synic, 9, 2, 1), -ENXIO);
}

static void test_hostile_pages(void **state)
{
	/* Disabled, outside of RAM, control off. */
	synic_set_pages(fx.synic, 0, 1, SIEFP, SIMP);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), -ENXIO);
	synic_set_pages(fx.synic, 0, 1, sizeof(ram) | 1, 0xfffffffffffff001ull);
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), -ENXIO);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 1), -ENXIO);
	synic_set_pages(fx.synic, 0, 0, SIEFP | 1, SIMP | 1);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 1), -ENXIO);
	enable();
	synic_reset(fx.synic);
	assert_int_equal(synic_signal_event(fx.synic, 0, 2, 1), -ENXIO);
}

static void test_connect_fails(void **state)
{
	enable();
	fx.connect_ret = -ENOSPC;
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), -ENOSPC);
	assert_int_equal(slot_type(2), 0);
	fx.connect_ret = 0;
	assert_int_equal(synic_post_message(fx.synic, 0, 2, 1, "a", 1), 0);
}

static void test_bound_signals(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(synic_bind_signal(fx.synic, 0x12005, fd), 0);
	assert_int_equal(fx.bound_fd, fd);
	assert_true(synic_kick_signal(fx.synic, 0x12005));
	assert_int_equal(fires(fd), 1);
	assert_false(synic_kick_signal(fx.synic, 0x12005 + 64));
	assert_int_equal(synic_bind_signal(fx.synic, 0x12005, -1), 0);
	assert_int_equal(fx.bound_fd, -1);
	assert_false(synic_kick_signal(fx.synic, 0x12005));
	assert_int_equal(synic_bind_signal(fx.synic, 0x1000000, fd), -EINVAL);
	fx.bind_ret = -ENOTTY;	/* an old KVM: the exit serves it */
	assert_int_equal(synic_bind_signal(fx.synic, 7, fd), 0);
	assert_true(synic_kick_signal(fx.synic, 7));
	fx.bind_ret = -EEXIST;
	assert_int_equal(synic_bind_signal(fx.synic, 8, fd), -EEXIST);
	assert_false(synic_kick_signal(fx.synic, 8));
	close(fd);
}

/* ---- hypercalls ---- */

static struct {
	uint32_t conn_id, type;
	uint8_t payload[256];
	size_t len;
	int posts, signals;
	uint16_t flag;
} seen;

static uint16_t post_message(void *arg, uint32_t conn_id, uint32_t type, const void *payload,
			     size_t len)
{
	seen.conn_id = conn_id;
	seen.type = type;
	seen.len = len;
	memcpy(seen.payload, payload, len);
	seen.posts++;
	return HV_STATUS_SUCCESS;
}

static uint16_t signal_event(void *arg, uint32_t conn_id, uint16_t flag)
{
	seen.conn_id = conn_id;
	seen.flag = flag;
	seen.signals++;
	return conn_id == 99 ? HV_STATUS_INVALID_CONNECTION_ID : HV_STATUS_SUCCESS;
}

static void put_message(uint32_t at, uint32_t conn_id, uint32_t type, uint32_t size)
{
	const uint32_t head[4] = { conn_id, 0, type, size };

	memcpy(ram + at, head, sizeof(head));
}

static void test_hypercalls(void **state)
{
	struct hypercalls hc = { .mem = &mem, .ops = { post_message, signal_event, NULL } };
	const uint32_t last = sizeof(ram) - 256;

	memset(&seen, 0, sizeof(seen));
	put_message(0x1000, 4, 1, 240);
	ram[0x1010] = 0x42;
	assert_int_equal(hypercall(&hc, 0x5c, 0x1000), 0);
	assert_int_equal(seen.conn_id, 4);
	assert_int_equal(seen.len, 240);
	assert_int_equal(seen.payload[0], 0x42);
	put_message(last, 1, 1, 240);
	assert_int_equal(hypercall(&hc, 0x5c, last), 0);
	assert_int_equal(hypercall(&hc, 0x5c, 0x1004), HV_STATUS_INVALID_ALIGNMENT);
	put_message(0x1000, 4, 1, 241);
	assert_int_equal(hypercall(&hc, 0x5c, 0x1000), HV_STATUS_INVALID_PARAMETER);
	put_message(0x1ff0, 4, 1, 8);		/* crosses a page */
	assert_int_equal(hypercall(&hc, 0x5c, 0x1ff0), HV_STATUS_INVALID_PARAMETER);
	put_message(0x1ff0, 4, 1, 0);
	assert_int_equal(hypercall(&hc, 0x5c, 0x1ff0), 0);
	assert_int_equal(hypercall(&hc, 0x5c, sizeof(ram)), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(hypercall(&hc, 0x5c, ~7ull), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(hypercall(&hc, 0x5c | 1 << 16, 0x1000),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(seen.posts, 3);

	assert_int_equal(hypercall(&hc, 0x5d | 1 << 16, 5 | 7ull << 32), 0);
	assert_int_equal(seen.conn_id, 5);
	assert_int_equal(seen.flag, 7);
	memcpy(ram + 0x1000, &(uint64_t){ 6 }, 8);
	assert_int_equal(hypercall(&hc, 0x5d, 0x1000), 0);
	assert_int_equal(seen.conn_id, 6);
	assert_int_equal(hypercall(&hc, 0x5d | 1 << 16, 1ull << 48), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(hypercall(&hc, 0x5d | 1 << 16, 99), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(hypercall(&hc, 0x8001, 0), HV_STATUS_INVALID_HYPERCALL_CODE);
}

/* An input of three page numbers at 0x1000, the header's 16 bytes before them. */
static void put_pages(uint64_t partition, uint32_t visibility, const uint64_t pfn[3])
{
	memcpy(ram + 0x1000, &partition, 8);
	memcpy(ram + 0x1008, &(uint64_t){ visibility }, 8);
	memcpy(ram + 0x1010, pfn, 24);
}

static void test_visibility(void **state)
{
	const uint64_t end = sizeof(ram) / 4096, pages[3] = { 2, 4, end - 1 };
	const uint64_t call = 0xdb | 3ull << 32, self = ~0ull;
	struct guest_memory isolated = mem;
	struct hypercalls hc = { .mem = &mem, .ops = { post_message, signal_event, NULL } };
	struct error err;

	/* A guest that is not isolated does not know the call, and shares all. */
	put_pages(self, 3, pages);
	assert_int_equal(hypercall(&hc, call, 0x1000), HV_STATUS_INVALID_HYPERCALL_CODE);
	assert_non_null(guest_shared_ptr(&mem, 0x2000, 4096));

	hc.mem = &isolated;
	assert_int_equal(guest_memory_isolate(&isolated, &err), 0);
	assert_null(guest_shared_ptr(&isolated, 0x2000, 1));
	assert_non_null(guest_ptr(&isolated, 0x2000, 1));
	assert_int_equal(hypercall(&hc, call, 0x1000), 3ull << 32);
	assert_int_equal(isolated.nr_shared, 3);
	assert_ptr_equal(guest_shared_ptr(&isolated, 0x2010, 0xff0), ram + 0x2010);
	assert_null(guest_shared_ptr(&isolated, 0x2010, 0xff1));	/* page 3 is not */
	assert_null(guest_shared_ptr(&isolated, 0x1fff, 2));
	assert_null(guest_shared_ptr(&isolated, sizeof(ram), 1));
	/* Again is no more; a list that goes on where it was left. */
	assert_int_equal(hypercall(&hc, call, 0x1000), 3ull << 32);
	assert_int_equal(isolated.nr_shared, 3);
	put_pages(self, 0, pages);
	assert_int_equal(hypercall(&hc, call | 2ull << 48, 0x1000), 3ull << 32);
	assert_int_equal(isolated.nr_shared, 2);
	assert_non_null(guest_shared_ptr(&isolated, 0x4000, 4096));
	assert_null(guest_shared_ptr(&isolated, sizeof(ram) - 1, 1));
	/* A page that is not there ends it, and those before it are done with. */
	put_pages(self, 0, (const uint64_t[]){ 2, end, 4 });
	assert_int_equal(hypercall(&hc, call, 0x1000), HV_STATUS_INVALID_PARAMETER | 1ull << 32);
	assert_int_equal(isolated.nr_shared, 1);
	put_pages(self, 0, (const uint64_t[]){ 1ull << 52, 2, 2 });
	assert_int_equal(hypercall(&hc, call, 0x1000), HV_STATUS_INVALID_PARAMETER);

	put_pages(1, 3, pages);
	assert_int_equal(hypercall(&hc, call, 0x1000), HV_STATUS_INVALID_PARAMETER);
	put_pages(self, 2, pages);
	assert_int_equal(hypercall(&hc, call, 0x1000), HV_STATUS_INVALID_PARAMETER);
	put_pages(self, 3, pages);
	assert_int_equal(hypercall(&hc, call | 1 << 16, 0x1000),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall(&hc, 0xdb, 0x1000), HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall(&hc, call | 3ull << 48, 0x1000),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall(&hc, call, 0x1004), HV_STATUS_INVALID_ALIGNMENT);
	/* 510 numbers and the header are a page. */
	assert_int_equal(hypercall(&hc, 0xdb | 511ull << 32, 0x1000), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(isolated.nr_shared, 1);
	free(isolated.shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy_slot_and_eom, setup, teardown),
		cmocka_unit_test_setup_teardown(test_event_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connect_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hypercalls, setup, teardown),
		cmocka_unit_test(test_visibility),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
