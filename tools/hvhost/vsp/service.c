// SPDX-License-Identifier: GPL-2.0
/*
 * The framework of the integration services: the message header, the negotiation of the
 * framework's and the service's version, one request at a time with a bound on its answer.
 */
#include "vsp/service.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/services.h>
#include <hvic/vmbus.h>

#include "vsp/service_internal.h"

enum service_state {
	SERVICE_CLOSED,		/* no guest */
	SERVICE_NEGOTIATING,	/* our versions are sent, the guest's choice is due */
	SERVICE_READY,
	SERVICE_REFUSED,	/* the guest knows none of our versions */
};

static const char *const state_names[] = { "closed", "negotiating", "ready", "refused" };

static const uint32_t framework_versions[] = {
	SERVICE_VERSION(1, 0), SERVICE_VERSION(3, 0), 0
};

struct service {
	struct edge edge;
	const struct service_ops *ops;
	struct control *control;
	struct loop_timer *timer;	/* the service's own */
	struct loop_timer *bound;	/* on the answer to the request */
	outbox_send_fn send;
	void *send_arg;
	enum service_state state;
	uint32_t framework, version;	/* agreed on; 0 before that */
	uint8_t transaction;		/* of the last message */
	service_answer_fn waiter;	/* of the request that has no answer yet */
	unsigned int timeout_ms;
	uint64_t requests, answers, timeouts, stale, malformed;
	uint64_t priv[];
};

/* ---- messages ---- */

static struct ic_version_pair version_pair(uint32_t version)
{
	return (struct ic_version_pair){ htole16(version >> 16), htole16(version & 0xffff) };
}

static uint32_t pair_version(const struct ic_version_pair *pair)
{
	return SERVICE_VERSION(le16toh(pair->major), le16toh(pair->minor));
}

static int send_message(struct service *svc, uint16_t type, const void *body, size_t len)
{
	struct {
		struct vmbus_pipe_header pipe;
		struct ic_hdr hdr;
		uint8_t body[SERVICE_BODY_MAX];
	} __attribute__((packed)) msg = {
		.pipe = { htole32(VMBUS_PIPE_DATA), htole32(sizeof(struct ic_hdr) + len) },
		.hdr = {
			.framework = version_pair(svc->framework),
			.type = htole16(type),
			.message = version_pair(svc->version),
			.size = htole16(len),
			.transaction = ++svc->transaction,
			.flags = IC_FLAG_TRANSACTION | IC_FLAG_REQUEST,
		},
	};

	if (len > sizeof(msg.body))
		return -EMSGSIZE;
	memcpy(msg.body, body, len);
	return svc->send(svc->send_arg, &msg, sizeof(msg) - sizeof(msg.body) + len);
}

static unsigned int list_versions(const uint32_t *versions, struct ic_version_pair *out)
{
	unsigned int n = 0;

	for (; versions[n]; n++)
		out[n] = version_pair(versions[n]);
	return n;
}

static void send_versions(struct service *svc)
{
	struct {
		struct ic_negotiation counts;
		struct ic_version_pair versions[16];
	} __attribute__((packed)) body = { 0 };
	unsigned int nr_framework = list_versions(framework_versions, body.versions);
	unsigned int nr_message = list_versions(svc->ops->versions, body.versions + nr_framework);

	body.counts.nr_framework = htole16(nr_framework);
	body.counts.nr_message = htole16(nr_message);
	svc->state = SERVICE_NEGOTIATING;
	if (send_message(svc, IC_TYPE_NEGOTIATE, &body, sizeof(body.counts) +
			 (nr_framework + nr_message) * sizeof(body.versions[0])))
		svc->state = SERVICE_REFUSED;
}

static bool listed(const uint32_t *versions, uint32_t version)
{
	for (; *versions; versions++)
		if (*versions == version)
			return true;
	return false;
}

static void take_versions(struct service *svc, const struct service_answer *answer)
{
	const struct ic_negotiation *choice = answer->body;
	uint32_t framework, version;

	if (svc->state != SERVICE_NEGOTIATING) {
		svc->stale++;
		return;
	}
	if (answer->len < sizeof(*choice)) {
		svc->malformed++;
		return;
	}
	svc->state = SERVICE_REFUSED;
	if (le16toh(choice->nr_framework) != 1 || le16toh(choice->nr_message) != 1)
		return;
	if (answer->len < sizeof(*choice) + 2 * sizeof(choice->versions[0])) {
		svc->malformed++;
		return;
	}
	framework = pair_version(&choice->versions[0]);
	version = pair_version(&choice->versions[1]);
	if (!listed(framework_versions, framework) || !listed(svc->ops->versions, version)) {
		svc->malformed++;
		return;
	}
	svc->framework = framework;
	svc->version = version;
	svc->state = SERVICE_READY;
	if (svc->ops->ready)
		svc->ops->ready(svc);
}

/* The waiter may make the next request at once. */
static void end_request(struct service *svc, const struct service_answer *answer,
			const struct error *err)
{
	service_answer_fn fn = svc->waiter;

	loop_timer_cancel(svc->bound);
	svc->waiter = NULL;
	if (fn)
		fn(svc, answer, err);
}

static void service_receive(struct edge *edge, const void *data, size_t len)
{
	struct service *svc = service_of(edge);
	const struct vmbus_pipe_header *pipe = data;
	const struct ic_hdr *hdr = (const void *)(pipe + 1);
	const uint8_t answered = IC_FLAG_TRANSACTION | IC_FLAG_RESPONSE;
	struct service_answer answer;

	if (len < sizeof(*pipe) + sizeof(*hdr) || le32toh(pipe->type) != VMBUS_PIPE_DATA ||
	    le32toh(pipe->len) > len - sizeof(*pipe) || le32toh(pipe->len) < sizeof(*hdr) ||
	    le16toh(hdr->size) > le32toh(pipe->len) - sizeof(*hdr) ||
	    (hdr->flags & answered) != answered) {
		svc->malformed++;
		return;
	}
	if (hdr->transaction != svc->transaction) {
		svc->stale++;	/* its request has been given up */
		return;
	}
	answer.status = le32toh(hdr->status);
	answer.body = hdr + 1;
	answer.len = le16toh(hdr->size);
	if (le16toh(hdr->type) == IC_TYPE_NEGOTIATE) {
		take_versions(svc, &answer);
	} else if (le16toh(hdr->type) == svc->ops->type && svc->waiter) {
		svc->answers++;
		end_request(svc, &answer, NULL);
	} else {
		svc->stale++;
	}
}

/* ---- what services call ---- */

struct service *service_of(struct edge *edge)
{
	return EDGE_OF(edge, struct service);
}

void *service_priv(struct service *svc)
{
	return svc->priv;
}

struct control *service_control(struct service *svc)
{
	return svc->control;
}

uint32_t service_version(const struct service *svc)
{
	return svc->version;
}

bool service_busy(const struct service *svc)
{
	return svc->waiter;
}

int service_check(struct service *svc, struct error *err)
{
	static const char *const lacks[] = {
		[SERVICE_CLOSED] = "has not opened", [SERVICE_NEGOTIATING] = "has not negotiated",
		[SERVICE_REFUSED] = "knows no version that this host speaks of",
	};

	if (svc->state != SERVICE_READY)
		return error_set(err, "the guest %s the %s service (%s)", lacks[svc->state],
				 svc->ops->name, svc->ops->needs);
	if (svc->waiter)
		return error_set(err, "the %s service waits for the guest's answer already",
				 svc->ops->name);
	return 0;
}

static void bound_reached(void *arg)
{
	struct service *svc = arg;
	struct error err;

	svc->timeouts++;
	error_set(&err, "the guest's %s service gave no answer in %u ms", svc->ops->name,
		  svc->timeout_ms);
	end_request(svc, NULL, &err);
}

int service_request(struct service *svc, const void *body, size_t len, unsigned int timeout_ms,
		    service_answer_fn fn, struct error *err)
{
	int rc;

	if (service_check(svc, err))
		return -1;
	rc = send_message(svc, svc->ops->type, body, len);
	if (rc)
		return error_set(err, "the %s request cannot be sent: %s", svc->ops->name,
				 rc == -EAGAIN ? "the guest does not read its ring" :
				 strerror(-rc));
	svc->requests++;
	svc->waiter = fn;
	svc->timeout_ms = timeout_ms;
	loop_timer_set(svc->bound, timeout_ms);
	return 0;
}

void service_timer(struct service *svc, unsigned int ms)
{
	loop_timer_set(svc->timer, ms);
}

/* ---- life ---- */

static void timer_fired(void *arg)
{
	struct service *svc = arg;

	if (svc->state == SERVICE_READY)
		svc->ops->timer(svc);
}

static void service_opened(struct edge *edge, outbox_send_fn send, void *arg)
{
	struct service *svc = service_of(edge);

	svc->send = send;
	svc->send_arg = arg;
	svc->framework = 0;
	svc->version = 0;
	send_versions(svc);
}

static void service_closed(struct edge *edge)
{
	struct service *svc = service_of(edge);
	struct error err;

	svc->state = SERVICE_CLOSED;
	loop_timer_cancel(svc->timer);
	error_set(&err, "the guest closed its %s service before it answered", svc->ops->name);
	end_request(svc, NULL, &err);
	if (svc->ops->gone)
		svc->ops->gone(svc);
}

static void service_stats(struct edge *edge, json_t *object)
{
	struct service *svc = service_of(edge);

	json_object_set_new(object, "state", json_string(state_names[svc->state]));
	if (svc->version)
		json_object_set_new(object, "version",
				    json_sprintf("%u.%u", svc->version >> 16,
						 svc->version & 0xffff));
	json_object_set_new(object, "requests", json_integer(svc->requests));
	json_object_set_new(object, "answers", json_integer(svc->answers));
	json_object_set_new(object, "timeouts", json_integer(svc->timeouts));
	json_object_set_new(object, "stale", json_integer(svc->stale));
	json_object_set_new(object, "malformed", json_integer(svc->malformed));
	if (svc->ops->stats)
		svc->ops->stats(svc, object);
}

static void service_free(struct edge *edge)
{
	struct service *svc = service_of(edge);

	for (const struct service_command *cmd = svc->ops->commands; cmd->name; cmd++)
		control_unregister(svc->control, cmd->name, svc);
	if (svc->state != SERVICE_CLOSED)
		service_closed(edge);
	loop_timer_free(svc->timer);
	loop_timer_free(svc->bound);
	free(svc);
}

static const struct edge_ops edge_ops = {
	.opened = service_opened,
	.receive = service_receive,
	.closed = service_closed,
	.free = service_free,
	.stats = service_stats,
};

struct edge *service_new(const struct service_ops *ops, struct control *control, struct error *err)
{
	struct service *svc = calloc(1, sizeof(*svc) + ops->priv_size);

	if (!svc) {
		error_set(err, "out of memory");
		return NULL;
	}
	svc->edge.ops = &edge_ops;
	svc->ops = ops;
	svc->control = control;
	svc->timer = loop_timer_new(control_loop(control), timer_fired, svc);
	svc->bound = loop_timer_new(control_loop(control), bound_reached, svc);
	if (!svc->timer || !svc->bound) {
		loop_timer_free(svc->timer);
		loop_timer_free(svc->bound);
		free(svc);
		error_set(err, "out of memory");
		return NULL;
	}
	for (const struct service_command *cmd = ops->commands; cmd->name; cmd++)
		control_register(control, cmd->name, cmd->help, cmd->fn, svc);
	return &svc->edge;
}
