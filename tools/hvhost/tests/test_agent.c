// SPDX-License-Identifier: GPL-2.0
/* The agent port and the serial port: frames in any pieces, malformed ones, answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent_port.h"
#include "vmm/pm.h"
#include "vmm/uart.h"

static struct {
	struct loop *loop;
	struct control *control;
	struct agent *agent;
	struct ports ports;
	char dir[32], out[64], status[64];
	int pipe[2];
	int ready;
} fx;

static int cmd_echo(void *arg, json_t *request, json_t *reply, struct error *err)
{
	json_object_set(reply, "value", json_object_get(request, "value"));
	return 0;
}

static void on_ready(void *arg)
{
	fx.ready++;
}

static int setup(void **state)
{
	struct agent_config config = { .out_path = fx.out, .status_path = fx.status,
		.ready = on_ready };
	struct error err;

	memset(&fx, 0, sizeof(fx));
	strcpy(fx.dir, "/tmp/hvic-agent-XXXXXX");
	assert_non_null(mkdtemp(fx.dir));
	snprintf(fx.out, sizeof(fx.out), "%s/out", fx.dir);
	snprintf(fx.status, sizeof(fx.status), "%s/status", fx.dir);
	assert_int_equal(pipe2(fx.pipe, O_NONBLOCK), 0);
	fx.loop = loop_new("test");
	fx.control = control_new(fx.loop);
	control_register(fx.control, "echo", "value", cmd_echo, NULL);
	config.loop = fx.loop;
	config.control = fx.control;
	config.stdout_fd = config.stderr_fd = fx.pipe[1];
	fx.agent = agent_new(&config, &err);
	assert_non_null(fx.agent);
	agent_add_ports(fx.agent, &fx.ports);
	return 0;
}

static int teardown(void **state)
{
	agent_free(fx.agent);
	control_free(fx.control);
	loop_free(fx.loop);
	unlink(fx.out);
	unlink(fx.status);
	rmdir(fx.dir);
	close(fx.pipe[0]);
	close(fx.pipe[1]);
	return 0;
}

static void out(const void *data, size_t len)
{
	ports_access(&fx.ports, AGENT_PORT_DATA, true, (void *)data, 1, len);
}

static void frame(uint8_t type, const void *data, uint32_t len)
{
	struct agent_frame head = { .type = type, .len = len };

	out(&head, sizeof(head));
	out(data, len);
}

static uint32_t avail(void)
{
	uint32_t value = 0;

	ports_access(&fx.ports, AGENT_PORT_AVAIL, false, &value, 4, 1);
	return value;
}

static void expect_output(const char *text)
{
	char got[256] = "";
	ssize_t n = read(fx.pipe[0], got, sizeof(got) - 1);

	assert_string_equal(n > 0 ? got : "", text);
}

static void expect_file(const char *path, const char *text)
{
	char got[256] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(got, text);
}

static void test_streams(void **state)
{
	struct agent_frame head = { .type = AGENT_STDOUT, .len = 6 };
	uint8_t bytes[14];
	unsigned int i;
	uint32_t id = 0;

	ports_access(&fx.ports, AGENT_PORT_ID, false, &id, 4, 1);
	assert_int_equal(id, AGENT_PORT_MAGIC);
	memcpy(bytes, &head, 8);
	memcpy(bytes + 8, "hello\n", 6);
	for (i = 0; i < 14; i++)
		out(&bytes[i], 1);
	expect_output("hello\n");
	frame(AGENT_STDERR, "oops", 4);
	expect_output("oops");
	frame(AGENT_OUT, "tar", 3);
	frame(AGENT_OUT, "ball", 4);
	expect_file(fx.out, "tarball");
	frame(AGENT_EXIT, &(uint32_t){ 42 }, 4);
	expect_file(fx.status, "42\n");
	frame(AGENT_READY, "", 0);
	assert_int_equal(fx.ready, 1);
}

static void test_control(void **state)
{
	static const char request[] = "{\"cmd\": \"echo\", \"value\": 7}";
	struct agent_frame head;
	char text[256] = "";
	uint32_t n;

	assert_int_equal(avail(), 0);
	frame(AGENT_CONTROL, request, strlen(request));
	assert_int_equal(avail(), 0);
	loop_poll(fx.loop, 0);
	n = avail();
	assert_true(n > sizeof(head) && n < sizeof(text));
	ports_access(&fx.ports, AGENT_PORT_DATA, false, &head, 4, 2);
	assert_int_equal(head.type, AGENT_CONTROL);
	assert_int_equal(head.len, n - sizeof(head));
	ports_access(&fx.ports, AGENT_PORT_DATA, false, text, 1, head.len + 4);
	assert_non_null(strstr(text, "\"value\":7"));
	assert_int_equal(avail(), 0);
}

static void test_malformed_frames(void **state)
{
	struct agent_frame huge = { .type = AGENT_STDOUT, .len = AGENT_FRAME_MAX + 1 };
	static uint8_t junk[AGENT_FRAME_MAX + 1];

	frame(99, "junk", 4);
	frame(0, "junk", 4);
	frame(AGENT_EXIT, "12", 2);
	assert_int_equal(access(fx.status, F_OK), -1);
	out(&huge, sizeof(huge));
	out(junk, sizeof(junk));
	frame(AGENT_READY, "not empty", 9);
	assert_int_equal(fx.ready, 0);
	frame(AGENT_STDOUT, "fine", 4);		/* still in step */
	expect_output("fine");
}

static void test_unread_answers_are_bounded(void **state)
{
	static char request[60000];
	unsigned int i;
	int n;

	n = snprintf(request, sizeof(request), "{\"cmd\": \"echo\", \"value\": \"");
	memset(request + n, 'x', sizeof(request) - n);
	memcpy(request + sizeof(request) - 2, "\"}", 2);
	for (i = 0; i < 200; i++) {
		frame(AGENT_CONTROL, request, sizeof(request));
		loop_poll(fx.loop, 0);
	}
	assert_true(avail() > 1 << 20);
	assert_true(avail() <= 4 << 20);
	for (i = 0; i < 500; i++)	/* asks faster than it is served */
		frame(AGENT_CONTROL, "{}", 2);
}

static void test_ports(void **state)
{
	uint32_t value = 0;

	ports_access(&fx.ports, 0x1234, false, &value, 4, 1);
	assert_int_equal(value, 0xffffffff);
	ports_access(&fx.ports, 0x1234, true, &value, 4, 1);
	assert_int_equal(fx.ports.unclaimed, 2);
}

/* ---- the serial port ---- */

static int uart_level, uart_edges, uart_drained;
static char sent[32];

static void uart_irq(void *arg, bool level)
{
	uart_level = level;
	uart_edges++;
}

static void uart_output(void *arg, const uint8_t *data, size_t len)
{
	strncat(sent, (const char *)data, len);
}

static void on_drained(void *arg)
{
	uart_drained++;
}

static void test_uart(void **state)
{
	const struct uart_ops ops = { uart_irq, uart_output, on_drained, NULL };
	struct uart *u = uart_new(&ops);
	uint8_t keys[20] = "abcdefghijklmnopqrs";
	int i;

	assert_int_equal(uart_access(u, 2, false, 0), 0x01);	/* no FIFO, no interrupt */
	uart_access(u, 2, true, 0x01);
	assert_int_equal(uart_access(u, 2, false, 0) & 0xc0, 0xc0);
	uart_access(u, 3, true, 0x80);
	uart_access(u, 0, true, 0x34);
	assert_int_equal(uart_access(u, 0, false, 0), 0x34);
	uart_access(u, 3, true, 0x03);
	uart_access(u, 0, true, 'o');
	uart_access(u, 0, true, 'k');
	assert_string_equal(sent, "ok");
	assert_int_equal(uart_access(u, 5, false, 0), 0x60);

	uart_access(u, 1, true, 0x02);				/* transmitter empty */
	assert_int_equal(uart_level, 1);
	assert_int_equal(uart_access(u, 2, false, 0) & 0x0f, 0x02);
	assert_int_equal(uart_level, 0);
	uart_access(u, 1, true, 0x01);				/* received data */
	assert_int_equal(uart_input(u, keys, 20), 16);
	assert_int_equal(uart_level, 1);
	assert_int_equal(uart_access(u, 2, false, 0) & 0x0f, 0x04);
	for (i = 0; i < 16; i++) {
		assert_int_equal(uart_access(u, 5, false, 0) & 1, 1);
		assert_int_equal(uart_access(u, 0, false, 0), keys[i]);
	}
	assert_int_equal(uart_level, 0);
	assert_int_equal(uart_drained, 1);
	assert_int_equal(uart_access(u, 5, false, 0) & 1, 0);

	uart_access(u, 4, true, 0x1a);				/* loopback: RTS, OUT2 */
	assert_int_equal(uart_access(u, 6, false, 0) & 0xf0, 0x90);
	uart_free(u);
}

/* ---- power management ---- */

static int sci, offs, resets;

static void pm_irq(void *arg, bool level)
{
	sci = level;
}

static void pm_off(void *arg)
{
	offs++;
}

static void pm_reset(void *arg)
{
	resets++;
}

static void test_pm(void **state)
{
	struct pm pm = { .irq = pm_irq, .power_off = pm_off, .reset = pm_reset,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	struct ports ports = { 0 };
	uint16_t word;

	ports_add(&ports, &(struct port_range){ .first = PM_PORT, .count = PM_PORTS,
		.byte_fn = pm_access, .arg = &pm });
	ports_access(&ports, PM_PM1_CONTROL_PORT, false, &word, 2, 1);
	assert_int_equal(word, 1);				/* SCI_EN */
	pm_power_button(&pm);
	assert_int_equal(sci, 0);
	word = 0x100;
	ports_access(&ports, PM_PM1_EVENT_PORT + 2, true, &word, 2, 1);
	assert_int_equal(sci, 1);
	ports_access(&ports, PM_PM1_EVENT_PORT, false, &word, 2, 1);
	assert_int_equal(word, 0x100);
	ports_access(&ports, PM_PM1_EVENT_PORT, true, &word, 2, 1);
	assert_int_equal(sci, 0);
	word = 0x2000 | 4 << 10;				/* S4 is not offered */
	ports_access(&ports, PM_PM1_CONTROL_PORT, true, &word, 2, 1);
	assert_int_equal(offs, 0);
	word = 5 << 10;
	ports_access(&ports, PM_PM1_CONTROL_PORT, true, &word, 2, 1);
	assert_int_equal(offs, 0);
	word = 0x2000 | 5 << 10;
	ports_access(&ports, PM_PM1_CONTROL_PORT, true, &word, 2, 1);
	assert_int_equal(offs, 1);
	word = PM_RESET_VALUE;
	ports_access(&ports, PM_RESET_PORT, true, &word, 1, 1);
	assert_int_equal(resets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(test_control, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread_answers_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test(test_uart),
		cmocka_unit_test(test_pm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
