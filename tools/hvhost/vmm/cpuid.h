/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest's CPUID instruction says: the processor that KVM supports, a topology of one
 * package with a core for each vCPU, and Hyper-V's leaves at 0x40000000.
 */
#ifndef HVHOST_VMM_CPUID_H
#define HVHOST_VMM_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define CPUID_MAX_ENTRIES	256

struct cpuid_table {
	uint32_t nent;
	uint32_t padding;
	struct kvm_cpuid_entry2 entries[CPUID_MAX_ENTRIES];
};

/** cpuid_features_help() - names that cpuid_hide() knows, separated by commas. */
const char *cpuid_features_help(void);

/**
 * cpuid_hide() - choose Hyper-V features that the guest is not told of
 * @names: names separated by commas, or NULL for none
 * @mask: filled in, one bit a feature, for cpuid_build()
 * Return: 0, or -1 with @err naming the one that is unknown.
 */
int cpuid_hide(const char *names, uint32_t *mask, struct error *err);

/**
 * cpuid_build() - make the table of one vCPU
 * @table: filled in
 * @supported: KVM_GET_SUPPORTED_CPUID
 * @hyperv: KVM_GET_SUPPORTED_HV_CPUID
 * @cpu: vCPU index and APIC id
 * @nr_cpus: vCPUs of the guest
 * @hidden: from cpuid_hide()
 * @isolated: the guest is told that it is isolated from its host, by VBS
 */
void cpuid_build(struct cpuid_table *table, const struct cpuid_table *supported,
		 const struct cpuid_table *hyperv, unsigned int cpu, unsigned int nr_cpus,
		 uint32_t hidden, bool isolated);

#endif
