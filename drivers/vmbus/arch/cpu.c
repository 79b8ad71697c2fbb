// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUs' contexts: allocated for every CPU that may ever come online, before the first
 * SynIC is enabled.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "../vmbus.h"

const struct vmbus_arch_ops *vmbus_arch = &vmbus_arch_native;
struct vmbus_cpu __percpu *vmbus_cpus;
int vmbus_irq_number;

/**
 * vmbus_cpus_alloc() - contexts of all present CPUs
 * Process context. Return: 0 or -ENOMEM, with nothing left allocated.
 */
int vmbus_cpus_alloc(void)
{
	unsigned int cpu;

	vmbus_cpus = alloc_percpu(struct vmbus_cpu);
	if (!vmbus_cpus)
		return -ENOMEM;

	for_each_present_cpu(cpu) {
		struct vmbus_cpu *context = per_cpu_ptr(vmbus_cpus, cpu);

		tasklet_init(&context->message_tasklet, vmbus_message_tasklet,
			     (unsigned long)context);
		if (vmbus_arch->pages_alloc(context)) {
			vmbus_cpus_free();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * vmbus_cpus_free() - undo vmbus_cpus_alloc()
 * The SynICs are disabled and the interrupt handler is removed.
 */
void vmbus_cpus_free(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu)
		vmbus_arch->pages_free(per_cpu_ptr(vmbus_cpus, cpu));
	free_percpu(vmbus_cpus);
	vmbus_cpus = NULL;
}

/** vmbus_cpus_kill_tasklets() - no message is being handled after this. Process context. */
void vmbus_cpus_kill_tasklets(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(vmbus_cpus, cpu)->message_tasklet);
}
