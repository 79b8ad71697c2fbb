/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shim to the hypervisor: hypercalls, SynIC registers and the interrupt, as a table of
 * operations. No other unit knows a register, a hypercall's calling convention or a vector.
 */
#ifndef HVIC_VMBUS_ARCH_H
#define HVIC_VMBUS_ARCH_H

#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* The SINT that VMBus messages and events come through. */
#define VMBUS_SINT	2

struct device;
struct hv_message;
struct vmbus_channel;

/* What one CPU shares with the hypervisor. Pages are one HV_HYP_PAGE each. */
struct vmbus_cpu {
	void *message_page;		/* 16 message slots, one a SINT */
	void *event_page;		/* 16 x 2048 event flags, one set a SINT */
	void *post_page;		/* input of post_message, used with preemption off */
	struct tasklet_struct message_tasklet;
};

/**
 * struct vmbus_arch_ops - what an architecture supplies
 * @pages_alloc: allocate @message_page, @event_page and @post_page of one CPU's context.
 *	Process context. Return: 0 or -ENOMEM; what was allocated is freed by @pages_free.
 * @pages_free: free what there is of them
 * @irq_setup: have @handler called, in interrupt context, on the CPU that is interrupted; @bus is
 *	what the firmware tells of the bus. The CPUs' contexts are there. Process context.
 *	Return: the interrupt's number, which the kernel's entropy pool is told, or -errno.
 * @irq_remove: undo @irq_setup. The SynICs are disabled.
 * @synic_enable: point this CPU's SynIC at the pages and unmask the SINT. On that CPU.
 * @synic_disable: mask the SINT and detach the pages. On that CPU.
 * @post_message: HvCallPostMessage. Any context. Return: HV_STATUS_*.
 * @signal_event: HvCallSignalEvent on a channel's connection. Any context.
 * @timers_by_message: whether the CPUs' clock events are messages, which the bus hands on
 * @end_message: free a message slot if it still holds a message of @old_type, and tell the
 *	hypervisor when more are waiting
 */
struct vmbus_arch_ops {
	int (*pages_alloc)(struct vmbus_cpu *context);
	void (*pages_free)(struct vmbus_cpu *context);
	int (*irq_setup)(struct device *bus, void (*handler)(void));
	void (*irq_remove)(void);
	void (*synic_enable)(unsigned int cpu, struct vmbus_cpu *context);
	void (*synic_disable)(unsigned int cpu, struct vmbus_cpu *context);
	u16 (*post_message)(struct vmbus_cpu *context, u32 connection_id, u32 type,
			    const void *payload, size_t len);
	void (*signal_event)(u64 *connection);
	bool (*timers_by_message)(void);
	void (*end_message)(struct hv_message *msg, u32 old_type);
};

/* This architecture's table. */
extern const struct vmbus_arch_ops vmbus_arch_native;

/* The table in use, the CPUs' contexts, and the number that irq_setup returned (cpu.c). */
extern const struct vmbus_arch_ops *vmbus_arch;
extern struct vmbus_cpu __percpu *vmbus_cpus;
extern int vmbus_irq_number;

int vmbus_cpus_alloc(void);
void vmbus_cpus_free(void);
void vmbus_cpus_kill_tasklets(void);

#endif
