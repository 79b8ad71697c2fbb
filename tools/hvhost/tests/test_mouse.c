// SPDX-License-Identifier: GPL-2.0
/* The mouse: its bytes on the wire, and guests that misbehave. */
#include "fake_edge.h"

#include "vsp/mouse.h"

static int setup(void **state)
{
	struct fixture *fx;

	fixture_setup(state);
	fx = *state;
	fx->edge = mouse_new(fx->control, NULL, NULL);
	assert_non_null(fx->edge);
	return 0;
}

/* Another mouse takes the place of the one that is there. */
static void become(struct fixture *fx, const char *spec)
{
	fx->edge->ops->free(fx->edge);
	fx->edge = mouse_new(fx->control, spec, NULL);
	assert_non_null(fx->edge);
}

/* Pipe header, message header, version. */
static const uint8_t version_request[] = {
	1, 0, 0, 0, 12, 0, 0, 0,  0, 0, 0, 0, 4, 0, 0, 0,  0, 0, 2, 0,
};
static const uint8_t ack[] = {
	1, 0, 0, 0, 9, 0, 0, 0,  3, 0, 0, 0, 1, 0, 0, 0,  0,
};

static void activate(struct fixture *fx)
{
	edge_opened(fx);
	edge_receive(fx, version_request, sizeof(version_request));
	edge_receive(fx, ack, sizeof(ack));
	fx->len = 0;
}

static void test_handshake(void **state)
{
	static const uint8_t answer[] = {
		/* protocol response: 2.0 approved */
		1, 0, 0, 0, 13, 0, 0, 0,  1, 0, 0, 0, 5, 0, 0, 0,  0, 0, 2, 0, 1,
		/* device info: attributes and HID descriptor, report descriptor of 63 bytes */
		1, 0, 0, 0, 112, 0, 0, 0,  2, 0, 0, 0, 104, 0, 0, 0,
		32, 0, 0, 0, 0x5e, 0x04, 0x21, 0x06, 1, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		9, 0x21, 0x01, 0x01, 0, 1, 0x22, 63, 0,
		0x05, 0x01, 0x09, 0x02, 0xa1, 0x01,
	};
	struct fixture *fx = *state;

	edge_opened(fx);
	edge_receive(fx, version_request, sizeof(version_request));
	assert_memory_equal(fx->sent, answer, sizeof(answer));
	assert_int_equal(fx->len, 21 + 8 + 112);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":1}", "{\"ok\":false,\"error\":"
		"\"the guest has not taken the mouse's descriptors (is hid-hyperv loaded?)\"}");
	edge_receive(fx, ack, sizeof(ack));
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":1}", "{\"ok\":true}");
	assert_int_equal(stat_of(fx, "malformed"), 0);
}

#define REPORT(buttons, xl, xh, yl, yh, wl, wh)				\
	1, 0, 0, 0, 15, 0, 0, 0,  4, 0, 0, 0, 7, 0, 0, 0,		\
	(buttons), (xl), (xh), (yl), (yh), (wl), (wh)

static void test_reports(void **state)
{
	static const uint8_t bytes[] = {
		REPORT(0, 0xff, 0x7f, 0x34, 0x12, 0, 0),
		REPORT(2, 0xff, 0x7f, 0x34, 0x12, 0, 0),
		REPORT(0, 0xff, 0x7f, 0x34, 0x12, 0, 0),
		REPORT(16, 0xff, 0x7f, 0x34, 0x12, 0, 0),
		REPORT(16, 0xff, 0x7f, 0x34, 0x12, 0xfd, 0xff),
	};
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":32767,\"y\":4660}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-click\",\"button\":\"right\"}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-button\",\"button\":\"extra\",\"down\":true}",
		"{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-wheel\",\"n\":-3}", "{\"ok\":true}");
	assert_int_equal(fx->len, sizeof(bytes));
	assert_memory_equal(fx->sent, bytes, sizeof(bytes));
}

static void test_refusals(void **state)
{
	struct fixture *fx = *state;

	command(fx, "{\"cmd\":\"mouse-click\"}", "{\"ok\":false,\"error\":\"the guest has "
		"not opened the mouse (is hid-hyperv loaded?)\"}");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":32768,\"y\":0}",
		"{\"ok\":false,\"error\":\"\\\"x\\\" is a number from 0 to 32767\"}");
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1}",
		"{\"ok\":false,\"error\":\"\\\"y\\\" is a number from 0 to 32767\"}");
	command(fx, "{\"cmd\":\"mouse-wheel\",\"n\":\"1\"}",
		"{\"ok\":false,\"error\":\"\\\"n\\\" is a number from -127 to 127\"}");
	command(fx, "{\"cmd\":\"mouse-click\",\"button\":1}", "{\"ok\":false,\"error\":"
		"\"\\\"button\\\" is left, right, middle, side or extra\"}");
	assert_int_equal(fx->len, 0);
}

static void test_guest_messages(void **state)
{
	struct fixture *fx = *state;
	uint8_t msg[sizeof(version_request)];
	json_int_t before;

	edge_opened(fx);
	edge_receive(fx, ack, sizeof(ack));		/* nothing to acknowledge */
	assert_int_equal(stat_of(fx, "malformed"), 1);
	for (size_t len = 0; len < sizeof(version_request); len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, version_request, len);
		edge_receive(fx, exact, len);		/* a read past it is caught */
		free(exact);
	}
	before = stat_of(fx, "malformed");
	assert_int_equal(before, 1 + sizeof(version_request));
	/* Sizes that promise more than there is; a pipe message of another type. */
	for (size_t at = 0; at < 16; at++) {
		if (at >= 8 && at < 12)
			continue;
		memcpy(msg, version_request, sizeof(msg));
		msg[at] = 0xff;
		edge_receive(fx, msg, sizeof(msg));
	}
	assert_int_equal(stat_of(fx, "malformed"), before + 12);
	assert_int_equal(fx->len, 0);
	/* Another version is refused, and the guest may ask again. */
	memcpy(msg, version_request, sizeof(msg));
	msg[18] = 1;
	edge_receive(fx, msg, sizeof(msg));
	assert_int_equal(fx->len, 21);
	assert_int_equal(fx->sent[20], 0);
	edge_receive(fx, version_request, sizeof(version_request));
	assert_int_equal(fx->len, 21 + 21 + 8 + 112);
}

/* A message of type 4 in a pipe message. */
#define RAW(len, ...)	1, 0, 0, 0, 8 + (len), 0, 0, 0, 4, 0, 0, 0, (len), 0, 0, 0, __VA_ARGS__

static void test_relative(void **state)
{
	static const uint8_t bytes[] = {
		RAW(6, 0, 5, 0, 0xfd, 0xff, 0), RAW(6, 0, 0x01, 0x80, 0, 0, 0),
		RAW(6, 8, 0, 0, 0, 0, 0), RAW(6, 0, 0, 0, 0, 0, 0), RAW(6, 0, 0, 0, 0, 0, 0x81),
	};
	struct fixture *fx = *state;

	become(fx, "relative");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":5,\"y\":-3}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":-32767}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-click\",\"button\":\"side\"}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-wheel\",\"n\":-127}", "{\"ok\":true}");
	expect_sent(fx, bytes, sizeof(bytes));
	command(fx, "{\"cmd\":\"mouse-move\",\"y\":-32768}",
		"{\"ok\":false,\"error\":\"\\\"y\\\" is a number from -32767 to 32767\"}");
}

static void test_kinds(void **state)
{
	static const uint8_t pen[] = {
		RAW(7, 4, 0x64, 0, 0xc8, 0, 0, 0), RAW(7, 5, 0x64, 0, 0xc8, 0, 0, 2),
		RAW(7, 4, 0x64, 0, 0xc8, 0, 0, 0),
	};
	static const uint8_t ids[] = { RAW(4, 1, 0, 5, 0x81), RAW(2, 2, 1), RAW(3, 3, 0xfe, 0xdc) };
	static const uint8_t tiny[] = { RAW(1, 0x7f) };
	struct fixture *fx = *state;

	become(fx, "digitizer");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":100,\"y\":200}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-click\"}", "{\"ok\":true}");
	expect_sent(fx, pen, sizeof(pen));
	command(fx, "{\"cmd\":\"mouse-click\",\"button\":\"middle\"}",
		"{\"ok\":false,\"error\":\"a mouse digitizer has no button middle\"}");
	command(fx, "{\"cmd\":\"mouse-wheel\",\"n\":1}",
		"{\"ok\":false,\"error\":\"a mouse digitizer has no wheel\"}");

	become(fx, "ids");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":5,\"y\":-127}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-report\",\"data\":\"0201\"}", "{\"ok\":true}");
	command(fx, "{\"cmd\":\"mouse-report\",\"data\":\"03 fe DC\"}", "{\"ok\":true}");
	expect_sent(fx, ids, sizeof(ids));

	become(fx, "tiny");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":127}", "{\"ok\":true}");
	expect_sent(fx, tiny, sizeof(tiny));
	/* Its descriptor gives its byte no sign: -5 would arrive as 251. */
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":-5}",
		"{\"ok\":false,\"error\":\"\\\"x\\\" is a number from 0 to 127\"}");
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":0}",
		"{\"ok\":false,\"error\":\"a mouse tiny has no y\"}");
	assert_int_equal(fx->len, 0);
}

static void test_raw(void **state)
{
	static const char *const bad[] = { "", "0", "0g", "01 2", "01x", " ", "01,02", "01,zz", "01," };
	static const uint8_t bytes[] = { RAW(1, 0xff) };
	struct fixture *fx = *state;
	char request[64];

	become(fx, "hex:05 01c0");
	activate(fx);
	command(fx, "{\"cmd\":\"mouse-click\"}",
		"{\"ok\":false,\"error\":\"this mouse was given in hex: use mouse-report\"}");
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":1}",
		"{\"ok\":false,\"error\":\"this mouse was given in hex: use mouse-report\"}");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(request, sizeof(request), "{\"cmd\":\"mouse-report\",\"data\":\"%s\"}",
			 bad[i]);
		command(fx, request, "{\"ok\":false,\"error\":\"\\\"data\\\" is a report of 1 to 16384 "
			"bytes, in hexadecimal digits\"}");
	}
	command(fx, "{\"cmd\":\"mouse-report\",\"data\":\"ff\"}", "{\"ok\":true}");
	expect_sent(fx, bytes, sizeof(bytes));
}

/* The report descriptor that the guest gets, and what is in front of it. */
static void test_descriptor_sizes(void **state)
{
	static const struct {
		const char *spec;
		unsigned int len;
		uint8_t first[4], last[3];
	} cases[] = {
		{ "usual", 63, { 5, 1, 9, 2 }, { 0x06, 0xc0, 0xc0 } },
		{ "tiny", 15, { 5, 1, 9, 2 }, { 0x81, 0x06, 0xc0 } },
		{ "tiny,size=15", 15, { 5, 1, 9, 2 }, { 0x81, 0x06, 0xc0 } },
		{ "tiny,size=16", 16, { 4, 5, 1, 9 }, { 0x81, 0x06, 0xc0 } },
		{ "tiny,size=17", 17, { 5, 1, 5, 1 }, { 0x81, 0x06, 0xc0 } },
		{ "hex:0501c0,size=8", 8, { 4, 5, 1, 5 }, { 5, 1, 0xc0 } },
		{ "ids,size=65535", 65535, { 4, 5, 1, 5 }, { 0x81, 0x02, 0xc0 } },
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *info = fx->sent + 21;
		unsigned int len = cases[i].len;

		become(fx, cases[i].spec);
		edge_opened(fx);
		fx->len = 0;
		edge_receive(fx, version_request, sizeof(version_request));
		assert_int_equal(fx->len, 21 + 8 + 49 + len);
		/* pipe and message say how long they are, the HID descriptor how long the other is */
		assert_int_equal(info[4] | info[5] << 8 | info[6] << 16, 49 + len);
		assert_int_equal(info[12] | info[13] << 8 | info[14] << 16, 41 + len);
		assert_int_equal(info[8 + 47] | info[8 + 48] << 8, len);
		assert_memory_equal(info + 8 + 49, cases[i].first, 4);
		assert_memory_equal(info + 8 + 49 + len - 3, cases[i].last, 3);
		assert_int_equal(stat_of(fx, "descriptor_bytes"), len);
		edge_closed(fx);
	}
}

static void test_no_such_kind(void **state)
{
	static const char *const bad[] = {
		"", "usua", "usual ", "usual,", "usual,size=", "usual,size=62", "usual,size=65536",
		"usual,size=99x", "usual,size=-1", "usual,width=9", "hex:", "hex:1", "hex:0x05", "hex:zz",
	};
	struct fixture *fx = *state;
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(mouse_new(fx->control, bad[i], &err));
		assert_non_null(strstr(err.text, "relative"));
	}
}

/* What is for later is answered now and sent then. */
static void test_later(void **state)
{
	static const uint8_t bytes[] = { REPORT(0, 1, 0, 2, 0, 0, 0) };
	struct fixture *fx = *state;

	activate(fx);
	ask(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":2,\"after_ms\":30}");
	assert_string_equal(fx->answer, "{\"ok\":true}");
	assert_int_equal(fx->len, 0);
	while (!fx->len)
		loop_poll(fx->loop, -1);
	expect_sent(fx, bytes, sizeof(bytes));
	command(fx, "{\"cmd\":\"mouse-click\",\"after_ms\":60001}",
		"{\"ok\":false,\"error\":\"\\\"after_ms\\\" is a number from 0 to 60000\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_handshake, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_reports, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_guest_messages, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_relative, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_raw, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_descriptor_sizes, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_such_kind, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_later, setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("mouse", tests, NULL, NULL);
}
