// SPDX-License-Identifier: GPL-2.0
/*
 * Where locks sleep (PREEMPT_RT): a thread a CPU that serves the bus's interrupts. The kernel makes
 * threads of handlers that are requested by number, and this one has a vector of its own. The CPU
 * hotplug core parks a CPU's thread after vmbus_cpu_offline() and has it run again before
 * vmbus_cpu_online().
 */
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smpboot.h>

#include "vmbus.h"

/* Written on its CPU alone: @raised by the interrupt, the rest by the thread. */
struct irq_thread {
	struct task_struct *task;
	u32 raised;		/* interrupts, a count that may wrap */
	u32 served;		/* of these; all of them when the thread is idle */
};

static DEFINE_PER_CPU(struct irq_thread, irq_thread);

static int irq_thread_should_run(unsigned int cpu)
{
	return !vmbus_irq_thread_idle(cpu);
}

static void irq_thread_run(unsigned int cpu)
{
	/* One that comes from here on is counted again, whether or not it is served now. */
	u32 raised = this_cpu_read(irq_thread.raised);

	/* Tasklets and polling that are raised run here and now, as after an interrupt. */
	local_bh_disable();
	vmbus_serve();
	local_bh_enable();
	this_cpu_write(irq_thread.served, raised);
}

static void irq_thread_setup(unsigned int cpu)
{
	/* The kernel's own priority for threads of interrupts; chrt changes it. */
	sched_set_fifo(current);
}

static struct smp_hotplug_thread irq_threads = {
	.store = &irq_thread.task,
	.setup = irq_thread_setup,
	.thread_should_run = irq_thread_should_run,
	.thread_fn = irq_thread_run,
	.thread_comm = "hv_vmbus/%u",
};

/**
 * vmbus_irq_threads_start() - there is a thread for each CPU, now and when one comes online
 * Process context; the CPUs' contexts are there, interrupts are not.
 * Return: 0, also where none are needed; as smpboot_register_percpu_thread().
 */
int vmbus_irq_threads_start(void)
{
	return VMBUS_IRQ_THREADED ? smpboot_register_percpu_thread(&irq_threads) : 0;
}

/** vmbus_irq_threads_stop() - no interrupt comes any more. Process context. */
void vmbus_irq_threads_stop(void)
{
	if (VMBUS_IRQ_THREADED)
		smpboot_unregister_percpu_thread(&irq_threads);
}

/**
 * vmbus_irq_thread_wake() - this CPU's thread has something to serve
 * Hard interrupt. If the thread died in a channel's callback the CPU's channels stand still; its
 * task is kept until vmbus_irq_threads_stop().
 */
void vmbus_irq_thread_wake(void)
{
	this_cpu_inc(irq_thread.raised);
	wake_up_process(this_cpu_read(irq_thread.task));
}

/** vmbus_irq_thread_idle() - whether @cpu's thread has served all. On that CPU. */
bool vmbus_irq_thread_idle(unsigned int cpu)
{
	const struct irq_thread *thread = per_cpu_ptr(&irq_thread, cpu);

	return READ_ONCE(thread->served) == READ_ONCE(thread->raised);
}
