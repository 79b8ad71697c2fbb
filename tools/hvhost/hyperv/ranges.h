/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of guest pages as GPADL messages and GPA-direct packets carry them, checked and turned
 * into host memory. Pure: bytes in, iovecs out.
 */
#ifndef HVHOST_HYPERV_RANGES_H
#define HVHOST_HYPERV_RANGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "hyperv/vmbus.h"
#include "vmm/memory.h"

/* Arrays that are kept for the next parse; all zero is an empty one. */
struct ranges {
	unsigned int nr;
	struct vmbus_range *range;
	unsigned int range_cap;
	unsigned int niov;		/* of all ranges; range[i].iov points into iov */
	struct iovec *iov;
	unsigned int iov_cap;
	uint32_t first_offset;		/* byte offset of the first range */
};

/**
 * ranges_parse() - check and map @count ranges
 * @ranges: where to; its arrays grow as needed
 * @mem: the guest's RAM
 * @bytes: private copy of the list
 * @len: its length in bytes; what follows the last range is ignored
 * @count: number of ranges
 *
 * A range needs a byte count other than 0, an offset below the page size, and all of its page
 * numbers inside of @len and of RAM that the guest shares. Adjacent pages become one iovec.
 *
 * Return: 0; -EBADMSG for a malformed list; -EFAULT for a page outside of RAM, or of an isolated
 * guest that does not share it; -ENOMEM.
 */
int ranges_parse(struct ranges *ranges, const struct guest_memory *mem, const void *bytes,
		 size_t len, uint32_t count);

/** ranges_free() - free the arrays. */
void ranges_free(struct ranges *ranges);

#endif
