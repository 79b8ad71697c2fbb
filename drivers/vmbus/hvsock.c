// SPDX-License-Identifier: GPL-2.0
/*
 * Connecting Hyper-V sockets. Exports a symbol of upstream's channel.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_channel.h"

#include "vmbus.h"
#include "trace.h"

/**
 * vmbus_send_tl_connect_request() - ask the host for a channel to one of its socket services
 * @shv_guest_servie_id: the guest's endpoint
 * @shv_host_servie_id: the host's service
 * May sleep. The answer is an offer. Return: as vmbus_post().
 */
int vmbus_send_tl_connect_request(const guid_t *shv_guest_servie_id,
				  const guid_t *shv_host_servie_id)
{
	struct vmbus_channel_tl_connect_request msg = {
		.header.msgtype = CHANNELMSG_TL_CONNECT_REQUEST,
		.guest_endpoint_id = *shv_guest_servie_id,
		.host_service_id = *shv_host_servie_id,
	};
	int ret = vmbus_post(&msg, sizeof(msg), true);

	trace_vmbus_send_tl_connect_request(&msg, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_send_tl_connect_request);
