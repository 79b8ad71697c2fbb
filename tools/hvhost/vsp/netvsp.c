// SPDX-License-Identifier: GPL-2.0
/*
 * The network VSP's channels and NVSP messages: versions, buffers, subchannels. Frames are in
 * netvsp_tx.c and netvsp_rx.c, RNDIS in rndis.c.
 */
#include "vsp/netvsp.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/netvsp_internal.h"

static const uint32_t versions[] = {
	NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4, NVSP_VERSION_5, NVSP_VERSION_6,
	NVSP_VERSION_6_1,
};

size_t netvsp_msg_size(const struct netvsp *nic)
{
	return nic->version >= NVSP_VERSION_6_1 ? NVSP_MSG_SIZE_V6_1 : NVSP_MSG_SIZE_V1;
}

void netvsp_complete(struct netvsp_channel *nc, uint64_t xid, const struct nvsp_msg *msg,
		     size_t len)
{
	if (!nc->ch || vmbus_channel_complete(nc->ch, xid, msg, len) != -EAGAIN)
		return;
	/* One at most: a channel whose completion waits is not read. */
	nc->completion_waits = true;
	nc->completion_xid = xid;
	nc->completion_len = len;
	if (len)
		nc->completion = *msg;
}

static void complete_status(struct netvsp_channel *nc, uint64_t xid, uint32_t type,
			    uint32_t status)
{
	struct nvsp_msg msg = { .header.type = htole32(type) };

	if (type == NVSP_MSG_INIT_COMPLETE)
		msg.init_complete.status = htole32(status);
	else
		msg.rndis_complete.status = htole32(status);
	netvsp_complete(nc, xid, &msg, netvsp_msg_size(nc->nic));
}

/* ---- messages to the guest that it did not ask for ---- */

/*
 * Before 6.1 hosts tell a wrong place; the table itself always follows a full-size message.
 */
static int send_table(struct netvsp *nic)
{
	struct nvsp_msg msg = { .header.type = htole32(NVSP_MSG_SEND_INDIRECTION_TABLE) };
	__le32 table[NVSP_SEND_TABLE_ENTRIES];
	struct {
		struct nvsp_msg msg;
		__le32 table[NVSP_SEND_TABLE_ENTRIES];
	} out;

	msg.send_table.count = htole32(NVSP_SEND_TABLE_ENTRIES);
	msg.send_table.offset = htole32(netvsp_msg_size(nic));
	for (unsigned int i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++)
		table[i] = htole32(i % (1 + nic->nr_subchannels));
	out.msg = msg;
	memcpy(out.table, table, sizeof(table));
	return vmbus_channel_send_data(nic->channels[0].ch, 0, 0, &out, sizeof(out));
}

static int send_vf(struct netvsp *nic)
{
	struct nvsp_msg msg = { .header.type = htole32(NVSP_MSG_SEND_VF_ASSOCIATION) };

	msg.vf_association.allocated = htole32(nic->vf_allocated);
	msg.vf_association.serial = htole32(nic->vf_serial);
	return vmbus_channel_send_data(nic->channels[0].ch, 0, 0, &msg, netvsp_msg_size(nic));
}

void netvsp_send_inband(struct netvsp *nic)
{
	if (!nic->channels[0].ch)
		return;
	if (nic->send_table_due && send_table(nic) != -EAGAIN)
		nic->send_table_due = false;
	if (nic->vf_due && nic->version >= NVSP_VERSION_4 &&
	    (nic->capabilities & NVSP_NDIS_CAP_SRIOV) && send_vf(nic) != -EAGAIN)
		nic->vf_due = false;
}

/* ---- messages from the guest ---- */

static void on_init(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
		    const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;
	uint32_t wanted = le32toh(msg->init.version_min);
	struct nvsp_msg out = { .header.type = htole32(NVSP_MSG_INIT_COMPLETE) };
	bool known = false;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		known |= versions[i] == wanted && wanted <= nic->max_version;
	out.init_complete.negotiated_version = htole32(NVSP_VERSION_1);
	out.init_complete.max_mdl_chain_len = htole32(NVSP_MAX_MDL_CHAIN_LEN);
	if (known && le32toh(msg->init.version_max) >= wanted) {
		nic->state = NETVSP_NEGOTIATED;
		nic->version = wanted;
		nic->rndis.nvsp_version = wanted;
		out.init_complete.status = htole32(NVSP_STATUS_SUCCESS);
	} else {
		out.init_complete.status = htole32(NVSP_STATUS_FAILURE);
	}
	netvsp_complete(nc, pkt->xid, &out, netvsp_msg_size(nic));
}

static void done_without_answer(struct netvsp_channel *nc, const struct vmbus_packet *pkt)
{
	if (pkt->flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED)
		netvsp_complete(nc, pkt->xid, NULL, 0);
}

static void on_ndis_version(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			    const struct nvsp_msg *msg)
{
	uint32_t major = le32toh(msg->ndis_version.major), minor = le32toh(msg->ndis_version.minor);

	nc->nic->rndis.ndis_minor = major < 6 ? 0 : minor;
	done_without_answer(nc, pkt);
}

static void on_ndis_config(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			   const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;
	uint32_t frame = le32toh(msg->ndis_config.mtu);

	if (frame < NETVSP_MIN_FRAME)
		frame = NETVSP_DEFAULT_FRAME;
	if (frame > nic->mtu + FRAME_ETH_HLEN)
		frame = nic->mtu + FRAME_ETH_HLEN;
	nic->rndis.max_frame = frame;
	nic->capabilities = le64toh(msg->ndis_config.capabilities);
	done_without_answer(nc, pkt);
	netvsp_send_inband(nic);
}

static void on_recv_buf(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;
	struct nvsp_msg out = { .header.type = htole32(NVSP_MSG_SEND_RECV_BUF_COMPLETE) };
	struct vmbus_gpadl *gpadl = NULL;

	if (!nic->recv_gpadl)
		gpadl = vmbus_gpadl_get(nc->ch, le32toh(msg->recv_buf.gpadl));
	if (gpadl && netvsp_rx_setup(nic, gpadl, le16toh(msg->recv_buf.id)) == 0) {
		out.recv_buf_complete.status = htole32(NVSP_STATUS_SUCCESS);
		out.recv_buf_complete.num_sections = htole32(1);
		out.recv_buf_complete.sections[0].sub_alloc_size = htole32(nic->slot_size);
		out.recv_buf_complete.sections[0].num_sub_allocs = htole32(nic->nr_slots);
		out.recv_buf_complete.sections[0].end_offset =
			htole32(nic->slot_size * nic->nr_slots);
	} else {
		if (gpadl)
			vmbus_gpadl_put(gpadl);
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
		out.recv_buf_complete.status = htole32(NVSP_STATUS_FAILURE);
	}
	netvsp_complete(nc, pkt->xid, &out, netvsp_msg_size(nic));
}

static void on_revoke_recv_buf(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			       const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;

	if (nic->recv_gpadl && le16toh(msg->revoke_recv_buf.id) == nic->recv_id)
		netvsp_rx_drop(nic);
	else
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
	done_without_answer(nc, pkt);
}

static void drop_send_buf(struct netvsp *nic)
{
	if (nic->send_gpadl)
		vmbus_gpadl_put(nic->send_gpadl);
	nic->send_gpadl = NULL;
	nic->nr_sections = 0;
}

static void on_send_buf(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;
	struct nvsp_msg out = { .header.type = htole32(NVSP_MSG_SEND_SEND_BUF_COMPLETE) };
	struct vmbus_gpadl *gpadl = NULL;
	size_t size;

	if (!nic->send_gpadl)
		gpadl = vmbus_gpadl_get(nc->ch, le32toh(msg->send_buf.gpadl));
	size = gpadl ? vmbus_gpadl_size(gpadl) : 0;
	if (size >= NVSP_SEND_SECTION_SIZE && size <= NVSP_MAX_SEND_BUF) {
		nic->send_gpadl = gpadl;
		nic->send_id = le16toh(msg->send_buf.id);
		nic->nr_sections = size / NVSP_SEND_SECTION_SIZE;
		out.send_buf_complete.status = htole32(NVSP_STATUS_SUCCESS);
		out.send_buf_complete.section_size = htole32(NVSP_SEND_SECTION_SIZE);
	} else {
		if (gpadl)
			vmbus_gpadl_put(gpadl);
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
		out.send_buf_complete.status = htole32(NVSP_STATUS_FAILURE);
	}
	netvsp_complete(nc, pkt->xid, &out, netvsp_msg_size(nic));
}

static void on_revoke_send_buf(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			       const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;

	if (nic->send_gpadl && le16toh(msg->revoke_send_buf.id) == nic->send_id)
		drop_send_buf(nic);
	else
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
	done_without_answer(nc, pkt);
}

static void on_rndis(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
		     const struct nvsp_msg *msg)
{
	uint64_t xid = pkt->xid;
	bool answer = pkt->flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED;
	uint32_t status = netvsp_tx(nc, pkt, &msg->rndis);

	if (answer)
		complete_status(nc, xid, NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE, status);
}

static void on_switch_data_path(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
				const struct nvsp_msg *msg)
{
	nc->nic->vf_path = le32toh(msg->switch_data_path.active) == NVSP_DATA_PATH_VF;
	done_without_answer(nc, pkt);
}

static void on_subchannel(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
			  const struct nvsp_msg *msg)
{
	struct netvsp *nic = nc->nic;
	struct nvsp_msg out = { .header.type = htole32(NVSP_MSG_SUBCHANNEL) };
	uint32_t count = le32toh(msg->subchannel.num_subchannels);
	bool good;

	good = le32toh(msg->subchannel.op) == NVSP_SUBCHANNEL_OP_ALLOCATE && count &&
	       count <= nic->max_channels - 1 && !nic->nr_subchannels &&
	       nic->rndis.state == RNDIS_INITIALIZED;
	if (good) {
		nic->nr_subchannels = count;
		out.subchannel_complete.status = htole32(NVSP_STATUS_SUCCESS);
		out.subchannel_complete.num_subchannels = htole32(count);
	} else {
		nic->drops[NETVSP_REFUSED_MESSAGE]++;
		out.subchannel_complete.status = htole32(NVSP_STATUS_FAILURE);
	}
	netvsp_complete(nc, pkt->xid, &out, netvsp_msg_size(nic));
	if (good)
		vmbus_subchannels_offer(vmbus_channel_device(nc->ch), count);
}

#define PRIMARY	0x1	/* on the primary channel only */
#define FRESH	0x2	/* only before a version is agreed; others only after */

#define BODY(member) (sizeof(struct nvsp_msg_header) + sizeof(((struct nvsp_msg *)0)->member))

/* A message, its least bytes and version, where and when it may come, how it is refused. */
static const struct message {
	uint32_t type, size, version, flags;
	uint32_t refusal;	/* type of the completion with a status, 0: an empty one */
	void (*handle)(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
		       const struct nvsp_msg *msg);
} messages[] = {
	{ NVSP_MSG_INIT, BODY(init), 0, PRIMARY | FRESH, NVSP_MSG_INIT_COMPLETE, on_init },
	{ NVSP_MSG_SEND_NDIS_VERSION, BODY(ndis_version), NVSP_VERSION_1, PRIMARY, 0,
	  on_ndis_version },
	{ NVSP_MSG_SEND_RECV_BUF, BODY(recv_buf) - 2, NVSP_VERSION_1, PRIMARY,
	  NVSP_MSG_SEND_RECV_BUF_COMPLETE, on_recv_buf },
	{ NVSP_MSG_REVOKE_RECV_BUF, BODY(revoke_recv_buf), NVSP_VERSION_1, PRIMARY, 0,
	  on_revoke_recv_buf },
	{ NVSP_MSG_SEND_SEND_BUF, BODY(send_buf) - 2, NVSP_VERSION_1, PRIMARY,
	  NVSP_MSG_SEND_SEND_BUF_COMPLETE, on_send_buf },
	{ NVSP_MSG_REVOKE_SEND_BUF, BODY(revoke_send_buf), NVSP_VERSION_1, PRIMARY, 0,
	  on_revoke_send_buf },
	{ NVSP_MSG_SEND_RNDIS_PACKET, BODY(rndis), NVSP_VERSION_1, 0,
	  NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE, on_rndis },
	{ NVSP_MSG_SEND_NDIS_CONFIG, BODY(ndis_config), NVSP_VERSION_2, PRIMARY, 0,
	  on_ndis_config },
	{ NVSP_MSG_SWITCH_DATA_PATH, BODY(switch_data_path), NVSP_VERSION_4, PRIMARY, 0,
	  on_switch_data_path },
	{ NVSP_MSG_SUBCHANNEL, BODY(subchannel), NVSP_VERSION_5, PRIMARY, NVSP_MSG_SUBCHANNEL,
	  on_subchannel },
};

static bool may_come(const struct netvsp_channel *nc, const struct message *m, size_t len)
{
	const struct netvsp *nic = nc->nic;
	bool fresh = nic->state == NETVSP_OPENED;

	return len >= m->size && nic->version >= m->version &&
	       (!(m->flags & PRIMARY) || !nc->index) && !!(m->flags & FRESH) == fresh;
}

static void handle_message(struct netvsp_channel *nc, const struct vmbus_packet *pkt)
{
	const struct message *m = NULL;
	struct nvsp_msg msg = { .header.type = 0 };

	memcpy(&msg, pkt->data, pkt->len < sizeof(msg) ? pkt->len : sizeof(msg));
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].type == le32toh(msg.header.type))
			m = &messages[i];
	if (m && may_come(nc, m, pkt->len)) {
		m->handle(nc, pkt, &msg);
		return;
	}
	nc->nic->drops[NETVSP_REFUSED_MESSAGE]++;
	if (!(pkt->flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED))
		return;
	if (m && m->refusal)
		complete_status(nc, pkt->xid, m->refusal, NVSP_STATUS_FAILURE);
	else
		netvsp_complete(nc, pkt->xid, NULL, 0);
}

/* ---- the channel's side ---- */

static struct netvsp *of_channel(struct vmbus_channel *ch)
{
	return vmbus_device_priv(vmbus_channel_device(ch));
}

static int op_open(struct vmbus_channel *ch, const uint8_t user_data[120])
{
	struct netvsp *nic = of_channel(ch);
	unsigned int index = vmbus_channel_index(ch);
	struct netvsp_channel *nc;

	if (index > nic->nr_subchannels || index >= NVSP_MAX_CHANNELS)
		return 1;
	nc = &nic->channels[index];
	*nc = (struct netvsp_channel){
		.nic = nic, .ch = ch, .index = index, .head = NETVSP_SLOT_NONE,
		.tail = NETVSP_SLOT_NONE, .count = nc->count,
	};
	vmbus_channel_set_priv(ch, nc);
	nic->nr_open++;
	if (!index)
		nic->state = NETVSP_OPENED;
	else if (nic->nr_open == 1 + nic->nr_subchannels)
		nic->send_table_due = true;
	netvsp_send_inband(nic);
	return 0;
}

static bool flush_completion(struct netvsp_channel *nc)
{
	if (!nc->completion_waits)
		return true;
	nc->completion_waits = false;
	netvsp_complete(nc, nc->completion_xid, &nc->completion, nc->completion_len);
	return !nc->completion_waits;
}

static void op_readable(struct vmbus_channel *ch)
{
	struct netvsp_channel *nc = vmbus_channel_priv(ch);
	struct netvsp *nic = of_channel(ch);
	unsigned int budget = NETVSP_RECV_BUDGET;
	struct vmbus_packet pkt;

	if (!nc || !flush_completion(nc))
		return;
	while (!nic->tx_blocked && !nc->completion_waits && budget) {
		if (vmbus_channel_recv(ch, &pkt) != 1)
			break;
		budget--;
		if (pkt.type == VMBUS_PKT_COMPLETION)
			netvsp_rx_completed(nc, &pkt);
		else if (pkt.type == VMBUS_PKT_DATA_INBAND ||
			 pkt.type == VMBUS_PKT_DATA_USING_GPA_DIRECT)
			handle_message(nc, &pkt);
		else
			nic->drops[NETVSP_REFUSED_MESSAGE]++;
	}
	if (!budget)
		vmbus_channel_kick(ch);
	netvsp_rx_flush(nic);
}

static void op_writable(struct vmbus_channel *ch)
{
	struct netvsp_channel *nc = vmbus_channel_priv(ch);

	if (!nc)
		return;
	if (nc->completion_waits && flush_completion(nc))
		vmbus_channel_kick(ch);
	if (!nc->index) {
		netvsp_send_inband(nc->nic);
		netvsp_pump_control(nc->nic);
	}
	netvsp_rx_flush_channel(nc);
}

static void close_primary(struct netvsp *nic)
{
	netvsp_rx_drop(nic);
	drop_send_buf(nic);
	netvsp_tx_drop(nic);
	rndis_nic_reset(&nic->rndis);
	nic->rndis.max_frame = NETVSP_DEFAULT_FRAME;
	nic->rndis.nvsp_version = 0;
	nic->rndis.ndis_minor = 0;
	nic->state = NETVSP_CLOSED;
	nic->version = 0;
	nic->capabilities = 0;
	nic->vf_path = false;
	nic->vf_due = nic->vf_allocated;
	nic->nr_subchannels = 0;
	nic->send_table_due = false;
}

static void op_close(struct vmbus_channel *ch)
{
	struct netvsp_channel *nc = vmbus_channel_priv(ch);

	if (nc && nc->ch == ch) {
		netvsp_rx_drop_channel(nc);
		nc->ch = NULL;
		nc->completion_waits = false;
		nc->nic->nr_open--;
		if (!nc->index)
			close_primary(nc->nic);
	}
	vmbus_channel_set_priv(ch, NULL);
	vmbus_channel_close_done(ch);
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
	loop_free(arg);
}

/* The loop cannot end itself: the main loop joins its thread. */
static void op_destroy(struct vmbus_device *dev)
{
	struct netvsp *nic = vmbus_device_priv(dev);
	struct loop *loop = nic->loop, *main_loop = nic->main_loop;

	netvsp_free(nic);
	if (main_loop)
		loop_call(main_loop, stop_loop, loop);
}

static void op_stats(struct vmbus_device *dev, json_t *object)
{
	netvsp_stats(vmbus_device_priv(dev), object);
}

const struct vsp_ops netvsp_ops = {
	.name = "net",
	.class_id = { NVSP_CLASS_ID },
	.open = op_open,
	.readable = op_readable,
	.writable = op_writable,
	.close = op_close,
	.destroy = op_destroy,
	.stats = op_stats,
};
