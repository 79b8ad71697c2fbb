// SPDX-License-Identifier: GPL-2.0
/* The keyboard: its bytes on the wire, its keys, and guests that misbehave. */
#include "fake_edge.h"

#include <errno.h>

#include "vsp/keyboard.h"
#include "vsp/keyboard_layout.h"

static int setup(void **state)
{
	struct fixture *fx;

	fixture_setup(state);
	fx = *state;
	fx->edge = keyboard_new(fx->control, NULL);
	assert_non_null(fx->edge);
	return 0;
}

static void activate(struct fixture *fx)
{
	static const uint8_t request[] = { 1, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t response[] = { 2, 0, 0, 0, 1, 0, 0, 0 };

	edge_opened(fx);
	edge_receive(fx, request, sizeof(request));
	expect_sent(fx, response, sizeof(response));
}

#define EVENT(code, flags)	3, 0, 0, 0, (code), 0, 0, 0, (flags), 0, 0, 0

static void test_type(void **state)
{
	static const uint8_t bytes[] = {
		EVENT(0x1e, 0), EVENT(0x1e, 2),					/* a */
		EVENT(0x2a, 0), EVENT(0x02, 0), EVENT(0x02, 2), EVENT(0x2a, 2),	/* ! */
		EVENT(0x1c, 0), EVENT(0x1c, 2),					/* newline */
	};
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"type\",\"text\":\"a!\\n\",\"delay_ms\":0}",
		"{\"ok\":true,\"keystrokes\":8}");
	expect_sent(fx, bytes, sizeof(bytes));
}

static void test_keys(void **state)
{
	static const uint8_t chord[] = {
		EVENT(0x1d, 0), EVENT(0x38, 0), EVENT(0x53, 4),
		EVENT(0x53, 6), EVENT(0x38, 2), EVENT(0x1d, 2),
	};
	static const uint8_t pause[] = {
		EVENT(0x1d, 8), EVENT(0x45, 0), EVENT(0x1d, 10), EVENT(0x45, 2),
	};
	static const uint8_t held[] = { EVENT(0x48, 4) };
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"Ctrl\",\"alt\",\"delete\"],\"delay_ms\":0}",
		"{\"ok\":true,\"keystrokes\":6}");
	expect_sent(fx, chord, sizeof(chord));
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"pause\"],\"delay_ms\":0}",
		"{\"ok\":true,\"keystrokes\":4}");
	expect_sent(fx, pause, sizeof(pause));
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"up\"],\"action\":\"down\",\"delay_ms\":0}",
		"{\"ok\":true,\"keystrokes\":1}");
	expect_sent(fx, held, sizeof(held));
	/* Pause does not go up. */
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"pause\"],\"action\":\"up\"}",
		"{\"ok\":true,\"keystrokes\":0}");
}

static void test_unicode(void **state)
{
	static const uint8_t bytes[] = {
		3, 0, 0, 0, 0x3d, 0xd8, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0x3d, 0xd8, 0, 0, 3, 0, 0, 0,
		3, 0, 0, 0, 0x00, 0xde, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0x00, 0xde, 0, 0, 3, 0, 0, 0,
	};
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"type\",\"text\":\"a\\u00e9\"}",
		"{\"ok\":false,\"error\":\"no key types U+00E9 on the US layout; "
		"\\\"by\\\": \\\"console\\\" types it on a text console\"}");
	assert_int_equal(fx->len, 0);
	command(fx, "{\"cmd\":\"type\",\"text\":\"\\ud83d\\ude00\",\"unicode\":true,"
		"\"delay_ms\":0}", "{\"ok\":true,\"keystrokes\":4}");
	expect_sent(fx, bytes, sizeof(bytes));
	command(fx, "{\"cmd\":\"type\",\"text\":\"\\ud83d\\ude00\",\"by\":\"unicode\","
		"\"delay_ms\":0}", "{\"ok\":true,\"keystrokes\":4}");
	expect_sent(fx, bytes, sizeof(bytes));
}

/* By Alt and the digits of the keypad: U+00E9 is 233, U+1F600 is 128512; Enter is itself. */
static void test_console(void **state)
{
#define DIGIT(code)	EVENT(code, 0), EVENT(code, 2)
	static const uint8_t bytes[] = {
		EVENT(0x38, 0), DIGIT(0x50), DIGIT(0x51), DIGIT(0x51), EVENT(0x38, 2),
		DIGIT(0x1c),
		EVENT(0x38, 0), DIGIT(0x4f), DIGIT(0x50), DIGIT(0x48), DIGIT(0x4c), DIGIT(0x4f),
		DIGIT(0x50), EVENT(0x38, 2),
	};
	struct keystroke out[KEYSTROKES_MAX];
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"type\",\"text\":\"\\u00e9\\n\\ud83d\\ude00\",\"by\":\"console\","
		"\"delay_ms\":0}", "{\"ok\":true,\"keystrokes\":24}");
	expect_sent(fx, bytes, sizeof(bytes));
	command(fx, "{\"cmd\":\"type\",\"text\":\"a\",\"by\":\"ear\"}",
		"{\"ok\":false,\"error\":\"\\\"by\\\" is keys, console or unicode\"}");
	assert_int_equal(keystrokes_of_char(0x10ffff, TYPING_CONSOLE, out), KEYSTROKES_MAX);
	assert_int_equal(keystrokes_of_char(0, TYPING_CONSOLE, out), 0);
	assert_int_equal(keystrokes_of_char(1, TYPING_CONSOLE, out), 0);
	assert_int_equal(keystrokes_of_char(0x110000, TYPING_CONSOLE, out), 0);
	assert_int_equal(keystrokes_of_char(0xe9, TYPING_KEYS, out), 0);
	assert_int_equal(keystrokes_of_char(0xe9, TYPING_UNICODE, out), 2);
}

/* The last key goes down again and again, as a host's keyboard repeats it. */
static void test_repeat(void **state)
{
	static const uint8_t bytes[] = {
		EVENT(0x2a, 0), EVENT(0x1e, 0), EVENT(0x1e, 0), EVENT(0x1e, 0), EVENT(0x1e, 2),
		EVENT(0x2a, 2),
	};
	static const uint8_t held[] = { EVENT(0x1e, 0), EVENT(0x1e, 0) };
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"shift\",\"a\"],\"repeat\":2,\"delay_ms\":0}",
		"{\"ok\":true,\"keystrokes\":6}");
	expect_sent(fx, bytes, sizeof(bytes));
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"a\"],\"action\":\"down\",\"repeat\":1,"
		"\"delay_ms\":0}", "{\"ok\":true,\"keystrokes\":2}");
	expect_sent(fx, held, sizeof(held));
	/* What goes up does not repeat. */
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"a\"],\"action\":\"up\",\"repeat\":9,"
		"\"delay_ms\":0}", "{\"ok\":true,\"keystrokes\":1}");
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"a\"],\"repeat\":1001}",
		"{\"ok\":false,\"error\":\"\\\"repeat\\\" is a number from 0 to 1000\"}");
}

static void test_refusals(void **state)
{
	struct fixture *fx = *state;

	command(fx, "{\"cmd\":\"type\",\"text\":\"a\"}", "{\"ok\":false,\"error\":\"the guest has "
		"not opened the keyboard (is hyperv-keyboard loaded?)\"}");
	activate(fx);
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"any\"]}",
		"{\"ok\":false,\"error\":\"no key \\\"any\\\"; keys are named like a, 1, enter, "
		"f1, left, ctrl, kp0\"}");
	command(fx, "{\"cmd\":\"key\",\"keys\":[]}",
		"{\"ok\":false,\"error\":\"\\\"keys\\\" is a list of 1 to 16 names\"}");
	command(fx, "{\"cmd\":\"type\",\"text\":\"a\",\"delay_ms\":-1}",
		"{\"ok\":false,\"error\":\"\\\"delay_ms\\\" is a number from 0 to 1000\"}");
	command(fx, "{\"cmd\":\"key\",\"keys\":[\"a\"],\"action\":\"tap\"}",
		"{\"ok\":false,\"error\":\"\\\"action\\\" is press, down or up\"}");
	assert_int_equal(fx->len, 0);
}

static void test_guest_messages(void **state)
{
	static const uint8_t version_2[] = { 1, 0, 0, 0, 0, 0, 2, 0 };
	static const uint8_t refused[] = { 2, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t leds[] = { 4, 0, 0, 0, 4, 0, 0, 0 };
	static const uint8_t unknown[] = { 9, 0, 0, 0, 0, 0, 0, 0 };
	struct fixture *fx = *state;

	edge_opened(fx);
	edge_receive(fx, version_2, sizeof(version_2));
	expect_sent(fx, refused, sizeof(refused));
	edge_receive(fx, leds, sizeof(leds));		/* too early */
	activate(fx);						/* the guest may try again */
	edge_receive(fx, leds, sizeof(leds));
	assert_int_equal(stat_of(fx, "leds"), 4);
	for (size_t len = 0; len < sizeof(version_2); len++)	/* every shorter request */
		edge_receive(fx, version_2, len);
	edge_receive(fx, unknown, sizeof(unknown));
	assert_int_equal(stat_of(fx, "malformed"), 1 + sizeof(version_2) + 1);
	assert_int_equal(fx->len, 0);
}

static void test_full_ring(void **state)
{
	static const char request[] = "{\"cmd\":\"type\",\"text\":\"ab\",\"delay_ms\":0}";
	static const uint8_t bytes[] = {
		EVENT(0x1e, 0), EVENT(0x1e, 2), EVENT(0x30, 0), EVENT(0x30, 2),
	};
	struct fixture *fx = *state;

	activate(fx);
	fx->send_rc = -EAGAIN;
	ask(fx, request);
	assert_null(fx->answer);
	fx->send_rc = 0;
	fx->edge->ops->writable(fx->edge);
	expect_sent(fx, bytes, sizeof(bytes));
	assert_string_equal(fx->answer, "{\"ok\":true}");

	/* Closed with keys in the queue: the asker is told. */
	fx->send_rc = -EAGAIN;
	ask(fx, request);
	edge_closed(fx);
	assert_string_equal(fx->answer, "{\"ok\":false,\"error\":\"the guest closed the device before "
			    "all was sent\"}");
	assert_int_equal(stat_of(fx, "lost"), 4);
	assert_int_equal(stat_of(fx, "queued"), 0);
}

static void test_pace(void **state)
{
	struct fixture *fx = *state;

	activate(fx);
	command(fx, "{\"cmd\":\"type\",\"text\":\"ab\",\"delay_ms\":30}",
		"{\"ok\":true,\"keystrokes\":4}");
	assert_int_equal(fx->len, 0);
	while (!fx->len)
		loop_poll(fx->loop, -1);
	assert_int_equal(fx->len, 24);		/* a; b follows 30 ms later */
	while (fx->len == 24)
		loop_poll(fx->loop, -1);
	assert_int_equal(fx->len, 48);
}

/* What is for later is answered now, and waits before its first key alone. */
static void test_later(void **state)
{
	struct fixture *fx = *state;

	activate(fx);
	ask(fx, "{\"cmd\":\"type\",\"text\":\"ab\",\"after_ms\":30,\"delay_ms\":0}");
	assert_string_equal(fx->answer, "{\"ok\":true,\"keystrokes\":4}");
	assert_int_equal(fx->len, 0);
	while (!fx->len)
		loop_poll(fx->loop, -1);
	assert_int_equal(fx->len, 48);
	ask(fx, "{\"cmd\":\"key\",\"keys\":[\"a\"],\"action\":\"up\",\"after_ms\":30,"
	    "\"delay_ms\":0}");
	assert_string_equal(fx->answer, "{\"ok\":true,\"keystrokes\":1}");
	assert_int_equal(fx->len, 48);
	while (fx->len == 48)
		loop_poll(fx->loop, -1);
	assert_int_equal(fx->len, 60);
}

static void test_layout(void **state)
{
	struct keystroke out[KEYSTROKES_MAX];
	unsigned int typed = 0;

	for (uint32_t c = 0x20; c < 0x7f; c++)
		typed += keystrokes_of_char(c, TYPING_KEYS, out) > 0;
	assert_int_equal(typed, 95);		/* all that ASCII prints */
	assert_int_equal(keystrokes_of_char(0, TYPING_UNICODE, out), 0);
	assert_int_equal(keystrokes_of_char('\\', TYPING_KEYS, out), 2);
	assert_int_equal(out[0].code, 0x2b);
	assert_int_equal(keystrokes_of_char('/', TYPING_KEYS, out), 2);
	assert_int_equal(out[0].code, 0x35);
	assert_int_equal(keystrokes_of_char('~', TYPING_KEYS, out), 4);
	assert_int_equal(out[1].code, 0x29);
	assert_int_equal(keystrokes_of_key("A", true, out), 1);
	assert_int_equal(out[0].code, 0x1e);
	assert_int_equal(keystrokes_of_key("!", true, out), -1);
	assert_int_equal(keystrokes_of_key("", true, out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_type, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_unicode, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_console, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_repeat, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_later, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_guest_messages, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_full_ring, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pace, setup, fixture_teardown),
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests_name("keyboard", tests, NULL, NULL);
}
