// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI controller's requests: data, checks, absent LUNs, sense; full rings, resets and closing
 * with requests in flight.
 */
#include "storage_guest.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_in_and_out),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(absent_luns),
		cmocka_unit_test(autosense),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(many_in_flight),
		cmocka_unit_test(reset_waits),
		cmocka_unit_test(close_waits),
	};

	return cmocka_run_group_tests_name("storage_io", tests, NULL, NULL);
}
