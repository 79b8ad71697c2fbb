/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic HID protocol on the wire (SynthHID 2.0): how a guest's mouse driver and the
 * host's mouse meet on a VMBus channel in pipe mode. Layout and values only.
 */
#ifndef HVIC_HID_H
#define HVIC_HID_H

#include <linux/types.h>

#include <hvic/vmbus.h>

/* Class id cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a, sixteen bytes in wire order. */
#define SYNTHHID_CLASS_MOUSE \
	0x9e, 0xb6, 0xa8, 0xcf, 0x4a, 0x5b, 0xc0, 0x4c, \
	0xb9, 0x8b, 0x8b, 0xa1, 0xa1, 0xf3, 0xf9, 0x5a

/* The version word: minor number low, major number high. */
#define SYNTHHID_WIRE_VERSION_2_0	0x00020000u

/* struct synthhid_hdr.type */
enum synthhid_wire_type {
	SYNTHHID_WIRE_PROTOCOL_REQUEST	= 0,	/* guest: the version it wants */
	SYNTHHID_WIRE_PROTOCOL_RESPONSE	= 1,	/* host: whether that will do */
	SYNTHHID_WIRE_DEVICE_INFO	= 2,	/* host: attributes and descriptors */
	SYNTHHID_WIRE_DEVICE_INFO_ACK	= 3,	/* guest: got them, start reporting */
	SYNTHHID_WIRE_INPUT_REPORT	= 4,	/* host: one HID input report */
};

struct synthhid_hdr {
	__le32 type;
	__le32 size;		/* bytes that follow this header */
} VMBUS_WIRE_PACKED;

struct synthhid_version_request {
	struct synthhid_hdr hdr;
	__le32 version;
} VMBUS_WIRE_PACKED;

struct synthhid_version_response {
	struct synthhid_hdr hdr;
	__le32 version;		/* as requested */
	__u8 approved;
} VMBUS_WIRE_PACKED;

struct synthhid_attributes {
	__le32 size;		/* of this structure */
	__le16 vendor;
	__le16 product;
	__le16 version;
	__le16 reserved[11];
} VMBUS_WIRE_PACKED;

/* HID 1.11, 6.2.1, with the one class descriptor that the protocol has room for. */
struct synthhid_descriptor {
	__u8 length;		/* of this descriptor; the report descriptor follows it */
	__u8 type;		/* SYNTHHID_DT_HID */
	__le16 bcd_hid;
	__u8 country;
	__u8 nr_descriptors;
	__u8 report_type;	/* SYNTHHID_DT_REPORT */
	__le16 report_length;	/* bytes of the report descriptor */
} VMBUS_WIRE_PACKED;

#define SYNTHHID_DT_HID		0x21
#define SYNTHHID_DT_REPORT	0x22

struct synthhid_device_info_msg {
	struct synthhid_hdr hdr;
	struct synthhid_attributes attributes;
	struct synthhid_descriptor descriptor;
	__u8 report_descriptor[];
} VMBUS_WIRE_PACKED;

struct synthhid_ack {
	struct synthhid_hdr hdr;
	__u8 reserved;
} VMBUS_WIRE_PACKED;

struct synthhid_report {
	struct synthhid_hdr hdr;
	__u8 data[];		/* hdr.size bytes */
} VMBUS_WIRE_PACKED;

/* The identity that a host gives its mouse. */
#define SYNTHHID_VENDOR_MICROSOFT	0x045e
#define SYNTHHID_PRODUCT_MOUSE		0x0621
#define SYNTHHID_MOUSE_VERSION		0x0001

_Static_assert(sizeof(struct synthhid_hdr) == 8, "header");
_Static_assert(sizeof(struct synthhid_version_request) == 12, "protocol request");
_Static_assert(sizeof(struct synthhid_version_response) == 13, "protocol response");
_Static_assert(__builtin_offsetof(struct synthhid_version_response, approved) == 12, "approved");
_Static_assert(sizeof(struct synthhid_attributes) == 32, "attributes");
_Static_assert(sizeof(struct synthhid_descriptor) == 9, "HID descriptor");
_Static_assert(__builtin_offsetof(struct synthhid_device_info_msg, attributes) == 8, "attributes");
_Static_assert(__builtin_offsetof(struct synthhid_device_info_msg, descriptor) == 40, "descriptor");
_Static_assert(sizeof(struct synthhid_device_info_msg) == 49, "device info");
_Static_assert(sizeof(struct synthhid_ack) == 9, "acknowledgement");
_Static_assert(sizeof(struct synthhid_report) == 8, "input report");

#endif
