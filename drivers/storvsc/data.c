// SPDX-License-Identifier: GPL-2.0
/*
 * A command's data: mapped for the host and listed for the ring, taken back from the host, or
 * kept from use because the host may still write to them.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "storvsc.h"

static void storvsc_free_payload(struct storvsc_host *sh, struct storvsc_cmd *sc)
{
	if (sc->payload && sc->payload != (void *)sc->inline_payload)
		mempool_free(sc->payload, sh->payload_pool);
	sc->payload = NULL;
}

/*
 * Whether a reference to a page keeps nothing: an object of a slab is used again once it is freed,
 * page or no page, and pages without a count, as large kmalloc() gives on newer kernels, are freed
 * without a look at it.
 */
static bool storvsc_uncounted(struct page *page)
{
	return PageSlab(page) || !page_count(page);
}

/*
 * Whether data are in such memory. One look an allocation, at words that whoever filled the list
 * has just had to look at.
 */
static bool storvsc_in_slab(struct scsi_cmnd *cmd)
{
	struct scatterlist *sg;
	int i;

	scsi_for_each_sg(cmd, sg, scsi_sg_count(cmd), i) {
		unsigned long n = 0, pages = PFN_UP(sg->offset + sg->length);

		while (n < pages) {
			struct page *page = nth_page(sg_page(sg), n), *head = compound_head(page);

			if (storvsc_uncounted(head))
				return true;
			n += compound_nr(head) - (page_to_pfn(page) - page_to_pfn(head));
		}
	}
	return false;
}

static void storvsc_free_bounce(struct storvsc_cmd *sc)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sc->bounce.sgl, sg, sc->bounce.orig_nents, i)
		if (sg_page(sg))
			__free_page(sg_page(sg));
	sg_free_table(&sc->bounce);
}

/*
 * Pages that are nobody else's, with what stands in the command's own memory: the host may write
 * all of it, a part or nothing, as in that memory itself.
 */
static int storvsc_alloc_bounce(struct scsi_cmnd *cmd)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u32 length = scsi_bufflen(cmd), done = 0;
	struct scatterlist *sg;
	int i;

	if (sg_alloc_table(&sc->bounce, PFN_UP(length), gfp))
		return -ENOMEM;
	for_each_sg(sc->bounce.sgl, sg, sc->bounce.orig_nents, i) {
		struct page *page = alloc_page(gfp);

		if (!page) {
			storvsc_free_bounce(sc);
			return -ENOMEM;
		}
		sg_set_page(sg, page, min_t(u32, length - done, PAGE_SIZE), 0);
		sg_pcopy_to_buffer(scsi_sglist(cmd), scsi_sg_count(cmd), sg_virt(sg), sg->length,
				   done);
		done += sg->length;
	}
	return 0;
}

static int storvsc_dma_map(struct scsi_cmnd *cmd, struct scatterlist **sgl)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	int count;

	if (!sc->bounce.sgl) {
		*sgl = scsi_sglist(cmd);
		count = scsi_dma_map(cmd);
		return count < 0 ? -ENOMEM : count;
	}
	*sgl = sc->bounce.sgl;
	count = dma_map_sg(cmd->device->host->dma_dev, sc->bounce.sgl, sc->bounce.orig_nents,
			   DMA_FROM_DEVICE);
	if (count)
		return count;
	storvsc_free_bounce(sc);
	return -ENOMEM;
}

/**
 * storvsc_map_data() - a command's data as one range of 4 KiB pages
 * @sh: the controller
 * @cmd: the command; its payload is set
 * @payload_len: bytes of that
 *
 * The queue's boundary mask makes every element but the first start, and every one but the last
 * end, on such a page. What the host is to write into a slab it writes into pages of ours.
 *
 * Context: any. Return: 0, -EMSGSIZE or -ENOMEM; after 0 storvsc_take_back() or
 * storvsc_keep_data() is due.
 */
int storvsc_map_data(struct storvsc_host *sh, struct scsi_cmnd *cmd, u32 *payload_len)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	bool bounce = cmd->sc_data_direction == DMA_FROM_DEVICE && storvsc_in_slab(cmd);
	u32 length = scsi_bufflen(cmd), offset, pages, n = 0;
	struct scatterlist *sg, *sgl;
	int count, i;

	offset = bounce ? 0 : offset_in_hvpage(scsi_sglist(cmd)->offset);
	pages = HVPFN_UP(offset + length);
	if (pages > (sh->limits.max_transfer >> HV_HYP_PAGE_SHIFT) + 1)
		return -EMSGSIZE;
	if (bounce && storvsc_alloc_bounce(cmd))
		return -ENOMEM;
	count = storvsc_dma_map(cmd, &sgl);
	if (count < 0)
		return count;
	sc->payload = (void *)sc->inline_payload;
	if (pages > STORVSC_INLINE_PFNS) {
		sc->payload = mempool_alloc(sh->payload_pool, GFP_ATOMIC | __GFP_NOWARN);
		if (!sc->payload) {
			storvsc_take_back(sh, cmd);
			return -ENOMEM;
		}
	}
	sc->payload->rangecount = 1;
	sc->payload->range.len = length;
	sc->payload->range.offset = offset;
	for_each_sg(sgl, sg, count, i) {
		u64 pfn = HVPFN_DOWN(sg_dma_address(sg));
		u64 end = HVPFN_UP(sg_dma_address(sg) + sg_dma_len(sg));

		while (pfn < end && n < pages)
			sc->payload->range.pfn_array[n++] = pfn++;
	}
	*payload_len = sizeof(*sc->payload) + n * sizeof(u64);
	return 0;
}

/**
 * storvsc_take_back() - a command's data belong to the guest again
 * @sh: the controller
 * @cmd: the command; what the host wrote is in its own memory afterwards
 *
 * Context: any.
 */
void storvsc_take_back(struct storvsc_host *sh, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct scatterlist *sg;
	u32 done = 0;
	int i;

	storvsc_free_payload(sh, sc);
	if (likely(!sc->bounce.sgl)) {
		scsi_dma_unmap(cmd);
		return;
	}
	dma_unmap_sg(cmd->device->host->dma_dev, sc->bounce.sgl, sc->bounce.orig_nents,
		     DMA_FROM_DEVICE);
	for_each_sg(sc->bounce.sgl, sg, sc->bounce.orig_nents, i) {
		sg_pcopy_from_buffer(scsi_sglist(cmd), scsi_sg_count(cmd), sg_virt(sg), sg->length,
				     done);
		done += sg->length;
	}
	storvsc_free_bounce(sc);
}

/**
 * storvsc_keep_data() - the host has not answered: keep a command's data for ever
 * @sh: the controller
 * @cmd: the command, which may end now
 *
 * The host may still write to them: lost memory instead of corrupted memory. Pages of ours are
 * given up, and the command's own memory was never the host's. Other pages get a reference that
 * nobody drops. What is in a slab here is only read by the host.
 *
 * Context: any.
 */
void storvsc_keep_data(struct storvsc_host *sh, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct scatterlist *sg;
	int i;

	storvsc_free_payload(sh, sc);
	if (sc->bounce.sgl) {
		sg_free_table(&sc->bounce);
		return;
	}
	scsi_for_each_sg(cmd, sg, scsi_sg_count(cmd), i) {
		unsigned int n, pages = PFN_UP(sg->offset + sg->length);

		for (n = 0; n < pages; n++) {
			struct page *page = nth_page(sg_page(sg), n);

			if (!storvsc_uncounted(page))
				get_page(page);
		}
	}
}
