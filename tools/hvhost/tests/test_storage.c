// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI controller against a guest that sends packets by hand: the order of the
 * initialization, versions and packet sizes, subchannels, requests and their checks, hot
 * plug, full rings, resets and closing with requests in flight.
 */
#include <endian.h>

#include "fake_channel.h"

#include <hvic/storage.h>

#include "backend/block_internal.h"
#include "control.h"
#include "vsp/storage.h"
#include "vsp/storage_internal.h"

static struct {
	struct loop *loop;
	struct control *control;
	struct vmbus_channel *ch;
	struct storage *st;
	uint64_t xid;
	uint8_t data[64 << 10];
	bool hold;			/* the back end keeps requests */
	struct block_request *held[64];
	unsigned int nr_held;
} t;

static struct block_ops holding_ops;

static void holding_submit(struct block_device *dev, struct block_request *req)
{
	if (t.hold)
		t.held[t.nr_held++] = req;
	else
		block_mem_ops.submit(dev, req);
}

static void release(void)
{
	t.hold = false;
	for (unsigned int i = 0; i < t.nr_held; i++)
		block_mem_ops.submit(t.held[i]->dev, t.held[i]);
	t.nr_held = 0;
	while (loop_poll(t.loop, 0) > 0)
		;
}

static void start(uint16_t max_version, unsigned int max_subchannels)
{
	static const char *const specs[] = { "mem:1M", "mem:2M,serial=second" };
	struct storage_config config = {
		.specs = specs, .n = 2, .max_version = max_version,
		.max_subchannels = max_subchannels,
	};
	struct error err = { "" };

	memset(&t, 0, sizeof(t));
	t.loop = loop_new("test");
	config.loop = t.loop;
	t.control = control_new(t.loop);
	assert_int_equal(storage_create(NULL, t.control, &config, &err), 0);
	t.st = fake_dev.priv;
	t.ch = fake_channel(0);
}

static void stop(void)
{
	if (!t.ch->closed)
		fake_dev.ops->close(t.ch);
	assert_true(t.ch->closed);
	free(t.ch);
	vmbus_device_remove(&fake_dev);
	control_free(t.control);
	loop_free(t.loop);
}

/* ---- one packet there and back ---- */

static struct vstor_packet *answer_of(struct vmbus_channel *ch, uint64_t xid, uint32_t *len)
{
	struct fake_packet *p = fake_get(ch);

	assert_non_null(p);
	assert_int_equal(p->type, VMBUS_PKT_COMPLETION);
	assert_int_equal(p->xid, xid);
	*len = p->len;
	assert_int_equal(((struct vstor_packet *)p->data)->operation, 1);	/* COMPLETE_IO */
	return (struct vstor_packet *)p->data;
}

static struct vstor_packet *send_op(struct vmbus_channel *ch, uint32_t op,
				    const struct vstor_packet *body, uint32_t len)
{
	struct vstor_packet packet = { 0 };
	struct vstor_packet *answer;
	uint32_t answer_len;

	if (body)
		packet = *body;
	packet.operation = htole32(op);
	packet.flags = htole32(1);
	fake_put(ch, ++t.xid, &packet, len, NULL, 0);
	fake_serve(ch);
	answer = answer_of(ch, t.xid, &answer_len);
	assert_int_equal(answer_len, len < 48 ? 48 : len);
	return answer;
}

static uint32_t op_status(uint32_t op)
{
	return send_op(t.ch, op, NULL, 64)->status;
}

static uint32_t query_version(uint16_t version)
{
	struct vstor_packet packet = { .version.major_minor = htole16(version) };
	struct vstor_packet *answer = send_op(t.ch, 9, &packet, 64);

	assert_int_equal(answer->version.major_minor, version);
	return answer->status;
}

static void initialize(uint16_t version)
{
	assert_int_equal(op_status(7), 0);
	assert_int_equal(query_version(version), 0);
	assert_int_equal(op_status(10), 0);
	assert_int_equal(op_status(8), 0);
}

/* An EXECUTE_SRB with t.data as its buffer; not yet served. */
static struct fake_packet *put_srb(struct vmbus_channel *ch, uint8_t target, uint8_t lun,
				   uint8_t dir, uint32_t len, const void *cdb, uint8_t cdb_len)
{
	struct vstor_packet packet = {
		.operation = htole32(3), .flags = htole32(1),
		.srb = {
			.length = htole16(52), .target_id = target, .lun = lun,
			.cdb_length = cdb_len, .sense_info_length = 20, .data_in = dir,
			.data_transfer_length = htole32(len),
		},
	};

	memcpy(packet.srb.cdb, cdb, cdb_len);
	return fake_put(ch, ++t.xid, &packet, 64, len ? t.data : NULL, len);
}

static struct vstor_packet *srb_answer(struct vmbus_channel *ch)
{
	uint32_t len;
	struct vstor_packet *answer = answer_of(ch, t.xid, &len);

	assert_int_equal(len, 64);
	return answer;
}

#define PUT(ch, target, lun, dir, len, ...) \
	put_srb(ch, target, lun, dir, len, (const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define SRB(target, lun, dir, len, ...) \
	(PUT(t.ch, target, lun, dir, len, __VA_ARGS__), fake_serve(t.ch), srb_answer(t.ch))

static void check_good(const struct vstor_packet *answer, uint32_t transferred)
{
	assert_int_equal(answer->status, 0);
	assert_int_equal(answer->srb.srb_status, 0x01);
	assert_int_equal(answer->srb.scsi_status, 0x00);
	assert_int_equal(le32toh(answer->srb.data_transfer_length), transferred);
	assert_int_equal(answer->srb.sense_info_length, 0);
}

static void check_sense(const struct vstor_packet *answer, uint8_t key, uint8_t asc, uint8_t ascq)
{
	assert_int_equal(answer->status, 0xc0000185);
	assert_int_equal(answer->srb.srb_status, 0x84);	/* ERROR, AUTOSENSE_VALID */
	assert_int_equal(answer->srb.scsi_status, 0x02);
	assert_int_equal(answer->srb.data_transfer_length, 0);
	assert_int_equal(answer->srb.sense_info_length, 18);
	assert_int_equal(answer->srb.sense[0], 0x70);
	assert_int_equal(answer->srb.sense[2], key);
	assert_int_equal(answer->srb.sense[12], asc);
	assert_int_equal(answer->srb.sense[13], ascq);
}

#define IN	1
#define OUT	0
#define NODATA	2

static void clear_power_on(void)
{
	check_sense(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
	check_sense(SRB(0, 1, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
}

static void ready(void)
{
	start(0, 3);
	initialize(0x0602);
	clear_power_on();
}

/* ---- initialization ---- */

static void order_of_initialization(void **state)
{
	/* What is right in each state; everything else is INVALID_DEVICE_STATE. */
	static const uint32_t right[] = { 7, 9, 10, 8 };
	static const uint32_t all[] = { 3, 4, 5, 6, 7, 8, 9, 10, 13 };

	start(0, 3);
	for (size_t step = 0; step < 4; step++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			if (all[i] == right[step] || (step == 3 && all[i] == 13))
				continue;
			assert_int_equal(op_status(all[i]), 0xc0000184);
		}
		if (right[step] == 9)
			assert_int_equal(query_version(0x0602), 0);
		else
			assert_int_equal(op_status(right[step]), 0);
	}
	/* Ready: no second initialization. */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(op_status(right[i]), 0xc0000184);
	assert_int_equal(op_status(5), 0);
	/* Operations that are the host's to send, or nobody's. */
	assert_int_equal(op_status(1), 0xc0000010);
	assert_int_equal(op_status(2), 0xc0000010);
	assert_int_equal(op_status(11), 0xc0000010);
	assert_int_equal(op_status(12), 0xc0000010);
	assert_int_equal(op_status(14), 0xc0000010);
	assert_int_equal(op_status(0xffffffff), 0xc0000010);
	stop();
}

static void versions(void **state)
{
	static const uint16_t bad[] = { 0x0200, 0x0401, 0x0403, 0x0500, 0x0601, 0x0603, 0x0700, 0 };
	static const uint16_t good[] = { 0x0402, 0x0501, 0x0600, 0x0602 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		start(0, 3);
		assert_int_equal(op_status(7), 0);
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			assert_int_equal(query_version(bad[j]), 0xc0000059);
		assert_int_equal(query_version(good[i]), 0);
		assert_int_equal(t.st->version, good[i]);
		stop();
	}
	/* An older host. */
	start(0x0600, 3);
	assert_int_equal(op_status(7), 0);
	assert_int_equal(query_version(0x0602), 0xc0000059);
	assert_int_equal(query_version(0x0600), 0);
	stop();
}

static void packet_too_short(void **state)
{
	struct vstor_packet packet = { 0 };
	struct fake_packet *p;

	start(0, 3);
	fake_put(t.ch, 1, &packet, 8, NULL, 0);			/* less than a header */
	fake_serve(t.ch);
	p = fake_get(t.ch);
	assert_int_equal(p->len, 48);
	assert_int_equal(((struct vstor_packet *)p->data)->status, 0xc0000010);
	assert_int_equal(send_op(t.ch, 7, NULL, 16)->status, 0);	/* needs no body */
	packet.operation = 9;
	fake_put(t.ch, 2, &packet, 12, NULL, 0);			/* no version */
	fake_serve(t.ch);
	p = fake_get(t.ch);
	assert_int_equal(((struct vstor_packet *)p->data)->status, 0xc000000d);
	/* Nobody asked for an answer, or it is no request: nothing happens. */
	p = fake_put(t.ch, 3, &packet, 64, NULL, 0);
	p->flags = 0;
	p = fake_put(t.ch, 4, &packet, 64, NULL, 0);
	p->type = VMBUS_PKT_COMPLETION;
	fake_serve(t.ch);
	assert_null(fake_get(t.ch));
	assert_int_equal(t.st->bad_packets, 4);
	stop();
}

static void properties_and_subchannels(void **state)
{
	struct vstor_packet ask = { .sub_channel_count = htole16(4) };
	struct vstor_packet *answer;
	struct vmbus_channel *sub;

	start(0, 3);
	op_status(7);
	query_version(0x0602);
	answer = send_op(t.ch, 10, NULL, 64);
	assert_int_equal(answer->properties.max_channel_cnt, 3);
	assert_int_equal(answer->properties.flags, 1);
	assert_int_equal(answer->properties.max_transfer_bytes, 0x40000);
	assert_int_equal(send_op(t.ch, 13, &ask, 64)->status, 0xc000000d);
	assert_int_equal(fake_dev.subchannels, 0);
	ask.sub_channel_count = htole16(3);
	assert_int_equal(send_op(t.ch, 13, &ask, 64)->status, 0);
	assert_int_equal(fake_dev.subchannels, 3);

	/* A subchannel waits for the end of the initialization, then takes requests. */
	sub = fake_channel(2);
	PUT(sub, 0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0);
	fake_serve(sub);
	assert_null(fake_get(sub));
	assert_int_equal(op_status(8), 0);
	assert_true(sub->kicked);
	t.xid--;
	fake_serve(sub);
	check_sense(srb_answer(sub), 0x6, 0x29, 0x00);
	t.xid++;
	/* Only the primary negotiates. */
	assert_int_equal(send_op(sub, 13, &ask, 64)->status, 0xc0000184);
	assert_int_equal(send_op(t.ch, 13, &ask, 64)->status, 0);
	fake_dev.ops->close(sub);
	assert_true(sub->closed);
	free(sub);
	stop();

	/* No subchannels before 5.1, nor when the host has none. */
	start(0, 3);
	op_status(7);
	query_version(0x0402);
	answer = send_op(t.ch, 10, NULL, 64);
	assert_int_equal(answer->properties.flags, 0);
	assert_int_equal(answer->properties.max_channel_cnt, 0);
	ask.sub_channel_count = htole16(1);
	assert_int_equal(send_op(t.ch, 13, &ask, 64)->status, 0xc0000184);
	stop();
	start(0, 0);
	op_status(7);
	query_version(0x0602);
	assert_int_equal(send_op(t.ch, 10, NULL, 64)->properties.flags, 0);
	assert_int_equal(send_op(t.ch, 13, &ask, 64)->status, 0xc000000d);
	stop();
}

static void size_of_v1_packets(void **state)
{
	struct vstor_packet packet = {
		.operation = htole32(3), .flags = htole32(1),
		.srb = { .length = htole16(36), .cdb_length = 6, .sense_info_length = 18 },
	};
	struct vstor_packet *answer;
	uint32_t len;

	start(0, 3);
	assert_int_equal(send_op(t.ch, 7, NULL, 48)->status, 0);
	packet.version.major_minor = htole16(0x0402);
	assert_int_equal(send_op(t.ch, 9, &packet, 48)->status, 0);
	assert_int_equal(send_op(t.ch, 10, NULL, 48)->status, 0);
	assert_int_equal(send_op(t.ch, 8, NULL, 48)->status, 0);
	memset(packet.buffer, 0, sizeof(packet.buffer));
	packet.srb = (struct vstor_srb){ .cdb_length = 6, .sense_info_length = 20 };
	fake_put(t.ch, 9, &packet, 48, NULL, 0);
	fake_serve(t.ch);
	answer = answer_of(t.ch, 9, &len);
	assert_int_equal(len, 48);
	check_sense(answer, 0x6, 0x29, 0x00);
	stop();

	/* A version 6 guest may not send the short form. */
	ready();
	fake_put(t.ch, 9, &packet, 48, NULL, 0);
	fake_serve(t.ch);
	answer = answer_of(t.ch, 9, &len);
	assert_int_equal(len, 64);
	assert_int_equal(answer->srb.srb_status, 0x06);
	stop();
}

/* ---- requests ---- */

static void data_in_and_out(void **state)
{
	ready();
	for (int i = 0; i < 4096; i++)
		t.data[i] = (uint8_t)(i ^ i >> 8);
	check_good(SRB(0, 0, OUT, 4096, 0x2a, 0, 0, 0, 0, 3, 0, 0, 8, 0), 4096);
	memset(t.data, 0, 4096);
	check_good(SRB(0, 0, IN, 4096, 0x28, 0, 0, 0, 0, 3, 0, 0, 8, 0), 4096);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(t.data[i], (uint8_t)(i ^ i >> 8));
	/* The other LUN is another disk. */
	check_good(SRB(0, 1, IN, 4096, 0x28, 0, 0, 0, 0, 3, 0, 0, 8, 0), 4096);
	assert_int_equal(t.data[100], 0);
	check_good(SRB(0, 1, IN, 255, 0x12, 1, 0x80, 0, 255, 0), 10);
	assert_memory_equal(t.data + 4, "second", 6);
	assert_int_equal(SRB(0, 0, IN, 255, 0x12, 1, 0x80, 0, 255, 0)->srb.srb_status, 0x01);
	assert_memory_equal(t.data + 4 + t.data[3] - 5, "-lun0", 5);
	check_sense(SRB(0, 0, IN, 512, 0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0), 0x5, 0x21, 0x00);
	stop();
}

static void bad_requests(void **state)
{
	static const uint8_t read_one[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	struct fake_packet *p;
	struct vstor_packet *packet;

	ready();
	for (int i = 0; i < 9; i++) {
		struct vstor_packet *answer;

		p = put_srb(t.ch, 0, 0, IN, 512, read_one, 10);
		packet = (struct vstor_packet *)p->data;
		switch (i) {
		case 0:			/* more than the range */
			packet->srb.data_transfer_length = htole32(513);
			break;
		case 1:			/* no range at all */
			p->has_range = false;
			break;
		case 2:			/* more than one request may move */
			packet->srb.data_transfer_length = htole32(0x40001);
			p->range.len = 0x50000;
			break;
		case 3:
			packet->srb.data_transfer_length = htole32(0xffffffff);
			p->range.len = 0xffffffff;
			break;
		case 4:			/* data in no direction */
			packet->srb.data_in = 2;
			break;
		case 5:
			packet->srb.data_in = 0xff;
			break;
		case 6:
			packet->srb.cdb_length = 0;
			break;
		case 7:
			packet->srb.cdb_length = 17;
			break;
		case 8:			/* pages that are no RAM */
			p->has_range = false;
			p->unmapped = true;
			packet->srb.data_transfer_length = 0;
			break;
		}
		fake_serve(t.ch);
		answer = srb_answer(t.ch);
		assert_int_equal(answer->status, 0xc000000d);
		assert_int_equal(answer->srb.srb_status, 0x06);
		assert_int_equal(answer->srb.data_transfer_length, 0);
	}
	assert_int_equal(t.st->inflight, 0);
	/* Less than the range is fine. */
	p = put_srb(t.ch, 0, 0, IN, 2048, read_one, 10);
	packet = (struct vstor_packet *)p->data;
	packet->srb.data_transfer_length = htole32(512);
	memset(t.data, 0xee, 2048);
	fake_serve(t.ch);
	check_good(srb_answer(t.ch), 512);
	assert_int_equal(t.data[511], 0);
	assert_int_equal(t.data[512], 0xee);
	/* The wrong direction for the command. */
	check_sense(SRB(0, 0, OUT, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x5, 0x24, 0x00);
	stop();
}

static void absent_luns(void **state)
{
	struct vstor_packet *answer;

	ready();
	answer = SRB(0, 2, NODATA, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(answer->status, 0xc00000c0);
	assert_int_equal(answer->srb.srb_status, 0x20);		/* INVALID_LUN */
	answer = SRB(1, 0, IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	assert_int_equal(answer->srb.srb_status, 0x20);
	answer = SRB(0, 255, NODATA, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(answer->srb.srb_status, 0x20);
	check_good(SRB(0, 2, IN, 36, 0x12, 0, 0, 0, 36, 0), 36);
	assert_int_equal(t.data[0], 0x7f);
	check_good(SRB(1, 0, IN, 36, 0x12, 0, 0, 0, 36, 0), 36);
	assert_int_equal(t.data[0], 0x7f);
	/* REPORT LUNS answers at every address; another target has none. */
	check_good(SRB(0, 7, IN, 64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 24);
	assert_memory_equal(t.data, "\0\0\0\x10\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\1\0\0\0\0\0\0", 24);
	check_good(SRB(1, 0, IN, 64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 8);
	assert_int_equal(t.data[3], 0);
	stop();
}

static void autosense(void **state)
{
	static const uint8_t log_sense[10] = { 0x4d };
	struct vstor_packet *packet, *answer;

	ready();
	/* A guest that has room for ten bytes. */
	packet = (struct vstor_packet *)put_srb(t.ch, 0, 0, NODATA, 0, log_sense, 10)->data;
	packet->srb.sense_info_length = 10;
	fake_serve(t.ch);
	answer = srb_answer(t.ch);
	assert_int_equal(answer->srb.srb_status, 0x84);
	assert_int_equal(answer->srb.sense_info_length, 10);
	assert_int_equal(answer->srb.sense[12], 0);
	/* One that wants none with the status asks for it. */
	packet = (struct vstor_packet *)put_srb(t.ch, 0, 0, NODATA, 0, log_sense, 10)->data;
	packet->srb.srb_flags = htole32(0x20);
	fake_serve(t.ch);
	answer = srb_answer(t.ch);
	assert_int_equal(answer->srb.srb_status, 0x04);
	assert_int_equal(answer->srb.sense_info_length, 0);
	check_good(SRB(0, 0, IN, 18, 0x03, 0, 0, 0, 18, 0), 18);
	assert_int_equal(t.data[2], 0x5);
	assert_int_equal(t.data[12], 0x20);
	stop();
}

/* ---- rings, resets, closing ---- */

static void full_ring(void **state)
{
	ready();
	t.ch->room = 2;
	for (int i = 0; i < 10; i++)
		PUT(t.ch, 0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0);
	fake_serve(t.ch);
	assert_int_equal(t.ch->guest_tail - t.ch->guest_head, 2);
	/* It stops reading rather than piling up answers. */
	assert_true(t.ch->host_tail - t.ch->host_head >= 7);
	t.xid -= 10;
	for (int i = 0; i < 10; i++) {
		uint32_t len;

		answer_of(t.ch, ++t.xid, &len);
		t.ch->room = 1;
		fake_dev.ops->writable(t.ch);
		fake_serve(t.ch);
	}
	assert_null(fake_get(t.ch));
	stop();
}

static void hold_requests(void)
{
	struct block_device *dev = scsi_disk_block(t.st->luns[0]->disk);

	holding_ops = *dev->ops;
	holding_ops.submit = holding_submit;
	dev->ops = &holding_ops;
	t.hold = true;
}

static void many_in_flight(void **state)
{
	ready();
	hold_requests();
	for (int i = 0; i < 20; i++)
		PUT(t.ch, 0, 0, IN, 512, 0x28, 0, 0, 0, 0, i, 0, 0, 1, 0);
	fake_serve(t.ch);
	assert_int_equal(t.nr_held, 20);
	assert_int_equal(t.st->inflight, 20);
	assert_null(fake_get(t.ch));
	release();
	assert_int_equal(t.st->inflight, 0);
	assert_int_equal(t.ch->guest_tail - t.ch->guest_head, 20);
	stop();
}

static void reset_waits(void **state)
{
	struct vstor_packet packet = { .operation = htole32(6), .flags = htole32(1) };
	uint32_t len;

	ready();
	hold_requests();
	PUT(t.ch, 0, 0, IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	fake_serve(t.ch);
	fake_put(t.ch, 1000, &packet, 64, NULL, 0);
	PUT(t.ch, 0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0);
	fake_serve(t.ch);
	assert_null(fake_get(t.ch));
	assert_int_equal(t.nr_held, 1);
	release();
	assert_true(t.ch->kicked);
	fake_serve(t.ch);
	answer_of(t.ch, t.xid - 1, &len);			/* the read, then the reset */
	assert_int_equal(answer_of(t.ch, 1000, &len)->status, 0);
	check_sense(srb_answer(t.ch), 0x6, 0x29, 0x02);		/* then what came after */
	check_sense(SRB(0, 1, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x02);
	/* Of one LUN. */
	packet.srb.lun = 1;
	send_op(t.ch, 4, &packet, 64);
	check_good(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0);
	check_sense(SRB(0, 1, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x02);
	stop();
}

static void close_waits(void **state)
{
	ready();
	hold_requests();
	PUT(t.ch, 0, 0, IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	fake_serve(t.ch);
	fake_dev.ops->close(t.ch);
	assert_false(t.ch->closed);
	release();
	assert_true(t.ch->closed);				/* and nothing was sent */
	assert_null(fake_get(t.ch));
	/* The next guest begins anew, and learns that power came. */
	free(t.ch);
	t.ch = fake_channel(0);
	assert_int_equal(op_status(3), 0xc0000184);
	initialize(0x0501);
	clear_power_on();
	stop();
}

/* ---- hot plug ---- */

static char *control(const char *line)
{
	char *text = control_request(t.control, line, strlen(line));
	static char keep[512];

	snprintf(keep, sizeof(keep), "%s", text);
	free(text);
	return keep;
}

static void check_enumerate(void)
{
	struct fake_packet *p = fake_get(t.ch);

	assert_non_null(p);
	assert_int_equal(p->type, VMBUS_PKT_DATA_INBAND);
	assert_int_equal(p->xid, 0);
	assert_int_equal(p->flags, 0);
	assert_int_equal(p->len, 64);
	assert_int_equal(((struct vstor_packet *)p->data)->operation, 11);
}

static void hot_plug(void **state)
{
	struct vstor_packet *answer;

	start(0, 3);
	/* Before the guest is ready it is told nothing: it will scan. */
	assert_non_null(strstr(control("{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\"}"), "\"lun\":2"));
	assert_null(fake_get(t.ch));
	initialize(0x0602);
	clear_power_on();
	check_sense(SRB(0, 2, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
	check_sense(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x3f, 0x0e);

	assert_non_null(strstr(control("{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\",\"lun\":9}"),
			       "\"ok\":true"));
	check_enumerate();
	check_sense(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x3f, 0x0e);
	/* Reading the list is to know it. */
	check_good(SRB(0, 0, IN, 64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 40);
	check_good(SRB(0, 2, NODATA, 0, 0, 0, 0, 0, 0, 0), 0);

	assert_non_null(strstr(control("{\"cmd\":\"lun-remove\",\"lun\":9}"), "\"ok\":true"));
	check_enumerate();
	answer = SRB(0, 9, NODATA, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(answer->srb.srb_status, 0x20);

	check_good(SRB(0, 0, IN, 64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 32);
	assert_non_null(strstr(control("{\"cmd\":\"lun-resize\",\"lun\":1,\"size\":\"8M\"}"),
			       "\"ok\":true"));
	check_enumerate();
	check_sense(SRB(0, 1, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x2a, 0x09);
	check_good(SRB(0, 1, IN, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8);
	assert_memory_equal(t.data, "\0\0\x3f\xff", 4);
	check_good(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0);

	/* A full ring delays the word, it does not lose it. */
	t.ch->room = 0;
	control("{\"cmd\":\"lun-remove\",\"lun\":2}");
	assert_null(fake_get(t.ch));
	t.ch->room = 5;
	fake_dev.ops->writable(t.ch);
	check_enumerate();
	stop();
}

static void remove_with_requests(void **state)
{
	uint32_t len;

	ready();
	hold_requests();
	PUT(t.ch, 0, 0, IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	fake_serve(t.ch);
	control("{\"cmd\":\"lun-remove\",\"lun\":0}");
	check_enumerate();
	PUT(t.ch, 0, 0, IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
	fake_serve(t.ch);
	assert_int_equal(srb_answer(t.ch)->srb.srb_status, 0x20);
	release();
	assert_int_equal(answer_of(t.ch, t.xid - 1, &len)->srb.srb_status, 0x01);
	stop();
}

static void wrong_commands(void **state)
{
	static const struct {
		const char *line, *part;
	} bad[] = {
		{ "{\"cmd\":\"lun-add\"}", "spec" },
		{ "{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\",\"lun\":0}", "already" },
		{ "{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\",\"lun\":255}", "0 to 254" },
		{ "{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\",\"lun\":\"1\"}", "0 to 254" },
		{ "{\"cmd\":\"lun-add\",\"spec\":\"mem:1Q\"}", "not a size" },
		{ "{\"cmd\":\"lun-add\",\"spec\":\"mem:1M\",\"controller\":\"scsi99\"}", "scsi99" },
		{ "{\"cmd\":\"lun-remove\"}", "lun" },
		{ "{\"cmd\":\"lun-remove\",\"lun\":5}", "no LUN 5" },
		{ "{\"cmd\":\"lun-resize\",\"lun\":5,\"size\":\"1M\"}", "no LUN 5" },
		{ "{\"cmd\":\"lun-resize\",\"lun\":0}", "size" },
		{ "{\"cmd\":\"lun-resize\",\"lun\":0,\"size\":1000}", "multiple" },
		{ "{\"cmd\":\"lun-resize\",\"lun\":0,\"size\":-512}", "size" },
	};

	ready();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *answer = control(bad[i].line);

		if (!strstr(answer, "\"ok\":false") || !strstr(answer, bad[i].part))
			fail_msg("%s: %s", bad[i].line, answer);
	}
	assert_null(fake_get(t.ch));
	stop();
}

static void bad_config(void **state)
{
	static const char *const specs[] = { "mem:1M", "mem:oops" };
	struct storage_config config = { .specs = specs, .n = 2 };
	struct error err = { "" };
	struct loop *loop = loop_new("test");

	config.loop = loop;
	assert_int_equal(storage_create(NULL, NULL, &config, &err), -1);
	assert_non_null(strstr(err.text, "oops"));
	loop_free(loop);
}

static void stats(void **state)
{
	json_t *object = json_object(), *luns;

	ready();
	fake_dev.ops->stats(&fake_dev, object);
	luns = json_object_get(object, "luns");
	assert_int_equal(json_array_size(luns), 2);
	assert_string_equal(json_string_value(json_object_get(object, "state")), "ready");
	assert_string_equal(json_string_value(json_object_get(object, "version")), "6.2");
	assert_int_equal(json_integer_value(json_object_get(object, "requests")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(luns, 1), "size")),
			 2 << 20);
	json_decref(object);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_initialization),
		cmocka_unit_test(versions),
		cmocka_unit_test(packet_too_short),
		cmocka_unit_test(properties_and_subchannels),
		cmocka_unit_test(size_of_v1_packets),
		cmocka_unit_test(data_in_and_out),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(absent_luns),
		cmocka_unit_test(autosense),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(many_in_flight),
		cmocka_unit_test(reset_waits),
		cmocka_unit_test(close_waits),
		cmocka_unit_test(hot_plug),
		cmocka_unit_test(remove_with_requests),
		cmocka_unit_test(wrong_commands),
		cmocka_unit_test(bad_config),
		cmocka_unit_test(stats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
