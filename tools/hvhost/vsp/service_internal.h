/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The framework under the integration services, for the services and their tests.
 */
#ifndef HVHOST_VSP_SERVICE_INTERNAL_H
#define HVHOST_VSP_SERVICE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "error.h"
#include "vsp/edge.h"

#define SERVICE_VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))
#define SERVICE_BODY_MAX		4096u	/* bytes after the message header */

struct service;

/* What the guest said to a request. */
struct service_answer {
	uint32_t status;	/* IC_STATUS_* */
	const void *body;	/* borrowed, until the callback returns */
	size_t len;		/* bytes of the body that are there, padding included */
};

/* @answer is NULL, with the reason in @err, when there was none. */
typedef void (*service_answer_fn)(struct service *svc, const struct service_answer *answer,
				  const struct error *err);

struct service_command {
	const char *name, *help;
	control_fn fn;		/* its argument is the struct service */
};

struct service_ops {
	const char *name;
	const char *needs;		/* what the guest needs, for error messages */
	uint16_t type;			/* IC_TYPE_* of its messages */
	const uint32_t *versions;	/* SERVICE_VERSION()s, oldest first; 0 ends */
	const struct service_command *commands;	/* a NULL name ends */
	size_t priv_size;		/* bytes of service_priv(), zeroed */
	void (*ready)(struct service *svc);	/* negotiated; may be NULL */
	void (*gone)(struct service *svc);	/* the guest closed it; may be NULL */
	void (*timer)(struct service *svc);	/* service_timer() is due; may be NULL */
	void (*stats)(struct service *svc, json_t *object);	/* may be NULL */
};

extern const struct service_ops heartbeat_service, shutdown_service, time_service, kvp_service;

/** service_new() - a service that no guest has opened; registers its commands.
 * Return: NULL, with @err set, when there is no memory.
 */
struct edge *service_new(const struct service_ops *ops, struct control *control, struct error *err);
/** service_of() - the service that service_new() made. */
struct service *service_of(struct edge *edge);

/* The service's side. */
void *service_priv(struct service *svc);
struct control *service_control(struct service *svc);
/** service_version() - the negotiated version of its messages; 0 before that. */
uint32_t service_version(const struct service *svc);
/** service_busy() - a request has no answer yet. */
bool service_busy(const struct service *svc);
/** service_check() - whether a request can be made. Return: 0, or -1 with @err set. */
int service_check(struct service *svc, struct error *err);
/**
 * service_request() - ask the guest; one request at a time
 * @fn: called once, after this returned 0: with the answer, after @timeout_ms, or when the
 *      guest closes the channel
 * Return: 0, or -1 with @err set, then @fn is not called.
 */
int service_request(struct service *svc, const void *body, size_t len, unsigned int timeout_ms,
		    service_answer_fn fn, struct error *err);
/** service_timer() - have ops->timer called in @ms milliseconds. */
void service_timer(struct service *svc, unsigned int ms);

#endif
