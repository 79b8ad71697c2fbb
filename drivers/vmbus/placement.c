// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPU a channel interrupts. Channels of performance devices go round the NUMA nodes and,
 * in a node, to the CPU that the fewest such channels use; others to the connect CPU. CPUs
 * isolated from managed interrupts are left alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/hyperv.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <asm/mshyperv.h>

#include "vmbus.h"

/* Channels of performance devices that interrupt each CPU. Under channel_mutex. */
static u16 *cpu_load;
static int last_node;

/** vmbus_placement_alloc() - Process context. Return: 0 or -ENOMEM. */
int vmbus_placement_alloc(void)
{
	cpu_load = kcalloc(nr_cpu_ids, sizeof(*cpu_load), GFP_KERNEL);
	last_node = -1;
	return cpu_load ? 0 : -ENOMEM;
}

/** vmbus_placement_free() - there are no channels. */
void vmbus_placement_free(void)
{
	kfree(cpu_load);
	cpu_load = NULL;
}

static bool cpu_usable(unsigned int cpu, int leaving)
{
	return cpu_online(cpu) && (int)cpu != leaving &&
	       cpumask_test_cpu(cpu, housekeeping_cpumask(HK_TYPE_MANAGED_IRQ));
}

/* Channels of the same device on a CPU: a device's channels come first apart. */
static unsigned int own_load(const struct vmbus_channel *channel, unsigned int cpu)
{
	const struct vmbus_channel *primary = channel->primary_channel ?: channel, *sub;
	unsigned int n = primary != channel && primary->target_cpu == cpu;

	list_for_each_entry(sub, &primary->sc_list, sc_list)
		n += sub != channel && sub->target_cpu == cpu;
	return n;
}

/* The best CPU of a node, or of all nodes (NUMA_NO_NODE). Return: the CPU or -1. */
static int pick_cpu(const struct vmbus_channel *channel, int node, int leaving)
{
	unsigned int cpu, best_own = UINT_MAX, best_load = UINT_MAX;
	int best = -1;

	for_each_online_cpu(cpu) {
		unsigned int own;

		if (!cpu_usable(cpu, leaving) ||
		    (node != NUMA_NO_NODE && cpu_to_node(cpu) != node))
			continue;
		own = own_load(channel, cpu);
		if (own > best_own || (own == best_own && cpu_load[cpu] >= best_load))
			continue;
		best = cpu;
		best_own = own;
		best_load = cpu_load[cpu];
	}
	return best;
}

/* The next node that has a usable CPU where this device has no channel yet, else any node. */
static int pick_node(const struct vmbus_channel *channel)
{
	int step;

	for (step = 1; step <= nr_node_ids; step++) {
		int node = (last_node + step) % (int)nr_node_ids;
		int cpu = node_online(node) ? pick_cpu(channel, node, -1) : -1;

		if (cpu >= 0 && !own_load(channel, cpu)) {
			last_node = node;
			return node;
		}
	}
	return NUMA_NO_NODE;
}

static void set_target(struct vmbus_channel *channel, u32 cpu)
{
	channel->target_cpu = cpu;
	if (vmbus_is_perf(channel))
		cpu_load[cpu]++;
}

/**
 * vmbus_place() - choose the CPU of a new channel
 * @channel: not yet on a list; primary_channel and device_id are set
 * Under channel_mutex and cpus_read_lock().
 */
void vmbus_place(struct vmbus_channel *channel)
{
	int cpu = -1;

	if (vmbus_is_perf(channel))
		cpu = pick_cpu(channel, pick_node(channel), -1);
	set_target(channel, cpu < 0 ? VMBUS_CONNECT_CPU : cpu);
}

/** vmbus_unplace() - a channel goes. Under channel_mutex. */
void vmbus_unplace(struct vmbus_channel *channel)
{
	if (vmbus_is_perf(channel))
		cpu_load[channel->target_cpu]--;
}

/**
 * vmbus_retarget() - move an open channel's interrupts to another CPU
 * @channel: an open channel
 * @cpu: online
 *
 * Under channel_mutex and with CPUs neither coming nor going. Protocol 4.1 or later.
 *
 * Return: as vmbus_send_modifychannel().
 */
int vmbus_retarget(struct vmbus_channel *channel, u32 cpu)
{
	u32 old_cpu = channel->target_cpu;
	int ret;

	ret = vmbus_send_modifychannel(channel, hv_cpu_number_to_vp_number(cpu));
	if (ret)
		return ret;

	vmbus_unplace(channel);
	set_target(channel, cpu);
	if (channel->change_target_cpu_callback)
		channel->change_target_cpu_callback(channel, old_cpu, cpu);
	return 0;
}

static int vacate_channel(struct vmbus_channel *channel, unsigned int cpu)
{
	int to;

	if (channel->target_cpu != cpu)
		return 0;
	/* Before 5.3 nobody tells when the CPU has got its last interrupt. */
	if (channel->rescind || vmbus_proto_version < VERSION_WIN10_V5_3)
		return -EBUSY;

	to = vmbus_is_perf(channel) ? pick_cpu(channel, NUMA_NO_NODE, cpu) : -1;
	if (to < 0)
		to = VMBUS_CONNECT_CPU;
	if (channel->state == CHANNEL_OPENED_STATE)
		return vmbus_retarget(channel, to) ? -EBUSY : 0;
	if (channel->state != CHANNEL_OPEN_STATE)
		return -EBUSY;

	/* Not open: the CPU is told to the host when it is opened. */
	vmbus_unplace(channel);
	set_target(channel, to);
	return 0;
}

/**
 * vmbus_vacate_cpu() - no channel interrupts a CPU any more
 * @cpu: going offline, not the connect CPU
 * Process context, in the CPU's hotplug callback. Return: 0 or -EBUSY.
 */
int vmbus_vacate_cpu(unsigned int cpu)
{
	struct vmbus_channel *channel, *sub;
	int ret = 0;

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry(channel, &vmbus_connection.chn_list, listentry) {
		ret = vacate_channel(channel, cpu);
		if (ret)
			goto out;
		list_for_each_entry(sub, &channel->sc_list, sc_list) {
			ret = vacate_channel(sub, cpu);
			if (ret)
				goto out;
		}
	}
out:
	mutex_unlock(&vmbus_connection.channel_mutex);
	return ret;
}
