/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A GPADL: guest pages under a handle that the guest chose, put together from several messages.
 * The server's table holds one reference, each user (a VSP) another.
 */
#ifndef HVHOST_HYPERV_GPADL_H
#define HVHOST_HYPERV_GPADL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hyperv/ranges.h"
#include "hyperv/vmbus.h"

struct vmbus_gpadl {
	atomic_uint refs;
	atomic_uint users;	/* vmbus_gpadl_get() less vmbus_gpadl_put() */
	atomic_bool torn;	/* the guest tore it down: users get -ENXIO */
	uint32_t handle;
	uint32_t relid;		/* of the channel that it was made for */
	uint16_t range_count;
	uint8_t *raw;		/* the ranges as they arrive; NULL once mapped */
	size_t raw_len;
	size_t raw_fill;
	struct ranges ranges;
	size_t *start;		/* offset in the GPADL of each of ranges.iov */
	size_t size;		/* bytes */
	void (*_Atomic idle)(void *arg);	/* a torn GPADL lost its last user; any thread */
	void *idle_arg;

	/* The server's, main loop. */
	int state;		/* enum gpadl_state */
	bool reply;		/* TORNDOWN is owed */
	struct vmbus_gpadl *next;
};

/** gpadl_new() - an empty one. Return: NULL when memory ran out. */
struct vmbus_gpadl *gpadl_new(uint32_t handle, uint32_t relid, uint16_t range_count,
			      uint16_t range_buflen);

/** gpadl_release() - drop a reference. */
void gpadl_release(struct vmbus_gpadl *gpadl);

/**
 * gpadl_append() - take the ranges' next bytes
 * Bytes beyond the announced length are ignored: some guests always post whole messages.
 * Return: 1 when all have come, 0 when more are due.
 */
int gpadl_append(struct vmbus_gpadl *gpadl, const void *bytes, size_t len);

/** gpadl_map() - check and map the ranges once all have come. Return: 0, -EBADMSG, -EFAULT,
 * -ENOMEM.
 */
int gpadl_map(struct vmbus_gpadl *gpadl, const struct guest_memory *mem);

/**
 * gpadl_pages() - host addresses of @count pages from page @first on
 * Return: 0; -EINVAL unless it is one range of whole pages that has them.
 */
int gpadl_pages(const struct vmbus_gpadl *gpadl, size_t first, size_t count, uint8_t **pages);

#endif
