// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP with several channels: subchannels, the send table, RSS, and which channel may
 * carry what.
 */
#include "fake_guest.h"
#include "netvsp_guest.h"

static uint32_t subchannels(uint32_t count)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SUBCHANNEL, .subchannel = { 1, count } };

	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SUBCHANNEL);
	return t.got.msg->subchannel_complete.status;
}

static void rss_on(uint32_t entries)
{
	struct {
		struct rndis_wire_rss_params p;
		uint32_t table[128];
		uint8_t key[40];
	} __attribute__((packed)) m = { .p = {
		.header = { RNDIS_WIRE_OBJECT_RSS_PARAMETERS, 2, 40 },
		.hash_info = RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_HASH_TCP_IPV4,
		.table_size = entries * 4, .table_offset = 40, .key_size = 40,
		.key_offset = 40 + 512 } };

	for (int i = 0; i < 128; i++)
		m.table[i] = 3 - i % 4;
	for (int i = 0; i < 40; i++)
		m.key[i] = i * 37 + 11;
	assert_int_equal(set(RNDIS_WIRE_OID_RSS_PARAMETERS, &m, sizeof(m)), 0);
}

static void queues(uint32_t version, uint32_t offset)
{
	unsigned int i, hits[4] = { 0 };
	uint32_t relids[4];
	const uint32_t *table;

	up(version, 0);
	assert_int_equal(subchannels(0), NVSP_STATUS_FAILURE);
	assert_int_equal(subchannels(4), NVSP_STATUS_FAILURE);
	assert_int_equal(subchannels(3), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.got.msg->subchannel_complete.num_subchannels, 3);
	for (i = 1; i < 4; i++) {
		struct fake_message *m = fake_next(VMBUS_MSG_OFFER_CHANNEL);

		assert_int_equal(m->offer.subchannel_index, i);
		relids[i] = m->offer.relid;
	}
	for (i = 1; i < 4; i++) {
		nothing(&t.ends[0]);
		attach(i, relids[i]);
	}
	/* The table follows when all are open. */
	assert_true(get(&t.ends[0]));
	assert_int_equal(t.got.msg->header.type, NVSP_MSG_SEND_INDIRECTION_TABLE);
	assert_int_equal(t.got.msg->send_table.count, 16);
	assert_int_equal(t.got.msg->send_table.offset, offset);
	table = (const void *)(t.got.bytes + t.got.hdr_len + 0x28);
	for (i = 0; i < 16; i++)
		assert_int_equal(table[i], i % 4);
	assert_int_equal(subchannels(1), NVSP_STATUS_FAILURE);

	rss_on(128);
	for (i = 0; i < 64; i++) {
		struct rndis_tx_packet pkt;
		unsigned int at, found = 0;

		deliver(200, i);
		netvsp_rx_flush(t.nic);
		for (at = 0; at < 4; at++) {
			if (!get(&t.ends[at]))
				continue;
			found++;
			hits[at]++;
			assert_int_equal(parse_range(0, &pkt), 0);
			assert_true(pkt.has_hash);
			assert_int_equal(3 - pkt.hash % 4, at);
			/* Another channel cannot give the room back. */
			complete(&t.ends[(at + 1) % 4], t.got.head.xid);
			assert_int_equal(t.nic->nr_free, SLOTS - 1);
			complete(&t.ends[at], t.got.head.xid);
			assert_int_equal(t.nic->nr_free, SLOTS);
		}
		assert_int_equal(found, 1);
	}
	for (i = 0; i < 4; i++)
		assert_true(hits[i] > 4);
}

static void queues_6_1(void **state)
{
	struct rndis_wire_keepalive alive = { { RNDIS_WIRE_KEEPALIVE, sizeof(alive) }, 6 };
	struct nvsp_msg m = { .header.type = NVSP_MSG_REVOKE_SEND_BUF };
	uint8_t f[100];
	size_t n;

	queues(NVSP_VERSION_6_1, 0x28);
	/* Data goes on any channel, control and set-up on the primary alone. */
	tcp_frame(f, sizeof(f), 1);
	n = tx_message(section_at(1), f, sizeof(f), RNDIS_WIRE_PPI_HASH_VALUE, 0);
	assert_int_equal(section(&t.ends[2], NVSP_CHANNEL_DATA, 1, n), NVSP_STATUS_SUCCESS);
	memcpy(section_at(1), &alive, sizeof(alive));
	assert_int_equal(section(&t.ends[2], NVSP_CHANNEL_CONTROL, 1, sizeof(alive)),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	ask(&t.ends[2], &m, sizeof(m));
	assert_non_null(t.nic->send_gpadl);
}

static void queues_5(void **state)
{
	queues(NVSP_VERSION_5, 0x1c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(queues_6_1),
		TEST(queues_5),
	};

	return cmocka_run_group_tests_name("netvsp_queues", tests, NULL, NULL);
}
