// SPDX-License-Identifier: GPL-2.0
/*
 * A GPADL as an object: its bytes from the messages, its pages as host memory, copies in and
 * out of it.
 */
#include "hyperv/gpadl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/memory.h"

struct vmbus_gpadl *gpadl_new(uint32_t handle, uint32_t relid, uint16_t range_count,
			      uint16_t range_buflen)
{
	struct vmbus_gpadl *gpadl = calloc(1, sizeof(*gpadl));

	if (!gpadl)
		return NULL;
	gpadl->raw_len = range_buflen & ~7u;
	gpadl->raw = malloc(gpadl->raw_len + 1);
	if (!gpadl->raw) {
		free(gpadl);
		return NULL;
	}
	atomic_init(&gpadl->refs, 1);
	gpadl->handle = handle;
	gpadl->relid = relid;
	gpadl->range_count = range_count;
	return gpadl;
}

void gpadl_release(struct vmbus_gpadl *gpadl)
{
	if (atomic_fetch_sub(&gpadl->refs, 1) != 1)
		return;
	ranges_free(&gpadl->ranges);
	free(gpadl->start);
	free(gpadl->raw);
	free(gpadl);
}

int gpadl_append(struct vmbus_gpadl *gpadl, const void *bytes, size_t len)
{
	size_t room = gpadl->raw_len - gpadl->raw_fill;

	len &= ~(size_t)7;
	if (len > room)
		len = room;
	memcpy(gpadl->raw + gpadl->raw_fill, bytes, len);
	gpadl->raw_fill += len;
	return gpadl->raw_fill == gpadl->raw_len;
}

int gpadl_map(struct vmbus_gpadl *gpadl, const struct guest_memory *mem)
{
	unsigned int i;
	int ret;

	ret = ranges_parse(&gpadl->ranges, mem, gpadl->raw, gpadl->raw_fill, gpadl->range_count);
	if (ret)
		return ret;
	gpadl->start = calloc(gpadl->ranges.niov, sizeof(*gpadl->start));
	if (!gpadl->start)
		return -ENOMEM;
	for (i = 0; i < gpadl->ranges.niov; i++) {
		gpadl->start[i] = gpadl->size;
		gpadl->size += gpadl->ranges.iov[i].iov_len;
	}
	free(gpadl->raw);
	gpadl->raw = NULL;
	return 0;
}

/* The iovec that holds byte @offset, which is inside. */
static unsigned int find_iov(const struct vmbus_gpadl *gpadl, size_t offset)
{
	unsigned int low = 0, high = gpadl->ranges.niov;

	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (gpadl->start[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

int gpadl_pages(const struct vmbus_gpadl *gpadl, size_t first, size_t count, uint8_t **pages)
{
	size_t i;

	if (gpadl->ranges.nr != 1 || gpadl->ranges.first_offset || gpadl->size % GUEST_PAGE_SIZE)
		return -EINVAL;
	if (first > gpadl->size / GUEST_PAGE_SIZE ||
	    count > gpadl->size / GUEST_PAGE_SIZE - first)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		size_t offset = (first + i) * GUEST_PAGE_SIZE;
		unsigned int n = find_iov(gpadl, offset);

		pages[i] = (uint8_t *)gpadl->ranges.iov[n].iov_base + (offset - gpadl->start[n]);
	}
	return 0;
}

void vmbus_gpadl_put(struct vmbus_gpadl *gpadl)
{
	if (!gpadl)
		return;
	if (atomic_fetch_sub(&gpadl->users, 1) == 1 && atomic_load(&gpadl->torn)) {
		void (*idle)(void *arg) = atomic_load(&gpadl->idle);

		if (idle)
			idle(gpadl->idle_arg);
	}
	gpadl_release(gpadl);
}

size_t vmbus_gpadl_size(const struct vmbus_gpadl *gpadl)
{
	return gpadl->size;
}

static int check_piece(const struct vmbus_gpadl *gpadl, size_t offset, size_t len)
{
	if (atomic_load_explicit(&gpadl->torn, memory_order_relaxed))
		return -ENXIO;
	if (offset > gpadl->size || len > gpadl->size - offset)
		return -ERANGE;
	return 0;
}

int vmbus_gpadl_iov(struct vmbus_gpadl *gpadl, size_t offset, size_t len, struct iovec *iov,
		    int max)
{
	unsigned int i;
	int ret, n = 0;

	ret = check_piece(gpadl, offset, len);
	if (ret || !len)
		return ret;
	for (i = find_iov(gpadl, offset); len; i++) {
		const struct iovec *have = &gpadl->ranges.iov[i];
		size_t skip = offset - gpadl->start[i];
		size_t piece = have->iov_len - skip;

		if (n == max)
			return -ENOBUFS;
		if (piece > len)
			piece = len;
		iov[n].iov_base = (uint8_t *)have->iov_base + skip;
		iov[n++].iov_len = piece;
		offset += piece;
		len -= piece;
	}
	return n;
}

enum copy_way { TO_GUEST, FROM_GUEST };

static int copy(struct vmbus_gpadl *gpadl, size_t offset, void *data, size_t len,
		enum copy_way way)
{
	unsigned int i;
	int ret;

	ret = check_piece(gpadl, offset, len);
	if (ret || !len)
		return ret;
	for (i = find_iov(gpadl, offset); len; i++) {
		const struct iovec *have = &gpadl->ranges.iov[i];
		size_t skip = offset - gpadl->start[i];
		size_t piece = have->iov_len - skip;
		uint8_t *there = (uint8_t *)have->iov_base + skip;

		if (piece > len)
			piece = len;
		if (way == TO_GUEST)
			memcpy(there, data, piece);
		else
			memcpy(data, there, piece);
		data = (uint8_t *)data + piece;
		offset += piece;
		len -= piece;
	}
	return 0;
}

int vmbus_gpadl_write(struct vmbus_gpadl *gpadl, size_t offset, const void *data, size_t len)
{
	return copy(gpadl, offset, (void *)data, len, TO_GUEST);
}

int vmbus_gpadl_read(struct vmbus_gpadl *gpadl, size_t offset, void *data, size_t len)
{
	return copy(gpadl, offset, data, len, FROM_GUEST);
}
