// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of a network card that a guest queries and sets over RNDIS, one table line each.
 */
#include "vsp/rndis.h"

#include <endian.h>
#include <hvic/network.h>
#include <string.h>

#define FRIENDLY_NAME_BYTES	512u	/* UTF-16, filled up with zeros */
#define ETH_HLEN		14u

struct oid {
	uint32_t oid;
	uint32_t arg;		/* the value, for the functions that return one */
	uint8_t ndis_minor;	/* first minor version of NDIS 6 that lists it */
	uint16_t set_min;	/* least bytes of a set */
	/* Return: bytes written to @out, at most RNDIS_REPLY_MAX less a header. */
	size_t (*query)(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			size_t in_len, uint8_t *out);
	uint32_t (*set)(struct rndis_nic *nic, const uint8_t *in, size_t len);
};

static const struct oid oids[];
static const size_t nr_oids;

static size_t put_u32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof(value));
	return sizeof(value);
}

/* ---- queries ---- */

static size_t query_list(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			 size_t in_len, uint8_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < nr_oids; i++)
		if (oids[i].ndis_minor <= nic->ndis_minor)
			len += put_u32(out + len, oids[i].oid);
	return len;
}

static size_t query_const(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			  size_t in_len, uint8_t *out)
{
	return put_u32(out, oid->arg);
}

static size_t query_mtu(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			size_t in_len, uint8_t *out)
{
	return put_u32(out, nic->max_frame - ETH_HLEN);
}

static size_t query_max_frame(const struct rndis_nic *nic, const struct oid *oid,
			      const uint8_t *in, size_t in_len, uint8_t *out)
{
	return put_u32(out, nic->max_frame);
}

static size_t query_link_speed(const struct rndis_nic *nic, const struct oid *oid,
			       const uint8_t *in, size_t in_len, uint8_t *out)
{
	return put_u32(out, nic->link_speed / 100);
}

static size_t query_vendor(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			   size_t in_len, uint8_t *out)
{
	static const char vendor[] = "hvhost";

	memcpy(out, vendor, sizeof(vendor));
	return sizeof(vendor);
}

static size_t query_driver_version(const struct rndis_nic *nic, const struct oid *oid,
				   const uint8_t *in, size_t in_len, uint8_t *out)
{
	out[0] = 0;
	out[1] = 1;
	return 2;
}

static size_t query_filter(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			   size_t in_len, uint8_t *out)
{
	return put_u32(out, nic->packet_filter);
}

static size_t query_media_connect(const struct rndis_nic *nic, const struct oid *oid,
				  const uint8_t *in, size_t in_len, uint8_t *out)
{
	return put_u32(out, nic->link_up ? RNDIS_WIRE_MEDIA_CONNECTED :
					   RNDIS_WIRE_MEDIA_DISCONNECTED);
}

static size_t query_friendly_name(const struct rndis_nic *nic, const struct oid *oid,
				  const uint8_t *in, size_t in_len, uint8_t *out)
{
	static const char name[] = "Network Adapter";

	memset(out, 0, FRIENDLY_NAME_BYTES);
	for (size_t i = 0; name[i]; i++)
		out[2 * i] = name[i];
	return FRIENDLY_NAME_BYTES;
}

static size_t query_mac(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			size_t in_len, uint8_t *out)
{
	memcpy(out, oid->oid == RNDIS_WIRE_OID_PERMANENT_ADDRESS ? nic->permanent_mac : nic->mac,
	       6);
	return 6;
}

static size_t query_multicast(const struct rndis_nic *nic, const struct oid *oid,
			      const uint8_t *in, size_t in_len, uint8_t *out)
{
	memcpy(out, nic->multicast, nic->nr_multicast * 6);
	return nic->nr_multicast * 6;
}

static size_t query_stat(const struct rndis_nic *nic, const struct oid *oid, const uint8_t *in,
			 size_t in_len, uint8_t *out)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)&nic->stats + oid->arg, sizeof(value));
	value = htole64(value);
	memcpy(out, &value, sizeof(value));
	return sizeof(value);
}

static size_t query_max_link_speed(const struct rndis_nic *nic, const struct oid *oid,
				   const uint8_t *in, size_t in_len, uint8_t *out)
{
	struct rndis_wire_link_speed speed = {
		.transmit = htole64(nic->link_speed),
		.receive = htole64(nic->link_speed),
	};

	memcpy(out, &speed, sizeof(speed));
	return sizeof(speed);
}

static size_t query_link_state(const struct rndis_nic *nic, const struct oid *oid,
			       const uint8_t *in, size_t in_len, uint8_t *out)
{
	struct rndis_wire_link_state state = {
		.header = { RNDIS_WIRE_OBJECT_DEFAULT, 1, htole16(sizeof(state)) },
		.connect_state = htole32(nic->link_up ? 1 : 2),
		.duplex_state = htole32(2),
		.transmit_speed = htole64(nic->link_speed),
		.receive_speed = htole64(nic->link_speed),
	};

	memcpy(out, &state, sizeof(state));
	return sizeof(state);
}

/* Which revision: the one in the query's header, or what the NVSP version stands for. */
static size_t put_offload(const struct rndis_nic *nic, const struct rndis_offloads *on,
			  const uint8_t *in, size_t in_len, uint8_t *out)
{
	static const uint16_t sizes[] = {
		0, RNDIS_WIRE_OFFLOAD_SIZE_R1, RNDIS_WIRE_OFFLOAD_SIZE_R2,
		RNDIS_WIRE_OFFLOAD_SIZE_R3,
	};
	const uint32_t encap = htole32(RNDIS_WIRE_ENCAP_802_3 | RNDIS_WIRE_ENCAP_802_3_PQ |
				       RNDIS_WIRE_ENCAP_802_3_PQ_OOB);
	const uint32_t tcp = RNDIS_WIRE_CSUM_CAP_TCP | RNDIS_WIRE_CSUM_CAP_TCP_OPTIONS;
	const uint32_t ipv4 = RNDIS_WIRE_CSUM_CAP_IPV4;
	struct rndis_wire_offload o = { .header.type = RNDIS_WIRE_OBJECT_OFFLOAD };
	unsigned int rev;
	int dir;

	rev = nic->nvsp_version >= NVSP_VERSION_5 ? 3 : nic->nvsp_version >= NVSP_VERSION_4 ? 2 : 1;
	if (in_len >= sizeof(o.header) && in[1] >= 1 && in[1] < rev)
		rev = in[1];
	o.header.revision = rev;
	o.header.size = htole16(sizes[rev]);
	for (dir = RNDIS_CSUM_TX; dir <= RNDIS_CSUM_RX; dir++) {
		uint32_t v4 = (on->ipv4_csum & dir ? ipv4 : 0) | (on->tcp4_csum & dir ? tcp : 0) |
			      (on->udp4_csum & dir ? RNDIS_WIRE_CSUM_CAP_UDP : 0);
		uint32_t v6 = (on->tcp6_csum & dir ? tcp : 0) |
			      (on->udp6_csum & dir ? RNDIS_WIRE_CSUM_CAP_UDP : 0);

		v4 |= v4 ? RNDIS_WIRE_CSUM_CAP_IP_OPTIONS : 0;
		v6 |= v6 ? RNDIS_WIRE_CSUM_CAP_IP_OPTIONS : 0;
		*(dir == RNDIS_CSUM_TX ? &o.csum.ipv4_tx : &o.csum.ipv4_rx) = htole32(v4);
		*(dir == RNDIS_CSUM_TX ? &o.csum.ipv6_tx : &o.csum.ipv6_rx) = htole32(v6);
		*(dir == RNDIS_CSUM_TX ? &o.csum.ipv4_tx_encap : &o.csum.ipv4_rx_encap) =
			v4 ? encap : 0;
		*(dir == RNDIS_CSUM_TX ? &o.csum.ipv6_tx_encap : &o.csum.ipv6_rx_encap) =
			v6 ? encap : 0;
	}
	if (on->lso_ipv4) {
		o.lso_v2.ipv4_encap = encap;
		o.lso_v2.ipv4_max_size = htole32(RNDIS_WIRE_LSO_MAX_SIZE);
		o.lso_v2.ipv4_min_segments = htole32(RNDIS_WIRE_LSO_MIN_SEGMENTS);
	}
	if (on->lso_ipv6) {
		o.lso_v2.ipv6_encap = encap;
		o.lso_v2.ipv6_max_size = htole32(RNDIS_WIRE_LSO_MAX_SIZE);
		o.lso_v2.ipv6_min_segments = htole32(RNDIS_WIRE_LSO_MIN_SEGMENTS);
		o.lso_v2.ipv6_flags = htole32(RNDIS_WIRE_LSO_CAP_IPV6_EXT |
					      RNDIS_WIRE_LSO_CAP_TCP_OPTIONS);
	}
	memcpy(out, &o, sizes[rev]);
	return sizes[rev];
}

static size_t query_offload_caps(const struct rndis_nic *nic, const struct oid *oid,
				 const uint8_t *in, size_t in_len, uint8_t *out)
{
	struct rndis_nic fresh = { .state = RNDIS_UNINITIALIZED };

	rndis_nic_reset(&fresh);
	return put_offload(nic, &fresh.offloads, in, in_len, out);
}

static size_t query_offload_current(const struct rndis_nic *nic, const struct oid *oid,
				    const uint8_t *in, size_t in_len, uint8_t *out)
{
	return put_offload(nic, &nic->offloads, in, in_len, out);
}

static size_t query_encapsulation(const struct rndis_nic *nic, const struct oid *oid,
				  const uint8_t *in, size_t in_len, uint8_t *out)
{
	struct rndis_wire_encapsulation e = {
		.header = { RNDIS_WIRE_OBJECT_ENCAPSULATION, 1, htole16(sizeof(e)) },
		.ipv4_enabled = htole32(1),
		.ipv4_type = htole32(RNDIS_WIRE_ENCAP_802_3),
		.ipv4_header_size = htole32(ETH_HLEN),
		.ipv6_enabled = htole32(1),
		.ipv6_type = htole32(RNDIS_WIRE_ENCAP_802_3),
		.ipv6_header_size = htole32(ETH_HLEN),
	};

	memcpy(out, &e, sizeof(e));
	return sizeof(e);
}

static size_t query_rss_caps(const struct rndis_nic *nic, const struct oid *oid,
			     const uint8_t *in, size_t in_len, uint8_t *out)
{
	struct rndis_wire_rss_caps caps = {
		.header = { RNDIS_WIRE_OBJECT_RSS_CAPABILITIES, 2, htole16(sizeof(caps)) },
		.capabilities = htole32(RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_RSS_CAP_TCP_IPV4 |
					RNDIS_WIRE_RSS_CAP_TCP_IPV6 | RNDIS_WIRE_RSS_CAP_UDP_IPV4 |
					RNDIS_WIRE_RSS_CAP_UDP_IPV6),
		.num_interrupts = htole32(nic->max_channels),
		.num_recv_queues = htole32(nic->max_channels),
		.num_table_entries = htole16(RNDIS_WIRE_RSS_TABLE_ENTRIES),
	};

	memcpy(out, &caps, sizeof(caps));
	return sizeof(caps);
}

/* ---- sets ---- */

static uint32_t set_filter(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	uint32_t filter;

	memcpy(&filter, in, sizeof(filter));
	nic->packet_filter = le32toh(filter);
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static uint32_t set_multicast(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	if (len % 6)
		return RNDIS_WIRE_STATUS_INVALID_LENGTH;
	if (len / 6 > RNDIS_MAX_MULTICAST)
		return RNDIS_WIRE_STATUS_MULTICAST_FULL;
	nic->nr_multicast = len / 6;
	memcpy(nic->multicast, in, len);
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static uint32_t set_nothing(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static uint32_t set_encapsulation(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	struct rndis_wire_encapsulation e;

	memcpy(&e, in, sizeof(e));
	if (e.header.type != RNDIS_WIRE_OBJECT_ENCAPSULATION ||
	    (le32toh(e.ipv4_enabled) == 1 && le32toh(e.ipv4_type) != RNDIS_WIRE_ENCAP_802_3) ||
	    (le32toh(e.ipv6_enabled) == 1 && le32toh(e.ipv6_type) != RNDIS_WIRE_ENCAP_802_3))
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static bool apply_csum(uint8_t *have, uint8_t value)
{
	static const uint8_t bits[] = {
		[RNDIS_WIRE_OFFLOAD_OFF] = 0,
		[RNDIS_WIRE_OFFLOAD_TX] = RNDIS_CSUM_TX,
		[RNDIS_WIRE_OFFLOAD_RX] = RNDIS_CSUM_RX,
		[RNDIS_WIRE_OFFLOAD_TX_RX] = RNDIS_CSUM_TX | RNDIS_CSUM_RX,
	};

	if (value == RNDIS_WIRE_OFFLOAD_NO_CHANGE)
		return true;
	if (value >= sizeof(bits))
		return false;
	*have = bits[value];
	return true;
}

static bool apply_switch(bool *have, uint8_t value)
{
	if (value == RNDIS_WIRE_OFFLOAD_NO_CHANGE)
		return true;
	if (value != RNDIS_WIRE_OFFLOAD_OFF && value != RNDIS_WIRE_OFFLOAD_ON)
		return false;
	*have = value == RNDIS_WIRE_OFFLOAD_ON;
	return true;
}

static uint32_t set_offloads(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	struct rndis_wire_offload_params p = { .flags = 0 };
	struct rndis_offloads o = nic->offloads;
	bool absent = false;

	memcpy(&p, in, len < sizeof(p) ? len : sizeof(p));
	if (p.header.type != RNDIS_WIRE_OBJECT_DEFAULT || p.header.revision < 1 ||
	    le16toh(p.header.size) > len ||
	    le16toh(p.header.size) < RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R1)
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	if (!apply_csum(&o.ipv4_csum, p.ipv4_csum) || !apply_csum(&o.tcp4_csum, p.tcp4_csum) ||
	    !apply_csum(&o.udp4_csum, p.udp4_csum) || !apply_csum(&o.tcp6_csum, p.tcp6_csum) ||
	    !apply_csum(&o.udp6_csum, p.udp6_csum) || !apply_switch(&o.lso_ipv4, p.lso_v2_ipv4) ||
	    !apply_switch(&o.lso_ipv6, p.lso_v2_ipv6))
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	/* LSOv1 and RSC are not offered: they can be off, not on. */
	if (!apply_switch(&absent, p.lso_v1) || !apply_switch(&absent, p.rsc_ipv4) || absent ||
	    !apply_switch(&absent, p.rsc_ipv6) || absent)
		return RNDIS_WIRE_STATUS_NOT_SUPPORTED;
	nic->offloads = o;
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static uint32_t set_rss(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	struct rndis_wire_rss_params p;
	struct rndis_rss rss = nic->rss;
	uint32_t offset, entry;
	unsigned int i, n;
	uint16_t flags;

	memcpy(&p, in, sizeof(p));
	flags = le16toh(p.flags);
	if (p.header.type != RNDIS_WIRE_OBJECT_RSS_PARAMETERS)
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	if ((flags & RNDIS_WIRE_RSS_DISABLE) ||
	    (!(flags & RNDIS_WIRE_RSS_HASH_INFO_UNCHANGED) && !le32toh(p.hash_info))) {
		nic->rss.enabled = false;
		return RNDIS_WIRE_STATUS_SUCCESS;
	}
	if (!(flags & RNDIS_WIRE_RSS_HASH_INFO_UNCHANGED)) {
		rss.hash_types = le32toh(p.hash_info);
		if (!(rss.hash_types & RNDIS_WIRE_HASH_TOEPLITZ))
			return RNDIS_WIRE_STATUS_INVALID_DATA;
	}
	if (!(flags & RNDIS_WIRE_RSS_KEY_UNCHANGED)) {
		offset = le32toh(p.key_offset);
		if (le16toh(p.key_size) != sizeof(rss.key) || offset > len ||
		    len - offset < sizeof(rss.key))
			return RNDIS_WIRE_STATUS_INVALID_DATA;
		memcpy(rss.key, in + offset, sizeof(rss.key));
	}
	if (!(flags & RNDIS_WIRE_RSS_TABLE_UNCHANGED)) {
		offset = le32toh(p.table_offset);
		n = le16toh(p.table_size) / 4;
		if (!n || n > RNDIS_WIRE_RSS_TABLE_ENTRIES || le16toh(p.table_size) % 4 ||
		    offset > len || len - offset < n * 4)
			return RNDIS_WIRE_STATUS_INVALID_DATA;
		for (i = 0; i < n; i++) {
			memcpy(&entry, in + offset + i * 4, 4);
			if (le32toh(entry) >= nic->max_channels)
				return RNDIS_WIRE_STATUS_INVALID_DATA;
			rss.table[i] = le32toh(entry);
		}
		rss.table_len = n;
	}
	if (!rss.table_len || !rss.hash_types)
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	rss.enabled = true;
	nic->rss = rss;
	return RNDIS_WIRE_STATUS_SUCCESS;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The one parameter that hosts take: "NetworkAddress", twelve hexadecimal digits in UTF-16. */
static uint32_t set_config_param(struct rndis_nic *nic, const uint8_t *in, size_t len)
{
	static const char wanted[] = "NetworkAddress";
	struct rndis_wire_config_param p;
	uint32_t name, name_len, value, value_len;
	uint8_t mac[6];

	memcpy(&p, in, sizeof(p));
	name = le32toh(p.name_offset);
	name_len = le32toh(p.name_len);
	value = le32toh(p.value_offset);
	value_len = le32toh(p.value_len);
	if (name > len || name_len > len - name || value > len || value_len > len - value)
		return RNDIS_WIRE_STATUS_INVALID_LENGTH;
	if (name_len != 2 * (sizeof(wanted) - 1))
		return RNDIS_WIRE_STATUS_NOT_SUPPORTED;
	for (size_t i = 0; i < sizeof(wanted) - 1; i++)
		if (in[name + 2 * i] != wanted[i] || in[name + 2 * i + 1])
			return RNDIS_WIRE_STATUS_NOT_SUPPORTED;
	if (le32toh(p.type) != RNDIS_WIRE_CONFIG_STRING || value_len != 24)
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	for (size_t i = 0; i < 6; i++) {
		const uint8_t *c = in + value + 4 * i;
		int hi = hex_digit(c[0]), lo = hex_digit(c[2]);

		if (hi < 0 || lo < 0 || c[1] || c[3])
			return RNDIS_WIRE_STATUS_INVALID_DATA;
		mac[i] = hi << 4 | lo;
	}
	if (mac[0] & 1)
		return RNDIS_WIRE_STATUS_INVALID_DATA;
	memcpy(nic->mac, mac, sizeof(mac));
	return RNDIS_WIRE_STATUS_SUCCESS;
}

/* ---- the table ---- */

#define CONST(name, value)	{ RNDIS_WIRE_OID_##name, value, 0, 0, query_const, NULL }
#define QUERY(name, fn)		{ RNDIS_WIRE_OID_##name, 0, 0, 0, fn, NULL }
#define QUERY6(name, minor, fn)	{ RNDIS_WIRE_OID_##name, 0, minor, 0, fn, NULL }
#define STAT(name, member)	{ RNDIS_WIRE_OID_##name, offsetof(struct rndis_stats, member), \
				  0, 0, query_stat, NULL }

static const struct oid oids[] = {
	QUERY(SUPPORTED_LIST, query_list),
	CONST(HARDWARE_STATUS, 0),
	CONST(MEDIA_SUPPORTED, RNDIS_WIRE_MEDIUM_802_3),
	CONST(MEDIA_IN_USE, RNDIS_WIRE_MEDIUM_802_3),
	QUERY(MAXIMUM_LOOKAHEAD, query_mtu),
	QUERY(CURRENT_LOOKAHEAD, query_mtu),
	QUERY(MAXIMUM_FRAME_SIZE, query_mtu),
	QUERY(MAXIMUM_TOTAL_SIZE, query_max_frame),
	QUERY(TRANSMIT_BLOCK_SIZE, query_max_frame),
	QUERY(RECEIVE_BLOCK_SIZE, query_max_frame),
	QUERY(LINK_SPEED, query_link_speed),
	CONST(TRANSMIT_BUFFER_SPACE, 256 * 1024),
	CONST(RECEIVE_BUFFER_SPACE, 256 * 1024),
	CONST(VENDOR_ID, 0x00155d),
	QUERY(VENDOR_DESCRIPTION, query_vendor),
	QUERY(VENDOR_DRIVER_VERSION, query_driver_version),
	QUERY(DRIVER_VERSION, query_driver_version),
	{ RNDIS_WIRE_OID_PACKET_FILTER, 0, 0, 4, query_filter, set_filter },
	CONST(MAC_OPTIONS, RNDIS_WIRE_MAC_OPTION_COPY_LOOKAHEAD | RNDIS_WIRE_MAC_OPTION_NOT_PEND |
	      RNDIS_WIRE_MAC_OPTION_NO_LOOPBACK | RNDIS_WIRE_MAC_OPTION_PRIORITY |
	      RNDIS_WIRE_MAC_OPTION_VLAN),
	QUERY(MEDIA_CONNECT_STATUS, query_media_connect),
	CONST(MAXIMUM_SEND_PACKETS, 0xffffffff),
	{ RNDIS_WIRE_OID_NETWORK_LAYER_ADDRESSES, 0, 0, 0, NULL, set_nothing },
	QUERY(FRIENDLY_NAME, query_friendly_name),
	QUERY(PERMANENT_ADDRESS, query_mac),
	QUERY(CURRENT_ADDRESS, query_mac),
	{ RNDIS_WIRE_OID_MULTICAST_LIST, 0, 0, 0, query_multicast, set_multicast },
	CONST(MAXIMUM_LIST_SIZE, RNDIS_MAX_MULTICAST),
	CONST(RCV_ERROR_ALIGNMENT, 0),
	CONST(XMIT_ONE_COLLISION, 0),
	CONST(XMIT_MORE_COLLISIONS, 0),
	STAT(XMIT_OK, xmit_ok),
	STAT(RCV_OK, rcv_ok),
	STAT(XMIT_ERROR, xmit_error),
	STAT(RCV_ERROR, rcv_error),
	STAT(RCV_NO_BUFFER, rcv_no_buffer),
	STAT(BYTES_RCV, rcv_bytes),
	STAT(BYTES_XMIT, xmit_bytes),
	STAT(RCV_DISCARDS, rcv_no_buffer),
	STAT(XMIT_DISCARDS, xmit_discards),
	{ RNDIS_WIRE_OID_CONFIG_PARAMETER, 0, 0, sizeof(struct rndis_wire_config_param), NULL,
	  set_config_param },
	QUERY6(MAX_LINK_SPEED, 1, query_max_link_speed),
	QUERY6(LINK_STATE, 1, query_link_state),
	QUERY6(OFFLOAD_CAPABILITIES, 1, query_offload_caps),
	QUERY6(OFFLOAD_CURRENT, 1, query_offload_current),
	{ RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, 0, 1, RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R1, NULL,
	  set_offloads },
	{ RNDIS_WIRE_OID_OFFLOAD_ENCAPSULATION, 0, 1, sizeof(struct rndis_wire_encapsulation),
	  query_encapsulation, set_encapsulation },
	QUERY6(RSS_CAPABILITIES, 30, query_rss_caps),
	{ RNDIS_WIRE_OID_RSS_PARAMETERS, 0, 30, sizeof(struct rndis_wire_rss_params), NULL,
	  set_rss },
};

static const size_t nr_oids = sizeof(oids) / sizeof(oids[0]);

static const struct oid *find_oid(const struct rndis_nic *nic, uint32_t oid)
{
	for (size_t i = 0; i < nr_oids; i++)
		if (oids[i].oid == oid && oids[i].ndis_minor <= nic->ndis_minor)
			return &oids[i];
	return NULL;
}

uint32_t rndis_oid_query(const struct rndis_nic *nic, uint32_t oid, const uint8_t *in,
			 size_t in_len, uint8_t *out, size_t max, size_t *out_len)
{
	const struct oid *o = find_oid(nic, oid);

	_Static_assert(FRIENDLY_NAME_BYTES + sizeof(struct rndis_wire_query_complete) <=
		       RNDIS_REPLY_MAX, "largest answer");
	if (!o || !o->query)
		return o ? RNDIS_WIRE_STATUS_NOT_SUPPORTED : RNDIS_WIRE_STATUS_INVALID_OID;
	if (max < FRIENDLY_NAME_BYTES)
		return RNDIS_WIRE_STATUS_RESOURCES;
	*out_len = o->query(nic, o, in, in_len, out);
	return RNDIS_WIRE_STATUS_SUCCESS;
}

uint32_t rndis_oid_set(struct rndis_nic *nic, uint32_t oid, const uint8_t *in, size_t len)
{
	const struct oid *o = find_oid(nic, oid);

	if (!o || !o->set)
		return o ? RNDIS_WIRE_STATUS_NOT_SUPPORTED : RNDIS_WIRE_STATUS_INVALID_OID;
	if (len < o->set_min)
		return RNDIS_WIRE_STATUS_INVALID_LENGTH;
	return o->set(nic, in, len);
}
