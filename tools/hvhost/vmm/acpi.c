// SPDX-License-Identifier: GPL-2.0
/*
 * The static ACPI tables. Layouts: ACPI specification, chapter "ACPI Software Programming
 * Model". All fields are little endian, as the host is.
 */
#include "vmm/acpi.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dsdt.h"
#include "vmm/cmos.h"
#include "vmm/pm.h"

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct acpi_gas {
	uint8_t space;		/* 1: I/O ports */
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;	/* 1: bytes, 2: words */
	uint64_t address;
} __attribute__((packed));

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved1;
	uint8_t profile;
	uint16_t sci_int;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len;
	uint8_t gpe1_base, cst_cnt;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct acpi_gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_revision;
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr;
	struct acpi_gas x_gpe0, x_gpe1, sleep_control, sleep_status;
	uint8_t hypervisor_id[8];
} __attribute__((packed));

struct acpi_facs {
	char signature[4];
	uint32_t length;
	uint8_t rest[56];
} __attribute__((packed));

static_assert(sizeof(struct acpi_header) == 36, "ACPI table header");
static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");
static_assert(sizeof(struct acpi_fadt) == 276, "FADT revision 6");
static_assert(sizeof(struct acpi_facs) == 64, "FACS");

#define FADT_WBINVD		(1u << 0)
#define FADT_PROC_C1		(1u << 2)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_NO_FIXED_RTC	(1u << 6)
#define FADT_RESET_REG		(1u << 10)
#define BOOT_ARCH_NO_VGA	(1u << 2)	/* bit 1, the keyboard controller, stays clear */

struct madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

struct madt_lapic_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} __attribute__((packed));

/* Device (Cnnn) { Name (_HID, "ACPI0007") Name (_UID, n) } in AML */
struct aml_processor {
	uint8_t device_op[2], pkg_length;
	char name[4];
	uint8_t hid_op;
	char hid_name[4];
	uint8_t string_op;
	char hid[9];
	uint8_t uid_op;
	char uid_name[4];
	uint8_t byte_op, uid;
} __attribute__((packed));

/* Scope (\_SB) { ... } in AML */
struct aml_scope {
	uint8_t scope_op, pkg_length[2];
	char name[5];
} __attribute__((packed));

static_assert(sizeof(struct aml_processor) == 29, "a processor device in AML");
static_assert(sizeof(struct aml_scope) == 8, "a scope in AML");

#define AML_NAME_OP		0x08
#define AML_BYTE_PREFIX		0x0a
#define AML_STRING_PREFIX	0x0d
#define AML_SCOPE_OP		0x10
#define AML_EXT_OP		0x5b
#define AML_DEVICE_OP		0x82
#define AML_PKG_TWO_BYTES	0x40	/* the low four bits, then eight more */

#define MADT_PCAT_COMPAT	1
#define MADT_LEVEL_HIGH		0x0d

struct builder {
	uint8_t *base;
	size_t used;
};

static uint8_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return -sum;
}

static void *take(struct builder *b, size_t len)
{
	void *p = b->base + b->used;

	assert(b->used + len <= ACPI_TABLES_SIZE);
	b->used += len;
	return p;
}

static uint64_t address(const struct builder *b, const void *p)
{
	return ACPI_TABLES + ((const uint8_t *)p - b->base);
}

static void align(struct builder *b, size_t to)
{
	b->used = (b->used + to - 1) / to * to;
}

static void *begin(struct builder *b, const char *signature, uint8_t revision, size_t len)
{
	struct acpi_header *h;

	align(b, 16);
	h = take(b, len);
	memcpy(h->signature, signature, 4);
	h->revision = revision;
	memcpy(h->oem_id, "HVIC  ", 6);
	memcpy(h->oem_table_id, "HVHOST  ", 8);
	h->oem_revision = 1;
	memcpy(h->creator_id, "HVIC", 4);
	h->creator_revision = 1;
	return h;
}

static uint64_t finish(struct builder *b, struct acpi_header *h)
{
	h->length = b->base + b->used - (uint8_t *)h;
	h->checksum = checksum(h, h->length);
	return address(b, h);
}

static uint64_t build_madt(struct builder *b, unsigned int nr_cpus)
{
	struct acpi_header *h = begin(b, "APIC", 4, sizeof(*h));
	uint32_t *fields = take(b, 8);
	struct madt_lapic_nmi *nmi;
	struct madt_ioapic *ioapic;
	struct madt_override *sci;
	unsigned int i;

	fields[0] = ACPI_LAPIC_ADDRESS;
	fields[1] = MADT_PCAT_COMPAT;
	for (i = 0; i < nr_cpus; i++) {
		struct madt_lapic *lapic = take(b, sizeof(*lapic));

		*lapic = (struct madt_lapic){ 0, sizeof(*lapic), i, i, 1 };
	}
	ioapic = take(b, sizeof(*ioapic));
	*ioapic = (struct madt_ioapic){ 1, sizeof(*ioapic), ACPI_IOAPIC_ID, 0,
		ACPI_IOAPIC_ADDRESS, 0 };
	sci = take(b, sizeof(*sci));
	*sci = (struct madt_override){ 2, sizeof(*sci), 0, PM_SCI_IRQ, PM_SCI_IRQ,
		MADT_LEVEL_HIGH };
	nmi = take(b, sizeof(*nmi));
	*nmi = (struct madt_lapic_nmi){ 4, sizeof(*nmi), 0xff, 0, 1 };
	return finish(b, h);
}

/* The processors as devices; each _UID is the one of its local APIC in the MADT. */
static uint64_t build_ssdt(struct builder *b, unsigned int nr_cpus)
{
	struct acpi_header *h = begin(b, "SSDT", 2, sizeof(*h));
	struct aml_scope *scope = take(b, sizeof(*scope));
	size_t len = sizeof(*scope) - 1 + nr_cpus * sizeof(struct aml_processor);
	unsigned int i;

	*scope = (struct aml_scope){ AML_SCOPE_OP,
		{ AML_PKG_TWO_BYTES | (len & 0xf), len >> 4 }, { '\\', '_', 'S', 'B', '_' } };
	for (i = 0; i < nr_cpus; i++) {
		struct aml_processor *cpu = take(b, sizeof(*cpu));
		char name[8];

		*cpu = (struct aml_processor){
			.device_op = { AML_EXT_OP, AML_DEVICE_OP },
			.pkg_length = sizeof(*cpu) - sizeof(cpu->device_op),
			.hid_op = AML_NAME_OP, .hid_name = { '_', 'H', 'I', 'D' },
			.string_op = AML_STRING_PREFIX, .hid = "ACPI0007",
			.uid_op = AML_NAME_OP, .uid_name = { '_', 'U', 'I', 'D' },
			.byte_op = AML_BYTE_PREFIX, .uid = i,
		};
		snprintf(name, sizeof(name), "C%03X", i & 0xff);
		memcpy(cpu->name, name, sizeof(cpu->name));
	}
	return finish(b, h);
}

static struct acpi_gas io_register(uint16_t port, uint8_t bytes, uint8_t access_size)
{
	return (struct acpi_gas){ 1, bytes * 8, 0, access_size, port };
}

static uint64_t build_fadt(struct builder *b, uint64_t facs, uint64_t dsdt)
{
	struct acpi_fadt *f = begin(b, "FACP", 6, sizeof(*f));

	f->facs = facs;
	f->dsdt = f->x_dsdt = dsdt;
	f->sci_int = PM_SCI_IRQ;
	f->pm1a_evt = PM_PM1_EVENT_PORT;
	f->pm1_evt_len = 4;
	f->pm1a_cnt = PM_PM1_CONTROL_PORT;
	f->pm1_cnt_len = 2;
	f->c2_latency = 0xffff;		/* no C2, no C3 */
	f->c3_latency = 0xffff;
	f->century = CMOS_CENTURY;
	f->boot_arch = BOOT_ARCH_NO_VGA;
	f->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_NO_FIXED_RTC |
		   FADT_RESET_REG;
	f->reset_reg = io_register(PM_RESET_PORT, 1, 1);
	f->reset_value = PM_RESET_VALUE;
	f->x_pm1a_evt = io_register(PM_PM1_EVENT_PORT, 4, 2);
	f->x_pm1a_cnt = io_register(PM_PM1_CONTROL_PORT, 2, 2);
	return finish(b, &f->header);
}

static uint64_t build_xsdt(struct builder *b, uint64_t fadt, uint64_t madt, uint64_t ssdt)
{
	struct acpi_header *h = begin(b, "XSDT", 1, sizeof(*h));
	const uint64_t addresses[] = { fadt, madt, ssdt };

	memcpy(take(b, sizeof(addresses)), addresses, sizeof(addresses));
	return finish(b, h);
}

uint64_t acpi_build(const struct guest_memory *mem, unsigned int nr_cpus)
{
	struct builder b = { .base = guest_ptr(mem, ACPI_TABLES, ACPI_TABLES_SIZE) };
	struct acpi_rsdp *rsdp;
	struct acpi_facs *facs;
	uint64_t dsdt;
	void *aml;

	memset(b.base, 0, ACPI_TABLES_SIZE);
	rsdp = take(&b, sizeof(*rsdp));
	align(&b, 64);
	facs = take(&b, sizeof(*facs));
	memcpy(facs->signature, "FACS", 4);
	facs->length = sizeof(*facs);
	align(&b, 16);
	aml = take(&b, sizeof(dsdt_aml));	/* complete with header and checksum */
	memcpy(aml, dsdt_aml, sizeof(dsdt_aml));
	dsdt = address(&b, aml);

	memcpy(rsdp->signature, "RSD PTR ", 8);
	memcpy(rsdp->oem_id, "HVIC  ", 6);
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = build_xsdt(&b, build_fadt(&b, address(&b, facs), dsdt),
				build_madt(&b, nr_cpus), build_ssdt(&b, nr_cpus));
	rsdp->checksum = checksum(rsdp, 20);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
	return ACPI_TABLES;
}
