// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_send_modifychannel() by relid instead of by channel. Exports a symbol of upstream's
 * channel.c.
 */
#include "../../drivers/vmbus/syms_channel.h"

#include "../../drivers/vmbus/vmbus.h"
#include "../../drivers/vmbus/trace.h"

#undef vmbus_send_modifychannel

/**
 * vmbus_send_modifychannel() - ask the host to interrupt another virtual processor
 * @child_relid: of an open channel
 * @target_vp: virtual processor index
 *
 * May sleep. The host's answer is not waited for: the caller does not know of any.
 *
 * Return: as vmbus_post().
 */
int vmbus_send_modifychannel(u32 child_relid, u32 target_vp)
{
	struct vmbus_channel_modifychannel msg = {
		.header.msgtype = CHANNELMSG_MODIFYCHANNEL,
		.child_relid = child_relid,
		.target_vp = target_vp,
	};
	int ret = vmbus_post(&msg, sizeof(msg), true);

	trace_vmbus_send_modifychannel(&msg, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_send_modifychannel);
