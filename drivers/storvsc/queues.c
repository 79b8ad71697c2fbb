// SPDX-License-Identifier: GPL-2.0
/*
 * Channels of a controller: opening the primary and the subchannels, which of them a CPU
 * sends on, and the callback that takes what the host answers.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include <ring/ring.h>

#include "storvsc.h"

/* How long one callback may take packets before it lets others run. */
#define STORVSC_CALLBACK_BUDGET	256

static int storvsc_ringbuffer_size = 128 * 1024;
module_param(storvsc_ringbuffer_size, int, 0444);
MODULE_PARM_DESC(storvsc_ringbuffer_size, "Size of each of a channel's two rings (bytes)");

static unsigned int storvsc_max_hw_queues;
module_param(storvsc_max_hw_queues, uint, 0644);
MODULE_PARM_DESC(storvsc_max_hw_queues, "Most hardware queues of a controller (0: one a CPU)");

static int storvsc_vcpus_per_sub_channel = 4;
module_param(storvsc_vcpus_per_sub_channel, int, 0444);
MODULE_PARM_DESC(storvsc_vcpus_per_sub_channel,
		 "CPUs that share a channel, for the queue depth that is offered");

static int ring_avail_percent_lowater = 10;
module_param(ring_avail_percent_lowater, int, 0444);
MODULE_PARM_DESC(ring_avail_percent_lowater,
		 "Use another channel when less than this part of a ring is free (percent)");

/*
 * Guards the way from a subchannel that the host offers to its controller, and the use of it there,
 * against the controller's end. Nothing is asked of a controller's own locks before it is found.
 */
static DEFINE_MUTEX(storvsc_subchannel_lock);

/**
 * storvsc_ring_bytes() - size of one ring, control page and alignment included
 *
 * The parameter is held between one page of data and HVIC_RING_MAX.
 *
 * Context: any. Return: bytes.
 */
int storvsc_ring_bytes(void)
{
	int bytes = clamp(storvsc_ringbuffer_size, (int)PAGE_SIZE, HVIC_RING_MAX);

	return min_t(int, VMBUS_RING_SIZE(bytes), HVIC_RING_MAX);
}

/**
 * storvsc_check_parameters() - say which parameter cannot be had as it was given
 *
 * Context: process, once.
 */
void __init storvsc_check_parameters(void)
{
	if (storvsc_ringbuffer_size < (int)PAGE_SIZE || storvsc_ringbuffer_size > HVIC_RING_MAX)
		pr_warn(KBUILD_MODNAME ": storvsc_ringbuffer_size=%d is not from %lu to %d, using the nearest\n",
			storvsc_ringbuffer_size, PAGE_SIZE, HVIC_RING_MAX);
}

/**
 * storvsc_hw_queues() - block layer queues for a controller
 * @sh: the controller
 *
 * Context: any. Return: at least 1.
 */
unsigned int storvsc_hw_queues(const struct storvsc_host *sh)
{
	unsigned int cpus = num_present_cpus();

	if (sh->kind == STORVSC_IDE)
		return 1;
	if (storvsc_max_hw_queues > cpus)
		storvsc_log(sh, STORVSC_LOG_WARN,
			    "storvsc_max_hw_queues=%u is more than the %u CPUs, using one a CPU\n",
			    storvsc_max_hw_queues, cpus);
	else if (storvsc_max_hw_queues)
		return storvsc_max_hw_queues;
	return cpus;
}

/**
 * storvsc_can_queue() - commands that one hardware queue may have in flight
 * @sh: the controller
 *
 * Deep enough that one CPU can fill a ring alone, and that all CPUs together can fill every
 * ring twice over; the ring itself says no when it is full.
 *
 * Context: any. Return: commands, at least 1.
 */
unsigned int storvsc_can_queue(const struct storvsc_host *sh)
{
	unsigned int packet = ALIGN(sizeof(struct vmbus_packet_mpb_array) +
				    STORVSC_USUAL_PFNS * sizeof(u64) +
				    sizeof(struct vstor_packet) + sizeof(u64), sizeof(u64));
	unsigned int ring = (storvsc_ring_bytes() - PAGE_SIZE) / packet;
	unsigned int channels = 1;

	if (sh->kind != STORVSC_IDE && storvsc_vcpus_per_sub_channel > 0)
		channels += (num_online_cpus() - 1) / storvsc_vcpus_per_sub_channel;
	ring = ring * (100 - clamp(ring_avail_percent_lowater, 0, 90)) / 100;
	return max3(ring, 2 * ring * channels / storvsc_hw_queues(sh), 1u);
}

/*
 * Ties each possible CPU to a channel: the one whose interrupts it takes, else one of its
 * node, else any; CPUs without one of their own are spread evenly. channel_lock is held.
 */
static void storvsc_map_cpus(struct storvsc_host *sh)
{
	unsigned int cpu, i, next = 0;

	for_each_possible_cpu(cpu) {
		struct storvsc_channel *own = NULL, *near = NULL;

		for (i = 0; i < sh->nr_channels && !own; i++) {
			struct storvsc_channel *ch = &sh->channels[(next + i) % sh->nr_channels];
			unsigned int target = ch->vmbus->target_cpu;

			if (target == cpu)
				own = ch;
			else if (!near && cpu_to_node(target) == cpu_to_node(cpu))
				near = ch;
		}
		if (!own) {
			own = near ? near : &sh->channels[next % sh->nr_channels];
			next++;
		}
		/* The channel before the pointer, which storvsc_pick_channel() follows unlocked. */
		smp_store_release(&sh->by_cpu[cpu], own);
	}
}

static void storvsc_add_channel(struct storvsc_host *sh, struct vmbus_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&sh->channel_lock, flags);
	if (!WARN_ON_ONCE(sh->nr_channels == sh->max_channels)) {
		WRITE_ONCE(sh->channels[sh->nr_channels].due, 0);
		WRITE_ONCE(sh->channels[sh->nr_channels].vmbus, ch);
		/* The entry before the count: storvsc_pick_channel() reads both unlocked. */
		smp_store_release(&sh->nr_channels, sh->nr_channels + 1);
		storvsc_map_cpus(sh);
	}
	spin_unlock_irqrestore(&sh->channel_lock, flags);
}

static struct storvsc_host *storvsc_from_channel(struct vmbus_channel *ch)
{
	struct hv_device *dev = ch->primary_channel ? ch->primary_channel->device_obj :
						      ch->device_obj;

	return hv_get_drvdata(dev);
}

/* The bus moved a channel's interrupts to another CPU. */
static void storvsc_channel_moved(struct vmbus_channel *ch, u32 old, u32 new)
{
	struct storvsc_host *sh = storvsc_from_channel(ch);
	unsigned long flags;

	spin_lock_irqsave(&sh->channel_lock, flags);
	if (sh->nr_channels)
		storvsc_map_cpus(sh);
	spin_unlock_irqrestore(&sh->channel_lock, flags);
}

static int storvsc_open_channel(struct vmbus_channel *ch)
{
	struct vstor_properties properties = {};
	int ring = storvsc_ring_bytes(), ret;

	hvic_no_request_ids(ch);
	hvic_set_max_pkt_size(ch, STORVSC_MAX_PKT_SIZE);
	ch->change_target_cpu_callback = storvsc_channel_moved;
	ret = vmbus_open(ch, ring, ring, &properties, sizeof(properties), storvsc_on_channel, ch);
	if (ret)
		ch->change_target_cpu_callback = NULL;
	return ret;
}

/**
 * storvsc_connect() - open the primary channel and negotiate
 * @sh: the controller, CLOSED
 *
 * Context: may sleep. Return: 0, the controller is RUNNING; or -errno, it is CLOSED.
 */
int storvsc_connect(struct storvsc_host *sh)
{
	int ret;

	storvsc_set_state(sh, STORVSC_CONNECTING);
	ret = storvsc_open_channel(sh->dev->channel);
	if (ret) {
		dev_err(&sh->dev->device, "channel does not open: error %d\n", ret);
		storvsc_set_state(sh, STORVSC_CLOSED);
		return ret;
	}
	storvsc_add_channel(sh, sh->dev->channel);
	ret = storvsc_negotiate(sh);
	if (ret) {
		storvsc_disconnect(sh);
		return ret;
	}
	storvsc_set_state(sh, STORVSC_RUNNING);
	return 0;
}

/* No channel is found from here on; whoever has found one is in an RCU section. */
static void storvsc_forget_channels(struct storvsc_host *sh)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&sh->channel_lock, flags);
	for (i = 0; i < sh->nr_channels; i++)
		WRITE_ONCE(sh->channels[i].vmbus, NULL);
	WRITE_ONCE(sh->nr_channels, 0);
	memset(sh->by_cpu, 0, nr_cpu_ids * sizeof(*sh->by_cpu));
	spin_unlock_irqrestore(&sh->channel_lock, flags);
}

/**
 * storvsc_disconnect() - close the primary channel and with it the subchannels
 * @sh: the controller; no command is in flight that anyone waits for
 *
 * Context: may sleep; the bus bounds its waits. Locking: takes control_lock.
 */
void storvsc_disconnect(struct storvsc_host *sh)
{
	/* A subchannel that is being opened is waited for: it is closed with the others. */
	mutex_lock(&storvsc_subchannel_lock);
	storvsc_set_state(sh, STORVSC_CLOSED);
	mutex_unlock(&storvsc_subchannel_lock);
	storvsc_forget_channels(sh);
	/* A batch may end now whose commands the host has answered long ago. */
	synchronize_rcu();
	timer_delete_sync(&sh->lost_end);
	/* Nor is the ring taken from a request that is under way. */
	mutex_lock(&sh->control_lock);
	vmbus_close(sh->dev->channel);
	mutex_unlock(&sh->control_lock);
	/* Whoever opens the channel next need not know us. */
	sh->dev->channel->change_target_cpu_callback = NULL;
}

/**
 * storvsc_forget() - no channel leads to the controller any more
 * @sh: the controller, disconnected
 *
 * Context: may sleep, as long as another controller's subchannel takes to open.
 */
void storvsc_forget(struct storvsc_host *sh)
{
	mutex_lock(&storvsc_subchannel_lock);
	hv_set_drvdata(sh->dev, NULL);
	mutex_unlock(&storvsc_subchannel_lock);
}

static void storvsc_take_subchannel(struct storvsc_host *sh, struct vmbus_channel *ch)
{
	int ret;

	if (READ_ONCE(sh->nr_channels) >= sh->max_channels) {
		dev_warn(&sh->dev->device, "host offers more subchannels than it was asked for\n");
		return;
	}
	ret = storvsc_open_channel(ch);
	if (ret) {
		dev_warn(&sh->dev->device, "subchannel %u does not open, going on without: %d\n",
			 ch->offermsg.offer.sub_channel_index, ret);
		return;
	}
	storvsc_add_channel(sh, ch);
}

/* The host offered a subchannel. Process context. */
static void storvsc_on_subchannel(struct vmbus_channel *ch)
{
	struct storvsc_host *sh;

	mutex_lock(&storvsc_subchannel_lock);
	sh = storvsc_from_channel(ch);
	if (sh && READ_ONCE(sh->state) == STORVSC_RUNNING)
		storvsc_take_subchannel(sh, ch);
	mutex_unlock(&storvsc_subchannel_lock);
}

/**
 * storvsc_add_subchannels() - ask the host for more channels
 * @sh: the controller, RUNNING
 *
 * They come as offers and are used as they come. A host that refuses leaves a controller
 * with one channel, which works.
 *
 * Context: may sleep, bounded.
 */
void storvsc_add_subchannels(struct storvsc_host *sh)
{
	struct vstor_packet packet = {
		.operation = cpu_to_le32(VSTOR_OP_CREATE_SUB_CHANNELS),
	};
	unsigned int count = min3(num_online_cpus() - 1, (unsigned int)sh->limits.max_subchannels,
				  sh->max_channels - 1);
	int ret;

	if (!count)
		return;
	vmbus_set_sc_create_callback(sh->dev->channel, storvsc_on_subchannel);
	packet.sub_channel_count = cpu_to_le16(count);
	ret = storvsc_control(sh, &packet, &packet);
	if (ret < 0 || packet.status)
		dev_warn(&sh->dev->device,
			 "no subchannels: error %d, host status %#x; using one channel\n",
			 min(ret, 0), ret < 0 ? 0 : le32_to_cpu(packet.status));
}

static bool storvsc_has_room(const struct storvsc_channel *ch)
{
	const struct vmbus_channel *vmbus = READ_ONCE(ch->vmbus);

	return vmbus && !READ_ONCE(vmbus->rescind) &&
	       hv_get_avail_to_write_percent(&vmbus->outbound) > ring_avail_percent_lowater;
}

/**
 * storvsc_pick_channel() - the channel for a command that is submitted now
 * @sh: the controller
 * @cpu: the submitting CPU
 *
 * The CPU's own channel; when its ring is nearly full one of the same node, then any with
 * room. When all are nearly full its own again: the ring has the last word.
 *
 * Context: any, an RCU section. Return: NULL only when the controller is being disconnected.
 */
struct storvsc_channel *storvsc_pick_channel(struct storvsc_host *sh, unsigned int cpu)
{
	struct storvsc_channel *own = READ_ONCE(sh->by_cpu[cpu]), *far = NULL;
	unsigned int n, i;

	/* Pairs with storvsc_add_channel(). */
	n = smp_load_acquire(&sh->nr_channels);
	if (likely(!own || n <= 1 || storvsc_has_room(own)))
		return own;
	for (i = 0; i < n; i++) {
		struct storvsc_channel *ch = &sh->channels[(cpu + i) % n];
		const struct vmbus_channel *vmbus = READ_ONCE(ch->vmbus);

		if (!vmbus || !storvsc_has_room(ch))
			continue;
		if (cpu_to_node(vmbus->target_cpu) == cpu_to_node(cpu))
			return ch;
		if (!far)
			far = ch;
	}
	return far ? far : own;
}

static void storvsc_bad_packet(struct storvsc_host *sh, u64 xid, u32 len, const char *why)
{
	atomic_inc(&sh->bad_packets);
	storvsc_log(sh, STORVSC_LOG_ERROR, "packet of the host dropped: %s (id %#llx, %u bytes)\n",
		    why, xid, len);
}

static void storvsc_unsolicited(struct storvsc_host *sh, const struct vstor_packet *packet, u32 len)
{
	u32 op = le32_to_cpu(packet->operation);

	switch (op) {
	case VSTOR_OP_REMOVE_DEVICE:
	case VSTOR_OP_ENUMERATE_BUS:
		if (READ_ONCE(sh->state) == STORVSC_RUNNING)
			queue_work(sh->work_queue, &sh->scan_work);
		break;
	case VSTOR_OP_FCHBA_DATA:
		if (vstor_read_wwn(packet, len, &sh->wwn))
			storvsc_bad_packet(sh, 0, len, "too short for the adapter's names");
		break;
	default:
		storvsc_bad_packet(sh, 0, len, "not an operation that a host begins");
	}
}

static void storvsc_packet(struct storvsc_host *sh, const struct vmpacket_descriptor *desc)
{
	const struct vstor_packet *packet = hv_pkt_data(desc);
	u32 len = hv_pkt_datalen(desc);
	u64 xid = desc->trans_id;

	if (len < VSTOR_PACKET_HEADER_LEN)
		storvsc_bad_packet(sh, xid, len, "too short");
	else if (desc->type == VM_PKT_DATA_INBAND)
		storvsc_unsolicited(sh, packet, len);
	else if (desc->type != VM_PKT_COMP)
		storvsc_bad_packet(sh, xid, len, "neither data nor a completion");
	else if (xid >> 63)
		storvsc_control_reply(sh, xid, packet, len);
	else
		storvsc_complete(sh, xid, packet, len);
}

/**
 * storvsc_on_channel() - the host signalled: take its packets
 * @context: the channel
 *
 * At most STORVSC_CALLBACK_BUDGET packets a call; the bus calls again while there are more.
 *
 * Context: softirq (a tasklet of the bus).
 */
void storvsc_on_channel(void *context)
{
	struct vmbus_channel *ch = context;
	struct storvsc_host *sh = storvsc_from_channel(ch);
	const struct vmpacket_descriptor *desc;
	unsigned int budget = STORVSC_CALLBACK_BUDGET;

	if (!sh)
		return;
	desc = hv_pkt_iter_first(ch);
	while (desc && budget--) {
		storvsc_packet(sh, desc);
		desc = hv_pkt_iter_next(ch, desc);
	}
	if (desc)
		hv_pkt_iter_close(ch);
}
