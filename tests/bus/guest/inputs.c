// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that use keyboard and mouse, for input.sh.
 * "inputs hold SECONDS DEVICE...": each device is read by one program and polled by another; a
 * line for each tells how that ended, "DEVICE read ENODEV" or "DEVICE poll ERR HUP".
 * "inputs tty MS": what is typed on the first text console, until nothing more comes for so long.
 * "inputs tty-swapped MS": the same with the keys Y and Z exchanged, as on a German keyboard.
 * All say "ready" on stderr when they have begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <linux/vt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CONSOLE		"/dev/tty1"
#define KEY_Y		21	/* <linux/input-event-codes.h> */
#define KEY_Z		44
#define LETTER(c)	(KT_LETTER << 8 | (c))
#define FIRST_MS	20000	/* how long the first key may take */

static int die(const char *what)
{
	perror(what);
	return 1;
}

/* ---- devices that go away ---- */

/* Reads until that fails. A program of its own: what hangs in it can be told. */
static int read_to_the_end(const char *path, int fd)
{
	char data[4096];
	ssize_t got;

	do {
		got = read(fd, data, sizeof(data));
	} while (got > 0);
	printf("%s read %s\n", path, got ? strerrorname_np(errno) : "end of file");
	return 0;
}

static int poll_to_the_end(const char *path, int fd)
{
	struct pollfd pollfd = { .fd = fd };	/* no events: only what is always told */

	if (poll(&pollfd, 1, -1) != 1)
		return die(path);
	printf("%s poll%s%s\n", path, pollfd.revents & POLLERR ? " ERR" : "",
	       pollfd.revents & POLLHUP ? " HUP" : "");
	return 0;
}

static int begin(int (*use)(const char *path, int fd), const char *path, int seconds)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0)
		return die(path);
	if (fork())
		return close(fd);
	alarm(seconds);
	status = use(path, fd);
	fflush(stdout);
	_exit(status);
}

static int hold(int seconds, char **paths, int n)
{
	int status, bad = 0;

	for (int i = 0; i < n; i++)
		if (begin(read_to_the_end, paths[i], seconds) ||
		    begin(poll_to_the_end, paths[i], seconds))
			return 1;
	fprintf(stderr, "ready: %d devices\n", n);
	while (wait(&status) > 0)
		bad += !!status;
	if (bad)
		printf("%d have not ended in %d s\n", bad, seconds);
	return !!bad;
}

/* ---- a text console ---- */

static int set_letter(int fd, int key, char c)
{
	const struct kbentry plain = { K_NORMTAB, key, LETTER(c) };
	const struct kbentry shifted = { K_SHIFTTAB, key, LETTER(c - 'a' + 'A') };

	return ioctl(fd, KDSKBENT, &plain) || ioctl(fd, KDSKBENT, &shifted);
}

static int console(int quiet_ms, int swapped)
{
	int fd = open(CONSOLE, O_RDWR | O_NOCTTY | O_CLOEXEC), wait_ms = FIRST_MS;
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	struct termios raw;
	char data[256];
	ssize_t got;

	if (fd < 0 || ioctl(fd, VT_ACTIVATE, 1) || tcgetattr(fd, &raw))
		return die(CONSOLE);
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSAFLUSH, &raw) || ioctl(fd, KDSKBMODE, K_UNICODE) ||
	    set_letter(fd, KEY_Y, swapped ? 'z' : 'y') || set_letter(fd, KEY_Z, swapped ? 'y' : 'z'))
		return die(CONSOLE);
	fprintf(stderr, "ready\n");
	while (poll(&pollfd, 1, wait_ms) == 1) {
		got = read(fd, data, sizeof(data));
		if (got <= 0)
			return die(CONSOLE);
		fwrite(data, 1, got, stdout);
		fflush(stdout);
		wait_ms = quiet_ms;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (argc > 3 && number > 0 && !strcmp(argv[1], "hold"))
		return hold(number, argv + 3, argc - 3);
	if (argc == 3 && number > 0 && !strcmp(argv[1], "tty"))
		return console(number, 0);
	if (argc == 3 && number > 0 && !strcmp(argv[1], "tty-swapped"))
		return console(number, 1);
	fprintf(stderr, "usage: inputs hold SECONDS DEVICE... | tty MS | tty-swapped MS\n");
	return 2;
}
