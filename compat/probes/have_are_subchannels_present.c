// SPDX-License-Identifier: GPL-2.0
/* vmbus_are_subchannels_present(), which nobody used any more, is not gone yet (v5.14). */
#include <linux/hyperv.h>

bool probe_subchannels(struct vmbus_channel *channel);
bool probe_subchannels(struct vmbus_channel *channel)
{
	return vmbus_are_subchannels_present(channel);
}
