/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the control table and its Unix socket share; nobody else includes this.
 */
#ifndef HVHOST_CONTROL_INTERNAL_H
#define HVHOST_CONTROL_INTERNAL_H

#include "control.h"

struct control_command {
	struct control_command *next;
	char *name, *help;
	control_fn fn;
	void *arg;
};

/* The request whose command is running; a command may run another. */
struct control_request_state {
	struct control_request_state *outer;
	control_answer_fn answer;	/* NULL: this transport does not wait */
	void *arg;
	json_t *id;			/* borrowed from the request */
	struct control_pending *pending;	/* deferred and not answered yet */
	bool deferred;
};

struct control_client;

struct control {
	struct loop *loop;
	struct control_command *commands;	/* sorted by name */
	struct control_pending *pendings;
	struct control_request_state *current;
	struct control_client *clients;
	unsigned int nr_clients;
	int listen_fd;
	char *path;
};

/** control_socket_close() - drop the clients and the socket file. */
void control_socket_close(struct control *control);

#endif
