// SPDX-License-Identifier: GPL-2.0
/*
 * The console's outside: raw terminal with an escape, or a file.
 */
#include "vmm/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE		0x01	/* Ctrl-A; twice sends one */
#define QUIT_KEY	'x'

struct console {
	struct loop *loop;
	struct console_ops ops;
	int in_fd;		/* -1: no input */
	int out_fd;		/* -1: output is dropped */
	bool own_out;
	bool raw;
	struct termios saved;
	bool escaped;		/* the last character was the escape */
	uint8_t held[256];	/* typed, not taken yet */
	size_t nr_held;
};

static void offer(struct console *c)
{
	size_t taken = c->ops.input(c->ops.arg, c->held, c->nr_held);

	c->nr_held -= taken;
	memmove(c->held, c->held + taken, c->nr_held);
}

/* Return: whether the console is to quit. */
static bool take_key(struct console *c, uint8_t key)
{
	if (c->raw && key == ESCAPE && !c->escaped) {
		c->escaped = true;
		return false;
	}
	if (c->escaped) {
		c->escaped = false;
		if (key == QUIT_KEY)
			return true;
		if (key != ESCAPE)
			return false;
	}
	c->held[c->nr_held++] = key;
	return false;
}

static void on_input(void *arg, uint32_t epoll_events)
{
	struct console *c = arg;
	uint8_t keys[sizeof(c->held)];
	ssize_t i, n;

	if (c->nr_held) {	/* the guest does not read: leave the rest to the sender */
		loop_del_fd(c->loop, c->in_fd);
		return;
	}
	n = read(c->in_fd, keys, sizeof(keys));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			loop_del_fd(c->loop, c->in_fd);
			c->in_fd = -1;
		}
		return;
	}
	for (i = 0; i < n; i++) {
		if (take_key(c, keys[i])) {
			c->ops.quit(c->ops.arg);
			return;
		}
	}
	offer(c);
}

static void resume(void *arg)
{
	struct console *c = arg;

	if (c->nr_held)
		offer(c);
	if (!c->nr_held && c->in_fd >= 0)
		loop_add_fd(c->loop, c->in_fd, EPOLLIN, on_input, c);
}

void console_resume(struct console *console)
{
	loop_call(console->loop, resume, console);
}

void console_output(struct console *console, const uint8_t *data, size_t len)
{
	while (console->out_fd >= 0 && len) {
		ssize_t n = write(console->out_fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= n;
	}
}

static void open_terminal(struct console *c)
{
	struct termios raw;

	c->out_fd = STDOUT_FILENO;
	if (!tcgetattr(STDIN_FILENO, &c->saved)) {
		raw = c->saved;
		cfmakeraw(&raw);
		raw.c_oflag |= OPOST;
		c->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	/* A regular file cannot be watched: then there is no input. */
	if (!loop_add_fd(c->loop, STDIN_FILENO, EPOLLIN, on_input, c))
		c->in_fd = STDIN_FILENO;
}

struct console *console_open(struct loop *loop, const char *spec, const struct console_ops *ops,
			     struct error *err)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c) {
		error_set(err, "out of memory");
		return NULL;
	}
	c->loop = loop;
	c->ops = *ops;
	c->in_fd = c->out_fd = -1;
	if (!strcmp(spec, "stdio")) {
		open_terminal(c);
	} else if (strcmp(spec, "none")) {
		c->out_fd = open(spec, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		c->own_out = true;
		if (c->out_fd < 0) {
			error_set(err, "cannot write the console to %s: %s", spec,
				  strerror(errno));
			free(c);
			return NULL;
		}
	}
	return c;
}

void console_close(struct console *console)
{
	if (!console)
		return;
	if (console->in_fd >= 0)
		loop_del_fd(console->loop, console->in_fd);
	if (console->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &console->saved);
	if (console->own_out)
		close(console->out_fd);
	free(console);
}
