// SPDX-License-Identifier: GPL-2.0
/*
 * One connection: a Unix socket and a channel, and the bytes between them. Each direction keeps
 * at most one packet; it takes the next one when the other side has taken that.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vsp/hvsock_internal.h"

#define CHUNKS_A_TURN	16	/* to the guest, so that others get their turn */

static void unix_event(void *arg, uint32_t events);

static struct loop *stream_loop(const struct hvsock_stream *s)
{
	return control_loop(s->hv->control);
}

static void close_unix(struct hvsock_stream *s)
{
	if (s->fd < 0)
		return;
	loop_del_fd(stream_loop(s), s->fd);
	close(s->fd);
	s->fd = -1;
}

/* The device goes at the loop's next turn: callers are in its callbacks. */
static void end_stream(struct hvsock_stream *s)
{
	if (s->state == STREAM_ENDING)
		return;
	if (s->state == STREAM_OPEN && !(s->told_guest && s->told_unix))
		s->hv->broken++;
	s->state = STREAM_ENDING;
	close_unix(s);
	loop_timer_set(s->timer, 0);
}

/* ---- from the guest ---- */

/* What the guest sent, checked: an in-band packet with a pipe header and what that names. */
static int take_packet(struct hvsock_stream *s, const struct vmbus_packet *pkt)
{
	const struct vmbus_pipe_header *head = pkt->data;
	uint32_t len;

	if (pkt->type != VMBUS_PKT_DATA_INBAND || pkt->len < sizeof(*head) ||
	    le32toh(head->type) != VMBUS_PIPE_DATA)
		return -1;
	len = le32toh(head->len);
	if (len > pkt->len - sizeof(*head) || len > sizeof(s->out) || (len && s->guest_end))
		return -1;
	if (!len)
		s->guest_end = true;
	memcpy(s->out, head + 1, len);
	s->out_len = len;
	s->out_done = 0;
	s->bytes_out += len;
	return 0;
}

/* Return: 1 when all that there was is written, 0 when the socket is full, -1 when it is gone. */
static int write_unix(struct hvsock_stream *s)
{
	while (s->out_done < s->out_len) {
		ssize_t n = send(s->fd, s->out + s->out_done, s->out_len - s->out_done,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		s->out_done += n;
	}
	s->out_len = 0;
	s->out_done = 0;
	return 1;
}

static void pump_out(struct hvsock_stream *s)
{
	struct vmbus_packet pkt;
	int rc;

	while (s->state == STREAM_OPEN) {
		rc = write_unix(s);
		if (!rc)
			return;
		if (rc < 0) {
			end_stream(s);
			return;
		}
		rc = vmbus_channel_recv(s->ch, &pkt);
		if (!rc)
			break;
		if (rc < 0 || take_packet(s, &pkt)) {
			end_stream(s);
			return;
		}
	}
	if (s->state == STREAM_OPEN && s->guest_end && !s->told_unix) {
		shutdown(s->fd, SHUT_WR);
		s->told_unix = true;
	}
}

/* ---- to the guest ---- */

/* Fill the buffer from the socket. Return: whether there is something to send. */
static bool read_unix(struct hvsock_stream *s)
{
	ssize_t n;

	if (s->in_len || s->unix_end)
		return s->in_len;
	do {
		n = recv(s->fd, s->in.data, sizeof(s->in.data), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		s->unix_end = true;
	if (n < 0)
		s->unix_hung = true;
	s->in_len = n > 0 ? n : 0;
	return s->in_len;
}

/* Return: as vmbus_channel_send_data(). */
static int send_guest(struct hvsock_stream *s)
{
	s->in.head.type = htole32(VMBUS_PIPE_DATA);
	s->in.head.len = htole32(s->in_len);
	return vmbus_channel_send_data(s->ch, 0, 0, &s->in, sizeof(s->in.head) + s->in_len);
}

static void pump_in(struct hvsock_stream *s)
{
	for (int i = 0; s->state == STREAM_OPEN && i < CHUNKS_A_TURN; i++) {
		bool bytes = read_unix(s);
		int rc;

		if (!bytes && (!s->unix_end || s->told_guest))
			return;
		rc = send_guest(s);
		if (rc == -EAGAIN)
			return;
		if (rc) {
			end_stream(s);
			return;
		}
		s->bytes_in += s->in_len;
		s->told_guest = !bytes;
		s->in_len = 0;
	}
}

/* ---- both ---- */

/* A socket that hung up reports that for ever: it is watched only for what can be done. */
static void watch_unix(struct hvsock_stream *s)
{
	uint32_t want = 0;

	if (!s->in_len && !s->unix_end)
		want |= EPOLLIN;
	if (s->out_len)
		want |= EPOLLOUT;
	if (!want && s->unix_hung)
		loop_del_fd(stream_loop(s), s->fd);
	else if (loop_add_fd(stream_loop(s), s->fd, want, unix_event, s))
		end_stream(s);
}

/* A guest that closed its socket says no more than that it sends no more: one that then takes
 * nothing either is done, and so is one whose program here is gone.
 */
static void linger(struct hvsock_stream *s)
{
	bool due = (s->guest_end && s->in_len) || (s->unix_hung && s->told_guest);

	if (due == s->lingering)
		return;
	s->lingering = due;
	s->linger_bytes = s->bytes_in;
	if (due)
		loop_timer_set(s->timer, s->hv->linger_ms);
	else
		loop_timer_cancel(s->timer);
}

static void lingered(struct hvsock_stream *s)
{
	if (s->in_len && s->bytes_in != s->linger_bytes) {
		s->linger_bytes = s->bytes_in;
		loop_timer_set(s->timer, s->hv->linger_ms);
	} else {
		end_stream(s);
	}
}

static void settle(struct hvsock_stream *s)
{
	if (s->state == STREAM_OPEN && s->told_guest && s->told_unix)
		end_stream(s);
	if (s->state == STREAM_OPEN) {
		linger(s);
		watch_unix(s);
	}
}

static void unix_event(void *arg, uint32_t events)
{
	struct hvsock_stream *s = arg;

	if (events & (EPOLLHUP | EPOLLERR))
		s->unix_hung = true;
	pump_out(s);
	pump_in(s);
	settle(s);
}

static void stream_readable(struct vmbus_channel *ch)
{
	struct hvsock_stream *s = vmbus_device_priv(vmbus_channel_device(ch));

	pump_out(s);
	settle(s);
}

static void stream_writable(struct vmbus_channel *ch)
{
	struct hvsock_stream *s = vmbus_device_priv(vmbus_channel_device(ch));

	pump_in(s);
	settle(s);
}

/* ---- life ---- */

static int stream_open(struct vmbus_channel *ch, const uint8_t user_data[120])
{
	struct hvsock_stream *s = vmbus_device_priv(vmbus_channel_device(ch));

	if (s->state != STREAM_OFFERED)
		return VMBUS_STATUS_UNSUCCESSFUL;
	loop_timer_cancel(s->timer);
	s->state = STREAM_OPEN;
	s->ch = ch;
	if (s->from_host) {
		s->hv->from_host++;
		s->out_len = snprintf((char *)s->out, sizeof(s->out), "OK %u\n", s->port);
	} else {
		s->hv->from_guest++;
	}
	settle(s);
	return 0;
}

static void stream_close(struct vmbus_channel *ch)
{
	struct hvsock_stream *s = vmbus_device_priv(vmbus_channel_device(ch));

	/* What was taken from the ring still gets to its reader, if that has room for it. */
	if (s->state == STREAM_OPEN)
		write_unix(s);
	end_stream(s);
	s->ch = NULL;
	vmbus_channel_close_done(ch);
}

static void stream_destroy(struct vmbus_device *dev)
{
	struct hvsock_stream *s = vmbus_device_priv(dev);

	s->dev = NULL;
	hvsock_stream_free(s);
}

static void stream_stats(struct vmbus_device *dev, json_t *object)
{
	static const char *const names[] = { "hello", "offered", "open", "ending" };
	struct hvsock_stream *s = vmbus_device_priv(dev);

	json_object_set_new(object, "state", json_string(names[s->state]));
	json_object_set_new(object, "from", json_string(s->from_host ? "host" : "guest"));
	json_object_set_new(object, "port", json_integer(s->port));
	json_object_set_new(object, "bytes_to_guest", json_integer(s->bytes_in));
	json_object_set_new(object, "bytes_from_guest", json_integer(s->bytes_out));
	json_object_set_new(object, "unix_end", json_boolean(s->unix_end));
	json_object_set_new(object, "guest_end", json_boolean(s->guest_end));
}

static void timer_fired(void *arg)
{
	struct hvsock_stream *s = arg;

	switch (s->state) {
	case STREAM_HELLO:
		hvsock_stream_refuse(s, "no request came in time");
		break;
	case STREAM_OFFERED:
		s->hv->unanswered++;
		hvsock_stream_refuse(s, "the guest did not take the connection");
		break;
	case STREAM_OPEN:
		lingered(s);
		break;
	case STREAM_ENDING:
		vmbus_device_remove(s->dev);	/* may free the stream */
		break;
	}
}

struct hvsock_stream *hvsock_stream_new(struct hvsock *hv, int fd)
{
	struct hvsock_stream *s;

	if (hv->nr_streams >= HVSOCK_STREAMS_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->hv = hv;
	s->timer = loop_timer_new(control_loop(hv->control), timer_fired, s);
	if (!s->timer) {
		free(s);
		return NULL;
	}
	s->fd = fd;
	s->next = hv->streams;
	hv->streams = s;
	hv->nr_streams++;
	return s;
}

int hvsock_stream_offer(struct hvsock_stream *s, const struct vmbus_guid *instance,
			struct error *err)
{
	const struct hvsock_service_id class = {
		.port = htole32(s->port), .tail = { HVSOCK_SERVICE_TAIL },
	};
	const struct hvsock_offer user = {
		.pipe_mode = htole32(VMBUS_PIPE_MODE_BYTE),
		.for_guest_accept = s->from_host,
		.version = htole32(HVSOCK_OFFER_V0),
	};

	s->ops = (struct vsp_ops){
		.name = "hvsock",
		.offer_flags = VMBUS_OFFER_FLAG_ENUMERATE_INTERFACE |
			       VMBUS_OFFER_FLAG_NAMED_PIPE_MODE | VMBUS_OFFER_FLAG_TLNPI_PROVIDER,
		.transient = true,
		.open = stream_open,
		.readable = stream_readable,
		.writable = stream_writable,
		.close = stream_close,
		.destroy = stream_destroy,
		.stats = stream_stats,
	};
	memcpy(s->ops.class_id.b, &class, sizeof(class));
	memcpy(s->ops.user_defined, &user, sizeof(user));
	s->dev = vmbus_device_add(s->hv->server, stream_loop(s), &s->ops, instance, s, err);
	if (!s->dev)
		return -1;
	s->state = STREAM_OFFERED;
	loop_timer_set(s->timer, s->hv->open_ms);
	return 0;
}

void hvsock_stream_refuse(struct hvsock_stream *s, const char *why)
{
	char text[300];
	int len;

	if (s->from_host && s->fd >= 0) {
		len = snprintf(text, sizeof(text), "ERROR %s\n", why);
		send(s->fd, text, len < (int)sizeof(text) ? len : (int)sizeof(text) - 1,
		     MSG_NOSIGNAL);
	}
	if (s->dev) {
		end_stream(s);
		return;
	}
	s->hv->refused++;
	hvsock_stream_free(s);
}

void hvsock_stream_free(struct hvsock_stream *s)
{
	struct hvsock *hv = s->hv;
	struct hvsock_stream **link = &hv->streams;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	hv->nr_streams--;
	hv->bytes_in += s->bytes_in;
	hv->bytes_out += s->bytes_out;
	close_unix(s);
	loop_timer_free(s->timer);
	free(s);
}
