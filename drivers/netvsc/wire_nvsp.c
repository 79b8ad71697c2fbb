// SPDX-License-Identifier: GPL-2.0
/*
 * Building NVSP messages and checking the host's. Nothing here keeps state or trusts a length;
 * each value is read once from bytes that the host may still be changing.
 */
#include "wire_nvsp.h"

/* A transfer-page packet: the packet descriptor, the transfer header, then the ranges. */
#define XFER_RANGES	(16 + sizeof(struct nvsp_xfer_header))

const u32 nvsp_versions[] = {
	NVSP_VERSION_6_1, NVSP_VERSION_6, NVSP_VERSION_5,
	NVSP_VERSION_4, NVSP_VERSION_2, NVSP_VERSION_1,
};

const unsigned int nvsp_version_count = ARRAY_SIZE(nvsp_versions);

static void start(struct nvsp_msg *msg, u32 type)
{
	memset(msg, 0, sizeof(*msg));
	msg->header.type = cpu_to_le32(type);
}

/* Copies the part of a message that a parser needs; the bytes behind it are left alone. */
static int take(struct nvsp_msg *msg, const void *data, u32 len, u32 type, u32 need)
{
	if (len < sizeof(msg->header) + need)
		return -EINVAL;
	memset(msg, 0, sizeof(*msg));
	memcpy(msg, data, sizeof(msg->header) + need);
	return le32_to_cpu(msg->header.type) == type ? 0 : -EPROTO;
}

/**
 * nvsp_build_init() - ask for one version
 * @msg: the message
 * @version: NVSP_VERSION_*
 */
void nvsp_build_init(struct nvsp_msg *msg, u32 version)
{
	start(msg, NVSP_MSG_INIT);
	msg->init.version_min = cpu_to_le32(version);
	msg->init.version_max = cpu_to_le32(version);
}

/**
 * nvsp_build_ndis_config() - what we want of the host, from version 2
 * @msg: the message
 * @version: the negotiated version
 * @frame_size: largest frame with its Ethernet header, bytes
 * @sriov: whether a VF may be offered
 */
void nvsp_build_ndis_config(struct nvsp_msg *msg, u32 version, u32 frame_size, bool sriov)
{
	u64 caps = NVSP_NDIS_CAP_VLAN;

	/* Hosts send link speed changes to those that claim to team. */
	if (version >= NVSP_VERSION_5)
		caps |= NVSP_NDIS_CAP_TEAMING | (sriov ? NVSP_NDIS_CAP_SRIOV : 0);
	if (version >= NVSP_VERSION_6_1)
		caps |= NVSP_NDIS_CAP_RSC;

	start(msg, NVSP_MSG_SEND_NDIS_CONFIG);
	msg->ndis_config.mtu = cpu_to_le32(frame_size);
	msg->ndis_config.capabilities = cpu_to_le64(caps);
}

/**
 * nvsp_build_ndis_version() - the NDIS version whose objects we speak
 * @msg: the message
 * @version: the negotiated NVSP version
 */
void nvsp_build_ndis_version(struct nvsp_msg *msg, u32 version)
{
	start(msg, NVSP_MSG_SEND_NDIS_VERSION);
	msg->ndis_version.major = cpu_to_le32(6);
	msg->ndis_version.minor = cpu_to_le32(version >= NVSP_VERSION_5 ? 30 : 1);
}

/**
 * nvsp_build_recv_buf() - hand over the receive buffer
 * @msg: the message
 * @gpadl: its GPADL
 * @id: the transfer page set id that received packets will carry
 */
void nvsp_build_recv_buf(struct nvsp_msg *msg, u32 gpadl, u16 id)
{
	start(msg, NVSP_MSG_SEND_RECV_BUF);
	msg->recv_buf.gpadl = cpu_to_le32(gpadl);
	msg->recv_buf.id = cpu_to_le16(id);
}

/**
 * nvsp_build_send_buf() - hand over the send buffer
 * @msg: the message
 * @gpadl: its GPADL
 * @id: the buffer's id
 */
void nvsp_build_send_buf(struct nvsp_msg *msg, u32 gpadl, u16 id)
{
	start(msg, NVSP_MSG_SEND_SEND_BUF);
	msg->send_buf.gpadl = cpu_to_le32(gpadl);
	msg->send_buf.id = cpu_to_le16(id);
}

/**
 * nvsp_build_revoke_recv_buf() - take the receive buffer back; there is no answer
 * @msg: the message
 * @id: as it was handed over
 */
void nvsp_build_revoke_recv_buf(struct nvsp_msg *msg, u16 id)
{
	start(msg, NVSP_MSG_REVOKE_RECV_BUF);
	msg->revoke_recv_buf.id = cpu_to_le16(id);
}

/**
 * nvsp_build_revoke_send_buf() - take the send buffer back; there is no answer
 * @msg: the message
 * @id: as it was handed over
 */
void nvsp_build_revoke_send_buf(struct nvsp_msg *msg, u16 id)
{
	start(msg, NVSP_MSG_REVOKE_SEND_BUF);
	msg->revoke_send_buf.id = cpu_to_le16(id);
}

/**
 * nvsp_build_subchannels() - ask for more channels, from version 5
 * @msg: the message
 * @count: how many, the primary not counted
 */
void nvsp_build_subchannels(struct nvsp_msg *msg, u32 count)
{
	start(msg, NVSP_MSG_SUBCHANNEL);
	msg->subchannel.op = cpu_to_le32(NVSP_SUBCHANNEL_OP_ALLOCATE);
	msg->subchannel.num_subchannels = cpu_to_le32(count);
}

/**
 * nvsp_build_data_path() - choose the VF or the synthetic path, from version 4
 * @msg: the message
 * @vf: the VF
 */
void nvsp_build_data_path(struct nvsp_msg *msg, bool vf)
{
	start(msg, NVSP_MSG_SWITCH_DATA_PATH);
	msg->switch_data_path.active = cpu_to_le32(vf ? NVSP_DATA_PATH_VF :
							NVSP_DATA_PATH_SYNTHETIC);
}

/**
 * nvsp_build_rndis() - announce RNDIS messages
 * @msg: the message
 * @channel: NVSP_CHANNEL_DATA or NVSP_CHANNEL_CONTROL
 * @section: send section that they start in, or NVSP_SECTION_NONE
 * @section_size: bytes used of it
 */
void nvsp_build_rndis(struct nvsp_msg *msg, u32 channel, u32 section, u32 section_size)
{
	start(msg, NVSP_MSG_SEND_RNDIS_PACKET);
	msg->rndis.channel_type = cpu_to_le32(channel);
	msg->rndis.section_index = cpu_to_le32(section);
	msg->rndis.section_size = cpu_to_le32(section_size);
}

/**
 * nvsp_build_rndis_complete() - give received packets back
 * @msg: the message
 * @status: enum nvsp_status
 */
void nvsp_build_rndis_complete(struct nvsp_msg *msg, u32 status)
{
	start(msg, NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE);
	msg->rndis_complete.status = cpu_to_le32(status);
}

/**
 * nvsp_parse_type() - the type of a message
 * @data: the message
 * @len: its bytes
 * @type: enum nvsp_msg_type, unchecked
 *
 * Return: 0, or -EINVAL when it is too short for one.
 */
int nvsp_parse_type(const void *data, u32 len, u32 *type)
{
	struct nvsp_msg_header header;

	if (len < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	*type = le32_to_cpu(header.type);
	return 0;
}

/**
 * nvsp_parse_init_complete() - the host's word about a version
 * @data: the message
 * @len: its bytes
 * @status: enum nvsp_status
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message.
 */
int nvsp_parse_init_complete(const void *data, u32 len, u32 *status)
{
	struct nvsp_msg msg;
	int ret = take(&msg, data, len, NVSP_MSG_INIT_COMPLETE, sizeof(msg.init_complete));

	if (!ret)
		*status = le32_to_cpu(msg.init_complete.status);
	return ret;
}

/**
 * nvsp_parse_recv_buf_complete() - how the host divided the receive buffer
 * @data: the message
 * @len: its bytes
 * @size: the buffer's bytes
 * @least: the least sensible section, bytes
 * @layout: the outcome
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message, -ERANGE when the
 * sections do not fit the buffer.
 */
int nvsp_parse_recv_buf_complete(const void *data, u32 len, u32 size, u32 least,
				 struct nvsp_layout *layout)
{
	const struct nvsp_recv_buf_section *section;
	struct nvsp_msg msg;
	int ret;

	/* A refusal may lack the section. */
	ret = take(&msg, data, len, NVSP_MSG_SEND_RECV_BUF_COMPLETE,
		   sizeof(msg.recv_buf_complete.status));
	if (ret)
		return ret;
	layout->status = le32_to_cpu(msg.recv_buf_complete.status);
	if (layout->status != NVSP_STATUS_SUCCESS)
		return 0;

	ret = take(&msg, data, len, NVSP_MSG_SEND_RECV_BUF_COMPLETE,
		   sizeof(msg.recv_buf_complete));
	if (ret)
		return ret;
	section = &msg.recv_buf_complete.sections[0];
	layout->section_size = le32_to_cpu(section->sub_alloc_size);
	layout->sections = le32_to_cpu(section->num_sub_allocs);
	if (le32_to_cpu(msg.recv_buf_complete.num_sections) != 1 || section->offset ||
	    layout->section_size < least || !layout->sections ||
	    (u64)layout->section_size * layout->sections > size)
		return -ERANGE;
	return 0;
}

/**
 * nvsp_parse_send_buf_complete() - how the host divided the send buffer
 * @data: the message
 * @len: its bytes
 * @size: the buffer's bytes
 * @least: the least sensible section, bytes
 * @layout: the outcome
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message, -ERANGE when no
 * section fits the buffer.
 */
int nvsp_parse_send_buf_complete(const void *data, u32 len, u32 size, u32 least,
				 struct nvsp_layout *layout)
{
	struct nvsp_msg msg;
	int ret;

	ret = take(&msg, data, len, NVSP_MSG_SEND_SEND_BUF_COMPLETE,
		   sizeof(msg.send_buf_complete));
	if (ret)
		return ret;
	layout->status = le32_to_cpu(msg.send_buf_complete.status);
	if (layout->status != NVSP_STATUS_SUCCESS)
		return 0;

	layout->section_size = le32_to_cpu(msg.send_buf_complete.section_size);
	if (layout->section_size < least || layout->section_size > size)
		return -ERANGE;
	layout->sections = size / layout->section_size;
	return 0;
}

/**
 * nvsp_parse_subchannels() - how many subchannels the host grants
 * @data: the message
 * @len: its bytes
 * @asked: how many we asked for
 * @granted: how many there will be
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message, -EIO when the host
 * refuses, -ERANGE when it grants more than we asked for.
 */
int nvsp_parse_subchannels(const void *data, u32 len, u32 asked, u32 *granted)
{
	struct nvsp_msg msg;
	int ret;

	ret = take(&msg, data, len, NVSP_MSG_SUBCHANNEL, sizeof(msg.subchannel_complete));
	if (ret)
		return ret;
	if (le32_to_cpu(msg.subchannel_complete.status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	*granted = le32_to_cpu(msg.subchannel_complete.num_subchannels);
	return *granted > asked ? -ERANGE : 0;
}

/**
 * nvsp_parse_status() - the status of a completed RNDIS packet
 * @data: the message
 * @len: its bytes
 * @status: enum nvsp_status
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message.
 */
int nvsp_parse_status(const void *data, u32 len, u32 *status)
{
	const u32 need = sizeof(struct nvsp_msg_header) +
			 sizeof(struct nvsp_msg_send_rndis_packet_complete);
	__le32 word[2];

	if (len < need)
		return -EINVAL;
	memcpy(word, data, need);
	*status = le32_to_cpu(word[1]);
	return le32_to_cpu(word[0]) == NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE ? 0 : -EPROTO;
}

/**
 * nvsp_parse_send_table() - which channel the host wants which flows on
 * @data: the message
 * @len: its bytes
 * @version: the negotiated version; hosts before 6.1 write a wrong offset
 * @table: channel indices, not checked against the number of channels
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message, -ERANGE when the table
 * has another size or does not lie within the message.
 */
int nvsp_parse_send_table(const void *data, u32 len, u32 version,
			  u32 table[NVSP_SEND_TABLE_ENTRIES])
{
	__le32 entries[NVSP_SEND_TABLE_ENTRIES];
	struct nvsp_msg msg;
	unsigned int i;
	u32 offset;
	int ret;

	ret = take(&msg, data, len, NVSP_MSG_SEND_INDIRECTION_TABLE, sizeof(msg.send_table));
	if (ret)
		return ret;
	if (le32_to_cpu(msg.send_table.count) != NVSP_SEND_TABLE_ENTRIES)
		return -ERANGE;
	offset = le32_to_cpu(msg.send_table.offset);
	if (version < NVSP_VERSION_6_1 && len >= NVSP_MSG_SIZE_V6_1 + sizeof(entries))
		offset = NVSP_MSG_SIZE_V6_1;
	if (len < sizeof(entries) || offset > len - sizeof(entries))
		return -ERANGE;

	memcpy(entries, (const u8 *)data + offset, sizeof(entries));
	for (i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++)
		table[i] = le32_to_cpu(entries[i]);
	return 0;
}

/**
 * nvsp_parse_vf_association() - a VF comes or goes
 * @data: the message
 * @len: its bytes
 * @vf: the outcome
 *
 * Return: 0, -EINVAL when too short, -EPROTO when it is another message.
 */
int nvsp_parse_vf_association(const void *data, u32 len, struct nvsp_vf_association *vf)
{
	struct nvsp_msg msg;
	int ret;

	ret = take(&msg, data, len, NVSP_MSG_SEND_VF_ASSOCIATION, sizeof(msg.vf_association));
	if (ret)
		return ret;
	vf->present = le32_to_cpu(msg.vf_association.allocated);
	vf->serial = le32_to_cpu(msg.vf_association.serial);
	return 0;
}

/**
 * nvsp_parse_transfer() - how many ranges a transfer-page packet has
 * @packet: the packet from its descriptor on
 * @header_len: bytes up to its payload
 * @set: the transfer page set that it must belong to
 * @ranges: how many ranges; all of them lie within @header_len
 *
 * Return: 0, -EINVAL when the header is too short, -EPROTO for another page set, -ERANGE when
 * the header cannot hold so many ranges.
 */
int nvsp_parse_transfer(const void *packet, u32 header_len, u16 set, u32 *ranges)
{
	struct nvsp_xfer_header header;

	if (header_len < XFER_RANGES)
		return -EINVAL;
	memcpy(&header, (const u8 *)packet + 16, sizeof(header));
	if (le16_to_cpu(header.page_set_id) != set)
		return -EPROTO;
	*ranges = le32_to_cpu(header.range_count);
	if (*ranges > (header_len - XFER_RANGES) / sizeof(struct nvsp_xfer_range))
		return -ERANGE;
	return 0;
}

/**
 * nvsp_parse_range() - one range of a transfer-page packet
 * @packet: the packet, checked by nvsp_parse_transfer()
 * @index: which range, below the count
 * @buffer_size: bytes of the receive buffer
 * @offset: where the range starts in it
 * @len: its bytes
 *
 * Return: 0, or -ERANGE when the range does not lie within the receive buffer.
 */
int nvsp_parse_range(const void *packet, u32 index, u32 buffer_size, u32 *offset, u32 *len)
{
	struct nvsp_xfer_range range;

	memcpy(&range, (const u8 *)packet + XFER_RANGES + index * sizeof(range), sizeof(range));
	*offset = le32_to_cpu(range.byte_offset);
	*len = le32_to_cpu(range.byte_count);
	return *offset > buffer_size || *len > buffer_size - *offset ? -ERANGE : 0;
}
