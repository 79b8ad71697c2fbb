/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire of the synthetic network device: NVSP messages, the layer between VMBus packets
 * and RNDIS. Versions 1 to 6.1. RNDIS itself is in rndis.h.
 */
#ifndef HVIC_NETWORK_H
#define HVIC_NETWORK_H

#include <linux/types.h>

/* Class id of the device: f8615163-df3e-46c5-913f-f2d2f965ed0e, in wire order. */
#define NVSP_CLASS_ID	{ 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46, \
			  0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e }

/* Versions, major << 16 | minor; the first ones follow Windows 7's history. */
#define NVSP_VERSION_1		0x00002u
#define NVSP_VERSION_2		0x30002u
#define NVSP_VERSION_4		0x40000u
#define NVSP_VERSION_5		0x50000u
#define NVSP_VERSION_6		0x60000u
#define NVSP_VERSION_6_1	0x60001u
#define NVSP_VERSION_INVALID	0xffffffffu

/* Bytes of a message on the ring: a guest sends at least the size of its version. */
#define NVSP_MSG_SIZE_V1	0x1c
#define NVSP_MSG_SIZE_V6_1	0x28

enum nvsp_msg_type {
	NVSP_MSG_NONE				= 0,
	NVSP_MSG_INIT				= 1,
	NVSP_MSG_INIT_COMPLETE			= 2,

	/* version 1 */
	NVSP_MSG_SEND_NDIS_VERSION		= 100,
	NVSP_MSG_SEND_RECV_BUF			= 101,
	NVSP_MSG_SEND_RECV_BUF_COMPLETE		= 102,
	NVSP_MSG_REVOKE_RECV_BUF		= 103,
	NVSP_MSG_SEND_SEND_BUF			= 104,
	NVSP_MSG_SEND_SEND_BUF_COMPLETE		= 105,
	NVSP_MSG_REVOKE_SEND_BUF		= 106,
	NVSP_MSG_SEND_RNDIS_PACKET		= 107,
	NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE	= 108,

	/* version 2; TCP chimney (109 to 119, 126, 127) was withdrawn everywhere */
	NVSP_MSG_SEND_CHIMNEY_DELEGATED_BUF	= 109,
	NVSP_MSG_ALLOC_RECV_BUF			= 120,
	NVSP_MSG_ALLOC_RECV_BUF_COMPLETE	= 121,
	NVSP_MSG_FREE_RECV_BUF			= 122,
	NVSP_MSG_SEND_VMQ_RNDIS_PACKET		= 123,
	NVSP_MSG_SEND_VMQ_RNDIS_PACKET_COMPLETE	= 124,
	NVSP_MSG_SEND_NDIS_CONFIG		= 125,
	NVSP_MSG_ALLOC_CHIMNEY_HANDLE		= 126,
	NVSP_MSG_ALLOC_CHIMNEY_HANDLE_COMPLETE	= 127,

	/* version 4 */
	NVSP_MSG_SEND_VF_ASSOCIATION		= 128,
	NVSP_MSG_SWITCH_DATA_PATH		= 129,
	NVSP_MSG_UPLINK_CONNECT_STATE		= 130,

	/* version 5 */
	NVSP_MSG_OID_QUERY_EX			= 131,
	NVSP_MSG_OID_QUERY_EX_COMPLETE		= 132,
	NVSP_MSG_SUBCHANNEL			= 133,	/* request and completion */
	NVSP_MSG_SEND_INDIRECTION_TABLE		= 134,

	/* version 6 (PacketDirect) */
	NVSP_MSG_PD_API				= 135,
	NVSP_MSG_PD_POST_BATCH			= 136,
};

enum nvsp_status {
	NVSP_STATUS_NONE			= 0,
	NVSP_STATUS_SUCCESS			= 1,
	NVSP_STATUS_FAILURE			= 2,
	NVSP_STATUS_PROTOCOL_TOO_NEW		= 3,
	NVSP_STATUS_PROTOCOL_TOO_OLD		= 4,
	NVSP_STATUS_INVALID_RNDIS_PACKET	= 5,
	NVSP_STATUS_BUSY			= 6,
	NVSP_STATUS_PROTOCOL_UNSUPPORTED	= 7,
};

struct nvsp_msg_header {
	__le32 type;			/* enum nvsp_msg_type */
} __attribute__((packed));

/* Guest to host: both fields carry the wanted version. */
struct nvsp_msg_init {
	__le32 version_min;
	__le32 version_max;
} __attribute__((packed));

struct nvsp_msg_init_complete {
	__le32 negotiated_version;	/* 2 on old hosts, without meaning */
	__le32 max_mdl_chain_len;	/* ranges of a GPA-direct packet, 34 */
	__le32 status;			/* enum nvsp_status */
} __attribute__((packed));

struct nvsp_msg_send_ndis_version {
	__le32 major;			/* 6 */
	__le32 minor;			/* 1, or 30 from NVSP 5 */
} __attribute__((packed));

#define NVSP_RECV_BUF_ID	0xcafe	/* the ids that Linux and FreeBSD choose */
#define NVSP_SEND_BUF_ID	0

struct nvsp_msg_send_recv_buf {
	__le32 gpadl;
	__le16 id;			/* the transfer page set id of received packets */
	__le16 reserved;
} __attribute__((packed));

struct nvsp_recv_buf_section {
	__le32 offset;			/* bytes from the buffer's start */
	__le32 sub_alloc_size;		/* bytes */
	__le32 num_sub_allocs;
	__le32 end_offset;
} __attribute__((packed));

struct nvsp_msg_send_recv_buf_complete {
	__le32 status;
	__le32 num_sections;		/* 1 on every host seen */
	struct nvsp_recv_buf_section sections[1];
} __attribute__((packed));

struct nvsp_msg_revoke_recv_buf {
	__le16 id;
} __attribute__((packed));

struct nvsp_msg_send_send_buf {
	__le32 gpadl;
	__le16 id;
	__le16 reserved;
} __attribute__((packed));

struct nvsp_msg_send_send_buf_complete {
	__le32 status;
	__le32 section_size;		/* bytes */
} __attribute__((packed));

struct nvsp_msg_revoke_send_buf {
	__le16 id;
} __attribute__((packed));

#define NVSP_CHANNEL_DATA	0u	/* RNDIS packet messages */
#define NVSP_CHANNEL_CONTROL	1u	/* every other RNDIS message */
#define NVSP_SECTION_NONE	0xffffffffu

/* Both ways; towards the guest the section fields are NVSP_SECTION_NONE and 0. */
struct nvsp_msg_send_rndis_packet {
	__le32 channel_type;		/* NVSP_CHANNEL_* */
	__le32 section_index;		/* of the send buffer, or NVSP_SECTION_NONE */
	__le32 section_size;		/* bytes used of the section; before the GPA ranges */
} __attribute__((packed));

struct nvsp_msg_send_rndis_packet_complete {
	__le32 status;
} __attribute__((packed));

#define NVSP_NDIS_CAP_VMQ		(1ull << 0)
#define NVSP_NDIS_CAP_CHIMNEY		(1ull << 1)
#define NVSP_NDIS_CAP_SRIOV		(1ull << 2)
#define NVSP_NDIS_CAP_VLAN		(1ull << 3)	/* IEEE 802.1Q as per-packet info */
#define NVSP_NDIS_CAP_CORRELATION_ID	(1ull << 4)
#define NVSP_NDIS_CAP_TEAMING		(1ull << 5)	/* wants link speed changes */
#define NVSP_NDIS_CAP_VSUBNET_ID	(1ull << 6)
#define NVSP_NDIS_CAP_RSC		(1ull << 7)	/* RSC over VMBus, from 6.1 */

/* No completion. */
struct nvsp_msg_send_ndis_config {
	__le32 mtu;			/* largest frame: MTU plus the 14 bytes of Ethernet */
	__le32 reserved;
	__le64 capabilities;		/* NVSP_NDIS_CAP_* */
} __attribute__((packed));

struct nvsp_msg_send_vf_association {
	__le32 allocated;		/* 1: serial is valid; 0: the VF is gone */
	__le32 serial;
} __attribute__((packed));

#define NVSP_DATA_PATH_SYNTHETIC	0u
#define NVSP_DATA_PATH_VF		1u

/* Its completion has no payload. */
struct nvsp_msg_switch_data_path {
	__le32 active;			/* NVSP_DATA_PATH_* */
} __attribute__((packed));

#define NVSP_SUBCHANNEL_OP_NONE		0u
#define NVSP_SUBCHANNEL_OP_ALLOCATE	1u

struct nvsp_msg_subchannel_request {
	__le32 op;			/* NVSP_SUBCHANNEL_OP_* */
	__le32 num_subchannels;		/* the primary is not counted */
} __attribute__((packed));

struct nvsp_msg_subchannel_complete {
	__le32 status;
	__le32 num_subchannels;		/* allocated, at most what was asked for */
} __attribute__((packed));

#define NVSP_SEND_TABLE_ENTRIES		16
#define NVSP_MAX_CHANNELS		64	/* with the primary */

/*
 * Host to guest, no completion: count little-endian 32-bit channel indices at offset from the
 * message's start. Hosts before 6.1 write a wrong offset; the table then starts at
 * NVSP_MSG_SIZE_V6_1.
 */
struct nvsp_msg_send_indirection_table {
	__le32 count;			/* NVSP_SEND_TABLE_ENTRIES */
	__le32 offset;			/* bytes from the start of the NVSP message */
} __attribute__((packed));

struct nvsp_msg {
	struct nvsp_msg_header header;
	union {
		struct nvsp_msg_init init;
		struct nvsp_msg_init_complete init_complete;
		struct nvsp_msg_send_ndis_version ndis_version;
		struct nvsp_msg_send_recv_buf recv_buf;
		struct nvsp_msg_send_recv_buf_complete recv_buf_complete;
		struct nvsp_msg_revoke_recv_buf revoke_recv_buf;
		struct nvsp_msg_send_send_buf send_buf;
		struct nvsp_msg_send_send_buf_complete send_buf_complete;
		struct nvsp_msg_revoke_send_buf revoke_send_buf;
		struct nvsp_msg_send_rndis_packet rndis;
		struct nvsp_msg_send_rndis_packet_complete rndis_complete;
		struct nvsp_msg_send_ndis_config ndis_config;
		struct nvsp_msg_send_vf_association vf_association;
		struct nvsp_msg_switch_data_path switch_data_path;
		struct nvsp_msg_subchannel_request subchannel;
		struct nvsp_msg_subchannel_complete subchannel_complete;
		struct nvsp_msg_send_indirection_table send_table;
		__u8 size_v6_1[NVSP_MSG_SIZE_V6_1 - 4];
	} __attribute__((packed));
} __attribute__((packed));

/* One RNDIS message of a transfer-page packet: a piece of the receive buffer. */
struct nvsp_xfer_range {
	__le32 byte_count;
	__le32 byte_offset;		/* from the receive buffer's start */
} __attribute__((packed));

/* What follows a transfer-page packet's common 16 bytes, before its ranges. */
struct nvsp_xfer_header {
	__le16 page_set_id;		/* the receive buffer's id */
	__u8 sender_owns_set;
	__u8 reserved;
	__le32 range_count;
} __attribute__((packed));

#define NVSP_MAX_PACKETS_PER_RECV	375	/* ranges of one transfer-page packet */
#define NVSP_MAX_PACKETS_PER_RECV_RSC	562
#define NVSP_MAX_MDL_CHAIN_LEN		34
#define NVSP_MAX_RECV_BUF		(31u << 20)	/* bytes; 15 MiB up to version 2 */
#define NVSP_MAX_RECV_BUF_V2		(15u << 20)
#define NVSP_MAX_SEND_BUF		(15u << 20)
#define NVSP_SEND_SECTION_SIZE		6144u

_Static_assert(sizeof(struct nvsp_msg_header) == 4, "nvsp header");
_Static_assert(sizeof(struct nvsp_msg_init) == 8, "nvsp init");
_Static_assert(sizeof(struct nvsp_msg_init_complete) == 12, "nvsp init complete");
_Static_assert(sizeof(struct nvsp_msg_send_ndis_version) == 8, "nvsp ndis version");
_Static_assert(sizeof(struct nvsp_msg_send_recv_buf) == 8, "nvsp recv buf");
_Static_assert(sizeof(struct nvsp_recv_buf_section) == 16, "nvsp recv section");
_Static_assert(sizeof(struct nvsp_msg_send_recv_buf_complete) == NVSP_MSG_SIZE_V1 - 4,
	       "nvsp recv buf complete");
_Static_assert(sizeof(struct nvsp_msg_revoke_recv_buf) == 2, "nvsp revoke recv buf");
_Static_assert(sizeof(struct nvsp_msg_send_send_buf) == 8, "nvsp send buf");
_Static_assert(sizeof(struct nvsp_msg_send_send_buf_complete) == 8, "nvsp send buf complete");
_Static_assert(sizeof(struct nvsp_msg_revoke_send_buf) == 2, "nvsp revoke send buf");
_Static_assert(sizeof(struct nvsp_msg_send_rndis_packet) == 12, "nvsp rndis packet");
_Static_assert(sizeof(struct nvsp_msg_send_rndis_packet_complete) == 4, "nvsp rndis complete");
_Static_assert(sizeof(struct nvsp_msg_send_ndis_config) == 16, "nvsp ndis config");
_Static_assert(sizeof(struct nvsp_msg_send_vf_association) == 8, "nvsp vf association");
_Static_assert(sizeof(struct nvsp_msg_switch_data_path) == 4, "nvsp data path");
_Static_assert(sizeof(struct nvsp_msg_subchannel_request) == 8, "nvsp subchannel");
_Static_assert(sizeof(struct nvsp_msg_subchannel_complete) == 8, "nvsp subchannel complete");
_Static_assert(sizeof(struct nvsp_msg_send_indirection_table) == 8, "nvsp send table");
_Static_assert(sizeof(struct nvsp_msg) == NVSP_MSG_SIZE_V6_1, "nvsp message");
_Static_assert(__builtin_offsetof(struct nvsp_msg, ndis_config.capabilities) == 12,
	       "nvsp capabilities");
_Static_assert(__builtin_offsetof(struct nvsp_msg, recv_buf_complete.sections) == 12,
	       "nvsp sections");
_Static_assert(__builtin_offsetof(struct nvsp_msg, rndis.section_size) == 12, "nvsp section");
_Static_assert(sizeof(struct nvsp_xfer_range) == 8, "nvsp transfer range");
_Static_assert(sizeof(struct nvsp_xfer_header) == 8, "nvsp transfer header");

#endif
