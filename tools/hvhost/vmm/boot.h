/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading a Linux bzImage (or vmlinux) and an initrd the way the 64-bit boot protocol wants it
 * (Documentation/x86/boot.rst).
 */
#ifndef HVHOST_VMM_BOOT_H
#define HVHOST_VMM_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "vmm/memory.h"

/* Guest physical places of what the loader builds, all below 640 KiB. */
#define BOOT_GDT		0x00001000u
#define BOOT_PAGE_TABLES	0x00002000u	/* PML4, PDPT, 4 page directories */
#define BOOT_STACK		0x0000f000u
#define BOOT_ZERO_PAGE		0x00010000u
#define BOOT_CMDLINE		0x00020000u
#define BOOT_CMDLINE_MAX	0x00010000u
#define BOOT_LOW_RAM_END	0x0009fc00u
#define BOOT_HIGH_RAM_START	0x00100000u

#define BOOT_SELECTOR_CODE	0x10
#define BOOT_SELECTOR_DATA	0x18

/* What the setup header of a bzImage says, checked; or its like for a vmlinux. */
struct boot_header {
	uint16_t version;
	uint32_t setup_size;		/* bytes before the protected-mode kernel */
	uint32_t cmdline_max;		/* without the NUL */
	uint64_t load_address;
	uint64_t run_size;		/* bytes that the kernel uses from there while it starts */
	uint64_t initrd_last;		/* last byte that the initrd may use */
	uint64_t entry;			/* in 64-bit mode */
};

struct boot_image {
	const uint8_t *data;
	size_t size;
	char path[256];
};

/** boot_image_map() - map a file. Return: 0, or -1 with @err set (missing, unreadable, empty). */
int boot_image_map(struct boot_image *image, const char *path, const char *what,
		   struct error *err);
void boot_image_unmap(struct boot_image *image);

/**
 * boot_parse_header() - check that an image is a 64-bit bzImage or a vmlinux
 * @data: the file, @size bytes
 * @header: filled in
 * Return: 0, or -1 with @err saying why it is none.
 */
int boot_parse_header(const uint8_t *data, size_t size, struct boot_header *header,
		      struct error *err);

struct boot_params_in {
	const struct boot_image *kernel;
	const struct boot_image *initrd;	/* NULL: none */
	const char *cmdline;
	uint64_t rsdp;				/* guest physical address */
};

/**
 * boot_load() - put kernel, initrd, command line, zero page, GDT and page tables into RAM
 * @entry: where the first processor starts, in 64-bit mode with RSI = BOOT_ZERO_PAGE
 * Return: 0, or -1 with @err set (no kernel, does not fit, command line too long).
 */
int boot_load(const struct guest_memory *mem, const struct boot_params_in *in, uint64_t *entry,
	      struct error *err);

#endif
