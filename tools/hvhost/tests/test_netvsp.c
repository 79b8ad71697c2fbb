// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP through real channels: versions, messages and their lengths, buffers, the
 * link, and a guest that closes and comes again.
 */
#include "fake_guest.h"
#include "netvsp_guest.h"

static void versions(void **state)
{
	static const uint32_t unknown[] = { 0, 1, 3, 0x30001, 0x30003, 0x50001, 0x60002,
					    0x70000, NVSP_VERSION_INVALID };
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_SEND_BUF };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(init(unknown[i]), NVSP_STATUS_FAILURE);
	t.nic->max_version = NVSP_VERSION_5;
	assert_int_equal(init(NVSP_VERSION_6_1), NVSP_STATUS_FAILURE);
	assert_int_equal(init(NVSP_VERSION_6), NVSP_STATUS_FAILURE);
	/* Nothing else before a version is agreed. */
	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SEND_SEND_BUF_COMPLETE);
	assert_int_equal(t.got.msg->send_buf_complete.status, NVSP_STATUS_FAILURE);
	assert_int_equal(init(NVSP_VERSION_5), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.got.len, 0x20);	/* 0x1c, padded by the ring */
	assert_int_equal(init(NVSP_VERSION_5), NVSP_STATUS_FAILURE);
	assert_int_equal(t.nic->version, NVSP_VERSION_5);
}

/* One byte short, each message is refused; at its size it is served. */
static void message_lengths(void **state)
{
	static const struct {
		uint32_t type, size;
	} all[] = {
		{ NVSP_MSG_SEND_NDIS_VERSION, 12 }, { NVSP_MSG_SEND_NDIS_CONFIG, 20 },
		{ NVSP_MSG_SEND_RECV_BUF, 10 }, { NVSP_MSG_REVOKE_RECV_BUF, 6 },
		{ NVSP_MSG_SEND_SEND_BUF, 10 }, { NVSP_MSG_REVOKE_SEND_BUF, 6 },
		{ NVSP_MSG_SEND_RNDIS_PACKET, 16 }, { NVSP_MSG_SWITCH_DATA_PATH, 8 },
		{ NVSP_MSG_SUBCHANNEL, 12 },
	};
	uint64_t before;

	init(NVSP_VERSION_6_1);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct nvsp_msg m = { .header.type = all[i].type };

		/* The ring counts in eights, so the next shorter packet is that. */
		before = drops(NETVSP_REFUSED_MESSAGE);
		ask(&t.ends[0], &m, (all[i].size - 1) / 8 * 8);
		assert_int_equal(drops(NETVSP_REFUSED_MESSAGE), before + 1);
	}
	for (uint32_t type = 0; type < 140; type++) {
		struct nvsp_msg m = { .header.type = type };
		bool known = false;

		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			known |= all[i].type == type;
		if (known || type == NVSP_MSG_INIT)
			continue;
		assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), 0);
	}
}

static void message_versions(void **state)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_NDIS_CONFIG };

	init(NVSP_VERSION_1);
	ask(&t.ends[0], &m, sizeof(m));
	m.header.type = NVSP_MSG_SWITCH_DATA_PATH;
	ask(&t.ends[0], &m, sizeof(m));
	m.header.type = NVSP_MSG_SUBCHANNEL;
	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SUBCHANNEL);
	assert_int_equal(drops(NETVSP_REFUSED_MESSAGE), 3);
}

static void buffers(void **state)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_REVOKE_RECV_BUF,
			      .revoke_recv_buf.id = 0xcafe };
	const struct nvsp_recv_buf_section *s;

	init(NVSP_VERSION_6_1);
	config(1514, 0);
	assert_int_equal(recv_buf(99), NVSP_STATUS_FAILURE);
	assert_int_equal(send_buf(99), NVSP_STATUS_FAILURE);
	assert_int_equal(recv_buf(20), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.got.len, 0x28);
	s = &t.got.msg->recv_buf_complete.sections[0];
	assert_int_equal(t.got.msg->recv_buf_complete.num_sections, 1);
	assert_int_equal(s->offset, 0);
	assert_int_equal(s->sub_alloc_size, 1808);
	assert_int_equal(s->num_sub_allocs, SLOTS);
	assert_int_equal(s->end_offset, SLOTS * 1808);
	assert_int_equal(recv_buf(20), NVSP_STATUS_FAILURE);
	assert_int_equal(send_buf(21), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.got.msg->send_buf_complete.section_size, 6144);
	assert_int_equal(send_buf(21), NVSP_STATUS_FAILURE);
	/* The wrong id, then the right one; then it can be given again, for another MTU. */
	m.revoke_recv_buf.id = 1;
	tell(&t.ends[0], &m, sizeof(m));
	assert_non_null(t.nic->recv_gpadl);
	m.revoke_recv_buf.id = 0xcafe;
	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), 0);
	assert_null(t.nic->recv_gpadl);
	config(9014, 0);
	assert_int_equal(recv_buf(20), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.got.msg->recv_buf_complete.sections[0].sub_alloc_size, 9312);
	m.header.type = NVSP_MSG_REVOKE_SEND_BUF;
	m.revoke_send_buf.id = 3;
	tell(&t.ends[0], &m, sizeof(m));
	assert_null(t.nic->send_gpadl);
}

static void no_device_without_buffers(void **state)
{
	init(NVSP_VERSION_6_1);
	config(1514, 0);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_CONTROL, 0, 24), NVSP_STATUS_FAILURE);
	recv_buf(20);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_CONTROL, 0, 24),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	send_buf(21);
	rndis_init();
	assert_int_equal(t.nic->rndis.state, RNDIS_INITIALIZED);
}

static void link_changes(void **state)
{
	uint8_t f[100];
	size_t n;

	netvsp_set_link(t.nic, false, false);
	netvsp_set_link(t.nic, true, false);
	up(NVSP_VERSION_6_1, 0);
	netvsp_set_link(t.nic, true, false);
	nothing(&t.ends[0]);
	netvsp_set_link(t.nic, false, false);
	assert_int_equal(rndis_answer(RNDIS_WIRE_INDICATE_STATUS, 2),
			 RNDIS_WIRE_STATUS_MEDIA_DISCONNECT);
	deliver(100, 1);
	assert_int_equal(drops(NETVSP_DROP_RX_LINK_DOWN), 1);
	tcp_frame(f, sizeof(f), 1);
	n = tx_message(section_at(1), f, sizeof(f), RNDIS_WIRE_PPI_HASH_VALUE, 0);
	assert_int_equal(section(&t.ends[0], 0, 1, n), NVSP_STATUS_SUCCESS);
	assert_int_equal(drops(NETVSP_DROP_TX_LINK_DOWN), 1);
	assert_int_equal(t.frames, 0);
	netvsp_set_link(t.nic, true, false);
	assert_int_equal(rndis_answer(RNDIS_WIRE_INDICATE_STATUS, 2),
			 RNDIS_WIRE_STATUS_MEDIA_CONNECT);
	netvsp_set_link(t.nic, true, true);
	assert_int_equal(rndis_answer(RNDIS_WIRE_INDICATE_STATUS, 2),
			 RNDIS_WIRE_STATUS_NETWORK_CHANGE);
}

static void close_forgets_everything(void **state)
{
	struct vmbus_msg_relid msg = { .relid = 1 };

	up(NVSP_VERSION_6_1, NVSP_NDIS_CAP_VLAN);
	deliver(300, 1);
	deliver(300, 2);
	netvsp_rx_flush(t.nic);
	deliver(300, 3);
	fake_post(4, VMBUS_MSG_CLOSE_CHANNEL, &msg, sizeof(msg));
	assert_int_equal(t.nic->state, NETVSP_CLOSED);
	assert_null(t.nic->recv_gpadl);
	assert_null(t.nic->send_gpadl);
	deliver(300, 4);
	assert_int_equal(drops(NETVSP_DROP_RX_CLOSED), 1);
	fake_post_teardown(1, 20);
	assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 20);
	fake_post_teardown(1, 21);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	fake_post_teardown(1, 10);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	attach(0, 1);
	assert_int_equal(fake_gpadl(1, 20, RECV_PFN, RECV_PAGES), 0);
	assert_int_equal(fake_gpadl(1, 21, SEND_PFN, SEND_PAGES), 0);
	up(NVSP_VERSION_4, 0);
	deliver(300, 5);
	netvsp_rx_flush(t.nic);
	assert_true(get(&t.ends[0]));
	assert_int_equal(ranges(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions),
		TEST(message_lengths),
		TEST(message_versions),
		TEST(buffers),
		TEST(no_device_without_buffers),
		TEST(link_changes),
		TEST(close_forgets_everything),
	};

	return cmocka_run_group_tests_name("netvsp", tests, NULL, NULL);
}
