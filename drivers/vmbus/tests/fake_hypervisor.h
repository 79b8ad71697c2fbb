/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hypervisor behind the shim's table of operations: SynIC pages in the guest's memory, messages
 * and event flags with real interrupts, and HvCallPostMessage with the status that a test likes.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_HYPERVISOR_H
#define HVIC_VMBUS_TESTS_FAKE_HYPERVISOR_H

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/wait.h>

/* The number of its interrupt. */
#define FAKE_INTERRUPT	0xf3

/* A message that the guest posted. */
struct fake_posted {
	u32 connection, type, len;
	u8 bytes[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
};

struct fake_hypervisor {
	/* How it behaves. */
	u16 (*status)(const struct fake_posted *posted);	/* of a post; NULL: success */
	void (*receive)(const struct fake_posted *posted);	/* gets what was posted well */
	int irq_error;			/* of irq_setup() */
	int pages_left;			/* CPUs that pages can be had for, negative: all */
	bool deaf;			/* messages lie in their slots, no interrupt tells */

	/* What it saw. */
	void (*handler)(void);
	struct device *bus;		/* that irq_setup() was told of */
	cpumask_t enabled;		/* CPUs whose SynIC delivers */
	atomic_t enables, disables;
	atomic_t refused;		/* posts */
	atomic_t ends, eoms;		/* slots freed; of these, with more waiting */
	atomic_t signals;
	u64 last_signal;
	u32 strange_pages;		/* frees without pages, or a SynIC without */
};

extern struct fake_hypervisor fake_hv;

void fake_hv_reset(void);
struct hv_message *fake_hv_slot(unsigned int cpu);
void fake_hv_interrupt(unsigned int cpu);
bool fake_hv_message(unsigned int cpu, u32 type, const void *payload, u32 len, u8 said_len);
void fake_hv_event(unsigned int cpu, u32 flag);
bool fake_hv_idle(void);

/* Waits for what others than the test do, a bounded time. */
#define fake_wait(what) ({						\
	unsigned long until_ = jiffies + 5 * HZ;			\
									\
	while (!(what) && time_before(jiffies, until_))			\
		usleep_range(1000, 2000);				\
	!!(what);							\
})

#endif
