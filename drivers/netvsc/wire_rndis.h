/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS messages and NDIS objects: builders, and parsers that turn the host's bytes into checked
 * structs. Pure: bytes in, struct out, no state, no allocation; any context.
 */
#ifndef HVIC_NETVSC_WIRE_RNDIS_H
#define HVIC_NETVSC_WIRE_RNDIS_H

#include <hvic/rndis.h>

#include "wire_types.h"

/* Which per-packet infos there are. */
#define RNDIS_HAS_CSUM		BIT(0)
#define RNDIS_HAS_VLAN		BIT(1)
#define RNDIS_HAS_HASH		BIT(2)
#define RNDIS_HAS_LSO		BIT(3)
#define RNDIS_HAS_ID		BIT(4)

/* The most that all per-packet infos of a received frame may take, bytes. */
#define RNDIS_MAX_PPI		512

/* A received frame, checked: its bytes and all its infos lie within the message. */
struct rndis_rx_meta {
	u32 data_offset;	/* from the message's start */
	u32 data_len;
	u32 csum;		/* RNDIS_WIRE_CSUM_RX_* */
	u32 hash;
	u16 vlan_tci;
	u8 has;			/* RNDIS_HAS_* */
	u8 id_flags;		/* RNDIS_WIRE_PACKET_ID_* */
};

/* A frame to send. */
struct rndis_tx_meta {
	u32 data_len;
	u32 csum;		/* RNDIS_WIRE_CSUM_TX_* with the offset */
	u32 lso;		/* RNDIS_WIRE_LSO_* with segment size and offset */
	u32 hash;
	u16 vlan_tci;
	u8 has;
};

/* An answer to a request. */
struct rndis_answer {
	u32 type;		/* enum rndis_wire_msg_type */
	u32 request_id;
	u32 status;
	u32 info_offset;	/* of a query's outcome, from the message's start */
	u32 info_len;
};

struct rndis_limits {
	u32 max_packets;
	u32 max_transfer;	/* bytes; 0 when the host names no limit */
	u32 align;		/* bytes, a power of two */
};

struct rndis_indication {
	u32 status;
	u32 value;		/* its buffer's first word, if has_value */
	bool has_value;
};

/* What the host's NDIS_OFFLOAD says it can do for us. */
#define RNDIS_CSUM_TCP4		BIT(0)
#define RNDIS_CSUM_UDP4		BIT(1)
#define RNDIS_CSUM_TCP6		BIT(2)
#define RNDIS_CSUM_UDP6		BIT(3)

struct rndis_offload_caps {
	u32 tx_csum;		/* RNDIS_CSUM_* */
	bool lso4, lso6;
	bool rsc;
	u32 lso_max;		/* bytes, the least of both */
};

/* What to turn on. */
struct rndis_offload_choice {
	u32 csum;		/* RNDIS_CSUM_*; 0 with keep */
	bool lso4, lso6;
	bool rsc_known, rsc;
	bool keep;		/* leave all but RSC as they are */
};

int rndis_parse_header(const void *data, u32 len, u32 *type, u32 *size);
int rndis_parse_packet(const void *data, u32 len, struct rndis_rx_meta *meta);
int rndis_parse_answer(const void *data, u32 len, struct rndis_answer *answer);
int rndis_parse_limits(const void *data, u32 len, struct rndis_limits *limits);
int rndis_parse_indication(const void *data, u32 len, struct rndis_indication *ind);
int rndis_parse_offload(const void *data, u32 len, struct rndis_offload_caps *caps);
int rndis_parse_rss_caps(const void *data, u32 len, u32 *queues, u32 *table);

/* The bytes of the header that rndis_build_packet() makes. */
static inline u32 rndis_packet_header_size(const struct rndis_tx_meta *meta)
{
	return sizeof(struct rndis_wire_packet) + hweight8(meta->has) *
	       (sizeof(struct rndis_wire_ppi) + sizeof(__le32));
}

u32 rndis_build_packet(void *header, const struct rndis_tx_meta *meta, u32 padding);
u32 rndis_build_init(void *msg, u32 id, u32 max_transfer);
u32 rndis_build_halt(void *msg, u32 id);
u32 rndis_build_request(void *msg, u32 room, bool set, u32 id, u32 oid,
			const void *info, u32 info_len);
u32 rndis_build_offload_query(void *info, u32 nvsp_version);
u32 rndis_build_offload_params(void *info, u32 nvsp_version,
			       const struct rndis_offload_choice *choice);
u32 rndis_build_rss_query(void *info);
u32 rndis_build_rss_params(void *info, const u16 *table, u32 entries, const u8 *key,
			   u32 key_size, u32 flags);
u32 rndis_build_mac_param(void *info, const u8 mac[6]);

/* The room that the largest of the infos above takes, bytes. */
#define RNDIS_MAX_INFO		(sizeof(struct rndis_wire_rss_params) + 4 * 256 + 40)

#endif
