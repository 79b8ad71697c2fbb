// SPDX-License-Identifier: GPL-2.0
/*
 * An open channel: packets both ways, signals, a full ring, a guest that corrupts its rings. Device
 * and server on one loop, and on two.
 */
#include "fake_guest.h"
#include "fake_vsp.h"

#define PFN	16u		/* rings: 4 pages to the host, then 4 to the guest */
#define RING	(3u * 4096u)

static struct vmbus_ring_control *to_host(void)
{
	return (void *)(fake.ram + PFN * 4096);
}

static struct vmbus_ring_control *to_guest(void)
{
	return (void *)(fake.ram + (PFN + 4) * 4096);
}

static uint8_t *data_of(struct vmbus_ring_control *control, uint32_t index)
{
	return (uint8_t *)(control + 1) + index % RING;
}

/* Packets of these tests are small and do not wrap: 16 + 8 + 8 divides the ring. */
static void guest_send(uint64_t xid, uint16_t type)
{
	struct vmbus_ring_control *control = to_host();
	struct {
		struct vmbus_pkt_header head;
		uint64_t payload, trailer;
	} pkt = {
		.head = { .type = type, .offset8 = 2, .len8 = 3, .flags = 1, .xid = xid },
		.payload = xid * 3,
		.trailer = (uint64_t)control->write_index << 32,
	};

	memcpy(data_of(control, control->write_index), &pkt, sizeof(pkt));
	control->write_index = (control->write_index + sizeof(pkt)) % RING;
}

static void signal_host(void)
{
	uint64_t one = 1;

	assert_int_equal(write(fake.bound_fd, &one, 8), 8);
	fake_run();
}

/* Take a packet out of the guest's ring. Return: its transaction id. */
static uint64_t guest_take(uint16_t type)
{
	struct vmbus_ring_control *control = to_guest();
	struct vmbus_pkt_header head;

	assert_int_not_equal(control->read_index, control->write_index);
	memcpy(&head, data_of(control, control->read_index), sizeof(head));
	assert_int_equal(head.type, type);
	control->read_index = (control->read_index + head.len8 * 8 + 8) % RING;
	return head.xid;
}

static json_int_t channel_stat(const char *key)
{
	json_t *stats = vmbus_server_stats(fake.server);
	json_t *dev = json_array_get(json_object_get(stats, "devices"), 0);
	json_t *ch = json_array_get(json_object_get(dev, "channels"), 0);
	json_int_t value = json_integer_value(json_object_get(ch, key));

	json_decref(stats);
	return value;
}

static struct vmbus_channel *open_one(void)
{
	struct vmbus_channel *ch = vmbus_device_primary(vsp_add());

	fake_connect(1);
	fake_open(1, 10, PFN);
	return ch;
}

static void echo(void **state)
{
	uint64_t xid;

	open_one();
	for (xid = 1; xid <= 3000; xid++) {
		guest_send(xid, VMBUS_PKT_DATA_INBAND);
		if (xid % 3)
			continue;
		signal_host();
		assert_int_equal(to_host()->interrupt_mask, 0);
		assert_int_equal(to_host()->read_index, to_host()->write_index);
		assert_true(guest_take(VMBUS_PKT_COMPLETION) == xid - 2);
		assert_true(guest_take(VMBUS_PKT_COMPLETION) == xid - 1);
		assert_true(guest_take(VMBUS_PKT_COMPLETION) == xid);
	}
	/* One signal for three packets. */
	assert_int_equal(fake.signals[1], 1000);
	assert_int_equal(channel_stat("packets_in"), 3000);
	assert_int_equal(channel_stat("packets_out"), 3000);
	assert_int_equal(channel_stat("signals_received"), 1000);
	assert_int_equal(channel_stat("signals_sent"), 1000);
	assert_int_equal(channel_stat("bytes_in"), 3000 * 24);
}

static void hypercall_signals_too(void **state)
{
	open_one();
	guest_send(5, VMBUS_PKT_DATA_INBAND);
	assert_int_equal(vmbus_signal_event(fake.server, 1 | 2 << 12, 0), 0);
	fake_run();
	assert_true(guest_take(VMBUS_PKT_COMPLETION) == 5);
	assert_int_equal(vmbus_signal_event(fake.server, 2 | 2 << 12, 0), 0x12);
	assert_int_equal(vmbus_signal_event(fake.server, 0xfff | 2 << 12, 0), 0x12);
	assert_int_equal(vmbus_signal_event(fake.server, 1 | 1 << 16, 0), 0x12);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(vmbus_signal_event(fake.server, 1 | 2 << 12, 0), 0x12);
}

static void packets_before_the_open_are_seen(void **state)
{
	vsp_add();
	fake_connect(1);
	assert_int_equal(fake_gpadl(1, 10, PFN, 8), 0);
	guest_send(9, VMBUS_PKT_DATA_INBAND);
	fake_post_open(1, 10, 4, 1);
	fake_next(VMBUS_MSG_OPEN_RESULT);
	assert_true(guest_take(VMBUS_PKT_COMPLETION) == 9);
}

static unsigned int flood;

/* A guest that has the next packet ready before the host is done with this one. */
static void refill(const struct vmbus_packet *pkt)
{
	if (flood) {
		flood--;
		guest_send(flood, VMBUS_PKT_COMPLETION);
	}
}

static void a_flood_gives_others_a_turn(void **state)
{
	open_one();
	vsp.readables = 0;
	vsp.received = refill;
	flood = 2000;
	guest_send(0, VMBUS_PKT_COMPLETION);
	signal_host();
	assert_int_equal(flood, 0);
	assert_int_equal(channel_stat("packets_in"), 2001);
	assert_int_equal(vsp.readables, 4);
	assert_int_equal(to_host()->interrupt_mask, 0);
}

/* The guest's own wait for space has nothing to do with what the VSP answers. */
static void swallow(const struct vmbus_packet *pkt)
{
}

static void full_ring(void **state)
{
	struct vmbus_channel *ch = open_one();
	uint8_t data[1000] = { 1 };
	unsigned int n = 0;

	to_host()->feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	assert_int_equal(vmbus_channel_send_data(ch, 0, 1, data, RING), -EMSGSIZE);
	assert_int_equal(vmbus_channel_send_data(ch, 0, 1, data, SIZE_MAX), -EMSGSIZE);
	assert_int_equal(vmbus_channel_send(ch, VMBUS_PKT_DATA_USING_GPA_DIRECT, 0, 0, NULL, 0,
					    NULL, 0), -EINVAL);
	while (!vmbus_channel_send_data(ch, 0, n, data, sizeof(data)))
		n++;
	assert_int_equal(n, 11);
	assert_int_equal(to_guest()->pending_send_size, 1024);
	assert_int_equal(vmbus_channel_send_data(ch, 0, n, data, sizeof(data)), -EAGAIN);
	fake_run();
	signal_host();
	assert_int_equal(vsp.writables, 0);
	assert_true(guest_take(VMBUS_PKT_DATA_INBAND) == 0);
	signal_host();
	assert_int_equal(vsp.writables, 1);
	assert_int_equal(to_guest()->pending_send_size, 0);
	assert_int_equal(vmbus_channel_send_data(ch, 0, n, data, sizeof(data)), 0);
	assert_int_equal(channel_stat("ring_full"), 2);
}

/* A guest without the feature bit does not signal; the host looks by itself. */
static void full_ring_is_polled(void **state)
{
	struct vmbus_channel *ch = open_one();
	uint8_t data[1000] = { 1 };
	int turns;

	while (!vmbus_channel_send_data(ch, 0, 0, data, sizeof(data)))
		;
	fake_run();
	assert_int_equal(vsp.writables, 0);
	guest_take(VMBUS_PKT_DATA_INBAND);
	for (turns = 0; turns < 100 && !vsp.writables; turns++)
		loop_poll(fake.loop, 100);
	assert_int_equal(vsp.writables, 1);
}

static void guest_waits_for_space(void **state)
{
	unsigned int i;

	open_one();
	vsp.received = swallow;
	for (i = 0; i < 383; i++)	/* 32 bytes each: full but for one */
		guest_send(i, VMBUS_PKT_COMPLETION);
	to_host()->pending_send_size = 64;
	to_guest()->interrupt_mask = 1;	/* nothing else is a reason for a signal */
	fake.signals[1] = 0;
	signal_host();
	assert_int_equal(fake.signals[1], 1);
	to_host()->pending_send_size = 0;
	guest_send(0, VMBUS_PKT_COMPLETION);
	signal_host();
	assert_int_equal(fake.signals[1], 1);
}

static void corruption_kills_until_reopen(void **state)
{
	struct vmbus_channel *ch = open_one();
	struct vmbus_packet pkt;

	to_host()->write_index = 5;
	signal_host();
	assert_int_equal(vmbus_channel_recv(ch, &pkt), -EBADMSG);
	assert_int_equal(vmbus_channel_send_data(ch, 0, 0, "x", 1), -EPIPE);
	assert_int_equal(channel_stat("bad_packets"), 1);
	vsp.readables = 0;
	signal_host();
	assert_int_equal(vsp.readables, 0);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	fake_open(1, 11, PFN);
	guest_send(3, VMBUS_PKT_DATA_INBAND);
	signal_host();
	assert_true(guest_take(VMBUS_PKT_COMPLETION) == 3);
	/* A packet of no known type. */
	guest_send(4, 0x77);
	signal_host();
	assert_int_equal(channel_stat("bad_packets"), 2);
	/* The guest's read index of the other ring. */
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	fake_open(1, 12, PFN);
	while (!vmbus_channel_send_data(ch, 0, 0, "x", 1))
		to_guest()->read_index = 0xffffffff;
	assert_int_equal(channel_stat("bad_packets"), 3);
}

static void closed_channel(void **state)
{
	struct vmbus_channel *ch = open_one();
	struct vmbus_packet pkt;

	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(vmbus_channel_recv(ch, &pkt), 0);
	assert_int_equal(vmbus_channel_send_data(ch, 0, 0, "x", 1), -EPIPE);
	vmbus_channel_kick(ch);
	fake_run();
}

static void big_packet_with_transfer_pages(void **state)
{
	struct vmbus_channel *ch = open_one();
	uint64_t hdr[3] = { 0x2200000000000001, 2, 3 };
	struct iovec iov[2] = { { "abcde", 5 }, { "fgh1", 4 } };
	struct vmbus_pkt_header head;

	assert_int_equal(vmbus_channel_send(ch, VMBUS_PKT_DATA_USING_XFER_PAGES, 1, 55, hdr, 24,
					    iov, 2), 0);
	memcpy(&head, data_of(to_guest(), 0), sizeof(head));
	assert_int_equal(head.offset8, 5);
	assert_int_equal(head.len8, 7);
	assert_int_equal(head.flags, 1);
	assert_memory_equal(data_of(to_guest(), 16), hdr, 24);
	assert_memory_equal(data_of(to_guest(), 40), "abcdefgh1\0\0\0\0\0\0\0", 16);
	assert_int_equal(vmbus_channel_send(ch, VMBUS_PKT_DATA_USING_XFER_PAGES, 1, 55, hdr, 20,
					    iov, 2), -EINVAL);
}

/* The device on a thread of its own: the same messages, nothing lost. */
static void device_on_its_own_loop(void **state)
{
	struct loop *loop = loop_new("dev");
	struct vmbus_device *dev;
	uint64_t xid;
	int turns;

	assert_int_equal(loop_start(loop), 0);
	dev = vmbus_device_add(fake.server, loop, &vsp_ops, NULL, NULL, NULL);
	assert_ptr_equal(vmbus_device_loop(dev), loop);
	fake_connect(1);
	fake_open(1, 10, PFN);
	for (xid = 1; xid < 500; xid++) {
		guest_send(xid, VMBUS_PKT_DATA_INBAND);
		assert_int_equal(vmbus_signal_event(fake.server, 1 | 2 << 12, 0), 0);
		for (turns = 0; turns < 5000 && __atomic_load_n(&to_guest()->write_index,
		     __ATOMIC_ACQUIRE) == to_guest()->read_index; turns++)
			usleep(100);
		assert_true(guest_take(VMBUS_PKT_COMPLETION) == xid);
	}
	vmbus_subchannels_offer(dev, 1);
	vmbus_device_remove(dev);
	for (turns = 0; turns < 10; turns++)
		loop_poll(fake.loop, 10);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	for (turns = 0; turns < 10; turns++)
		loop_poll(fake.loop, 10);
	assert_int_equal(vsp.destroys, 1);
	loop_stop(loop);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VSP_TEST(echo),
		VSP_TEST(hypercall_signals_too),
		VSP_TEST(packets_before_the_open_are_seen),
		VSP_TEST(a_flood_gives_others_a_turn),
		VSP_TEST(full_ring),
		VSP_TEST(full_ring_is_polled),
		VSP_TEST(guest_waits_for_space),
		VSP_TEST(corruption_kills_until_reopen),
		VSP_TEST(closed_channel),
		VSP_TEST(big_packet_with_transfer_pages),
		VSP_TEST(device_on_its_own_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
