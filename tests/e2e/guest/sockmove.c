// SPDX-License-Identifier: GPL-2.0
/*
 * Moves bytes over stream sockets and checks them, in the guest (vsock) and beside the host (Unix
 * sockets) alike. Both ends send MIB mebibytes of a pattern of their own, then the checksum of
 * what they received; an end succeeds when both checksums and the other's half-close are right.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define CHUNK		8192u
#define LISTENER	1u	/* whose pattern */
#define CALLER		2u
#define BOUND_S		150	/* a process of this lives no longer */
#define QUIET_MS	60000	/* longest silence of the other end */

static const char usage[] =
	"usage: sockmove call|listen ADDRESS together|turns MIB [COUNT]\n"
	"       sockmove refused ADDRESS\n"
	"  ADDRESS   vsock:CID:PORT, unix:PATH, hvsock:PATH:PORT (calls through hvhost's socket)\n"
	"  together  both ends send at once\n"
	"  turns     the caller sends and ends its half, then the listener does\n"
	"  COUNT     so many connections at once (1)\n"
	"  refused   succeeds when nobody takes the call\n";

struct sum {
	uint64_t hash, count;
};

static void add(struct sum *sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum->hash = (sum->hash ^ bytes[i]) * 0x100000001b3u;	/* FNV-1a */
	sum->count += len;
}

/* Bytes at @at of the pattern of @who. */
static void fill(uint8_t *bytes, size_t len, uint64_t at, unsigned int who)
{
	for (size_t i = 0; i < len; i++, at++)
		bytes[i] = (at * 2654435761u + who * 40503u) >> 11;
}

static uint64_t expected(uint64_t total, unsigned int who)
{
	struct sum sum = { 0xcbf29ce484222325u, 0 };
	uint8_t bytes[CHUNK];

	while (sum.count < total) {
		fill(bytes, CHUNK, sum.count, who);
		add(&sum, bytes, total - sum.count < CHUNK ? total - sum.count : CHUNK);
	}
	return sum.hash;
}

struct end {
	int fd;
	unsigned int who;
	uint64_t total;
	bool turns, ended, other_ended;
	struct sum got;
	uint64_t sent;
	uint8_t said[8];	/* the other's checksum of what it received */
	unsigned int nr_said;
	uint8_t out[CHUNK];
	size_t out_len, out_done;
};

static int failed(const char *what)
{
	fprintf(stderr, "sockmove: %s: %s\n", what, errno ? strerror(errno) : "wrong");
	return -1;
}

/* What may be sent now: the pattern; when all has come, the checksum; then the half-close. */
static bool refill(struct end *e)
{
	bool mine = !e->turns || e->who == CALLER || e->got.count == e->total;

	if (e->out_done < e->out_len)
		return true;
	if (!mine || e->ended)
		return false;
	e->out_done = 0;
	if (e->sent < e->total) {
		e->out_len = e->total - e->sent < CHUNK ? e->total - e->sent : CHUNK;
		fill(e->out, e->out_len, e->sent, e->who);
	} else if (e->sent == e->total && (e->got.count == e->total ||
					   (e->turns && e->who == CALLER))) {
		/* A caller that takes turns has received nothing yet: its checksum is of that. */
		e->out_len = 8;
		memcpy(e->out, &e->got.hash, 8);
	} else {
		e->out_len = 0;
		if (e->sent > e->total) {
			shutdown(e->fd, SHUT_WR);
			e->ended = true;
		}
	}
	e->sent += e->out_len;
	return e->out_len;
}

static int give(struct end *e)
{
	while (refill(e)) {
		ssize_t n = send(e->fd, e->out + e->out_done, e->out_len - e->out_done,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return failed("send");
		e->out_done += n;
	}
	return 0;
}

static int take(struct end *e)
{
	uint8_t bytes[CHUNK];

	for (;;) {
		size_t left = e->total - e->got.count, len;
		ssize_t n = recv(e->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return failed("recv");
		if (!n) {
			e->other_ended = true;
			return 0;
		}
		len = (size_t)n < left ? (size_t)n : left;
		add(&e->got, bytes, len);
		if (n - len > sizeof(e->said) - e->nr_said) {
			errno = 0;
			return failed("more bytes than the other end was to send");
		}
		memcpy(e->said + e->nr_said, bytes + len, n - len);
		e->nr_said += n - len;
	}
}

static int verdict(const struct end *e)
{
	/* In turns the caller's checksum comes before it received anything. */
	uint64_t theirs = e->turns && e->who == LISTENER ? 0xcbf29ce484222325u :
							   expected(e->total, e->who);
	uint64_t said;

	errno = 0;
	memcpy(&said, e->said, 8);
	if (e->got.count != e->total || e->nr_said != 8)
		return failed("the other end sent less than it was to");
	if (e->got.hash != expected(e->total, e->who ^ LISTENER ^ CALLER))
		return failed("checksum of what came");
	if (said != theirs)
		return failed("checksum of what the other end received");
	return 0;
}

static int move(int fd, unsigned int who, bool turns, uint64_t total)
{
	struct end e = {
		.fd = fd, .who = who, .turns = turns, .total = total,
		.got.hash = 0xcbf29ce484222325u,
	};

	while (!e.ended || !e.other_ended) {
		struct pollfd pfd = { .fd = fd };
		int ready;

		if (give(&e))
			return -1;
		pfd.events = (e.other_ended ? 0 : POLLIN) | (e.out_done < e.out_len ? POLLOUT : 0);
		if (e.ended && e.other_ended)
			break;
		if (e.other_ended && !pfd.events && !refill(&e) && !e.ended) {
			errno = 0;
			return failed("the other end ended too early");
		}
		ready = poll(&pfd, 1, QUIET_MS);
		errno = ready ? errno : ETIMEDOUT;
		if (ready <= 0)
			return failed("poll");
		if (!e.other_ended && take(&e))
			return -1;
	}
	return verdict(&e);
}

/* ---- addresses ---- */

union address {
	struct sockaddr sa;
	struct sockaddr_un un;
	struct sockaddr_vm vm;
};

/* Return: the address's length; 0 when @text is none. @port: to ask hvhost for, or -1. */
static socklen_t parse(const char *text, union address *addr, long *port)
{
	unsigned int cid, vport;
	const char *path = strchr(text, ':'), *colon = strrchr(text, ':');
	size_t len;

	memset(addr, 0, sizeof(*addr));
	*port = -1;
	if (sscanf(text, "vsock:%u:%u", &cid, &vport) == 2) {
		addr->vm.svm_family = AF_VSOCK;
		addr->vm.svm_cid = cid;
		addr->vm.svm_port = vport;
		return sizeof(addr->vm);
	}
	if (!path++ || (strncmp(text, "unix:", 5) && strncmp(text, "hvsock:", 7)))
		return 0;
	len = strlen(path);
	if (text[0] == 'h') {
		if (colon < path)
			return 0;
		*port = atol(colon + 1);
		len = colon - path;
	}
	if (len >= sizeof(addr->un.sun_path))
		return 0;
	addr->un.sun_family = AF_UNIX;
	memcpy(addr->un.sun_path, path, len);
	return sizeof(addr->un);
}

/* hvhost's handshake. Return: whether the guest took the call. */
static bool ask(int fd, long port)
{
	char line[300];
	size_t len = snprintf(line, sizeof(line), "CONNECT %ld\n", port);

	if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	for (len = 0; len < sizeof(line) - 1; len++)
		if (recv(fd, line + len, 1, 0) != 1 || line[len] == '\n')
			break;
	line[len] = '\0';
	if (!strncmp(line, "OK ", 3))
		return true;
	fprintf(stderr, "sockmove: %s\n", line);
	errno = ECONNREFUSED;
	return false;
}

static int call(const char *text)
{
	union address addr;
	long port;
	socklen_t len = parse(text, &addr, &port);
	int fd = socket(addr.sa.sa_family, SOCK_STREAM, 0);

	if (fd >= 0 && !connect(fd, &addr.sa, len) && (port < 0 || ask(fd, port)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A child for a connection. Return: 0 in the parent. */
static int child(int fd, unsigned int who, bool turns, uint64_t total)
{
	pid_t pid = fork();

	if (pid < 0)
		return failed("fork");
	if (!pid) {
		alarm(BOUND_S);
		_exit(move(fd, who, turns, total) ? 1 : 0);
	}
	close(fd);
	return 0;
}

static int listen_on(const char *text, int count, bool turns, uint64_t total)
{
	union address addr;
	long port;
	socklen_t len = parse(text, &addr, &port);
	int fd = socket(addr.sa.sa_family, SOCK_STREAM, 0), conn;

	if (addr.sa.sa_family == AF_UNIX)
		unlink(addr.un.sun_path);
	if (fd < 0 || bind(fd, &addr.sa, len) || listen(fd, 128))
		return failed(text);
	for (int i = 0; i < count; i++) {
		conn = accept(fd, NULL, NULL);
		if (conn < 0)
			return failed("accept");
		if (child(conn, LISTENER, turns, total))
			return -1;
	}
	return 0;
}

static int call_all(const char *text, int count, bool turns, uint64_t total)
{
	for (int i = 0; i < count; i++) {
		int fd = call(text);

		if (fd < 0)
			return failed(text);
		if (child(fd, CALLER, turns, total))
			return -1;
	}
	return 0;
}

static int reap(int count)
{
	int bad = 0, status;

	while (count--)
		if (wait(&status) < 0 || status)
			bad++;
	return bad;
}

int main(int argc, char **argv)
{
	struct timespec began, now;
	int count = argc > 5 ? atoi(argv[5]) : 1, bad;
	union address addr;
	uint64_t total;
	bool turns;
	long port;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3 || !parse(argv[2], &addr, &port)) {
		fputs(usage, stderr);
		return 2;
	}
	alarm(BOUND_S);
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (!strcmp(argv[1], "refused")) {
		int fd = call(argv[2]);

		clock_gettime(CLOCK_MONOTONIC, &now);
		printf("%s after %ld s: %s\n", argv[2], (long)(now.tv_sec - began.tv_sec),
		       fd < 0 ? strerror(errno) : "taken");
		return fd >= 0;
	}
	if (argc < 5 || (strcmp(argv[1], "call") && strcmp(argv[1], "listen")) || count < 1) {
		fputs(usage, stderr);
		return 2;
	}
	turns = !strcmp(argv[3], "turns");
	total = strtoull(argv[4], NULL, 10) << 20;
	if (argv[1][0] == 'l' ? listen_on(argv[2], count, turns, total) :
				call_all(argv[2], count, turns, total))
		return 1;
	bad = reap(count);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%s %s %s: %d of %d connections, %s MiB each way, %ld s\n", argv[1], argv[2],
	       argv[3], count - bad, count, argv[4], (long)(now.tv_sec - began.tv_sec));
	return bad ? 1 : 0;
}
