// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor of the suites (TLFS, "Virtual interrupt controller" and "Inter-partition
 * communication"). It interrupts with irq_work, so the bus's handler runs in a real interrupt,
 * and its tasklet after one.
 */
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/smp.h>

#include "../vmbus.h"
#include "fake_hypervisor.h"

/* The SINT of messages and event flags. */
#define SINT	2

struct fake_hypervisor fake_hv;

/* One message is on its way to the guest at a time; the handler stays while one is. */
static DEFINE_MUTEX(delivery);
static DEFINE_PER_CPU(struct irq_work, interrupt_work);

static void interrupt(struct irq_work *work)
{
	if (fake_hv.handler)
		fake_hv.handler();
}

/** fake_hv_reset() - a hypervisor that does all it is asked. The bus is not loaded. */
void fake_hv_reset(void)
{
	unsigned int cpu;

	memset(&fake_hv, 0, sizeof(fake_hv));
	fake_hv.pages_left = -1;
	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&interrupt_work, cpu), interrupt);
}

/* ---- what the bus calls ---- */

static int fake_pages_alloc(struct vmbus_cpu *context)
{
	if (!fake_hv.pages_left)
		return -ENOMEM;
	fake_hv.pages_left--;
	context->post_page = (void *)get_zeroed_page(GFP_KERNEL);
	context->message_page = (void *)get_zeroed_page(GFP_KERNEL);
	context->event_page = (void *)get_zeroed_page(GFP_KERNEL);
	return context->post_page && context->message_page && context->event_page ? 0 : -ENOMEM;
}

static void fake_pages_free(struct vmbus_cpu *context)
{
	free_page((unsigned long)context->post_page);
	free_page((unsigned long)context->message_page);
	free_page((unsigned long)context->event_page);
	context->post_page = NULL;
	context->message_page = NULL;
	context->event_page = NULL;
}

static int fake_irq_setup(struct device *bus, void (*handler)(void))
{
	if (fake_hv.irq_error)
		return fake_hv.irq_error;
	fake_hv.handler = handler;
	fake_hv.bus = bus;
	return FAKE_INTERRUPT;
}

static void fake_irq_remove(void)
{
	mutex_lock(&delivery);
	fake_hv.handler = NULL;
	mutex_unlock(&delivery);
}

static void fake_synic_enable(unsigned int cpu, struct vmbus_cpu *context)
{
	if (!context->message_page || !context->event_page || cpu != raw_smp_processor_id())
		fake_hv.strange_pages++;
	cpumask_set_cpu(cpu, &fake_hv.enabled);
	atomic_inc(&fake_hv.enables);
}

static void fake_synic_disable(unsigned int cpu, struct vmbus_cpu *context)
{
	cpumask_clear_cpu(cpu, &fake_hv.enabled);
	atomic_inc(&fake_hv.disables);
}

static u16 fake_post_message(struct vmbus_cpu *context, u32 connection_id, u32 type,
			     const void *payload, size_t len)
{
	struct fake_posted *posted = context->post_page;
	u16 status;

	BUILD_BUG_ON(sizeof(*posted) > HV_HYP_PAGE_SIZE);
	posted->connection = connection_id;
	posted->type = type;
	posted->len = len;
	memset(posted->bytes, 0, sizeof(posted->bytes));
	memcpy(posted->bytes, payload, len);

	status = fake_hv.status ? fake_hv.status(posted) : HV_STATUS_SUCCESS;
	if (status != HV_STATUS_SUCCESS)
		atomic_inc(&fake_hv.refused);
	else if (fake_hv.receive)
		fake_hv.receive(posted);
	return status;
}

static void fake_signal_event(u64 *connection)
{
	WRITE_ONCE(fake_hv.last_signal, *connection);
	atomic_inc(&fake_hv.signals);
}

/* They keep the bus's module, and this one is unloaded. */
static bool fake_timers_by_message(void)
{
	return false;
}

static void fake_end_message(struct hv_message *msg, u32 old_type)
{
	if (cmpxchg(&msg->header.message_type, old_type, HVMSG_NONE) != old_type)
		return;
	atomic_inc(&fake_hv.ends);
	if (msg->header.message_flags.msg_pending)
		atomic_inc(&fake_hv.eoms);
}

/* The table in the native one's place. */
const struct vmbus_arch_ops vmbus_arch_native = {
	.pages_alloc = fake_pages_alloc,
	.pages_free = fake_pages_free,
	.irq_setup = fake_irq_setup,
	.irq_remove = fake_irq_remove,
	.synic_enable = fake_synic_enable,
	.synic_disable = fake_synic_disable,
	.post_message = fake_post_message,
	.signal_event = fake_signal_event,
	.timers_by_message = fake_timers_by_message,
	.end_message = fake_end_message,
};

/* ---- what the host and the tests call, in process context ---- */

/** fake_hv_slot() - the slot of the bus's messages on a CPU. The bus is loaded. */
struct hv_message *fake_hv_slot(unsigned int cpu)
{
	return (struct hv_message *)per_cpu_ptr(vmbus_cpus, cpu)->message_page + SINT;
}

static void raise_interrupt(void *unused)
{
	irq_work_queue(this_cpu_ptr(&interrupt_work));
}

/** fake_hv_interrupt() - interrupt a CPU, and wait until its handler has run. May sleep. */
void fake_hv_interrupt(unsigned int cpu)
{
	smp_call_function_single(cpu, raise_interrupt, NULL, 1);
	irq_work_sync(per_cpu_ptr(&interrupt_work, cpu));
}

static bool slot_free(unsigned int cpu)
{
	return READ_ONCE(fake_hv_slot(cpu)->header.message_type) == HVMSG_NONE;
}

/**
 * fake_hv_message() - put a message into a CPU's slot when that is free, and interrupt
 * @cpu: whose slot
 * @type: hypervisor's message type, 1 for a channel message
 * @payload: the message
 * @len: its bytes, at most 240; the rest of the slot is poisoned
 * @said_len: the length that the slot's header tells
 *
 * May sleep. Return: false: the guest takes no messages there.
 */
bool fake_hv_message(unsigned int cpu, u32 type, const void *payload, u32 len, u8 said_len)
{
	struct hv_message *slot;
	bool good = false;

	mutex_lock(&delivery);
	if (!fake_hv.handler || !cpumask_test_cpu(cpu, &fake_hv.enabled))
		goto out;
	slot = fake_hv_slot(cpu);
	if (!slot_free(cpu)) {
		slot->header.message_flags.msg_pending = 1;
		if (!fake_wait(slot_free(cpu)))
			goto out;
	}
	memset(slot->u.payload, 0xa5, sizeof(slot->u.payload));
	memcpy(slot->u.payload, payload, len);
	slot->header.payload_size = said_len;
	slot->header.message_flags.asu8 = 0;
	/* The type tells that the rest is there. */
	smp_store_release(&slot->header.message_type, type);
	if (!fake_hv.deaf)
		fake_hv_interrupt(cpu);
	good = true;
out:
	mutex_unlock(&delivery);
	return good;
}

/**
 * fake_hv_event() - set an event flag on a CPU, and interrupt
 * @cpu: whose flag
 * @flag: below 2048
 * May sleep.
 */
void fake_hv_event(unsigned int cpu, u32 flag)
{
	union hv_synic_event_flags *sets = per_cpu_ptr(vmbus_cpus, cpu)->event_page;

	set_bit(flag, sets[SINT].flags);
	fake_hv_interrupt(cpu);
}

/** fake_hv_idle() - wait until each message has been taken. Return: false: not in time. */
bool fake_hv_idle(void)
{
	unsigned int cpu;
	bool idle = true;

	if (!fake_hv.handler)
		return true;
	for_each_cpu(cpu, &fake_hv.enabled)
		idle &= fake_wait(slot_free(cpu));
	return idle;
}
