// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Mark vmbus ring buffer visible to host in Isolation VM" (v5.16). */
#include <linux/hyperv.h>

int probe_gpadl(struct vmbus_channel *channel);
int probe_gpadl(struct vmbus_channel *channel)
{
	struct vmbus_gpadl *gpadl = &channel->ringbuffer_gpadlhandle;

	return vmbus_teardown_gpadl(channel, gpadl);
}
