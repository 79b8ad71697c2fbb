// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP, from the guest: frames in sections and pages, offloads, and a
 * back end that takes nothing.
 */
#include "fake_guest.h"
#include "netvsp_guest.h"

static void several_frames_in_a_section(void **state)
{
	uint8_t f[200];
	size_t at = 0;

	up(NVSP_VERSION_6_1, 0);
	for (int i = 0; i < 8; i++) {
		tcp_frame(f, 100 + i, i);
		f[50] = 0x11;	/* the pseudo sum or anything */
		at += tx_message(section_at(2) + at, f, 100 + i, RNDIS_WIRE_PPI_CHECKSUM,
				 RNDIS_WIRE_CSUM_TX_IPV4 | RNDIS_WIRE_CSUM_TX_TCP);
	}
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 2, at), NVSP_STATUS_SUCCESS);
	assert_int_equal(t.frames, 8);
	assert_int_equal(t.last_len, 107);
	tcp_frame(f, 107, 7);
	assert_memory_equal(t.last, f, 107);
	assert_int_equal(t.nic->checksums_filled, 8);
	/* A ninth is one too many. */
	at += tx_message(section_at(2) + at, f, 60, RNDIS_WIRE_PPI_HASH_VALUE, 1);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 2, at),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	/* Sections: the last, the one after, too long. */
	memcpy(section_at(3), section_at(2), 200);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 3, 160), NVSP_STATUS_SUCCESS);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 4, 160),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 0xfffffffe, 160),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 3, 6145),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 3, 0),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, NVSP_SECTION_NONE, 0),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	/* Data as control and control as data. */
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_CONTROL, 3, 160),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	memset(section_at(3), 0, 4);
	section_at(3)[0] = RNDIS_WIRE_KEEPALIVE;
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_DATA, 3, 160),
			 NVSP_STATUS_INVALID_RNDIS_PACKET);
	assert_int_equal(drops(NETVSP_BAD_RNDIS), 8);
}

/* The RNDIS header in the section, a large send in pages: as Linux sends what is big. */
static void large_send_from_pages(void **state)
{
	struct {
		struct vmbus_wire_gpa_range range;
		uint64_t pfns[3];
	} __attribute__((packed)) one = { { 9000, 100 }, { PAGE_PFN + 2, PAGE_PFN, PAGE_PFN + 1 } };
	struct {
		uint32_t reserved, count;
		uint8_t ranges[sizeof(one)];
	} __attribute__((packed)) desc = { 0, 1, { 0 } };
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_DATA, 1, 60 + 54 } };
	uint8_t f[9054], *order[3];
	uint32_t lso = 1460 | RNDIS_WIRE_LSO_V2 | 34u << RNDIS_WIRE_LSO_L4_SHIFT;

	up(NVSP_VERSION_6_1, 0);
	tcp_frame(f, sizeof(f), 5);
	for (size_t i = 54; i < sizeof(f); i++)
		f[i] = i * 7 + (i >> 8);
	tx_message(section_at(1), f, sizeof(f), RNDIS_WIRE_PPI_LSO, lso);
	for (int i = 0; i < 3; i++)
		order[i] = fake.ram + one.pfns[i] * 4096;
	for (size_t i = 0; i < 9000; i++)
		order[(100 + i) / 4096][(100 + i) % 4096] = f[54 + i];
	/* tx_message() rounded the length up; here it ends with the pages. */
	((struct rndis_wire_header *)section_at(1))->len = 60 + sizeof(f);
	memcpy(desc.ranges, &one, sizeof(one));
	put(&t.ends[0], VMBUS_PKT_DATA_USING_GPA_DIRECT, 1, 77, &desc, sizeof(desc), &m, sizeof(m));
	kick(&t.ends[0]);
	assert_true(get(&t.ends[0]));
	assert_int_equal(t.got.head.xid, 77);
	assert_int_equal(t.got.msg->rndis_complete.status, NVSP_STATUS_SUCCESS);
	assert_int_equal(t.frames, 7);
	assert_int_equal(t.nic->segments, 7);
	assert_int_equal(t.last_len, 54 + 9000 - 6 * 1460);
	assert_memory_equal(t.last + 54, f + 54 + 6 * 1460, t.last_len - 54);

	/* A page that is no RAM fails this send; the channel goes on. */
	memcpy(desc.ranges + offsetof(typeof(one), pfns[1]), &(uint64_t){ FAKE_PAGES }, 8);
	put(&t.ends[0], VMBUS_PKT_DATA_USING_GPA_DIRECT, 1, 78, &desc, sizeof(desc), &m, sizeof(m));
	kick(&t.ends[0]);
	assert_true(get(&t.ends[0]));
	assert_int_equal(t.got.head.xid, 78);
	assert_int_equal(t.got.msg->rndis_complete.status, NVSP_STATUS_FAILURE);
	assert_int_equal(drops(NETVSP_DROP_TX_UNMAPPED), 1);
	memcpy(desc.ranges, &one, sizeof(one));
	put(&t.ends[0], VMBUS_PKT_DATA_USING_GPA_DIRECT, 1, 79, &desc, sizeof(desc), &m, sizeof(m));
	kick(&t.ends[0]);
	assert_true(get(&t.ends[0]));
	assert_int_equal(t.got.msg->rndis_complete.status, NVSP_STATUS_SUCCESS);
	assert_int_equal(t.frames, 14);
}

static void offloads_that_are_off(void **state)
{
	struct rndis_wire_offload_params p = { .header = { RNDIS_WIRE_OBJECT_DEFAULT, 3, 28 },
		.tcp4_csum = RNDIS_WIRE_OFFLOAD_OFF, .lso_v2_ipv4 = RNDIS_WIRE_OFFLOAD_OFF };
	uint8_t f[1515];
	size_t n;

	up(NVSP_VERSION_6_1, 0);
	tcp_frame(f, 200, 1);
	n = tx_message(section_at(1), f, 200, RNDIS_WIRE_PPI_CHECKSUM,
		       RNDIS_WIRE_CSUM_TX_IPV6 | RNDIS_WIRE_CSUM_TX_TCP);
	section(&t.ends[0], 0, 1, n);
	assert_int_equal(drops(NETVSP_DROP_TX_BAD_OFFLOAD), 1);
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, sizeof(p)), 0);
	n = tx_message(section_at(1), f, 200, RNDIS_WIRE_PPI_CHECKSUM,
		       RNDIS_WIRE_CSUM_TX_IPV4 | RNDIS_WIRE_CSUM_TX_TCP);
	section(&t.ends[0], 0, 1, n);
	n = tx_message(section_at(1), f, 200, RNDIS_WIRE_PPI_LSO, 100 | RNDIS_WIRE_LSO_V2);
	section(&t.ends[0], 0, 1, n);
	assert_int_equal(drops(NETVSP_DROP_TX_OFFLOAD_OFF), 2);
	assert_int_equal(t.frames, 0);
	tcp_frame(f, 1515, 1);
	n = tx_message(section_at(1), f, 1515, RNDIS_WIRE_PPI_HASH_VALUE, 0);
	section(&t.ends[0], 0, 1, n);
	n = tx_message(section_at(1), f, 13, RNDIS_WIRE_PPI_HASH_VALUE, 0);
	section(&t.ends[0], 0, 1, n);
	assert_int_equal(drops(NETVSP_DROP_TX_BAD_LENGTH), 2);
	n = tx_message(section_at(1), f, 1514, RNDIS_WIRE_PPI_HASH_VALUE, 0);
	section(&t.ends[0], 0, 1, n);
	assert_int_equal(t.frames, 1);
}

/* A back end that takes nothing: frames queue up, then the ring is left alone. */
static void back_pressure(void **state)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_DATA, 1, 0 } };
	struct vmbus_ring_control *c;
	unsigned int sent = 0, answered = 0;
	uint8_t f[100];

	up(NVSP_VERSION_6_1, 0);
	c = (void *)t.ends[0].out;
	tcp_frame(f, sizeof(f), 1);
	m.rndis.section_size = tx_message(section_at(1), f, sizeof(f), RNDIS_WIRE_PPI_HASH_VALUE, 0);
	t.busy = true;
	while (!t.nic->tx_blocked) {
		put(&t.ends[0], VMBUS_PKT_DATA_INBAND, 1, ++sent, NULL, 0, &m, sizeof(m));
		kick(&t.ends[0]);
		while (get(&t.ends[0]))
			answered++;
		assert_true(sent < 2 * NETVSP_TX_QUEUE);
	}
	assert_int_equal(sent, NETVSP_TX_QUEUE);
	assert_int_equal(answered, sent);
	for (int i = 0; i < 20; i++)
		put(&t.ends[0], VMBUS_PKT_DATA_INBAND, 1, ++sent, NULL, 0, &m, sizeof(m));
	kick(&t.ends[0]);
	nothing(&t.ends[0]);
	assert_int_not_equal(c->read_index, c->write_index);
	t.busy = false;
	netvsp_tx_drain(t.nic);
	while (get(&t.ends[0]))
		answered++;
	assert_int_equal(answered, sent);
	assert_int_equal(t.frames, sent);
	assert_int_equal(c->read_index, c->write_index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_frames_in_a_section),
		TEST(large_send_from_pages),
		TEST(offloads_that_are_off),
		TEST(back_pressure),
	};

	return cmocka_run_group_tests_name("netvsp_tx", tests, NULL, NULL);
}
