// SPDX-License-Identifier: GPL-2.0
/*
 * Which virtual processor a channel interrupts. Exports a symbol of upstream's channel.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_channel.h"

#include "vmbus.h"
#include "trace.h"

/**
 * vmbus_send_modifychannel() - have a channel interrupt another virtual processor
 * @channel: an open channel
 * @target_vp: virtual processor index
 *
 * May sleep. Protocol 4.1 and later; before 5.3 the host does not say when the old processor
 * gets its last interrupt.
 *
 * Return: 0; -EAGAIN: refused; -ENODEV: rescinded; -ETIMEDOUT; as vmbus_post().
 */
int vmbus_send_modifychannel(struct vmbus_channel *channel, u32 target_vp)
{
	struct vmbus_channel_modifychannel msg = {
		.header.msgtype = CHANNELMSG_MODIFYCHANNEL,
		.child_relid = channel->offermsg.child_relid,
		.target_vp = target_vp,
	};
	struct vmbus_request req = {
		.channel = channel,
		.response_type = CHANNELMSG_MODIFYCHANNEL_RESPONSE,
		.relid = msg.child_relid,
	};
	int ret;

	if (vmbus_proto_version < VERSION_WIN10_V5_3) {
		ret = vmbus_post(&msg, sizeof(msg), true);
		trace_vmbus_send_modifychannel(&msg, ret);
		return ret;
	}

	ret = vmbus_request_send(&req, &msg, sizeof(msg));
	trace_vmbus_send_modifychannel(&msg, ret);
	if (ret)
		return ret;

	ret = vmbus_request_wait(&req);
	if (!ret && req.response.modify.status)
		ret = -EAGAIN;
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_send_modifychannel);
