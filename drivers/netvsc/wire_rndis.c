// SPDX-License-Identifier: GPL-2.0
/*
 * Checking the host's RNDIS messages and NDIS objects. Nothing here keeps state or trusts a
 * length; each value is read once from bytes that the host may still be changing. Offsets on the
 * wire count from the end of the message's 8-byte header.
 */
#include "wire_rndis.h"

#define HEADER		((u32)sizeof(struct rndis_wire_header))

/* Which types fit which field; the rest of a host's infos is skipped. */
static void store_info(struct rndis_rx_meta *meta, u32 type, u32 value)
{
	switch (type) {
	case RNDIS_WIRE_PPI_CHECKSUM:
		meta->csum = value;
		meta->has |= RNDIS_HAS_CSUM;
		break;
	case RNDIS_WIRE_PPI_VLAN:
		meta->vlan_tci = (value & RNDIS_WIRE_VLAN_PRIORITY_MASK) << 13 |
				 (value & RNDIS_WIRE_VLAN_DEI ? 1 << 12 : 0) |
				 (value >> RNDIS_WIRE_VLAN_ID_SHIFT & RNDIS_WIRE_VLAN_ID_MASK);
		meta->has |= RNDIS_HAS_VLAN;
		break;
	case RNDIS_WIRE_PPI_HASH_VALUE:
		meta->hash = value;
		meta->has |= RNDIS_HAS_HASH;
		break;
	case RNDIS_WIRE_PPI_PACKET_ID:
		/* version in the first byte, flags in the second */
		meta->id_flags = value >> 8;
		meta->has |= RNDIS_HAS_ID;
		break;
	}
}

/* All infos in one pass over a private copy. */
static int parse_infos(const u8 *infos, u32 len, struct rndis_rx_meta *meta)
{
	struct rndis_wire_ppi ppi;

	while (len >= sizeof(ppi)) {
		u32 size, offset;
		__le32 value;

		memcpy(&ppi, infos, sizeof(ppi));
		size = le32_to_cpu(ppi.size);
		offset = le32_to_cpu(ppi.offset);
		if (size < sizeof(ppi) || size > len || offset < sizeof(ppi) || offset > size)
			return -EINVAL;
		if (size - offset >= sizeof(value)) {
			memcpy(&value, infos + offset, sizeof(value));
			store_info(meta, le32_to_cpu(ppi.type), le32_to_cpu(value));
		}
		infos += size;
		len -= size;
	}
	return 0;
}

/**
 * rndis_parse_header() - the type of a message
 * @data: the message
 * @len: bytes that there are
 * @type: enum rndis_wire_msg_type, unchecked
 * @size: bytes that the message claims, at most @len
 *
 * Return: 0, or -EINVAL when the message claims more bytes than there are, or none.
 */
int rndis_parse_header(const void *data, u32 len, u32 *type, u32 *size)
{
	struct rndis_wire_header header;

	if (len < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	*type = le32_to_cpu(header.type);
	*size = le32_to_cpu(header.len);
	return *size < sizeof(header) || *size > len ? -EINVAL : 0;
}

/**
 * rndis_parse_packet() - a received frame
 * @data: the message, a RNDIS_WIRE_PACKET
 * @len: bytes that there are
 * @meta: the outcome
 *
 * Return: 0, -EINVAL when something lies outside of the message, -E2BIG when the per-packet
 * infos take more than RNDIS_MAX_PPI bytes.
 */
int rndis_parse_packet(const void *data, u32 len, struct rndis_rx_meta *meta)
{
	const u32 fixed = sizeof(struct rndis_wire_packet) - HEADER;
	struct rndis_wire_packet packet;
	u32 body, offset, size;
	u8 infos[RNDIS_MAX_PPI];

	if (len < sizeof(packet))
		return -EINVAL;
	memcpy(&packet, data, sizeof(packet));
	body = len - HEADER;

	memset(meta, 0, sizeof(*meta));
	offset = le32_to_cpu(packet.data_offset);
	size = le32_to_cpu(packet.data_len);
	if (offset < fixed || offset > body || size > body - offset)
		return -EINVAL;
	meta->data_offset = HEADER + offset;
	meta->data_len = size;

	offset = le32_to_cpu(packet.ppi_offset);
	size = le32_to_cpu(packet.ppi_len);
	if (!offset || !size)
		return 0;
	if (offset < fixed || offset > body || size > body - offset)
		return -EINVAL;
	if (size > sizeof(infos))
		return -E2BIG;
	memcpy(infos, (const u8 *)data + HEADER + offset, size);
	return parse_infos(infos, size, meta);
}

/**
 * rndis_parse_answer() - the answer to a request
 * @data: the message, whose header rndis_parse_header() has checked
 * @len: bytes that there are
 * @answer: the outcome; a query's info lies within @len
 *
 * Return: 0, -EINVAL when something lies outside of the message, -EPROTO when it is no answer.
 */
int rndis_parse_answer(const void *data, u32 len, struct rndis_answer *answer)
{
	struct rndis_wire_query_complete msg = { };
	u32 need;

	if (len < sizeof(struct rndis_wire_set_complete))
		return -EINVAL;
	memcpy(&msg, data, sizeof(struct rndis_wire_set_complete));
	answer->type = le32_to_cpu(msg.header.type);
	answer->request_id = le32_to_cpu(msg.request_id);
	answer->status = le32_to_cpu(msg.status);
	answer->info_offset = 0;
	answer->info_len = 0;

	switch (answer->type) {
	case (u32)RNDIS_WIRE_INITIALIZE_COMPLETE:
		need = sizeof(struct rndis_wire_initialize_complete);
		/* A refusal may stop after the status. */
		return len < need && answer->status == RNDIS_WIRE_STATUS_SUCCESS ? -EINVAL : 0;
	case (u32)RNDIS_WIRE_SET_COMPLETE:
	case (u32)RNDIS_WIRE_KEEPALIVE_COMPLETE:
		return 0;
	case (u32)RNDIS_WIRE_QUERY_COMPLETE:
		break;
	default:
		return -EPROTO;
	}

	if (answer->status != RNDIS_WIRE_STATUS_SUCCESS)
		return 0;
	if (len < sizeof(msg))
		return -EINVAL;
	memcpy(&msg, data, sizeof(msg));
	answer->info_len = le32_to_cpu(msg.info_len);
	if (!answer->info_len)
		return 0;
	answer->info_offset = le32_to_cpu(msg.info_offset);
	if (answer->info_offset < sizeof(msg) - HEADER || answer->info_offset > len - HEADER ||
	    answer->info_len > len - HEADER - answer->info_offset)
		return -EINVAL;
	answer->info_offset += HEADER;
	return 0;
}

/**
 * rndis_parse_limits() - the limits in the answer to RNDIS_WIRE_INITIALIZE
 * @data: the message
 * @len: bytes that there are
 * @limits: the outcome, brought into sensible bounds
 *
 * Return: 0, or -EINVAL when too short.
 */
int rndis_parse_limits(const void *data, u32 len, struct rndis_limits *limits)
{
	struct rndis_wire_initialize_complete msg;
	u32 factor;

	if (len < sizeof(msg))
		return -EINVAL;
	memcpy(&msg, data, sizeof(msg));
	limits->max_packets = le32_to_cpu(msg.max_packets_per_msg);
	if (!limits->max_packets)
		limits->max_packets = 1;
	limits->max_transfer = le32_to_cpu(msg.max_transfer_size);
	/* NDIS knows alignments up to 128 bytes. */
	factor = le32_to_cpu(msg.alignment_factor);
	limits->align = 1U << (factor > 7 ? 7 : factor);
	return 0;
}

/**
 * rndis_parse_indication() - a status that the host reports
 * @data: the message, whose header rndis_parse_header() has checked
 * @len: bytes that there are; old hosts leave the buffer out of the message's own length
 * @ind: the outcome
 *
 * Return: 0, or -EINVAL when something lies outside of @len.
 */
int rndis_parse_indication(const void *data, u32 len, struct rndis_indication *ind)
{
	struct rndis_wire_indicate_status msg;
	u32 offset, size;
	__le32 value;

	if (len < sizeof(msg))
		return -EINVAL;
	memcpy(&msg, data, sizeof(msg));
	ind->status = le32_to_cpu(msg.status);
	ind->value = 0;
	ind->has_value = false;

	size = le32_to_cpu(msg.info_len);
	if (!size)
		return 0;
	offset = le32_to_cpu(msg.info_offset);
	if (offset < sizeof(msg) - HEADER || offset > len - HEADER ||
	    size > len - HEADER - offset)
		return -EINVAL;
	if (size >= sizeof(value)) {
		memcpy(&value, (const u8 *)data + HEADER + offset, sizeof(value));
		ind->value = le32_to_cpu(value);
		ind->has_value = true;
	}
	return 0;
}

/**
 * rndis_parse_offload() - what the host's NDIS_OFFLOAD offers
 * @data: the object
 * @len: its bytes
 * @caps: the outcome
 *
 * Return: 0, or -EINVAL when it is another object or shorter than its first revision.
 */
int rndis_parse_offload(const void *data, u32 len, struct rndis_offload_caps *caps)
{
	const u32 tcp = RNDIS_WIRE_CSUM_CAP_TCP | RNDIS_WIRE_CSUM_CAP_TCP_OPTIONS;
	const u32 tcp6 = tcp | RNDIS_WIRE_CSUM_CAP_IP_OPTIONS;
	const u32 lso6 = RNDIS_WIRE_LSO_CAP_IPV6_EXT | RNDIS_WIRE_LSO_CAP_TCP_OPTIONS;
	struct rndis_wire_offload offload = { };
	u32 v4, v6, max;

	if (len > sizeof(offload))
		len = sizeof(offload);
	if (len < RNDIS_WIRE_OFFLOAD_SIZE_R1)
		return -EINVAL;
	memcpy(&offload, data, len);
	if (offload.header.type != RNDIS_WIRE_OBJECT_OFFLOAD || !offload.header.revision ||
	    le16_to_cpu(offload.header.size) < RNDIS_WIRE_OFFLOAD_SIZE_R1)
		return -EINVAL;

	memset(caps, 0, sizeof(*caps));
	caps->lso_max = 65536;
	v4 = le32_to_cpu(offload.csum.ipv4_tx);
	v6 = le32_to_cpu(offload.csum.ipv6_tx);

	/* UDP alone would cost more checks a packet than it saves. */
	if ((v4 & tcp) == tcp) {
		caps->tx_csum |= RNDIS_CSUM_TCP4;
		caps->tx_csum |= v4 & RNDIS_WIRE_CSUM_CAP_UDP ? RNDIS_CSUM_UDP4 : 0;
		caps->lso4 = le32_to_cpu(offload.lso_v2.ipv4_encap) & RNDIS_WIRE_ENCAP_802_3;
	}
	if ((v6 & tcp6) == tcp6) {
		caps->tx_csum |= RNDIS_CSUM_TCP6;
		caps->tx_csum |= v6 & RNDIS_WIRE_CSUM_CAP_UDP ? RNDIS_CSUM_UDP6 : 0;
		caps->lso6 = le32_to_cpu(offload.lso_v2.ipv6_encap) & RNDIS_WIRE_ENCAP_802_3 &&
			     (le32_to_cpu(offload.lso_v2.ipv6_flags) & lso6) == lso6;
	}

	/* A limit that holds no two segments of anything is no offload. */
	max = le32_to_cpu(offload.lso_v2.ipv4_max_size);
	if (max < 4096)
		caps->lso4 = false;
	else if (caps->lso4 && max < caps->lso_max)
		caps->lso_max = max;
	max = le32_to_cpu(offload.lso_v2.ipv6_max_size);
	if (max < 4096)
		caps->lso6 = false;
	else if (caps->lso6 && max < caps->lso_max)
		caps->lso_max = max;

	caps->rsc = offload.rsc_ipv4 && offload.rsc_ipv6;
	return 0;
}

/**
 * rndis_parse_rss_caps() - how far the host spreads received packets
 * @data: the object
 * @len: its bytes
 * @queues: most queues
 * @table: entries of its indirection table; 0 when it does not say
 *
 * Return: 0, or -EINVAL when too short.
 */
int rndis_parse_rss_caps(const void *data, u32 len, u32 *queues, u32 *table)
{
	struct rndis_wire_rss_caps caps = { };
	const u32 least = sizeof(caps) - sizeof(caps.num_table_entries);

	if (len < least)
		return -EINVAL;
	memcpy(&caps, data, len < sizeof(caps) ? len : sizeof(caps));
	*queues = le32_to_cpu(caps.num_recv_queues);
	*table = len < sizeof(caps) ? 0 : le16_to_cpu(caps.num_table_entries);
	return 0;
}
