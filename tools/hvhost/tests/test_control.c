// SPDX-License-Identifier: GPL-2.0
/* Control: requests, deferred answers, and the socket with hostile and slow clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

struct fixture {
	struct loop *loop;
	struct control *control;
	struct control_pending *pending;
	char dir[32], path[48];
	char *taken;
};

static int cmd_echo(void *arg, json_t *request, json_t *reply, struct error *err)
{
	json_t *fail = json_object_get(request, "fail");

	if (fail)
		return error_set(err, "%s", json_string_value(fail));
	json_object_set(reply, "value", json_object_get(request, "value"));
	return 0;
}

static int cmd_later(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct fixture *fx = arg;

	fx->pending = control_defer(fx->control);
	if (!fx->pending)
		json_object_set_new(reply, "state", json_string("asked"));
	return json_object_get(request, "fail") ? error_set(err, "later is never") : 0;
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	strcpy(fx->dir, "/tmp/hvic-control-XXXXXX");
	assert_non_null(mkdtemp(fx->dir));
	snprintf(fx->path, sizeof(fx->path), "%s/socket", fx->dir);
	fx->loop = loop_new("test");
	fx->control = control_new(fx->loop);
	control_register(fx->control, "echo", "value: given back", cmd_echo, fx);
	control_register(fx->control, "later", "answered when the test says so", cmd_later, fx);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	control_free(fx->control);
	loop_free(fx->loop);
	assert_int_not_equal(access(fx->path, F_OK), 0);
	rmdir(fx->dir);
	free(fx->taken);
	free(fx);
	return 0;
}

static void expect(struct fixture *fx, const char *request, const char *answer)
{
	char *text = control_request(fx->control, request, strlen(request));

	assert_string_equal(text, answer);
	free(text);
}

static void test_answers(void **state)
{
	struct fixture *fx = *state;

	expect(fx, "{\"cmd\":\"echo\",\"value\":[1,\"a\"]}", "{\"ok\":true,\"value\":[1,\"a\"]}");
	expect(fx, "{\"cmd\":\"echo\",\"id\":7,\"fail\":\"no\"}",
	       "{\"ok\":false,\"id\":7,\"error\":\"no\"}");
	expect(fx, "{\"cmd\":\"nothing\"}",
	       "{\"ok\":false,\"error\":\"no command \\\"nothing\\\" here; try \\\"help\\\"\"}");
	expect(fx, "[]", "{\"ok\":false,\"error\":\"the request is not a JSON object\"}");
	expect(fx, "{\"cmd\":3}", "{\"ok\":false,\"error\":\"the request has no string "
	       "\\\"cmd\\\"; try {\\\"cmd\\\":\\\"help\\\"}\"}");
	expect(fx, "{\"cmd\":\"help\"}", "{\"ok\":true,\"commands\":{"
	       "\"echo\":\"value: given back\",\"help\":\"list the commands\","
	       "\"later\":\"answered when the test says so\"}}");
	control_unregister(fx->control, "echo", fx);
	expect(fx, "{\"cmd\":\"echo\"}",
	       "{\"ok\":false,\"error\":\"no command \\\"echo\\\" here; try \\\"help\\\"\"}");
}

static void test_not_json(void **state)
{
	static const char *const lines[] = { "", "{", "{\"cmd\":\"echo\"} x", "\xff\xfe", "nul" };
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *text = control_request(fx->control, lines[i], strlen(lines[i]));

		assert_memory_equal(text, "{\"ok\":false,\"error\":\"not JSON", 29);
		free(text);
	}
}

static void take(void *arg, char *text)
{
	struct fixture *fx = arg;

	free(fx->taken);
	fx->taken = text;
}

static struct control_pending *ask(struct fixture *fx, const char *request)
{
	free(fx->taken);
	fx->taken = NULL;
	return control_request_async(fx->control, request, strlen(request), take, fx);
}

static void test_deferred(void **state)
{
	struct fixture *fx = *state;
	struct error err = { "gone" };
	json_t *reply;

	/* A transport that cannot wait gets an answer at once. */
	expect(fx, "{\"cmd\":\"later\"}", "{\"ok\":true,\"state\":\"asked\"}");

	assert_non_null(ask(fx, "{\"cmd\":\"later\",\"id\":\"a\"}"));
	assert_null(fx->taken);
	reply = json_pack("{s:i}", "n", 5);
	control_answer(fx->pending, reply, NULL);
	json_decref(reply);
	assert_string_equal(fx->taken, "{\"ok\":true,\"id\":\"a\",\"n\":5}");

	assert_non_null(ask(fx, "{\"cmd\":\"later\"}"));
	control_answer(fx->pending, NULL, &err);
	assert_string_equal(fx->taken, "{\"ok\":false,\"error\":\"gone\"}");

	/* Deferred, then failed: one answer, no handle. */
	assert_null(ask(fx, "{\"cmd\":\"later\",\"fail\":1}"));
	assert_string_equal(fx->taken, "{\"ok\":false,\"error\":\"later is never\"}");

	control_cancel(ask(fx, "{\"cmd\":\"later\"}"));
	control_answer(fx->pending, NULL, NULL);
	assert_null(fx->taken);

	/* One that is never answered is freed with the control. */
	assert_non_null(ask(fx, "{\"cmd\":\"later\"}"));
}

static int client(struct fixture *fx)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, fx->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void turn(struct fixture *fx)
{
	for (int i = 0; i < 20; i++)
		loop_poll(fx->loop, 0);
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void get(struct fixture *fx, int fd, const char *text)
{
	char buf[512];
	ssize_t n;

	turn(fx);
	n = recv(fd, buf, sizeof(buf) - 1, 0);
	assert_true(n >= 0);
	buf[n] = 0;
	assert_string_equal(buf, text);
}

static void test_socket(void **state)
{
	struct fixture *fx = *state;
	struct error err;
	struct stat st;
	int a, b;

	assert_int_equal(control_listen(fx->control, fx->path, &err), 0);
	assert_int_equal(stat(fx->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	a = client(fx);
	b = client(fx);
	put(a, "{\"cmd\":\"echo\",\"val");
	turn(fx);
	put(b, "{\"cmd\":\"echo\",\"value\":2}\n");
	get(fx, b, "{\"ok\":true,\"value\":2}\n");
	put(a, "ue\":1}\n{\"cmd\":\"echo\",\"value\":3}\n");
	get(fx, a, "{\"ok\":true,\"value\":1}\n{\"ok\":true,\"value\":3}\n");
	/* The end of what a client says is not the end of what it hears. */
	put(a, "{\"cmd\":\"echo\",\"value\":4}\n{\"cmd\":\"later\"}\n{\"cmd\":\"echo\"}\n");
	shutdown(a, SHUT_WR);
	get(fx, a, "{\"ok\":true,\"value\":4}\n");
	control_answer(fx->pending, NULL, NULL);
	get(fx, a, "{\"ok\":true}\n{\"ok\":true}\n");
	get(fx, a, "");
	close(a);
	close(b);
	turn(fx);
}

static void test_order_and_loss(void **state)
{
	struct fixture *fx = *state;
	char buf[16];
	int fd;

	assert_int_equal(control_listen(fx->control, fx->path, NULL), 0);
	fd = client(fx);
	/* The second request waits for the first one's answer. */
	put(fd, "{\"cmd\":\"later\"}\n{\"cmd\":\"echo\",\"value\":1}\n");
	turn(fx);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), -1);
	control_answer(fx->pending, NULL, NULL);
	get(fx, fd, "{\"ok\":true}\n{\"ok\":true,\"value\":1}\n");
	/* A client that goes away does not keep its command from ending. */
	put(fd, "{\"cmd\":\"later\"}\n");
	turn(fx);
	close(fd);
	turn(fx);
	control_answer(fx->pending, NULL, NULL);
}

static void test_long_line(void **state)
{
	struct fixture *fx = *state;
	char *line = malloc(CONTROL_LINE_MAX + 2);
	ssize_t sent = 0;
	int fd;

	memset(line, 'x', CONTROL_LINE_MAX + 2);
	assert_int_equal(control_listen(fx->control, fx->path, NULL), 0);
	fd = client(fx);
	while (sent <= (ssize_t)CONTROL_LINE_MAX) {
		ssize_t n = send(fd, line, CONTROL_LINE_MAX + 1 - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += n;
		turn(fx);
	}
	get(fx, fd, "{\"ok\":false,\"error\":\"the request has 65537 bytes, at most 65536 are "
	    "taken\"}\n");
	get(fx, fd, "");
	close(fd);
	free(line);
}

static void test_paths(void **state)
{
	struct fixture *fx = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct error err;
	char path[200];
	int fd;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(control_listen(fx->control, path, &err), -1);
	assert_non_null(strstr(err.text, "199 characters, at most 107 fit"));

	/* A file that is no socket stays. */
	fd = open(fx->path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(control_listen(fx->control, fx->path, &err), -1);
	assert_non_null(strstr(err.text, "no socket"));
	unlink(fx->path);

	/* One that somebody listens on stays; what a dead process left goes. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(addr.sun_path, fx->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(control_listen(fx->control, fx->path, &err), -1);
	assert_non_null(strstr(err.text, "listens there already"));
	close(fd);
	assert_int_equal(control_listen(fx->control, fx->path, &err), 0);
	assert_int_equal(control_listen(fx->control, fx->path, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deferred, setup, teardown),
		cmocka_unit_test_setup_teardown(test_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_and_loss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
