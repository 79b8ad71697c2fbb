/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI tables of the guest, built into its RAM below 1 MiB.
 */
#ifndef HVHOST_VMM_ACPI_H
#define HVHOST_VMM_ACPI_H

#include "vmm/memory.h"

#define ACPI_TABLES		0x000e0000u	/* guest physical; the RSDP comes first */
#define ACPI_TABLES_SIZE	0x00020000u
#define ACPI_IOAPIC_ID		0
#define ACPI_IOAPIC_ADDRESS	0xfec00000u
#define ACPI_LAPIC_ADDRESS	0xfee00000u

/**
 * acpi_build() - write RSDP, XSDT, FADT, FACS, MADT, DSDT, and an SSDT of the processors
 * @nr_cpus: local APICs and processor devices, with the ids 0 to @nr_cpus - 1; at most 64
 * Return: the RSDP's guest physical address.
 */
uint64_t acpi_build(const struct guest_memory *mem, unsigned int nr_cpus);

#endif
