// SPDX-License-Identifier: GPL-2.0
/*
 * A device's files in /sys/bus/vmbus/devices. Names and formats are those of the in-tree bus:
 * lsvmbus, udev rules and scripts read them.
 */
#include <linux/device.h>
#include <linux/hyperv.h>
#include <linux/sysfs.h>
#include <linux/topology.h>

#include "compat/driver_override_file.h"
#include "vmbus.h"

/* A read-only file of a value that needs the channel. */
#define CHANNEL_FILE(name, format, value)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct vmbus_channel *channel = device_to_hv_device(dev)->channel;		\
											\
	if (!channel)									\
		return -ENODEV;								\
	return sysfs_emit(buf, format, value);						\
}											\
static DEVICE_ATTR_RO(name)

CHANNEL_FILE(id, "%d\n", channel->offermsg.child_relid);
CHANNEL_FILE(state, "%d\n", channel->state);
CHANNEL_FILE(monitor_id, "%d\n", channel->offermsg.monitorid);
CHANNEL_FILE(class_id, "{%pUl}\n", &channel->offermsg.offer.if_type);
CHANNEL_FILE(device_id, "{%pUl}\n", &channel->offermsg.offer.if_instance);
#ifdef CONFIG_NUMA
CHANNEL_FILE(numa_node, "%d\n", cpu_to_node(channel->target_cpu));
#endif

/**
 * vmbus_monitor_pending() - trigger bits of a channel's group
 * @channel: a channel
 * @page: 0: host to guest ("server"), 1: guest to host ("client")
 */
u32 vmbus_monitor_pending(const struct vmbus_channel *channel, int page)
{
	const struct hv_monitor_page *monitor = vmbus_connection.monitor_pages[page];

	return monitor->trigger_group[channel->monitor_grp & 3].pending;
}

/**
 * vmbus_monitor_latency() - how long a trigger may wait, in 100 nanoseconds
 * @channel: a channel
 * @page: as for vmbus_monitor_pending()
 */
u32 vmbus_monitor_latency(const struct vmbus_channel *channel, int page)
{
	const struct hv_monitor_page *monitor = vmbus_connection.monitor_pages[page];

	return monitor->latency[channel->monitor_grp & 3][channel->monitor_bit];
}

static u32 monitor_conn_id(const struct vmbus_channel *channel, int page)
{
	const struct hv_monitor_page *monitor = vmbus_connection.monitor_pages[page];

	return monitor->parameter[channel->monitor_grp & 3][channel->monitor_bit].connectionid.u.id;
}

CHANNEL_FILE(server_monitor_pending, "%d\n", vmbus_monitor_pending(channel, 0));
CHANNEL_FILE(client_monitor_pending, "%d\n", vmbus_monitor_pending(channel, 1));
CHANNEL_FILE(server_monitor_latency, "%d\n", vmbus_monitor_latency(channel, 0));
CHANNEL_FILE(client_monitor_latency, "%d\n", vmbus_monitor_latency(channel, 1));
CHANNEL_FILE(server_monitor_conn_id, "%d\n", monitor_conn_id(channel, 0));
CHANNEL_FILE(client_monitor_conn_id, "%d\n", monitor_conn_id(channel, 1));

/* A read-only file of one field of a ring's state. */
#define RING_FILE(name, ring, field)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct vmbus_channel *channel = device_to_hv_device(dev)->channel;		\
	struct hv_ring_buffer_debug_info info;						\
	int ret;									\
											\
	if (!channel)									\
		return -ENODEV;								\
	ret = hv_ringbuffer_get_debuginfo(&channel->ring, &info);			\
	if (ret)									\
		return ret;								\
	return sysfs_emit(buf, "%d\n", info.field);					\
}											\
static DEVICE_ATTR_RO(name)

RING_FILE(out_intr_mask, outbound, current_interrupt_mask);
RING_FILE(out_read_index, outbound, current_read_index);
RING_FILE(out_write_index, outbound, current_write_index);
RING_FILE(out_read_bytes_avail, outbound, bytes_avail_toread);
RING_FILE(out_write_bytes_avail, outbound, bytes_avail_towrite);
RING_FILE(in_intr_mask, inbound, current_interrupt_mask);
RING_FILE(in_read_index, inbound, current_read_index);
RING_FILE(in_write_index, inbound, current_write_index);
RING_FILE(in_read_bytes_avail, inbound, bytes_avail_toread);
RING_FILE(in_write_bytes_avail, inbound, bytes_avail_towrite);

static ssize_t channel_vp_mapping_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct vmbus_channel *channel = device_to_hv_device(dev)->channel, *sub;
	int len;

	if (!channel)
		return -ENODEV;

	mutex_lock(&vmbus_connection.channel_mutex);
	len = sysfs_emit(buf, "%u:%u\n", channel->offermsg.child_relid, channel->target_cpu);
	list_for_each_entry(sub, &channel->sc_list, sc_list)
		len += sysfs_emit_at(buf, len, "%u:%u\n", sub->offermsg.child_relid,
				     sub->target_cpu);
	mutex_unlock(&vmbus_connection.channel_mutex);
	return len;
}
static DEVICE_ATTR_RO(channel_vp_mapping);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "vmbus:%*phN\n", UUID_SIZE, &device_to_hv_device(dev)->dev_type);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n", device_to_hv_device(dev)->vendor_id);
}
static DEVICE_ATTR_RO(vendor);

static ssize_t device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n", device_to_hv_device(dev)->device_id);
}
static DEVICE_ATTR_RO(device);

static struct attribute *vmbus_dev_attrs[] = {
	&dev_attr_id.attr,
	&dev_attr_state.attr,
	&dev_attr_class_id.attr,
	&dev_attr_device_id.attr,
	&dev_attr_modalias.attr,
#ifdef CONFIG_NUMA
	&dev_attr_numa_node.attr,
#endif
	&dev_attr_out_intr_mask.attr,
	&dev_attr_out_read_index.attr,
	&dev_attr_out_write_index.attr,
	&dev_attr_out_read_bytes_avail.attr,
	&dev_attr_out_write_bytes_avail.attr,
	&dev_attr_in_intr_mask.attr,
	&dev_attr_in_read_index.attr,
	&dev_attr_in_write_index.attr,
	&dev_attr_in_read_bytes_avail.attr,
	&dev_attr_in_write_bytes_avail.attr,
	&dev_attr_channel_vp_mapping.attr,
	&dev_attr_vendor.attr,
	&dev_attr_device.attr,
	HVIC_DRIVER_OVERRIDE_FILE
	NULL
};

static const struct attribute_group vmbus_dev_group = { .attrs = vmbus_dev_attrs };

static struct attribute *vmbus_dev_monitor_attrs[] = {
	&dev_attr_monitor_id.attr,
	&dev_attr_server_monitor_pending.attr,
	&dev_attr_client_monitor_pending.attr,
	&dev_attr_server_monitor_latency.attr,
	&dev_attr_client_monitor_latency.attr,
	&dev_attr_server_monitor_conn_id.attr,
	&dev_attr_client_monitor_conn_id.attr,
	NULL
};

/* Only where the host gave the channel a monitor. */
static umode_t monitor_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct hv_device *dev = device_to_hv_device(kobj_to_dev(kobj));

	return dev->channel->offermsg.monitor_allocated ? attr->mode : 0;
}

static const struct attribute_group vmbus_dev_monitor_group = {
	.attrs = vmbus_dev_monitor_attrs,
	.is_visible = monitor_visible,
};

const struct attribute_group *vmbus_dev_groups[] = {
	&vmbus_dev_group,
	&vmbus_dev_monitor_group,
	NULL
};
