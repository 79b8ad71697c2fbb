// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI controller's beginning: the order of the initialization, versions and packet sizes,
 * subchannels, configuration and counters.
 */
#include "storage_guest.h"

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
	assert_string_equal(json_string_value(json_object_get(object, "vstor_version")), "6.2");
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
		cmocka_unit_test(bad_config),
		cmocka_unit_test(stats),
	};

	return cmocka_run_group_tests_name("storage", tests, NULL, NULL);
}
