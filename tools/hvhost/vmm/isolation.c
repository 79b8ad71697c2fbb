// SPDX-License-Identifier: GPL-2.0
/*
 * The hypercall page of an isolated guest. TLFS, "Establishing the Hypercall Interface": what is in
 * that page is the hypervisor's. KVM writes its own when the register is set; where it begins with
 * the call code's comparison instead, one code goes another way.
 */
#include "vmm/isolation.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/machine_internal.h"

#define MSR_HYPERCALL		0x40000001u
#define HYPERCALL_ENABLE	1u
#define KVM_CALL_SIZE		4	/* vmcall or vmmcall, and ret */

/* The input value is in rcx, the input's address in rdx, the result in rax. */
static const uint8_t page_begin[] = {
	0x66, 0x81, 0xf9, ISOLATION_CALL & 0xff, ISOLATION_CALL >> 8,	/* cmp cx */
	0x74, KVM_CALL_SIZE,		/* je, behind KVM's */
};
static const uint8_t page_end[] = {
	0xe6, ISOLATION_PORT,		/* out al */
	0xc3,				/* ret */
};

int isolation_enable(struct machine *m, struct error *err)
{
	struct kvm_enable_cap exits = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { KVM_MSR_EXIT_REASON_FILTER },
	};
	uint8_t none = 0;
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges[0] = { .flags = KVM_MSR_FILTER_WRITE, .base = MSR_HYPERCALL, .nmsrs = 1,
			       .bitmap = &none },
	};

	if (ioctl(m->vm_fd, KVM_ENABLE_CAP, &exits) < 0 ||
	    ioctl(m->vm_fd, KVM_X86_SET_MSR_FILTER, &filter) < 0)
		return error_set(err, "KVM cannot hand on the hypercall register of an isolated "
				 "guest: %s", strerror(errno));
	return 0;
}

int isolation_wrmsr(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct {
		struct kvm_msrs info;
		struct kvm_msr_entry entry;
	} msrs = { .info.nmsrs = 1, .entry = { .index = index, .data = value } };
	uint8_t call[KVM_CALL_SIZE], *page;

	if (ioctl(v->fd, KVM_SET_MSRS, &msrs) != 1)
		return 1;
	if (index != MSR_HYPERCALL || !(value & HYPERCALL_ENABLE))
		return 0;
	page = guest_ptr(v->m->config.mem, value & ~(uint64_t)(GUEST_PAGE_SIZE - 1),
			 GUEST_PAGE_SIZE);
	if (!page)
		return 1;
	memcpy(call, page, sizeof(call));
	memcpy(page, page_begin, sizeof(page_begin));
	memcpy(page + sizeof(page_begin), call, sizeof(call));
	memcpy(page + sizeof(page_begin) + sizeof(call), page_end, sizeof(page_end));
	return 0;
}

int isolation_hypercall(struct vcpu *v)
{
	const struct machine_ops *ops = &v->m->config.ops;
	struct kvm_regs regs;

	if (ioctl(v->fd, KVM_GET_REGS, &regs) < 0)
		return -errno;
	regs.rax = ops->hypercall(ops->arg, regs.rcx, regs.rdx);
	return ioctl(v->fd, KVM_SET_REGS, &regs) < 0 ? -errno : 0;
}
