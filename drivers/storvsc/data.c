// SPDX-License-Identifier: GPL-2.0
/*
 * A command's data: mapped for the host and listed for the ring, taken back from the host, or
 * kept from use because the host may still write to them.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "storvsc.h"

/*
 * Whether a reference to a page keeps nothing: an object of a slab is used again once it is freed,
 * page or no page, and pages without a count, as large kmalloc() gives on newer kernels, are freed
 * without a look at it.
 */
static bool storvsc_uncounted(struct page *head)
{
	return PageSlab(head) || !page_ref_count(head);
}

/* The same for what an element has behind the allocation of its first page, one look each. */
static bool storvsc_rest_in_slab(struct page *first, unsigned long pages)
{
	struct page *head = compound_head(first);
	unsigned long n = compound_nr(head) - (page_to_pfn(first) - page_to_pfn(head));

	while (n < pages) {
		head = nth_page(first, n);
		if (storvsc_uncounted(head))
			return true;
		n += compound_nr(head);
	}
	return false;
}

/*
 * Whether data are in such memory. Whoever filled the list has just had to look at the same words;
 * most elements are one page.
 */
static bool storvsc_in_slab(struct scsi_cmnd *cmd)
{
	struct scatterlist *sg;
	int i;

	scsi_for_each_sg(cmd, sg, scsi_sg_count(cmd), i) {
		unsigned long end = (unsigned long)sg->offset + sg->length;

		if (storvsc_uncounted(compound_head(sg_page(sg))) ||
		    (end > PAGE_SIZE && storvsc_rest_in_slab(sg_page(sg), PFN_UP(end))))
			return true;
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
 * @cmd: the command; where its data are is noted in it for storvsc_put_packet()
 *
 * The queue's boundary mask makes every element but the first start, and every one but the last
 * end, on such a page. What the host is to write into a slab it writes into pages of ours.
 *
 * Context: any. Return: 0, -EMSGSIZE or -ENOMEM; after 0 storvsc_take_back() or
 * storvsc_keep_data() is due.
 */
int storvsc_map_data(struct storvsc_host *sh, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	bool bounce = cmd->sc_data_direction == DMA_FROM_DEVICE && storvsc_in_slab(cmd);
	u32 offset = bounce ? 0 : offset_in_hvpage(scsi_sglist(cmd)->offset);
	u32 pages = HVPFN_UP(offset + scsi_bufflen(cmd));
	int count;

	if (pages > (sh->limits.max_transfer >> HV_HYP_PAGE_SHIFT) + 1)
		return -EMSGSIZE;
	if (bounce && storvsc_alloc_bounce(cmd))
		return -ENOMEM;
	count = storvsc_dma_map(cmd, &sc->sgl);
	if (count < 0) {
		sc->sgl = NULL;
		return count;
	}
	sc->nents = count;
	sc->offset = offset;
	sc->pages = pages;
	return 0;
}

/**
 * storvsc_take_back() - a command's data belong to the guest again
 * @cmd: the command; what the host wrote is in its own memory afterwards
 *
 * Context: any.
 */
void storvsc_take_back(struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct scatterlist *sg;
	u32 done = 0;
	int i;

	sc->sgl = NULL;
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
 * @cmd: the command, which may end now
 *
 * The host may still write to them: lost memory instead of corrupted memory. Pages of ours are
 * given up, and the command's own memory was never the host's. Other pages get a reference that
 * nobody drops. What is in a slab here is only read by the host.
 *
 * Context: any.
 */
void storvsc_keep_data(struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct scatterlist *sg;
	int i;

	sc->sgl = NULL;
	if (sc->bounce.sgl) {
		sg_free_table(&sc->bounce);
		return;
	}
	scsi_for_each_sg(cmd, sg, scsi_sg_count(cmd), i) {
		unsigned int n, pages = PFN_UP(sg->offset + sg->length);

		for (n = 0; n < pages; n++) {
			struct page *page = nth_page(sg_page(sg), n);

			if (!storvsc_uncounted(compound_head(page)))
				get_page(page);
		}
	}
}
