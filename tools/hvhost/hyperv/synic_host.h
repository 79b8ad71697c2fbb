/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic interrupt controller's other side: what the virtual machine offers to it, and
 * what main and the vCPUs tell it. Services use synic.h.
 */
#ifndef HVHOST_HYPERV_SYNIC_HOST_H
#define HVHOST_HYPERV_SYNIC_HOST_H

#include <jansson.h>
#include <stdbool.h>

#include "hyperv/synic.h"
#include "loop.h"
#include "vmm/memory.h"

/* What the controller needs of the virtual machine. All return 0 or -errno. */
struct synic_ops {
	/* Raise @sint of @vp when @irq_fd is written; write @ack_fd at its EOM or EOI. */
	int (*connect_sint)(void *arg, uint32_t vp, unsigned int sint, int irq_fd, int ack_fd);
	/* Write @fd when the guest signals @conn_id; -1 ends that. */
	int (*bind_signal)(void *arg, uint32_t conn_id, int fd);
	/* Keep @vp out of guest code until resume(). The hypervisor may put timer messages into
	 * the slots of a processor while it runs. */
	void (*pause)(void *arg, uint32_t vp);
	void (*resume)(void *arg, uint32_t vp);
	void *arg;
};

/** synic_new() - @loop: where EOMs are noticed. Return: NULL with errno set. */
struct synic *synic_new(struct loop *loop, const struct guest_memory *mem, uint32_t nr_vps,
			const struct synic_ops *ops);
void synic_free(struct synic *synic);

/** synic_reset() - the virtual machine is a new one: no page, no route, no bound signal. No
 * vCPU runs. Main loop.
 */
void synic_reset(struct synic *synic);

/** synic_set_pages() - the guest wrote SCONTROL, SIEFP or SIMP of @vp; the registers' values.
 * On that vCPU's thread.
 */
void synic_set_pages(struct synic *synic, uint32_t vp, uint64_t control, uint64_t event_page,
		     uint64_t message_page);

/** synic_kick_signal() - write the eventfd bound to @conn_id. Return: whether there is one. */
bool synic_kick_signal(struct synic *synic, uint32_t conn_id);

/** synic_stats() - counters. Return: a new reference. */
json_t *synic_stats(struct synic *synic);

#endif
