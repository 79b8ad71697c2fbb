// SPDX-License-Identifier: GPL-2.0
/*
 * The session with the host's controller: control requests with a bounded wait, and the
 * negotiation that makes of an open channel a controller that takes commands.
 */
#include <linux/delay.h>

#include "storvsc.h"

/* A control request has the top bit set; a command's id never has (request.c). */
#define STORVSC_CONTROL_XID	BIT_ULL(63)

/* Versions in order of preference. */
static const u16 storvsc_versions[] = {
	VSTOR_VERSION_6_2,
	VSTOR_VERSION_6_0,
	VSTOR_VERSION_5_1,
	VSTOR_VERSION_4_2,
};

/* Whether the channel is open and the host not given up; it stays so while control_lock is held. */
static bool storvsc_connected(const struct storvsc_host *sh)
{
	enum storvsc_state state = READ_ONCE(sh->state);

	return state != STORVSC_CLOSED && state != STORVSC_DEAD;
}

/**
 * storvsc_control() - ask the host one thing and wait for the answer
 * @sh: the controller
 * @request: the packet; the completion flag is added here
 * @reply: the answer, zero-filled where the host sent less
 *
 * Waits at most STORVSC_CONTROL_TIMEOUT; returns at once when the channel is rescinded. An
 * answer that comes later is recognised by its id and dropped.
 *
 * Context: may sleep. Locking: takes control_lock.
 * Return: bytes of the answer; -ETIMEDOUT; -ENODEV when the channel was rescinded or is
 * closed; -EPROTO when the answer is
 * no completion; or what the bus said.
 */
int storvsc_control(struct storvsc_host *sh, const struct vstor_packet *request,
		    struct vstor_packet *reply)
{
	unsigned long end = jiffies + STORVSC_CONTROL_TIMEOUT;
	struct vstor_packet packet = *request;
	u64 xid;
	int ret;

	packet.flags |= cpu_to_le32(VSTOR_FLAG_REQUEST_COMPLETION);
	mutex_lock(&sh->control_lock);
	if (!storvsc_connected(sh)) {
		mutex_unlock(&sh->control_lock);
		return -ENODEV;
	}
	reinit_completion(&sh->control_done);
	spin_lock_irq(&sh->reply_lock);
	xid = STORVSC_CONTROL_XID | ++sh->control_seq;
	sh->control_xid = xid;
	spin_unlock_irq(&sh->reply_lock);

	do {
		ret = vmbus_sendpacket(sh->dev->channel, &packet, vstor_packet_len(sh->version),
				       xid, VM_PKT_DATA_INBAND,
				       VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
		if (ret != -EAGAIN)
			break;
		msleep(20);	/* the ring is full of commands */
	} while (time_before(jiffies, end));

	while (!ret) {
		if (wait_for_completion_timeout(&sh->control_done, HZ / 4))
			break;
		if (storvsc_gone(sh))
			ret = -ENODEV;
		else if (time_after(jiffies, end))
			ret = -ETIMEDOUT;
	}

	spin_lock_irq(&sh->reply_lock);
	sh->control_xid = 0;
	if (!ret) {
		*reply = sh->control_reply;
		ret = sh->control_reply_len;
	}
	spin_unlock_irq(&sh->reply_lock);
	mutex_unlock(&sh->control_lock);

	if (ret > 0 && le32_to_cpu(reply->operation) != VSTOR_OP_COMPLETE_IO)
		ret = -EPROTO;
	return ret;
}

/**
 * storvsc_control_reply() - take a packet that carries a control request's id
 * @sh: the controller
 * @xid: the packet's transaction id
 * @packet: what the host sent; checked to hold @len bytes
 * @len: bytes, at least VSTOR_PACKET_HEADER_LEN
 *
 * Context: softirq, the channel callback.
 */
void storvsc_control_reply(struct storvsc_host *sh, u64 xid, const struct vstor_packet *packet,
			   u32 len)
{
	unsigned long flags;

	len = min_t(u32, len, sizeof(sh->control_reply));
	spin_lock_irqsave(&sh->reply_lock, flags);
	if (sh->control_xid == xid) {
		memset(&sh->control_reply, 0, sizeof(sh->control_reply));
		memcpy(&sh->control_reply, packet, len);
		sh->control_reply_len = len;
		sh->control_xid = 0;
		complete(&sh->control_done);
	} else {
		storvsc_log(sh, STORVSC_LOG_WARN,
			    "answer %#llx to a request that is not waited for, dropped\n", xid);
	}
	spin_unlock_irqrestore(&sh->reply_lock, flags);
}

/* A control request that has to succeed; as storvsc_control() otherwise. */
static int storvsc_control_ok(struct storvsc_host *sh, struct vstor_packet *packet,
			      const char *what)
{
	int ret = storvsc_control(sh, packet, packet);

	if (ret > 0 && packet->status)
		ret = -EPROTO;
	if (ret < 0)
		dev_err(&sh->dev->device, "%s failed: error %d, host status %#x\n", what, ret,
			ret == -EPROTO ? le32_to_cpu(packet->status) : 0);
	return ret;
}

static int storvsc_negotiate_version(struct storvsc_host *sh)
{
	struct vstor_packet packet;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(storvsc_versions); i++) {
		packet = (struct vstor_packet) {
			.operation = cpu_to_le32(VSTOR_OP_QUERY_PROTOCOL_VERSION),
			.version.major_minor = cpu_to_le16(storvsc_versions[i]),
		};
		ret = storvsc_control(sh, &packet, &packet);
		if (ret < 0) {
			dev_err(&sh->dev->device, "no answer on protocol %u.%u: error %d\n",
				storvsc_versions[i] >> 8, storvsc_versions[i] & 0xff, ret);
			return ret;
		}
		if (!packet.status) {
			sh->version = storvsc_versions[i];
			return 0;
		}
	}
	dev_err(&sh->dev->device,
		"host refuses every storage protocol from 6.2 down to 4.2; it needs an update\n");
	return -EPROTO;
}

/**
 * storvsc_negotiate() - from an open channel to a controller that takes commands
 * @sh: the controller, in state CONNECTING
 *
 * BEGIN_INITIALIZATION, the version, the properties, the names of a Fibre Channel adapter,
 * END_INITIALIZATION: the order that hosts insist on.
 *
 * Context: may sleep; each of at most eight waits is bounded by storvsc_control().
 * Return: 0 or -errno; every failure has been logged.
 */
int storvsc_negotiate(struct storvsc_host *sh)
{
	struct vstor_packet packet;
	int ret;

	/* The newest size until the version is settled. */
	sh->version = storvsc_versions[0];

	packet = (struct vstor_packet) {
		.operation = cpu_to_le32(VSTOR_OP_BEGIN_INITIALIZATION),
	};
	ret = storvsc_control_ok(sh, &packet, "begin of initialization");
	if (ret < 0)
		return ret;
	ret = storvsc_negotiate_version(sh);
	if (ret)
		return ret;

	packet = (struct vstor_packet) {
		.operation = cpu_to_le32(VSTOR_OP_QUERY_PROPERTIES),
	};
	ret = storvsc_control_ok(sh, &packet, "query of the controller's properties");
	if (ret < 0)
		return ret;
	ret = vstor_read_limits(&packet, ret,
				sh->kind == STORVSC_FC ? SZ_512K : STORVSC_MAX_TRANSFER,
				&sh->limits);
	if (ret) {
		dev_err(&sh->dev->device,
			"host offers transfers of %u bytes, need at least 4096: error %d\n",
			le32_to_cpu(packet.properties.max_transfer_bytes), ret);
		return ret;
	}
	if (sh->kind == STORVSC_IDE || sh->version < VSTOR_VERSION_5_1)
		sh->limits.max_subchannels = 0;

	if (sh->kind == STORVSC_FC) {
		packet = (struct vstor_packet) {
			.operation = cpu_to_le32(VSTOR_OP_FCHBA_DATA),
		};
		ret = storvsc_control_ok(sh, &packet, "query of the adapter's names");
		if (ret < 0)
			return ret;
		ret = vstor_read_wwn(&packet, ret, &sh->wwn);
		if (ret) {
			dev_err(&sh->dev->device, "the adapter's names are cut short\n");
			return ret;
		}
	}

	packet = (struct vstor_packet) {
		.operation = cpu_to_le32(VSTOR_OP_END_INITIALIZATION),
	};
	ret = storvsc_control_ok(sh, &packet, "end of initialization");
	return min(ret, 0);
}

/**
 * storvsc_reset_bus() - have the host abort what it holds and reset the bus
 * @sh: the controller
 *
 * Context: may sleep. Return: 0 when the host answered (it then flushes every command), or
 * -errno of storvsc_control().
 */
int storvsc_reset_bus(struct storvsc_host *sh)
{
	struct vstor_packet packet = {
		.operation = cpu_to_le32(VSTOR_OP_RESET_BUS),
	};

	return min(storvsc_control(sh, &packet, &packet), 0);
}
