/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of the SCSI controller that sends packets by hand, over a fake channel, to a back
 * end that can hold requests. One include a program.
 */
#ifndef HVHOST_TESTS_STORAGE_GUEST_H
#define HVHOST_TESTS_STORAGE_GUEST_H

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

static inline void holding_submit(struct block_device *dev, struct block_request *req)
{
	if (t.hold)
		t.held[t.nr_held++] = req;
	else
		block_mem_ops.submit(dev, req);
}

static inline void release(void)
{
	t.hold = false;
	for (unsigned int i = 0; i < t.nr_held; i++)
		block_mem_ops.submit(t.held[i]->dev, t.held[i]);
	t.nr_held = 0;
	while (loop_poll(t.loop, 0) > 0)
		;
}

static inline void start(uint16_t max_version, unsigned int max_subchannels)
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

static inline void stop(void)
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

static inline struct vstor_packet *answer_of(struct vmbus_channel *ch, uint64_t xid, uint32_t *len)
{
	struct fake_packet *p = fake_get(ch);

	assert_non_null(p);
	assert_int_equal(p->type, VMBUS_PKT_COMPLETION);
	assert_int_equal(p->xid, xid);
	*len = p->len;
	assert_int_equal(((struct vstor_packet *)p->data)->operation, 1);	/* COMPLETE_IO */
	return (struct vstor_packet *)p->data;
}

static inline struct vstor_packet *send_op(struct vmbus_channel *ch, uint32_t op,
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

static inline uint32_t op_status(uint32_t op)
{
	return send_op(t.ch, op, NULL, 64)->status;
}

static inline uint32_t query_version(uint16_t version)
{
	struct vstor_packet packet = { .version.major_minor = htole16(version) };
	struct vstor_packet *answer = send_op(t.ch, 9, &packet, 64);

	assert_int_equal(answer->version.major_minor, version);
	return answer->status;
}

static inline void initialize(uint16_t version)
{
	assert_int_equal(op_status(7), 0);
	assert_int_equal(query_version(version), 0);
	assert_int_equal(op_status(10), 0);
	assert_int_equal(op_status(8), 0);
}

/* An EXECUTE_SRB with t.data as its buffer; not yet served. */
static inline struct fake_packet *put_srb(struct vmbus_channel *ch, uint8_t target, uint8_t lun,
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

static inline struct vstor_packet *srb_answer(struct vmbus_channel *ch)
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

static inline void check_good(const struct vstor_packet *answer, uint32_t transferred)
{
	assert_int_equal(answer->status, 0);
	assert_int_equal(answer->srb.srb_status, 0x01);
	assert_int_equal(answer->srb.scsi_status, 0x00);
	assert_int_equal(le32toh(answer->srb.data_transfer_length), transferred);
	assert_int_equal(answer->srb.sense_info_length, 0);
}

static inline void check_sense(const struct vstor_packet *answer, uint8_t key, uint8_t asc, uint8_t ascq)
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

static inline void clear_power_on(void)
{
	check_sense(SRB(0, 0, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
	check_sense(SRB(0, 1, NODATA, 0, 0, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
}

static inline void ready(void)
{
	start(0, 3);
	initialize(0x0602);
	clear_power_on();
}

static inline void hold_requests(void)
{
	struct block_device *dev = scsi_disk_block(t.st->luns[0]->disk);

	holding_ops = *dev->ops;
	holding_ops.submit = holding_submit;
	dev->ops = &holding_ops;
	t.hold = true;
}

#endif
