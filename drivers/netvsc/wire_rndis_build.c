// SPDX-License-Identifier: GPL-2.0
/*
 * Building RNDIS messages and the NDIS objects that they carry. Offsets on the wire count from
 * the end of the message's 8-byte header, or from the object's start.
 */
#include <hvic/network.h>

#include "wire_rndis.h"

#define HEADER		((u32)sizeof(struct rndis_wire_header))
#define PPI_SIZE	((u32)(sizeof(struct rndis_wire_ppi) + sizeof(__le32)))

static u8 *put_info(u8 *at, u32 type, u32 value)
{
	const struct rndis_wire_ppi ppi = {
		.size = cpu_to_le32(PPI_SIZE),
		.type = cpu_to_le32(type),
		.offset = cpu_to_le32(sizeof(struct rndis_wire_ppi)),
	};
	const __le32 le = cpu_to_le32(value);

	memcpy(at, &ppi, sizeof(ppi));
	memcpy(at + sizeof(ppi), &le, sizeof(le));
	return at + PPI_SIZE;
}

/**
 * rndis_build_packet() - the header of a frame to send
 * @header: room for 44 bytes and 16 for each info
 * @meta: the frame
 * @padding: bytes that will follow the frame
 *
 * Return: the header's bytes; the frame follows them.
 */
u32 rndis_build_packet(void *header, const struct rndis_tx_meta *meta, u32 padding)
{
	const u32 fixed = sizeof(struct rndis_wire_packet);
	struct rndis_wire_packet packet = { };
	u8 *at = (u8 *)header + fixed;
	u32 len;

	if (meta->has & RNDIS_HAS_HASH)
		at = put_info(at, RNDIS_WIRE_PPI_HASH_VALUE, meta->hash);
	if (meta->has & RNDIS_HAS_VLAN)
		at = put_info(at, RNDIS_WIRE_PPI_VLAN,
			      meta->vlan_tci >> 13 |
			      (meta->vlan_tci & 1 << 12 ? RNDIS_WIRE_VLAN_DEI : 0) |
			      (meta->vlan_tci & RNDIS_WIRE_VLAN_ID_MASK) <<
				RNDIS_WIRE_VLAN_ID_SHIFT);
	if (meta->has & RNDIS_HAS_LSO)
		at = put_info(at, RNDIS_WIRE_PPI_LSO, meta->lso);
	if (meta->has & RNDIS_HAS_CSUM)
		at = put_info(at, RNDIS_WIRE_PPI_CHECKSUM, meta->csum);

	len = at - (u8 *)header;
	packet.header.type = cpu_to_le32(RNDIS_WIRE_PACKET);
	packet.header.len = cpu_to_le32(len + meta->data_len + padding);
	packet.data_offset = cpu_to_le32(len - HEADER);
	packet.data_len = cpu_to_le32(meta->data_len);
	if (len > fixed) {
		packet.ppi_offset = cpu_to_le32(fixed - HEADER);
		packet.ppi_len = cpu_to_le32(len - fixed);
	}
	memcpy(header, &packet, fixed);
	return len;
}

/**
 * rndis_build_init() - the first message
 * @msg: room for it
 * @id: request id
 * @max_transfer: bytes that we take in one message
 *
 * Return: its bytes.
 */
u32 rndis_build_init(void *msg, u32 id, u32 max_transfer)
{
	const struct rndis_wire_initialize init = {
		.header.type = cpu_to_le32(RNDIS_WIRE_INITIALIZE),
		.header.len = cpu_to_le32(sizeof(init)),
		.request_id = cpu_to_le32(id),
		.major = cpu_to_le32(RNDIS_WIRE_VERSION_MAJOR),
		.minor = cpu_to_le32(RNDIS_WIRE_VERSION_MINOR),
		.max_transfer_size = cpu_to_le32(max_transfer),
	};

	memcpy(msg, &init, sizeof(init));
	return sizeof(init);
}

/**
 * rndis_build_halt() - the last message; it has no answer
 * @msg: room for it
 * @id: request id
 *
 * Return: its bytes.
 */
u32 rndis_build_halt(void *msg, u32 id)
{
	const struct rndis_wire_halt halt = {
		.header.type = cpu_to_le32(RNDIS_WIRE_HALT),
		.header.len = cpu_to_le32(sizeof(halt)),
		.request_id = cpu_to_le32(id),
	};

	memcpy(msg, &halt, sizeof(halt));
	return sizeof(halt);
}

/**
 * rndis_build_request() - a query or a set
 * @msg: room for it
 * @room: bytes of that room
 * @set: a set
 * @id: request id
 * @oid: RNDIS_WIRE_OID_*
 * @info: what to set, or the header of the object to query
 * @info_len: its bytes
 *
 * Return: its bytes, or 0 when it does not fit.
 */
u32 rndis_build_request(void *msg, u32 room, bool set, u32 id, u32 oid,
			const void *info, u32 info_len)
{
	struct rndis_wire_request request = {
		.header.type = cpu_to_le32(set ? RNDIS_WIRE_SET : RNDIS_WIRE_QUERY),
		.header.len = cpu_to_le32(sizeof(request) + info_len),
		.request_id = cpu_to_le32(id),
		.oid = cpu_to_le32(oid),
		.info_len = cpu_to_le32(info_len),
		.info_offset = cpu_to_le32(sizeof(request) - HEADER),
	};

	if (room < sizeof(request) || info_len > room - sizeof(request))
		return 0;
	memcpy(msg, &request, sizeof(request));
	if (info_len)
		memcpy((u8 *)msg + sizeof(request), info, info_len);
	return sizeof(request) + info_len;
}

/**
 * rndis_build_offload_query() - which NDIS_OFFLOAD we can read
 * @info: room for it
 * @nvsp_version: the negotiated version, which decides the revision
 *
 * Return: its bytes.
 */
u32 rndis_build_offload_query(void *info, u32 nvsp_version)
{
	const u32 size = nvsp_version >= NVSP_VERSION_5 ? RNDIS_WIRE_OFFLOAD_SIZE_R3 :
			 nvsp_version >= NVSP_VERSION_4 ? RNDIS_WIRE_OFFLOAD_SIZE_R2 :
							  RNDIS_WIRE_OFFLOAD_SIZE_R1;
	const struct rndis_wire_object header = {
		.type = RNDIS_WIRE_OBJECT_OFFLOAD,
		.revision = nvsp_version >= NVSP_VERSION_5 ? 3 :
			    nvsp_version >= NVSP_VERSION_4 ? 2 : 1,
		.size = cpu_to_le16(size),
	};

	memset(info, 0, size);
	memcpy(info, &header, sizeof(header));
	return size;
}

/**
 * rndis_build_offload_params() - turn offloads on and off
 * @info: room for it
 * @nvsp_version: the negotiated version, which decides the revision
 * @choice: what is wanted
 *
 * Return: its bytes.
 */
u32 rndis_build_offload_params(void *info, u32 nvsp_version,
			       const struct rndis_offload_choice *choice)
{
	const bool new = nvsp_version >= NVSP_VERSION_5;
	const u32 size = new ? RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R3 :
			       RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R2;
	struct rndis_wire_offload_params params = {
		.header.type = RNDIS_WIRE_OBJECT_DEFAULT,
		.header.revision = new ? 3 : 2,
		.header.size = cpu_to_le16(size),
	};
	const struct {
		u32 bit;
		u8 *field;
	} csums[] = {
		{ RNDIS_CSUM_TCP4, &params.tcp4_csum },
		{ RNDIS_CSUM_UDP4, &params.udp4_csum },
		{ RNDIS_CSUM_TCP6, &params.tcp6_csum },
		{ RNDIS_CSUM_UDP6, &params.udp6_csum },
	};
	unsigned int i;

	/* The kernel checks IPv4 headers itself, always. */
	if (!choice->keep)
		params.ipv4_csum = RNDIS_WIRE_OFFLOAD_OFF;
	for (i = 0; i < ARRAY_SIZE(csums); i++)
		if (choice->csum & csums[i].bit)
			*csums[i].field = RNDIS_WIRE_OFFLOAD_TX_RX;
	if (choice->lso4)
		params.lso_v2_ipv4 = RNDIS_WIRE_OFFLOAD_ON;
	if (choice->lso6)
		params.lso_v2_ipv6 = RNDIS_WIRE_OFFLOAD_ON;
	/* Before version 5 the object ends before these, and UDP was never offered. */
	if (!new) {
		params.udp4_csum = RNDIS_WIRE_OFFLOAD_NO_CHANGE;
		params.udp6_csum = RNDIS_WIRE_OFFLOAD_NO_CHANGE;
	} else if (choice->rsc_known) {
		params.rsc_ipv4 = choice->rsc ? RNDIS_WIRE_OFFLOAD_ON : RNDIS_WIRE_OFFLOAD_OFF;
		params.rsc_ipv6 = params.rsc_ipv4;
	}
	memcpy(info, &params, size);
	return size;
}

/**
 * rndis_build_rss_query() - which RSS capabilities we can read
 * @info: room for it
 *
 * Return: its bytes.
 */
u32 rndis_build_rss_query(void *info)
{
	const struct rndis_wire_rss_caps caps = {
		.header.type = RNDIS_WIRE_OBJECT_RSS_CAPABILITIES,
		.header.revision = 2,
		.header.size = cpu_to_le16(sizeof(caps)),
	};

	memcpy(info, &caps, sizeof(caps));
	return sizeof(caps);
}

/**
 * rndis_build_rss_params() - which channel the host puts which flow on
 * @info: room for RNDIS_MAX_INFO bytes
 * @table: channel indices
 * @entries: of the table, at most 256
 * @key: for Toeplitz
 * @key_size: bytes, at most 40
 * @flags: RNDIS_WIRE_RSS_*
 *
 * Return: its bytes.
 */
u32 rndis_build_rss_params(void *info, const u16 *table, u32 entries, const u8 *key,
			   u32 key_size, u32 flags)
{
	const u32 table_offset = sizeof(struct rndis_wire_rss_params);
	const u32 key_offset = table_offset + 4 * entries;
	const struct rndis_wire_rss_params params = {
		.header.type = RNDIS_WIRE_OBJECT_RSS_PARAMETERS,
		.header.revision = 2,
		.header.size = cpu_to_le16(sizeof(params)),
		.flags = cpu_to_le16(flags),
		.hash_info = cpu_to_le32(RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_HASH_IPV4 |
					 RNDIS_WIRE_HASH_TCP_IPV4 | RNDIS_WIRE_HASH_IPV6 |
					 RNDIS_WIRE_HASH_TCP_IPV6),
		.table_size = cpu_to_le16(4 * entries),
		.table_offset = cpu_to_le32(table_offset),
		.key_size = cpu_to_le16(key_size),
		.key_offset = cpu_to_le32(key_offset),
	};
	u8 *at = (u8 *)info + table_offset;
	u32 i;

	memcpy(info, &params, sizeof(params));
	for (i = 0; i < entries; i++, at += 4) {
		const __le32 le = cpu_to_le32(table[i]);

		memcpy(at, &le, sizeof(le));
	}
	memcpy(at, key, key_size);
	return key_offset + key_size;
}

/**
 * rndis_build_mac_param() - the configuration parameter "NetworkAddress"
 * @info: room for it
 * @mac: the address
 *
 * Return: its bytes.
 */
u32 rndis_build_mac_param(void *info, const u8 mac[6])
{
	static const char name[] = "NetworkAddress";
	static const char digits[] = "0123456789abcdef";
	const u32 name_len = 2 * (sizeof(name) - 1);
	const struct rndis_wire_config_param param = {
		.name_offset = cpu_to_le32(sizeof(param)),
		.name_len = cpu_to_le32(name_len),
		.type = cpu_to_le32(RNDIS_WIRE_CONFIG_STRING),
		.value_offset = cpu_to_le32(sizeof(param) + name_len),
		.value_len = cpu_to_le32(4 * 6),
	};
	u8 *at = (u8 *)info + sizeof(param);
	unsigned int i;

	/* UTF-16, little endian */
	memset(info, 0, sizeof(param) + name_len + 4 * 6);
	memcpy(info, &param, sizeof(param));
	for (i = 0; i < sizeof(name) - 1; i++, at += 2)
		*at = name[i];
	for (i = 0; i < 6; i++, at += 4) {
		at[0] = digits[mac[i] >> 4];
		at[2] = digits[mac[i] & 15];
	}
	return at - (u8 *)info;
}
