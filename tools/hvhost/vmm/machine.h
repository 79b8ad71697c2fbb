/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual machine on /dev/kvm: its vCPUs, interrupt lines and synthetic interrupts. A reset
 * destroys it and creates it again; the guest's memory outlives that.
 */
#ifndef HVHOST_VMM_MACHINE_H
#define HVHOST_VMM_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "vmm/memory.h"
#include "vmm/ports.h"

#define MACHINE_MAX_CPUS	64

struct machine;

enum machine_event {
	MACHINE_RESET,		/* the guest asked for a reset */
	MACHINE_TRIPLE_FAULT,
	MACHINE_FAILED,		/* KVM cannot go on; @detail says why */
};

/* What the machine reports; all on vCPU threads. */
struct machine_ops {
	void (*event)(void *arg, enum machine_event event, const char *detail);
	/* Hyper-V crash MSRs: the guest crashed, with these parameters; it goes on running. */
	void (*crash)(void *arg, const uint64_t params[5]);
	void (*synic)(void *arg, unsigned int cpu, uint64_t control, uint64_t event_page,
		      uint64_t message_page);
	uint64_t (*hypercall)(void *arg, uint64_t input, uint64_t param0);
	void *arg;
};

struct machine_config {
	unsigned int nr_cpus;		/* 1 to MACHINE_MAX_CPUS */
	uint32_t hidden_features;	/* from cpuid_hide() */
	bool isolated;			/* the guest is told that it is */
	struct guest_memory *mem;
	struct ports *ports;
	struct machine_ops ops;
};

/** machine_new() - open /dev/kvm and check what it can do.
 * Return: NULL with @err saying what to do about it.
 */
struct machine *machine_new(const struct machine_config *config, struct error *err);
void machine_free(struct machine *m);

/** machine_create() - make the VM and its vCPUs, not running. Return: 0 or -1 with @err. */
int machine_create(struct machine *m, struct error *err);

/** machine_start() - run; the first vCPU begins at @entry (see boot.h). Return: 0 or -1. */
int machine_start(struct machine *m, uint64_t entry, struct error *err);

/** machine_stop() - end the vCPU threads. Not on one of them. */
void machine_stop(struct machine *m);

/** machine_destroy() - stop, then give the VM back to KVM. */
void machine_destroy(struct machine *m);

/** machine_irq() - drive an interrupt line of the I/O APIC and PIC; any thread. */
void machine_irq(struct machine *m, unsigned int gsi, bool level);

/** machine_nmi() - a non-maskable interrupt to @cpu; any thread. Return: 0 or -errno. */
int machine_nmi(struct machine *m, unsigned int cpu);

/** machine_connect_sint() - see struct synic_ops. */
int machine_connect_sint(struct machine *m, uint32_t vp, unsigned int sint, int irq_fd,
			 int ack_fd);
/** machine_bind_signal() - see struct synic_ops. */
int machine_bind_signal(struct machine *m, uint32_t conn_id, int fd);

/** machine_pause_cpu() - wait until @cpu is out of guest code and keep it there. Calls nest;
 * on the vCPU's own thread it has nothing to wait for.
 */
void machine_pause_cpu(struct machine *m, unsigned int cpu);
void machine_resume_cpu(struct machine *m, unsigned int cpu);

/** machine_reference_time() - the guest's reference counter, units of 100 ns; any thread. */
uint64_t machine_reference_time(struct machine *m);

/** machine_stats() - exits by reason for each vCPU, and KVM's own counters ("kvm") where it has
 * any. Return: a new reference.
 */
json_t *machine_stats(struct machine *m);

#endif
