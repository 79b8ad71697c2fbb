/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire of Remote NDIS 1.0 ([MS-RNDIS]) as synthetic network devices use it, with the NDIS
 * 6 objects that its queries and sets carry: offloads, receive side scaling, link state.
 */
#ifndef HVIC_RNDIS_H
#define HVIC_RNDIS_H

#include <linux/types.h>

#define RNDIS_WIRE_VERSION_MAJOR	1
#define RNDIS_WIRE_VERSION_MINOR	0

/* Message types; a completion is its request with the top bit set. */
#define RNDIS_WIRE_PACKET		0x00000001u
#define RNDIS_WIRE_INITIALIZE		0x00000002u
#define RNDIS_WIRE_HALT			0x00000003u	/* no completion */
#define RNDIS_WIRE_QUERY		0x00000004u
#define RNDIS_WIRE_SET			0x00000005u
#define RNDIS_WIRE_RESET		0x00000006u
#define RNDIS_WIRE_INDICATE_STATUS	0x00000007u	/* host to guest, no completion */
#define RNDIS_WIRE_KEEPALIVE		0x00000008u
#define RNDIS_WIRE_INITIALIZE_COMPLETE	0x80000002u
#define RNDIS_WIRE_QUERY_COMPLETE	0x80000004u
#define RNDIS_WIRE_SET_COMPLETE		0x80000005u
#define RNDIS_WIRE_RESET_COMPLETE	0x80000006u
#define RNDIS_WIRE_KEEPALIVE_COMPLETE	0x80000008u

/* Status of a completion or an indication (NDIS_STATUS_*). */
#define RNDIS_WIRE_STATUS_SUCCESS		0x00000000u
#define RNDIS_WIRE_STATUS_MEDIA_CONNECT		0x4001000bu
#define RNDIS_WIRE_STATUS_MEDIA_DISCONNECT	0x4001000cu
#define RNDIS_WIRE_STATUS_LINK_SPEED_CHANGE	0x40010013u	/* buffer: u32, 100 bit/s */
#define RNDIS_WIRE_STATUS_NETWORK_CHANGE	0x40010018u
#define RNDIS_WIRE_STATUS_OFFLOAD_CONFIG	0x40020006u
#define RNDIS_WIRE_STATUS_BUFFER_OVERFLOW	0x80000005u
#define RNDIS_WIRE_STATUS_FAILURE		0xc0000001u
#define RNDIS_WIRE_STATUS_RESOURCES		0xc000009au
#define RNDIS_WIRE_STATUS_NOT_SUPPORTED		0xc00000bbu
#define RNDIS_WIRE_STATUS_BAD_VERSION		0xc0010004u
#define RNDIS_WIRE_STATUS_MULTICAST_FULL	0xc0010009u
#define RNDIS_WIRE_STATUS_INVALID_LENGTH	0xc0010014u
#define RNDIS_WIRE_STATUS_INVALID_DATA		0xc0010015u
#define RNDIS_WIRE_STATUS_BUFFER_TOO_SHORT	0xc0010016u
#define RNDIS_WIRE_STATUS_INVALID_OID		0xc0010017u

/* Starts every message. All offsets below count from the end of this header. */
struct rndis_wire_header {
	__le32 type;		/* RNDIS_WIRE_PACKET and so on */
	__le32 len;		/* bytes of the message with this header and its padding */
} __attribute__((packed));

struct rndis_wire_initialize {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 major;
	__le32 minor;
	__le32 max_transfer_size;	/* bytes that the guest can take in one message */
} __attribute__((packed));

#define RNDIS_WIRE_DEVICE_CONNECTIONLESS	1u
#define RNDIS_WIRE_MEDIUM_802_3			0u

struct rndis_wire_initialize_complete {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 status;
	__le32 major;
	__le32 minor;
	__le32 device_flags;
	__le32 medium;
	__le32 max_packets_per_msg;	/* RNDIS messages that the host takes in one NVSP packet */
	__le32 max_transfer_size;	/* bytes that the host takes in one NVSP packet */
	__le32 alignment_factor;	/* messages start at multiples of 1 << this */
	__le32 af_list_offset;
	__le32 af_list_size;
} __attribute__((packed));

struct rndis_wire_halt {
	struct rndis_wire_header header;
	__le32 request_id;
} __attribute__((packed));

/* A query and a set have one form; a query's buffer is the object's header it asks for. */
struct rndis_wire_request {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 oid;
	__le32 info_len;
	__le32 info_offset;
	__le32 vc_handle;		/* 0 */
} __attribute__((packed));

struct rndis_wire_query_complete {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 status;
	__le32 info_len;
	__le32 info_offset;
} __attribute__((packed));

struct rndis_wire_set_complete {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 status;
} __attribute__((packed));

struct rndis_wire_reset {
	struct rndis_wire_header header;
	__le32 reserved;
} __attribute__((packed));

struct rndis_wire_reset_complete {
	struct rndis_wire_header header;
	__le32 status;
	__le32 addressing_reset;	/* 1: the guest sets filter and multicast list again */
} __attribute__((packed));

struct rndis_wire_indicate_status {
	struct rndis_wire_header header;
	__le32 status;
	__le32 info_len;
	__le32 info_offset;
} __attribute__((packed));

struct rndis_wire_keepalive {
	struct rndis_wire_header header;
	__le32 request_id;
} __attribute__((packed));

struct rndis_wire_keepalive_complete {
	struct rndis_wire_header header;
	__le32 request_id;
	__le32 status;
} __attribute__((packed));

struct rndis_wire_packet {
	struct rndis_wire_header header;
	__le32 data_offset;
	__le32 data_len;
	__le32 oob_offset;
	__le32 oob_len;
	__le32 oob_count;
	__le32 ppi_offset;		/* 0: no per-packet info */
	__le32 ppi_len;
	__le32 vc_handle;
	__le32 reserved;
} __attribute__((packed));

/* ---- per-packet info ---- */

struct rndis_wire_ppi {
	__le32 size;			/* bytes with this header; the next one follows */
	__le32 type;			/* RNDIS_WIRE_PPI_*; bit 31 is RNDIS_WIRE_PPI_INTERNAL */
	__le32 offset;			/* of the value, from this header's start */
} __attribute__((packed));

#define RNDIS_WIRE_PPI_INTERNAL		0x80000000u

#define RNDIS_WIRE_PPI_CHECKSUM		0u	/* RNDIS_WIRE_CSUM_* */
#define RNDIS_WIRE_PPI_LSO		2u	/* RNDIS_WIRE_LSO_* */
#define RNDIS_WIRE_PPI_VLAN		6u	/* RNDIS_WIRE_VLAN_* */
#define RNDIS_WIRE_PPI_ORIGINAL		7u
#define RNDIS_WIRE_PPI_HASH_VALUE	8u	/* both ways: the RSS hash, u32 */
#define RNDIS_WIRE_PPI_PACKET_ID	(RNDIS_WIRE_PPI_INTERNAL | 1u)	/* RSC fragments */

/* Checksum info, guest to host. */
#define RNDIS_WIRE_CSUM_TX_IPV4		(1u << 0)
#define RNDIS_WIRE_CSUM_TX_IPV6		(1u << 1)
#define RNDIS_WIRE_CSUM_TX_TCP		(1u << 2)
#define RNDIS_WIRE_CSUM_TX_UDP		(1u << 3)
#define RNDIS_WIRE_CSUM_TX_IP_HEADER	(1u << 4)
#define RNDIS_WIRE_CSUM_TX_L4_SHIFT	16	/* offset of TCP or UDP in the frame */
#define RNDIS_WIRE_CSUM_TX_L4_MASK	0x3ffu

/* Checksum info, host to guest. */
#define RNDIS_WIRE_CSUM_RX_TCP_FAILED	(1u << 0)
#define RNDIS_WIRE_CSUM_RX_UDP_FAILED	(1u << 1)
#define RNDIS_WIRE_CSUM_RX_IP_FAILED	(1u << 2)
#define RNDIS_WIRE_CSUM_RX_TCP_OK	(1u << 3)
#define RNDIS_WIRE_CSUM_RX_UDP_OK	(1u << 4)
#define RNDIS_WIRE_CSUM_RX_IP_OK	(1u << 5)
#define RNDIS_WIRE_CSUM_RX_LOOPBACK	(1u << 6)
#define RNDIS_WIRE_CSUM_RX_TCP_INVALID	(1u << 7)	/* value in the packet is not valid */
#define RNDIS_WIRE_CSUM_RX_IP_INVALID	(1u << 8)

/* Large send (LSOv2), guest to host. */
#define RNDIS_WIRE_LSO_MSS_MASK		0xfffffu
#define RNDIS_WIRE_LSO_L4_SHIFT		20	/* offset of TCP in the frame, 10 bits */
#define RNDIS_WIRE_LSO_L4_MASK		0x3ffu
#define RNDIS_WIRE_LSO_V2		(1u << 30)
#define RNDIS_WIRE_LSO_IPV6		(1u << 31)

#define RNDIS_WIRE_LSO_MAX_SIZE		0xf53cu	/* bytes of one large send */
#define RNDIS_WIRE_LSO_MIN_SEGMENTS	2u

/* VLAN (802.1Q) info, both ways. */
#define RNDIS_WIRE_VLAN_PRIORITY_MASK	0x7u
#define RNDIS_WIRE_VLAN_DEI		(1u << 3)
#define RNDIS_WIRE_VLAN_ID_SHIFT	4
#define RNDIS_WIRE_VLAN_ID_MASK		0xfffu

/* RSC: the pieces of one coalesced packet, host to guest, in consecutive ranges. */
struct rndis_wire_packet_id {
	__u8 version;			/* 1 */
	__u8 flags;			/* RNDIS_WIRE_PACKET_ID_* */
	__le16 id;
} __attribute__((packed));

#define RNDIS_WIRE_PACKET_ID_V1		1
#define RNDIS_WIRE_PACKET_ID_SUB_ALLOC	(1u << 0)
#define RNDIS_WIRE_PACKET_ID_FIRST	(1u << 1)
#define RNDIS_WIRE_PACKET_ID_LAST	(1u << 2)

/* ---- object ids ---- */

#define RNDIS_WIRE_OID_SUPPORTED_LIST		0x00010101u
#define RNDIS_WIRE_OID_HARDWARE_STATUS		0x00010102u
#define RNDIS_WIRE_OID_MEDIA_SUPPORTED		0x00010103u
#define RNDIS_WIRE_OID_MEDIA_IN_USE		0x00010104u
#define RNDIS_WIRE_OID_MAXIMUM_LOOKAHEAD	0x00010105u
#define RNDIS_WIRE_OID_MAXIMUM_FRAME_SIZE	0x00010106u	/* the MTU */
#define RNDIS_WIRE_OID_LINK_SPEED		0x00010107u	/* 100 bit/s */
#define RNDIS_WIRE_OID_TRANSMIT_BUFFER_SPACE	0x00010108u
#define RNDIS_WIRE_OID_RECEIVE_BUFFER_SPACE	0x00010109u
#define RNDIS_WIRE_OID_TRANSMIT_BLOCK_SIZE	0x0001010au
#define RNDIS_WIRE_OID_RECEIVE_BLOCK_SIZE	0x0001010bu
#define RNDIS_WIRE_OID_VENDOR_ID		0x0001010cu
#define RNDIS_WIRE_OID_VENDOR_DESCRIPTION	0x0001010du
#define RNDIS_WIRE_OID_PACKET_FILTER		0x0001010eu	/* RNDIS_WIRE_FILTER_* */
#define RNDIS_WIRE_OID_CURRENT_LOOKAHEAD	0x0001010fu
#define RNDIS_WIRE_OID_DRIVER_VERSION		0x00010110u
#define RNDIS_WIRE_OID_MAXIMUM_TOTAL_SIZE	0x00010111u
#define RNDIS_WIRE_OID_MAC_OPTIONS		0x00010113u
#define RNDIS_WIRE_OID_MEDIA_CONNECT_STATUS	0x00010114u	/* 0 up, 1 down */
#define RNDIS_WIRE_OID_MAXIMUM_SEND_PACKETS	0x00010115u
#define RNDIS_WIRE_OID_VENDOR_DRIVER_VERSION	0x00010116u
#define RNDIS_WIRE_OID_NETWORK_LAYER_ADDRESSES	0x00010118u
#define RNDIS_WIRE_OID_RSS_CAPABILITIES		0x00010203u
#define RNDIS_WIRE_OID_RSS_PARAMETERS		0x00010204u
#define RNDIS_WIRE_OID_MAX_LINK_SPEED		0x00010206u
#define RNDIS_WIRE_OID_LINK_STATE		0x00010207u
#define RNDIS_WIRE_OID_CONFIG_PARAMETER		0x0001021bu
#define RNDIS_WIRE_OID_XMIT_OK			0x00020101u
#define RNDIS_WIRE_OID_RCV_OK			0x00020102u
#define RNDIS_WIRE_OID_XMIT_ERROR		0x00020103u
#define RNDIS_WIRE_OID_RCV_ERROR		0x00020104u
#define RNDIS_WIRE_OID_RCV_NO_BUFFER		0x00020105u
#define RNDIS_WIRE_OID_FRIENDLY_NAME		0x00020216u	/* UTF-16, 256 units */
#define RNDIS_WIRE_OID_BYTES_RCV		0x00020219u
#define RNDIS_WIRE_OID_BYTES_XMIT		0x0002021au
#define RNDIS_WIRE_OID_RCV_DISCARDS		0x0002021bu
#define RNDIS_WIRE_OID_XMIT_DISCARDS		0x0002021cu
#define RNDIS_WIRE_OID_PERMANENT_ADDRESS	0x01010101u
#define RNDIS_WIRE_OID_CURRENT_ADDRESS		0x01010102u
#define RNDIS_WIRE_OID_MULTICAST_LIST		0x01010103u
#define RNDIS_WIRE_OID_MAXIMUM_LIST_SIZE	0x01010104u
#define RNDIS_WIRE_OID_OFFLOAD_ENCAPSULATION	0x0101010au
#define RNDIS_WIRE_OID_RCV_ERROR_ALIGNMENT	0x01020101u
#define RNDIS_WIRE_OID_XMIT_ONE_COLLISION	0x01020102u
#define RNDIS_WIRE_OID_XMIT_MORE_COLLISIONS	0x01020103u
#define RNDIS_WIRE_OID_OFFLOAD_CURRENT		0xfc01020bu	/* query: rndis_wire_offload */
#define RNDIS_WIRE_OID_OFFLOAD_PARAMETERS	0xfc01020cu	/* set: rndis_wire_offload_params */
#define RNDIS_WIRE_OID_OFFLOAD_CAPABILITIES	0xfc01020du	/* query: rndis_wire_offload */

#define RNDIS_WIRE_MEDIA_CONNECTED	0u
#define RNDIS_WIRE_MEDIA_DISCONNECTED	1u

#define RNDIS_WIRE_FILTER_DIRECTED	0x00000001u
#define RNDIS_WIRE_FILTER_MULTICAST	0x00000002u	/* groups of the multicast list */
#define RNDIS_WIRE_FILTER_ALL_MULTICAST	0x00000004u
#define RNDIS_WIRE_FILTER_BROADCAST	0x00000008u
#define RNDIS_WIRE_FILTER_PROMISCUOUS	0x00000020u

#define RNDIS_WIRE_MAC_OPTION_COPY_LOOKAHEAD	0x00000001u
#define RNDIS_WIRE_MAC_OPTION_NOT_PEND		0x00000004u
#define RNDIS_WIRE_MAC_OPTION_NO_LOOPBACK	0x00000008u
#define RNDIS_WIRE_MAC_OPTION_PRIORITY		0x00000040u
#define RNDIS_WIRE_MAC_OPTION_VLAN		0x00000200u

/* Buffer of a set of RNDIS_WIRE_OID_CONFIG_PARAMETER; offsets from this struct's start. */
struct rndis_wire_config_param {
	__le32 name_offset;		/* UTF-16: "NetworkAddress" */
	__le32 name_len;		/* bytes */
	__le32 type;			/* RNDIS_WIRE_CONFIG_* */
	__le32 value_offset;		/* UTF-16: "00155d010203" */
	__le32 value_len;		/* bytes */
} __attribute__((packed));

#define RNDIS_WIRE_CONFIG_INTEGER	0u
#define RNDIS_WIRE_CONFIG_STRING	2u

/* ---- NDIS 6 objects ---- */

struct rndis_wire_object {
	__u8 type;			/* RNDIS_WIRE_OBJECT_* */
	__u8 revision;
	__le16 size;			/* bytes with this header */
} __attribute__((packed));

#define RNDIS_WIRE_OBJECT_DEFAULT		0x80
#define RNDIS_WIRE_OBJECT_RSS_CAPABILITIES	0x88
#define RNDIS_WIRE_OBJECT_RSS_PARAMETERS	0x89
#define RNDIS_WIRE_OBJECT_OFFLOAD		0xa7
#define RNDIS_WIRE_OBJECT_ENCAPSULATION		0xa8

struct rndis_wire_link_speed {
	__le64 transmit;		/* bit/s */
	__le64 receive;
} __attribute__((packed));

struct rndis_wire_link_state {
	struct rndis_wire_object header;
	__le32 connect_state;		/* 1 connected, 2 disconnected */
	__le32 duplex_state;		/* 2 full */
	__le32 padding;
	__le64 transmit_speed;		/* bit/s */
	__le64 receive_speed;
	__le32 pause_functions;
	__le32 auto_negotiation_flags;
} __attribute__((packed));

/* Encapsulation of an offload. */
#define RNDIS_WIRE_ENCAP_802_3		0x2u
#define RNDIS_WIRE_ENCAP_802_3_PQ	0x4u
#define RNDIS_WIRE_ENCAP_802_3_PQ_OOB	0x8u

/* Checksum flags: one for each direction and IP version. */
#define RNDIS_WIRE_CSUM_CAP_IP_OPTIONS	0x001u	/* IPv6: extension headers */
#define RNDIS_WIRE_CSUM_CAP_TCP_OPTIONS	0x004u
#define RNDIS_WIRE_CSUM_CAP_TCP		0x010u
#define RNDIS_WIRE_CSUM_CAP_UDP		0x040u
#define RNDIS_WIRE_CSUM_CAP_IPV4	0x100u	/* IPv4 header; IPv4 only */

struct rndis_wire_csum_offload {
	__le32 ipv4_tx_encap;		/* RNDIS_WIRE_ENCAP_* */
	__le32 ipv4_tx;			/* RNDIS_WIRE_CSUM_CAP_* */
	__le32 ipv4_rx_encap;
	__le32 ipv4_rx;
	__le32 ipv6_tx_encap;
	__le32 ipv6_tx;
	__le32 ipv6_rx_encap;
	__le32 ipv6_rx;
} __attribute__((packed));

#define RNDIS_WIRE_LSO_CAP_IPV6_EXT	0x001u
#define RNDIS_WIRE_LSO_CAP_TCP_OPTIONS	0x004u

struct rndis_wire_lso_offload {
	__le32 ipv4_encap;
	__le32 ipv4_max_size;		/* bytes */
	__le32 ipv4_min_segments;
	__le32 ipv6_encap;
	__le32 ipv6_max_size;
	__le32 ipv6_min_segments;
	__le32 ipv6_flags;		/* RNDIS_WIRE_LSO_CAP_* */
} __attribute__((packed));

/* NDIS_OFFLOAD; what exists depends on the revision that the guest names in its query. */
struct rndis_wire_offload {
	struct rndis_wire_object header;
	struct rndis_wire_csum_offload csum;
	__le32 lso_v1[4];
	__le32 ipsec_v1[7];
	struct rndis_wire_lso_offload lso_v2;
	__le32 flags;
	/* revision 2 */
	__u8 ipsec_v2[32];
	/* revision 3 */
	__u8 rsc_ipv4;
	__u8 rsc_ipv6;
	__u8 padding[2];
	__le32 encap_gre_flags;
	__le32 encap_gre_max_header;
} __attribute__((packed));

#define RNDIS_WIRE_OFFLOAD_SIZE_R1	112
#define RNDIS_WIRE_OFFLOAD_SIZE_R2	144
#define RNDIS_WIRE_OFFLOAD_SIZE_R3	156

/* Values of the bytes of rndis_wire_offload_params. */
#define RNDIS_WIRE_OFFLOAD_NO_CHANGE	0
#define RNDIS_WIRE_OFFLOAD_OFF		1	/* checksums, LSO, RSC */
#define RNDIS_WIRE_OFFLOAD_ON		2	/* LSO and RSC */
#define RNDIS_WIRE_OFFLOAD_TX		2	/* checksums */
#define RNDIS_WIRE_OFFLOAD_RX		3
#define RNDIS_WIRE_OFFLOAD_TX_RX	4

/* NDIS_OFFLOAD_PARAMETERS */
struct rndis_wire_offload_params {
	struct rndis_wire_object header;	/* RNDIS_WIRE_OBJECT_DEFAULT */
	__u8 ipv4_csum;
	__u8 tcp4_csum;
	__u8 udp4_csum;
	__u8 tcp6_csum;
	__u8 udp6_csum;
	__u8 lso_v1;
	__u8 ipsec_v1;
	__u8 lso_v2_ipv4;
	__u8 lso_v2_ipv6;
	__u8 tcp_connection_ipv4;
	__u8 tcp_connection_ipv6;
	__u8 padding;
	__le32 flags;
	/* revision 2 */
	__u8 ipsec_v2;
	__u8 ipsec_v2_ipv4;
	/* revision 3 */
	__u8 rsc_ipv4;
	__u8 rsc_ipv6;
	__u8 encap_offload;
	__u8 encap_types;
	__u8 padding2[2];
} __attribute__((packed));

#define RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R1	20
#define RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R2	22
#define RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R3	28

/* NDIS_OFFLOAD_ENCAPSULATION */
struct rndis_wire_encapsulation {
	struct rndis_wire_object header;
	__le32 ipv4_enabled;
	__le32 ipv4_type;
	__le32 ipv4_header_size;
	__le32 ipv6_enabled;
	__le32 ipv6_type;
	__le32 ipv6_header_size;
} __attribute__((packed));

/* Receive side scaling. */
#define RNDIS_WIRE_HASH_TOEPLITZ	0x00000001u
#define RNDIS_WIRE_HASH_IPV4		0x00000100u
#define RNDIS_WIRE_HASH_TCP_IPV4	0x00000200u
#define RNDIS_WIRE_HASH_IPV6		0x00000400u
#define RNDIS_WIRE_HASH_IPV6_EX		0x00000800u
#define RNDIS_WIRE_HASH_TCP_IPV6	0x00001000u
#define RNDIS_WIRE_HASH_TCP_IPV6_EX	0x00002000u
#define RNDIS_WIRE_HASH_UDP_IPV4	0x00004000u
#define RNDIS_WIRE_HASH_UDP_IPV6	0x00008000u

#define RNDIS_WIRE_RSS_CAP_TCP_IPV4	0x00000100u
#define RNDIS_WIRE_RSS_CAP_TCP_IPV6	0x00000200u
#define RNDIS_WIRE_RSS_CAP_UDP_IPV4	0x00000800u
#define RNDIS_WIRE_RSS_CAP_UDP_IPV6	0x00001000u

#define RNDIS_WIRE_RSS_KEY_SIZE		40
#define RNDIS_WIRE_RSS_TABLE_ENTRIES	128

struct rndis_wire_rss_caps {
	struct rndis_wire_object header;	/* revision 2 */
	__le32 capabilities;
	__le32 num_interrupts;
	__le32 num_recv_queues;
	__le16 num_table_entries;
} __attribute__((packed));

#define RNDIS_WIRE_RSS_BASE_CPU_UNCHANGED	0x0001
#define RNDIS_WIRE_RSS_HASH_INFO_UNCHANGED	0x0002
#define RNDIS_WIRE_RSS_TABLE_UNCHANGED		0x0004
#define RNDIS_WIRE_RSS_KEY_UNCHANGED		0x0008
#define RNDIS_WIRE_RSS_DISABLE			0x0010

/* Offsets count from this struct's start; table entries are 32-bit channel indices. */
struct rndis_wire_rss_params {
	struct rndis_wire_object header;	/* revision 2 */
	__le16 flags;
	__le16 base_cpu;
	__le32 hash_info;			/* RNDIS_WIRE_HASH_* */
	__le16 table_size;			/* bytes */
	__le16 padding;
	__le32 table_offset;
	__le16 key_size;			/* bytes */
	__le16 padding2;
	__le32 key_offset;
	__le32 masks_offset;
	__le32 num_masks;
	__le32 mask_entry_size;
} __attribute__((packed));

_Static_assert(sizeof(struct rndis_wire_header) == 8, "rndis header");
_Static_assert(sizeof(struct rndis_wire_initialize) == 24, "rndis initialize");
_Static_assert(sizeof(struct rndis_wire_initialize_complete) == 52, "rndis init complete");
_Static_assert(sizeof(struct rndis_wire_halt) == 12, "rndis halt");
_Static_assert(sizeof(struct rndis_wire_request) == 28, "rndis request");
_Static_assert(sizeof(struct rndis_wire_query_complete) == 24, "rndis query complete");
_Static_assert(sizeof(struct rndis_wire_set_complete) == 16, "rndis set complete");
_Static_assert(sizeof(struct rndis_wire_reset) == 12, "rndis reset");
_Static_assert(sizeof(struct rndis_wire_reset_complete) == 16, "rndis reset complete");
_Static_assert(sizeof(struct rndis_wire_indicate_status) == 20, "rndis indicate");
_Static_assert(sizeof(struct rndis_wire_keepalive) == 12, "rndis keepalive");
_Static_assert(sizeof(struct rndis_wire_keepalive_complete) == 16, "rndis keepalive complete");
_Static_assert(sizeof(struct rndis_wire_packet) == 44, "rndis packet");
_Static_assert(__builtin_offsetof(struct rndis_wire_packet, ppi_offset) == 28, "rndis ppi");
_Static_assert(sizeof(struct rndis_wire_ppi) == 12, "rndis per-packet info");
_Static_assert(sizeof(struct rndis_wire_packet_id) == 4, "rndis packet id");
_Static_assert(sizeof(struct rndis_wire_config_param) == 20, "rndis config parameter");
_Static_assert(sizeof(struct rndis_wire_link_state) == 40, "ndis link state");
_Static_assert(sizeof(struct rndis_wire_link_speed) == 16, "ndis link speed");
_Static_assert(sizeof(struct rndis_wire_csum_offload) == 32, "ndis checksum offload");
_Static_assert(sizeof(struct rndis_wire_lso_offload) == 28, "ndis lso offload");
_Static_assert(sizeof(struct rndis_wire_offload) == RNDIS_WIRE_OFFLOAD_SIZE_R3, "ndis offload");
_Static_assert(__builtin_offsetof(struct rndis_wire_offload, ipsec_v2) ==
	       RNDIS_WIRE_OFFLOAD_SIZE_R1, "ndis offload revision 1");
_Static_assert(__builtin_offsetof(struct rndis_wire_offload, rsc_ipv4) ==
	       RNDIS_WIRE_OFFLOAD_SIZE_R2, "ndis offload revision 2");
_Static_assert(sizeof(struct rndis_wire_offload_params) ==
	       RNDIS_WIRE_OFFLOAD_PARAMS_SIZE_R3, "ndis offload parameters");
_Static_assert(__builtin_offsetof(struct rndis_wire_offload_params, flags) == 16,
	       "ndis offload parameters flags");
_Static_assert(sizeof(struct rndis_wire_encapsulation) == 28, "ndis encapsulation");
_Static_assert(sizeof(struct rndis_wire_rss_caps) == 18, "ndis rss capabilities");
_Static_assert(sizeof(struct rndis_wire_rss_params) == 40, "ndis rss parameters");
_Static_assert(__builtin_offsetof(struct rndis_wire_rss_params, key_offset) == 24, "ndis rss key");

#endif
