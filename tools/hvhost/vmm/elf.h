/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading a plain vmlinux: what is inside a bzImage, for those who do not want the guest to
 * spend its first seconds on decompressing it.
 */
#ifndef HVHOST_VMM_ELF_H
#define HVHOST_VMM_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "vmm/memory.h"

/* Where a kernel is and starts, all guest physical. */
struct elf_kernel {
	uint64_t start;
	uint64_t end;		/* first byte after what it uses, its zeroed memory included */
	uint64_t entry;
};

/** elf_is() - whether a file is an ELF file at all. */
bool elf_is(const uint8_t *data, size_t size);

/**
 * elf_check() - check an x86-64 executable and find out where it goes
 * @data: the file, @size bytes
 * @kernel: filled in
 * Return: 0, or -1 with @err saying what is wrong with it.
 */
int elf_check(const uint8_t *data, size_t size, struct elf_kernel *kernel, struct error *err);

/**
 * elf_copy() - put the segments of a file that elf_check() accepted into RAM
 * From elf_kernel.start to .end has to be RAM. RAM reads as zero where nothing was written
 * yet, so zeroed memory is not touched.
 */
void elf_copy(const struct guest_memory *mem, const uint8_t *data);

#endif
