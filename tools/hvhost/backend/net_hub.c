// SPDX-License-Identifier: GPL-2.0
/*
 * A hub that joins the network devices of several hvhost processes over Unix sockets. Whoever
 * holds the lock file is the centre and repeats frames between the others; when it leaves, the
 * lock falls to one of those that remain, and the rest reconnect to it.
 */
#include "backend/net.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HUB_PEERS	32	/* at the centre */
#define HUB_QUEUE	256	/* frames that wait for one peer */
#define HUB_BURST	64	/* frames read from a peer in one turn of the loop */
#define HUB_RETRY_MS	50	/* between tries to become or to find the centre */
#define HUB_STALL_MS	1000	/* a peer that takes nothing for so long no longer holds others up */

struct hub_frame {
	struct hub_frame *next;
	size_t len;
	uint8_t data[];
};

struct hub_peer {
	struct net_hub *hub;
	int fd;			/* -1: free */
	bool stalled;
	unsigned int queued;
	struct hub_frame *head, **tail;
	struct loop_timer *stall;
};

enum hub_role { HUB_SEARCHING, HUB_MEMBER, HUB_CENTRE };

struct net_hub {
	struct net_backend be;
	enum hub_role role;
	char lock_path[108];
	struct sockaddr_un addr;
	int lock_fd;		/* held by the centre */
	int listen_fd;
	struct hub_peer peers[HUB_PEERS];	/* a member uses the first one only */
	struct loop_timer *retry;
	bool blocked;		/* the client got -EAGAIN */
	uint64_t drops_no_peer, drops_stalled, repeated;
	uint8_t frame[NET_FRAME_MAX];
};

static void peer_event(void *arg, uint32_t events);

static void peer_watch(struct hub_peer *peer)
{
	loop_add_fd(peer->hub->be.loop, peer->fd, EPOLLIN | (peer->head ? EPOLLOUT : 0),
		    peer_event, peer);
}

static void peer_stalled(void *arg)
{
	struct hub_peer *peer = arg;
	struct net_hub *hub = peer->hub;

	peer->stalled = true;
	if (hub->blocked) {
		hub->blocked = false;
		hub->be.client.writable(hub->be.client.arg);
	}
}

static void peer_open(struct net_hub *hub, struct hub_peer *peer, int fd)
{
	int size = 1 << 20;

	/* Best effort: the system's limit may be smaller. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	peer->hub = hub;
	peer->fd = fd;
	peer->stalled = false;
	peer->queued = 0;
	peer->head = NULL;
	peer->tail = &peer->head;
	peer_watch(peer);
}

static void peer_close(struct hub_peer *peer)
{
	struct hub_frame *f;

	loop_timer_cancel(peer->stall);
	loop_del_fd(peer->hub->be.loop, peer->fd);
	close(peer->fd);
	peer->fd = -1;
	while ((f = peer->head)) {
		peer->head = f->next;
		free(f);
	}
	peer->queued = 0;
	peer->tail = &peer->head;
}

/* Return: 0 sent, -EAGAIN, or another error when the peer is gone. */
static int peer_write(struct hub_peer *peer, const void *frame, size_t len)
{
	if (send(peer->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -errno;
}

static void peer_send(struct hub_peer *peer, const void *frame, size_t len)
{
	struct hub_frame *f;

	if (!peer->head && peer_write(peer, frame, len) != -EAGAIN)
		return;		/* a peer that is gone is noticed by its hang-up event */
	if (peer->queued >= HUB_QUEUE) {
		peer->hub->drops_stalled++;
		return;
	}
	f = malloc(sizeof(*f) + len);
	if (!f) {
		peer->hub->drops_stalled++;
		return;
	}
	f->next = NULL;
	f->len = len;
	memcpy(f->data, frame, len);
	*peer->tail = f;
	peer->tail = &f->next;
	if (!peer->queued++)
		peer_watch(peer);
	if (peer->queued == HUB_QUEUE)
		loop_timer_set(peer->stall, HUB_STALL_MS);
}

static void peer_drain(struct hub_peer *peer)
{
	struct net_hub *hub = peer->hub;
	struct hub_frame *f;

	while ((f = peer->head)) {
		if (peer_write(peer, f->data, f->len) == -EAGAIN)
			break;
		peer->head = f->next;
		peer->queued--;
		free(f);
		peer->stalled = false;
		loop_timer_cancel(peer->stall);
	}
	if (!peer->head) {
		peer->tail = &peer->head;
		peer_watch(peer);
	}
	if (hub->blocked && peer->queued < HUB_QUEUE / 2) {
		hub->blocked = false;
		hub->be.client.writable(hub->be.client.arg);
	}
}

static void hub_repeat(struct net_hub *hub, const struct hub_peer *from, size_t len)
{
	for (unsigned int i = 0; i < HUB_PEERS; i++) {
		struct hub_peer *peer = &hub->peers[i];

		if (peer->fd >= 0 && peer != from) {
			peer_send(peer, hub->frame, len);
			hub->repeated++;
		}
	}
}

static void hub_lost(struct net_hub *hub, struct hub_peer *peer)
{
	peer_close(peer);
	if (hub->role == HUB_MEMBER) {
		hub->role = HUB_SEARCHING;
		loop_timer_set(hub->retry, 0);
	}
	if (hub->blocked) {
		hub->blocked = false;
		hub->be.client.writable(hub->be.client.arg);
	}
}

static void peer_event(void *arg, uint32_t events)
{
	struct hub_peer *peer = arg;
	struct net_hub *hub = peer->hub;
	unsigned int i;
	ssize_t n = 0;

	if (events & EPOLLOUT)
		peer_drain(peer);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	for (i = 0; i < HUB_BURST && peer->fd >= 0; i++) {
		n = recv(peer->fd, hub->frame, sizeof(hub->frame), MSG_DONTWAIT);
		if (n <= 0)
			break;
		if (hub->role == HUB_CENTRE)
			hub_repeat(hub, peer, n);
		hub->be.client.deliver(hub->be.client.arg, hub->frame, n);
	}
	if (i)
		hub->be.client.flush(hub->be.client.arg);
	if (peer->fd >= 0 && (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)))
		hub_lost(hub, peer);
}

static void hub_accept(void *arg, uint32_t events)
{
	struct net_hub *hub = arg;
	int fd = accept4(hub->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (unsigned int i = 0; i < HUB_PEERS; i++) {
		if (hub->peers[i].fd >= 0)
			continue;
		peer_open(hub, &hub->peers[i], fd);
		return;
	}
	close(fd);
}

/* With the lock held, the socket's name belongs to nobody who lives. */
static bool hub_become_centre(struct net_hub *hub)
{
	int lock = open(hub->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int fd = -1;

	if (lock < 0)
		return false;
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		goto fail;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		goto fail;
	unlink(hub->addr.sun_path);
	if (bind(fd, (struct sockaddr *)&hub->addr, sizeof(hub->addr)) < 0 ||
	    listen(fd, HUB_PEERS) < 0)
		goto fail;
	hub->lock_fd = lock;
	hub->listen_fd = fd;
	hub->role = HUB_CENTRE;
	loop_add_fd(hub->be.loop, fd, EPOLLIN, hub_accept, hub);
	return true;
fail:
	if (fd >= 0)
		close(fd);
	close(lock);
	return false;
}

static bool hub_connect(struct net_hub *hub)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&hub->addr, sizeof(hub->addr)) < 0) {
		close(fd);
		return false;
	}
	hub->role = HUB_MEMBER;
	peer_open(hub, &hub->peers[0], fd);
	return true;
}

static void hub_search(void *arg)
{
	struct net_hub *hub = arg;

	if (hub_become_centre(hub) || hub_connect(hub))
		return;
	loop_timer_set(hub->retry, HUB_RETRY_MS);
}

/*
 * All or none of the peers get a frame: when one that still moves has no room, the device
 * keeps the frame. One that has stopped moving loses frames instead of holding all up.
 */
static int hub_send(struct net_backend *be, const void *frame, size_t len)
{
	struct net_hub *hub = (struct net_hub *)be;
	bool sent = false;
	unsigned int i;

	for (i = 0; i < HUB_PEERS; i++) {
		if (hub->peers[i].fd >= 0 && hub->peers[i].queued >= HUB_QUEUE &&
		    !hub->peers[i].stalled) {
			hub->blocked = true;
			return -EAGAIN;
		}
	}
	for (i = 0; i < HUB_PEERS; i++) {
		if (hub->peers[i].fd < 0)
			continue;
		peer_send(&hub->peers[i], frame, len);
		sent = true;
	}
	if (!sent)
		hub->drops_no_peer++;
	return 0;
}

static void hub_stats(struct net_backend *be, json_t *object)
{
	static const char *const roles[] = { "searching", "member", "centre" };
	struct net_hub *hub = (struct net_hub *)be;
	unsigned int peers = 0;

	for (unsigned int i = 0; i < HUB_PEERS; i++)
		peers += hub->peers[i].fd >= 0;
	json_object_set_new(object, "hub_role", json_string(roles[hub->role]));
	json_object_set_new(object, "hub_peers", json_integer(peers));
	json_object_set_new(object, "hub_repeated", json_integer(hub->repeated));
	json_object_set_new(object, "drops_no_peer", json_integer(hub->drops_no_peer));
	json_object_set_new(object, "drops_stalled", json_integer(hub->drops_stalled));
}

static void hub_destroy(struct net_backend *be)
{
	struct net_hub *hub = (struct net_hub *)be;

	for (unsigned int i = 0; i < HUB_PEERS; i++) {
		if (hub->peers[i].fd >= 0)
			peer_close(&hub->peers[i]);
		loop_timer_free(hub->peers[i].stall);
	}
	if (hub->role == HUB_CENTRE) {
		loop_del_fd(be->loop, hub->listen_fd);
		unlink(hub->addr.sun_path);
		close(hub->listen_fd);
		close(hub->lock_fd);
	}
	loop_timer_free(hub->retry);
	free(hub);
}

static const struct net_backend_ops hub_ops = {
	.name = "hub",
	.send = hub_send,
	.stats = hub_stats,
	.destroy = hub_destroy,
};

static bool name_is_plain(const char *name)
{
	const char *p;

	for (p = name; isalnum((unsigned char)*p) || *p == '-' || *p == '_'; p++)
		;
	return p != name && !*p && p - name < 32;
}

static int hub_paths(struct net_hub *hub, const char *name, struct error *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char base[sizeof(hub->addr.sun_path)];
	int n;

	if (dir && *dir)
		n = snprintf(base, sizeof(base), "%s/hvic-hub-%s", dir, name);
	else
		n = snprintf(base, sizeof(base), "/tmp/hvic-%u-hub-%s", getuid(), name);
	if (n + 6 > (int)sizeof(base))
		return error_set(err, "nic hub:%s: path %s is too long for a Unix socket", name,
				 base);
	hub->addr.sun_family = AF_UNIX;
	memcpy(hub->addr.sun_path, base, n);
	memcpy(hub->addr.sun_path + n, ".sock", 6);
	memcpy(hub->lock_path, base, n);
	memcpy(hub->lock_path + n, ".lock", 6);
	return 0;
}

struct net_backend *net_hub_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err)
{
	struct net_hub *hub;
	unsigned int i;
	int lock;

	if (!name_is_plain(args)) {
		error_set(err, "nic hub:%s: a name has 1 to 31 letters, digits, - or _", args);
		return NULL;
	}
	hub = calloc(1, sizeof(*hub));
	if (!hub) {
		error_set(err, "nic hub:%s: out of memory", args);
		return NULL;
	}
	hub->be.ops = &hub_ops;
	hub->be.loop = loop;
	hub->be.client = *client;
	hub->retry = loop_timer_new(loop, hub_search, hub);
	for (i = 0; i < HUB_PEERS; i++) {
		hub->peers[i].hub = hub;
		hub->peers[i].fd = -1;
		hub->peers[i].stall = loop_timer_new(loop, peer_stalled, &hub->peers[i]);
	}
	if (hub_paths(hub, args, err) < 0) {
		hub_destroy(&hub->be);
		return NULL;
	}
	lock = open(hub->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		error_set(err, "nic hub:%s: %s: %s", args, hub->lock_path, strerror(errno));
		hub_destroy(&hub->be);
		return NULL;
	}
	close(lock);
	hub_search(hub);
	return &hub->be;
}
