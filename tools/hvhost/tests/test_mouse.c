// SPDX-License-Identifier: GPL-2.0
/* The mouse: its bytes on the wire, and guests that misbehave. */
#include "fake_edge.h"

#include "vsp/mouse.h"

static int setup(void **state)
{
	struct fixture *fx;

	fixture_setup(state);
	fx = *state;
	fx->edge = mouse_new(fx->control, NULL);
	assert_non_null(fx->edge);
	return 0;
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

static void test_delay(void **state)
{
	static const uint8_t bytes[] = { REPORT(0, 7, 0, 9, 0, 0, 0) };
	struct fixture *fx = *state;

	activate(fx);
	ask(fx, "{\"cmd\":\"mouse-move\",\"x\":7,\"y\":9,\"delay_ms\":30}");
	assert_null(fx->answer);
	assert_int_equal(fx->len, 0);
	while (!fx->answer)
		loop_poll(fx->loop, -1);
	assert_string_equal(fx->answer, "{\"ok\":true}");
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
	command(fx, "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":1,\"delay_ms\":60001}",
		"{\"ok\":false,\"error\":\"\\\"delay_ms\\\" is a number from 0 to 60000\"}");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_handshake, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_reports, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_delay, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_guest_messages, setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("mouse", tests, NULL, NULL);
}
