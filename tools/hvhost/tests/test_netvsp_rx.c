// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP, to the guest: receive buffer accounting, control messages that wait, filters,
 * checksums, VLAN tags, and a ring that is full.
 */
#include "fake_guest.h"
#include "netvsp_guest.h"

static void receive_accounting(void **state)
{
	struct rndis_tx_packet pkt;
	uint8_t f[300];
	uint64_t first, second;
	unsigned int i;

	deliver(300, 1);
	assert_int_equal(drops(NETVSP_DROP_RX_CLOSED), 1);
	up(NVSP_VERSION_6_1, 0);
	assert_int_equal(t.nic->nr_free, SLOTS);
	for (i = 0; i < 10; i++)
		deliver(300, i);
	netvsp_rx_flush(t.nic);
	for (; i < SLOTS + 3; i++)
		deliver(300, i);
	netvsp_rx_flush(t.nic);
	/* All but the reserve are with the guest; what exceeded them was lost. */
	assert_int_equal(t.nic->nr_free, NETVSP_SLOTS_RESERVED);
	assert_int_equal(drops(NETVSP_DROP_RX_NO_BUFFER), 3 + NETVSP_SLOTS_RESERVED);
	assert_true(get(&t.ends[0]));
	assert_int_equal(ranges(), 10);
	assert_int_equal(t.got.msg->rndis.channel_type, NVSP_CHANNEL_DATA);
	for (i = 0; i < 10; i++) {
		assert_int_equal(parse_range(i, &pkt), 0);
		assert_int_equal(pkt.len, 300);
		tcp_frame(f, 300, i);
		assert_memory_equal(pkt.frame, f, 300);
		assert_true(pkt.has_csum);
		assert_int_equal(pkt.csum, RNDIS_WIRE_CSUM_RX_IP_OK | RNDIS_WIRE_CSUM_RX_TCP_OK);
		assert_false(pkt.has_hash || pkt.has_vlan);
	}
	first = t.got.head.xid;
	assert_true(get(&t.ends[0]));
	assert_int_equal(ranges(), SLOTS - NETVSP_SLOTS_RESERVED - 10);
	second = t.got.head.xid;
	/* Ids that were never given, and one that is used twice. */
	complete(&t.ends[0], 0);
	complete(&t.ends[0], first ^ 1ull << 32);
	complete(&t.ends[0], first + 1);
	complete(&t.ends[0], 0xffffffffffffffff);
	assert_int_equal(drops(NETVSP_BAD_COMPLETION), 4);
	assert_int_equal(t.nic->nr_free, NETVSP_SLOTS_RESERVED);
	complete(&t.ends[0], first);
	assert_int_equal(t.nic->nr_free, NETVSP_SLOTS_RESERVED + 10);
	complete(&t.ends[0], first);
	assert_int_equal(drops(NETVSP_BAD_COMPLETION), 5);
	complete(&t.ends[0], second);
	assert_int_equal(t.nic->nr_free, SLOTS);
}

/* With every slot at the guest an answer waits for one. */
static void control_waits_for_room(void **state)
{
	struct rndis_wire_keepalive m = { { RNDIS_WIRE_KEEPALIVE, sizeof(m) }, 6 };
	uint64_t xids[8];
	unsigned int i;

	up(NVSP_VERSION_6_1, 0);
	for (i = 0; i < SLOTS; i++)
		deliver(300, i);
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	memcpy(section_at(0), &m, sizeof(m));
	for (i = 0; i < 7; i++) {
		struct nvsp_msg n = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
				      .rndis = { NVSP_CHANNEL_CONTROL, 0, sizeof(m) } };

		tell(&t.ends[0], &n, sizeof(n));
	}
	for (i = 0; i < NETVSP_SLOTS_RESERVED; i++) {
		assert_true(get(&t.ends[0]));
		xids[i] = t.got.head.xid;
	}
	nothing(&t.ends[0]);
	assert_int_equal(t.nic->nr_control, 3);
	complete(&t.ends[0], xids[2]);
	assert_true(get(&t.ends[0]));
	nothing(&t.ends[0]);
	complete(&t.ends[0], xids[0]);
	complete(&t.ends[0], xids[1]);
	assert_true(get(&t.ends[0]));
	assert_true(get(&t.ends[0]));
	assert_int_equal(t.nic->nr_control, 0);
	assert_int_equal(drops(NETVSP_DROP_CONTROL), 0);
}

static void filters(void **state)
{
	static const struct {
		uint32_t filter;
		const char *mac;
		bool passes;
	} cases[] = {
		{ 0, "\x00\x15\x5d\x00\x00\x07", false },
		{ RNDIS_WIRE_FILTER_DIRECTED, "\x00\x15\x5d\x00\x00\x07", true },
		{ RNDIS_WIRE_FILTER_DIRECTED, "\x00\x15\x5d\x00\x00\x08", false },
		{ RNDIS_WIRE_FILTER_DIRECTED, "\xff\xff\xff\xff\xff\xff", false },
		{ RNDIS_WIRE_FILTER_BROADCAST, "\xff\xff\xff\xff\xff\xff", true },
		{ RNDIS_WIRE_FILTER_BROADCAST, "\x00\x15\x5d\x00\x00\x07", false },
		{ RNDIS_WIRE_FILTER_BROADCAST, "\x01\x00\x5e\x00\x00\x01", false },
		{ RNDIS_WIRE_FILTER_MULTICAST, "\x01\x00\x5e\x00\x00\x01", true },
		{ RNDIS_WIRE_FILTER_MULTICAST, "\x01\x00\x5e\x00\x00\x02", false },
		{ RNDIS_WIRE_FILTER_ALL_MULTICAST, "\x01\x00\x5e\x00\x00\x02", true },
		{ RNDIS_WIRE_FILTER_PROMISCUOUS, "\x00\x15\x5d\x00\x00\x08", true },
	};
	uint8_t f[100];

	up(NVSP_VERSION_6_1, 0);
	assert_int_equal(set(RNDIS_WIRE_OID_MULTICAST_LIST, "\x01\x00\x5e\x00\x00\x01", 6), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		filter(cases[i].filter);
		tcp_frame(f, sizeof(f), 1);
		memcpy(f, cases[i].mac, 6);
		netvsp_rx_deliver(t.nic, f, sizeof(f));
		netvsp_rx_flush(t.nic);
		assert_int_equal(get(&t.ends[0]), cases[i].passes);
		if (cases[i].passes)
			complete(&t.ends[0], t.got.head.xid);
	}
	filter(RNDIS_WIRE_FILTER_PROMISCUOUS);
	deliver(1515, 1);
	assert_int_equal(drops(NETVSP_DROP_RX_TOO_LONG), 1);
}

/* An address that the guest sets outlives the channel; the permanent one works beside it. */
static void address_stays(void **state)
{
	struct {
		struct rndis_wire_config_param p;
		uint16_t text[26];
	} __attribute__((packed)) m = { .p = { 20, 28, RNDIS_WIRE_CONFIG_STRING, 48, 24 } };
	struct vmbus_msg_relid msg = { .relid = 1 };
	uint8_t f[100];

	for (int i = 0; i < 26; i++)
		m.text[i] = "NetworkAddress021122334455"[i];
	up(NVSP_VERSION_6_1, 0);
	assert_int_equal(set(RNDIS_WIRE_OID_CONFIG_PARAMETER, &m, sizeof(m)), 0);
	fake_post(4, VMBUS_MSG_CLOSE_CHANNEL, &msg, sizeof(msg));
	fake_post_teardown(1, 10);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	attach(0, 1);
	up(NVSP_VERSION_6_1, 0);
	deliver(100, 1);
	tcp_frame(f, sizeof(f), 2);
	memcpy(f, "\x02\x11\x22\x33\x44\x55", 6);
	netvsp_rx_deliver(t.nic, f, sizeof(f));
	f[5]++;
	netvsp_rx_deliver(t.nic, f, sizeof(f));
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	assert_int_equal(ranges(), 2);
	assert_int_equal(drops(NETVSP_DROP_RX_FILTER), 1);
}

static void wrong_checksums_are_told(void **state)
{
	struct rndis_tx_packet pkt;
	uint8_t f[100];

	up(NVSP_VERSION_6_1, 0);
	tcp_frame(f, sizeof(f), 1);
	f[99] ^= 1;
	netvsp_rx_deliver(t.nic, f, sizeof(f));
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	assert_int_equal(parse_range(0, &pkt), 0);
	assert_int_equal(pkt.csum, RNDIS_WIRE_CSUM_RX_IP_OK | RNDIS_WIRE_CSUM_RX_TCP_FAILED);
}

static void vlan_both_ways(void **state)
{
	const uint32_t vlan = 5 | 0x123 << RNDIS_WIRE_VLAN_ID_SHIFT;
	struct rndis_tx_packet pkt;
	uint8_t f[1518], tagged[1518];
	size_t n;

	up(NVSP_VERSION_6_1, NVSP_NDIS_CAP_VLAN);
	tcp_frame(f, 1514, 1);
	n = tx_message(section_at(1), f, 1514, RNDIS_WIRE_PPI_VLAN, vlan);
	section(&t.ends[0], 0, 1, n);
	memcpy(tagged, f, 12);
	memcpy(tagged + 12, "\x81\x00\xa1\x23", 4);
	memcpy(tagged + 16, f + 12, 1502);
	assert_int_equal(t.last_len, 1518);
	assert_memory_equal(t.last, tagged, 1518);
	netvsp_rx_deliver(t.nic, tagged, 1518);
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	assert_int_equal(parse_range(0, &pkt), 0);
	assert_true(pkt.has_vlan);
	assert_int_equal(pkt.vlan, vlan);
	assert_int_equal(pkt.len, 1514);
	assert_memory_equal(pkt.frame, f, 1514);
	assert_int_equal(pkt.csum, RNDIS_WIRE_CSUM_RX_IP_OK | RNDIS_WIRE_CSUM_RX_TCP_OK);
}

/* A full inbound ring: completions and frames wait, none is lost, the order holds. */
static void inbound_ring_full(void **state)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_DATA, 1, 0 } };
	uint64_t next = 0, sent = 0;
	unsigned int frames = 0;
	uint8_t f[100];

	up(NVSP_VERSION_6_1, 0);
	tcp_frame(f, sizeof(f), 1);
	m.rndis.section_size = tx_message(section_at(1), f, sizeof(f), RNDIS_WIRE_PPI_HASH_VALUE, 0);
	while (!t.nic->channels[0].completion_waits) {
		put(&t.ends[0], VMBUS_PKT_DATA_INBAND, 1, ++sent, NULL, 0, &m, sizeof(m));
		kick(&t.ends[0]);
		assert_true(sent < 1000);
	}
	for (int i = 0; i < 20; i++)
		put(&t.ends[0], VMBUS_PKT_DATA_INBAND, 1, ++sent, NULL, 0, &m, sizeof(m));
	for (int i = 0; i < 5; i++)
		deliver(100, i);
	netvsp_rx_flush(t.nic);
	assert_int_equal(t.nic->channels[0].queued, 5);
	for (int i = 0; i < 3000 && (next < sent || frames < 5); i++) {
		if (!get(&t.ends[0])) {
			kick(&t.ends[0]);
			loop_poll(fake.loop, 1);
			continue;
		}
		if (t.got.head.type == VMBUS_PKT_COMPLETION)
			assert_int_equal(t.got.head.xid, ++next);
		else
			frames += ranges();
	}
	assert_int_equal(next, sent);
	assert_int_equal(frames, 5);
}

/* What a back end may send at once: nothing of it would be dropped. */
static void room(void **state)
{
	struct vmbus_msg_relid msg = { .relid = 1 };
	const uint32_t all = SLOTS - NETVSP_SLOTS_RESERVED;
	uint64_t before;

	assert_int_equal(netvsp_rx_room(t.nic), 0);
	assert_int_equal(init(NVSP_VERSION_6_1), NVSP_STATUS_SUCCESS);
	config(1514, 0);
	assert_int_equal(recv_buf(20), NVSP_STATUS_SUCCESS);
	assert_int_equal(send_buf(21), NVSP_STATUS_SUCCESS);
	assert_int_equal(netvsp_rx_room(t.nic), 0);
	begin_rndis();
	assert_int_equal(netvsp_rx_room(t.nic), 0);
	filter(RNDIS_WIRE_FILTER_DIRECTED);
	assert_int_equal(netvsp_rx_room(t.nic), all);
	netvsp_set_link(t.nic, false, false);
	rndis_answer(RNDIS_WIRE_INDICATE_STATUS, 2);
	assert_int_equal(netvsp_rx_room(t.nic), 0);
	netvsp_set_link(t.nic, true, false);
	rndis_answer(RNDIS_WIRE_INDICATE_STATUS, 2);
	/* As many as it says fit, and no more. */
	before = drops(NETVSP_DROP_RX_NO_BUFFER);
	for (uint32_t i = 0; i < all; i++) {
		assert_int_equal(netvsp_rx_room(t.nic), all - i);
		deliver(100, i);
	}
	assert_int_equal(drops(NETVSP_DROP_RX_NO_BUFFER), before);
	assert_int_equal(netvsp_rx_room(t.nic), 0);
	deliver(100, 1);
	assert_int_equal(drops(NETVSP_DROP_RX_NO_BUFFER), before + 1);
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	complete(&t.ends[0], t.got.head.xid);
	assert_int_equal(netvsp_rx_room(t.nic), all);
	fake_post(4, VMBUS_MSG_CLOSE_CHANNEL, &msg, sizeof(msg));
	assert_int_equal(netvsp_rx_room(t.nic), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(receive_accounting),
		TEST(control_waits_for_room),
		TEST(filters),
		TEST(address_stays),
		TEST(wrong_checksums_are_told),
		TEST(vlan_both_ways),
		TEST(inbound_ring_full),
		TEST(room),
	};

	return cmocka_run_group_tests_name("netvsp_rx", tests, NULL, NULL);
}
