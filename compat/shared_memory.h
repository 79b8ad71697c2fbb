/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that an isolated guest shares with the host: the kernel's page tables say that it is
 * shared, or it has a second address above shared_gpa_boundary.
 */
#ifndef HVIC_COMPAT_SHARED_MEMORY_H
#define HVIC_COMPAT_SHARED_MEMORY_H

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/mshyperv.h>

#ifdef HVIC_HAVE_HV_MAP_MEMORY

/* vmap() of pages that are the host's too. Return: the address, NULL. */
static inline void *hvic_vmap_shared(struct page **pages, unsigned int count)
{
	unsigned long *pfns;
	unsigned int i;
	void *map;

	if (!hv_isolation_type_snp())
		return vmap(pages, count, VM_MAP, PAGE_KERNEL);

	pfns = kvcalloc(count, sizeof(*pfns), GFP_KERNEL);
	if (!pfns)
		return NULL;
	for (i = 0; i < count; i++)
		pfns[i] = page_to_pfn(pages[i]) + PFN_DOWN(hvic_shared_boundary());
	map = vmap_pfn(pfns, count, PAGE_KERNEL);
	kvfree(pfns);
	return map;
}

/* Where to read and write a buffer from vmalloc() that is the host's too. Return: NULL. */
static inline void *hvic_map_shared(void *memory, unsigned long size)
{
	return hv_isolation_type_snp() ? hv_map_memory(memory, size) : memory;
}

static inline void hvic_unmap_shared(void *map, const void *memory)
{
	if (map && map != memory)
		hv_unmap_memory(map);
}

/* A page that the paravisor shares with the host. Return: the address, NULL. */
static inline void *hvic_map_paravisor_page(u64 gpa)
{
	return memremap(gpa, HV_HYP_PAGE_SIZE, MEMREMAP_WB);
}

static inline void hvic_unmap_paravisor_page(void *page)
{
	memunmap(page);
}

#else

static inline void *hvic_vmap_shared(struct page **pages, unsigned int count)
{
	return vmap(pages, count, VM_MAP, pgprot_decrypted(PAGE_KERNEL));
}

static inline void *hvic_map_shared(void *memory, unsigned long size)
{
	return memory;
}

static inline void hvic_unmap_shared(void *map, const void *memory)
{
}

/* The kernel maps device memory as shared; the address has no boundary bit. */
static inline void *hvic_map_paravisor_page(u64 gpa)
{
	return (__force void *)ioremap_cache(gpa & ~hvic_shared_boundary(),
					     HV_HYP_PAGE_SIZE);
}

static inline void hvic_unmap_paravisor_page(void *page)
{
	iounmap((__force void __iomem *)page);
}

#endif

#endif
