// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that an NBD server exports (qemu-nbd serves VHD, VHDX and qcow2 that way), with
 * libnbd's asynchronous calls on the loop. When the server goes away, requests fail.
 */
#include <errno.h>
#include <libnbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "backend/block_internal.h"

#define CONNECT_MS	10000
#define CHUNK_MAX	(1ull << 30)	/* bytes of one discard or zero command */

struct nbd {
	struct nbd_handle *handle;
	int fd;				/* watched on the loop; -1: not */
	uint32_t events;
	bool turning;
	bool can_zero;
	bool can_flush;
	struct block_request *completed;	/* callbacks put them here, oldest first */
	struct block_request **completed_tail;
};

static char zeros[64u << 10];

/* "nbd:nbd://host" and its short form "nbd://host", which arrives here without its scheme. */
static int start_connect(struct nbd_handle *h, const char *uri)
{
	char *full;
	int ret;

	if (strncmp(uri, "//", 2))
		return nbd_aio_connect_uri(h, uri);
	if (asprintf(&full, "nbd:%s", uri) < 0)
		return -1;
	ret = nbd_aio_connect_uri(h, full);
	free(full);
	return ret;
}

static int connect_bounded(struct nbd_handle *h, const char *uri, struct error *err)
{
	struct timespec now;
	int64_t end_ms;

	if (start_connect(h, uri) < 0)
		return error_set(err, "cannot connect to %s: %s", uri, nbd_get_error());
	clock_gettime(CLOCK_MONOTONIC, &now);
	end_ms = now.tv_sec * 1000ll + now.tv_nsec / 1000000 + CONNECT_MS;
	while (!nbd_aio_is_ready(h)) {
		int64_t left;

		if (nbd_aio_is_dead(h) || nbd_aio_is_closed(h))
			return error_set(err, "the NBD server at %s ended the negotiation", uri);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = end_ms - (now.tv_sec * 1000ll + now.tv_nsec / 1000000);
		if (left <= 0)
			return error_set(err, "the NBD server at %s gave no answer in %d s", uri,
					 CONNECT_MS / 1000);
		if (nbd_poll(h, left) < 0)
			return error_set(err, "cannot connect to %s: %s", uri, nbd_get_error());
	}
	return 0;
}

static int read_properties(struct block_device *dev, struct nbd *nbd, const char *uri,
			   struct error *err)
{
	int64_t size = nbd_get_size(nbd->handle);
	int64_t least = nbd_get_block_size(nbd->handle, LIBNBD_SIZE_MINIMUM);
	int64_t preferred = nbd_get_block_size(nbd->handle, LIBNBD_SIZE_PREFERRED);

	if (size <= 0 || size % dev->info.block_size)
		return error_set(err, "the export %s has %lld bytes, not a multiple of the block, "
				 "%u", uri, (long long)size, dev->info.block_size);
	if (least > dev->info.block_size)
		return error_set(err, "the export %s takes blocks of %lld bytes; add ,block=4096",
				 uri, (long long)least);
	if (nbd_is_read_only(nbd->handle) == 1 && !dev->info.read_only)
		return error_set(err, "the export %s is read-only; add ,ro to use it so", uri);
	dev->info.size = size;
	dev->info.physical_size = 4096;
	dev->info.discard_granularity = preferred > 0 ? preferred : 4096;
	dev->info.can_discard = nbd_can_trim(nbd->handle) == 1 && !dev->info.read_only;
	dev->info.discard_zeroes = false;
	dev->can_fua = nbd_can_fua(nbd->handle) == 1;
	nbd->can_zero = nbd_can_zero(nbd->handle) == 1;
	nbd->can_flush = nbd_can_flush(nbd->handle) == 1;
	return 0;
}

static int nbd_open_uri(struct block_device *dev, const char *uri, struct error *err)
{
	struct nbd *nbd = calloc(1, sizeof(*nbd));

	if (!nbd)
		return error_set(err, "no memory for the disk %s", uri);
	nbd->fd = -1;
	nbd->completed_tail = &nbd->completed;
	nbd->handle = nbd_create();
	if (!nbd->handle) {
		error_set(err, "cannot make an NBD client: %s", nbd_get_error());
		goto fail;
	}
	if (connect_bounded(nbd->handle, uri, err) || read_properties(dev, nbd, uri, err)) {
		nbd_close(nbd->handle);
		goto fail;
	}
	dev->state = nbd;
	return 0;
fail:
	free(nbd);
	return -1;
}

/* ---- commands ---- */

static void complete(struct nbd *nbd, struct block_request *req, int error)
{
	req->result = error;
	req->next = NULL;
	*nbd->completed_tail = req;
	nbd->completed_tail = &req->next;
}

/* Called inside libnbd, which must not be entered again: only note the outcome. */
static int on_complete(void *arg, int *error)
{
	struct block_request *req = arg;

	complete(req->dev->state, req, *error ? -*error : 0);
	return 1;
}

/* How much of a discard or zero goes into the next command. */
static uint64_t next_chunk(const struct nbd *nbd, const struct block_request *req)
{
	uint64_t left = req->len - req->progress;
	uint64_t max = req->op == BLOCK_ZERO && !nbd->can_zero ? sizeof(zeros) : CHUNK_MAX;

	return left < max ? left : max;
}

static int64_t issue(struct block_device *dev, struct block_request *req)
{
	nbd_completion_callback cb = { .callback = on_complete, .user_data = req };
	struct nbd *nbd = dev->state;
	uint32_t flags = req->fua && dev->can_fua ? LIBNBD_CMD_FLAG_FUA : 0;
	uint64_t offset = req->offset + req->progress;
	void *buf = NULL;

	if (req->op == BLOCK_READ || req->op == BLOCK_WRITE) {
		buf = req->iov[0].iov_base;
		if (req->niov > 1) {
			req->scratch = malloc(req->len);
			buf = req->scratch;
			if (!buf) {
				complete(nbd, req, -ENOMEM);
				return 0;
			}
		}
	}
	switch (req->op) {
	case BLOCK_READ:
		return nbd_aio_pread(nbd->handle, buf, req->len, offset, cb, 0);
	case BLOCK_WRITE:
		if (req->scratch)
			block_copy_iov(buf, req->iov, req->niov, 0, req->len, false);
		return nbd_aio_pwrite(nbd->handle, buf, req->len, offset, cb, flags);
	case BLOCK_FLUSH:
		if (!nbd->can_flush) {
			complete(nbd, req, 0);
			return 0;
		}
		return nbd_aio_flush(nbd->handle, cb, 0);
	case BLOCK_DISCARD:
		return nbd_aio_trim(nbd->handle, next_chunk(nbd, req), offset, cb, flags);
	default:
		/* A server without the command gets the zeros themselves. */
		if (!nbd->can_zero)
			return nbd_aio_pwrite(nbd->handle, zeros, next_chunk(nbd, req), offset, cb,
					      flags);
		return nbd_aio_zero(nbd->handle, next_chunk(nbd, req), offset, cb, flags);
	}
}

static void nbd_submit(struct block_device *dev, struct block_request *req)
{
	/* A command that libnbd refuses has made no callback: its connection is gone. */
	if (issue(dev, req) < 0)
		complete(dev->state, req, -(nbd_get_errno() ? nbd_get_errno() : ENOTCONN));
}

static void finish(struct block_device *dev, struct block_request *req)
{
	int error = req->result;

	if (!error && (req->op == BLOCK_DISCARD || req->op == BLOCK_ZERO)) {
		req->progress += next_chunk(dev->state, req);
		if (req->progress < req->len) {
			nbd_submit(dev, req);
			return;
		}
	}
	if (!error && req->op == BLOCK_READ && req->scratch)
		block_copy_iov(req->scratch, req->iov, req->niov, 0, req->len, true);
	free(req->scratch);
	req->scratch = NULL;
	block_done(req, error);
}

static void on_event(void *arg, uint32_t events);

static void update_watch(struct block_device *dev)
{
	static const uint32_t masks[] = {
		[LIBNBD_AIO_DIRECTION_READ] = EPOLLIN,
		[LIBNBD_AIO_DIRECTION_WRITE] = EPOLLOUT,
		[LIBNBD_AIO_DIRECTION_BOTH] = EPOLLIN | EPOLLOUT,
	};
	struct nbd *nbd = dev->state;
	bool dead = nbd_aio_is_dead(nbd->handle) || nbd_aio_is_closed(nbd->handle);
	uint32_t events = dead ? 0 : masks[nbd_aio_get_direction(nbd->handle) & 3];
	int fd = dead ? -1 : nbd_aio_get_fd(nbd->handle);

	if (nbd->fd >= 0 && fd != nbd->fd)
		loop_del_fd(dev->loop, nbd->fd);
	if (fd >= 0 && (fd != nbd->fd || events != nbd->events))
		loop_add_fd(dev->loop, fd, events, on_event, dev);
	nbd->fd = fd;
	nbd->events = events;
}

/* End what is completed; done() may submit more. Only the outermost call works. */
static void nbd_turn(struct block_device *dev)
{
	struct nbd *nbd = dev->state;

	if (nbd->turning)
		return;
	nbd->turning = true;
	while (nbd->completed) {
		struct block_request *req = nbd->completed;

		nbd->completed = req->next;
		if (!nbd->completed)
			nbd->completed_tail = &nbd->completed;
		finish(dev, req);
	}
	nbd->turning = false;
	update_watch(dev);
}

static void on_event(void *arg, uint32_t events)
{
	struct block_device *dev = arg;
	struct nbd *nbd = dev->state;
	unsigned int direction = nbd_aio_get_direction(nbd->handle);

	/* An error or a hang-up shows itself when libnbd reads. */
	if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && (direction & LIBNBD_AIO_DIRECTION_READ))
		nbd_aio_notify_read(nbd->handle);
	else if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		nbd_aio_notify_write(nbd->handle);
	nbd_turn(dev);
}

static int nbd_attach(struct block_device *dev, struct error *err)
{
	update_watch(dev);
	return 0;
}

static void nbd_close_device(struct block_device *dev)
{
	struct nbd *nbd = dev->state;

	if (nbd->fd >= 0)
		loop_del_fd(dev->loop, nbd->fd);
	nbd_close(nbd->handle);
	free(nbd);
}

const struct block_ops block_nbd_ops = {
	.name = "nbd",
	.open = nbd_open_uri,
	.attach = nbd_attach,
	.submit = nbd_submit,
	.commit = nbd_turn,
	.close = nbd_close_device,
};
