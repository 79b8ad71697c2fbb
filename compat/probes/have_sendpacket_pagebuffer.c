// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Remove vmbus_sendpacket_pagebuffer()" (v6.16, backported): not yet. */
#include <linux/hyperv.h>

int probe_pagebuffer(struct vmbus_channel *channel, struct hv_page_buffer *pages);
int probe_pagebuffer(struct vmbus_channel *channel, struct hv_page_buffer *pages)
{
	return vmbus_sendpacket_pagebuffer(channel, pages, 1, NULL, 0, 0);
}
