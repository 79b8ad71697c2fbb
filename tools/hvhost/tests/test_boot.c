// SPDX-License-Identifier: GPL-2.0
/* Loading: which files are bzImages, where things go in memory, what the tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/bootparam.h>
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vmm/acpi.h"
#include "vmm/boot.h"
#include "vmm/cpuid.h"

#define IMAGE_SIZE	65536
#define SETUP_SECTS	3

static uint8_t image[IMAGE_SIZE];

static struct setup_header *make_image(void)
{
	struct setup_header *sh = (void *)(image + 0x1f1);

	memset(image, 0x5a, sizeof(image));
	memset(sh, 0, sizeof(*sh));
	sh->setup_sects = SETUP_SECTS;
	sh->boot_flag = 0xaa55;
	sh->header = 0x53726448;
	sh->jump = 0x66eb;	/* the header ends at 0x202 + 0x66 */
	sh->version = 0x20f;
	sh->loadflags = LOADED_HIGH;
	sh->xloadflags = XLF_KERNEL_64;
	sh->cmdline_size = 2047;
	sh->pref_address = 0x1000000;
	sh->init_size = 0x100000;
	sh->initrd_addr_max = 0x7fffffff;
	return sh;
}

static void test_header(void **state)
{
	struct setup_header *sh = make_image();
	struct boot_header header;
	struct error err;

	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), 0);
	assert_int_equal(header.setup_size, (SETUP_SECTS + 1) * 512);
	assert_int_equal(header.load_address, 0x1000000);
	assert_int_equal(header.run_size, 0x100000);
	assert_int_equal(header.cmdline_max, 2047);
	sh->setup_sects = 0;	/* means 4 */
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), 0);
	assert_int_equal(header.setup_size, 5 * 512);
}

static void test_bad_headers(void **state)
{
	struct boot_header header;
	struct setup_header *sh;
	struct error err;

	make_image();
	assert_int_equal(boot_parse_header(image, 0x200, &header, &err), -1);
	assert_int_equal(boot_parse_header(image, 0, &header, &err), -1);
	assert_int_equal(boot_parse_header(image, (SETUP_SECTS + 1) * 512 + 100, &header, &err),
			 -1);
	assert_non_null(strstr(err.text, "cut short"));
	make_image()->header = 0;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	assert_non_null(strstr(err.text, "not a bzImage"));
	make_image()->boot_flag = 0;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_image()->version = 0x20a;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	assert_non_null(strstr(err.text, "2.10"));
	make_image()->xloadflags = 0;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	sh = make_image();
	sh->loadflags = 0;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
}

static void load(struct guest_memory *mem, const char *cmdline, size_t initrd_size, int expect)
{
	static uint8_t initrd_data[16 << 20];
	struct boot_image kernel = { image, sizeof(image), "kernel" };
	struct boot_image initrd = { initrd_data, initrd_size, "initrd" };
	struct boot_params_in in = { &kernel, initrd_size ? &initrd : NULL, cmdline, 0xe0000 };
	uint64_t entry = 0;
	struct error err;

	memset(initrd_data, 0x77, sizeof(initrd_data));
	assert_int_equal(boot_load(mem, &in, &entry, &err), expect);
	if (!expect)
		assert_int_equal(entry, 0x1000200);
}

static void test_load(void **state)
{
	struct guest_memory mem;
	struct boot_params *bp;
	struct error err;
	uint64_t ram = 0;
	int i;

	make_image();
	assert_int_equal(guest_memory_map(&mem, 64 << 20, &err), 0);
	load(&mem, "console=ttyS0", 5000, 0);
	bp = guest_ptr(&mem, BOOT_ZERO_PAGE, 4096);
	assert_int_equal(bp->acpi_rsdp_addr, 0xe0000);
	assert_string_equal(guest_ptr(&mem, bp->hdr.cmd_line_ptr, 14), "console=ttyS0");
	assert_int_equal(bp->hdr.ramdisk_size, 5000);
	assert_int_equal(bp->hdr.ramdisk_image % 4096, 0);
	assert_int_equal(bp->hdr.ramdisk_image, (64 << 20) - 8192);
	assert_int_equal(*(uint8_t *)guest_ptr(&mem, bp->hdr.ramdisk_image + 4999, 1), 0x77);
	assert_int_equal(*(uint8_t *)guest_ptr(&mem, 0x1000200, 1), 0x5a);
	for (i = 0; i < bp->e820_entries; i++)
		if (bp->e820_table[i].type == 1)
			ram += bp->e820_table[i].size;
	assert_int_equal(ram, (64 << 20) - 0x100000 + BOOT_LOW_RAM_END);
	guest_memory_unmap(&mem);
}

static void test_initrd_limit(void **state)
{
	struct guest_memory mem;
	struct boot_params *bp;
	struct error err;

	make_image()->initrd_addr_max = 0x2ffffff;
	assert_int_equal(guest_memory_map(&mem, 128 << 20, &err), 0);
	load(&mem, "", 4096, 0);
	bp = guest_ptr(&mem, BOOT_ZERO_PAGE, 4096);
	assert_int_equal(bp->hdr.ramdisk_image, 0x3000000 - 4096);
	make_image()->initrd_addr_max = 0x10fffff;	/* the kernel is there */
	load(&mem, "", 4096, -1);
	guest_memory_unmap(&mem);
}

static void test_too_much(void **state)
{
	struct guest_memory mem;
	struct error err;
	char cmdline[4096];

	make_image();
	assert_int_equal(guest_memory_map(&mem, 64 << 20, &err), 0);
	memset(cmdline, 'a', sizeof(cmdline));
	cmdline[2047] = '\0';
	load(&mem, cmdline, 0, 0);
	cmdline[2047] = 'a';
	cmdline[2048] = '\0';
	load(&mem, cmdline, 0, -1);
	make_image()->init_size = 128 << 20;
	load(&mem, "", 0, -1);
	guest_memory_unmap(&mem);
	assert_int_equal(guest_memory_map(&mem, 1 << 20, &err), -1);
}

static void test_memory_hole(void **state)
{
	struct guest_memory mem;
	struct error err;

	assert_int_equal(guest_memory_map(&mem, 4ull << 30, &err), 0);
	assert_int_equal(mem.nr_regions, 2);
	assert_non_null(guest_ptr(&mem, 0xbffff000, 4096));
	assert_null(guest_ptr(&mem, 0xbffff000, 4097));
	assert_null(guest_ptr(&mem, 0xc0000000, 1));
	assert_null(guest_ptr(&mem, 0xfee00000, 0));
	assert_non_null(guest_ptr(&mem, 0x100000000, 1ull << 30));
	assert_null(guest_ptr(&mem, 0x100000000, (1ull << 30) + 1));
	assert_null(guest_ptr(&mem, 0x1000, UINT64_MAX));
	assert_null(guest_ptr(&mem, UINT64_MAX, 2));
	guest_memory_unmap(&mem);
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

#define MAX_TABLES	8

/* The tables of the XSDT, checksums verified. Return: their number. */
static unsigned int acpi_tables(struct guest_memory *mem, unsigned int nr_cpus,
				const uint8_t *tables[MAX_TABLES])
{
	const uint8_t *rsdp, *xsdt;
	uint32_t len, n;
	uint64_t at;

	rsdp = guest_ptr(mem, acpi_build(mem, nr_cpus), 36);
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	memcpy(&at, rsdp + 24, 8);
	xsdt = guest_ptr(mem, at, 36);
	assert_memory_equal(xsdt, "XSDT", 4);
	memcpy(&len, xsdt + 4, 4);
	assert_int_equal(sum(xsdt, len), 0);
	n = (len - 36) / 8;
	assert_true(n <= MAX_TABLES);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&at, xsdt + 36 + 8 * i, 8);
		tables[i] = guest_ptr(mem, at, 36);
		memcpy(&len, tables[i] + 4, 4);
		assert_int_equal(sum(tables[i], len), 0);
	}
	return n;
}

/* The bits of the processor ids that the MADT's local APICs have. */
static uint64_t madt_ids(const uint8_t *table)
{
	uint64_t ids = 0;
	uint32_t len;

	memcpy(&len, table + 4, 4);
	for (uint32_t pos = 44; pos < len; pos += table[pos + 1]) {
		if (table[pos])
			continue;
		assert_int_equal(table[pos + 2], table[pos + 3]);
		assert_false(ids & 1ull << table[pos + 2]);
		ids |= 1ull << table[pos + 2];
	}
	return ids;
}

/* The same of the SSDT: \_SB with ACPI0007 devices in it and nothing else. */
static uint64_t ssdt_ids(const uint8_t *table)
{
	static const uint8_t first[] = {
		0x5b, 0x82, 27, 'C', '0', '0', '0',
		0x08, '_', 'H', 'I', 'D', 0x0d, 'A', 'C', 'P', 'I', '0', '0', '0', '7', 0,
		0x08, '_', 'U', 'I', 'D', 0x0a, 0,
	};
	const uint8_t *aml = table + 36;
	uint32_t len, pos;
	uint64_t ids = 0;

	memcpy(&len, table + 4, 4);
	len -= 36;
	assert_int_equal(aml[0], 0x10);
	assert_int_equal(aml[1] >> 6, 1);		/* a length of two bytes, them included */
	assert_int_equal((aml[1] & 0xf) | aml[2] << 4, len - 1);
	assert_memory_equal(aml + 3, "\\_SB_", 5);
	assert_memory_equal(aml + 8, first, sizeof(first));
	for (pos = 8; pos < len; pos += sizeof(first)) {
		uint8_t uid = aml[pos + 28];
		char name[8];

		snprintf(name, sizeof(name), "C%03X", uid);
		assert_memory_equal(aml + pos + 3, name, 4);
		assert_memory_equal(aml + pos + 7, first + 7, sizeof(first) - 8);
		assert_memory_equal(aml + pos, first, 3);
		assert_false(ids & 1ull << uid);
		ids |= 1ull << uid;
	}
	assert_int_equal(pos, len);
	return ids;
}

static void test_acpi(void **state)
{
	const uint8_t *tables[MAX_TABLES];
	struct guest_memory mem;
	struct error err;

	assert_int_equal(guest_memory_map(&mem, 64 << 20, &err), 0);
	for (unsigned int cpus = 1; cpus <= 64; cpus++) {
		uint64_t ids = cpus == 64 ? UINT64_MAX : (1ull << cpus) - 1;

		assert_int_equal(acpi_tables(&mem, cpus, tables), 3);
		assert_memory_equal(tables[0], "FACP", 4);
		assert_memory_equal(tables[1], "APIC", 4);
		assert_memory_equal(tables[2], "SSDT", 4);
		assert_true(madt_ids(tables[1]) == ids);
		assert_true(ssdt_ids(tables[2]) == ids);
	}
	guest_memory_unmap(&mem);
}

static struct kvm_cpuid_entry2 *leaf(struct cpuid_table *t, uint32_t function, uint32_t index)
{
	unsigned int i;

	for (i = 0; i < t->nent; i++)
		if (t->entries[i].function == function && t->entries[i].index == index)
			return &t->entries[i];
	return NULL;
}

static void test_cpuid(void **state)
{
	static struct cpuid_table supported, hyperv, table;
	struct error err;
	uint32_t hidden;

	supported.nent = 5;
	supported.entries[0].eax = 0xd;
	supported.entries[1].function = 1;
	supported.entries[2].function = 0x40000000;	/* KVM's signature */
	supported.entries[3].function = 0xb;
	supported.entries[4].function = 0x80000008;
	hyperv.nent = 4;
	hyperv.entries[0] = (struct kvm_cpuid_entry2){ .function = 0x40000000, .eax = 0x40000082 };
	hyperv.entries[1] = (struct kvm_cpuid_entry2){ .function = 0x40000003, .eax = ~0u,
		.ebx = ~0u, .ecx = ~0u, .edx = ~0u };
	hyperv.entries[2] = (struct kvm_cpuid_entry2){ .function = 0x40000005 };
	hyperv.entries[3] = (struct kvm_cpuid_entry2){ .function = 0x40000081 };

	assert_int_equal(cpuid_hide("direct-stimer,tsc-page", &hidden, &err), 0);
	cpuid_build(&table, &supported, &hyperv, 5, 12, hidden, false);
	assert_int_equal(leaf(&table, 1, 0)->ebx >> 24, 5);
	assert_true(leaf(&table, 1, 0)->ecx & 1u << 31);
	assert_int_equal(leaf(&table, 0xb, 0)->edx, 5);
	assert_int_equal(leaf(&table, 0xb, 1)->eax, 4);
	assert_int_equal(leaf(&table, 0xb, 1)->ebx, 12);
	assert_int_equal(leaf(&table, 0x80000008, 0)->ecx, 4 << 12 | 11);
	assert_memory_equal(&leaf(&table, 0x40000000, 0)->ebx, "Micr", 4);
	assert_int_equal(leaf(&table, 0x40000000, 0)->eax, 0x40000005);
	assert_null(leaf(&table, 0x40000081, 0));
	assert_null(leaf(&table, 0x4000000c, 0));
	assert_false(leaf(&table, 0x40000003, 0)->eax & (1u << 13 | 1u << 9));
	assert_int_equal(leaf(&table, 0x40000003, 0)->ebx, 0x30);
	assert_false(leaf(&table, 0x40000003, 0)->edx & 1u << 19);
	assert_int_equal(cpuid_hide(NULL, &hidden, &err), 0);
	cpuid_build(&table, &supported, &hyperv, 0, 1, hidden, true);
	assert_true(leaf(&table, 0x40000003, 0)->edx & 1u << 19);
	/* A guest that is isolated, type 1: the leaf exists and the privilege names it. */
	assert_int_equal(leaf(&table, 0x40000000, 0)->eax, 0x4000000c);
	assert_int_equal(leaf(&table, 0x40000003, 0)->ebx, 0x400030);
	assert_int_equal(leaf(&table, 0x4000000c, 0)->ebx, 1);
	assert_int_equal(cpuid_hide("direct", &hidden, &err), -1);
}

#define ELF_START	0x1000000u

static Elf64_Phdr *make_elf(void)
{
	Elf64_Ehdr *eh = (void *)image;
	Elf64_Phdr *ph = (void *)(image + sizeof(*eh));

	memset(image, 0x5a, sizeof(image));
	*eh = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = ELF_START + 0x40,
		.e_phoff = sizeof(*eh), .e_phentsize = sizeof(*ph), .e_phnum = 2,
	};
	ph[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = 0x1000, .p_paddr = ELF_START,
		.p_filesz = 0x2000, .p_memsz = 0x2000,
	};
	ph[1] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = 0x3000, .p_paddr = ELF_START + 0x4000,
		.p_filesz = 0x1000, .p_memsz = 0x8000,
	};
	return ph;
}

static void test_vmlinux(void **state)
{
	struct boot_image kernel = { .data = image, .size = IMAGE_SIZE, .path = "vmlinux" };
	struct boot_params_in in = { .kernel = &kernel, .cmdline = "quiet" };
	struct guest_memory mem;
	struct boot_params *bp;
	struct error err;
	uint64_t entry;

	make_elf();
	assert_int_equal(guest_memory_map(&mem, 64 << 20, &err), 0);
	assert_int_equal(boot_load(&mem, &in, &entry, &err), 0);
	assert_int_equal(entry, ELF_START + 0x40);
	assert_memory_equal(guest_ptr(&mem, ELF_START, 0x2000), image + 0x1000, 0x2000);
	assert_memory_equal(guest_ptr(&mem, ELF_START + 0x4000, 0x1000), image + 0x3000, 0x1000);
	assert_int_equal(*(uint8_t *)guest_ptr(&mem, ELF_START + 0x5000, 1), 0);
	bp = guest_ptr(&mem, BOOT_ZERO_PAGE, sizeof(*bp));
	assert_int_equal(bp->hdr.header, 0x53726448);
	assert_int_equal(bp->hdr.cmd_line_ptr, BOOT_CMDLINE);
	guest_memory_unmap(&mem);
}

static void test_bad_elf(void **state)
{
	struct boot_header header;
	struct error err;

	make_elf();
	assert_int_equal(boot_parse_header(image, 100, &header, &err), -1);
	assert_non_null(strstr(err.text, "cut short"));
	make_elf()[1].p_offset = IMAGE_SIZE;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_elf()[1].p_filesz = UINT64_MAX;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_elf()[1].p_memsz = 0x100;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_elf()[0].p_paddr = 0x1000;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	assert_non_null(strstr(err.text, "segment 0"));
	make_elf()[0].p_paddr = UINT64_MAX - 0x1000;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_elf();
	((Elf64_Ehdr *)image)->e_entry = 0x100;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
	make_elf();
	((Elf64_Ehdr *)image)->e_machine = EM_AARCH64;
	assert_int_equal(boot_parse_header(image, IMAGE_SIZE, &header, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_initrd_limit),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_memory_hole),
		cmocka_unit_test(test_vmlinux),
		cmocka_unit_test(test_bad_elf),
		cmocka_unit_test(test_acpi),
		cmocka_unit_test(test_cpuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
