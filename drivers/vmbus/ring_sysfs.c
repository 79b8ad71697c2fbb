// SPDX-License-Identifier: GPL-2.0
/*
 * A channel's file "ring", through which uio_hv_generic gives the rings to a program. Whoever
 * opened the channel shows the file and takes it away. Built where struct vmbus_channel has a
 * place for it; exports symbols of upstream's vmbus_drv.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_bus.h"

#include "vmbus.h"

/* All channels' files have one attribute, whose size is that of the channel being shown. */
static DEFINE_MUTEX(ring_file_lock);

static int ring_mmap(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
		     struct vm_area_struct *vma)
{
	struct vmbus_channel *channel = container_of(kobj, struct vmbus_channel, kobj);

	return channel->mmap_ring_buffer(channel, vma);
}

static struct bin_attribute ring_file = {
	.attr = { .name = "ring", .mode = 0600 },
	.mmap = ring_mmap,
};

/**
 * hv_create_ring_sysfs() - show a channel's file "ring"
 * @channel: its rings are allocated, its directory is there
 * @hv_mmap_ring_buffer: maps them into a program
 * Process context. Return: 0; as sysfs_create_bin_file().
 */
int hv_create_ring_sysfs(struct vmbus_channel *channel,
			 int (*hv_mmap_ring_buffer)(struct vmbus_channel *channel,
						    struct vm_area_struct *vma))
{
	int ret = 0;

	mutex_lock(&ring_file_lock);
	channel->mmap_ring_buffer = hv_mmap_ring_buffer;
	if (!channel->ring_sysfs_visible) {
		ring_file.size = channel->ringbuffer_pagecount << PAGE_SHIFT;
		ret = sysfs_create_bin_file(&channel->kobj, &ring_file);
		channel->ring_sysfs_visible = !ret;
	}
	mutex_unlock(&ring_file_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(hv_create_ring_sysfs);

/**
 * hv_remove_ring_sysfs() - take a channel's file "ring" away
 * @channel: a channel
 *
 * Process context. Programs have the rings mapped no more after this.
 *
 * Return: 0.
 */
int hv_remove_ring_sysfs(struct vmbus_channel *channel)
{
	mutex_lock(&ring_file_lock);
	if (channel->ring_sysfs_visible)
		sysfs_remove_bin_file(&channel->kobj, &ring_file);
	channel->ring_sysfs_visible = false;
	channel->mmap_ring_buffer = NULL;
	mutex_unlock(&ring_file_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(hv_remove_ring_sysfs);
