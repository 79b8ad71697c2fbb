// SPDX-License-Identifier: GPL-2.0
/*
 * Hyper-V sockets: connections both ways through real channels and real Unix sockets, half-close,
 * flow control, a guest that lies, and how each of them ends.
 */
#include "fake_guest.h"

#include "hvsock_guest.h"

static void host_connects(void **state)
{
	static const uint8_t class[16] = { 0x88, 0x13, 0, 0, 0xcb, 0xfa, 0xe6, 0x11, 0xbd, 0x58,
					   0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3 };
	const struct vmbus_msg_offer *offer;
	int fd;

	fake_connect(0);
	fd = program("CONNECT 5000\nat once");
	offer = &fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer;
	assert_memory_equal(offer->class_id.b, class, 16);
	assert_int_equal(offer->flags & 0x2000, 0x2000);
	assert_int_equal(offer->u.user_defined[4], 1);
	assert_int_equal(offer->subchannel_index, 0);
	assert_string_equal(heard(fd), "(nothing)");
	guest_opens(0, offer->relid);
	assert_string_equal(heard(fd), "OK 5000\n");
	guest_takes(0, "at once");
	assert_true(guest_send(0, "answer", 6));
	assert_string_equal(heard(fd), "answer");
	assert_int_equal(t.hv->from_host, 1);
	close(fd);
}

static void requests_in_pieces_and_wrong_ones(void **state)
{
	static const char *const wrong[] = {
		"CONNECT\n", "CONNECT 99 \n", "connect 99\n", "CONNECT x\n", "\n",
		"CONNECT -1\n", "CONNECT 4294967296\n", "CONNECT  99\n",
		"a line that is longer than a request can be\n",
	};
	int fd;

	fake_connect(0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fd = program(wrong[i]);
		assert_string_equal(heard(fd), "ERROR the request is not CONNECT and a port\n");
		close(fd);
	}
	fd = program("CONN");
	assert_string_equal(heard(fd), "(nothing)");
	assert_int_equal(send(fd, "ECT 7\n", 6, 0), 6);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.class_id.b[0], 7);
	close(fd);
	t.hv->open_ms = 60;
	fd = program("CONN");
	wait_ms(100);
	assert_string_equal(heard(fd), "ERROR no request came in time\n");
	assert_string_equal(heard(fd), "(end)");
	close(fd);
}

static void no_guest(void **state)
{
	int fd = program("CONNECT 5000\n");

	assert_string_equal(heard(fd), "ERROR the guest's VMBus is not connected\n");
	assert_string_equal(heard(fd), "(end)");
	close(fd);
	fake_nothing();
}

static void guest_does_not_answer(void **state)
{
	uint32_t relid;
	int fd;

	fake_connect(0);
	t.hv->open_ms = 60;
	fd = program("CONNECT 5000\n");
	relid = fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid;
	wait_ms(100);
	assert_string_equal(heard(fd), "ERROR the guest did not take the connection\n");
	assert_string_equal(heard(fd), "(end)");
	assert_int_equal(t.hv->unanswered, 1);
	gone(relid);
	close(fd);
}

static void guest_gives_the_offer_back(void **state)
{
	int fd;

	fake_connect(0);
	fd = program("CONNECT 5000\n");
	fake_post_relid(VMBUS_MSG_RELID_RELEASED,
			fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid);
	assert_string_equal(heard(fd), "(end)");
	assert_int_equal(t.hv->nr_streams, 0);
	fake_nothing();
	close(fd);
}

static void guest_connects(void **state)
{
	int listener = unix_listen(t.listener, 4, NULL), fd;
	const struct vmbus_msg_offer *offer;

	assert_true(listener >= 0);
	fake_connect(0);
	assert_null(guest_asks(PORT, 0xd3, 0x1234));
	offer = &fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer;
	assert_int_equal(offer->class_id.b[0] | offer->class_id.b[1] << 8, PORT);
	assert_int_equal(offer->instance_id.b[0] | offer->instance_id.b[1] << 8, 0x1234);
	assert_int_equal(offer->flags & 0x2000, 0x2000);
	assert_int_equal(offer->u.user_defined[4], 0);
	guest_opens(0, offer->relid);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fd >= 0);
	assert_true(guest_send(0, "hello", 5));
	assert_string_equal(heard(fd), "hello");
	assert_int_equal(send(fd, "there", 5, 0), 5);
	guest_takes(0, "there");
	assert_int_equal(t.hv->from_guest, 1);
	/* The same endpoint once more, while it is in use. */
	assert_int_equal(guest_asks(PORT, 0xd3, 0x1234)->status, 0xc0000236);
	close(fd);
	close(listener);
}

static void guest_is_refused(void **state)
{
	struct vmbus_msg_tl_connect_result *result;
	int listener;

	fake_connect(0);
	result = guest_asks(PORT, 0xd3, 0x77);		/* nobody listens */
	assert_non_null(result);
	assert_int_equal(result->status, 0xc0000236);
	assert_int_equal(result->service_id.b[0] | result->service_id.b[1] << 8, PORT);
	assert_int_equal(result->endpoint_id.b[0], 0x77);
	listener = unix_listen(t.listener, 4, NULL);
	assert_int_equal(guest_asks(PORT, 0xd4, 1)->status, 0xc0000236);	/* no vsock service */
	assert_int_equal(t.hv->refused, 2);
	fake_nothing();
	close(listener);
}

static void each_side_ends_by_itself(void **state)
{
	char bytes[HVSOCK_PAYLOAD_MAX];
	int fd = connected();

	assert_int_equal(send(fd, "last", 4, 0), 4);
	shutdown(fd, SHUT_WR);
	guest_takes(0, "last");
	assert_int_equal(guest_take(0, bytes), 0);
	fake_nothing();
	assert_true(guest_send(0, "still", 5));
	assert_string_equal(heard(fd), "still");
	assert_string_equal(heard(fd), "(nothing)");
	assert_true(guest_send(0, NULL, 0));
	assert_string_equal(heard(fd), "(end)");
	gone(1);
	assert_int_equal(t.hv->broken, 0);
	close(fd);
}

static void guest_ends_first(void **state)
{
	char bytes[HVSOCK_PAYLOAD_MAX];
	int fd = connected();

	t.hv->linger_ms = 60;
	assert_true(guest_send(0, "bye", 3));
	assert_true(guest_send(0, NULL, 0));
	assert_string_equal(heard(fd), "bye");
	assert_string_equal(heard(fd), "(end)");
	wait_ms(100);
	assert_int_equal(send(fd, "yet", 3, 0), 3);
	guest_takes(0, "yet");
	close(fd);
	assert_int_equal(guest_take(0, bytes), 0);
	gone(1);
	assert_int_equal(t.hv->broken, 0);
}

static void program_goes(void **state)
{
	char bytes[HVSOCK_PAYLOAD_MAX];
	int fd = connected();

	t.hv->linger_ms = 400;
	assert_int_equal(send(fd, "end", 3, 0), 3);
	close(fd);
	guest_takes(0, "end");
	assert_int_equal(guest_take(0, bytes), 0);
	fake_nothing();
	wait_ms(900);		/* the guest does not end its side */
	gone(1);
}

static void program_goes_while_the_guest_sends(void **state)
{
	int fd = connected();

	close(fd);
	fake_run();
	guest_send(0, "anyone?", 7);
	gone(1);
	assert_int_equal(t.hv->broken, 1);
}

/* A guest that closed its socket takes nothing any more: the program is not held for ever. */
static void guest_ends_and_takes_nothing(void **state)
{
	static char bytes[4096];
	int fd = connected();

	t.hv->linger_ms = 400;
	assert_true(guest_send(0, NULL, 0));
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		fake_run();
	fake_nothing();
	wait_ms(900);
	assert_true(send(fd, bytes, 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	gone(1);
	close(fd);
}

static uint8_t pattern(uint32_t at)
{
	return at * 2654435761u >> 13;
}

static void much_to_the_guest(void **state)
{
	enum { TOTAL = 1 << 20 };
	uint8_t bytes[HVSOCK_PAYLOAD_MAX];
	uint32_t sent = 0, taken = 0, stuck = 0;
	int fd = connected(), n;

	while (taken < TOTAL) {
		/* As much as goes in while the guest takes nothing. */
		while (sent < TOTAL) {
			uint32_t i, len = TOTAL - sent < 3000 ? TOTAL - sent : 3000;
			ssize_t rc;

			for (i = 0; i < len; i++)
				bytes[i] = pattern(sent + i);
			rc = send(fd, bytes, len, MSG_DONTWAIT);
			fake_run();
			if (rc < 0)
				break;
			sent += rc;
		}
		stuck += sent < TOTAL;
		n = guest_take(0, bytes);
		assert_true(n > 0);
		for (int i = 0; i < n; i++)
			assert_int_equal(bytes[i], pattern(taken + i));
		taken += n;
	}
	assert_true(stuck > 10);
	assert_int_equal(guest_take(0, bytes), -1);
	close(fd);
}

static void much_to_the_host(void **state)
{
	enum { TOTAL = 1 << 20, PIECE = 1000 };
	uint8_t bytes[PIECE];
	uint32_t sent = 0, taken = 0, full = 0;
	int fd = connected();

	while (taken < TOTAL) {
		while (sent < TOTAL) {
			uint32_t i, len = TOTAL - sent < PIECE ? TOTAL - sent : PIECE;

			for (i = 0; i < len; i++)
				bytes[i] = pattern(sent + i);
			if (!guest_send(0, bytes, len)) {
				full++;
				break;
			}
			sent += len;
		}
		for (;;) {
			ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

			if (n < 0)
				break;
			assert_true(n > 0);
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(bytes[i], pattern(taken + i));
			taken += n;
		}
		fake_run();
	}
	assert_true(full > 0);
	assert_int_equal(to_host(0)->read_index, to_host(0)->write_index);
	close(fd);
}

static void guest_lies(void **state)
{
	static const struct {
		uint16_t type;
		uint32_t pipe, says;
	} lies[] = {
		{ VMBUS_PKT_DATA_INBAND, VMBUS_PIPE_DATA, 17 },
		{ VMBUS_PKT_DATA_INBAND, VMBUS_PIPE_DATA, 0xffffffff },
		{ VMBUS_PKT_DATA_INBAND, VMBUS_PIPE_PARTIAL, 8 },
		{ VMBUS_PKT_COMPLETION, VMBUS_PIPE_DATA, 8 },
	};
	const char bytes[16] = "0123456789abcde";
	uint32_t relid;
	int fd;

	fake_connect(0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fd = program("CONNECT 5000\n");
		relid = fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid;
		fake_open(relid, 10 + i, PFN);
		heard(fd);
		assert_true(guest_packet(0, lies[i].type, lies[i].pipe, lies[i].says, bytes, 16));
		assert_string_equal(heard(fd), "(end)");
		assert_int_equal(t.hv->broken, i + 1);
		gone(relid);
		close(fd);
	}
	/* More after its end. */
	fd = program("CONNECT 5000\n");
	relid = fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid;
	fake_open(relid, 20, PFN);
	heard(fd);
	assert_true(guest_send(0, NULL, 0));
	guest_send(0, "more", 4);
	gone(relid);
	close(fd);
}

static void streams_go_with_the_connection(void **state)
{
	int open = connected(), offered = program("CONNECT 5001\n");

	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	fake_post_header(VMBUS_MSG_UNLOAD);
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	assert_string_equal(heard(open), "(end)");
	assert_string_equal(heard(offered), "(end)");
	assert_int_equal(t.hv->nr_streams, 0);
	fake_connect(0);	/* neither is offered again */
	close(open);
	close(offered);
}

static void guest_closes_the_channel(void **state)
{
	int fd = connected();

	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_string_equal(heard(fd), "(end)");
	gone(1);
	close(fd);
}

static void many(void **state)
{
	int fds[HVSOCK_STREAMS_MAX], fd;
	json_t *answer;
	char *text;

	fake_connect(0);
	for (unsigned int i = 0; i < HVSOCK_STREAMS_MAX; i++) {
		fds[i] = program("CONNECT 5000\n");
		assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid, i + 1);
	}
	fd = program(NULL);
	assert_string_equal(heard(fd), "ERROR there are too many connections\n");
	close(fd);
	assert_int_equal(guest_asks(PORT, 0xd3, 1)->status, 0xc0000236);
	text = control_request(t.control, "{\"cmd\": \"hvsock\"}", 17);
	answer = json_loads(text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(answer, "streams")),
			 HVSOCK_STREAMS_MAX);
	assert_int_equal(json_integer_value(json_object_get(answer, "refused")), 2);
	json_decref(answer);
	free(text);
	for (unsigned int i = 0; i < HVSOCK_STREAMS_MAX; i++)
		close(fds[i]);
}

static void two_at_a_time(void **state)
{
	int a = connected(), b = program("CONNECT 6000\n"), bound = fake.bound_fd;

	guest_opens(1, fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid);
	assert_string_equal(heard(b), "OK 6000\n");
	assert_true(guest_send(1, "second", 6));
	assert_string_equal(heard(b), "second");
	fake.bound_fd = bound;
	assert_true(guest_send(0, "first", 5));
	assert_string_equal(heard(a), "first");
	assert_int_equal(send(a, "1", 1, 0), 1);
	assert_int_equal(send(b, "2", 1, 0), 1);
	guest_takes(1, "2");
	guest_takes(0, "1");
	close(a);
	close(b);
}

static void path_in_use(void **state)
{
	struct error err;

	assert_null(hvsock_create(fake.server, t.control, t.path, &err));
	assert_non_null(strstr(err.text, "listens there already"));
	assert_int_equal(access(t.path, F_OK), 0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(host_connects),
		TEST(requests_in_pieces_and_wrong_ones),
		TEST(no_guest),
		TEST(guest_does_not_answer),
		TEST(guest_gives_the_offer_back),
		TEST(guest_connects),
		TEST(guest_is_refused),
		TEST(each_side_ends_by_itself),
		TEST(guest_ends_first),
		TEST(program_goes),
		TEST(program_goes_while_the_guest_sends),
		TEST(guest_ends_and_takes_nothing),
		TEST(much_to_the_guest),
		TEST(much_to_the_host),
		TEST(guest_lies),
		TEST(streams_go_with_the_connection),
		TEST(guest_closes_the_channel),
		TEST(many),
		TEST(two_at_a_time),
		TEST(path_in_use),
	};

	return cmocka_run_group_tests_name("hvsock", tests, NULL, NULL);
}
