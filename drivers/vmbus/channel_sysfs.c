// SPDX-License-Identifier: GPL-2.0
/*
 * A channel's files in a device's channels/ directory, by relid. Names and formats are those of
 * the in-tree bus.
 */
#include <linux/cpu.h>
#include <linux/device.h>
#include <linux/hyperv.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vmbus.h"

struct channel_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vmbus_channel *channel, char *buf);
	ssize_t (*store)(struct vmbus_channel *channel, const char *buf, size_t count);
};

#define CHANNEL_ATTR_RO(name) \
	static struct channel_attribute channel_attr_##name = __ATTR_RO(name)

/* A read-only file of one value. */
#define CHANNEL_FILE(name, format, value)						\
static ssize_t name##_show(struct vmbus_channel *channel, char *buf)			\
{											\
	return sysfs_emit(buf, format, value);						\
}											\
CHANNEL_ATTR_RO(name)

/* A read-only file of a value that needs the ring to be mapped. */
#define RING_FILE(name, ring, value)							\
static ssize_t name##_show(struct vmbus_channel *channel, char *buf)			\
{											\
	struct hv_ring_buffer_info *rbi = &channel->ring;				\
	ssize_t ret = -EINVAL;								\
											\
	mutex_lock(&rbi->ring_buffer_mutex);						\
	if (rbi->ring_buffer)								\
		ret = sysfs_emit(buf, "%u\n", value);					\
	mutex_unlock(&rbi->ring_buffer_mutex);						\
	return ret;									\
}											\
CHANNEL_ATTR_RO(name)

RING_FILE(out_mask, outbound, rbi->ring_buffer->interrupt_mask);
RING_FILE(in_mask, inbound, rbi->ring_buffer->interrupt_mask);
RING_FILE(read_avail, inbound, hv_get_bytes_to_read(rbi));
RING_FILE(write_avail, outbound, hv_get_bytes_to_write(rbi));
CHANNEL_FILE(interrupts, "%llu\n", channel->interrupts);
CHANNEL_FILE(events, "%llu\n", channel->sig_events);
CHANNEL_FILE(intr_in_full, "%llu\n", channel->intr_in_full);
CHANNEL_FILE(intr_out_empty, "%llu\n", channel->intr_out_empty);
CHANNEL_FILE(out_full_first, "%llu\n", channel->out_full_first);
CHANNEL_FILE(out_full_total, "%llu\n", channel->out_full_total);
CHANNEL_FILE(subchannel_id, "%u\n", channel->offermsg.offer.sub_channel_index);
CHANNEL_FILE(monitor_id, "%u\n", channel->offermsg.monitorid);
CHANNEL_FILE(pending, "%d\n", vmbus_monitor_pending(channel, 1));
CHANNEL_FILE(latency, "%d\n", vmbus_monitor_latency(channel, 1));

static ssize_t cpu_show(struct vmbus_channel *channel, char *buf)
{
	return sysfs_emit(buf, "%u\n", channel->target_cpu);
}

static ssize_t cpu_store(struct vmbus_channel *channel, const char *buf, size_t count)
{
	ssize_t ret = count;
	char text[16];
	u32 cpu;

	if (vmbus_proto_version < VERSION_WIN10_V4_1)
		return -EIO;
	/* Scripts that worked with the in-tree bus may have a space behind the number. */
	if (strscpy(text, buf, sizeof(text)) < 0 || kstrtou32(strim(text), 10, &cpu))
		return -EIO;
	if (cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, housekeeping_cpumask(HK_TYPE_MANAGED_IRQ)))
		return -EINVAL;

	cpus_read_lock();
	mutex_lock(&vmbus_connection.channel_mutex);
	if (!cpu_online(cpu))
		ret = -EINVAL;
	/* The host ignores the request for a channel that is not open. */
	else if (channel->state != CHANNEL_OPENED_STATE)
		ret = -EIO;
	else if (cpu != channel->target_cpu && vmbus_retarget(channel, cpu))
		ret = -EIO;
	mutex_unlock(&vmbus_connection.channel_mutex);
	cpus_read_unlock();
	return ret;
}

static struct channel_attribute channel_attr_cpu = __ATTR_RW(cpu);

static struct attribute *vmbus_channel_attrs[] = {
	&channel_attr_out_mask.attr,
	&channel_attr_in_mask.attr,
	&channel_attr_read_avail.attr,
	&channel_attr_write_avail.attr,
	&channel_attr_cpu.attr,
	&channel_attr_interrupts.attr,
	&channel_attr_events.attr,
	&channel_attr_intr_in_full.attr,
	&channel_attr_intr_out_empty.attr,
	&channel_attr_out_full_first.attr,
	&channel_attr_out_full_total.attr,
	&channel_attr_subchannel_id.attr,
	NULL
};

static const struct attribute_group vmbus_channel_group = { .attrs = vmbus_channel_attrs };

static struct attribute *vmbus_channel_monitor_attrs[] = {
	&channel_attr_pending.attr,
	&channel_attr_latency.attr,
	&channel_attr_monitor_id.attr,
	NULL
};

/* Only where the host gave the channel a monitor. */
static umode_t monitor_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct vmbus_channel *channel = container_of(kobj, struct vmbus_channel, kobj);

	return channel->offermsg.monitor_allocated ? attr->mode : 0;
}

static const struct attribute_group vmbus_channel_monitor_group = {
	.attrs = vmbus_channel_monitor_attrs,
	.is_visible = monitor_visible,
};

static const struct attribute_group *vmbus_channel_groups[] = {
	&vmbus_channel_group,
	&vmbus_channel_monitor_group,
	NULL
};

static ssize_t channel_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	const struct channel_attribute *file = container_of(attr, struct channel_attribute, attr);

	return file->show ? file->show(container_of(kobj, struct vmbus_channel, kobj), buf) : -EIO;
}

static ssize_t channel_attr_store(struct kobject *kobj, struct attribute *attr, const char *buf,
				  size_t count)
{
	const struct channel_attribute *file = container_of(attr, struct channel_attribute, attr);

	return file->store ?
		file->store(container_of(kobj, struct vmbus_channel, kobj), buf, count) : -EIO;
}

static const struct sysfs_ops channel_sysfs_ops = {
	.show = channel_attr_show,
	.store = channel_attr_store,
};

/* The interrupt handler may still look at it. */
static void channel_release(struct kobject *kobj)
{
	struct vmbus_channel *channel = container_of(kobj, struct vmbus_channel, kobj);

	hvic_own_free(channel);
	kfree_rcu(channel, rcu);
}

struct kobj_type vmbus_channel_ktype = {
	.sysfs_ops = &channel_sysfs_ops,
	.release = channel_release,
	.default_groups = vmbus_channel_groups,
};

/**
 * vmbus_channel_kobj_add() - a channel's directory in its device's channels/
 * @dev: the device
 * @channel: its channel; the directory goes when the channel does
 * Process context. Return: 0; -ENODEV: the device has gone; as kobject_add().
 */
int vmbus_channel_kobj_add(struct hv_device *dev, struct vmbus_channel *channel)
{
	int ret;

	if (!dev || !dev->channels_kset)
		return -ENODEV;

	channel->kobj.kset = dev->channels_kset;
	ret = kobject_add(&channel->kobj, NULL, "%u", channel->offermsg.child_relid);
	if (ret)
		return ret;
	kobject_uevent(&channel->kobj, KOBJ_ADD);
	return 0;
}
