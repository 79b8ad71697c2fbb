// SPDX-License-Identifier: GPL-2.0
/*
 * The loadable segments of an ELF kernel, placed at their physical addresses.
 */
#include "vmm/elf.h"

#include <elf.h>
#include <string.h>

#define LOWEST_ADDRESS	0x00100000u	/* what the loader builds is below */

bool elf_is(const uint8_t *data, size_t size)
{
	return size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

static Elf64_Phdr segment(const uint8_t *data, unsigned int i)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	memcpy(&eh, data, sizeof(eh));
	memcpy(&ph, data + eh.e_phoff + i * sizeof(ph), sizeof(ph));
	return ph;
}

static unsigned int nr_segments(const uint8_t *data)
{
	Elf64_Ehdr eh;

	memcpy(&eh, data, sizeof(eh));
	return eh.e_phnum;
}

int elf_check(const uint8_t *data, size_t size, struct elf_kernel *kernel, struct error *err)
{
	Elf64_Ehdr eh;
	unsigned int i;

	if (size < sizeof(eh) || !elf_is(data, size))
		return error_set(err, "not an ELF file");
	memcpy(&eh, data, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_machine != EM_X86_64 ||
	    eh.e_type != ET_EXEC || eh.e_phentsize != sizeof(Elf64_Phdr))
		return error_set(err, "not an x86-64 executable (class %u, machine %u, type %u)",
				 eh.e_ident[EI_CLASS], eh.e_machine, eh.e_type);
	if (eh.e_phoff > size || (size - eh.e_phoff) / sizeof(Elf64_Phdr) < eh.e_phnum)
		return error_set(err, "the ELF file is cut short: %zu bytes", size);
	*kernel = (struct elf_kernel){ .start = UINT64_MAX, .entry = eh.e_entry };
	for (i = 0; i < eh.e_phnum; i++) {
		Elf64_Phdr ph = segment(data, i);

		if (ph.p_type != PT_LOAD)
			continue;
		if (ph.p_filesz > ph.p_memsz || ph.p_offset > size ||
		    ph.p_filesz > size - ph.p_offset || ph.p_memsz > GUEST_RAM_LOW_END ||
		    ph.p_paddr < LOWEST_ADDRESS || ph.p_paddr > GUEST_RAM_LOW_END)
			return error_set(err, "segment %u of the ELF file is out of bounds", i);
		if (ph.p_paddr < kernel->start)
			kernel->start = ph.p_paddr;
		if (ph.p_paddr + ph.p_memsz > kernel->end)
			kernel->end = ph.p_paddr + ph.p_memsz;
	}
	if (kernel->entry < kernel->start || kernel->entry >= kernel->end)
		return error_set(err, "the ELF file starts at %#llx, outside of its segments",
				 (unsigned long long)kernel->entry);
	return 0;
}

void elf_copy(const struct guest_memory *mem, const uint8_t *data)
{
	unsigned int i;

	for (i = 0; i < nr_segments(data); i++) {
		Elf64_Phdr ph = segment(data, i);

		if (ph.p_type == PT_LOAD)
			memcpy(guest_ptr(mem, ph.p_paddr, ph.p_memsz), data + ph.p_offset,
			       ph.p_filesz);
	}
}
