/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of the network VSP, through real channels: rings, negotiation, buffers, RNDIS and
 * frames. A program that includes this includes fake_guest.h first. One include a program.
 */
#ifndef HVHOST_TESTS_NETVSP_GUEST_H
#define HVHOST_TESTS_NETVSP_GUEST_H

#include "fake_guest.h"

#include "vsp/netvsp_internal.h"

#define CONN_ID(relid)	((relid) | 2u << 12)
#define RING_DATA	(3u * 4096u)
#define RECV_PFN	100u
#define RECV_PAGES	32u
#define SEND_PFN	150u
#define SEND_PAGES	6u
#define PAGE_PFN	160u	/* for GPA-direct packets */
#define SLOTS		(RECV_PAGES * 4096u / 1808u)

/* The guest's end of a channel: pages of the ring pair and the index it reads at. */
struct end {
	uint32_t relid;
	uint8_t *out, *in;
	uint32_t read;
};

struct got {		/* a packet from the host */
	struct vmbus_pkt_header head;
	uint8_t bytes[8192];	/* descriptor's rest and payload */
	uint32_t hdr_len, len;
	const struct nvsp_msg *msg;
};

static struct {
	struct netvsp *nic;
	struct vmbus_device *dev;
	struct end ends[4];
	struct got got;
	/* the back end */
	struct net_backend be;
	bool busy;
	unsigned int frames;
	uint8_t last[NET_FRAME_MAX];
	size_t last_len;
	uint32_t order_errors;
} t;

static inline int be_send(struct net_backend *be, const void *frame, size_t len)
{
	if (t.busy)
		return -EAGAIN;
	memcpy(t.last, frame, len);
	t.last_len = len;
	t.frames++;
	return 0;
}

static inline void be_destroy(struct net_backend *be)
{
}

static const struct net_backend_ops be_ops = { .name = "test", .send = be_send,
					       .destroy = be_destroy };

/* ---- rings ---- */

static inline void put(struct end *e, uint16_t type, uint16_t flags, uint64_t xid, const void *hdr,
		uint32_t hdr_len, const void *data, uint32_t len)
{
	struct vmbus_ring_control *c = (void *)e->out;
	uint32_t total = 16 + hdr_len + ((len + 7) & ~7u), at = c->write_index, i;
	uint8_t *buf = calloc(1, total + 8);
	struct vmbus_pkt_header head = { .type = type, .offset8 = (16 + hdr_len) / 8,
					 .len8 = total / 8, .flags = flags, .xid = xid };

	memcpy(buf, &head, 16);
	if (hdr_len)
		memcpy(buf + 16, hdr, hdr_len);
	memcpy(buf + 16 + hdr_len, data, len);
	for (i = 0; i < total + 8; i++)
		e->out[4096 + (at + i) % RING_DATA] = buf[i];
	c->write_index = (at + total + 8) % RING_DATA;
	free(buf);
}

static inline void kick(struct end *e)
{
	vmbus_signal_event(fake.server, CONN_ID(e->relid), 0);
	fake_run();
}

static inline bool get(struct end *e)
{
	struct vmbus_ring_control *c = (void *)e->in;
	uint32_t total, i;

	fake_run();
	if (c->write_index == e->read)
		return false;
	for (i = 0; i < 16; i++)
		((uint8_t *)&t.got.head)[i] = e->in[4096 + (e->read + i) % RING_DATA];
	total = t.got.head.len8 * 8u;
	assert_true(total <= sizeof(t.got.bytes));
	for (i = 16; i < total; i++)
		t.got.bytes[i - 16] = e->in[4096 + (e->read + i) % RING_DATA];
	e->read = (e->read + total + 8) % RING_DATA;
	c->read_index = e->read;
	t.got.hdr_len = t.got.head.offset8 * 8u - 16;
	t.got.len = total - 16 - t.got.hdr_len;
	t.got.msg = (const void *)(t.got.bytes + t.got.hdr_len);
	return true;
}

static inline void nothing(struct end *e)
{
	assert_false(get(e));
}

/* Sends a message and takes its completion; returns the completion's type, 0 if empty. */
static inline uint32_t ask(struct end *e, const struct nvsp_msg *msg, uint32_t len)
{
	static uint64_t xid = 100;

	put(e, VMBUS_PKT_DATA_INBAND, 1, ++xid, NULL, 0, msg, len);
	kick(e);
	assert_true(get(e));
	while (t.got.head.type != VMBUS_PKT_COMPLETION)
		assert_true(get(e));
	assert_int_equal(t.got.head.xid, xid);
	return t.got.len ? t.got.msg->header.type : 0;
}

static inline void tell(struct end *e, const struct nvsp_msg *msg, uint32_t len)
{
	put(e, VMBUS_PKT_DATA_INBAND, 0, 0, NULL, 0, msg, len);
	kick(e);
}

/* ---- bring-up ---- */

static inline void attach(unsigned int i, uint32_t relid)
{
	uint64_t pfn = 16 + 8 * i;

	t.ends[i] = (struct end){ relid, fake.ram + pfn * 4096, fake.ram + (pfn + 4) * 4096, 0 };
	fake_open(relid, 10 + i, pfn);
}

static inline int setup(void **state)
{
	struct error err;

	fake_start(VMBUS_WIRE_V5_3);
	memset(&t, 0, sizeof(t));
	t.nic = netvsp_new(fake.loop, "none,queues=4,mac=00:15:5d:00:00:07", 0, 0, &err);
	assert_non_null(t.nic);
	net_backend_free(t.nic->backend);
	t.be.ops = &be_ops;
	t.nic->backend = &t.be;
	t.dev = vmbus_device_add(fake.server, fake.loop, &netvsp_ops, NULL, t.nic, &err);
	assert_non_null(t.dev);
	fake_connect(1);
	attach(0, 1);
	assert_int_equal(fake_gpadl(1, 20, RECV_PFN, RECV_PAGES), 0);
	assert_int_equal(fake_gpadl(1, 21, SEND_PFN, SEND_PAGES), 0);
	return 0;
}

static inline int teardown(void **state)
{
	fake_stop();
	return 0;
}

static inline uint32_t init(uint32_t version)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_INIT,
			      .init = { version, version } };

	assert_int_equal(ask(&t.ends[0], &m, 12), NVSP_MSG_INIT_COMPLETE);
	return t.got.msg->init_complete.status;
}

static inline uint32_t recv_buf(uint32_t handle)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RECV_BUF,
			      .recv_buf = { .gpadl = handle, .id = 0xcafe } };

	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SEND_RECV_BUF_COMPLETE);
	return t.got.msg->recv_buf_complete.status;
}

static inline uint32_t send_buf(uint32_t handle)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_SEND_BUF,
			      .send_buf = { .gpadl = handle, .id = 3 } };

	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SEND_SEND_BUF_COMPLETE);
	return t.got.msg->send_buf_complete.status;
}

static inline void config(uint32_t frame, uint64_t caps)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_NDIS_CONFIG,
			      .ndis_config = { .mtu = frame, .capabilities = caps } };
	struct nvsp_msg v = { .header.type = NVSP_MSG_SEND_NDIS_VERSION, .ndis_version = { 6, 30 } };

	tell(&t.ends[0], &m, sizeof(m));
	tell(&t.ends[0], &v, sizeof(v));
}

/* ---- RNDIS over the send buffer or pages ---- */

/* Sends @len bytes that lie in section @index already. Return: the completion's status. */
static inline uint32_t section(struct end *e, uint32_t channel, uint32_t index, uint32_t len)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { channel, index, len } };

	assert_int_equal(ask(e, &m, sizeof(m)), NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE);
	return t.got.msg->rndis_complete.status;
}

static inline uint8_t *section_at(uint32_t index)
{
	return fake.ram + SEND_PFN * 4096 + index * 6144;
}

/* The guest has read the packet in t.got. */
static inline void complete(struct end *e, uint64_t xid)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE,
			      .rndis_complete.status = NVSP_STATUS_SUCCESS };

	put(e, VMBUS_PKT_COMPLETION, 0, xid, NULL, 0, &m, 8);
	kick(e);
}

/* A transfer-page packet came: range @i of it. */
static inline const uint8_t *range(unsigned int i, uint32_t *len)
{
	const struct nvsp_xfer_header *h = (const void *)t.got.bytes;
	const struct nvsp_xfer_range *r = (const void *)(h + 1);

	assert_int_equal(t.got.head.type, VMBUS_PKT_DATA_USING_XFER_PAGES);
	assert_int_equal(h->page_set_id, 0xcafe);
	assert_true(i < h->range_count);
	assert_int_equal(t.got.hdr_len, 8 + 8 * h->range_count);
	assert_true(r[i].byte_offset % 1808 == 0 && r[i].byte_count <= 1808);
	*len = r[i].byte_count;
	return fake.ram + RECV_PFN * 4096 + r[i].byte_offset;
}

static inline int parse_range(unsigned int i, struct rndis_tx_packet *pkt)
{
	uint32_t len;
	const uint8_t *p = range(i, &len);

	return rndis_parse_packet(p, len, pkt);
}

static inline uint32_t ranges(void)
{
	return ((const struct nvsp_xfer_header *)t.got.bytes)->range_count;
}

/* Takes a control answer: type, and its status word at @at. */
static inline uint32_t rndis_answer(uint32_t type, unsigned int at)
{
	uint32_t len, v[16];

	assert_true(get(&t.ends[0]));
	memcpy(v, range(0, &len), 64);
	assert_int_equal(t.got.msg->rndis.channel_type, NVSP_CHANNEL_CONTROL);
	assert_int_equal(v[0], type);
	complete(&t.ends[0], t.got.head.xid);
	return v[at];
}

static inline void rndis_init(void)
{
	struct rndis_wire_initialize m = { { RNDIS_WIRE_INITIALIZE, sizeof(m) }, 1, 1, 0, 0x4000 };

	memcpy(section_at(0), &m, sizeof(m));
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_CONTROL, 0, sizeof(m)), 1);
}

static inline uint32_t set(uint32_t oid, const void *info, uint32_t len)
{
	struct rndis_wire_request m = { { RNDIS_WIRE_SET, sizeof(m) + len }, 2, oid, len, 20, 0 };
	struct nvsp_msg n = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_CONTROL, 0, sizeof(m) + len } };

	memcpy(section_at(0), &m, sizeof(m));
	memcpy(section_at(0) + sizeof(m), info, len);
	put(&t.ends[0], VMBUS_PKT_DATA_INBAND, 0, 0, NULL, 0, &n, sizeof(n));
	kick(&t.ends[0]);
	return rndis_answer(RNDIS_WIRE_SET_COMPLETE, 3);
}

static inline void filter(uint32_t bits)
{
	assert_int_equal(set(RNDIS_WIRE_OID_PACKET_FILTER, &bits, 4), 0);
}

/* RNDIS begins, and its answer is read. */
static inline void begin_rndis(void)
{
	struct rndis_wire_initialize m = { { RNDIS_WIRE_INITIALIZE, sizeof(m) }, 1, 1, 0, 0x4000 };
	struct nvsp_msg n = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_CONTROL, 0, sizeof(m) } };

	memcpy(section_at(0), &m, sizeof(m));
	tell(&t.ends[0], &n, sizeof(n));
	assert_int_equal(rndis_answer(RNDIS_WIRE_INITIALIZE_COMPLETE, 3), 0);
}

static inline void up(uint32_t version, uint64_t caps)
{
	assert_int_equal(init(version), NVSP_STATUS_SUCCESS);
	config(1514, caps);
	assert_int_equal(recv_buf(20), NVSP_STATUS_SUCCESS);
	assert_int_equal(send_buf(21), NVSP_STATUS_SUCCESS);
	begin_rndis();
	filter(RNDIS_WIRE_FILTER_DIRECTED | RNDIS_WIRE_FILTER_BROADCAST |
	       RNDIS_WIRE_FILTER_ALL_MULTICAST);
}

/* An IPv4 TCP frame to the guest (or from it) of @len bytes, ports by @flow. */
static inline void tcp_frame(uint8_t *f, size_t len, uint16_t flow)
{
	memset(f, 0, len);
	memcpy(f, "\x00\x15\x5d\x00\x00\x07\x02\x00\x00\x00\x00\x01\x08\x00", 14);
	f[14] = 0x45;
	f[16] = (len - 14) >> 8;
	f[17] = len - 14;
	f[22] = 64;
	f[23] = 6;
	memcpy(f + 26, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	f[34] = flow >> 8;
	f[35] = flow;
	f[37] = 80;
	f[46] = 0x50;
	assert_int_equal(frame_fill_checksums(f, len, RNDIS_WIRE_CSUM_TX_IPV4 |
			 RNDIS_WIRE_CSUM_TX_TCP | RNDIS_WIRE_CSUM_TX_IP_HEADER), 0);
}

/* An RNDIS packet with one info at @p. Return: its length, rounded up to 8. */
static inline size_t tx_message(uint8_t *p, const uint8_t *frame, size_t len, uint32_t type,
			 uint32_t value)
{
	struct rndis_wire_packet m = { .header = { RNDIS_WIRE_PACKET, (60 + len + 7) & ~7u },
		.data_offset = 52, .data_len = len, .ppi_offset = 36, .ppi_len = 16 };
	struct rndis_wire_ppi ppi = { 16, type, 12 };

	memcpy(p, &m, 44);
	memcpy(p + 44, &ppi, 12);
	memcpy(p + 56, &value, 4);
	memcpy(p + 60, frame, len);
	return (60 + len + 7) & ~7u;
}

static inline uint64_t drops(enum netvsp_drop why)
{
	return t.nic->drops[why];
}

static inline void deliver(size_t len, uint16_t flow)
{
	uint8_t f[2000];

	tcp_frame(f, len, flow);
	netvsp_rx_deliver(t.nic, f, len);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
