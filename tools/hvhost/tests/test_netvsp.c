// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP through real channels: negotiation, buffers, frames both ways, receive
 * buffer accounting, RSS, back pressure, and a guest that breaks each rule in turn.
 */
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

static int be_send(struct net_backend *be, const void *frame, size_t len)
{
	if (t.busy)
		return -EAGAIN;
	memcpy(t.last, frame, len);
	t.last_len = len;
	t.frames++;
	return 0;
}

static void be_destroy(struct net_backend *be)
{
}

static const struct net_backend_ops be_ops = { .name = "test", .send = be_send,
					       .destroy = be_destroy };

/* ---- rings ---- */

static void put(struct end *e, uint16_t type, uint16_t flags, uint64_t xid, const void *hdr,
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

static void kick(struct end *e)
{
	vmbus_signal_event(fake.server, CONN_ID(e->relid), 0);
	fake_run();
}

static bool get(struct end *e)
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

static void nothing(struct end *e)
{
	assert_false(get(e));
}

/* Sends a message and takes its completion; returns the completion's type, 0 if empty. */
static uint32_t ask(struct end *e, const struct nvsp_msg *msg, uint32_t len)
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

static void tell(struct end *e, const struct nvsp_msg *msg, uint32_t len)
{
	put(e, VMBUS_PKT_DATA_INBAND, 0, 0, NULL, 0, msg, len);
	kick(e);
}

/* ---- bring-up ---- */

static void attach(unsigned int i, uint32_t relid)
{
	uint64_t pfn = 16 + 8 * i;

	t.ends[i] = (struct end){ relid, fake.ram + pfn * 4096, fake.ram + (pfn + 4) * 4096, 0 };
	fake_open(relid, 10 + i, pfn);
}

static int setup(void **state)
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

static int teardown(void **state)
{
	fake_stop();
	return 0;
}

static uint32_t init(uint32_t version)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_INIT,
			      .init = { version, version } };

	assert_int_equal(ask(&t.ends[0], &m, 12), NVSP_MSG_INIT_COMPLETE);
	return t.got.msg->init_complete.status;
}

static uint32_t recv_buf(uint32_t handle)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RECV_BUF,
			      .recv_buf = { .gpadl = handle, .id = 0xcafe } };

	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SEND_RECV_BUF_COMPLETE);
	return t.got.msg->recv_buf_complete.status;
}

static uint32_t send_buf(uint32_t handle)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_SEND_BUF,
			      .send_buf = { .gpadl = handle, .id = 3 } };

	assert_int_equal(ask(&t.ends[0], &m, sizeof(m)), NVSP_MSG_SEND_SEND_BUF_COMPLETE);
	return t.got.msg->send_buf_complete.status;
}

static void config(uint32_t frame, uint64_t caps)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_NDIS_CONFIG,
			      .ndis_config = { .mtu = frame, .capabilities = caps } };
	struct nvsp_msg v = { .header.type = NVSP_MSG_SEND_NDIS_VERSION, .ndis_version = { 6, 30 } };

	tell(&t.ends[0], &m, sizeof(m));
	tell(&t.ends[0], &v, sizeof(v));
}

/* ---- RNDIS over the send buffer or pages ---- */

/* Sends @len bytes that lie in section @index already. Return: the completion's status. */
static uint32_t section(struct end *e, uint32_t channel, uint32_t index, uint32_t len)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { channel, index, len } };

	assert_int_equal(ask(e, &m, sizeof(m)), NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE);
	return t.got.msg->rndis_complete.status;
}

static uint8_t *section_at(uint32_t index)
{
	return fake.ram + SEND_PFN * 4096 + index * 6144;
}

/* The guest has read the packet in t.got. */
static void complete(struct end *e, uint64_t xid)
{
	struct nvsp_msg m = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE,
			      .rndis_complete.status = NVSP_STATUS_SUCCESS };

	put(e, VMBUS_PKT_COMPLETION, 0, xid, NULL, 0, &m, 8);
	kick(e);
}

/* A transfer-page packet came: range @i of it. */
static const uint8_t *range(unsigned int i, uint32_t *len)
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

static int parse_range(unsigned int i, struct rndis_tx_packet *pkt)
{
	uint32_t len;
	const uint8_t *p = range(i, &len);

	return rndis_parse_packet(p, len, pkt);
}

static uint32_t ranges(void)
{
	return ((const struct nvsp_xfer_header *)t.got.bytes)->range_count;
}

/* Takes a control answer: type, and its status word at @at. */
static uint32_t rndis_answer(uint32_t type, unsigned int at)
{
	uint32_t len, v[16];

	assert_true(get(&t.ends[0]));
	memcpy(v, range(0, &len), 64);
	assert_int_equal(t.got.msg->rndis.channel_type, NVSP_CHANNEL_CONTROL);
	assert_int_equal(v[0], type);
	complete(&t.ends[0], t.got.head.xid);
	return v[at];
}

static void rndis_init(void)
{
	struct rndis_wire_initialize m = { { RNDIS_WIRE_INITIALIZE, sizeof(m) }, 1, 1, 0, 0x4000 };

	memcpy(section_at(0), &m, sizeof(m));
	assert_int_equal(section(&t.ends[0], NVSP_CHANNEL_CONTROL, 0, sizeof(m)), 1);
}

static uint32_t set(uint32_t oid, const void *info, uint32_t len)
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

static void filter(uint32_t bits)
{
	assert_int_equal(set(RNDIS_WIRE_OID_PACKET_FILTER, &bits, 4), 0);
}

static void up(uint32_t version, uint64_t caps)
{
	struct rndis_wire_initialize m = { { RNDIS_WIRE_INITIALIZE, sizeof(m) }, 1, 1, 0, 0x4000 };
	struct nvsp_msg n = { .header.type = NVSP_MSG_SEND_RNDIS_PACKET,
			      .rndis = { NVSP_CHANNEL_CONTROL, 0, sizeof(m) } };

	assert_int_equal(init(version), NVSP_STATUS_SUCCESS);
	config(1514, caps);
	assert_int_equal(recv_buf(20), NVSP_STATUS_SUCCESS);
	assert_int_equal(send_buf(21), NVSP_STATUS_SUCCESS);
	memcpy(section_at(0), &m, sizeof(m));
	tell(&t.ends[0], &n, sizeof(n));
	assert_int_equal(rndis_answer(RNDIS_WIRE_INITIALIZE_COMPLETE, 3), 0);
	filter(RNDIS_WIRE_FILTER_DIRECTED | RNDIS_WIRE_FILTER_BROADCAST |
	       RNDIS_WIRE_FILTER_ALL_MULTICAST);
}

/* An IPv4 TCP frame to the guest (or from it) of @len bytes, ports by @flow. */
static void tcp_frame(uint8_t *f, size_t len, uint16_t flow)
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
static size_t tx_message(uint8_t *p, const uint8_t *frame, size_t len, uint32_t type,
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

static uint64_t drops(enum netvsp_drop why)
{
	return t.nic->drops[why];
}

/* ---- tests ---- */

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

static void deliver(size_t len, uint16_t flow)
{
	uint8_t f[2000];

	tcp_frame(f, len, flow);
	netvsp_rx_deliver(t.nic, f, len);
}

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

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions),
		TEST(message_lengths),
		TEST(message_versions),
		TEST(buffers),
		TEST(no_device_without_buffers),
		TEST(several_frames_in_a_section),
		TEST(large_send_from_pages),
		TEST(offloads_that_are_off),
		TEST(receive_accounting),
		TEST(control_waits_for_room),
		TEST(filters),
		TEST(address_stays),
		TEST(wrong_checksums_are_told),
		TEST(vlan_both_ways),
		TEST(queues_6_1),
		TEST(queues_5),
		TEST(link_changes),
		TEST(back_pressure),
		TEST(inbound_ring_full),
		TEST(close_forgets_everything),
	};

	return cmocka_run_group_tests_name("netvsp", tests, NULL, NULL);
}
