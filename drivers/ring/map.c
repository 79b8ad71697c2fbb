// SPDX-License-Identifier: GPL-2.0
/*
 * The packet ring, the bus's part: mapping a ring and setting it up.
 */
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/reciprocal_div.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat/shared_memory.h"
#include "../vmbus/vmbus.h"

/* Map the header once and the data twice, so that a packet never wraps. */
static void *ring_map(struct page *pages, u32 page_cnt)
{
	u32 data_pages = page_cnt - 1, count = 1 + 2 * data_pages, i;
	struct page **list = kvcalloc(count, sizeof(*list), GFP_KERNEL);
	void *map;

	if (!list)
		return NULL;
	list[0] = pages;
	for (i = 0; i < 2 * data_pages; i++)
		list[1 + i] = pages + 1 + i % data_pages;
	map = hvic_vmap_shared(list, count);
	kvfree(list);
	return map;
}

/**
 * hvic_ring_init() - map a ring and make it empty
 * @rbi: filled in; what it held is overwritten
 * @pages: physically contiguous pages, already visible to the host
 * @page_cnt: their number, one header and at least one data page
 * @max_pkt_size: bytes of the largest packet that may be received, 0 for the outbound ring
 *
 * Process context. Return: 0, -EINVAL, -ENOMEM; after an error hvic_ring_cleanup() is still due.
 */
int hvic_ring_init(struct hv_ring_buffer_info *rbi, struct page *pages, u32 page_cnt,
		   u32 max_pkt_size)
{
	static_assert(sizeof(struct hv_ring_buffer) == PAGE_SIZE);

	if (page_cnt < 2)
		return -EINVAL;

	rbi->ring_buffer = ring_map(pages, page_cnt);
	if (!rbi->ring_buffer)
		return -ENOMEM;

	/* A ring that is opened again must not keep a mask or a pending size of its past. */
	memset(rbi->ring_buffer, 0, sizeof(*rbi->ring_buffer));
	rbi->ring_buffer->feature_bits.feat_pending_send_sz = 1;

	rbi->ring_size = page_cnt << PAGE_SHIFT;
	rbi->ring_size_div10_reciprocal = reciprocal_value(rbi->ring_size / 10);
	rbi->ring_datasize = rbi->ring_size - sizeof(struct hv_ring_buffer);
	rbi->priv_read_index = 0;
	spin_lock_init(&rbi->ring_lock);

	return max_pkt_size ? hvic_pkt_buffer_alloc(rbi, max_pkt_size) : 0;
}

/**
 * hvic_ring_cleanup() - unmap a ring; the pages are the caller's
 * @rbi: a ring, mapped or not
 * Process context.
 */
void hvic_ring_cleanup(struct hv_ring_buffer_info *rbi)
{
	/* The mutex keeps sysfs readers off. */
	mutex_lock(&rbi->ring_buffer_mutex);
	vunmap(rbi->ring_buffer);
	rbi->ring_buffer = NULL;
	mutex_unlock(&rbi->ring_buffer_mutex);

	hvic_pkt_buffer_free(rbi);
}
