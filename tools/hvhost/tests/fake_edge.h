/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of the small devices (vsp/edge.h): a device on a loop of its own, with the
 * messages that it sends kept as bytes. One include a program.
 */
#ifndef HVHOST_TESTS_FAKE_EDGE_H
#define HVHOST_TESTS_FAKE_EDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "vsp/edge.h"

struct fixture {
	struct loop *loop;
	struct control *control;
	struct edge *edge;
	bool last_only;		/* keep the last message instead of all */
	uint8_t sent[131072];
	size_t len;
	unsigned int messages;
	int send_rc;		/* for the device, in place of taking a message */
	char *answer;		/* to the last ask() */
};

static int capture(void *arg, const void *data, size_t len)
{
	struct fixture *fx = arg;

	if (fx->send_rc)
		return fx->send_rc;
	if (fx->last_only)
		fx->len = 0;
	assert_true(fx->len + len <= sizeof(fx->sent));
	memcpy(fx->sent + fx->len, data, len);
	fx->len += len;
	fx->messages++;
	return 0;
}

/* The edge's own: what the bus would call. */
static inline void edge_opened(struct fixture *fx)
{
	fx->edge->ops->opened(fx->edge, capture, fx);
}

static inline void edge_receive(struct fixture *fx, const void *data, size_t len)
{
	fx->edge->ops->receive(fx->edge, data, len);
}

static inline void edge_closed(struct fixture *fx)
{
	fx->edge->ops->closed(fx->edge);
}

static inline void expect_sent(struct fixture *fx, const void *bytes, size_t len)
{
	assert_int_equal(fx->len, len);
	assert_memory_equal(fx->sent, bytes, len);
	fx->len = 0;
}

/* A request that is answered at once. */
static inline void command(struct fixture *fx, const char *request, const char *answer)
{
	char *text = control_request(fx->control, request, strlen(request));

	assert_string_equal(text, answer);
	free(text);
}

static inline void take(void *arg, char *text)
{
	struct fixture *fx = arg;

	free(fx->answer);
	fx->answer = text;
}

/* A request whose answer comes to fx->answer, now or later. */
static inline void ask(struct fixture *fx, const char *request)
{
	free(fx->answer);
	fx->answer = NULL;
	control_request_async(fx->control, request, strlen(request), take, fx);
}

static inline json_int_t stat_of(struct fixture *fx, const char *name)
{
	json_t *stats = json_object();
	json_int_t n;

	fx->edge->ops->stats(fx->edge, stats);
	n = json_integer_value(json_object_get(stats, name));
	json_decref(stats);
	return n;
}

static int fixture_setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_new("test");
	fx->control = control_new(fx->loop);
	*state = fx;
	return 0;
}

static int fixture_teardown(void **state)
{
	struct fixture *fx = *state;

	fx->edge->ops->free(fx->edge);
	control_free(fx->control);
	loop_free(fx->loop);
	free(fx->answer);
	free(fx);
	return 0;
}

#endif
