// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the input events of every event device, one a line ("KEY 30 1", "ABS 0 100",
 * "REL 8 -1"), until none has come for a while. Autorepeat ("KEY 30 2"), which with this kind of
 * keyboard the host makes, is shown when asked for. Says "ready" on stderr when it listens.
 */
#include <fcntl.h>
#include <glob.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_DEVICES	32

static void print_event(const struct input_event *event, int repeats)
{
	switch (event->type) {
	case EV_KEY:
		if (event->value != 2 || repeats)
			printf("KEY %u %d\n", event->code, event->value);
		break;
	case EV_ABS:
		printf("ABS %u %d\n", event->code, event->value);
		break;
	case EV_REL:
		printf("REL %u %d\n", event->code, event->value);
		break;
	}
}

int main(int argc, char **argv)
{
	struct pollfd fds[MAX_DEVICES];
	struct input_event event;
	int quiet_ms, n = 0, ready, repeats = argc == 3 && !strcmp(argv[2], "repeats");
	glob_t devices;
	size_t i;

	if (argc != 2 + repeats || (quiet_ms = atoi(argv[1])) <= 0) {
		fprintf(stderr, "usage: evwatch QUIET_MS [repeats]\n");
		return 2;
	}
	if (glob("/dev/input/event*", 0, NULL, &devices)) {
		fprintf(stderr, "evwatch: no /dev/input/event*\n");
		return 1;
	}
	for (i = 0; i < devices.gl_pathc && n < MAX_DEVICES; i++) {
		fds[n].fd = open(devices.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		fds[n].events = POLLIN;
		if (fds[n].fd < 0) {
			perror(devices.gl_pathv[i]);
			return 1;
		}
		/* Nothing else in the guest acts on what is typed meanwhile. */
		ioctl(fds[n].fd, EVIOCGRAB, 1);
		n++;
	}
	fprintf(stderr, "ready: %d devices\n", n);

	while ((ready = poll(fds, n, quiet_ms)) > 0) {
		for (i = 0; i < (size_t)n; i++) {
			if (!(fds[i].revents & POLLIN))
				continue;
			if (read(fds[i].fd, &event, sizeof(event)) != sizeof(event)) {
				fprintf(stderr, "evwatch: a device went away\n");
				return 1;
			}
			print_event(&event, repeats);
		}
		fflush(stdout);
	}
	return ready < 0;
}
