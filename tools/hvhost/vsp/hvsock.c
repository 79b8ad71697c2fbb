// SPDX-License-Identifier: GPL-2.0
/*
 * The ways into a connection: programs that connect to the Unix socket here, requests of the
 * guest, and the control command that tells of them.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"
#include "vsp/hvsock_internal.h"

#define BACKLOG		64
#define ACCEPTS_A_TURN	16

static const uint8_t service_tail[12] = { HVSOCK_SERVICE_TAIL };

/* ---- the host connects ---- */

/* Any GUID that is not used; what its first field says is the peer's port for the guest. */
static void new_instance(struct hvsock *hv, struct vmbus_guid *instance)
{
	uint32_t port = htole32(++hv->next_peer);

	if (getrandom(instance->b, sizeof(instance->b), 0) != sizeof(instance->b))
		memset(instance->b, 0, sizeof(instance->b));
	memcpy(instance->b, &port, sizeof(port));
}

/* "CONNECT PORT\n". Return: whether it is that. */
static bool parse_request(const char *request, uint32_t *port)
{
	static const char word[] = "CONNECT ";
	const char *digits = request + sizeof(word) - 1;
	unsigned long value;
	char *end;

	if (strncmp(request, word, sizeof(word) - 1) || *digits < '0' || *digits > '9')
		return false;
	value = strtoul(digits, &end, 10);
	*port = value;
	return end - digits <= 10 && value <= UINT32_MAX && !strcmp(end, "\n");
}

static void connect_guest(struct hvsock_stream *s)
{
	struct vmbus_guid instance;
	struct error err;

	if (!parse_request(s->request, &s->port)) {
		hvsock_stream_refuse(s, "the request is not CONNECT and a port");
		return;
	}
	if (!vmbus_server_may_offer(s->hv->server)) {
		hvsock_stream_refuse(s, "the guest's VMBus is not connected");
		return;
	}
	new_instance(s->hv, &instance);
	if (hvsock_stream_offer(s, &instance, &err))
		hvsock_stream_refuse(s, err.text);
}

/* Byte by byte up to the newline: what follows is the stream's. */
static void hello_event(void *arg, uint32_t events)
{
	struct hvsock_stream *s = arg;
	struct loop *loop = control_loop(s->hv->control);

	while (s->request_len < sizeof(s->request) - 1) {
		ssize_t n = recv(s->fd, s->request + s->request_len, 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			hvsock_stream_free(s);
			return;
		}
		if (s->request[s->request_len++] == '\n')
			break;
	}
	loop_del_fd(loop, s->fd);
	connect_guest(s);
}

static void accept_one(struct hvsock *hv, int fd)
{
	struct loop *loop = control_loop(hv->control);
	struct hvsock_stream *s = hvsock_stream_new(hv, fd);

	if (!s) {
		static const char full[] = "ERROR there are too many connections\n";

		hv->refused++;
		send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	s->from_host = true;
	loop_timer_set(s->timer, hv->open_ms);
	if (loop_add_fd(loop, fd, EPOLLIN, hello_event, s))
		hvsock_stream_refuse(s, "out of memory");
}

static void listen_event(void *arg, uint32_t events)
{
	struct hvsock *hv = arg;

	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(hv->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		accept_one(hv, fd);
	}
}

/* ---- the guest connects ---- */

static int tl_connect(void *arg, const struct vmbus_guid *service,
		      const struct vmbus_guid *endpoint)
{
	struct hvsock *hv = arg;
	struct hvsock_service_id id;
	struct hvsock_stream *s;
	char path[256];
	int fd = -1;

	memcpy(&id, service->b, sizeof(id));
	if (!memcmp(id.tail, service_tail, sizeof(service_tail)) &&
	    snprintf(path, sizeof(path), "%s_%u", hv->path, le32toh(id.port)) < (int)sizeof(path))
		fd = unix_connect(path, NULL);
	s = fd < 0 ? NULL : hvsock_stream_new(hv, fd);
	if (!s) {
		hv->refused++;
		if (fd >= 0)
			close(fd);
		return -1;
	}
	s->port = le32toh(id.port);
	if (hvsock_stream_offer(s, endpoint, NULL)) {
		hv->refused++;
		hvsock_stream_free(s);
		return -1;
	}
	return 0;
}

/* ---- control ---- */

static int cmd_hvsock(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct hvsock *hv = arg;
	uint64_t in = hv->bytes_in, out = hv->bytes_out;

	for (const struct hvsock_stream *s = hv->streams; s; s = s->next) {
		in += s->bytes_in;
		out += s->bytes_out;
	}
	json_object_set_new(reply, "path", json_string(hv->path));
	json_object_set_new(reply, "streams", json_integer(hv->nr_streams));
	json_object_set_new(reply, "from_host", json_integer(hv->from_host));
	json_object_set_new(reply, "from_guest", json_integer(hv->from_guest));
	json_object_set_new(reply, "refused", json_integer(hv->refused));
	json_object_set_new(reply, "unanswered", json_integer(hv->unanswered));
	json_object_set_new(reply, "broken", json_integer(hv->broken));
	json_object_set_new(reply, "bytes_to_guest", json_integer(in));
	json_object_set_new(reply, "bytes_from_guest", json_integer(out));
	return 0;
}

/* ---- life ---- */

struct hvsock *hvsock_create(struct vmbus_server *server, struct control *control,
			     const char *path, struct error *err)
{
	struct hvsock *hv = calloc(1, sizeof(*hv));

	if (!hv) {
		error_set(err, "out of memory");
		return NULL;
	}
	hv->server = server;
	hv->control = control;
	hv->path = strdup(path);
	hv->listen_fd = hv->path ? unix_listen(path, BACKLOG, err) : -1;
	hv->next_peer = 0x40000000;
	hv->open_ms = HVSOCK_OPEN_MS;
	hv->linger_ms = HVSOCK_LINGER_MS;
	if (hv->listen_fd < 0 ||
	    loop_add_fd(control_loop(control), hv->listen_fd, EPOLLIN, listen_event, hv)) {
		if (hv->listen_fd >= 0 || !hv->path)
			error_set(err, "out of memory");
		hvsock_free(hv);
		return NULL;
	}
	vmbus_server_on_tl_connect(server, tl_connect, hv);
	control_register(control, "hvsock", "sockets between host and guest: how many, bytes",
			 cmd_hvsock, hv);
	return hv;
}

void hvsock_free(struct hvsock *hv)
{
	if (!hv)
		return;
	control_unregister(hv->control, "hvsock", hv);
	while (hv->streams)
		hvsock_stream_free(hv->streams);
	if (hv->listen_fd >= 0) {
		loop_del_fd(control_loop(hv->control), hv->listen_fd);
		close(hv->listen_fd);
		unlink(hv->path);
	}
	free(hv->path);
	free(hv);
}
