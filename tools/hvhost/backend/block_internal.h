/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kind of block back end implements, and what block.c keeps for each of them.
 */
#ifndef HVHOST_BACKEND_BLOCK_INTERNAL_H
#define HVHOST_BACKEND_BLOCK_INTERNAL_H

#include "backend/block.h"

#define BLOCK_SERIAL_MAX	32

struct block_ops {
	const char *name;	/* the SPEC's word before the colon */

	/* Open @what, fill in dev->info and dev->state. dev->info.read_only and .block_size are
	 * as the spec asks. */
	int (*open)(struct block_device *dev, const char *what, struct error *err);
	int (*attach)(struct block_device *dev, struct error *err);	/* may be NULL */
	void (*submit)(struct block_device *dev, struct block_request *req);
	void (*commit)(struct block_device *dev);			/* may be NULL */
	int (*resize)(struct block_device *dev, uint64_t size, struct error *err);
	void (*close)(struct block_device *dev);
};

struct block_device {
	const struct block_ops *ops;
	void *state;			/* the back end's */
	struct loop *loop;		/* NULL until attached */
	struct block_info info;
	bool can_fua;			/* submit() honours block_request.fua */
	char serial[BLOCK_SERIAL_MAX + 1];
	char *spec;
	unsigned int inflight;
	uint64_t count[NR_BLOCK_OPS];
	uint64_t bytes[NR_BLOCK_OPS];
	uint64_t errors;
};

extern const struct block_ops block_mem_ops;
extern const struct block_ops block_file_ops;
extern const struct block_ops block_nbd_ops;

/** block_done() - a back end ends a request; the request may be gone when this returns. */
void block_done(struct block_request *req, int error);

/** block_copy_iov() - copy @len bytes from byte @skip of an iovec on to @buf (or from it).
 * Return: bytes copied, less than @len when the iovec is shorter.
 */
size_t block_copy_iov(void *buf, const struct iovec *iov, int niov, size_t skip, size_t len,
		      bool to_iov);

#endif
