// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in a raw file or on a block device, with io_uring: a batch of requests is one system
 * call, completions arrive through an eventfd on the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "backend/block_internal.h"

#define DEPTH		256u		/* requests given to the kernel at a time */
#define ZERO_BUF	(64u << 10)	/* bytes; what zeros are written from */
#define ZERO_IOV	64

struct file {
	int fd;
	int event_fd;
	bool block_special;
	bool can_punch;
	bool can_zero_range;
	bool committing;
	unsigned int active;		/* requests in the ring */
	struct io_uring ring;
	struct block_request *waiting;	/* more than the ring takes, oldest first */
	struct block_request **waiting_tail;
};

static char zeros[ZERO_BUF];

/* Ask with a range after the end: a file keeps its size and its contents. */
static bool probe_fallocate(int fd, int mode, uint64_t size)
{
	return fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, size, 4096) == 0;
}

static bool blkdev_can_discard(const struct stat *st)
{
	unsigned long long max = 0;
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/discard_max_bytes",
		 major(st->st_rdev), minor(st->st_rdev));
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%llu", &max) != 1)
		max = 0;
	fclose(f);
	return max > 0;
}

static int file_size(struct block_device *dev, struct file *file, const char *path,
		     struct error *err)
{
	struct stat st;

	if (fstat(file->fd, &st))
		return error_set(err, "cannot stat %s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		dev->info.size = st.st_size;
		dev->info.discard_granularity = st.st_blksize;
	} else if (S_ISBLK(st.st_mode)) {
		file->block_special = true;
		if (ioctl(file->fd, BLKGETSIZE64, &dev->info.size))
			return error_set(err, "cannot read the size of %s: %s", path,
					 strerror(errno));
		dev->info.discard_granularity = 4096;
	} else {
		return error_set(err, "%s is neither a file nor a block device", path);
	}
	if (!dev->info.size)
		return error_set(err, "%s is empty; make it with truncate -s SIZE", path);
	if (dev->info.size % dev->info.block_size)
		return error_set(err, "%s has %llu bytes, not a multiple of the block, %u; "
				 "truncate -s %%%u makes it one", path,
				 (unsigned long long)dev->info.size, dev->info.block_size,
				 dev->info.block_size);
	if (dev->info.discard_granularity < dev->info.block_size)
		dev->info.discard_granularity = dev->info.block_size;
	if (dev->info.read_only)
		return 0;
	if (file->block_special) {
		file->can_punch = blkdev_can_discard(&st);
		file->can_zero_range = true;
	} else {
		file->can_punch = probe_fallocate(file->fd, FALLOC_FL_PUNCH_HOLE, dev->info.size);
		file->can_zero_range = probe_fallocate(file->fd, FALLOC_FL_ZERO_RANGE,
						       dev->info.size);
		/* The probe may have allocated blocks after the end. */
		if (file->can_zero_range && ftruncate(file->fd, dev->info.size))
			return error_set(err, "cannot truncate %s: %s", path, strerror(errno));
	}
	return 0;
}

static int file_open(struct block_device *dev, const char *path, struct error *err)
{
	struct file *file = calloc(1, sizeof(*file));
	int ret;

	if (!file)
		return error_set(err, "no memory for the disk %s", path);
	file->event_fd = -1;
	file->waiting_tail = &file->waiting;
	file->fd = open(path, (dev->info.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file->fd < 0) {
		ret = errno;
		free(file);
		if ((ret == EACCES || ret == EROFS || ret == EPERM) && !dev->info.read_only &&
		    !access(path, R_OK))
			return error_set(err, "cannot open %s for writing: %s; add ,ro to use it "
					 "read-only", path, strerror(ret));
		return error_set(err, "cannot open %s: %s", path, strerror(ret));
	}
	if (file_size(dev, file, path, err))
		goto fail;
	ret = io_uring_queue_init(DEPTH, &file->ring, 0);
	if (ret) {
		error_set(err, "io_uring, which file: disks need, is not available: %s",
			  strerror(-ret));
		goto fail;
	}
	dev->info.physical_size = 4096;
	dev->info.can_discard = file->can_punch;
	dev->info.discard_zeroes = !file->block_special;
	dev->can_fua = false;
	dev->state = file;
	return 0;
fail:
	close(file->fd);
	free(file);
	return -1;
}

/* ---- one request at a time, in the steps that it needs ---- */

static void prep_rw(struct file *file, struct io_uring_sqe *sqe, struct block_request *req)
{
	const struct iovec *iov = req->scratch ? req->scratch : req->iov;
	int niov = req->niov;

	if (req->progress) {
		/* The rest of a short transfer: the array in scratch was cut to fit. */
		struct iovec *rest = req->scratch;
		uint64_t skip = req->progress;
		int i = 0;

		for (; skip >= req->iov[i].iov_len; i++)
			skip -= req->iov[i].iov_len;
		niov -= i;
		memcpy(rest, req->iov + i, niov * sizeof(*rest));
		rest[0].iov_base = (char *)rest[0].iov_base + skip;
		rest[0].iov_len -= skip;
	}
	if (req->op == BLOCK_READ)
		io_uring_prep_readv(sqe, file->fd, iov, niov, req->offset + req->progress);
	else
		io_uring_prep_writev(sqe, file->fd, iov, niov, req->offset + req->progress);
}

static void prep_write_zeros(struct file *file, struct io_uring_sqe *sqe,
			     struct block_request *req)
{
	struct iovec *iov = req->scratch;
	uint64_t left = req->len - req->progress;
	int n;

	for (n = 0; n < ZERO_IOV && left; n++) {
		iov[n].iov_base = zeros;
		iov[n].iov_len = left < ZERO_BUF ? left : ZERO_BUF;
		left -= iov[n].iov_len;
	}
	io_uring_prep_writev(sqe, file->fd, iov, n, req->offset + req->progress);
}

static bool needs_written_zeros(const struct file *file, const struct block_request *req)
{
	return req->op == BLOCK_ZERO && !file->can_zero_range &&
	       (!file->can_punch || file->block_special);
}

static void prep_fallocate(struct file *file, struct io_uring_sqe *sqe,
			   struct block_request *req)
{
	int mode = req->op == BLOCK_ZERO && file->can_zero_range ?
		   FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE;

	io_uring_prep_fallocate(sqe, file->fd, mode | FALLOC_FL_KEEP_SIZE, req->offset, req->len);
}

static int prepare(struct file *file, struct io_uring_sqe *sqe, struct block_request *req)
{
	if (needs_written_zeros(file, req)) {
		if (!req->scratch)
			req->scratch = calloc(ZERO_IOV, sizeof(struct iovec));
		if (!req->scratch)
			return -ENOMEM;
		prep_write_zeros(file, sqe, req);
	} else if (req->op == BLOCK_FLUSH) {
		io_uring_prep_fsync(sqe, file->fd, IORING_FSYNC_DATASYNC);
	} else if (req->op == BLOCK_READ || req->op == BLOCK_WRITE) {
		if (req->progress && !req->scratch)
			req->scratch = calloc(req->niov, sizeof(struct iovec));
		if (req->progress && !req->scratch)
			return -ENOMEM;
		prep_rw(file, sqe, req);
	} else {
		prep_fallocate(file, sqe, req);
	}
	io_uring_sqe_set_data(sqe, req);
	return 0;
}

static void finish(struct block_request *req, int error)
{
	free(req->scratch);
	req->scratch = NULL;
	block_done(req, error);
}

static void enqueue(struct file *file, struct block_request *req)
{
	req->next = NULL;
	*file->waiting_tail = req;
	file->waiting_tail = &req->next;
}

static struct block_request *dequeue(struct file *file)
{
	struct block_request *req = file->waiting;

	if (req) {
		file->waiting = req->next;
		if (!file->waiting)
			file->waiting_tail = &file->waiting;
	}
	return req;
}

static void file_submit(struct block_device *dev, struct block_request *req)
{
	enqueue(dev->state, req);
}

/* Return: whether the request is over; *@error then says how. */
static bool step_done(struct file *file, struct block_request *req, int res, int *error)
{
	*error = req->result;
	if (*error)
		return true;
	if (res == -EINTR || res == -EAGAIN)
		return false;
	if (req->op == BLOCK_ZERO && res == -EOPNOTSUPP && file->can_zero_range) {
		file->can_zero_range = false;
		return false;
	}
	if (res < 0) {
		*error = res;
		return true;
	}
	if (req->op == BLOCK_FLUSH || req->op == BLOCK_DISCARD)
		return true;
	if (req->op == BLOCK_ZERO && !needs_written_zeros(file, req))
		return true;
	/* A transfer of nothing: the file is shorter than the disk. */
	if (!res)
		*error = -EIO;
	req->progress += res;
	return *error || req->progress == req->len;
}

static void reap(struct block_device *dev)
{
	struct file *file = dev->state;
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&file->ring, &cqe)) {
		struct block_request *req = io_uring_cqe_get_data(cqe);
		int res = cqe->res;
		int error;

		io_uring_cqe_seen(&file->ring, cqe);
		file->active--;
		if (step_done(file, req, res, &error))
			finish(req, error);
		else
			enqueue(file, req);
	}
}

/* done() may submit and commit again: the outermost call does the work of all. */
static void file_commit(struct block_device *dev)
{
	struct file *file = dev->state;
	struct block_request *req;
	int ret;

	if (file->committing)
		return;
	file->committing = true;
	do {
		while (file->active < DEPTH) {
			struct io_uring_sqe *sqe;

			if (!file->waiting)
				break;
			sqe = io_uring_get_sqe(&file->ring);
			if (!sqe)
				break;
			req = dequeue(file);
			ret = prepare(file, sqe, req);
			if (ret) {
				/* The entry is taken: let it do nothing but end the request. */
				io_uring_prep_nop(sqe);
				req->result = ret;
				io_uring_sqe_set_data(sqe, req);
			}
			file->active++;
		}
		do {
			ret = io_uring_submit(&file->ring);
		} while (ret == -EINTR || ret == -EAGAIN || ret == -EBUSY);
		reap(dev);
	} while (file->waiting && file->active < DEPTH);
	file->committing = false;
}

static void on_event(void *arg, uint32_t events)
{
	struct block_device *dev = arg;
	struct file *file = dev->state;
	uint64_t count;

	if (read(file->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	file->committing = true;
	reap(dev);
	file->committing = false;
	if (file->waiting)
		file_commit(dev);
}

static int file_attach(struct block_device *dev, struct error *err)
{
	struct file *file = dev->state;
	int ret;

	file->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (file->event_fd < 0)
		return error_set(err, "eventfd: %s", strerror(errno));
	ret = io_uring_register_eventfd(&file->ring, file->event_fd);
	if (!ret)
		ret = loop_add_fd(dev->loop, file->event_fd, EPOLLIN, on_event, dev);
	if (ret) {
		close(file->event_fd);
		file->event_fd = -1;
		return error_set(err, "cannot watch the disk's completions: %s", strerror(-ret));
	}
	return 0;
}

static int file_resize(struct block_device *dev, uint64_t size, struct error *err)
{
	struct file *file = dev->state;

	if (file->block_special)
		return error_set(err, "the disk '%s' is a block device and keeps its size",
				 dev->spec);
	if (ftruncate(file->fd, size))
		return error_set(err, "cannot resize '%s': %s", dev->spec, strerror(errno));
	dev->info.size = size;
	return 0;
}

static void file_close(struct block_device *dev)
{
	struct file *file = dev->state;

	if (file->event_fd >= 0) {
		loop_del_fd(dev->loop, file->event_fd);
		close(file->event_fd);
	}
	io_uring_queue_exit(&file->ring);
	close(file->fd);
	free(file);
}

const struct block_ops block_file_ops = {
	.name = "file",
	.open = file_open,
	.attach = file_attach,
	.submit = file_submit,
	.commit = file_commit,
	.resize = file_resize,
	.close = file_close,
};
