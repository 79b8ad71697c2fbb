// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in memory: a sparse anonymous mapping. Requests are copied on the loop's thread and
 * are done when block_submit() returns; discarded pages go back to the machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/block_internal.h"

#define PAGE	4096ull

static int mem_open(struct block_device *dev, const char *what, struct error *err)
{
	uint64_t size;

	if (block_parse_size(what, &size, err))
		return -1;
	if (size % dev->info.block_size)
		return error_set(err, "mem:%s is not a multiple of the disk's block, %u bytes",
				 what, dev->info.block_size);
	dev->state = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (dev->state == MAP_FAILED)
		return error_set(err, "no %s of address space for a disk in memory: %s", what,
				 strerror(errno));
	/* Huge pages would defeat discarding at the granularity that is reported. */
	madvise(dev->state, size, MADV_NOHUGEPAGE);
	dev->info.size = size;
	dev->info.physical_size = PAGE;
	dev->info.discard_granularity = PAGE;
	dev->info.can_discard = !dev->info.read_only;
	dev->info.discard_zeroes = true;
	dev->can_fua = true;
	return 0;
}

static void zero_range(char *base, uint64_t offset, uint64_t len)
{
	uint64_t first = (offset + PAGE - 1) & ~(PAGE - 1);
	uint64_t last = (offset + len) & ~(PAGE - 1);

	if (first >= last) {
		memset(base + offset, 0, len);
		return;
	}
	memset(base + offset, 0, first - offset);
	if (madvise(base + first, last - first, MADV_DONTNEED))
		memset(base + first, 0, last - first);
	memset(base + last, 0, offset + len - last);
}

static void mem_submit(struct block_device *dev, struct block_request *req)
{
	char *base = dev->state;

	switch (req->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		block_copy_iov(base + req->offset, req->iov, req->niov, 0, req->len,
			       req->op == BLOCK_READ);
		break;
	case BLOCK_DISCARD:
	case BLOCK_ZERO:
		zero_range(base, req->offset, req->len);
		break;
	default:
		break;
	}
	block_done(req, 0);
}

static int mem_resize(struct block_device *dev, uint64_t size, struct error *err)
{
	void *base = mremap(dev->state, dev->info.size, size, MREMAP_MAYMOVE);

	if (base == MAP_FAILED)
		return error_set(err, "no address space for a disk of %llu bytes: %s",
				 (unsigned long long)size, strerror(errno));
	/* What a later growth would bring back of the last page must read as zeros. */
	if (size < dev->info.size && size % PAGE)
		memset((char *)base + size, 0, PAGE - size % PAGE);
	dev->state = base;
	dev->info.size = size;
	return 0;
}

static void mem_close(struct block_device *dev)
{
	munmap(dev->state, dev->info.size);
}

const struct block_ops block_mem_ops = {
	.name = "mem",
	.open = mem_open,
	.submit = mem_submit,
	.resize = mem_resize,
	.close = mem_close,
};
