/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The channel's side of a small device on the main loop: in-band messages that the device
 * takes one by one. The device itself never sees a channel, so bytes alone can drive it.
 */
#ifndef HVHOST_VSP_EDGE_H
#define HVHOST_VSP_EDGE_H

#include <stddef.h>

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"
#include "vsp/outbox.h"

struct edge;

struct edge_ops {
	void (*opened)(struct edge *edge, outbox_send_fn send, void *arg);	/* a guest is there */
	void (*receive)(struct edge *edge, const void *data, size_t len);	/* not trusted */
	void (*writable)(struct edge *edge);	/* the ring has room again; may be NULL */
	void (*closed)(struct edge *edge);	/* @send must not be called any more */
	void (*free)(struct edge *edge);
	void (*stats)(struct edge *edge, json_t *object);
};

/* A member of the device. */
struct edge {
	const struct edge_ops *ops;
};

/* The device whose member "edge" @ptr points to. */
#define EDGE_OF(ptr, type)	((type *)((char *)(ptr) - offsetof(type, edge)))

/* For the struct vsp_ops of such a device. */
#define EDGE_VSP_OPS				\
	.open = edge_open,			\
	.readable = edge_readable,		\
	.writable = edge_writable,		\
	.close = edge_close,			\
	.destroy = edge_destroy,		\
	.stats = edge_stats

int edge_open(struct vmbus_channel *ch, const uint8_t user_data[120]);
void edge_readable(struct vmbus_channel *ch);
void edge_writable(struct vmbus_channel *ch);
void edge_close(struct vmbus_channel *ch);
void edge_destroy(struct vmbus_device *dev);
void edge_stats(struct vmbus_device *dev, json_t *object);

/**
 * edge_add() - offer a device
 * @edge: taken over, also when it fails; NULL when making the device failed, with @err set
 *
 * Main loop.
 * Return: 0, or -1 with @err set.
 */
int edge_add(struct vmbus_server *server, struct control *control, const struct vsp_ops *ops,
	     struct edge *edge, struct error *err);

#endif
