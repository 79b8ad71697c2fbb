// SPDX-License-Identifier: GPL-2.0
/* The integration services: negotiation, requests and answers, and guests that misbehave. */
#include "fake_edge.h"

#include "vsp/service.h"
#include "vsp/service_internal.h"

static void open_service(struct fixture *fx, const struct service_ops *ops)
{
	fx->last_only = true;
	fx->edge = service_new(ops, fx->control, NULL);
	assert_non_null(fx->edge);
	edge_opened(fx);
	assert_int_equal(fx->messages, 1);
}

/* What in-tree Linux does: the request's bytes go back, marked as the response. */
static void echo(struct fixture *fx, uint32_t status)
{
	uint8_t msg[sizeof(fx->sent)];
	size_t len = fx->len;

	memcpy(msg, fx->sent, len);
	memcpy(msg + 20, &status, 4);
	msg[25] = 5;
	edge_receive(fx, msg, len);
}

/* The guest's choice in the negotiation, in the request's bytes. */
static void choose(struct fixture *fx, uint16_t fw_major, uint16_t major, uint16_t minor)
{
	uint16_t words[8] = { 1, 1, 0, 0, fw_major, 0, major, minor };

	memcpy(fx->sent + 28, words, sizeof(words));
	fx->sent[18] = 16;	/* in-tree answers that the size is 16, whatever it was */
	fx->sent[19] = 0;
	echo(fx, 0);
}

static void test_negotiation(void **state)
{
	static const uint8_t offer[] = {
		1, 0, 0, 0, 52, 0, 0, 0,			/* pipe: data, 52 bytes */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0,		/* negotiate, 32 bytes */
		0, 0, 0, 0, 1, 3, 0, 0,				/* transaction 1, a request */
		2, 0, 4, 0, 0, 0, 0, 0,				/* 2 and 4 versions */
		1, 0, 0, 0, 3, 0, 0, 0,				/* framework 1.0, 3.0 */
		1, 0, 0, 0, 3, 0, 0, 0, 3, 0, 1, 0, 3, 0, 2, 0,	/* shutdown 1.0 to 3.2 */
	};
	struct fixture *fx = *state;

	open_service(fx, &shutdown_service);
	assert_int_equal(fx->len, sizeof(offer));
	assert_memory_equal(fx->sent, offer, sizeof(offer));
	ask(fx, "{\"cmd\":\"shutdown\"}");
	assert_string_equal(fx->answer, "{\"ok\":false,\"error\":\"the guest has not negotiated "
			    "the shutdown service (is hv_utils loaded?)\"}");
	choose(fx, 3, 3, 2);
	assert_int_equal(service_version(service_of(fx->edge)), SERVICE_VERSION(3, 2));
}

static void test_refused_versions(void **state)
{
	struct fixture *fx = *state;

	open_service(fx, &shutdown_service);
	choose(fx, 3, 9, 0);			/* one that we have not offered */
	assert_int_equal(service_version(service_of(fx->edge)), 0);
	assert_int_equal(stat_of(fx, "malformed"), 1);
	ask(fx, "{\"cmd\":\"shutdown\"}");
	assert_string_equal(fx->answer, "{\"ok\":false,\"error\":\"the guest knows no version that "
			    "this host speaks of the shutdown service (is hv_utils loaded?)\"}");
	edge_closed(fx);
	edge_opened(fx);
	memset(fx->sent + 28, 0, 8);		/* the guest knows none */
	echo(fx, 0);
	assert_int_equal(service_version(service_of(fx->edge)), 0);
}

static void test_shutdown(void **state)
{
	static const uint8_t head[] = {
		1, 0, 0, 0, 0x20, 8, 0, 0,			/* pipe: 2080 bytes */
		3, 0, 0, 0, 3, 0, 3, 0, 2, 0, 0x0c, 8,		/* 3.0, shutdown, 3.2, 2060 bytes */
		0, 0, 0, 0, 2, 3, 0, 0,
		0, 0, 0, 0x80, 30, 0, 0, 0, 3, 0, 0, 0,		/* planned, 30 s, restart, force */
		'b', 0, 'y', 0, 'e', 0, 0, 0,
	};
	struct fixture *fx = *state;

	open_service(fx, &shutdown_service);
	choose(fx, 3, 3, 2);
	ask(fx, "{\"cmd\":\"shutdown\",\"mode\":\"reboot\",\"force\":true,\"timeout_s\":30,"
	    "\"text\":\"bye\"}");
	assert_int_equal(fx->len, 8 + 20 + 2060);
	assert_memory_equal(fx->sent, head, sizeof(head));
	assert_null(fx->answer);
	echo(fx, 0);
	assert_string_equal(fx->answer, "{\"ok\":true}");

	ask(fx, "{\"cmd\":\"shutdown\",\"mode\":\"hibernate\"}");
	echo(fx, 0x80004005);
	assert_string_equal(fx->answer,
			    "{\"ok\":false,\"error\":\"the guest refused: status 0x80004005\"}");

	ask(fx, "{\"cmd\":\"shutdown\"}");
	edge_closed(fx);
	assert_string_equal(fx->answer, "{\"ok\":false,\"error\":\"the guest closed its shutdown "
			    "service before it answered\"}");
	ask(fx, "{\"cmd\":\"shutdown\",\"mode\":\"nap\"}");
	assert_string_equal(fx->answer,
			    "{\"ok\":false,\"error\":\"\\\"mode\\\" is off, reboot or "
			    "hibernate\"}");
}

static void test_heartbeat(void **state)
{
	struct fixture *fx = *state;

	open_service(fx, &heartbeat_service);
	choose(fx, 3, 3, 0);
	assert_int_equal(fx->messages, 2);	/* the first beat comes at once */
	assert_int_equal(fx->len, 8 + 20 + 40);
	assert_int_equal(fx->sent[12], 1);
	ask(fx, "{\"cmd\":\"heartbeat\"}");
	assert_non_null(strstr(fx->answer, "the guest has not answered yet"));
	echo(fx, 0);				/* the sequence number as it was: wrong */
	assert_int_equal(stat_of(fx, "wrong"), 1);
	assert_int_equal(stat_of(fx, "beats"), 0);
	while (fx->messages == 2)
		loop_poll(fx->loop, -1);
	fx->sent[28]++;
	fx->sent[36] = 1;
	echo(fx, 0);
	assert_int_equal(stat_of(fx, "beats"), 1);
	ask(fx, "{\"cmd\":\"heartbeat\"}");
	assert_non_null(strstr(fx->answer, "\"ok\":true"));
	assert_non_null(strstr(fx->answer, "\"guest_state\":\"healthy\""));
}

static uint64_t reference(void *arg)
{
	return 0x1122334455667788;
}

static void test_time(void **state)
{
	static const uint8_t ref[] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 1, 0, 2 };
	struct fixture *fx = *state;
	uint64_t at;

	open_service(fx, &time_service);
	assert_int_equal(fx->sent[30], 2);	/* no 4.0 without a reference clock */
	choose(fx, 3, 3, 0);
	assert_int_equal(fx->len, 8 + 20 + 28);
	memcpy(&at, fx->sent + 28, 8);
	assert_in_range(at, 132000000000000000ull, 200000000000000000ull);	/* 2019 to 2234 */
	assert_int_equal(fx->sent[28 + 24], 1);	/* set the clock */
	echo(fx, 0);
	edge_closed(fx);

	services_reference_clock(reference, NULL);
	edge_opened(fx);
	services_reference_clock(NULL, NULL);
	assert_int_equal(fx->sent[30], 3);
	assert_int_equal(fx->sent[28 + 8 + 8 + 8], 4);
	services_reference_clock(reference, NULL);
	choose(fx, 3, 4, 0);
	assert_int_equal(fx->len, 8 + 20 + 24);
	assert_memory_equal(fx->sent + 36, ref, sizeof(ref));
	services_reference_clock(NULL, NULL);
}

static void test_kvp(void **state)
{
	static const uint8_t get[] = {
		0, 1, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xe9, 0, 0, 0,
	};
	struct fixture *fx = *state;

	open_service(fx, &kvp_service);
	choose(fx, 3, 4, 0);
	ask(fx, "{\"cmd\":\"kvp-get\",\"pool\":\"guest\",\"key\":\"\\u00e9\"}");
	assert_int_equal(fx->len, 28 + 2576);
	assert_memory_equal(fx->sent + 28, get, sizeof(get));
	memcpy(fx->sent + 28 + 528, "o\0k\0\0\0zz", 8);
	fx->sent[28 + 12] = 6;
	echo(fx, 0);
	assert_string_equal(fx->answer, "{\"ok\":true,\"value\":\"ok\"}");

	ask(fx, "{\"cmd\":\"kvp-get\",\"pool\":0,\"key\":\"k\"}");
	memset(fx->sent + 28 + 12, 0xff, 4);		/* a value of 4 GiB */
	memset(fx->sent + 28 + 528, 'x', 2048);
	echo(fx, 0);
	assert_int_equal(strlen(fx->answer), strlen("{\"ok\":true,\"value\":\"\"}") + 3 * 1024);

	ask(fx, "{\"cmd\":\"kvp-get\",\"pool\":\"0\",\"key\":\"k\"}");
	echo(fx, 0x80070103);
	assert_string_equal(fx->answer, "{\"ok\":false,\"error\":\"the guest has no such key "
			    "(status 0x80070103)\"}");

	ask(fx, "{\"cmd\":\"kvp-list\",\"pool\":\"auto\"}");
	for (char c = 'a'; c < 'c'; c++) {
		assert_int_equal(fx->sent[28], 3);
		assert_int_equal(fx->sent[32], c - 'a');
		memcpy(fx->sent + 28 + 8, "\x04\0\0\0\x04\0\0\0\x04\0\0\0", 12);
		fx->sent[28 + 20] = c;
		fx->sent[28 + 532] = c;
		echo(fx, 0);
	}
	assert_null(fx->answer);
	echo(fx, 0x80070103);
	assert_string_equal(fx->answer, "{\"ok\":true,\"values\":{\"a\":97,\"b\":98}}");
}

/* Every answer that is cut short or names too much is dropped, without a read past its end. */
static void test_malformed(void **state)
{
	struct fixture *fx = *state;
	uint8_t msg[4096];
	size_t full;

	open_service(fx, &kvp_service);
	choose(fx, 3, 4, 0);
	ask(fx, "{\"cmd\":\"kvp-get\",\"pool\":\"0\",\"key\":\"k\"}");
	full = fx->len;
	memcpy(msg, fx->sent, full);
	msg[25] = 5;
	for (size_t len = 0; len < full; len += len < 64 ? 1 : 500) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, msg, len);
		edge_receive(fx, exact, len);
		free(exact);
	}
	assert_null(fx->answer);
	msg[18] = 0xff;		/* the header's size is larger than the pipe's */
	msg[19] = 0xff;
	edge_receive(fx, msg, full);
	assert_null(fx->answer);
	assert_true(stat_of(fx, "malformed") > 64);

	memcpy(msg, fx->sent, full);
	msg[25] = 5;
	msg[24]--;		/* an older transaction */
	edge_receive(fx, msg, full);
	assert_null(fx->answer);
	assert_int_equal(stat_of(fx, "stale"), 1);

	msg[24]++;
	msg[18] = 4;		/* a body of four bytes */
	msg[19] = 0;
	edge_receive(fx, msg, full);
	assert_string_equal(fx->answer,
			    "{\"ok\":false,\"error\":\"the guest's answer is too short: "
			    "4 bytes\"}");
	edge_receive(fx, msg, full);	/* nobody waits any more */
	assert_int_equal(stat_of(fx, "stale"), 2);
}

static void no_answer(struct service *svc, const struct service_answer *answer,
		      const struct error *err)
{
	struct error *out = *(struct error **)service_priv(svc);

	assert_null(answer);
	*out = *err;
}

static void test_timeout(void **state)
{
	static const struct service_command none[] = { { NULL, NULL, NULL } };
	static const uint32_t versions[] = { SERVICE_VERSION(1, 0), 0 };
	static const struct service_ops ops = {
		.name = "test", .needs = "", .type = 9, .versions = versions, .commands = none,
		.priv_size = sizeof(struct error *),
	};
	struct fixture *fx = *state;
	struct error err = { "" };

	open_service(fx, &ops);
	choose(fx, 1, 1, 0);
	*(struct error **)service_priv(service_of(fx->edge)) = &err;
	assert_int_equal(service_request(service_of(fx->edge), "", 0, 20, no_answer, NULL), 0);
	assert_int_equal(service_request(service_of(fx->edge), "", 0, 20, no_answer, NULL), -1);
	while (!err.text[0])
		loop_poll(fx->loop, -1);
	assert_string_equal(err.text, "the guest's test service gave no answer in 20 ms");
	echo(fx, 0);		/* too late */
	assert_int_equal(stat_of(fx, "stale"), 1);
	assert_false(service_busy(service_of(fx->edge)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_negotiation, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refused_versions, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_shutdown, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_heartbeat, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_time, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_kvp, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_malformed, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_timeout, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
