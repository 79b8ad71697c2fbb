// SPDX-License-Identifier: GPL-2.0
/*
 * Guest RAM: one or two anonymous mappings around the hole below 4 GiB, and the check that
 * every address named by the guest goes through.
 */
#include "vmm/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE	(2ull << 20)

static int map_region(struct guest_memory *mem, uint64_t gpa, uint64_t size, struct error *err)
{
	uint8_t *start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *hva;

	if (start == MAP_FAILED)
		return error_set(err, "cannot map %llu MiB of guest memory: %s",
				 (unsigned long long)(size >> 20), strerror(errno));
	/* KVM maps RAM with huge pages only where both addresses are aligned alike. */
	hva = (uint8_t *)(((uintptr_t)start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	if (hva > start)
		munmap(start, hva - start);
	munmap(hva + size, start + HUGE_PAGE - hva);
	madvise(hva, size, MADV_HUGEPAGE);
	mem->regions[mem->nr_regions++] = (struct guest_ram_region){ gpa, size, hva };
	return 0;
}

int guest_memory_map(struct guest_memory *mem, uint64_t size, struct error *err)
{
	uint64_t low;

	memset(mem, 0, sizeof(*mem));
	if (size < GUEST_RAM_MIN || size > GUEST_RAM_MAX)
		return error_set(err, "memory size %llu MiB is out of range: %llu to %llu MiB",
				 (unsigned long long)(size >> 20),
				 GUEST_RAM_MIN >> 20, GUEST_RAM_MAX >> 20);
	size = (size + GUEST_PAGE_SIZE - 1) & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
	low = size < GUEST_RAM_LOW_END ? size : GUEST_RAM_LOW_END;
	if (map_region(mem, 0, low, err) ||
	    (size > low && map_region(mem, GUEST_RAM_HIGH_START, size - low, err))) {
		guest_memory_unmap(mem);
		return -1;
	}
	return 0;
}

/* Pages from address 0 to the end of the last region. */
static size_t span(const struct guest_memory *mem)
{
	const struct guest_ram_region *last = &mem->regions[mem->nr_regions - 1];

	return (last->gpa + last->size) >> GUEST_PAGE_SHIFT;
}

int guest_memory_isolate(struct guest_memory *mem, struct error *err)
{
	mem->shared = calloc(span(mem), 1);
	return mem->shared ? 0 : error_set(err, "no memory for the states of guest pages");
}

void guest_memory_unmap(struct guest_memory *mem)
{
	free(mem->shared);
	mem->shared = NULL;
	while (mem->nr_regions) {
		struct guest_ram_region *r = &mem->regions[--mem->nr_regions];

		munmap(r->hva, r->size);
	}
}

void guest_memory_clear(struct guest_memory *mem)
{
	unsigned int i;

	for (i = 0; i < mem->nr_regions; i++)
		madvise(mem->regions[i].hva, mem->regions[i].size, MADV_DONTNEED);
	if (mem->shared)
		memset(mem->shared, 0, span(mem));
	mem->nr_shared = 0;
}

int guest_memory_share(struct guest_memory *mem, uint64_t pfn, bool shared)
{
	bool was;

	if (!mem->shared || pfn > UINT64_MAX >> GUEST_PAGE_SHIFT ||
	    !guest_ptr(mem, pfn << GUEST_PAGE_SHIFT, GUEST_PAGE_SIZE))
		return -1;
	was = __atomic_exchange_n(&mem->shared[pfn], shared, __ATOMIC_RELAXED);
	if (was != shared)
		__atomic_fetch_add(&mem->nr_shared, shared ? 1 : -1, __ATOMIC_RELAXED);
	return 0;
}

void *guest_ptr(const struct guest_memory *mem, uint64_t gpa, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < mem->nr_regions; i++) {
		const struct guest_ram_region *r = &mem->regions[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size && len <= r->size - (gpa - r->gpa))
			return (char *)r->hva + (gpa - r->gpa);
	}
	return NULL;
}

void *guest_shared_ptr(const struct guest_memory *mem, uint64_t gpa, uint64_t len)
{
	void *hva = guest_ptr(mem, gpa, len);
	uint64_t pfn = gpa >> GUEST_PAGE_SHIFT;

	if (!hva || !mem->shared || !len)
		return hva;
	for (; pfn <= (gpa + len - 1) >> GUEST_PAGE_SHIFT; pfn++)
		if (!__atomic_load_n(&mem->shared[pfn], __ATOMIC_RELAXED))
			return NULL;
	return hva;
}
