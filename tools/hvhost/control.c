// SPDX-License-Identifier: GPL-2.0
/*
 * The table of control commands and the making of answers. Where requests come from is not
 * known here: see control_socket.c, and the guest's agent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_internal.h"

struct control_pending {
	struct control *control;
	struct control_pending *next;
	json_t *id;			/* echoed; may be NULL */
	control_answer_fn answer;	/* NULL: the asker is gone */
	void *arg;
};

struct loop *control_loop(struct control *control)
{
	return control->loop;
}

static struct control_command *find(struct control *control, const char *name)
{
	for (struct control_command *cmd = control->commands; cmd; cmd = cmd->next)
		if (!strcmp(cmd->name, name))
			return cmd;
	return NULL;
}

static int help(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct control *control = arg;
	json_t *list = json_object();

	for (struct control_command *cmd = control->commands; cmd; cmd = cmd->next)
		json_object_set_new(list, cmd->name, json_string(cmd->help));
	return json_object_set_new(reply, "commands", list) ?
		error_set(err, "out of memory") : 0;
}

int control_number(json_t *request, const char *member, int64_t min, int64_t max, int64_t *value,
		   struct error *err)
{
	json_t *given = json_object_get(request, member);
	int64_t n = given ? json_integer_value(given) : *value;

	if ((given && !json_is_integer(given)) || n < min || n > max)
		return error_set(err, "\"%s\" is a number from %lld to %lld", member, (long long)min,
				 (long long)max);
	*value = n;
	return 0;
}

struct control *control_new(struct loop *main_loop)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return NULL;
	control->loop = main_loop;
	control->listen_fd = -1;
	control_register(control, "help", "list the commands", help, control);
	return control;
}

void control_free(struct control *control)
{
	struct control_command *cmd;
	struct control_pending *pending;

	if (!control)
		return;
	control_socket_close(control);
	while ((cmd = control->commands)) {
		control->commands = cmd->next;
		free(cmd->name);
		free(cmd->help);
		free(cmd);
	}
	while ((pending = control->pendings)) {
		control->pendings = pending->next;
		json_decref(pending->id);
		free(pending);
	}
	free(control);
}

/* Sorted by name, for help. A second registration of a name replaces the first. */
void control_register(struct control *control, const char *name, const char *text,
		      control_fn fn, void *arg)
{
	struct control_command **at = &control->commands;
	struct control_command *cmd = find(control, name);

	if (cmd)
		control_unregister(control, name, cmd->arg);
	cmd = calloc(1, sizeof(*cmd));
	if (!cmd)
		abort();
	cmd->name = strdup(name);
	cmd->help = strdup(text);
	if (!cmd->name || !cmd->help)
		abort();
	cmd->fn = fn;
	cmd->arg = arg;
	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	cmd->next = *at;
	*at = cmd;
}

void control_unregister(struct control *control, const char *name, void *arg)
{
	for (struct control_command **at = &control->commands; *at; at = &(*at)->next) {
		struct control_command *cmd = *at;

		if (strcmp(cmd->name, name) || cmd->arg != arg)
			continue;
		*at = cmd->next;
		free(cmd->name);
		free(cmd->help);
		free(cmd);
		return;
	}
}

/* The one place that gives an answer its shape. @reply's members are copied. */
static char *answer_text(json_t *id, json_t *reply, const struct error *err)
{
	json_t *answer = json_object();
	char *text;

	json_object_set_new(answer, "ok", json_boolean(!err));
	if (id)
		json_object_set(answer, "id", id);
	if (err)
		json_object_set_new(answer, "error", json_string_nocheck(err->text));
	if (reply)
		json_object_update(answer, reply);
	text = json_dumps(answer, JSON_COMPACT);
	if (!text)	/* text that is no UTF-8 */
		text = strdup("{\"ok\":false,\"error\":\"the answer cannot be written as JSON\"}");
	json_decref(answer);
	return text;
}

static int run_request(struct control *control, json_t *request, json_t *reply,
		       struct error *err)
{
	const char *name = json_string_value(json_object_get(request, "cmd"));
	struct control_command *cmd;

	if (!name)
		return error_set(err, "the request has no string \"cmd\"; try {\"cmd\":\"help\"}");
	cmd = find(control, name);
	if (!cmd)
		return error_set(err, "no command \"%s\" here; try \"help\"", name);
	snprintf(err->text, sizeof(err->text), "%s: failed", name);
	return cmd->fn(cmd->arg, request, reply, err);
}

static json_t *parse(const char *line, size_t len, struct error *err)
{
	json_error_t why;
	json_t *request;

	if (len > CONTROL_LINE_MAX) {
		error_set(err, "the request has %zu bytes, at most %u are taken", len,
			  CONTROL_LINE_MAX);
		return NULL;
	}
	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!request) {
		error_set(err, "not JSON: %s at byte %d", why.text, why.position);
		return NULL;
	}
	if (!json_is_object(request)) {
		json_decref(request);
		error_set(err, "the request is not a JSON object");
		return NULL;
	}
	return request;
}

/* Commands may run commands of their own: what is being answered is saved around. */
static char *serve(struct control *control, const char *line, size_t len,
		   struct control_request_state *state)
{
	struct error err = { "failed" };
	json_t *request = parse(line, len, &err), *reply = json_object();
	char *text = NULL;
	int rc = -1;

	if (request) {
		state->id = json_object_get(request, "id");
		state->outer = control->current;
		control->current = state;
		rc = run_request(control, request, reply, &err);
		if (state->pending && rc)	/* it deferred, then failed */
			control_answer(state->pending, NULL, &err);
		control->current = state->outer;
	}
	if (!state->deferred)
		text = answer_text(state->id, reply, rc ? &err : NULL);
	json_decref(reply);
	json_decref(request);
	return text;
}

char *control_request(struct control *control, const char *line, size_t len)
{
	struct control_request_state state = { 0 };

	return serve(control, line, len, &state);
}

struct control_pending *control_request_async(struct control *control, const char *line,
					      size_t len, control_answer_fn answer, void *arg)
{
	struct control_request_state state = { .answer = answer, .arg = arg };
	char *text = serve(control, line, len, &state);

	if (text)
		answer(arg, text);
	return state.pending;
}

struct control_pending *control_defer(struct control *control)
{
	struct control_request_state *state = control->current;
	struct control_pending *pending;

	if (!state || !state->answer || state->deferred)
		return NULL;
	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return NULL;
	pending->control = control;
	pending->id = json_incref(state->id);
	pending->answer = state->answer;
	pending->arg = state->arg;
	pending->next = control->pendings;
	control->pendings = pending;
	state->pending = pending;
	state->deferred = true;
	return pending;
}

void control_cancel(struct control_pending *pending)
{
	pending->answer = NULL;
}

void control_answer(struct control_pending *pending, json_t *reply, const struct error *err)
{
	struct control_pending **at;
	struct control *control;

	if (!pending)
		return;
	control = pending->control;
	for (at = &control->pendings; *at != pending; at = &(*at)->next)
		;
	*at = pending->next;
	/* When its command has not returned yet, the handle must not be given out. */
	for (struct control_request_state *s = control->current; s; s = s->outer)
		if (s->pending == pending)
			s->pending = NULL;
	if (pending->answer)
		pending->answer(pending->arg, answer_text(pending->id, reply, err));
	json_decref(pending->id);
	free(pending);
}
