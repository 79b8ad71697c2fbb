/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMBus wire: control messages, ring control page, packet descriptors, monitor pages.
 * Byte for byte, little endian, for the drivers and for the embedded host alike. No name here
 * is a name of the kernel's <linux/hyperv.h> or <asm/hyperv-tlfs.h>.
 */
#ifndef HVIC_VMBUS_H
#define HVIC_VMBUS_H

#include <linux/types.h>

#define VMBUS_WIRE_PACKED	__attribute__((packed))

/* Asserts for C11 and for the kernel's older dialect, where the keyword is an extension. */
#define VMBUS_WIRE_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), "size of " #type)
#define VMBUS_WIRE_OFFSET(type, member, offset) \
	_Static_assert(__builtin_offsetof(type, member) == (offset), #type "." #member)

/* ---- versions: major in the upper half, minor in the lower ---- */

#define VMBUS_WIRE_V0_13	0x0000000du	/* Windows Server 2008 */
#define VMBUS_WIRE_V1_1		0x00010001u	/* 2008 R2, 7 */
#define VMBUS_WIRE_V2_4		0x00020004u	/* 2012, 8: subchannels, flow control, target VP */
#define VMBUS_WIRE_V3_0		0x00030000u	/* 2012 R2, 8.1: messages to any VP */
#define VMBUS_WIRE_V4_0		0x00040000u	/* 10: hvsock */
#define VMBUS_WIRE_V4_1		0x00040001u	/* MODIFY_CHANNEL, TL_CONNECT_RESULT */
#define VMBUS_WIRE_V5_0		0x00050000u	/* connection id 4, message SINT chosen by the guest */
#define VMBUS_WIRE_V5_1		0x00050001u	/* message VTL */
#define VMBUS_WIRE_V5_2		0x00050002u	/* 2019: TL_CONNECT_REQUEST with a silo id */
#define VMBUS_WIRE_V5_3		0x00050003u	/* 2022: MODIFY_CHANNEL_RESPONSE */
#define VMBUS_WIRE_V6_0		0x00060000u	/* feature flags */

#define VMBUS_WIRE_MAJOR(version)	((version) >> 16)
#define VMBUS_WIRE_MINOR(version)	((version) & 0xffffu)

/* Feature flags of 6.0, in INITIATE_CONTACT and in the response. */
#define VMBUS_FEATURE_GUEST_SIGNAL_PARAMS	0x00000001u
#define VMBUS_FEATURE_INTERRUPT_REDIRECTION	0x00000002u
#define VMBUS_FEATURE_MODIFY_CONNECTION		0x00000004u
#define VMBUS_FEATURE_CLIENT_ID			0x00000008u
#define VMBUS_FEATURE_CONFIDENTIAL_CHANNELS	0x00000010u
#define VMBUS_FEATURE_PAUSE_RESUME		0x00000020u
#define VMBUS_FEATURE_SERVER_MONITOR_PAGES	0x00000040u

/* ---- how messages and signals travel ---- */

#define VMBUS_CONN_ID_MESSAGE		1u	/* POST_MESSAGE up to 4.1 */
#define VMBUS_CONN_ID_MESSAGE_V5	4u	/* INITIATE_CONTACT of 5.0 and later */
#define VMBUS_SINT_MESSAGE		2u	/* the SINT of messages and event flags */
#define VMBUS_SYNIC_MESSAGE_TYPE	1u	/* SynIC message type of a channel message */
#define VMBUS_MESSAGE_MAX		240u	/* bytes in one message */
#define VMBUS_RELID_MIN			1u
#define VMBUS_RELID_MAX			2047u
#define VMBUS_VP_NO_INTERRUPT		0xffffffffu	/* target VP: send no interrupt at all */
#define VMBUS_USER_DATA_SIZE		120u
#define VMBUS_PAGE_SIZE			4096u

/* Connection id that signals a channel (TLFS gives it 24 bits). */
#define VMBUS_CONN_ID_CHANNEL(relid, sint, vtl) \
	((relid) | (__u32)(sint) << 12 | (__u32)(vtl) << 16)

/* Status words of responses; 0 is success, others are NTSTATUS values. */
#define VMBUS_STATUS_SUCCESS		0x00000000u
#define VMBUS_STATUS_UNSUCCESSFUL	0x8000ffffu
#define VMBUS_STATUS_CONN_REFUSED	0xc0000236u

struct vmbus_wire_guid {
	__u8 b[16];		/* first three fields little endian */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_wire_guid, 16);

/* ---- control messages ---- */

enum vmbus_msg_type {
	VMBUS_MSG_OFFER_CHANNEL = 1,		/* to guest */
	VMBUS_MSG_RESCIND_OFFER = 2,		/* to guest */
	VMBUS_MSG_REQUEST_OFFERS = 3,		/* to host; header only */
	VMBUS_MSG_ALL_OFFERS_DELIVERED = 4,	/* to guest; header only */
	VMBUS_MSG_OPEN_CHANNEL = 5,		/* to host */
	VMBUS_MSG_OPEN_RESULT = 6,		/* to guest */
	VMBUS_MSG_CLOSE_CHANNEL = 7,		/* to host, never answered */
	VMBUS_MSG_GPADL_HEADER = 8,		/* to host */
	VMBUS_MSG_GPADL_BODY = 9,		/* to host */
	VMBUS_MSG_GPADL_CREATED = 10,		/* to guest */
	VMBUS_MSG_GPADL_TEARDOWN = 11,		/* to host */
	VMBUS_MSG_GPADL_TORNDOWN = 12,		/* to guest */
	VMBUS_MSG_RELID_RELEASED = 13,		/* to host */
	VMBUS_MSG_INITIATE_CONTACT = 14,	/* to host */
	VMBUS_MSG_VERSION_RESPONSE = 15,	/* to guest */
	VMBUS_MSG_UNLOAD = 16,			/* to host; header only */
	VMBUS_MSG_UNLOAD_RESPONSE = 17,		/* to guest; header only */
	VMBUS_MSG_OPEN_RESERVED = 18,		/* to host */
	VMBUS_MSG_CLOSE_RESERVED = 19,		/* to host */
	VMBUS_MSG_CLOSE_RESERVED_RESPONSE = 20,	/* to guest */
	VMBUS_MSG_TL_CONNECT_REQUEST = 21,	/* to host, 4.0 */
	VMBUS_MSG_MODIFY_CHANNEL = 22,		/* to host, 4.1 */
	VMBUS_MSG_TL_CONNECT_RESULT = 23,	/* to guest, 4.1 */
	VMBUS_MSG_MODIFY_CHANNEL_RESPONSE = 24,	/* to guest, 5.3 */
	VMBUS_MSG_MODIFY_CONNECTION = 25,	/* to host, 6.0 */
	VMBUS_MSG_MODIFY_CONNECTION_RESPONSE = 26,	/* to guest, 6.0 */
	VMBUS_MSG_PAUSE = 27,			/* to host, 6.0; header only */
	VMBUS_MSG_PAUSE_RESPONSE = 28,		/* to guest, 6.0; header only */
	VMBUS_MSG_RESUME = 29,			/* to host, 6.0; header only */
	VMBUS_MSG_TYPES = 30
};

struct vmbus_msg_header {
	__le32 type;		/* enum vmbus_msg_type */
	__le32 padding;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_header, 8);

/* Offer flags. */
#define VMBUS_OFFER_FLAG_ENUMERATE_INTERFACE	0x0001u
#define VMBUS_OFFER_FLAG_TRANSFER_PAGES		0x0002u	/* before 6.0 */
#define VMBUS_OFFER_FLAG_GPADLS			0x0004u	/* before 6.0 */
#define VMBUS_OFFER_FLAG_CONFIDENTIAL_RING	0x0002u	/* 6.0, with the feature */
#define VMBUS_OFFER_FLAG_CONFIDENTIAL_MEMORY	0x0004u	/* 6.0, with the feature */
#define VMBUS_OFFER_FLAG_NAMED_PIPE_MODE	0x0010u
#define VMBUS_OFFER_FLAG_LOOPBACK		0x0100u
#define VMBUS_OFFER_FLAG_PARENT			0x0200u
#define VMBUS_OFFER_FLAG_MONITORED		0x0400u
#define VMBUS_OFFER_FLAG_TLNPI_PROVIDER		0x2000u	/* an hvsock channel */

/* First word of the user-defined area of a named pipe offer. */
#define VMBUS_PIPE_MODE_BYTE		0u
#define VMBUS_PIPE_MODE_MESSAGE		4u

struct vmbus_msg_offer {
	struct vmbus_msg_header header;
	struct vmbus_wire_guid class_id;
	struct vmbus_wire_guid instance_id;
	__le64 reserved[2];
	__le16 flags;		/* VMBUS_OFFER_FLAG_* */
	__le16 mmio_mb;		/* megabytes of MMIO that the device wants */
	union {
		__u8 user_defined[VMBUS_USER_DATA_SIZE];
		struct {
			__le32 mode;	/* VMBUS_PIPE_MODE_* */
			__u8 user_defined[VMBUS_USER_DATA_SIZE - 4];
		} VMBUS_WIRE_PACKED pipe;
	} VMBUS_WIRE_PACKED u;
	__le16 subchannel_index;	/* 0: the primary */
	__le16 mmio_mb_optional;
	__le32 relid;
	__u8 monitor_id;
	__u8 monitor_allocated;		/* bit 0; the others are reserved */
	__le16 dedicated_interrupt;	/* bit 0: signal with connection_id alone (1.1) */
	__le32 connection_id;		/* 1.1 */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_offer, 196);
VMBUS_WIRE_OFFSET(struct vmbus_msg_offer, flags, 56);
VMBUS_WIRE_OFFSET(struct vmbus_msg_offer, u, 60);
VMBUS_WIRE_OFFSET(struct vmbus_msg_offer, subchannel_index, 180);
VMBUS_WIRE_OFFSET(struct vmbus_msg_offer, relid, 184);
VMBUS_WIRE_OFFSET(struct vmbus_msg_offer, connection_id, 192);

/* RESCIND_OFFER, CLOSE_CHANNEL and RELID_RELEASED name a channel and say no more. */
struct vmbus_msg_relid {
	struct vmbus_msg_header header;
	__le32 relid;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_relid, 12);

struct vmbus_msg_open {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 open_id;			/* the guest's; comes back in the result */
	__le32 ring_gpadl;
	__le32 target_vp;		/* 2.4; VMBUS_VP_NO_INTERRUPT: poll only */
	__le32 downstream_page_offset;	/* pages before the host-to-guest ring */
	__u8 user_data[VMBUS_USER_DATA_SIZE];
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_open, 148);
VMBUS_WIRE_OFFSET(struct vmbus_msg_open, user_data, 28);

/* OPEN_CHANNEL of 6.0 with guest signal parameters or interrupt redirection. */
struct vmbus_msg_open_v6 {
	struct vmbus_msg_open open;
	__le32 connection_id;
	__le16 event_flag;
	__le16 flags;			/* bit 0: redirect the interrupt */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_open_v6, 156);

struct vmbus_msg_open_result {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 open_id;
	__le32 status;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_open_result, 20);

/* One range of guest pages; the number of page numbers follows from count and offset. */
struct vmbus_wire_gpa_range {
	__le32 byte_count;
	__le32 byte_offset;		/* in the first page */
	__le64 pfn[];
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_wire_gpa_range, 8);

/* The same with exactly one page ("page buffer"). */
struct vmbus_wire_page_range {
	__le32 byte_count;
	__le32 byte_offset;
	__le64 pfn;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_wire_page_range, 16);

struct vmbus_msg_gpadl_header {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 gpadl;			/* handle that the guest chose */
	__le16 range_buflen;		/* bytes of all ranges, this message's and the bodies' */
	__le16 range_count;
	__u8 ranges[];			/* struct vmbus_wire_gpa_range, one after the other */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_gpadl_header, 20);

struct vmbus_msg_gpadl_body {
	struct vmbus_msg_header header;
	__le32 msg_number;
	__le32 gpadl;
	__u8 ranges[];			/* the next bytes of the ranges */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_gpadl_body, 16);

/* Page numbers that fit a header with one range, and a body. */
#define VMBUS_GPADL_HEADER_PFNS	((VMBUS_MESSAGE_MAX - 20u - 8u) / 8u)
#define VMBUS_GPADL_BODY_PFNS	((VMBUS_MESSAGE_MAX - 16u) / 8u)

struct vmbus_msg_gpadl_created {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 gpadl;
	__le32 status;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_gpadl_created, 20);

struct vmbus_msg_gpadl_teardown {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 gpadl;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_gpadl_teardown, 16);

struct vmbus_msg_gpadl_torndown {
	struct vmbus_msg_header header;
	__le32 gpadl;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_gpadl_torndown, 12);

struct vmbus_msg_initiate_contact {
	struct vmbus_msg_header header;
	__le32 version;			/* VMBUS_WIRE_V* */
	__le32 target_vp;		/* 3.0: where the host sends its messages */
	union {
		__le64 interrupt_page;	/* before 5.0 */
		struct {		/* 5.0 and later, at connection id 4 */
			__u8 sint;
			__u8 vtl;	/* 5.1 */
			__le16 padding;
			__le32 features;	/* 6.0: VMBUS_FEATURE_* */
		} VMBUS_WIRE_PACKED target;
	} VMBUS_WIRE_PACKED u;
	__le64 parent_to_child_monitor;	/* guest physical address, 0: none */
	__le64 child_to_parent_monitor;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_initiate_contact, 40);
VMBUS_WIRE_OFFSET(struct vmbus_msg_initiate_contact, parent_to_child_monitor, 24);

/* INITIATE_CONTACT of 6.0 with the client id feature. */
struct vmbus_msg_initiate_contact_v6 {
	struct vmbus_msg_initiate_contact contact;
	struct vmbus_wire_guid client_id;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_initiate_contact_v6, 56);

#define VMBUS_CONN_STATE_SUCCESSFUL	0u
#define VMBUS_CONN_STATE_LOW_RESOURCES	1u
#define VMBUS_CONN_STATE_FAILED		2u

struct vmbus_msg_version_response {
	struct vmbus_msg_header header;
	__u8 supported;			/* 0: try another version */
	__u8 conn_state;		/* VMBUS_CONN_STATE_*, 2.4 */
	__le16 padding;
	__le32 msg_conn_id;		/* 5.0: for all later messages; before: the version */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_version_response, 16);
VMBUS_WIRE_OFFSET(struct vmbus_msg_version_response, msg_conn_id, 12);

/* VERSION_RESPONSE when 6.0 was accepted. */
struct vmbus_msg_version_response_v6 {
	struct vmbus_msg_version_response response;
	__le32 features;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_version_response_v6, 20);

/* VERSION_RESPONSE of 6.0 with VMBUS_FEATURE_SERVER_MONITOR_PAGES. */
struct vmbus_msg_version_response_v6_monitor {
	struct vmbus_msg_version_response_v6 response;
	__le32 padding;
	__le64 parent_to_child_monitor;
	__le64 child_to_parent_monitor;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_version_response_v6_monitor, 40);

struct vmbus_msg_open_reserved {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 target_vp;
	__le32 target_sint;
	__le32 ring_gpadl;
	__le32 downstream_page_offset;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_open_reserved, 28);

struct vmbus_msg_close_reserved {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 target_vp;
	__le32 target_sint;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_close_reserved, 20);

/* TL_CONNECT_REQUEST; from 5.2 a guest may append the GUID of a silo. */
struct vmbus_msg_tl_connect {
	struct vmbus_msg_header header;
	struct vmbus_wire_guid endpoint_id;
	struct vmbus_wire_guid service_id;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_tl_connect, 40);

struct vmbus_msg_tl_connect_result {
	struct vmbus_msg_header header;
	struct vmbus_wire_guid endpoint_id;
	struct vmbus_wire_guid service_id;
	__le32 status;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_tl_connect_result, 44);

struct vmbus_msg_modify_channel {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 target_vp;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_modify_channel, 16);

struct vmbus_msg_modify_channel_response {
	struct vmbus_msg_header header;
	__le32 relid;
	__le32 status;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_modify_channel_response, 16);

struct vmbus_msg_modify_connection {
	struct vmbus_msg_header header;
	__le64 parent_to_child_monitor;
	__le64 child_to_parent_monitor;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_modify_connection, 24);

struct vmbus_msg_modify_connection_response {
	struct vmbus_msg_header header;
	__u8 conn_state;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_msg_modify_connection_response, 9);

/* ---- ring ---- */

/*
 * The first page of each ring. The writer of the ring owns write_index, pending_send_size and
 * feature_bits; its reader owns read_index and interrupt_mask. Not packed: each word is read and
 * written whole.
 */
struct vmbus_ring_control {
	__le32 write_index;	/* offset in the data, always a multiple of 8 */
	__le32 read_index;
	__le32 interrupt_mask;	/* nonzero: do not signal that the ring is no longer empty */
	__le32 pending_send_size;	/* nonzero: signal when more than this many bytes are free */
	__le32 reserved1[12];
	__le32 feature_bits;	/* VMBUS_RING_FEATURE_* */
	__u8 reserved2[VMBUS_PAGE_SIZE - 68];
};

VMBUS_WIRE_SIZE(struct vmbus_ring_control, 4096);
VMBUS_WIRE_OFFSET(struct vmbus_ring_control, pending_send_size, 12);
VMBUS_WIRE_OFFSET(struct vmbus_ring_control, feature_bits, 64);

/* The writer sets pending_send_size, and signals for its peer's on the other ring. */
#define VMBUS_RING_FEATURE_PENDING_SEND_SIZE	0x1u

/* Behind each packet: 32 reserved bits, then the offset at which the packet started. */
struct vmbus_ring_trailer {
	__le32 reserved;
	__le32 start_offset;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_ring_trailer, 8);

/* ---- packets ---- */

enum vmbus_pkt_type {
	VMBUS_PKT_DATA_INBAND = 0x6,
	VMBUS_PKT_DATA_USING_XFER_PAGES = 0x7,
	VMBUS_PKT_DATA_USING_GPADL = 0x8,
	VMBUS_PKT_DATA_USING_GPA_DIRECT = 0x9,
	VMBUS_PKT_CANCEL_REQUEST = 0xa,
	VMBUS_PKT_COMPLETION = 0xb
};

#define VMBUS_PKT_FLAG_COMPLETION_REQUESTED	0x1u

struct vmbus_pkt_header {
	__le16 type;		/* enum vmbus_pkt_type */
	__le16 offset8;		/* of the payload from here, in units of 8 bytes */
	__le16 len8;		/* of descriptor and payload, without the trailer */
	__le16 flags;
	__le64 xid;		/* transaction id: comes back in the completion */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_pkt_header, 16);

/* Largest packet that len8 can name. */
#define VMBUS_PKT_MAX		(0xffffu * 8u)

struct vmbus_pkt_gpa_direct {
	struct vmbus_pkt_header header;
	__le32 reserved;
	__le32 range_count;
	__u8 ranges[];		/* struct vmbus_wire_gpa_range, one after the other */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_pkt_gpa_direct, 24);

struct vmbus_wire_xfer_range {
	__le32 byte_count;
	__le32 byte_offset;	/* in the buffer that the page set names */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_wire_xfer_range, 8);

struct vmbus_pkt_xfer_pages {
	struct vmbus_pkt_header header;
	__le16 pageset_id;
	__u8 sender_owns_set;
	__u8 reserved;
	__le32 range_count;
	struct vmbus_wire_xfer_range ranges[];
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_pkt_xfer_pages, 24);

/* Header of each message of a named pipe in message mode. */
struct vmbus_pipe_header {
	__le32 type;		/* VMBUS_PIPE_* */
	__le32 len;		/* bytes that follow */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_pipe_header, 8);

#define VMBUS_PIPE_DATA		1u
#define VMBUS_PIPE_PARTIAL	2u

/* ---- monitor pages (monitored notification facility) ---- */

#define VMBUS_MONITOR_GROUPS	4u
#define VMBUS_MONITOR_TRIGGERS	32u	/* of a group; monitor id = group * 32 + bit */

struct vmbus_monitor_group {
	__le32 pending;		/* a bit a trigger; set by the sender, atomically */
	__le32 armed;
};

VMBUS_WIRE_SIZE(struct vmbus_monitor_group, 8);

struct vmbus_monitor_param {
	__le32 connection_id;
	__le16 flag;
	__le16 reserved;
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct vmbus_monitor_param, 8);

struct vmbus_monitor_page {
	__le32 trigger_state;	/* bits 0-3: group enabled */
	__le32 reserved1;
	struct vmbus_monitor_group group[VMBUS_MONITOR_GROUPS];
	__le64 reserved2[3];
	__le32 next_check[VMBUS_MONITOR_GROUPS][VMBUS_MONITOR_TRIGGERS];
	__le16 latency[VMBUS_MONITOR_GROUPS][VMBUS_MONITOR_TRIGGERS];	/* 100 ns */
	__le64 reserved3[32];
	struct vmbus_monitor_param param[VMBUS_MONITOR_GROUPS][VMBUS_MONITOR_TRIGGERS];
	__u8 reserved4[1984];
};

VMBUS_WIRE_SIZE(struct vmbus_monitor_page, 4096);
VMBUS_WIRE_OFFSET(struct vmbus_monitor_page, next_check, 0x40);
VMBUS_WIRE_OFFSET(struct vmbus_monitor_page, latency, 0x240);
VMBUS_WIRE_OFFSET(struct vmbus_monitor_page, param, 0x440);
VMBUS_WIRE_OFFSET(struct vmbus_monitor_page, reserved4, 0x840);

#endif
