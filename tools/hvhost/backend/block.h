/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block back ends: where the bytes of a disk are. One interface over memory, a file and an
 * NBD export; everything after block_open() happens on the loop of the disk's controller.
 */
#ifndef HVHOST_BACKEND_BLOCK_H
#define HVHOST_BACKEND_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <jansson.h>

#include "error.h"
#include "loop.h"

struct block_device;

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,		/* all writes that have completed are on stable storage */
	BLOCK_DISCARD,		/* a hint, contents undefined after it unless discard_zeroes */
	BLOCK_ZERO,		/* the range reads as zeros after it */
	NR_BLOCK_OPS
};

#define BLOCK_MAX_IOV	1024	/* pieces of one request */

/*
 * One request. The caller owns it and the memory behind @iov, which stay untouched from
 * block_submit() until done() is called; done() may be called before block_submit() returns.
 */
struct block_request {
	enum block_op op;
	bool fua;			/* a write or zero that is stable when it is done */
	uint64_t offset;		/* bytes */
	uint64_t len;			/* bytes */
	const struct iovec *iov;	/* reads and writes; lengths add up to len */
	int niov;
	void (*done)(struct block_request *req, int error);	/* 0 or -errno */

	/* the back end's own, while the request is in flight */
	struct block_device *dev;
	struct block_request *next;
	uint64_t progress;		/* bytes done */
	void *scratch;
	int result;
	bool syncing;			/* its data is written, a flush makes it stable */
};

struct block_info {
	uint64_t size;			/* bytes, a multiple of block_size */
	uint32_t block_size;		/* logical block, 512 or 4096 */
	uint32_t physical_size;		/* physical block, bytes */
	uint32_t discard_granularity;	/* bytes */
	bool read_only;
	bool can_discard;
	bool discard_zeroes;		/* what was discarded reads as zeros */
};

/**
 * block_parse_size() - read a size such as 4096, 64K, 10M, 2G or 1T
 * Return: 0, or -1 with @err set when it is no size, is zero or overflows.
 */
int block_parse_size(const char *text, uint64_t *size, struct error *err);

/**
 * block_open() - open what a SPEC names
 * @spec: mem:SIZE, file:PATH or nbd:URI, then any of ",ro", ",serial=TEXT", ",block=512|4096";
 *        a comma inside PATH or URI is written twice
 * @err: one line when it fails
 *
 * Any thread; opening an NBD export waits for the server, at most ten seconds.
 * Return: a device that is on no loop yet, or NULL.
 */
struct block_device *block_open(const char *spec, struct error *err);

/** block_attach() - from now on the device is served by @loop; on that loop, or before it
 * starts. Return: 0, or -1 with @err set.
 */
int block_attach(struct block_device *dev, struct loop *loop, struct error *err);

/** block_close() - close and free; no request is in flight. On the device's loop, or on any
 * thread when it is on none.
 */
void block_close(struct block_device *dev);

const struct block_info *block_info(const struct block_device *dev);
/** block_serial() - the spec's serial number; an empty string when it has none. */
const char *block_serial(const struct block_device *dev);
const char *block_spec(const struct block_device *dev);

/**
 * block_submit() - start a request, or queue it until block_commit()
 * On the device's loop. A request outside of the device is done with -ERANGE, a write to a
 * read-only device with -EROFS, a malformed one with -EINVAL.
 */
void block_submit(struct block_device *dev, struct block_request *req);

/** block_commit() - let what was submitted go; once after a batch. On the device's loop. */
void block_commit(struct block_device *dev);

/** block_resize() - change the size to @size bytes; on the device's loop.
 * Return: 0, or -1 with @err set (not a multiple of the block, read-only, no such ability).
 */
int block_resize(struct block_device *dev, uint64_t size, struct error *err);

/** block_stats() - counters of the device as a new JSON object; on the device's loop. */
json_t *block_stats(const struct block_device *dev);

#endif
