// SPDX-License-Identifier: GPL-2.0
/*
 * Control requests over a Unix socket: lines in, lines out, in order, several clients. A
 * client that does not read its answers is not read from either.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_internal.h"
#include "unix_socket.h"

#define MAX_CLIENTS 32u

struct control_client {
	struct control_client *next;
	struct control *control;
	int fd;
	struct control_pending *pending;	/* its request that is not answered yet */
	bool serving;
	bool eof;
	char *out;				/* an answer that is not written yet, */
	size_t out_len, out_done;		/* with its newline */
	size_t in_len;
	char in[CONTROL_LINE_MAX + 1];		/* a line and its newline */
};

static void client_event(void *arg, uint32_t events);

static void client_drop(struct control_client *client)
{
	struct control *control = client->control;
	struct control_client **at;

	for (at = &control->clients; *at != client; at = &(*at)->next)
		;
	*at = client->next;
	control->nr_clients--;
	if (client->pending)
		control_cancel(client->pending);
	loop_del_fd(control->loop, client->fd);
	close(client->fd);
	free(client->out);
	free(client);
}

/* Return: 0, or -1 when the client is gone (and freed). */
static int client_write(struct control_client *client)
{
	while (client->out) {
		ssize_t n = send(client->fd, client->out + client->out_done,
				 client->out_len - client->out_done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			client_drop(client);
			return -1;
		}
		client->out_done += n;
		if (client->out_done == client->out_len) {
			free(client->out);
			client->out = NULL;
		}
	}
	return 0;
}

static void take_answer(void *arg, char *text)
{
	struct control_client *client = arg;
	size_t len = text ? strlen(text) : 0;

	client->pending = NULL;
	client->out = text ? realloc(text, len + 1) : NULL;
	client->out_len = len + 1;
	client->out_done = 0;
	if (client->out)
		client->out[len] = '\n';
	else
		client->eof = true;	/* no memory for an answer: end the conversation */
	/* A deferred answer: go on with what the client has sent in the meantime. */
	if (!client->serving)
		client_event(client, 0);
}

static void serve_line(struct control_client *client, size_t len)
{
	client->serving = true;
	client->pending = control_request_async(client->control, client->in, len, take_answer,
						client);
	client->serving = false;
}

/* Serve lines until an answer has to wait, for its command or for the client. */
static int client_serve(struct control_client *client)
{
	while (!client->pending && !client->out) {
		char *end = memchr(client->in, '\n', client->in_len);
		size_t len = end ? (size_t)(end - client->in) : client->in_len;

		if (!end && client->in_len < sizeof(client->in))
			return 0;
		serve_line(client, len);
		if (!end) {		/* too long: answered so, and that is all */
			client->eof = true;
			client->in_len = 0;
		} else {
			client->in_len -= len + 1;
			memmove(client->in, end + 1, client->in_len);
		}
		if (client_write(client))
			return -1;
		if (client->eof && !client->in_len)
			break;
	}
	return 0;
}

static int client_read(struct control_client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_len,
			 sizeof(client->in) - client->in_len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		client_drop(client);
		return -1;
	}
	if (!n)
		client->eof = true;
	client->in_len += n;
	return 0;
}

static void client_event(void *arg, uint32_t events)
{
	struct control_client *client = arg;
	uint32_t want = 0;

	if ((events & (EPOLLERR | EPOLLHUP)) && !(events & EPOLLIN)) {
		client_drop(client);
		return;
	}
	if (client_write(client))
		return;
	if ((events & EPOLLIN) && client->in_len < sizeof(client->in) && client_read(client))
		return;
	if (client_serve(client))
		return;
	if (client->eof && !client->out && !client->pending) {
		client_drop(client);
		return;
	}
	if (client->out)
		want |= EPOLLOUT;
	else if (!client->pending && !client->eof)
		want |= EPOLLIN;
	if (loop_add_fd(client->control->loop, client->fd, want, client_event, client))
		client_drop(client);
}

static void listen_event(void *arg, uint32_t events)
{
	struct control *control = arg;
	struct control_client *client;
	int fd = accept4(control->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	client = control->nr_clients < MAX_CLIENTS ? calloc(1, sizeof(*client)) : NULL;
	if (!client || loop_add_fd(control->loop, fd, EPOLLIN, client_event, client)) {
		static const char full[] = "{\"ok\":false,\"error\":\"too many clients\"}\n";

		send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
		close(fd);
		free(client);
		return;
	}
	client->control = control;
	client->fd = fd;
	client->next = control->clients;
	control->clients = client;
	control->nr_clients++;
}

int control_listen(struct control *control, const char *path, struct error *err)
{
	int fd, rc;

	if (control->listen_fd >= 0)
		return error_set(err, "the control socket is %s already", control->path);
	fd = unix_listen(path, 8, err);
	if (fd < 0)
		return -1;
	control->listen_fd = fd;
	rc = loop_add_fd(control->loop, fd, EPOLLIN, listen_event, control);
	control->path = strdup(path);
	if (rc || !control->path) {
		control_socket_close(control);
		return error_set(err, "listen on %s: %s", path, strerror(rc ? -rc : ENOMEM));
	}
	return 0;
}

void control_socket_close(struct control *control)
{
	while (control->clients)
		client_drop(control->clients);
	if (control->listen_fd < 0)
		return;
	loop_del_fd(control->loop, control->listen_fd);
	close(control->listen_fd);
	control->listen_fd = -1;
	if (control->path)
		unlink(control->path);
	free(control->path);
	control->path = NULL;
}
