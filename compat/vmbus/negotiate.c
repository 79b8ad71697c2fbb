// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_prep_negotiate_resp() without the length of the message. Exports a symbol of upstream's
 * channel_mgmt.c.
 */
#include "../../drivers/vmbus/syms_offer.h"

#include "../../drivers/vmbus/vmbus.h"

#undef vmbus_prep_negotiate_resp

/**
 * vmbus_prep_negotiate_resp() - turn a negotiate message into the answer
 * @icmsghdrp: its header, in @buf
 * @buf: the message, in a page at least: all callers have one
 * @fw_version: framework versions that the caller knows, newest first; major in the upper half
 * @fw_vercnt: their number
 * @srv_version: service versions that the caller knows, newest first
 * @srv_vercnt: their number
 * @nego_fw_version: the framework version agreed on, or NULL
 * @nego_srv_version: the service version agreed on, or NULL
 * Any context. Return: whether both were agreed on.
 */
bool vmbus_prep_negotiate_resp(struct icmsg_hdr *icmsghdrp, u8 *buf, const int *fw_version,
			       int fw_vercnt, const int *srv_version, int srv_vercnt,
			       int *nego_fw_version, int *nego_srv_version)
{
	return hvic_prep_negotiate_resp(icmsghdrp, buf, PAGE_SIZE, fw_version, fw_vercnt,
					srv_version, srv_vercnt, nego_fw_version,
					nego_srv_version);
}
EXPORT_SYMBOL_GPL(vmbus_prep_negotiate_resp);
