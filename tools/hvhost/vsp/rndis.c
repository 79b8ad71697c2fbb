// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS messages: cutting, checking, building. What the object ids mean is in rndis_oid.c.
 */
#include "vsp/rndis.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

static uint32_t get_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

void rndis_nic_reset(struct rndis_nic *nic)
{
	nic->state = RNDIS_UNINITIALIZED;
	nic->packet_filter = 0;
	nic->nr_multicast = 0;
	nic->offloads = (struct rndis_offloads){
		.ipv4_csum = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
		.tcp4_csum = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
		.udp4_csum = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
		.tcp6_csum = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
		.udp6_csum = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
		.lso_ipv4 = true,
		.lso_ipv6 = true,
	};
	memset(&nic->rss, 0, sizeof(nic->rss));
}

int rndis_next_message(const void *data, size_t len, uint32_t *type)
{
	const struct rndis_wire_header *header = data;
	uint32_t msg_len;

	if (len < sizeof(*header))
		return -EBADMSG;
	msg_len = le32toh(header->len);
	if (msg_len < sizeof(*header) || msg_len > len || msg_len > RNDIS_MAX_TRANSFER)
		return -EBADMSG;
	*type = le32toh(header->type);
	return msg_len;
}

/* ---- packets ---- */

static void take_ppi(struct rndis_tx_packet *pkt, uint32_t type, uint32_t value)
{
	switch (type) {
	case RNDIS_WIRE_PPI_CHECKSUM:
		pkt->has_csum = true;
		pkt->csum = value;
		break;
	case RNDIS_WIRE_PPI_LSO:
		pkt->has_lso = true;
		pkt->lso = value;
		break;
	case RNDIS_WIRE_PPI_VLAN:
		pkt->has_vlan = true;
		pkt->vlan = value;
		break;
	case RNDIS_WIRE_PPI_HASH_VALUE:
		pkt->has_hash = true;
		pkt->hash = value;
		break;
	}
}

/* Infos that the host does not know are passed over; those that it knows hold 4 bytes. */
static int walk_ppis(const uint8_t *ppis, uint32_t len, struct rndis_tx_packet *pkt)
{
	const struct rndis_wire_ppi *ppi;
	uint32_t size, type, offset;

	for (; len; ppis += size, len -= size) {
		ppi = (const struct rndis_wire_ppi *)ppis;
		if (len < sizeof(*ppi))
			return -EBADMSG;
		size = le32toh(ppi->size);
		type = le32toh(ppi->type);
		offset = le32toh(ppi->offset);
		if (size < sizeof(*ppi) || size > len || offset < sizeof(*ppi) || offset > size)
			return -EBADMSG;
		if (type == RNDIS_WIRE_PPI_CHECKSUM || type == RNDIS_WIRE_PPI_LSO ||
		    type == RNDIS_WIRE_PPI_VLAN || type == RNDIS_WIRE_PPI_HASH_VALUE) {
			if (size - offset < 4)
				return -EBADMSG;
			take_ppi(pkt, type, get_le32(ppis + offset));
		}
	}
	return 0;
}

int rndis_parse_packet(const void *msg, size_t len, struct rndis_tx_packet *pkt)
{
	const uint32_t fixed = sizeof(struct rndis_wire_packet) - sizeof(struct rndis_wire_header);
	const struct rndis_wire_packet *packet = msg;
	const uint8_t *body = (const uint8_t *)msg + sizeof(struct rndis_wire_header);
	uint32_t data_offset, data_len, ppi_offset, ppi_len, room;

	memset(pkt, 0, sizeof(*pkt));
	if (len < sizeof(*packet))
		return -EBADMSG;
	room = len - sizeof(struct rndis_wire_header);
	data_offset = le32toh(packet->data_offset);
	data_len = le32toh(packet->data_len);
	ppi_offset = le32toh(packet->ppi_offset);
	ppi_len = le32toh(packet->ppi_len);
	if (data_offset < fixed || data_offset > room || data_len > room - data_offset)
		return -EBADMSG;
	pkt->frame = body + data_offset;
	pkt->len = data_len;
	if (!ppi_len)
		return 0;
	if (ppi_offset < fixed || ppi_offset > room || ppi_len > room - ppi_offset)
		return -EBADMSG;
	return walk_ppis(body + ppi_offset, ppi_len, pkt);
}

static size_t put_ppi(uint8_t *p, uint32_t type, uint32_t value)
{
	struct rndis_wire_ppi ppi = {
		.size = htole32(sizeof(ppi) + 4),
		.type = htole32(type),
		.offset = htole32(sizeof(ppi)),
	};

	value = htole32(value);
	memcpy(p, &ppi, sizeof(ppi));
	memcpy(p + sizeof(ppi), &value, 4);
	return sizeof(ppi) + 4;
}

size_t rndis_build_packet(uint8_t *buf, const struct rndis_rx_info *info, uint32_t frame_len)
{
	struct rndis_wire_packet packet = { .header.type = htole32(RNDIS_WIRE_PACKET) };
	const size_t header = sizeof(struct rndis_wire_header);
	size_t at = sizeof(packet);

	if (info->has_vlan)
		at += put_ppi(buf + at, RNDIS_WIRE_PPI_VLAN, info->vlan);
	if (info->has_csum)
		at += put_ppi(buf + at, RNDIS_WIRE_PPI_CHECKSUM, info->csum);
	if (info->has_hash)
		at += put_ppi(buf + at, RNDIS_WIRE_PPI_HASH_VALUE, info->hash);
	if (at > sizeof(packet)) {
		packet.ppi_offset = htole32(sizeof(packet) - header);
		packet.ppi_len = htole32(at - sizeof(packet));
	}
	packet.header.len = htole32(at + frame_len);
	packet.data_offset = htole32(at - header);
	packet.data_len = htole32(frame_len);
	memcpy(buf, &packet, sizeof(packet));
	return at;
}

/* ---- control ---- */

static size_t reply_initialize(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	const struct rndis_wire_initialize *init = msg;
	struct rndis_wire_initialize_complete done = {
		.header.type = htole32(RNDIS_WIRE_INITIALIZE_COMPLETE),
		.header.len = htole32(sizeof(done)),
		.request_id = init->request_id,
		.major = htole32(RNDIS_WIRE_VERSION_MAJOR),
		.minor = htole32(RNDIS_WIRE_VERSION_MINOR),
		.device_flags = htole32(RNDIS_WIRE_DEVICE_CONNECTIONLESS),
		.medium = htole32(RNDIS_WIRE_MEDIUM_802_3),
		.max_packets_per_msg = htole32(RNDIS_MAX_PACKETS),
		.max_transfer_size = htole32(RNDIS_MAX_TRANSFER),
		.alignment_factor = htole32(RNDIS_ALIGNMENT),
	};

	if (nic->state != RNDIS_UNINITIALIZED)
		done.status = htole32(RNDIS_WIRE_STATUS_FAILURE);
	else if (le32toh(init->major) != RNDIS_WIRE_VERSION_MAJOR)
		done.status = htole32(RNDIS_WIRE_STATUS_BAD_VERSION);
	else
		nic->state = RNDIS_INITIALIZED;
	memcpy(reply, &done, sizeof(done));
	return sizeof(done);
}

static size_t reply_halt(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	rndis_nic_reset(nic);
	return 0;
}

/* The buffer of a query or a set; false when it does not lie within the message. */
static bool request_info(const struct rndis_wire_request *req, size_t len, const uint8_t **info,
			 size_t *info_len)
{
	size_t room = len - sizeof(struct rndis_wire_header);
	uint32_t offset = le32toh(req->info_offset);

	*info_len = le32toh(req->info_len);
	*info = (const uint8_t *)req + sizeof(*req);
	if (!*info_len)
		return true;
	if (offset < sizeof(*req) - sizeof(struct rndis_wire_header) || offset > room ||
	    *info_len > room - offset)
		return false;
	*info = (const uint8_t *)req + sizeof(struct rndis_wire_header) + offset;
	return true;
}

static size_t reply_query(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	const struct rndis_wire_request *req = msg;
	struct rndis_wire_query_complete done = {
		.header.type = htole32(RNDIS_WIRE_QUERY_COMPLETE),
		.request_id = req->request_id,
	};
	size_t info_len, out_len = 0;
	const uint8_t *info;
	uint32_t status;

	if (nic->state == RNDIS_UNINITIALIZED)
		status = RNDIS_WIRE_STATUS_FAILURE;
	else if (!request_info(req, len, &info, &info_len))
		status = RNDIS_WIRE_STATUS_INVALID_LENGTH;
	else
		status = rndis_oid_query(nic, le32toh(req->oid), info, info_len,
					 reply + sizeof(done), RNDIS_REPLY_MAX - sizeof(done),
					 &out_len);
	if (status != RNDIS_WIRE_STATUS_SUCCESS)
		out_len = 0;
	done.status = htole32(status);
	done.info_len = htole32(out_len);
	done.info_offset = htole32(out_len ? sizeof(done) - sizeof(done.header) : 0);
	done.header.len = htole32(sizeof(done) + out_len);
	memcpy(reply, &done, sizeof(done));
	return sizeof(done) + out_len;
}

static size_t reply_set(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	const struct rndis_wire_request *req = msg;
	struct rndis_wire_set_complete done = {
		.header.type = htole32(RNDIS_WIRE_SET_COMPLETE),
		.header.len = htole32(sizeof(done)),
		.request_id = req->request_id,
	};
	const uint8_t *info;
	size_t info_len;
	uint32_t status;

	if (nic->state == RNDIS_UNINITIALIZED)
		status = RNDIS_WIRE_STATUS_FAILURE;
	else if (!request_info(req, len, &info, &info_len))
		status = RNDIS_WIRE_STATUS_INVALID_LENGTH;
	else
		status = rndis_oid_set(nic, le32toh(req->oid), info, info_len);
	done.status = htole32(status);
	memcpy(reply, &done, sizeof(done));
	return sizeof(done);
}

static size_t reply_reset(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	struct rndis_wire_reset_complete done = {
		.header.type = htole32(RNDIS_WIRE_RESET_COMPLETE),
		.header.len = htole32(sizeof(done)),
		.addressing_reset = htole32(1),
	};
	enum rndis_state state = nic->state;

	rndis_nic_reset(nic);
	nic->state = state;
	memcpy(reply, &done, sizeof(done));
	return sizeof(done);
}

static size_t reply_keepalive(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply)
{
	const struct rndis_wire_keepalive *req = msg;
	struct rndis_wire_keepalive_complete done = {
		.header.type = htole32(RNDIS_WIRE_KEEPALIVE_COMPLETE),
		.header.len = htole32(sizeof(done)),
		.request_id = req->request_id,
	};

	if (nic->state == RNDIS_UNINITIALIZED)
		done.status = htole32(RNDIS_WIRE_STATUS_FAILURE);
	memcpy(reply, &done, sizeof(done));
	return sizeof(done);
}

/* A message, its least size, what answers it (@len is the message's, checked against the size). */
static const struct {
	uint32_t type;
	size_t size;
	size_t (*reply)(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply);
} requests[] = {
	{ RNDIS_WIRE_INITIALIZE, sizeof(struct rndis_wire_initialize), reply_initialize },
	{ RNDIS_WIRE_HALT, sizeof(struct rndis_wire_halt), reply_halt },
	{ RNDIS_WIRE_QUERY, sizeof(struct rndis_wire_request), reply_query },
	{ RNDIS_WIRE_SET, sizeof(struct rndis_wire_request), reply_set },
	{ RNDIS_WIRE_RESET, sizeof(struct rndis_wire_reset), reply_reset },
	{ RNDIS_WIRE_KEEPALIVE, sizeof(struct rndis_wire_keepalive), reply_keepalive },
};

int rndis_request(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply,
		  size_t *reply_len)
{
	uint32_t type = get_le32(msg);

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type != type)
			continue;
		if (len < requests[i].size)
			return -EBADMSG;
		*reply_len = requests[i].reply(nic, msg, len, reply);
		return 0;
	}
	return -EBADMSG;
}

size_t rndis_build_status(uint8_t *buf, uint32_t status, const void *info, size_t info_len)
{
	struct rndis_wire_indicate_status msg = {
		.header.type = htole32(RNDIS_WIRE_INDICATE_STATUS),
		.header.len = htole32(sizeof(msg) + info_len),
		.status = htole32(status),
		.info_len = htole32(info_len),
		.info_offset = htole32(info_len ? sizeof(msg) - sizeof(msg.header) : 0),
	};

	memcpy(buf, &msg, sizeof(msg));
	if (info_len)
		memcpy(buf + sizeof(msg), info, info_len);
	return sizeof(msg) + info_len;
}
