// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Introduce CHANNELMSG_MODIFYCHANNEL_RESPONSE" (v5.14): VMBus 5.3. */
#include <linux/hyperv.h>

int probe_modify(struct vmbus_channel *channel);
int probe_modify(struct vmbus_channel *channel)
{
	struct vmbus_channel_modifychannel_response response = {
		.header.msgtype = CHANNELMSG_MODIFYCHANNEL_RESPONSE,
	};

	return vmbus_send_modifychannel(channel, response.status);
}
