/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that is isolated from its host calls the hypervisor to share pages, and KVM does not know
 * that call. So its hypercall page is not KVM's: that call goes to a port, all others as before.
 */
#ifndef HVHOST_VMM_ISOLATION_H
#define HVHOST_VMM_ISOLATION_H

#include <stdint.h>

#include "error.h"

struct machine;
struct vcpu;

#define ISOLATION_PORT		0xe5
#define ISOLATION_CALL		0x00db	/* HvCallModifySparseGpaPageHostVisibility */

/** isolation_enable() - have writes of the hypercall register come here. Return: 0 or -1. */
int isolation_enable(struct machine *m, struct error *err);

/** isolation_wrmsr() - such a write, on the vCPU's thread. Return: 0; 1: the guest gets a #GP. */
int isolation_wrmsr(struct vcpu *v, uint32_t index, uint64_t value);

/** isolation_hypercall() - the call that came by the port, on the vCPU's thread.
 * Return: 0, or -errno when KVM does not hand out the registers.
 */
int isolation_hypercall(struct vcpu *v);

#endif
