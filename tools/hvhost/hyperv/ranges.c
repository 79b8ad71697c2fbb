// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of guest pages: first the shape of the whole list is checked and counted, then each
 * page is mapped and merged with the one before.
 */
#include "hyperv/ranges.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hvic/vmbus.h"

struct range_head {
	uint32_t count;		/* bytes */
	uint32_t offset;
	uint32_t pages;
};

/* Read the head of the range at @pos. Return: 0, or -EBADMSG when it does not fit. */
static int range_head(const uint8_t *bytes, size_t len, size_t pos, struct range_head *head)
{
	struct vmbus_wire_gpa_range wire;

	if (len < pos || len - pos < sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, bytes + pos, sizeof(wire));
	head->count = le32toh(wire.byte_count);
	head->offset = le32toh(wire.byte_offset);
	if (!head->count || head->offset >= GUEST_PAGE_SIZE)
		return -EBADMSG;
	head->pages = ((uint64_t)head->offset + head->count + GUEST_PAGE_SIZE - 1) >>
		      GUEST_PAGE_SHIFT;
	if ((len - pos - sizeof(wire)) / sizeof(uint64_t) < head->pages)
		return -EBADMSG;
	return 0;
}

static size_t range_size(const struct range_head *head)
{
	return sizeof(struct vmbus_wire_gpa_range) + head->pages * sizeof(uint64_t);
}

static int reserve(void **array, unsigned int *cap, size_t want, size_t size)
{
	void *grown;

	if (want <= *cap)
		return 0;
	grown = realloc(*array, want * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = want;
	return 0;
}

/* Map the pages of one range behind the iovecs that are there. */
static int map_range(struct ranges *ranges, const struct guest_memory *mem,
		     const struct range_head *head, const uint8_t *pfns, struct vmbus_range *out)
{
	struct iovec *first = ranges->iov + ranges->niov, *last = NULL;
	uint32_t left = head->count, offset = head->offset, i;

	for (i = 0; i < head->pages; i++) {
		uint32_t piece = GUEST_PAGE_SIZE - offset;
		uint64_t pfn;
		uint8_t *hva;

		if (piece > left)
			piece = left;
		memcpy(&pfn, pfns + i * sizeof(pfn), sizeof(pfn));
		pfn = le64toh(pfn);
		if (pfn > UINT64_MAX >> GUEST_PAGE_SHIFT)
			return -EFAULT;
		hva = guest_shared_ptr(mem, (pfn << GUEST_PAGE_SHIFT) + offset, piece);
		if (!hva)
			return -EFAULT;
		if (last && (uint8_t *)last->iov_base + last->iov_len == hva) {
			last->iov_len += piece;
		} else {
			last = ranges->iov + ranges->niov++;
			last->iov_base = hva;
			last->iov_len = piece;
		}
		left -= piece;
		offset = 0;
	}
	out->len = head->count;
	out->iov = first;
	out->niov = ranges->iov + ranges->niov - first;
	return 0;
}

int ranges_parse(struct ranges *ranges, const struct guest_memory *mem, const void *bytes,
		 size_t len, uint32_t count)
{
	struct range_head head;
	size_t pos = 0, pages = 0;
	uint32_t i;
	int ret;

	ranges->nr = 0;
	ranges->niov = 0;
	ranges->first_offset = 0;
	if (!count || count > len / sizeof(struct vmbus_wire_gpa_range))
		return -EBADMSG;
	for (i = 0; i < count; i++) {
		ret = range_head(bytes, len, pos, &head);
		if (ret)
			return ret;
		pos += range_size(&head);
		pages += head.pages;
		if (!i)
			ranges->first_offset = head.offset;
	}
	if (reserve((void **)&ranges->range, &ranges->range_cap, count, sizeof(*ranges->range)) ||
	    reserve((void **)&ranges->iov, &ranges->iov_cap, pages, sizeof(*ranges->iov)))
		return -ENOMEM;
	for (i = 0, pos = 0; i < count; i++) {
		range_head(bytes, len, pos, &head);
		ret = map_range(ranges, mem, &head,
				(const uint8_t *)bytes + pos + sizeof(struct vmbus_wire_gpa_range),
				&ranges->range[i]);
		if (ret)
			return ret;
		pos += range_size(&head);
	}
	ranges->nr = count;
	return 0;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->range);
	free(ranges->iov);
	memset(ranges, 0, sizeof(*ranges));
}
