/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The integration services on the wire: heartbeat, shutdown, time synchronisation and
 * key-value pairs, all under one message header on channels in pipe mode. The host asks,
 * the guest answers each message with the same bytes, changed where the answer is.
 */
#ifndef HVIC_SERVICES_H
#define HVIC_SERVICES_H

#include <linux/types.h>

#include <hvic/vmbus.h>

/* Class ids, sixteen bytes in wire order, with the GUID in text. */
/* 57164f39-9115-4e78-ab55-382f3bd5422d */
#define IC_CLASS_HEARTBEAT \
	0x39, 0x4f, 0x16, 0x57, 0x15, 0x91, 0x78, 0x4e, \
	0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d
/* 0e0b6031-5213-4934-818b-38d90ced39db */
#define IC_CLASS_SHUTDOWN \
	0x31, 0x60, 0x0b, 0x0e, 0x13, 0x52, 0x34, 0x49, \
	0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb
/* 9527e630-d0ae-497b-adce-e80ab0175caf */
#define IC_CLASS_TIMESYNC \
	0x30, 0xe6, 0x27, 0x95, 0xae, 0xd0, 0x7b, 0x49, \
	0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf
/* a9a0f4e7-5a45-4d96-b827-8a841e8c03e6 */
#define IC_CLASS_KVP \
	0xe7, 0xf4, 0xa0, 0xa9, 0x45, 0x5a, 0x96, 0x4d, \
	0xb8, 0x27, 0x8a, 0x84, 0x1e, 0x8c, 0x03, 0xe6

struct ic_version_pair {
	__le16 major;
	__le16 minor;
} VMBUS_WIRE_PACKED;

/* struct ic_hdr.type */
enum ic_type {
	IC_TYPE_NEGOTIATE	= 0,
	IC_TYPE_HEARTBEAT	= 1,
	IC_TYPE_KVP		= 2,
	IC_TYPE_SHUTDOWN	= 3,
	IC_TYPE_TIMESYNC	= 4,
	IC_TYPE_VSS		= 5,
	IC_TYPE_FCOPY		= 7,
};

/* struct ic_hdr.flags */
#define IC_FLAG_TRANSACTION	0x01
#define IC_FLAG_REQUEST		0x02
#define IC_FLAG_RESPONSE	0x04

/* struct ic_hdr.status (HRESULT) */
#define IC_STATUS_OK		0x00000000u
#define IC_STATUS_FAIL		0x80004005u
#define IC_STATUS_NO_MORE	0x80070103u
#define IC_STATUS_NOT_SUPPORTED	0x80070032u
#define IC_STATUS_INVALID	0x80070057u
#define IC_STATUS_NOT_FOUND	0x80041002u

/* After the pipe header. */
struct ic_hdr {
	struct ic_version_pair framework;
	__le16 type;
	struct ic_version_pair message;
	__le16 size;		/* bytes after this header */
	__le32 status;
	__u8 transaction;	/* the answer carries the request's */
	__u8 flags;
	__u8 reserved[2];
} VMBUS_WIRE_PACKED;

/*
 * The host lists what it can do, framework versions first; the guest answers with counts of
 * one and its choices, or with counts of zero.
 */
struct ic_negotiation {
	__le16 nr_framework;
	__le16 nr_message;
	__le32 reserved;
	struct ic_version_pair versions[];
} VMBUS_WIRE_PACKED;

struct ic_heartbeat {
	__le64 sequence;	/* the guest answers with one more */
	__le32 state;		/* enum ic_heartbeat_state, the guest's; 3.0 on */
	__le32 reserved[7];
} VMBUS_WIRE_PACKED;

enum ic_heartbeat_state {
	IC_HEARTBEAT_UNKNOWN	= 0,
	IC_HEARTBEAT_HEALTHY	= 1,
	IC_HEARTBEAT_CRITICAL	= 2,
	IC_HEARTBEAT_STOPPED	= 3,
};

/* struct ic_shutdown.flags */
#define IC_SHUTDOWN_FORCE	0x1u
#define IC_SHUTDOWN_RESTART	0x2u
#define IC_SHUTDOWN_HIBERNATE	0x4u

#define IC_SHUTDOWN_REASON_PLANNED	0x80000000u

struct ic_shutdown {
	__le32 reason;
	__le32 timeout_s;
	__le32 flags;
	__u8 text[2048];	/* for the guest's users, UTF-16, NUL-terminated */
} VMBUS_WIRE_PACKED;

/* flags of both time messages */
#define IC_TIME_SYNC		0x01	/* set the clock to this */
#define IC_TIME_SAMPLE		0x02	/* a hint */

/* Units of 100 ns from 1601-01-01 (UTC) to 1970-01-01. */
#define IC_TIME_UNIX_EPOCH	116444736000000000ull

/* Versions 1.0 and 3.0. */
struct ic_time {
	__le64 host_time;	/* 100 ns since 1601-01-01 UTC */
	__le64 guest_time;
	__le64 round_trip;	/* 100 ns */
	__u8 flags;
	__u8 reserved[3];
} VMBUS_WIRE_PACKED;

/* Version 4.0. */
struct ic_time_ref {
	__le64 host_time;
	__le64 reference_time;	/* the partition's reference counter at host_time */
	__u8 flags;
	__u8 leap;
	__u8 stratum;
	__u8 reserved[5];
} VMBUS_WIRE_PACKED;

enum ic_kvp_operation {
	IC_KVP_GET		= 0,
	IC_KVP_SET		= 1,
	IC_KVP_DELETE		= 2,
	IC_KVP_ENUMERATE	= 3,
	IC_KVP_GET_IP_INFO	= 4,
	IC_KVP_SET_IP_INFO	= 5,
};

enum ic_kvp_pool {
	IC_KVP_POOL_EXTERNAL		= 0,	/* the host writes */
	IC_KVP_POOL_GUEST		= 1,	/* the guest's users write */
	IC_KVP_POOL_AUTO		= 2,	/* the guest's system writes */
	IC_KVP_POOL_AUTO_EXTERNAL	= 3,	/* the host's system writes */
};

enum ic_kvp_value_type {
	IC_KVP_STRING	= 1,
	IC_KVP_U32	= 4,
	IC_KVP_U64	= 8,
	IC_KVP_QWORD	= 11,	/* some hosts' name for 64 bits */
};

#define IC_KVP_KEY_BYTES	512
#define IC_KVP_VALUE_BYTES	2048

struct ic_kvp_value {
	__le32 type;
	__le32 key_size;	/* bytes with the terminator */
	__le32 value_size;
	__u8 key[IC_KVP_KEY_BYTES];	/* UTF-16 */
	__u8 value[IC_KVP_VALUE_BYTES];
} VMBUS_WIRE_PACKED;

struct ic_kvp_hdr {
	__u8 operation;
	__u8 pool;
	__le16 reserved;
} VMBUS_WIRE_PACKED;

struct ic_kvp_get_set {
	struct ic_kvp_hdr hdr;
	struct ic_kvp_value value;
} VMBUS_WIRE_PACKED;

struct ic_kvp_enumerate {
	struct ic_kvp_hdr hdr;
	__le32 index;
	struct ic_kvp_value value;
} VMBUS_WIRE_PACKED;

struct ic_kvp_delete {
	struct ic_kvp_hdr hdr;
	__le32 key_size;
	__u8 key[IC_KVP_KEY_BYTES];
} VMBUS_WIRE_PACKED;

_Static_assert(sizeof(struct ic_hdr) == 20, "header");
_Static_assert(__builtin_offsetof(struct ic_hdr, type) == 4, "type");
_Static_assert(__builtin_offsetof(struct ic_hdr, size) == 10, "size");
_Static_assert(__builtin_offsetof(struct ic_hdr, status) == 12, "status");
_Static_assert(__builtin_offsetof(struct ic_hdr, flags) == 17, "flags");
_Static_assert(sizeof(struct ic_negotiation) == 8, "negotiation");
_Static_assert(sizeof(struct ic_heartbeat) == 40, "heartbeat");
_Static_assert(sizeof(struct ic_shutdown) == 2060, "shutdown");
_Static_assert(sizeof(struct ic_time) == 28, "time 1.0 and 3.0");
_Static_assert(sizeof(struct ic_time_ref) == 24, "time 4.0");
_Static_assert(sizeof(struct ic_kvp_value) == 2572, "key and value");
_Static_assert(sizeof(struct ic_kvp_get_set) == 2576, "get and set");
_Static_assert(sizeof(struct ic_kvp_enumerate) == 2580, "enumerate");
_Static_assert(sizeof(struct ic_kvp_delete) == 520, "delete");

#endif
