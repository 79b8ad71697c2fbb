// SPDX-License-Identifier: GPL-2.0
/*
 * Network jobs for measurements, one a process; each prints one line of JSON. UDP packets sent and
 * received many at a time, turns of one byte by TCP or UDP, a listener for the former, and an XDP
 * program that drops everything.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH		64	/* packets a system call */
#define PAYLOAD_MAX	1472
#define TURNS_MAX	1000000
#define TURN_LIMIT_S	2	/* an answer that is later is lost; no call waits longer */

static int die(const char *what)
{
	fprintf(stderr, "netbench: %s: %s\n", what, strerror(errno));
	return 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A socket bound to @port, or connected to @host's. Return: -1 with errno. */
static int open_socket(int type, const char *host, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct timeval limit = { .tv_sec = TURN_LIMIT_S };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -1;
	if (type == SOCK_STREAM && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -1;
	if (host && inet_pton(AF_INET, host, &addr.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	if (host ? connect(fd, (struct sockaddr *)&addr, sizeof(addr)) :
		   bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

static void batch(struct mmsghdr *msgs, struct iovec *iov, void *data, size_t len)
{
	*iov = (struct iovec){ data, len };
	memset(msgs, 0, BATCH * sizeof(*msgs));
	for (int i = 0; i < BATCH; i++) {
		msgs[i].msg_hdr.msg_iov = iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

/* @none: what it means when there is no packet. */
static int report_packets(const char *none, uint64_t packets, double seconds)
{
	if (!packets) {
		fprintf(stderr, "netbench: %s\n", none);
		return 1;
	}
	printf("{\"packets\": %llu, \"seconds\": %.6f}\n", (unsigned long long)packets, seconds);
	return 0;
}

/* udp-send HOST PORT BYTES SECONDS */
static int udp_send(char **argv)
{
	int fd = open_socket(SOCK_DGRAM, argv[0], argv[1]), len = atoi(argv[2]), n;
	double began, end = atof(argv[3]);
	struct mmsghdr msgs[BATCH];
	char data[PAYLOAD_MAX] = "";
	uint64_t packets = 0;
	struct iovec iov;

	if (len < 1 || len > PAYLOAD_MAX)
		return 2;
	if (fd < 0)
		return die("udp-send");
	batch(msgs, &iov, data, len);
	began = now();
	end += began;
	while (now() < end) {
		n = sendmmsg(fd, msgs, BATCH, 0);
		/* A full queue of the device is told by ENOBUFS; a port that is closed once. */
		if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED && errno != EAGAIN)
			return die("sendmmsg");
		packets += n > 0 ? n : 0;
	}
	return report_packets("udp-send: nothing was sent", packets, now() - began);
}

/* udp-recv PORT SECONDS */
static int udp_recv(char **argv)
{
	int fd = open_socket(SOCK_DGRAM, NULL, argv[0]), n;
	double began, end = atof(argv[1]);
	struct mmsghdr msgs[BATCH];
	char data[PAYLOAD_MAX];
	uint64_t packets = 0;
	struct iovec iov;

	if (fd < 0)
		return die("udp-recv");
	batch(msgs, &iov, data, sizeof(data));
	began = now();
	end += began;
	while (now() < end) {
		n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0 && errno != EAGAIN)
			return die("recvmmsg");
		packets += n > 0 ? n : 0;
	}
	return report_packets("udp-recv: nothing came", packets, now() - began);
}

static int compare(const void *a, const void *b)
{
	float first = *(const float *)a, second = *(const float *)b;

	return (first > second) - (first < second);
}

/* tcp-turns or udp-turns HOST PORT SECONDS: a byte there and back, again and again. */
static int take_turns(int type, char **argv)
{
	int fd = open_socket(type, argv[0], argv[1]);
	float *took = calloc(TURNS_MAX, sizeof(*took));
	double began, end = atof(argv[2]), sent;
	uint32_t turns = 0, lost = 0;
	char byte = 0;

	if (fd < 0 || !took)
		return die("turns");
	began = now();
	end += began;
	while ((sent = now()) < end && turns < TURNS_MAX) {
		if (send(fd, &byte, 1, 0) != 1)
			return die("send");
		if (recv(fd, &byte, 1, 0) != 1) {
			if (type == SOCK_STREAM || errno != EAGAIN)
				return die("recv");
			lost++;
			continue;
		}
		took[turns++] = (now() - sent) * 1e6;
	}
	end = now();
	if (!turns) {
		fprintf(stderr, "netbench: no turn was answered\n");
		return 1;
	}
	qsort(took, turns, sizeof(*took), compare);
	printf("{\"turns\": %u, \"lost\": %u, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	       turns, lost, end - began, took[turns / 2], took[(uint64_t)turns * 99 / 100]);
	return 0;
}

/* tcp-serve PORT: answers each byte of one client after the other, until it is killed. */
static int tcp_serve(char **argv)
{
	int fd = open_socket(SOCK_STREAM, NULL, argv[0]), client, on = 1;
	struct timeval never = { 0 };
	char bytes[64];
	ssize_t n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never)) ||
	    listen(fd, 4))
		return die("tcp-serve");
	while ((client = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while ((n = recv(client, bytes, sizeof(bytes), 0)) > 0)
			if (send(client, bytes, n, MSG_NOSIGNAL) != n)
				break;
		close(client);
	}
	return die("accept");
}

/* ---- XDP: r0 = XDP_DROP; exit ---- */

static int load_program(void)
{
	struct bpf_insn drop[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)drop,
		.insn_cnt = sizeof(drop) / sizeof(drop[0]),
		.license = (uintptr_t)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Attach @program to the driver's own hook; -1 takes it away. Return: 0 or -1 with errno. */
static int attach(unsigned int ifindex, int program)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct nlattr xdp, fd;
		int32_t fd_value;
		struct nlattr flags;
		uint32_t flags_value;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_SETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.info = { .ifi_index = ifindex },
		.xdp = { sizeof(request) - sizeof(struct nlmsghdr) - sizeof(struct ifinfomsg),
			 IFLA_XDP | NLA_F_NESTED },
		.fd = { sizeof(struct nlattr) + 4, IFLA_XDP_FD }, .fd_value = program,
		.flags = { sizeof(struct nlattr) + 4, IFLA_XDP_FLAGS },
		.flags_value = XDP_FLAGS_DRV_MODE,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || send(fd, &request, sizeof(request), 0) != sizeof(request) ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)))
		return -1;
	close(fd);
	errno = -answer.error.error;
	return answer.error.error ? -1 : 0;
}

/* xdp-drop INTERFACE on|off */
static int xdp_drop(char **argv)
{
	unsigned int ifindex = if_nametoindex(argv[0]);
	int program = -1;

	if (!ifindex)
		return die(argv[0]);
	if (!strcmp(argv[1], "on")) {
		program = load_program();
		if (program < 0)
			return die("the program is refused");
	} else if (strcmp(argv[1], "off")) {
		return 2;
	}
	return attach(ifindex, program) ? die("the interface refuses the program") : 0;
}

static int tcp_turns(char **argv)
{
	return take_turns(SOCK_STREAM, argv);
}

static int udp_turns(char **argv)
{
	return take_turns(SOCK_DGRAM, argv);
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argv);
	const char *help;
} jobs[] = {
	{ "udp-send", 4, udp_send, "HOST PORT BYTES SECONDS" },
	{ "udp-recv", 2, udp_recv, "PORT SECONDS" },
	{ "tcp-turns", 3, tcp_turns, "HOST PORT SECONDS" },
	{ "udp-turns", 3, udp_turns, "HOST PORT SECONDS" },
	{ "tcp-serve", 1, tcp_serve, "PORT" },
	{ "xdp-drop", 2, xdp_drop, "INTERFACE on|off" },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (argc == 2 + jobs[i].arguments && !strcmp(argv[1], jobs[i].name)) {
			int status = jobs[i].run(argv + 2);

			if (status != 2)
				return status;
		}
	}
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		fprintf(stderr, "usage: netbench %s %s\n", jobs[i].name, jobs[i].help);
	return 2;
}
