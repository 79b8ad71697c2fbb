// SPDX-License-Identifier: GPL-2.0
/*
 * What user space sees of the bus, as text that another run can be compared with.
 * "listing tree DIR...": a line for each file below: path, type and mode, content. "listing
 * uevents SECONDS": each event of the kernel until so many seconds went by without one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT_MAX	16384	/* bytes of a file that are shown */

static void show(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = bytes[i];

		if (c == '\n')
			fputs("\\n", stdout);
		else if (c == '\\')
			fputs("\\\\", stdout);
		else if (c < ' ' || c >= 0x7f)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

static void show_content(const char *path)
{
	static char bytes[CONTENT_MAX];
	size_t used = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		printf("!%s", strerrorname_np(errno));
		return;
	}
	while (used < sizeof(bytes)) {
		got = read(fd, bytes + used, sizeof(bytes) - used);
		if (got <= 0)
			break;
		used += got;
	}
	if (got < 0)
		printf("!%s", strerrorname_np(errno));
	show(bytes, used);
	close(fd);
}

static void show_entry(const FTSENT *entry)
{
	const struct stat *st = entry->fts_statp;
	char target[4096];
	ssize_t len;

	printf("%s\t%c%03o\t", entry->fts_path,
	       S_ISDIR(st->st_mode) ? 'd' : S_ISLNK(st->st_mode) ? 'l' : 'f',
	       st->st_mode & 07777);
	if (S_ISLNK(st->st_mode)) {
		len = readlink(entry->fts_accpath, target, sizeof(target));
		if (len > 0)
			show(target, len);
	} else if (S_ISREG(st->st_mode) && st->st_mode & 0444) {
		show_content(entry->fts_accpath);
	}
	putchar('\n');
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int tree(char **dirs)
{
	FTS *fts = fts_open(dirs, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	if (!fts) {
		perror("listing");
		return 1;
	}
	while ((entry = fts_read(fts))) {
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
			printf("%s\t!%s\n", entry->fts_path, strerrorname_np(entry->fts_errno));
		else if (entry->fts_info != FTS_DP)
			show_entry(entry);
	}
	fts_close(fts);
	return 0;
}

static int uevents(int quiet_ms)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int size = 4 << 20;
	char event[8192];
	ssize_t len;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("listing: uevents");
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	puts("ready");
	fflush(stdout);
	while (poll(&poller, 1, quiet_ms) > 0) {
		len = recv(fd, event, sizeof(event), 0);
		if (len <= 0) {
			perror("listing: recv");
			return 1;
		}
		for (char *at = event; at < event + len; at += strlen(at) + 1) {
			show(at, strnlen(at, event + len - at));
			putchar(at + strlen(at) + 1 < event + len ? '\t' : '\n');
		}
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "tree"))
		return tree(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "uevents") && atoi(argv[2]) > 0)
		return uevents(atoi(argv[2]) * 1000);
	fprintf(stderr, "usage: listing tree DIR... | listing uevents SECONDS\n");
	return 2;
}
