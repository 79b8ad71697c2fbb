/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by machine.c (the VM) and vcpu.c (one processor and its thread).
 */
#ifndef HVHOST_VMM_MACHINE_INTERNAL_H
#define HVHOST_VMM_MACHINE_INTERNAL_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>

#include "vmm/cpuid.h"
#include "vmm/machine.h"

#define NR_EXIT_REASONS	40

struct vcpu {
	struct machine *m;
	unsigned int index;
	int fd;			/* -1 when there is none */
	int stats_fd;		/* KVM's counters; -1 when it has none */
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock;	/* protects the four below */
	pthread_cond_t changed;
	bool in_run;		/* inside KVM_RUN, or about to be */
	unsigned int pausers;
	bool stop;

	uint64_t exits[NR_EXIT_REASONS];	/* written by its thread alone */
	uint64_t interrupted;
};

struct machine {
	struct machine_config config;
	int kvm_fd;
	int vm_fd;		/* -1 when there is none */
	size_t run_size;
	struct cpuid_table supported;
	struct vcpu *vcpus;

	pthread_mutex_t route_lock;	/* protects the routing table */
	struct kvm_irq_routing *routing;
	unsigned int max_routes;
	uint32_t next_gsi;
};

int vcpu_create(struct vcpu *v, struct error *err);
void vcpu_destroy(struct vcpu *v);
/** vcpu_set_entry() - registers of the first processor, in 64-bit mode. */
int vcpu_set_entry(struct vcpu *v, uint64_t entry, struct error *err);
int vcpu_start(struct vcpu *v, struct error *err);
void vcpu_stop(struct vcpu *v);
void vcpu_pause(struct vcpu *v);
void vcpu_resume(struct vcpu *v);
json_t *vcpu_stats(const struct vcpu *v);

#endif
