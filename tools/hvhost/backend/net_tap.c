// SPDX-License-Identifier: GPL-2.0
/*
 * A network back end on a tap interface of the machine that hvhost runs on.
 */
#include "backend/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TAP_BURST	64	/* frames read in one turn of the loop */

struct net_tap {
	struct net_backend be;
	int fd;
	bool blocked;		/* a send found the interface's queue full */
	uint64_t errors;
	uint8_t frame[NET_FRAME_MAX];
};

static void tap_event(void *arg, uint32_t events);

static void tap_watch(struct net_tap *tap)
{
	loop_add_fd(tap->be.loop, tap->fd, EPOLLIN | (tap->blocked ? EPOLLOUT : 0), tap_event, tap);
}

static void tap_event(void *arg, uint32_t events)
{
	struct net_tap *tap = arg;
	unsigned int i;
	ssize_t n;

	if ((events & EPOLLOUT) && tap->blocked) {
		tap->blocked = false;
		tap_watch(tap);
		tap->be.client.writable(tap->be.client.arg);
	}
	if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		return;
	for (i = 0; i < TAP_BURST; i++) {
		n = read(tap->fd, tap->frame, sizeof(tap->frame));
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			/* The interface is gone: nothing more will ever come. */
			tap->errors++;
			loop_del_fd(tap->be.loop, tap->fd);
		}
		if (n <= 0)
			break;
		tap->be.client.deliver(tap->be.client.arg, tap->frame, n);
	}
	tap->be.client.flush(tap->be.client.arg);
}

static int tap_send(struct net_backend *be, const void *frame, size_t len)
{
	struct net_tap *tap = (struct net_tap *)be;

	if (write(tap->fd, frame, len) >= 0)
		return 0;
	if (errno == EAGAIN) {
		tap->blocked = true;
		tap_watch(tap);
		return -EAGAIN;
	}
	/* EIO is an interface that is down: its frames are lost, as on any wire. */
	tap->errors++;
	return 0;
}

static void tap_stats(struct net_backend *be, json_t *object)
{
	json_object_set_new(object, "tap_errors", json_integer(((struct net_tap *)be)->errors));
}

static void tap_destroy(struct net_backend *be)
{
	struct net_tap *tap = (struct net_tap *)be;

	loop_del_fd(be->loop, tap->fd);
	close(tap->fd);
	free(tap);
}

static const struct net_backend_ops tap_ops = {
	.name = "tap",
	.send = tap_send,
	.stats = tap_stats,
	.destroy = tap_destroy,
};

struct net_backend *net_tap_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct net_tap *tap;

	if (!*args || strlen(args) >= IFNAMSIZ) {
		error_set(err, "nic tap:%s: give an interface name of 1 to %d characters", args,
			  IFNAMSIZ - 1);
		return NULL;
	}
	tap = calloc(1, sizeof(*tap));
	if (!tap) {
		error_set(err, "nic tap:%s: out of memory", args);
		return NULL;
	}
	tap->be.ops = &tap_ops;
	tap->be.loop = loop;
	tap->be.client = *client;
	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0) {
		error_set(err, "nic tap:%s: /dev/net/tun: %s", args, strerror(errno));
		free(tap);
		return NULL;
	}
	memcpy(ifr.ifr_name, args, strlen(args));
	if (ioctl(tap->fd, TUNSETIFF, &ifr) < 0) {
		error_set(err, "nic tap:%s: cannot attach (%s); make it with: "
			  "ip tuntap add %s mode tap user $USER", args, strerror(errno), args);
		close(tap->fd);
		free(tap);
		return NULL;
	}
	tap_watch(tap);
	return &tap->be;
}
