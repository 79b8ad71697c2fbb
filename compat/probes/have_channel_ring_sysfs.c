// SPDX-License-Identifier: GPL-2.0
/* "uio_hv_generic: Fix sysfs creation path for ring buffer" (v6.15, v6.12.29). */
#include <linux/hyperv.h>

bool probe_visible(struct vmbus_channel *channel);
bool probe_visible(struct vmbus_channel *channel)
{
	return channel->ring_sysfs_visible && channel->mmap_ring_buffer;
}
