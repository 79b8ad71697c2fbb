// SPDX-License-Identifier: GPL-2.0
/*
 * User-mode network for a guest, by libslirp on the device's loop: DHCP, DNS, NAT, forwarded
 * ports. The guest is 10.0.2.15, the machine that hvhost runs on answers as 10.0.2.2.
 */
#include "backend/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libslirp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct slirp_watch {
	int fd;
	short events;		/* what slirp asked for in the last fill, POLL* */
	short revents;
	uint32_t added;		/* what the loop watches, EPOLL*; 0 for nothing */
};

struct net_slirp {
	struct net_backend be;
	Slirp *slirp;
	struct loop_timer *wake;	/* slirp's own time-outs and the refill after input */
	struct slirp_watch *watches;
	unsigned int nr_watches;
	unsigned int max_watches;
	bool refill_due;
	uint64_t guest_errors;
};

struct slirp_alarm {
	struct loop_timer *timer;
	SlirpTimerCb cb;
	void *opaque;
};

static void slirp_wake(void *arg);

static int64_t clock_ns(void *opaque)
{
	return loop_now_ns();
}

static ssize_t send_to_guest(const void *frame, size_t len, void *opaque)
{
	struct net_slirp *s = opaque;

	s->be.client.deliver(s->be.client.arg, frame, len);
	return len;
}

static void guest_error(const char *msg, void *opaque)
{
	((struct net_slirp *)opaque)->guest_errors++;
}

static void alarm_fire(void *arg)
{
	struct slirp_alarm *alarm = arg;

	alarm->cb(alarm->opaque);
}

static void *alarm_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	struct net_slirp *s = opaque;
	struct slirp_alarm *alarm = calloc(1, sizeof(*alarm));

	if (!alarm)
		abort();
	alarm->cb = cb;
	alarm->opaque = cb_opaque;
	alarm->timer = loop_timer_new(s->be.loop, alarm_fire, alarm);
	return alarm;
}

static void alarm_free(void *timer, void *opaque)
{
	struct slirp_alarm *alarm = timer;

	loop_timer_free(alarm->timer);
	free(alarm);
}

static void alarm_mod(void *timer, int64_t expire_ms, void *opaque)
{
	struct slirp_alarm *alarm = timer;
	int64_t ms = expire_ms - clock_ns(opaque) / 1000000;

	loop_timer_set(alarm->timer, ms > 0 ? ms : 0);
}

/* Descriptors are found by slirp_pollfds_fill(); there is nothing to do in advance. */
static void poll_fd_opened(int fd, void *opaque)
{
}

/* slirp is about to close @fd; its number may come back as another socket. */
static void poll_fd_closed(int fd, void *opaque)
{
	struct net_slirp *s = opaque;

	for (unsigned int i = 0; i < s->nr_watches; i++) {
		if (s->watches[i].fd != fd)
			continue;
		loop_del_fd(s->be.loop, fd);
		s->watches[i] = (struct slirp_watch){ .fd = -1 };
	}
}

static void schedule_refill(void *opaque)
{
	struct net_slirp *s = opaque;

	if (s->refill_due)
		return;
	s->refill_due = true;
	loop_timer_set(s->wake, 0);
}

static const SlirpCb slirp_callbacks = {
	.send_packet = send_to_guest,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_new = alarm_new,
	.timer_free = alarm_free,
	.timer_mod = alarm_mod,
	.register_poll_fd = poll_fd_opened,
	.unregister_poll_fd = poll_fd_closed,
	.notify = schedule_refill,
};

/* ---- descriptors: slirp lists what it waits for, the loop is told the difference ---- */

static const struct {
	int slirp;
	short poll;
	uint32_t epoll;
} event_map[] = {
	{ SLIRP_POLL_IN, POLLIN, EPOLLIN },
	{ SLIRP_POLL_OUT, POLLOUT, EPOLLOUT },
	{ SLIRP_POLL_PRI, POLLPRI, EPOLLPRI },
	{ SLIRP_POLL_ERR, POLLERR, EPOLLERR },
	{ SLIRP_POLL_HUP, POLLHUP, EPOLLHUP },
};

#define NR_EVENTS (sizeof(event_map) / sizeof(event_map[0]))

static int watch_add(int fd, int events, void *opaque)
{
	struct net_slirp *s = opaque;
	struct slirp_watch *w;
	unsigned int i, hole = s->nr_watches;

	for (i = 0; i < s->nr_watches && s->watches[i].fd != fd; i++)
		if (s->watches[i].fd < 0)
			hole = i;
	if (i == s->nr_watches) {
		i = hole;
		if (i == s->max_watches) {
			s->max_watches = s->max_watches ? 2 * s->max_watches : 16;
			s->watches = realloc(s->watches, s->max_watches * sizeof(*s->watches));
			if (!s->watches)
				abort();
		}
		s->watches[i] = (struct slirp_watch){ .fd = fd };
		if (i == s->nr_watches)
			s->nr_watches++;
	}
	w = &s->watches[i];
	for (unsigned int e = 0; e < NR_EVENTS; e++)
		if (events & event_map[e].slirp)
			w->events |= event_map[e].poll;
	return i;
}

static int watch_revents(int idx, void *opaque)
{
	struct net_slirp *s = opaque;
	int events = 0;

	if (idx < 0 || (unsigned int)idx >= s->nr_watches)
		return 0;
	for (unsigned int e = 0; e < NR_EVENTS; e++)
		if (s->watches[idx].revents & event_map[e].poll)
			events |= event_map[e].slirp;
	return events;
}

static void watch_event(void *arg, uint32_t events)
{
	slirp_wake(arg);
}

/* Ask slirp what it waits for and how long, and tell the loop. */
static void refill(struct net_slirp *s)
{
	uint32_t timeout = UINT32_MAX, want;
	unsigned int i, e;

	s->refill_due = false;
	for (i = 0; i < s->nr_watches; i++)
		s->watches[i].events = 0;
	slirp_pollfds_fill(s->slirp, &timeout, watch_add, s);
	for (i = 0; i < s->nr_watches; i++) {
		struct slirp_watch *w = &s->watches[i];

		for (want = 0, e = 0; e < NR_EVENTS; e++)
			if (w->events & event_map[e].poll)
				want |= event_map[e].epoll;
		if (w->fd < 0 || want == w->added)
			continue;
		if (want)
			loop_add_fd(s->be.loop, w->fd, want, watch_event, s);
		else
			loop_del_fd(s->be.loop, w->fd);
		w->added = want;
		if (!want)
			w->fd = -1;
	}
	if (timeout != UINT32_MAX)
		loop_timer_set(s->wake, timeout);
	else
		loop_timer_cancel(s->wake);
}

static void slirp_wake(void *arg)
{
	struct net_slirp *s = arg;
	struct pollfd pfd;

	for (unsigned int i = 0; i < s->nr_watches; i++) {
		struct slirp_watch *w = &s->watches[i];

		w->revents = 0;
		if (w->fd < 0 || !w->events)
			continue;
		pfd = (struct pollfd){ .fd = w->fd, .events = w->events };
		if (poll(&pfd, 1, 0) > 0)
			w->revents = pfd.revents & ~POLLNVAL;
	}
	slirp_pollfds_poll(s->slirp, 0, watch_revents, s);
	refill(s);
	s->be.client.flush(s->be.client.arg);
}

/* ---- the back end ---- */

static int user_send(struct net_backend *be, const void *frame, size_t len)
{
	struct net_slirp *s = (struct net_slirp *)be;

	slirp_input(s->slirp, frame, len);
	schedule_refill(s);
	return 0;
}

static void user_stats(struct net_backend *be, json_t *object)
{
	struct net_slirp *s = (struct net_slirp *)be;

	json_object_set_new(object, "slirp_guest_errors", json_integer(s->guest_errors));
	json_object_set_new(object, "slirp_descriptors", json_integer(s->nr_watches));
}

static void user_destroy(struct net_backend *be)
{
	struct net_slirp *s = (struct net_slirp *)be;

	for (unsigned int i = 0; i < s->nr_watches; i++)
		loop_del_fd(be->loop, s->watches[i].fd);
	if (s->slirp)
		slirp_cleanup(s->slirp);
	loop_timer_free(s->wake);
	free(s->watches);
	free(s);
}

static const struct net_backend_ops user_ops = {
	.name = "user",
	.send = user_send,
	.stats = user_stats,
	.destroy = user_destroy,
};

/* One "tcp:8022-22" or "udp:...". */
static int add_hostfwd(struct net_slirp *s, const char *text, struct error *err)
{
	struct in_addr host = { .s_addr = htonl(INADDR_LOOPBACK) };
	struct in_addr guest = { .s_addr = inet_addr("10.0.2.15") };
	unsigned int from, to;
	char proto[4], end;

	if (sscanf(text, "%3[a-z]:%5u-%5u%c", proto, &from, &to, &end) != 3 ||
	    (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0) ||
	    !from || from > 65535 || !to || to > 65535)
		return error_set(err, "nic user: hostfwd=%s is not tcp:HOSTPORT-GUESTPORT", text);
	if (slirp_add_hostfwd(s->slirp, proto[0] == 'u', host, from, guest, to) < 0)
		return error_set(err, "nic user: hostfwd=%s: port %u: %s", text, from,
				 strerror(errno));
	return 0;
}

static int parse_options(struct net_slirp *s, const char *args, struct error *err)
{
	char *copy = strdup(args), *save = NULL, *opt;
	int ret = 0;

	if (!copy)
		return error_set(err, "nic user: out of memory");
	for (opt = strtok_r(copy, ",", &save); opt && !ret; opt = strtok_r(NULL, ",", &save)) {
		if (strncmp(opt, "hostfwd=", 8) == 0)
			ret = add_hostfwd(s, opt + 8, err);
		else
			ret = error_set(err, "nic user: unknown option \"%s\"", opt);
	}
	free(copy);
	return ret;
}

struct net_backend *net_slirp_new(const char *args, unsigned int mtu, struct loop *loop,
				  const struct net_client *client, struct error *err)
{
	SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork.s_addr = inet_addr("10.0.2.0"),
		.vnetmask.s_addr = inet_addr("255.255.255.0"),
		.vhost.s_addr = inet_addr("10.0.2.2"),
		.vdhcp_start.s_addr = inet_addr("10.0.2.15"),
		.vnameserver.s_addr = inet_addr("10.0.2.3"),
		.vhostname = "hvhost",
		.in6_enabled = true,
		.vprefix_len = 64,
		.if_mtu = mtu,
		.if_mru = mtu,
	};
	struct net_slirp *s = calloc(1, sizeof(*s));

	if (!s) {
		error_set(err, "nic user: out of memory");
		return NULL;
	}
	inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
	inet_pton(AF_INET6, "fec0::2", &config.vhost6);
	inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
	s->be.ops = &user_ops;
	s->be.loop = loop;
	s->be.client = *client;
	s->wake = loop_timer_new(loop, slirp_wake, s);
	s->slirp = s->wake ? slirp_new(&config, &slirp_callbacks, s) : NULL;
	if (!s->slirp) {
		error_set(err, "nic user: libslirp %s could not start", slirp_version_string());
		user_destroy(&s->be);
		return NULL;
	}
	if (parse_options(s, args, err) < 0) {
		user_destroy(&s->be);
		return NULL;
	}
	refill(s);
	return &s->be;
}
