/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control: requests as lines of JSON, {"cmd": "NAME", ...}, each answered by one line,
 * {"ok": true, ...} or {"ok": false, "error": "..."}. A part of the host registers the
 * commands that it serves. Transport: a Unix socket, and (when the lab asks) the guest itself.
 */
#ifndef HVHOST_CONTROL_H
#define HVHOST_CONTROL_H

#include <jansson.h>

#include "error.h"
#include "loop.h"

struct control;

/**
 * control_fn - serve one request
 * @arg: as registered
 * @request: the whole request object, borrowed
 * @reply: an object to add members to
 * @err: set it when returning nonzero
 * On the main loop.
 */
typedef int (*control_fn)(void *arg, json_t *request, json_t *reply, struct error *err);

struct control *control_new(struct loop *main_loop);
void control_free(struct control *control);

/** control_register() - @help: one line for the command "help": members and meaning. */
void control_register(struct control *control, const char *cmd, const char *help,
		      control_fn fn, void *arg);
void control_unregister(struct control *control, const char *cmd, void *arg);

/** control_listen() - serve on a Unix socket (mode 0600). Return: 0, or -1 with @err set. */
int control_listen(struct control *control, const char *path, struct error *err);

/** control_request() - serve one line of text (other transports use this).
 * Main loop. Return: the answer, malloc'ed, without a newline.
 */
char *control_request(struct control *control, const char *line, size_t len);

#endif
