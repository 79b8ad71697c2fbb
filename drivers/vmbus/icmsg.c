// SPDX-License-Identifier: GPL-2.0
/*
 * Version negotiation of the integration services: the host lists framework and service
 * versions, the guest answers with one of each. Exports a symbol of upstream's channel_mgmt.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_offer.h"

#include "vmbus.h"

/* The first of @wanted (newest first) that the host offers. Return: its index or -1. */
static int pick_version(const int *wanted, int count, const struct ic_version *offered, u32 n)
{
	int i;
	u32 j;

	for (i = 0; i < count; i++)
		for (j = 0; j < n; j++)
			if (offered[j].major == wanted[i] >> 16 &&
			    offered[j].minor == (wanted[i] & 0xffff))
				return i;
	return -1;
}

/**
 * vmbus_prep_negotiate_resp() - turn a negotiate message into the answer
 * @icmsghdrp: its header, in @buf
 * @buf: the message; the answer takes its place
 * @buflen: bytes received
 * @fw_version: framework versions that the caller knows, newest first; major in the upper half
 * @fw_vercnt: their number
 * @srv_version: service versions that the caller knows, newest first
 * @srv_vercnt: their number
 * @nego_fw_version: the framework version agreed on, or NULL
 * @nego_srv_version: the service version agreed on, or NULL
 *
 * Any context. Without a common version the answer lists none.
 *
 * Return: whether both were agreed on.
 */
bool vmbus_prep_negotiate_resp(struct icmsg_hdr *icmsghdrp, u8 *buf, u32 buflen,
			       const int *fw_version, int fw_vercnt, const int *srv_version,
			       int srv_vercnt, int *nego_fw_version, int *nego_srv_version)
{
	struct icmsg_negotiate *msg = (struct icmsg_negotiate *)(buf + ICMSG_HDR);
	u32 frameworks, services;
	int fw = 0, srv = 0, i;
	bool agreed = false;

	if (buflen < ICMSG_HDR + offsetof(struct icmsg_negotiate, reserved)) {
		pr_err_ratelimited("Invalid icmsg negotiate\n");
		return false;
	}

	frameworks = msg->icframe_vercnt;
	services = msg->icmsg_vercnt;
	icmsghdrp->icmsgsize = 0x10;

	if (frameworks > IC_VERSION_NEGOTIATION_MAX_VER_COUNT ||
	    services > IC_VERSION_NEGOTIATION_MAX_VER_COUNT ||
	    ICMSG_NEGOTIATE_PKT_SIZE(frameworks, services) > buflen) {
		pr_err_ratelimited("Invalid icmsg negotiate - icframe_major: %u, icmsg_major: %u\n",
				   frameworks, services);
		goto answer;
	}

	i = pick_version(fw_version, fw_vercnt, msg->icversion_data, frameworks);
	if (i < 0)
		goto answer;
	fw = fw_version[i];

	i = pick_version(srv_version, srv_vercnt, msg->icversion_data + frameworks, services);
	if (i < 0)
		goto answer;
	srv = srv_version[i];
	agreed = true;

answer:
	msg->icframe_vercnt = agreed;
	msg->icmsg_vercnt = agreed;
	if (nego_fw_version)
		*nego_fw_version = fw;
	if (nego_srv_version)
		*nego_srv_version = srv;

	/* The two answered versions; a short message has no room for them. */
	if (buflen >= ICMSG_NEGOTIATE_PKT_SIZE(1, 1)) {
		msg->icversion_data[0].major = fw >> 16;
		msg->icversion_data[0].minor = fw & 0xffff;
		msg->icversion_data[1].major = srv >> 16;
		msg->icversion_data[1].minor = srv & 0xffff;
	}
	return agreed;
}
EXPORT_SYMBOL_GPL(vmbus_prep_negotiate_resp);
