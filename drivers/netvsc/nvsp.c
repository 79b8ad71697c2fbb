// SPDX-License-Identifier: GPL-2.0
/*
 * Talking NVSP: calls that the host completes, the version, the receive and send buffers and
 * their way back, subchannels, the data path. Process context under RTNL, but for the two
 * functions that the poll loop calls.
 */
#include <linux/etherdevice.h>
#include <linux/vmalloc.h>
#include <asm/mshyperv.h>

#include "compat/shared_memory.h"
#include "netvsc.h"

/* A call lives on its caller's stack, and on the list until the caller takes it off. */
struct nvsp_call {
	struct list_head list;
	u64 id;
	struct completion done;
	u32 len;
	u8 answer[NVSP_MSG_SIZE];
};

/* Sends @msg, waits, leaves the answer in @call; the answer is not looked at. */
static int nvsp_call(struct netvsc_session *s, const struct nvsp_msg *msg,
		     struct nvsp_call *call, const char *what)
{
	int ret;

	memset(call, 0, sizeof(*call));
	init_completion(&call->done);

	spin_lock_bh(&s->calls_lock);
	call->id = netvsc_next_id(s, NETVSC_ID_NVSP);
	list_add_tail(&call->list, &s->nvsp_calls);
	spin_unlock_bh(&s->calls_lock);

	ret = netvsc_post(s, msg, call->id, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	if (ret)
		netdev_err(s->net, "cannot send %s: %d\n", what, ret);
	else
		ret = netvsc_wait(s, &call->done, what);

	/* From here on a late answer finds nothing. */
	spin_lock_bh(&s->calls_lock);
	list_del(&call->list);
	spin_unlock_bh(&s->calls_lock);
	return ret;
}

/* A message that the host does not answer. */
static int nvsp_tell(struct netvsc_session *s, const struct nvsp_msg *msg, const char *what)
{
	int ret = netvsc_post(s, msg, VMBUS_RQST_ID_NO_RESPONSE, 0);

	if (ret && !netvsc_rescinded(s))
		netdev_err(s->net, "cannot send %s: %d\n", what, ret);
	return ret;
}

/**
 * netvsc_nvsp_completion() - the host completed a call
 * @s: the session
 * @id: transaction id, of kind NETVSC_ID_NVSP
 * @data: the answer
 * @len: its bytes
 *
 * Context: softirq. An answer that nobody waits for is counted and dropped.
 */
void netvsc_nvsp_completion(struct netvsc_session *s, u64 id, const void *data, u32 len)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	struct nvsp_call *call;

	spin_lock(&s->calls_lock);
	list_for_each_entry(call, &s->nvsp_calls, list) {
		if (call->id != id || completion_done(&call->done))
			continue;
		call->len = min_t(u32, len, sizeof(call->answer));
		memcpy(call->answer, data, call->len);
		complete(&call->done);
		spin_unlock(&s->calls_lock);
		return;
	}
	spin_unlock(&s->calls_lock);
	a->counters.host_bad_completion++;
}

/**
 * netvsc_nvsp_inband() - the host sent a message of its own
 * @s: the session
 * @data: the message
 * @len: its bytes
 *
 * Context: softirq.
 */
void netvsc_nvsp_inband(struct netvsc_session *s, const void *data, u32 len)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	struct nvsp_vf_association vf;
	u32 table[NETVSC_SEND_TABLE];
	unsigned int i;
	u32 type;
	int ret;

	ret = nvsp_parse_type(data, len, &type);
	if (!ret && type == NVSP_MSG_SEND_INDIRECTION_TABLE) {
		ret = nvsp_parse_send_table(data, len, s->nvsp_version, table);
		for (i = 0; !ret && i < NETVSC_SEND_TABLE; i++)
			WRITE_ONCE(a->tx_table[i], table[i]);
	} else if (!ret && type == NVSP_MSG_SEND_VF_ASSOCIATION) {
		ret = nvsp_parse_vf_association(data, len, &vf);
		if (!ret)
			netvsc_vf_associate(s, vf.present, vf.serial);
	}
	if (ret) {
		a->counters.host_bad_packet++;
		if (net_ratelimit())
			netdev_err(s->net, "malformed message of %u bytes from the host\n", len);
	}
}

static int negotiate(struct netvsc_session *s)
{
	struct nvsp_call call;
	struct nvsp_msg msg;
	unsigned int i;
	u32 status;
	int ret;

	for (i = 0; i < nvsp_version_count; i++) {
		nvsp_build_init(&msg, nvsp_versions[i]);
		ret = nvsp_call(s, &msg, &call, "the protocol version");
		if (ret)
			return ret;
		ret = nvsp_parse_init_complete(call.answer, call.len, &status);
		if (ret) {
			netdev_err(s->net, "malformed answer to the protocol version\n");
			return ret;
		}
		if (status == NVSP_STATUS_SUCCESS) {
			s->nvsp_version = nvsp_versions[i];
			return 0;
		}
	}
	netdev_err(s->net, "the host knows no protocol version between %#x and %#x\n",
		   nvsp_versions[nvsp_version_count - 1], nvsp_versions[0]);
	return -EPROTO;
}

/* Says loudly that memory stays out of use, because the host may still write to it. */
static void leak_buffer(struct netvsc_session *s, struct netvsc_buffer *buf, const char *what)
{
	netdev_err(s->net, "leaking the %s buffer (%u KiB): the host may still use it\n",
		   what, buf->size >> 10);
	memset(buf, 0, sizeof(*buf));
}

static int share_buffer(struct netvsc_session *s, struct netvsc_buffer *buf, u32 size,
			const char *what)
{
	int ret;

	size = PAGE_ALIGN(size);
	buf->memory = vzalloc(size);
	if (!buf->memory)
		return -ENOMEM;
	buf->data = buf->memory;
	buf->size = size;
	buf->state = NETVSC_BUFFER_OURS;

	ret = vmbus_establish_gpadl(s->hv->channel, buf->memory, size, &buf->gpadl);
	if (ret) {
		netdev_err(s->net, "cannot share the %s buffer of %u KiB: %d\n", what,
			   size >> 10, ret);
		/* Refused, never asked for or rescinded: ours. Anything else: who knows. */
		if (buf->gpadl.decrypted ||
		    (ret != -EDQUOT && ret != -ENOMEM && ret != -ENODEV))
			leak_buffer(s, buf, what);
		return ret;
	}
	buf->state = NETVSC_BUFFER_SHARED;

	buf->data = hvic_map_shared(buf->memory, size);
	return buf->data ? 0 : -ENOMEM;
}

/* The GPADL's end: true when the memory is ours again. */
static bool unshare_buffer(struct netvsc_session *s, struct netvsc_buffer *buf)
{
	if (buf->state < NETVSC_BUFFER_SHARED)
		return true;
	if (vmbus_teardown_gpadl(s->hv->channel, &buf->gpadl))
		return false;
	/* The bus clears the handle when the host confirmed; a rescinded host is gone. */
	if (buf->gpadl.gpadl_handle && !netvsc_rescinded(s))
		return false;
	buf->state = NETVSC_BUFFER_OURS;
	return true;
}

static void free_buffer(struct netvsc_session *s, struct netvsc_buffer *buf, const char *what)
{
	if (!unshare_buffer(s, buf) || buf->gpadl.decrypted) {
		leak_buffer(s, buf, what);
		return;
	}
	hvic_unmap_shared(buf->data, buf->memory);
	vfree(buf->memory);
	memset(buf, 0, sizeof(*buf));
}

static int offer_buffer(struct netvsc_session *s, struct netvsc_buffer *buf,
			const struct nvsp_msg *msg, const char *what,
			int (*parse)(const void *data, u32 len, u32 size, u32 least,
				     struct nvsp_layout *layout))
{
	struct nvsp_layout layout;
	struct nvsp_call call;
	int ret;

	/* From the sending on, and whatever comes back, a revoke is due. */
	buf->state = NETVSC_BUFFER_OFFERED;
	ret = nvsp_call(s, msg, &call, what);
	if (ret)
		return ret;
	ret = parse(call.answer, call.len, buf->size, NETVSC_MIN_MTU, &layout);
	if (ret) {
		netdev_err(s->net, "unusable answer to %s: %d\n", what, ret);
		return ret;
	}
	if (layout.status != NVSP_STATUS_SUCCESS) {
		netdev_err(s->net, "the host refused %s: status %u\n", what, layout.status);
		buf->state = NETVSC_BUFFER_SHARED;
		return -EINVAL;
	}
	/* A host that sends too early makes the poll loop read it. */
	WRITE_ONCE(buf->section_size, layout.section_size);
	buf->sections = layout.sections;
	return 0;
}

static int setup_buffers(struct netvsc_session *s, const struct netvsc_config *config)
{
	struct nvsp_msg msg;
	u32 size;
	int ret;

	size = config->recv_sections * config->recv_section_size;
	size = min_t(u32, size, s->nvsp_version <= NVSP_VERSION_2 ? NETVSC_RECV_BUFFER_OLD :
								    NETVSC_RECV_BUFFER_MAX);
	ret = share_buffer(s, &s->recv, size, "receive");
	if (ret)
		return ret;
	nvsp_build_recv_buf(&msg, s->recv.gpadl.gpadl_handle, NETVSC_RECV_BUFFER_ID);
	ret = offer_buffer(s, &s->recv, &msg, "the receive buffer",
			   nvsp_parse_recv_buf_complete);
	if (ret)
		return ret;

	size = min_t(u32, config->send_sections * config->send_section_size,
		     NETVSC_SEND_BUFFER_MAX);
	ret = share_buffer(s, &s->send, size, "send");
	if (ret)
		return ret;
	nvsp_build_send_buf(&msg, s->send.gpadl.gpadl_handle, NETVSC_SEND_BUFFER_ID);
	ret = offer_buffer(s, &s->send, &msg, "the send buffer", nvsp_parse_send_buf_complete);
	if (ret)
		return ret;

	s->send_map = bitmap_zalloc(s->send.sections, GFP_KERNEL);
	if (!s->send_map)
		return -ENOMEM;
	netdev_dbg(s->net, "NVSP %#x, receive %u x %u, send %u x %u\n", s->nvsp_version,
		   s->recv.sections, s->recv.section_size,
		   s->send.sections, s->send.section_size);
	return 0;
}

/**
 * netvsc_nvsp_connect() - from an open channel to shared buffers
 * @s: the session
 * @config: wanted sizes
 *
 * Context: process, RTNL. After a failure netvsc_nvsp_disconnect() and, with the channel
 * closed, netvsc_nvsp_release() are due all the same.
 * Return: 0 or a negative error.
 */
int netvsc_nvsp_connect(struct netvsc_session *s, const struct netvsc_config *config)
{
	const bool isolated = hv_is_isolation_supported();
	struct nvsp_msg msg;
	int ret;

	ret = negotiate(s);
	if (ret)
		return ret;
	if (isolated && s->nvsp_version < NVSP_VERSION_6_1) {
		netdev_err(s->net, "an isolated guest needs protocol %#x, the host offers %#x\n",
			   NVSP_VERSION_6_1, s->nvsp_version);
		return -EPROTO;
	}

	if (s->nvsp_version >= NVSP_VERSION_2) {
		nvsp_build_ndis_config(&msg, s->nvsp_version, s->mtu + ETH_HLEN, !isolated);
		ret = nvsp_tell(s, &msg, "the NDIS configuration");
		if (ret)
			return ret;
	}
	nvsp_build_ndis_version(&msg, s->nvsp_version);
	ret = nvsp_tell(s, &msg, "the NDIS version");
	if (ret)
		return ret;
	return setup_buffers(s, config);
}

/**
 * netvsc_nvsp_disconnect() - take the buffers back, with the channel still open
 * @s: the session
 *
 * Hosts before VMBus 4.0 want the GPADLs gone before the channel closes, newer ones after.
 * Context: process, RTNL.
 */
void netvsc_nvsp_disconnect(struct netvsc_session *s)
{
	struct nvsp_msg msg;
	bool told;

	if (s->recv.state == NETVSC_BUFFER_OFFERED) {
		nvsp_build_revoke_recv_buf(&msg, NETVSC_RECV_BUFFER_ID);
		told = !nvsp_tell(s, &msg, "the receive buffer's revocation");
		s->recv.state = NETVSC_BUFFER_SHARED;
		if (told && vmbus_proto_version < VERSION_WIN10)
			unshare_buffer(s, &s->recv);
	}
	if (s->send.state == NETVSC_BUFFER_OFFERED) {
		nvsp_build_revoke_send_buf(&msg, NETVSC_SEND_BUFFER_ID);
		told = !nvsp_tell(s, &msg, "the send buffer's revocation");
		s->send.state = NETVSC_BUFFER_SHARED;
		if (told && vmbus_proto_version < VERSION_WIN10)
			unshare_buffer(s, &s->send);
	}
}

/**
 * netvsc_nvsp_release() - free what the host gave back, leak what it did not
 * @s: the session; its channels are closed and nobody reads the buffers
 *
 * Context: process, RTNL.
 */
void netvsc_nvsp_release(struct netvsc_session *s)
{
	free_buffer(s, &s->recv, "receive");
	free_buffer(s, &s->send, "send");
	bitmap_free(s->send_map);
	s->send_map = NULL;
}

/**
 * netvsc_nvsp_subchannels() - ask for subchannels; the bus offers them later
 * @s: the session, of NVSP 5 or later
 * @want: how many
 * @got: how many the host will offer
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_nvsp_subchannels(struct netvsc_session *s, u32 want, u32 *got)
{
	struct nvsp_call call;
	struct nvsp_msg msg;
	int ret;

	nvsp_build_subchannels(&msg, want);
	ret = nvsp_call(s, &msg, &call, "the request for subchannels");
	if (ret)
		return ret;
	ret = nvsp_parse_subchannels(call.answer, call.len, want, got);
	if (ret)
		netdev_err(s->net, "no subchannels from the host: %d\n", ret);
	return ret;
}

/**
 * netvsc_nvsp_datapath() - let frames take the VF or the synthetic path
 * @s: the session
 * @vf: the VF
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error; the path is then the host's guess.
 */
int netvsc_nvsp_datapath(struct netvsc_session *s, bool vf)
{
	struct nvsp_call call;
	struct nvsp_msg msg;

	nvsp_build_data_path(&msg, vf);
	return nvsp_call(s, &msg, &call, "the switch of the data path");
}
