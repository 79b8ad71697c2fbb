// SPDX-License-Identifier: GPL-2.0
/*
 * LUNs that come, go and change while the guest runs, by command.
 */
#include "storage_guest.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hot_plug),
		cmocka_unit_test(remove_with_requests),
		cmocka_unit_test(wrong_commands),
	};

	return cmocka_run_group_tests_name("storage_plug", tests, NULL, NULL);
}
