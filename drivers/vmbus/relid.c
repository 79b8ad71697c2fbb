// SPDX-License-Identifier: GPL-2.0
/*
 * Which channel a relid means: an array that the interrupt handler reads without a lock.
 */
#include <linux/hyperv.h>
#include <linux/slab.h>

#include "vmbus.h"

/** vmbus_relid_alloc() - Process context. Return: 0 or -ENOMEM. */
int vmbus_relid_alloc(void)
{
	vmbus_connection.channels = kcalloc(VMBUS_MAX_RELIDS, sizeof(*vmbus_connection.channels),
					    GFP_KERNEL);
	return vmbus_connection.channels ? 0 : -ENOMEM;
}

/** vmbus_relid_free() - no interrupt comes any more. */
void vmbus_relid_free(void)
{
	kfree(vmbus_connection.channels);
	vmbus_connection.channels = NULL;
}

/**
 * vmbus_relid_map() - interrupts of the channel's relid are its from now on
 * @channel: its relid is below VMBUS_MAX_RELIDS
 * Under channel_mutex.
 */
void vmbus_relid_map(struct vmbus_channel *channel)
{
	/* The channel is complete before it can be found. */
	smp_wmb();
	/* It can be found on all CPUs before it is opened, so before the first interrupt. */
	virt_store_mb(vmbus_connection.channels[channel->offermsg.child_relid], channel);
}

/** vmbus_relid_unmap() - Under channel_mutex. The channel is freed after a grace period. */
void vmbus_relid_unmap(struct vmbus_channel *channel)
{
	WRITE_ONCE(vmbus_connection.channels[channel->offermsg.child_relid], NULL);
}

/**
 * vmbus_relid_channel() - the channel of a relid
 * @relid: from the host, any value
 * Under RCU or channel_mutex. Return: the channel or NULL.
 */
struct vmbus_channel *vmbus_relid_channel(u32 relid)
{
	struct vmbus_channel **channels = READ_ONCE(vmbus_connection.channels);

	if (!channels || relid >= VMBUS_MAX_RELIDS)
		return NULL;
	return READ_ONCE(channels[relid]);
}
