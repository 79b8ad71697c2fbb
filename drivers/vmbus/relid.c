// SPDX-License-Identifier: GPL-2.0
/*
 * Which channel a relid means: an array that the interrupt handler reads without a lock; and how
 * far the relids of this connection reach.
 */
#include <linux/hyperv.h>
#include <linux/slab.h>

#include "vmbus.h"

/*
 * Words of event flags, from the first one, that have had a channel in this connection. Written
 * under channel_mutex. It never shrinks: a flag may be set while its channel goes.
 */
static unsigned int relid_words;

/** vmbus_relid_alloc() - Process context, before the connection. Return: 0 or -ENOMEM. */
int vmbus_relid_alloc(void)
{
	WRITE_ONCE(relid_words, 0);
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
	u32 relid = channel->offermsg.child_relid;

	if (relid / BITS_PER_LONG >= relid_words)
		WRITE_ONCE(relid_words, relid / BITS_PER_LONG + 1);

	/* The channel is complete before it can be found. */
	smp_wmb();
	/*
	 * It can be found on all CPUs, and its flag is looked at, before it is opened, so before
	 * the first interrupt: vmbus_relid_words().
	 */
	virt_store_mb(vmbus_connection.channels[relid], channel);
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

/**
 * vmbus_relid_words() - how many words of a CPU's event flags can have a channel's
 *
 * Whoever is to serve an interrupt asks once it has come, before it looks at the flags. The answer
 * covers the channel that it is for: vmbus_relid_map() made the count visible, by a full barrier,
 * before the guest posted the channel's open message; the host sets a flag after it has read that,
 * and interrupts after it has set it. A CPU that asked before the channel was mapped did so for an
 * earlier interrupt, and the channel's own makes it ask again. Flags beyond are of no channel: the
 * host lies, and they stay as they are. If a channel gets one of them later it is as if the host
 * had set it then: a callback that finds nothing to do.
 *
 * Any context. Return: 0 to HV_EVENT_FLAGS_LONG_COUNT.
 */
unsigned int vmbus_relid_words(void)
{
	return READ_ONCE(relid_words);
}
