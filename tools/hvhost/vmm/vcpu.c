// SPDX-License-Identifier: GPL-2.0
/*
 * One virtual processor: its first registers, its thread, and what is done at each kind of
 * exit from the guest.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/boot.h"
#include "vmm/isolation.h"
#include "vmm/kvm_stats.h"
#include "vmm/machine_internal.h"

#define KICK_SIGNAL		SIGUSR1
#define MSR_MISC_ENABLE		0x000001a0u
#define MSR_MTRR_DEF_TYPE	0x000002ffu
#define MSR_HV_CRASH_P0		0x40000100u
#define MISC_FAST_STRING	1u
#define MTRR_ENABLED_WRITEBACK	0x806u
#define CR0_PE_MP_ET_NE_PG	0x80000033u
#define CR4_PAE			0x20u
#define EFER_LME_LMA		0x500u

static __thread struct vcpu *current_vcpu;

/* ---- creation ---- */

static int set_cpuid(struct vcpu *v, struct error *err)
{
	struct cpuid_table *hyperv = calloc(1, sizeof(*hyperv));
	struct cpuid_table *table = calloc(1, sizeof(*table));
	int ret = -1;

	if (!hyperv || !table) {
		error_set(err, "out of memory");
		goto out;
	}
	hyperv->nent = CPUID_MAX_ENTRIES;
	if (ioctl(v->fd, KVM_GET_SUPPORTED_HV_CPUID, hyperv) < 0) {
		error_set(err, "KVM_GET_SUPPORTED_HV_CPUID: %s", strerror(errno));
		goto out;
	}
	cpuid_build(table, &v->m->supported, hyperv, v->index, v->m->config.nr_cpus,
		    v->m->config.hidden_features, v->m->config.isolated);
	ret = ioctl(v->fd, KVM_SET_CPUID2, table);
	if (ret < 0)
		error_set(err, "KVM_SET_CPUID2: %s", strerror(errno));
out:
	free(hyperv);
	free(table);
	return ret;
}

static int enable_hyperv(struct vcpu *v, struct error *err)
{
	struct kvm_enable_cap synic = { .cap = KVM_CAP_HYPERV_SYNIC2 };
	struct kvm_enable_cap enforce = { .cap = KVM_CAP_HYPERV_ENFORCE_CPUID, .args = { 1 } };

	if (ioctl(v->fd, KVM_ENABLE_CAP, &synic) < 0)
		return error_set(err, "cannot enable the SynIC: %s", strerror(errno));
	/* What is not advertised does not work either, where KVM can see to that. */
	if (ioctl(v->m->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV_ENFORCE_CPUID) > 0 &&
	    ioctl(v->fd, KVM_ENABLE_CAP, &enforce) < 0)
		return error_set(err, "cannot enforce the Hyper-V features: %s",
				 strerror(errno));
	return 0;
}

static int set_msrs(struct vcpu *v, struct error *err)
{
	struct {
		struct kvm_msrs info;
		struct kvm_msr_entry entries[2];
	} msrs = {
		.info.nmsrs = 2,
		.entries = {
			{ .index = MSR_MISC_ENABLE, .data = MISC_FAST_STRING },
			{ .index = MSR_MTRR_DEF_TYPE, .data = MTRR_ENABLED_WRITEBACK },
		},
	};

	if (ioctl(v->fd, KVM_SET_MSRS, &msrs) != 2)
		return error_set(err, "KVM_SET_MSRS: %s", strerror(errno));
	return 0;
}

int vcpu_create(struct vcpu *v, struct error *err)
{
	void *run;

	v->fd = ioctl(v->m->vm_fd, KVM_CREATE_VCPU, (unsigned long)v->index);
	if (v->fd < 0)
		return error_set(err, "KVM_CREATE_VCPU %u: %s", v->index, strerror(errno));
	run = mmap(NULL, v->m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (run == MAP_FAILED)
		return error_set(err, "cannot map vCPU %u: %s", v->index, strerror(errno));
	v->run = run;
	v->stats_fd = kvm_stats_open(v->fd);
	if (set_cpuid(v, err) || enable_hyperv(v, err))
		return -1;
	return set_msrs(v, err);
}

void vcpu_destroy(struct vcpu *v)
{
	if (v->run)
		munmap(v->run, v->m->run_size);
	v->run = NULL;
	if (v->stats_fd >= 0)
		close(v->stats_fd);
	v->stats_fd = -1;
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

int vcpu_set_entry(struct vcpu *v, uint64_t entry, struct error *err)
{
	const struct kvm_segment data = {
		.limit = 0xffffffff, .selector = BOOT_SELECTOR_DATA, .type = 3, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_regs regs = {
		.rip = entry, .rsi = BOOT_ZERO_PAGE, .rsp = BOOT_STACK, .rflags = 2,
	};
	struct kvm_sregs sregs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs) < 0)
		return error_set(err, "KVM_GET_SREGS: %s", strerror(errno));
	sregs.cs = sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cs.selector = BOOT_SELECTOR_CODE;
	sregs.cs.type = 11;
	sregs.cs.db = 0;
	sregs.cs.l = 1;
	sregs.gdt.base = BOOT_GDT;
	sregs.gdt.limit = BOOT_SELECTOR_DATA + 7;
	sregs.idt.base = 0;
	sregs.idt.limit = 0;
	sregs.cr0 = CR0_PE_MP_ET_NE_PG;
	sregs.cr3 = BOOT_PAGE_TABLES;
	sregs.cr4 = CR4_PAE;
	sregs.efer = EFER_LME_LMA;
	if (ioctl(v->fd, KVM_SET_SREGS, &sregs) < 0)
		return error_set(err, "KVM_SET_SREGS: %s", strerror(errno));
	if (ioctl(v->fd, KVM_SET_REGS, &regs) < 0)
		return error_set(err, "KVM_SET_REGS: %s", strerror(errno));
	return 0;
}

/* ---- exits ---- */

/* Each returns whether the guest goes on. */
typedef bool (*exit_fn)(struct vcpu *v);

static bool report(struct vcpu *v, enum machine_event event, const char *detail)
{
	v->m->config.ops.event(v->m->config.ops.arg, event, detail);
	return false;
}

static bool exit_io(struct vcpu *v)
{
	struct kvm_run *run = v->run;

	if (v->m->config.isolated && run->io.port == ISOLATION_PORT)
		return !isolation_hypercall(v) ||
		       report(v, MACHINE_FAILED, "KVM does not hand out a vCPU's registers");
	ports_access(v->m->config.ports, run->io.port, run->io.direction == KVM_EXIT_IO_OUT,
		     (uint8_t *)run + run->io.data_offset, run->io.size, run->io.count);
	return true;
}

/* There are no memory-mapped devices outside of KVM: reads give all ones. */
static bool exit_mmio(struct vcpu *v)
{
	if (!v->run->mmio.is_write)
		memset(v->run->mmio.data, 0xff, sizeof(v->run->mmio.data));
	return true;
}

static bool exit_hyperv(struct vcpu *v)
{
	const struct machine_ops *ops = &v->m->config.ops;
	struct kvm_hyperv_exit *hv = &v->run->hyperv;

	if (hv->type == KVM_EXIT_HYPERV_SYNIC)
		ops->synic(ops->arg, v->index, hv->u.synic.control, hv->u.synic.evt_page,
			   hv->u.synic.msg_page);
	else if (hv->type == KVM_EXIT_HYPERV_HCALL)
		hv->u.hcall.result = ops->hypercall(ops->arg, hv->u.hcall.input,
						    hv->u.hcall.params[0]);
	return true;
}

static bool exit_wrmsr(struct vcpu *v)
{
	v->run->msr.error = isolation_wrmsr(v, v->run->msr.index, v->run->msr.data);
	return true;
}

static void report_crash(struct vcpu *v)
{
	const struct machine_ops *ops = &v->m->config.ops;
	struct {
		struct kvm_msrs info;
		struct kvm_msr_entry entries[5];
	} msrs = { .info.nmsrs = 5 };
	uint64_t params[5];
	unsigned int i;

	for (i = 0; i < 5; i++)
		msrs.entries[i].index = MSR_HV_CRASH_P0 + i;
	if (ioctl(v->fd, KVM_GET_MSRS, &msrs) != 5)
		return;
	for (i = 0; i < 5; i++)
		params[i] = msrs.entries[i].data;
	ops->crash(ops->arg, params);
}

static bool exit_system_event(struct vcpu *v)
{
	switch (v->run->system_event.type) {
	case KVM_SYSTEM_EVENT_RESET:
		return report(v, MACHINE_RESET, "Hyper-V reset register");
	case KVM_SYSTEM_EVENT_CRASH:
		report_crash(v);
		return true;
	}
	return true;
}

static bool exit_shutdown(struct vcpu *v)
{
	return report(v, MACHINE_TRIPLE_FAULT, "triple fault");
}

static bool exit_fail_entry(struct vcpu *v)
{
	char text[96];

	snprintf(text, sizeof(text), "vCPU %u: the hardware refused to enter the guest (0x%llx)",
		 v->index, v->run->fail_entry.hardware_entry_failure_reason);
	return report(v, MACHINE_FAILED, text);
}

static bool exit_internal_error(struct vcpu *v)
{
	struct kvm_regs regs = { 0 };
	char text[96];

	ioctl(v->fd, KVM_GET_REGS, &regs);
	snprintf(text, sizeof(text), "vCPU %u: KVM internal error %u at rip 0x%llx", v->index,
		 v->run->internal.suberror, regs.rip);
	return report(v, MACHINE_FAILED, text);
}

static const struct {
	const char *name;	/* in statistics */
	exit_fn fn;		/* NULL: nothing to do */
} exits[NR_EXIT_REASONS] = {
	[KVM_EXIT_IO] = { "io", exit_io },
	[KVM_EXIT_MMIO] = { "mmio", exit_mmio },
	[KVM_EXIT_HYPERV] = { "hyperv", exit_hyperv },
	[KVM_EXIT_X86_WRMSR] = { "wrmsr", exit_wrmsr },
	[KVM_EXIT_SYSTEM_EVENT] = { "system_event", exit_system_event },
	[KVM_EXIT_SHUTDOWN] = { "shutdown", exit_shutdown },
	[KVM_EXIT_FAIL_ENTRY] = { "fail_entry", exit_fail_entry },
	[KVM_EXIT_INTERNAL_ERROR] = { "internal_error", exit_internal_error },
	[KVM_EXIT_INTR] = { "intr", NULL },
	[KVM_EXIT_HLT] = { "hlt", NULL },
	[KVM_EXIT_IOAPIC_EOI] = { "ioapic_eoi", NULL },
};

static bool handle_exit(struct vcpu *v)
{
	uint32_t reason = v->run->exit_reason;
	char text[64];

	if (reason < NR_EXIT_REASONS) {
		v->exits[reason]++;
		if (exits[reason].fn)
			return exits[reason].fn(v);
		if (exits[reason].name)
			return true;
	}
	snprintf(text, sizeof(text), "vCPU %u: unknown exit reason %u", v->index, reason);
	return report(v, MACHINE_FAILED, text);
}

/* ---- the thread ---- */

/* Return: false when the thread shall end. */
static bool enter_run(struct vcpu *v)
{
	bool go;

	pthread_mutex_lock(&v->lock);
	while (v->pausers && !v->stop)
		pthread_cond_wait(&v->changed, &v->lock);
	go = !v->stop;
	if (go) {
		v->run->immediate_exit = 0;
		v->in_run = true;
	}
	pthread_mutex_unlock(&v->lock);
	return go;
}

static void leave_run(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->in_run = false;
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *v = arg;
	bool go = true;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", v->index);
	pthread_setname_np(pthread_self(), name);
	current_vcpu = v;
	while (go && enter_run(v)) {
		int ret = ioctl(v->fd, KVM_RUN, 0), error = errno;

		leave_run(v);
		if (!ret) {
			go = handle_exit(v);
		} else if (error == EINTR || error == EAGAIN) {
			v->interrupted++;
		} else {
			char text[64];

			snprintf(text, sizeof(text), "vCPU %u: KVM_RUN: %s", v->index,
				 strerror(error));
			go = report(v, MACHINE_FAILED, text);
		}
	}
	return NULL;
}

static void on_kick(int sig)
{
}

int vcpu_start(struct vcpu *v, struct error *err)
{
	struct sigaction action = { .sa_handler = on_kick };
	int error;

	sigaction(KICK_SIGNAL, &action, NULL);
	v->stop = false;
	error = pthread_create(&v->thread, NULL, vcpu_thread, v);
	if (error)
		return error_set(err, "cannot start vCPU %u: %s", v->index, strerror(error));
	v->has_thread = true;
	return 0;
}

/* Get the thread out of KVM_RUN. The caller holds the lock and has told it not to go back. */
static void kick(struct vcpu *v)
{
	if (!v->in_run)
		return;
	v->run->immediate_exit = 1;
	pthread_kill(v->thread, KICK_SIGNAL);
}

void vcpu_stop(struct vcpu *v)
{
	if (!v->has_thread)
		return;
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	kick(v);
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
	pthread_join(v->thread, NULL);
	v->has_thread = false;
}

void vcpu_pause(struct vcpu *v)
{
	if (v == current_vcpu)
		return;
	pthread_mutex_lock(&v->lock);
	v->pausers++;
	kick(v);
	while (v->in_run)
		pthread_cond_wait(&v->changed, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

void vcpu_resume(struct vcpu *v)
{
	if (v == current_vcpu)
		return;
	pthread_mutex_lock(&v->lock);
	v->pausers--;
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

json_t *vcpu_stats(const struct vcpu *v)
{
	json_t *object = json_object(), *kvm = kvm_stats_read(v->stats_fd);
	unsigned int i;

	if (kvm)
		json_object_set_new(object, "kvm", kvm);
	for (i = 0; i < NR_EXIT_REASONS; i++)
		if (v->exits[i] && exits[i].name)
			json_object_set_new(object, exits[i].name, json_integer(v->exits[i]));
	json_object_set_new(object, "kicked", json_integer(v->interrupted));
	return object;
}
