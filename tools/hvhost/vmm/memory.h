/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's RAM as the host sees it. Every guest physical address that the guest names
 * passes through guest_ptr(), the one place where it is checked; those that devices use, through
 * guest_shared_ptr(), since an isolated guest's RAM is the hypervisor's to read, but not theirs.
 */
#ifndef HVHOST_VMM_MEMORY_H
#define HVHOST_VMM_MEMORY_H

#include <stdbool.h>
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
	uint8_t *shared;	/* a byte a page: what the guest lets the host see; NULL: all */
	size_t nr_shared;	/* pages of them */
};

/**
 * guest_memory_map() - reserve the RAM of a guest, zeroed, taken from the host page by page
 * @mem: filled in
 * @size: bytes, GUEST_RAM_MIN to GUEST_RAM_MAX, rounded up to a page
 * @err: reason of a failure
 * Return: 0 or -1.
 */
int guest_memory_map(struct guest_memory *mem, uint64_t size, struct error *err);

/**
 * guest_memory_isolate() - the guest says what the host may see, which is nothing to begin with
 * @mem: mapped
 * @err: reason of a failure
 * Return: 0 or -1.
 */
int guest_memory_isolate(struct guest_memory *mem, struct error *err);

/** guest_memory_unmap() - give it back; fine for a zeroed structure. */
void guest_memory_unmap(struct guest_memory *mem);

/** guest_memory_clear() - all of it reads as zero again; no vCPU may run. */
void guest_memory_clear(struct guest_memory *mem);

/**
 * guest_memory_share() - an isolated guest shares a page with the host, or no longer
 * Any thread. What the host has mapped already stays so.
 * Return: 0, or -1 when there is no such page.
 */
int guest_memory_share(struct guest_memory *mem, uint64_t pfn, bool shared);

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

/**
 * guest_shared_ptr() - the same for what the devices of the host use
 * Return: NULL also where an isolated guest has not shared all of it.
 */
void *guest_shared_ptr(const struct guest_memory *mem, uint64_t gpa, uint64_t len);

#endif
