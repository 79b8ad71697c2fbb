/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control: requests as lines of JSON, {"cmd": "NAME", ...}, each answered by one line,
 * {"ok": true, ...} or {"ok": false, "error": "..."}. A part of the host registers the
 * commands that it serves. Transport: a Unix socket, and (when the lab asks) the guest itself.
 */
#ifndef HVHOST_CONTROL_H
#define HVHOST_CONTROL_H

#include <stdint.h>

#include <jansson.h>

#include "error.h"
#include "loop.h"

struct control;
struct control_pending;

/**
 * control_fn - serve one request
 * @arg: as registered
 * @request: the whole request object, borrowed
 * @reply: an object to add members to
 * @err: set it when returning nonzero
 * On the main loop.
 */
typedef int (*control_fn)(void *arg, json_t *request, json_t *reply, struct error *err);

/* Requests and answers are lines of at most this many bytes. */
#define CONTROL_LINE_MAX	65536u

struct control *control_new(struct loop *main_loop);
void control_free(struct control *control);

/** control_loop() - the main loop, which all of this runs on. */
struct loop *control_loop(struct control *control);

/** control_register() - @help: one line for the command "help": members and meaning. */
void control_register(struct control *control, const char *cmd, const char *help,
		      control_fn fn, void *arg);
void control_unregister(struct control *control, const char *cmd, void *arg);

/* What a number is before control_number() when the request has to give it. */
#define CONTROL_REQUIRED	INT64_MIN

/**
 * control_number() - a whole number out of a request
 * @member: its name
 * @min: least, above CONTROL_REQUIRED
 * @max: largest
 * @value: in: what it is when the request has no such member, or CONTROL_REQUIRED; out: the number
 * Return: 0, or -1 with @err set, @value unchanged, when it is no number from @min to @max.
 */
int control_number(json_t *request, const char *member, int64_t min, int64_t max, int64_t *value,
		   struct error *err);

/** control_listen() - serve on a Unix socket (mode 0600). Return: 0, or -1 with @err set. */
int control_listen(struct control *control, const char *path, struct error *err);

/** control_request() - serve one line of text (other transports use this).
 * Main loop. Return: the answer, malloc'ed, without a newline. It never waits: see
 * control_defer().
 */
char *control_request(struct control *control, const char *line, size_t len);

/* Takes the answer's text, malloc'ed, without a newline. */
typedef void (*control_answer_fn)(void *arg, char *text);

/** control_request_async() - serve one line; @answer is called once, at once or later.
 * Return: NULL when it has been called; else a handle for control_cancel().
 */
struct control_pending *control_request_async(struct control *control, const char *line,
					      size_t len, control_answer_fn answer, void *arg);

/** control_cancel() - the asker is gone: @answer will not be called. The command goes on. */
void control_cancel(struct control_pending *pending);

/**
 * control_defer() - in a control_fn: the answer comes later, by control_answer()
 * Whoever defers answers within a bounded time, also when its device goes away.
 * Return: NULL when this request's transport cannot wait; then the command answers
 * with what it knows now.
 */
struct control_pending *control_defer(struct control *control);

/** control_answer() - the answer to a deferred request; NULL @pending is ignored
 * @reply: members for the answer, borrowed; may be NULL
 * @err: the failure, or NULL for success
 * Main loop; @pending is gone afterwards.
 */
void control_answer(struct control_pending *pending, json_t *reply, const struct error *err);

#endif
