// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS messages of a guest that counts right, and of one that is off by a byte each time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hvic/network.h"
#include "vsp/rndis.h"

static struct rndis_nic nic;
static uint8_t reply[RNDIS_REPLY_MAX];

static int setup(void **state)
{
	memset(&nic, 0, sizeof(nic));
	memcpy(nic.permanent_mac, "\x00\x15\x5d\x01\x02\x03", 6);
	nic.max_frame = 1514;
	nic.link_speed = 10000000000ull;
	nic.link_up = true;
	nic.nvsp_version = NVSP_VERSION_6_1;
	nic.ndis_minor = 30;
	nic.max_channels = 4;
	memcpy(nic.mac, nic.permanent_mac, 6);
	rndis_nic_reset(&nic);
	return 0;
}

/* Runs a message in a buffer of exactly its size, so that a read past it is seen. */
static int run(const void *msg, size_t len, size_t *reply_len)
{
	uint8_t *copy = malloc(len);
	int ret;

	memcpy(copy, msg, len);
	memset(reply, 0xee, sizeof(reply));
	*reply_len = 0;
	ret = rndis_request(&nic, copy, len, reply, reply_len);
	free(copy);
	return ret;
}

static uint32_t initialize(uint32_t major)
{
	struct rndis_wire_initialize msg = { { RNDIS_WIRE_INITIALIZE, sizeof(msg) }, 7, major, 0,
					     0x4000 };
	const struct rndis_wire_initialize_complete *done = (void *)reply;
	size_t len;

	assert_int_equal(run(&msg, sizeof(msg), &len), 0);
	assert_int_equal(len, sizeof(*done));
	assert_int_equal(done->header.type, RNDIS_WIRE_INITIALIZE_COMPLETE);
	assert_int_equal(done->header.len, len);
	assert_int_equal(done->request_id, 7);
	assert_int_equal(done->max_packets_per_msg, 8);
	assert_int_equal(done->alignment_factor, 3);
	return done->status;
}

/* Return: the status; the answer's buffer is in *out. */
static uint32_t query(uint32_t oid, const void *in, size_t in_len, const void **out, size_t *len)
{
	struct {
		struct rndis_wire_request req;
		uint8_t info[256];
	} msg = { .req = { { RNDIS_WIRE_QUERY, sizeof(msg.req) + in_len }, 9, oid, in_len, 20,
			   0 } };
	const struct rndis_wire_query_complete *done = (void *)reply;
	size_t reply_len;

	memcpy(msg.info, in ? in : "", in_len);
	assert_int_equal(run(&msg, sizeof(msg.req) + in_len, &reply_len), 0);
	assert_int_equal(done->header.type, RNDIS_WIRE_QUERY_COMPLETE);
	assert_int_equal(done->header.len, reply_len);
	assert_int_equal(done->request_id, 9);
	assert_int_equal(reply_len, sizeof(*done) + done->info_len);
	if (done->info_len)
		assert_int_equal(done->info_offset, 16);
	*out = reply + sizeof(*done);
	*len = done->info_len;
	return done->status;
}

static uint32_t set(uint32_t oid, const void *in, size_t in_len)
{
	struct {
		struct rndis_wire_request req;
		uint8_t info[1024];
	} msg = { .req = { { RNDIS_WIRE_SET, sizeof(msg.req) + in_len }, 5, oid, in_len, 20, 0 } };
	const struct rndis_wire_set_complete *done = (void *)reply;
	size_t len;

	memcpy(msg.info, in, in_len);
	assert_int_equal(run(&msg, sizeof(msg.req) + in_len, &len), 0);
	assert_int_equal(len, sizeof(*done));
	assert_int_equal(done->request_id, 5);
	return done->status;
}

static uint32_t query_u32(uint32_t oid)
{
	const void *out;
	size_t len;
	uint32_t v;

	assert_int_equal(query(oid, NULL, 0, &out, &len), 0);
	assert_int_equal(len, 4);
	memcpy(&v, out, 4);
	return v;
}

static void initialize_comes_first(void **state)
{
	struct rndis_wire_keepalive alive = { { RNDIS_WIRE_KEEPALIVE, sizeof(alive) }, 3 };
	struct rndis_wire_halt halt = { { RNDIS_WIRE_HALT, sizeof(halt) }, 4 };
	const struct rndis_wire_keepalive_complete *done = (void *)reply;
	uint32_t filter = 1;
	const void *out;
	size_t len;

	assert_int_equal(query(RNDIS_WIRE_OID_LINK_SPEED, NULL, 0, &out, &len),
			 RNDIS_WIRE_STATUS_FAILURE);
	assert_int_equal(set(RNDIS_WIRE_OID_PACKET_FILTER, &filter, 4), RNDIS_WIRE_STATUS_FAILURE);
	assert_int_equal(nic.packet_filter, 0);
	assert_int_equal(initialize(2), RNDIS_WIRE_STATUS_BAD_VERSION);
	assert_int_equal(nic.state, RNDIS_UNINITIALIZED);
	assert_int_equal(initialize(1), 0);
	assert_int_equal(initialize(1), RNDIS_WIRE_STATUS_FAILURE);
	assert_int_equal(nic.state, RNDIS_INITIALIZED);
	assert_int_equal(run(&alive, sizeof(alive), &len), 0);
	assert_int_equal(done->status, 0);
	assert_int_equal(done->request_id, 3);
	assert_int_equal(set(RNDIS_WIRE_OID_PACKET_FILTER, &filter, 4), 0);
	assert_int_equal(run(&halt, sizeof(halt), &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(nic.state, RNDIS_UNINITIALIZED);
	assert_int_equal(nic.packet_filter, 0);
}

static void reset_clears_addressing(void **state)
{
	struct rndis_wire_reset msg = { { RNDIS_WIRE_RESET, sizeof(msg) }, 0 };
	const struct rndis_wire_reset_complete *done = (void *)reply;
	uint32_t filter = 9;
	size_t len;

	initialize(1);
	set(RNDIS_WIRE_OID_PACKET_FILTER, &filter, 4);
	assert_int_equal(run(&msg, sizeof(msg), &len), 0);
	assert_int_equal(len, sizeof(*done));
	assert_int_equal(done->addressing_reset, 1);
	assert_int_equal(nic.packet_filter, 0);
	assert_int_equal(nic.state, RNDIS_INITIALIZED);
}

/* Each control message with one byte less than its least size, and unknown ones. */
static void control_lengths(void **state)
{
	static const struct {
		uint32_t type;
		size_t size;
	} kinds[] = {
		{ RNDIS_WIRE_INITIALIZE, 24 }, { RNDIS_WIRE_HALT, 12 }, { RNDIS_WIRE_QUERY, 28 },
		{ RNDIS_WIRE_SET, 28 }, { RNDIS_WIRE_RESET, 12 }, { RNDIS_WIRE_KEEPALIVE, 12 },
	};
	uint8_t buf[64] = { 0 };
	struct rndis_wire_header *h = (void *)buf;
	size_t len;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		h->type = kinds[i].type;
		h->len = kinds[i].size - 1;
		assert_int_equal(run(buf, kinds[i].size - 1, &len), -EBADMSG);
		h->len = kinds[i].size;
		assert_int_equal(run(buf, kinds[i].size, &len), 0);
		h->len = kinds[i].size + 1;
		assert_int_equal(run(buf, kinds[i].size + 1, &len), 0);
	}
	for (uint32_t type = 9; type < 20; type++) {
		h->type = type;
		assert_int_equal(run(buf, 40, &len), -EBADMSG);
	}
	h->type = RNDIS_WIRE_INDICATE_STATUS;
	assert_int_equal(run(buf, 40, &len), -EBADMSG);
}

static void cut_messages(void **state)
{
	uint8_t buf[32] = { 0 };
	struct rndis_wire_header *h = (void *)buf;
	uint32_t type;

	h->type = 42;
	h->len = 16;
	assert_int_equal(rndis_next_message(buf, 7, &type), -EBADMSG);
	assert_int_equal(rndis_next_message(buf, 15, &type), -EBADMSG);
	assert_int_equal(rndis_next_message(buf, 16, &type), 16);
	assert_int_equal(rndis_next_message(buf, 17, &type), 16);
	assert_int_equal(type, 42);
	h->len = 7;
	assert_int_equal(rndis_next_message(buf, 32, &type), -EBADMSG);
	h->len = 8;
	assert_int_equal(rndis_next_message(buf, 32, &type), 8);
	h->len = 0xffffffff;
	assert_int_equal(rndis_next_message(buf, 32, &type), -EBADMSG);
}

/* The buffer of a request: offset and length one short, one long, and wrapping. */
static void request_buffers(void **state)
{
	struct {
		struct rndis_wire_request req;
		uint32_t filter;
	} __attribute__((packed)) msg;
	const struct rndis_wire_set_complete *done = (void *)reply;
	static const struct {
		uint32_t len, offset, status;
	} cases[] = {
		{ 4, 20, 0 }, { 3, 20, RNDIS_WIRE_STATUS_INVALID_LENGTH },
		{ 5, 20, RNDIS_WIRE_STATUS_INVALID_LENGTH }, { 4, 19, RNDIS_WIRE_STATUS_INVALID_LENGTH },
		{ 4, 21, RNDIS_WIRE_STATUS_INVALID_LENGTH }, { 4, 0, RNDIS_WIRE_STATUS_INVALID_LENGTH },
		{ 4, 0xfffffff8, RNDIS_WIRE_STATUS_INVALID_LENGTH },
		{ 0xffffffff, 20, RNDIS_WIRE_STATUS_INVALID_LENGTH },
		{ 0, 0, RNDIS_WIRE_STATUS_INVALID_LENGTH },
	};
	size_t len;

	initialize(1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		nic.packet_filter = 0;
		memset(&msg, 0, sizeof(msg));
		msg.req.header.type = RNDIS_WIRE_SET;
		msg.req.header.len = sizeof(msg);
		msg.req.oid = RNDIS_WIRE_OID_PACKET_FILTER;
		msg.req.info_len = cases[i].len;
		msg.req.info_offset = cases[i].offset;
		msg.filter = 0x29;
		assert_int_equal(run(&msg, sizeof(msg), &len), 0);
		assert_int_equal(done->status, cases[i].status);
		assert_int_equal(nic.packet_filter, cases[i].status ? 0 : 0x29);
	}
}

/* ---- packets ---- */

struct tx {
	struct rndis_wire_packet p;
	uint8_t ppis[64];
	uint8_t frame[60];
} __attribute__((packed));

static void make_tx(struct tx *tx)
{
	struct rndis_wire_ppi ppi = { 16, RNDIS_WIRE_PPI_CHECKSUM, 12 };
	uint32_t value = 0x00220005;

	memset(tx, 0, sizeof(*tx));
	tx->p = (struct rndis_wire_packet){ .header = { RNDIS_WIRE_PACKET, sizeof(*tx) },
		.data_offset = 36 + 64, .data_len = 60, .ppi_offset = 36, .ppi_len = 64 };
	for (int i = 0; i < 4; i++) {
		static const uint32_t types[] = { RNDIS_WIRE_PPI_CHECKSUM, RNDIS_WIRE_PPI_LSO,
						  RNDIS_WIRE_PPI_VLAN, RNDIS_WIRE_PPI_HASH_VALUE };

		ppi.type = types[i];
		memcpy(tx->ppis + 16 * i, &ppi, 12);
		value += i;
		memcpy(tx->ppis + 16 * i + 12, &value, 4);
	}
	memset(tx->frame, 0x5a, sizeof(tx->frame));
}

static int parse(const struct tx *tx, size_t len, struct rndis_tx_packet *pkt)
{
	static uint8_t *copy;
	int ret;

	free(copy);
	copy = malloc(len);
	memcpy(copy, tx, len);
	ret = rndis_parse_packet(copy, len, pkt);
	if (!ret && pkt->len) {
		volatile uint8_t touch = pkt->frame[0] ^ pkt->frame[pkt->len - 1];

		(void)touch;
	}
	if (!ret)
		assert_true(pkt->frame >= copy && pkt->frame + pkt->len <= copy + len);
	return ret;
}

static void packets(void **state)
{
	struct rndis_tx_packet pkt;
	struct tx tx;

	make_tx(&tx);
	assert_int_equal(parse(&tx, sizeof(tx), &pkt), 0);
	assert_int_equal(pkt.len, 60);
	assert_int_equal(pkt.frame[59], 0x5a);
	assert_true(pkt.has_csum && pkt.has_lso && pkt.has_vlan && pkt.has_hash);
	assert_int_equal(pkt.csum, 0x220005);
	assert_int_equal(pkt.lso, 0x220006);
	assert_int_equal(pkt.vlan, 0x220008);
	assert_int_equal(pkt.hash, 0x22000b);
	/* One short, everywhere. */
	for (size_t len = 0; len < sizeof(tx); len++)
		assert_int_equal(parse(&tx, len, &pkt), -EBADMSG);

	make_tx(&tx);
	tx.p.ppi_len = 0;
	tx.p.ppi_offset = 0xffff;
	assert_int_equal(parse(&tx, sizeof(tx), &pkt), 0);
	assert_false(pkt.has_csum);
}

/* One field of a good packet at a time. */
static void bad_packets(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} cases[] = {
		{ offsetof(struct tx, p.data_offset), 35 },
		{ offsetof(struct tx, p.data_offset), 101 },
		{ offsetof(struct tx, p.data_offset), 0 },
		{ offsetof(struct tx, p.data_offset), 0xfffffff0 },
		{ offsetof(struct tx, p.data_len), 61 },
		{ offsetof(struct tx, p.data_len), 0xffffffff },
		{ offsetof(struct tx, p.ppi_offset), 35 },
		{ offsetof(struct tx, p.ppi_offset), 97 },
		{ offsetof(struct tx, p.ppi_offset), 0xfffffff0 },
		{ offsetof(struct tx, p.ppi_len), 63 },
		{ offsetof(struct tx, p.ppi_len), 65 },
		{ offsetof(struct tx, p.ppi_len), 125 },
		{ offsetof(struct tx, p.ppi_len), 0xffffffff },
		{ offsetof(struct tx, ppis), 0 },
		{ offsetof(struct tx, ppis), 11 },
		{ offsetof(struct tx, ppis), 15 },
		{ offsetof(struct tx, ppis), 17 },
		{ offsetof(struct tx, ppis), 65 },
		{ offsetof(struct tx, ppis), 0xffffffff },
		{ offsetof(struct tx, ppis) + 8, 11 },
		{ offsetof(struct tx, ppis) + 8, 13 },
		{ offsetof(struct tx, ppis) + 8, 17 },
		{ offsetof(struct tx, ppis) + 8, 0xffffffff },
		{ offsetof(struct tx, ppis) + 48, 15 },
		{ offsetof(struct tx, ppis) + 48, 17 },
	};
	struct rndis_tx_packet pkt;
	struct tx tx;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_tx(&tx);
		memcpy((uint8_t *)&tx + cases[i].at, &cases[i].value, 4);
		assert_int_equal(parse(&tx, sizeof(tx), &pkt), -EBADMSG);
	}
	/* An info that nobody knows is passed over, whatever it holds. */
	make_tx(&tx);
	memcpy(tx.ppis + 4, "\x63\x00\x00\x80\x10\x00\x00\x00", 8);
	assert_int_equal(parse(&tx, sizeof(tx), &pkt), 0);
	assert_false(pkt.has_csum);
	assert_true(pkt.has_lso);
}

static void built_packets_parse(void **state)
{
	struct rndis_rx_info info = { .has_csum = true, .has_vlan = true, .has_hash = true,
				      .csum = 0x28, .vlan = 0x51, .hash = 0xdeadbeef };
	uint8_t buf[RNDIS_RX_HEADER_MAX + 100];
	struct rndis_tx_packet pkt;
	uint32_t type;
	size_t n;

	n = rndis_build_packet(buf, &info, 100);
	assert_int_equal(n, 44 + 3 * 16);
	assert_int_equal(rndis_next_message(buf, n + 100, &type), n + 100);
	assert_int_equal(type, RNDIS_WIRE_PACKET);
	assert_int_equal(rndis_parse_packet(buf, n + 100, &pkt), 0);
	assert_ptr_equal(pkt.frame, buf + n);
	assert_int_equal(pkt.len, 100);
	assert_int_equal(pkt.csum, 0x28);
	assert_int_equal(pkt.vlan, 0x51);
	assert_int_equal(pkt.hash, 0xdeadbeef);
	memset(&info, 0, sizeof(info));
	n = rndis_build_packet(buf, &info, 100);
	assert_int_equal(n, 44);
	assert_int_equal(rndis_parse_packet(buf, n + 100, &pkt), 0);
	assert_false(pkt.has_csum || pkt.has_vlan || pkt.has_hash);
}

/* ---- objects ---- */

static void plain_objects(void **state)
{
	const void *out;
	size_t len, i;
	bool found = false;

	initialize(1);
	assert_int_equal(query_u32(RNDIS_WIRE_OID_MAXIMUM_FRAME_SIZE), 1500);
	assert_int_equal(query_u32(RNDIS_WIRE_OID_MAXIMUM_TOTAL_SIZE), 1514);
	assert_int_equal(query_u32(RNDIS_WIRE_OID_LINK_SPEED), 100000000);
	assert_int_equal(query_u32(RNDIS_WIRE_OID_MEDIA_CONNECT_STATUS), 0);
	nic.link_up = false;
	assert_int_equal(query_u32(RNDIS_WIRE_OID_MEDIA_CONNECT_STATUS), 1);
	assert_int_equal(query(RNDIS_WIRE_OID_PERMANENT_ADDRESS, NULL, 0, &out, &len), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(out, nic.permanent_mac, 6);
	assert_int_equal(query(RNDIS_WIRE_OID_FRIENDLY_NAME, NULL, 0, &out, &len), 0);
	assert_int_equal(len, 512);
	assert_int_equal(query(0x12345678, NULL, 0, &out, &len), RNDIS_WIRE_STATUS_INVALID_OID);
	assert_int_equal(query(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, NULL, 0, &out, &len),
			 RNDIS_WIRE_STATUS_NOT_SUPPORTED);
	/* What the list names can be asked for, in the version that lists it. */
	assert_int_equal(query(RNDIS_WIRE_OID_SUPPORTED_LIST, NULL, 0, &out, &len), 0);
	for (i = 0; i < len / 4; i++)
		found |= ((const uint32_t *)out)[i] == RNDIS_WIRE_OID_RSS_CAPABILITIES;
	assert_true(found);
	nic.ndis_minor = 1;
	assert_int_equal(query(RNDIS_WIRE_OID_RSS_CAPABILITIES, NULL, 0, &out, &len),
			 RNDIS_WIRE_STATUS_INVALID_OID);
}

static void offload_revisions(void **state)
{
	static const struct {
		uint32_t version;
		uint8_t asked, revision;
		uint16_t size;
	} cases[] = {
		{ NVSP_VERSION_6_1, 3, 3, 156 }, { NVSP_VERSION_5, 3, 3, 156 },
		{ NVSP_VERSION_4, 2, 2, 144 }, { NVSP_VERSION_2, 1, 1, 112 },
		{ NVSP_VERSION_6_1, 1, 1, 112 }, { NVSP_VERSION_1, 3, 1, 112 },
	};
	const void *out;
	size_t len;

	initialize(1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rndis_wire_offload ask = { .header = { RNDIS_WIRE_OBJECT_OFFLOAD,
							      cases[i].asked, cases[i].size } };
		struct rndis_wire_offload got = { .flags = 0 };

		nic.nvsp_version = cases[i].version;
		assert_int_equal(query(RNDIS_WIRE_OID_OFFLOAD_CAPABILITIES, &ask, sizeof(ask), &out,
				       &len), 0);
		assert_int_equal(len, cases[i].size);
		memcpy(&got, out, len);
		assert_int_equal(got.header.type, RNDIS_WIRE_OBJECT_OFFLOAD);
		assert_int_equal(got.header.revision, cases[i].revision);
		assert_int_equal(got.header.size, cases[i].size);
		assert_int_equal(got.csum.ipv4_tx, 0x155);
		assert_int_equal(got.csum.ipv6_rx, 0x055);
		assert_int_equal(got.lso_v2.ipv4_max_size, 0xf53c);
		assert_int_equal(got.lso_v2.ipv6_flags, 5);
		assert_int_equal(got.rsc_ipv4, 0);
	}
}

static void offload_parameters(void **state)
{
	struct rndis_wire_offload_params p = { .header = { RNDIS_WIRE_OBJECT_DEFAULT, 3, 28 } };
	struct rndis_wire_offload got = { .flags = 0 };
	const void *out;
	size_t len;

	initialize(1);
	p.tcp4_csum = RNDIS_WIRE_OFFLOAD_RX;
	p.lso_v2_ipv6 = RNDIS_WIRE_OFFLOAD_OFF;
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 28), 0);
	assert_int_equal(nic.offloads.tcp4_csum, RNDIS_CSUM_RX);
	assert_int_equal(nic.offloads.udp4_csum, RNDIS_CSUM_TX | RNDIS_CSUM_RX);
	assert_true(nic.offloads.lso_ipv4);
	assert_false(nic.offloads.lso_ipv6);
	query(RNDIS_WIRE_OID_OFFLOAD_CURRENT, NULL, 0, &out, &len);
	memcpy(&got, out, len);
	assert_int_equal(got.csum.ipv4_tx, 0x141);
	assert_int_equal(got.csum.ipv4_rx, 0x155);
	assert_int_equal(got.lso_v2.ipv6_encap, 0);
	/* The size that guests use before NVSP 5, with the revision that they name. */
	p.header.size = 22;
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 22), 0);
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 21),
			 RNDIS_WIRE_STATUS_INVALID_DATA);
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 19),
			 RNDIS_WIRE_STATUS_INVALID_LENGTH);
	p.udp6_csum = 5;
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 28),
			 RNDIS_WIRE_STATUS_INVALID_DATA);
	p.udp6_csum = 0;
	p.rsc_ipv4 = RNDIS_WIRE_OFFLOAD_OFF;
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 28), 0);
	p.rsc_ipv4 = RNDIS_WIRE_OFFLOAD_ON;
	p.lso_v2_ipv6 = RNDIS_WIRE_OFFLOAD_ON;
	assert_int_equal(set(RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, &p, 28),
			 RNDIS_WIRE_STATUS_NOT_SUPPORTED);
	assert_false(nic.offloads.lso_ipv6);
}

struct rss_msg {
	struct rndis_wire_rss_params p;
	uint32_t table[128];
	uint8_t key[40];
} __attribute__((packed));

static void make_rss(struct rss_msg *m, unsigned int entries)
{
	memset(m, 0, sizeof(*m));
	m->p.header = (struct rndis_wire_object){ RNDIS_WIRE_OBJECT_RSS_PARAMETERS, 2, 40 };
	m->p.hash_info = RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_HASH_TCP_IPV4;
	m->p.table_size = entries * 4;
	m->p.table_offset = 40;
	m->p.key_size = 40;
	m->p.key_offset = offsetof(struct rss_msg, key);
	for (unsigned int i = 0; i < 128; i++)
		m->table[i] = i % 4;
	memset(m->key, 0x77, 40);
}

static void rss_parameters(void **state)
{
	struct rss_msg m;

	initialize(1);
#define RSS(status) \
	assert_int_equal(set(RNDIS_WIRE_OID_RSS_PARAMETERS, &m, sizeof(m)), status)
	make_rss(&m, 128);
	RSS(0);
	assert_true(nic.rss.enabled);
	assert_int_equal(nic.rss.table_len, 128);
	assert_int_equal(nic.rss.table[127], 3);
	assert_int_equal(nic.rss.key[39], 0x77);
	make_rss(&m, 7);	/* uneven */
	RSS(0);
	assert_int_equal(nic.rss.table_len, 7);
	make_rss(&m, 0);
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 129);
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.table[5] = 4;		/* there are four channels */
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.key_size = 39;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.key_offset++;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.key_offset = 0xffffffff;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.table_offset = 81;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.table_size = 6;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	make_rss(&m, 128);
	m.p.header.type = 0x88;
	RSS(RNDIS_WIRE_STATUS_INVALID_DATA);
	assert_true(nic.rss.enabled);
	assert_int_equal(nic.rss.table_len, 7);
	make_rss(&m, 128);
	m.p.flags = RNDIS_WIRE_RSS_TABLE_UNCHANGED | RNDIS_WIRE_RSS_KEY_UNCHANGED;
	m.p.key_size = 0;
	RSS(0);
	assert_int_equal(nic.rss.table_len, 7);
	m.p.flags = RNDIS_WIRE_RSS_DISABLE;
	RSS(0);
	assert_false(nic.rss.enabled);
}

static void network_address(void **state)
{
	struct {
		struct rndis_wire_config_param p;
		uint16_t name[14];
		uint16_t value[12];
	} __attribute__((packed)) m = { .p = { 20, 28, RNDIS_WIRE_CONFIG_STRING, 48, 24 } };
	static const char name[] = "NetworkAddress", value[] = "00155dA0b1C2";
	const uint8_t mac[] = { 0x00, 0x15, 0x5d, 0xa0, 0xb1, 0xc2 };

	initialize(1);
	for (int i = 0; i < 14; i++)
		m.name[i] = name[i];
	for (int i = 0; i < 12; i++)
		m.value[i] = value[i];
#define SET(len, status) \
	assert_int_equal(set(RNDIS_WIRE_OID_CONFIG_PARAMETER, &m, len), status)
	SET(sizeof(m), 0);
	assert_memory_equal(nic.mac, mac, 6);
	assert_memory_not_equal(nic.permanent_mac, mac, 6);
	SET(sizeof(m) - 1, RNDIS_WIRE_STATUS_INVALID_LENGTH);
	SET(19, RNDIS_WIRE_STATUS_INVALID_LENGTH);
	rndis_nic_reset(&nic);	/* the channel was closed and opened again */
	assert_memory_equal(nic.mac, mac, 6);
	initialize(1);
	m.value[0] = 'g';
	SET(sizeof(m), RNDIS_WIRE_STATUS_INVALID_DATA);
	m.value[0] = '0' | 0x100;
	SET(sizeof(m), RNDIS_WIRE_STATUS_INVALID_DATA);
	m.value[0] = '0';
	m.value[1] = '1';	/* a group address */
	SET(sizeof(m), RNDIS_WIRE_STATUS_INVALID_DATA);
	m.value[1] = '0';
	m.name[0] = 'M';
	SET(sizeof(m), RNDIS_WIRE_STATUS_NOT_SUPPORTED);
	m.name[0] = 'N';
	m.p.value_offset = 0xfffffff0;
	SET(sizeof(m), RNDIS_WIRE_STATUS_INVALID_LENGTH);
	assert_memory_equal(nic.mac, mac, 6);
}

static void multicast_list(void **state)
{
	uint8_t list[33 * 6] = { 1, 0, 0x5e, 0, 0, 1 };

	initialize(1);
	assert_int_equal(set(RNDIS_WIRE_OID_MULTICAST_LIST, list, 32 * 6), 0);
	assert_int_equal(nic.nr_multicast, 32);
	assert_int_equal(set(RNDIS_WIRE_OID_MULTICAST_LIST, list, 33 * 6),
			 RNDIS_WIRE_STATUS_MULTICAST_FULL);
	assert_int_equal(set(RNDIS_WIRE_OID_MULTICAST_LIST, list, 7),
			 RNDIS_WIRE_STATUS_INVALID_LENGTH);
	assert_int_equal(nic.nr_multicast, 32);
	assert_int_equal(set(RNDIS_WIRE_OID_MULTICAST_LIST, list, 0), 0);
	assert_int_equal(nic.nr_multicast, 0);
}

static void indications(void **state)
{
	const struct rndis_wire_indicate_status *msg = (void *)reply;
	uint32_t speed = 4711;

	assert_int_equal(rndis_build_status(reply, RNDIS_WIRE_STATUS_MEDIA_CONNECT, NULL, 0), 20);
	assert_int_equal(msg->header.type, RNDIS_WIRE_INDICATE_STATUS);
	assert_int_equal(msg->header.len, 20);
	assert_int_equal(msg->info_len, 0);
	assert_int_equal(rndis_build_status(reply, RNDIS_WIRE_STATUS_LINK_SPEED_CHANGE, &speed, 4),
			 24);
	assert_int_equal(msg->info_offset, 12);
	assert_memory_equal(reply + 8 + 12, &speed, 4);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(initialize_comes_first),
		TEST(reset_clears_addressing),
		TEST(control_lengths),
		TEST(cut_messages),
		TEST(request_buffers),
		TEST(packets),
		TEST(bad_packets),
		TEST(built_packets_parse),
		TEST(plain_objects),
		TEST(offload_revisions),
		TEST(offload_parameters),
		TEST(rss_parameters),
		TEST(network_address),
		TEST(multicast_list),
		TEST(indications),
	};

	return cmocka_run_group_tests_name("rndis", tests, NULL, NULL);
}
