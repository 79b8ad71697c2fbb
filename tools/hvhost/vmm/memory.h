/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's RAM as the host sees it. Every guest physical address that the guest names
 * passes through guest_ptr(), the one place where it is checked.
 */
#ifndef HVHOST_VMM_MEMORY_H
#define HVHOST_VMM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGE_SHIFT	12
#define GUEST_PAGE_SIZE		4096u

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
