/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a synthetic network device is plugged into: user-mode NAT, a hub of several hvhost
 * processes, a tap interface, or nothing. Frames are complete Ethernet frames without FCS;
 * everything happens on the device's loop.
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
	void *arg;
};

struct net_backend_ops {
	const char *name;
	int (*send)(struct net_backend *be, const void *frame, size_t len);
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
 * @spec: "none", "user" or "user,hostfwd=tcp:8022-22,...", "hub:NAME", "tap:IF"
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

#endif
