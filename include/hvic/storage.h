/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The storage protocol on the wire (vstor): what a storage driver and the host's SCSI, IDE
 * or Fibre Channel controller say to each other on a VMBus channel. Layout and values only.
 */
#ifndef HVIC_STORAGE_H
#define HVIC_STORAGE_H

#include <linux/types.h>

/*
 * Class ids of the controllers, as the sixteen bytes of a GUID in wire order:
 * ba6163d9-04a1-4d29-b605-72e2ffb1dc7f, 32412632-86cb-44a2-9b5c-50d1417354f5,
 * 2f9bcc4a-0069-4af3-b76b-6fd0be528cda.
 */
#define VSTOR_CLASS_SCSI \
	0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d, \
	0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f
#define VSTOR_CLASS_IDE \
	0x32, 0x26, 0x41, 0x32, 0xcb, 0x86, 0xa2, 0x44, \
	0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5
#define VSTOR_CLASS_FC \
	0x4a, 0xcc, 0x9b, 0x2f, 0x69, 0x00, 0xf3, 0x4a, \
	0xb7, 0x6b, 0x6f, 0xd0, 0xbe, 0x52, 0x8c, 0xda

/* struct vstor_packet.operation */
enum vstor_op {
	VSTOR_OP_COMPLETE_IO		= 1,	/* host: the answer to every request */
	VSTOR_OP_REMOVE_DEVICE		= 2,	/* host, unsolicited: look which LUNs went */
	VSTOR_OP_EXECUTE_SRB		= 3,
	VSTOR_OP_RESET_LUN		= 4,
	VSTOR_OP_RESET_ADAPTER		= 5,
	VSTOR_OP_RESET_BUS		= 6,
	VSTOR_OP_BEGIN_INITIALIZATION	= 7,
	VSTOR_OP_END_INITIALIZATION	= 8,
	VSTOR_OP_QUERY_PROTOCOL_VERSION	= 9,
	VSTOR_OP_QUERY_PROPERTIES	= 10,
	VSTOR_OP_ENUMERATE_BUS		= 11,	/* host, unsolicited: LUNs came or went; 4.2 on */
	VSTOR_OP_FCHBA_DATA		= 12,	/* Fibre Channel: the adapter's names */
	VSTOR_OP_CREATE_SUB_CHANNELS	= 13,	/* 5.1 on */
};

/* struct vstor_packet.flags */
#define VSTOR_FLAG_REQUEST_COMPLETION	0x00000001u

/* Protocol versions, as struct vstor_version.major_minor holds them. */
#define VSTOR_VERSION(major, minor)	((((major) & 0xff) << 8) | ((minor) & 0xff))
#define VSTOR_VERSION_2_0	VSTOR_VERSION(2, 0)	/* Windows Server 2008 */
#define VSTOR_VERSION_4_2	VSTOR_VERSION(4, 2)	/* 2008 R2; the last with V1 requests */
#define VSTOR_VERSION_5_1	VSTOR_VERSION(5, 1)	/* 2012; the first with subchannels */
#define VSTOR_VERSION_6_0	VSTOR_VERSION(6, 0)	/* 2012 R2 */
#define VSTOR_VERSION_6_2	VSTOR_VERSION(6, 2)	/* 2016 and later */

/* struct vstor_packet.status: NTSTATUS; 0 is success */
#define VSTOR_STATUS_SUCCESS			0x00000000u
#define VSTOR_STATUS_BUFFER_OVERFLOW		0x80000005u
#define VSTOR_STATUS_DEVICE_BUSY		0x80000011u
#define VSTOR_STATUS_UNSUCCESSFUL		0xc0000001u
#define VSTOR_STATUS_INVALID_PARAMETER		0xc000000du
#define VSTOR_STATUS_INVALID_DEVICE_REQUEST	0xc0000010u
#define VSTOR_STATUS_REVISION_MISMATCH		0xc0000059u
#define VSTOR_STATUS_DEVICE_NOT_CONNECTED	0xc000009du
#define VSTOR_STATUS_IO_TIMEOUT			0xc00000b5u
#define VSTOR_STATUS_DEVICE_DOES_NOT_EXIST	0xc00000c0u
#define VSTOR_STATUS_CANCELLED			0xc0000120u
#define VSTOR_STATUS_INVALID_DEVICE_STATE	0xc0000184u
#define VSTOR_STATUS_IO_DEVICE_ERROR		0xc0000185u

/* struct vstor_srb.srb_status: a code in the low six bits, two flags above it */
#define VSTOR_SRB_PENDING		0x00
#define VSTOR_SRB_SUCCESS		0x01
#define VSTOR_SRB_ABORTED		0x02
#define VSTOR_SRB_ABORT_FAILED		0x03
#define VSTOR_SRB_ERROR			0x04
#define VSTOR_SRB_BUSY			0x05
#define VSTOR_SRB_INVALID_REQUEST	0x06
#define VSTOR_SRB_INVALID_PATH_ID	0x07
#define VSTOR_SRB_NO_DEVICE		0x08
#define VSTOR_SRB_TIMEOUT		0x09
#define VSTOR_SRB_SELECTION_TIMEOUT	0x0a
#define VSTOR_SRB_COMMAND_TIMEOUT	0x0b
#define VSTOR_SRB_MESSAGE_REJECTED	0x0d
#define VSTOR_SRB_BUS_RESET		0x0e
#define VSTOR_SRB_PARITY_ERROR		0x0f
#define VSTOR_SRB_REQUEST_SENSE_FAILED	0x10
#define VSTOR_SRB_NO_HBA		0x11
#define VSTOR_SRB_DATA_OVERRUN		0x12	/* also a short transfer: the length says which */
#define VSTOR_SRB_UNEXPECTED_BUS_FREE	0x13
#define VSTOR_SRB_PHASE_SEQUENCE	0x14
#define VSTOR_SRB_BAD_BLOCK_LENGTH	0x15
#define VSTOR_SRB_REQUEST_FLUSHED	0x16
#define VSTOR_SRB_INVALID_LUN		0x20
#define VSTOR_SRB_INVALID_TARGET_ID	0x21
#define VSTOR_SRB_BAD_FUNCTION		0x22
#define VSTOR_SRB_ERROR_RECOVERY	0x23
#define VSTOR_SRB_NOT_POWERED		0x24
#define VSTOR_SRB_LINK_DOWN		0x25

#define VSTOR_SRB_CODE_MASK		0x3f
#define VSTOR_SRB_QUEUE_FROZEN		0x40
#define VSTOR_SRB_AUTOSENSE_VALID	0x80

/* struct vstor_srb.srb_flags (V2) */
#define VSTOR_SRB_FLAG_QUEUE_ACTION_ENABLE	0x00000002u
#define VSTOR_SRB_FLAG_DISABLE_DISCONNECT	0x00000004u
#define VSTOR_SRB_FLAG_DISABLE_SYNCH_TRANSFER	0x00000008u
#define VSTOR_SRB_FLAG_BYPASS_FROZEN_QUEUE	0x00000010u
#define VSTOR_SRB_FLAG_DISABLE_AUTOSENSE	0x00000020u
#define VSTOR_SRB_FLAG_DATA_IN			0x00000040u
#define VSTOR_SRB_FLAG_DATA_OUT			0x00000080u
#define VSTOR_SRB_FLAG_NO_QUEUE_FREEZE		0x00000100u

/* struct vstor_srb.data_in */
#define VSTOR_DATA_OUT		0	/* guest to device */
#define VSTOR_DATA_IN		1	/* device to guest */
#define VSTOR_DATA_NONE		2

/* struct vstor_srb.queue_tag and queue_action (V2) */
#define VSTOR_QUEUE_TAG_UNTAGGED	0xff
#define VSTOR_QUEUE_ACTION_SIMPLE	0x20

#define VSTOR_CDB_MAX		16	/* bytes of a command descriptor block */
#define VSTOR_SENSE_MAX		20	/* bytes of autosense */
#define VSTOR_SENSE_MAX_V1	18	/* bytes of autosense that a 2.0 or 4.2 guest expects */

/* One SCSI request, and in its completion the outcome. */
struct vstor_srb {
	__le16 length;			/* VSTOR_SRB_LEN_V1 or _V2 */
	__u8 srb_status;		/* VSTOR_SRB_*, completion only */
	__u8 scsi_status;		/* SAM status, completion only */
	__u8 port_number;
	__u8 path_id;
	__u8 target_id;
	__u8 lun;
	__u8 cdb_length;		/* bytes */
	__u8 sense_info_length;		/* request: room; completion: bytes valid */
	__u8 data_in;			/* VSTOR_DATA_* */
	__u8 reserved;
	__le32 data_transfer_length;	/* bytes asked for; completion: bytes moved */
	union {
		__u8 cdb[VSTOR_CDB_MAX];
		__u8 sense[VSTOR_SENSE_MAX];	/* completion, with AUTOSENSE_VALID */
	};
	/* V2 (5.1 on) */
	__le16 reserved2;
	__u8 queue_tag;
	__u8 queue_action;
	__le32 srb_flags;		/* VSTOR_SRB_FLAG_* */
	__le32 timeout;			/* seconds */
	__le32 queue_sort_key;
} __attribute__((packed));

#define VSTOR_SRB_LEN_V1	0x24
#define VSTOR_SRB_LEN_V2	0x34

/* QUERY_PROTOCOL_VERSION; the host repeats it with the status */
struct vstor_version {
	__le16 major_minor;		/* VSTOR_VERSION_* */
	__le16 revision;		/* 0 */
} __attribute__((packed));

/* QUERY_PROPERTIES, completion; also the user data with which a driver opens a channel */
struct vstor_properties {
	__le32 reserved;
	__le16 max_channel_cnt;		/* subchannels that may be asked for */
	__le16 reserved1;
	__le32 flags;			/* VSTOR_PROPERTY_* */
	__le32 max_transfer_bytes;	/* of one request */
	__le64 reserved2;
} __attribute__((packed));

#define VSTOR_PROPERTY_MULTI_CHANNEL	0x00000001u

/* User data of the offer: which kind of controller, for guests that look there. */
struct vstor_offer {
	__le16 reserved;
	__u8 path_id;
	__u8 target_id;
	__le32 reserved2;
	__le32 flags;			/* VSTOR_OFFER_* */
	__le32 reserved3[3];
} __attribute__((packed));

#define VSTOR_OFFER_IDE_DEVICE		0x00000002u

/* FCHBA_DATA: world wide names, most significant byte first */
struct vstor_fc_wwn {
	__u8 primary_active;		/* nonzero: the primary names are in use */
	__u8 reserved[3];
	__u8 primary_port_wwn[8];
	__u8 primary_node_wwn[8];
	__u8 secondary_port_wwn[8];
	__u8 secondary_node_wwn[8];
} __attribute__((packed));

/* Every packet on a storage channel, after the VMBus descriptor. */
struct vstor_packet {
	__le32 operation;		/* enum vstor_op */
	__le32 flags;			/* VSTOR_FLAG_* */
	__le32 status;			/* VSTOR_STATUS_*, completion only */
	union {
		struct vstor_srb srb;
		struct vstor_properties properties;
		struct vstor_version version;
		struct vstor_fc_wwn wwn;
		__le16 sub_channel_count;
		__u8 buffer[VSTOR_SRB_LEN_V2];
	};
} __attribute__((packed));

/* A guest and a host exchange packets of exactly one of these sizes, by the version. */
#define VSTOR_PACKET_HEADER_LEN	12
#define VSTOR_PACKET_LEN_V1	(VSTOR_PACKET_HEADER_LEN + VSTOR_SRB_LEN_V1)	/* 2.0, 4.2 */
#define VSTOR_PACKET_LEN_V2	(VSTOR_PACKET_HEADER_LEN + VSTOR_SRB_LEN_V2)	/* 5.1 on */

/* Channels, targets and LUNs that a synthetic SCSI controller can address. */
#define VSTOR_MAX_PATHS		8
#define VSTOR_MAX_TARGETS	2
#define VSTOR_MAX_LUNS		255

_Static_assert(sizeof(struct vstor_srb) == VSTOR_SRB_LEN_V2, "vstor_srb");
_Static_assert(__builtin_offsetof(struct vstor_srb, cdb_length) == 8, "vstor_srb");
_Static_assert(__builtin_offsetof(struct vstor_srb, data_transfer_length) == 12, "vstor_srb");
_Static_assert(__builtin_offsetof(struct vstor_srb, cdb) == 16, "vstor_srb");
_Static_assert(__builtin_offsetof(struct vstor_srb, reserved2) == VSTOR_SRB_LEN_V1,
	       "the V2 tail begins where a V1 request ends");
_Static_assert(__builtin_offsetof(struct vstor_srb, srb_flags) == 40, "vstor_srb");
_Static_assert(sizeof(struct vstor_version) == 4, "vstor_version");
_Static_assert(sizeof(struct vstor_properties) == 24, "vstor_properties");
_Static_assert(__builtin_offsetof(struct vstor_properties, flags) == 8, "vstor_properties");
_Static_assert(__builtin_offsetof(struct vstor_properties, max_transfer_bytes) == 12,
	       "vstor_properties");
_Static_assert(sizeof(struct vstor_offer) == 24, "vstor_offer");
_Static_assert(sizeof(struct vstor_fc_wwn) == 36, "vstor_fc_wwn");
_Static_assert(sizeof(struct vstor_packet) == VSTOR_PACKET_LEN_V2, "vstor_packet");
_Static_assert(__builtin_offsetof(struct vstor_packet, srb) == VSTOR_PACKET_HEADER_LEN,
	       "vstor_packet");

#endif
