// SPDX-License-Identifier: GPL-2.0
/* Interrupts: from the event flags of a CPU to the channels' callbacks. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <linux/interrupt.h>
#include <linux/random.h>
#include <asm/mshyperv.h>
#include <clocksource/hyperv_timer.h>

#include "vmbus.h"
#include "trace.h"

/* One channel's flag was set. As vmbus_serve(). */
static void event_channel(u32 relid)
{
	struct vmbus_channel *channel;
	void (*callback)(void *context);

	/* A channel is freed after a grace period. */
	rcu_read_lock();
	channel = vmbus_relid_channel(relid);
	if (!channel || READ_ONCE(channel->rescind))
		goto out_rcu;

	/* The ring stays mapped while the callback is set: vmbus_reset_channel_cb(). */
	spin_lock(&channel->sched_lock);
	/* What it needs, the context and the rings, was set up before it: channel_open(). */
	callback = smp_load_acquire(&channel->onchannel_callback);
	if (unlikely(!callback))
		goto out_lock;

	trace_vmbus_chan_sched(channel);
	++channel->interrupts;

	switch (channel->callback_mode) {
	case HV_CALL_ISR:
		callback(channel->channel_callback_context);
		break;
	case HV_CALL_BATCHED:
		/* No interrupt while the ring is being drained. */
		hv_begin_read(&channel->inbound);
		fallthrough;
	case HV_CALL_DIRECT:
		tasklet_schedule(&channel->callback_event);
		break;
	}
out_lock:
	spin_unlock(&channel->sched_lock);
out_rcu:
	rcu_read_unlock();
}

static void event_scan(const struct vmbus_cpu *context)
{
	union hv_synic_event_flags *sets = context->event_page;
	unsigned int word, words = vmbus_relid_words();
	unsigned long *flags;

	if (unlikely(!sets))
		return;
	flags = sets[VMBUS_SINT].flags;

	for (word = 0; word < words; word++) {
		unsigned long pending;

		if (!READ_ONCE(flags[word]))
			continue;
		/* One atomic operation for a word of channels. */
		pending = xchg(&flags[word], 0);
		while (pending) {
			u32 relid = word * BITS_PER_LONG + __ffs(pending);

			pending &= pending - 1;
			if (relid)
				event_channel(relid);
		}
	}
}

static struct hv_message *message_slot(const struct vmbus_cpu *context)
{
	struct hv_message *slots = context->message_page;

	return likely(slots) ? slots + VMBUS_SINT : NULL;
}

/**
 * vmbus_serve() - call for what this CPU's event flags and message slot tell
 * Hard interrupt; with VMBUS_IRQ_THREADED the CPU's thread, softirqs disabled.
 */
void vmbus_serve(void)
{
	struct vmbus_cpu *context = this_cpu_ptr(vmbus_cpus);
	const struct hv_message *slot = message_slot(context);
	u32 type;

	event_scan(context);

	type = slot ? READ_ONCE(slot->header.message_type) : HVMSG_NONE;
	if (type != HVMSG_NONE && type != HVMSG_TIMER_EXPIRED)
		tasklet_schedule(&context->message_tasklet);
}

/** vmbus_isr() - the SINT was raised on this CPU. Hard interrupt. */
void vmbus_isr(void)
{
	struct hv_message *slot = message_slot(this_cpu_ptr(vmbus_cpus));

	/* A clock event device without direct mode shares the slot. It waits for no thread. */
	if (slot && READ_ONCE(slot->header.message_type) == HVMSG_TIMER_EXPIRED) {
		hv_stimer0_isr();
		vmbus_arch->end_message(slot, HVMSG_TIMER_EXPIRED);
	}

	if (VMBUS_IRQ_THREADED)
		vmbus_irq_thread_wake();
	else
		vmbus_serve();

	add_interrupt_randomness(vmbus_irq_number);
}

/**
 * vmbus_on_event() - call a channel's callback until its ring is empty
 * @data: struct vmbus_channel
 *
 * In batched mode the host's interrupt is masked while the callback runs; unmasking it tells
 * whether something came meanwhile. Tasklet.
 */
void vmbus_on_event(unsigned long data)
{
	struct vmbus_channel *channel = (void *)data;
	void (*callback)(void *context);

	trace_vmbus_on_event(channel);

	/* As in event_channel(). */
	callback = smp_load_acquire(&channel->onchannel_callback);
	if (unlikely(!callback))
		return;
	callback(channel->channel_callback_context);

	if (channel->callback_mode != HV_CALL_BATCHED)
		return;
	if (likely(!hv_end_read(&channel->inbound)))
		return;
	hv_begin_read(&channel->inbound);
	tasklet_schedule(&channel->callback_event);
}
