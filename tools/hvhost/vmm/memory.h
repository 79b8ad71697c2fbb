/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's RAM as the host sees it. Every guest physical address that the guest names
 * passes through guest_ptr(), the one place where it is checked.
 */
#ifndef HVHOST_VMM_MEMORY_H
#define HVHOST_VMM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define GUEST_PAGE_SHIFT	12
#define GUEST_PAGE_SIZE		4096u

/* RAM fills [0, LOW_END), goes on at HIGH_START; devices live between them. */
#define GUEST_RAM_LOW_END	0xc0000000ull
#define GUEST_RAM_HIGH_START	0x100000000ull
#define GUEST_RAM_MIN		(64ull << 20)
#define GUEST_RAM_MAX		(256ull << 30)

struct guest_ram_region {
	uint64_t gpa;		/* first byte, page aligned */
	uint64_t size;		/* bytes, a multiple of the page size */
	void *hva;
};

struct guest_memory {
	unsigned int nr_regions;
	struct guest_ram_region regions[4];
};

/**
 * guest_memory_map() - reserve the RAM of a guest, zeroed, taken from the host page by page
 * @mem: filled in
 * @size: bytes, GUEST_RAM_MIN to GUEST_RAM_MAX, rounded up to a page
 * @err: reason of a failure
 * Return: 0 or -1.
 */
int guest_memory_map(struct guest_memory *mem, uint64_t size, struct error *err);

/** guest_memory_unmap() - give it back; fine for a zeroed structure. */
void guest_memory_unmap(struct guest_memory *mem);

/** guest_memory_clear() - all of it reads as zero again; no vCPU may run. */
void guest_memory_clear(struct guest_memory *mem);

/**
 * guest_ptr() - host address of a piece of guest RAM
 * @mem: the guest's memory
 * @gpa: guest physical address, as the guest gave it
 * @len: bytes, may be 0
 *
 * The mapping lives as long as the guest. The guest may write the memory at any time: read
 * a field that matters once, into a variable of your own.
 *
 * Return: NULL unless the whole range lies in one region of RAM.
 */
void *guest_ptr(const struct guest_memory *mem, uint64_t gpa, uint64_t len);

#endif
