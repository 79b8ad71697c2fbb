/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a synthetic network device is plugged into: user-mode NAT, a hub of several hvhost
 * processes, a tap interface, a traffic generator, or nothing. Frames are complete Ethernet
 * frames without FCS; everything happens on the device's loop.
 */
#ifndef HVHOST_BACKEND_NET_H
#define HVHOST_BACKEND_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "error.h"
#include "loop.h"

#define NET_FRAME_MAX	65536u		/* bytes of any frame */

struct net_backend;

/* The device's side. All are called on the loop. */
struct net_client {
	/* A frame came in; @frame is borrowed. */
	void (*deliver)(void *arg, const void *frame, size_t len);
	/* The burst of deliver() calls is over: hand it to the guest. */
	void (*flush)(void *arg);
	/* After net_backend_send() returned -EAGAIN: it takes frames again. */
	void (*writable)(void *arg);
	/* Frames that deliver() would hand on now; may be NULL: always enough. */
	unsigned int (*room)(void *arg);
	void *arg;
};

/* UDP frames that a back end sends to the guest by itself. */
struct net_generate {
	uint64_t rate;		/* frames a second, to 1,000,000; 0: as many as there are buffers */
	uint64_t count;		/* frames in all; 0: until it is stopped */
	unsigned int size;	/* bytes of a frame on the wire, with its FCS */
	unsigned int flows;	/* source ports that take turns */
};

struct net_backend_ops {
	const char *name;
	int (*send)(struct net_backend *be, const void *frame, size_t len);
	/* NULL @what stops. Return: 0 or -1 with @err set. NULL: it never sends by itself. */
	int (*generate)(struct net_backend *be, const struct net_generate *what,
			struct error *err);
	void (*stats)(struct net_backend *be, json_t *object);	/* may be NULL */
	void (*destroy)(struct net_backend *be);
};

/* Embedded in each back end's state. */
struct net_backend {
	const struct net_backend_ops *ops;
	struct loop *loop;
	struct net_client client;
};

/**
 * net_backend_new() - plug in
 * @spec: "none", "user" or "user,hostfwd=tcp:8022-22,...", "hub:NAME", "tap:IF", "gen"
 * @mtu: largest IP packet that the back end should originate, in bytes
 * @loop: the device's loop, before it runs
 * @client: copied
 * Return: the back end, or NULL with @err set.
 */
struct net_backend *net_backend_new(const char *spec, unsigned int mtu, struct loop *loop,
				    const struct net_client *client, struct error *err);

/**
 * net_backend_send() - a frame from the guest
 * Return: 0 when taken (or dropped for good, which the back end counts), -EAGAIN when it has
 * to be offered again after client->writable().
 */
static inline int net_backend_send(struct net_backend *be, const void *frame, size_t len)
{
	return be->ops->send(be, frame, len);
}

/**
 * net_backend_generate() - begin to send, in the place of what it may be sending
 * @what: copied; NULL stops
 * On the loop. Return: 0, or -1 with @err set.
 */
static inline int net_backend_generate(struct net_backend *be, const struct net_generate *what,
				       struct error *err)
{
	if (be->ops->generate)
		return be->ops->generate(be, what, err);
	return error_set(err, "a nic of the kind %s sends nothing by itself; --nic gen does",
			 be->ops->name);
}

/** net_backend_free() - unplug; on the loop, or when it does not run. NULL is fine. */
void net_backend_free(struct net_backend *be);

/* The kinds: @args is what follows the kind's separator in the spec, or "". */
struct net_backend *net_none_new(const char *args, struct error *err);
struct net_backend *net_slirp_new(const char *args, unsigned int mtu, struct loop *loop,
				  const struct net_client *client, struct error *err);
struct net_backend *net_hub_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err);
struct net_backend *net_tap_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err);
struct net_backend *net_gen_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err);

#endif
