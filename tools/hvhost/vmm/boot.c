// SPDX-License-Identifier: GPL-2.0
/*
 * The Linux 64-bit boot protocol: checks a bzImage (or a vmlinux), places it with its initrd, and builds what
 * its entry point expects. Field offsets are those of Documentation/x86/boot.rst.
 */
#include "vmm/boot.h"

#include <asm/bootparam.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/elf.h"

#define SETUP_HEADER_OFFSET	0x1f1
#define HDRS_MAGIC		0x53726448u	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define PROTOCOL_64BIT		0x020c		/* the first with xloadflags */
#define ENTRY_64_OFFSET		0x200
#define LOADER_UNDEFINED	0xff
#define E820_RAM		1
#define E820_RESERVED		2
#define ELF_PROTOCOL		0x020f		/* what the zero page of a vmlinux claims */
#define ELF_CMDLINE_MAX		2047
#define ELF_INITRD_LAST		0x7fffffffu
#define ELF_ALIGNMENT		0x00200000u
#define PAGE_PRESENT_WRITE	0x03
#define PAGE_LARGE		0x80

int boot_image_map(struct boot_image *image, const char *path, const char *what,
		   struct error *err)
{
	struct stat st;
	void *data;
	int fd;

	memset(image, 0, sizeof(*image));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, "cannot open the %s %s: %s", what, path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return error_set(err, "the %s %s is empty or not a regular file", what, path);
	}
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return error_set(err, "cannot map the %s %s: %s", what, path, strerror(errno));
	image->data = data;
	image->size = st.st_size;
	snprintf(image->path, sizeof(image->path), "%s", path);
	return 0;
}

void boot_image_unmap(struct boot_image *image)
{
	if (image->data)
		munmap((void *)image->data, image->size);
	memset(image, 0, sizeof(*image));
}

/* A vmlinux reads the same zero page, but brings no header: this is what we claim for it. */
static int parse_elf(const uint8_t *data, size_t size, struct boot_header *header,
		     struct error *err)
{
	struct elf_kernel kernel;

	if (elf_check(data, size, &kernel, err))
		return -1;
	*header = (struct boot_header){
		.version = ELF_PROTOCOL, .cmdline_max = ELF_CMDLINE_MAX,
		.load_address = kernel.start, .run_size = kernel.end - kernel.start,
		.initrd_last = ELF_INITRD_LAST, .entry = kernel.entry,
	};
	return 0;
}

int boot_parse_header(const uint8_t *data, size_t size, struct boot_header *header,
		      struct error *err)
{
	struct setup_header sh;
	unsigned int sectors;

	if (elf_is(data, size))
		return parse_elf(data, size, header, err);
	if (size < SETUP_HEADER_OFFSET + sizeof(sh))
		return error_set(err, "not a bzImage: only %zu bytes", size);
	memcpy(&sh, data + SETUP_HEADER_OFFSET, sizeof(sh));
	if (le16toh(sh.boot_flag) != BOOT_FLAG || le32toh(sh.header) != HDRS_MAGIC)
		return error_set(err, "not a bzImage: no Linux setup header");
	header->version = le16toh(sh.version);
	if (header->version < PROTOCOL_64BIT)
		return error_set(err, "boot protocol %u.%02u is too old, need 2.12 or later",
				 header->version >> 8, header->version & 0xff);
	if (!(sh.loadflags & LOADED_HIGH) || !(le16toh(sh.xloadflags) & XLF_KERNEL_64))
		return error_set(err, "the kernel has no 64-bit entry point");
	sectors = sh.setup_sects ? sh.setup_sects : 4;
	header->setup_size = (sectors + 1) * 512;
	if (header->setup_size + ENTRY_64_OFFSET >= size)
		return error_set(err, "the bzImage is cut short: %zu bytes", size);
	header->cmdline_max = le32toh(sh.cmdline_size);
	header->load_address = le64toh(sh.pref_address);
	if (header->load_address < BOOT_HIGH_RAM_START)
		header->load_address = BOOT_HIGH_RAM_START;
	header->run_size = le32toh(sh.init_size);
	if (header->run_size < size - header->setup_size)
		header->run_size = size - header->setup_size;
	header->initrd_last = le32toh(sh.initrd_addr_max);
	header->entry = header->load_address + ENTRY_64_OFFSET;
	return 0;
}

static void add_e820(struct boot_params *bp, uint64_t start, uint64_t end, uint32_t type)
{
	bp->e820_table[bp->e820_entries++] = (struct boot_e820_entry){
		.addr = start, .size = end - start, .type = type,
	};
}

static void fill_e820(struct boot_params *bp, const struct guest_memory *mem)
{
	unsigned int i;

	add_e820(bp, 0, BOOT_LOW_RAM_END, E820_RAM);
	add_e820(bp, BOOT_LOW_RAM_END, BOOT_HIGH_RAM_START, E820_RESERVED);
	add_e820(bp, BOOT_HIGH_RAM_START, mem->regions[0].size, E820_RAM);
	for (i = 1; i < mem->nr_regions; i++)
		add_e820(bp, mem->regions[i].gpa, mem->regions[i].gpa + mem->regions[i].size,
			 E820_RAM);
}

/* Identity map the first 4 GiB with 2 MiB pages. */
static void build_page_tables(uint64_t *tables)
{
	uint64_t *pdpt = tables + 512, *pd = tables + 1024;
	unsigned int i;

	tables[0] = (BOOT_PAGE_TABLES + 0x1000) | PAGE_PRESENT_WRITE;
	for (i = 0; i < 4; i++)
		pdpt[i] = (BOOT_PAGE_TABLES + 0x2000 + i * 0x1000) | PAGE_PRESENT_WRITE;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = (uint64_t)i << 21 | PAGE_LARGE | PAGE_PRESENT_WRITE;
}

static void build_gdt(uint64_t *gdt)
{
	gdt[BOOT_SELECTOR_CODE / 8] = 0x00af9b000000ffffull;	/* 64-bit code */
	gdt[BOOT_SELECTOR_DATA / 8] = 0x00cf93000000ffffull;
}

static int place_initrd(const struct guest_memory *mem, const struct boot_header *header,
			const struct boot_image *initrd, struct boot_params *bp,
			struct error *err)
{
	uint64_t end = mem->regions[0].size, floor = header->load_address + header->run_size;
	uint64_t start;

	if (end > header->initrd_last + 1)
		end = header->initrd_last + 1;
	start = initrd->size <= end ? (end - initrd->size) & ~(uint64_t)(GUEST_PAGE_SIZE - 1) : 0;
	if (start < floor)
		return error_set(err, "the initrd (%zu KiB) does not fit beside the kernel: give the guest more memory",
				 initrd->size >> 10);
	memcpy(guest_ptr(mem, start, initrd->size), initrd->data, initrd->size);
	bp->hdr.ramdisk_image = htole32(start);
	bp->hdr.ramdisk_size = htole32(initrd->size);
	return 0;
}

/* The header ends where the jump at its start says (boot.rst, "64-bit Boot Protocol"). */
static void take_header(struct boot_params *bp, const uint8_t *data)
{
	size_t len = 0x202 + data[0x201] - SETUP_HEADER_OFFSET;

	if (len > sizeof(bp->hdr))
		len = sizeof(bp->hdr);
	memcpy(&bp->hdr, data + SETUP_HEADER_OFFSET, len);
}

static void make_header(struct boot_params *bp)
{
	bp->hdr.boot_flag = htole16(BOOT_FLAG);
	bp->hdr.header = htole32(HDRS_MAGIC);
	bp->hdr.version = htole16(ELF_PROTOCOL);
	bp->hdr.loadflags = LOADED_HIGH;
	bp->hdr.cmdline_size = htole32(ELF_CMDLINE_MAX);
	bp->hdr.kernel_alignment = htole32(ELF_ALIGNMENT);
}

int boot_load(const struct guest_memory *mem, const struct boot_params_in *in, uint64_t *entry,
	      struct error *err)
{
	const struct boot_image *kernel = in->kernel;
	size_t cmdline_len = strlen(in->cmdline);
	struct boot_header header;
	struct boot_params *bp;
	struct error why;
	uint8_t *text;

	if (boot_parse_header(kernel->data, kernel->size, &header, &why))
		return error_set(err, "%s: %s", kernel->path, why.text);
	if (cmdline_len > header.cmdline_max || cmdline_len >= BOOT_CMDLINE_MAX)
		return error_set(err, "the kernel command line has %zu characters, %s takes %u",
				 cmdline_len, kernel->path, header.cmdline_max);
	text = guest_ptr(mem, header.load_address, header.run_size);
	if (!text)
		return error_set(err, "%s needs %llu MiB to start: give the guest more memory",
				 kernel->path, (unsigned long long)
				 ((header.load_address + header.run_size) >> 20));

	bp = guest_ptr(mem, BOOT_ZERO_PAGE, sizeof(*bp));
	memset(bp, 0, sizeof(*bp));
	if (elf_is(kernel->data, kernel->size)) {
		elf_copy(mem, kernel->data);
		make_header(bp);
	} else {
		memcpy(text, kernel->data + header.setup_size, kernel->size - header.setup_size);
		take_header(bp, kernel->data);
	}
	bp->hdr.type_of_loader = LOADER_UNDEFINED;
	bp->hdr.cmd_line_ptr = htole32(BOOT_CMDLINE);
	bp->hdr.vid_mode = htole16(0xffff);
	bp->acpi_rsdp_addr = htole64(in->rsdp);
	fill_e820(bp, mem);
	if (in->initrd && place_initrd(mem, &header, in->initrd, bp, err))
		return -1;
	memcpy(guest_ptr(mem, BOOT_CMDLINE, BOOT_CMDLINE_MAX), in->cmdline, cmdline_len + 1);
	build_page_tables(guest_ptr(mem, BOOT_PAGE_TABLES, 6 * GUEST_PAGE_SIZE));
	build_gdt(guest_ptr(mem, BOOT_GDT, GUEST_PAGE_SIZE));
	*entry = header.entry;
	return 0;
}
