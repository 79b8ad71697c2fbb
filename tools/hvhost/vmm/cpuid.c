// SPDX-License-Identifier: GPL-2.0
/*
 * Builds CPUID tables. The Hyper-V leaves are those of the TLFS, chapter "Feature and Interface
 * Discovery": only what KVM and this host carry out is advertised.
 */
#include "vmm/cpuid.h"

#include <string.h>

#define HV_LEAF_FIRST		0x40000000u
#define HV_LEAF_FEATURES	0x40000003u
#define HV_LEAF_HINTS		0x40000004u
#define HV_LEAF_LIMITS		0x40000005u
#define HV_LEAF_ISOLATION	0x4000000cu
#define HV_ISOLATION		(1u << 22)	/* of the features' EBX */
#define HV_ISOLATION_VBS	1u		/* by software, and without a paravisor */
#define HYPERVISOR_LEAF_LAST	0x4fffffffu
#define HV_MAX_VPS		64

enum reg { EAX, EBX, ECX, EDX };

/* Bits that this host lets through when KVM has them. */
static const struct {
	uint32_t leaf;
	enum reg reg;
	uint32_t allowed;
} hv_allowed[] = {
	/* VP runtime, reference counter, SynIC, synthetic timers, APIC MSRs, hypercall MSRs,
	 * VP index, reset, reference TSC, frequency MSRs, invariant TSC control */
	{ HV_LEAF_FEATURES, EAX, 0x00008aff },
	/* PostMessages, SignalEvents */
	{ HV_LEAF_FEATURES, EBX, 0x00000030 },
	{ HV_LEAF_FEATURES, ECX, 0 },
	/* XMM input, frequency MSRs, crash MSRs, TLB flush extended ranges, direct timers */
	{ HV_LEAF_FEATURES, EDX, 0x00084510 },
	/* remote TLB flush, APIC MSRs, relaxed timing, no AutoEOI, cluster IPI,
	 * extended processor masks, no core sharing */
	{ HV_LEAF_HINTS, EAX, 0x00040e2c },
};

/* Features that can be hidden, to play a host that lacks them. */
static const struct {
	const char *name;
	struct {
		uint32_t leaf;
		enum reg reg;
		uint32_t bits;
	} part[2];
} hv_features[] = {
	{ "direct-stimer", { { HV_LEAF_FEATURES, EDX, 1u << 19 } } },
	{ "stimer", { { HV_LEAF_FEATURES, EAX, 1u << 3 }, { HV_LEAF_FEATURES, EDX, 1u << 19 } } },
	{ "tsc-page", { { HV_LEAF_FEATURES, EAX, 1u << 9 } } },
	{ "crash", { { HV_LEAF_FEATURES, EDX, 1u << 10 } } },
	{ "frequencies", { { HV_LEAF_FEATURES, EAX, 1u << 11 },
			   { HV_LEAF_FEATURES, EDX, 1u << 8 } } },
	{ "tlbflush", { { HV_LEAF_HINTS, EAX, 1u << 2 } } },
	{ "ipi", { { HV_LEAF_HINTS, EAX, 1u << 10 } } },
};

#define NR_FEATURES	(sizeof(hv_features) / sizeof(hv_features[0]))

const char *cpuid_features_help(void)
{
	static char text[256];
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < NR_FEATURES; i++) {
		if (i)
			strcat(text, ",");
		strcat(text, hv_features[i].name);
	}
	return text;
}

int cpuid_hide(const char *names, uint32_t *mask, struct error *err)
{
	*mask = 0;
	while (names && *names) {
		size_t len = strcspn(names, ",");
		unsigned int i;

		for (i = 0; i < NR_FEATURES; i++)
			if (strlen(hv_features[i].name) == len &&
			    !memcmp(hv_features[i].name, names, len))
				break;
		if (i == NR_FEATURES)
			return error_set(err, "unknown Hyper-V feature \"%.*s\": know %s",
					 (int)len, names, cpuid_features_help());
		*mask |= 1u << i;
		names += len + (names[len] == ',');
	}
	return 0;
}

static uint32_t *reg_of(struct kvm_cpuid_entry2 *e, enum reg reg)
{
	uint32_t *const regs[] = { &e->eax, &e->ebx, &e->ecx, &e->edx };

	return regs[reg];
}

static struct kvm_cpuid_entry2 *add(struct cpuid_table *t, const struct kvm_cpuid_entry2 *e)
{
	if (t->nent == CPUID_MAX_ENTRIES)
		return NULL;
	t->entries[t->nent] = *e;
	return &t->entries[t->nent++];
}

static unsigned int bits_for(unsigned int count)
{
	unsigned int bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

/* One package; each vCPU is a core with one thread; the last-level cache is shared by all. */
static void fix_topology(struct kvm_cpuid_entry2 *e, unsigned int cpu, unsigned int nr_cpus)
{
	unsigned int id_bits = bits_for(nr_cpus), level = e->eax >> 5 & 7;
	uint32_t sharing = level >= 3 ? (1u << id_bits) - 1 : 0;

	switch (e->function) {
	case 0x1:
		e->ebx = (e->ebx & 0xffff) | cpu << 24 | (1u << id_bits) << 16;
		e->ecx |= 1u << 31;			/* a hypervisor is present */
		e->edx = nr_cpus > 1 ? e->edx | 1u << 28 : e->edx & ~(1u << 28);
		break;
	case 0x4:
		if (e->eax & 0x1f)
			e->eax = (e->eax & 0x3fff) | sharing << 14 | ((1u << id_bits) - 1) << 26;
		break;
	case 0x80000001:				/* CmpLegacy */
		e->ecx = nr_cpus > 1 ? e->ecx | 1u << 1 : e->ecx & ~(1u << 1);
		break;
	case 0x80000008:
		e->ecx = (e->ecx & ~0xffffu) | id_bits << 12 | (nr_cpus - 1);
		break;
	case 0x8000001d:
		if (e->eax & 0x1f)
			e->eax = (e->eax & 0x3fff) | sharing << 14;
		break;
	case 0x8000001e:
		e->eax = cpu;
		e->ebx = cpu;
		e->ecx = 0;
		break;
	}
}

static void add_x2apic_topology(struct cpuid_table *t, unsigned int cpu, unsigned int nr_cpus)
{
	struct kvm_cpuid_entry2 e = {
		.function = 0xb, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.ebx = 1, .ecx = 1 << 8, .edx = cpu,	/* threads */
	};

	add(t, &e);
	e.index = 1;
	e.eax = bits_for(nr_cpus);
	e.ebx = nr_cpus;
	e.ecx = 2 << 8 | 1;				/* cores */
	add(t, &e);
	e.index = 2;
	e.eax = e.ebx = 0;
	e.ecx = 2;
	add(t, &e);
}

static void fix_hyperv(struct kvm_cpuid_entry2 *e, uint32_t hidden, bool isolated)
{
	unsigned int i, j;

	if (e->function == HV_LEAF_FIRST) {
		e->eax = isolated ? HV_LEAF_ISOLATION : HV_LEAF_LIMITS;
		memcpy(&e->ebx, "Micr", 4);
		memcpy(&e->ecx, "osof", 4);
		memcpy(&e->edx, "t Hv", 4);
	}
	if (e->function == HV_LEAF_LIMITS)
		e->eax = e->ebx = HV_MAX_VPS;
	for (i = 0; i < sizeof(hv_allowed) / sizeof(hv_allowed[0]); i++)
		if (hv_allowed[i].leaf == e->function)
			*reg_of(e, hv_allowed[i].reg) &= hv_allowed[i].allowed;
	for (i = 0; i < NR_FEATURES; i++)
		for (j = 0; j < 2; j++)
			if ((hidden & 1u << i) && hv_features[i].part[j].leaf == e->function)
				*reg_of(e, hv_features[i].part[j].reg) &=
					~hv_features[i].part[j].bits;
	if (isolated && e->function == HV_LEAF_FEATURES)
		e->ebx |= HV_ISOLATION;
}

void cpuid_build(struct cpuid_table *table, const struct cpuid_table *supported,
		 const struct cpuid_table *hyperv, unsigned int cpu, unsigned int nr_cpus,
		 uint32_t hidden, bool isolated)
{
	const struct kvm_cpuid_entry2 isolation = {
		.function = HV_LEAF_ISOLATION, .ebx = HV_ISOLATION_VBS,
	};
	struct kvm_cpuid_entry2 *e;
	uint32_t max_basic = 0;
	unsigned int i;

	table->nent = 0;
	for (i = 0; i < supported->nent; i++) {
		uint32_t function = supported->entries[i].function;

		/* KVM's own signature would win over Hyper-V's; 0xb is made below. */
		if ((function >= HV_LEAF_FIRST && function <= HYPERVISOR_LEAF_LAST) ||
		    function == 0xb || function == 0x1f)
			continue;
		if (!function)
			max_basic = supported->entries[i].eax;
		e = add(table, &supported->entries[i]);
		if (e)
			fix_topology(e, cpu, nr_cpus);
	}
	if (max_basic >= 0xb)
		add_x2apic_topology(table, cpu, nr_cpus);
	for (i = 0; i < hyperv->nent; i++) {
		if (hyperv->entries[i].function > HV_LEAF_LIMITS)
			continue;
		e = add(table, &hyperv->entries[i]);
		if (e)
			fix_hyperv(e, hidden, isolated);
	}
	if (isolated)
		add(table, &isolation);
}
