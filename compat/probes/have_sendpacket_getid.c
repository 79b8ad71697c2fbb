// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Introduce vmbus_sendpacket_getid()" (v5.19). */
#include <linux/hyperv.h>

int probe_getid(struct vmbus_channel *channel);
int probe_getid(struct vmbus_channel *channel)
{
	return vmbus_sendpacket_getid(channel, NULL, 0, 0, NULL, VM_PKT_DATA_INBAND, 0);
}
