/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic keyboard's protocol on the wire (version 1.0): raw in-band packets, no pipe
 * header. A keystroke is one byte of scan code set 1 with its prefix told by flags.
 */
#ifndef HVIC_KEYBOARD_H
#define HVIC_KEYBOARD_H

#include <linux/types.h>

#include <hvic/vmbus.h>

/* Class id f912ad6d-2b17-48ea-bd65-f927a61c7684, sixteen bytes in wire order. */
#define SYNTHKBD_CLASS \
	0x6d, 0xad, 0x12, 0xf9, 0x17, 0x2b, 0xea, 0x48, \
	0xbd, 0x65, 0xf9, 0x27, 0xa6, 0x1c, 0x76, 0x84

/* The version word: minor number low, major number high. */
#define SYNTHKBD_WIRE_VERSION_1_0	0x00010000u

/* struct synthkbd_hdr.type */
enum synthkbd_wire_type {
	SYNTHKBD_WIRE_PROTOCOL_REQUEST	= 1,	/* guest */
	SYNTHKBD_WIRE_PROTOCOL_RESPONSE	= 2,	/* host */
	SYNTHKBD_WIRE_EVENT		= 3,	/* host: a key went down or up */
	SYNTHKBD_WIRE_LEDS		= 4,	/* guest: lock lights */
};

struct synthkbd_hdr {
	__le32 type;
} VMBUS_WIRE_PACKED;

struct synthkbd_version_request {
	struct synthkbd_hdr hdr;
	__le32 version;
} VMBUS_WIRE_PACKED;

#define SYNTHKBD_STATUS_ACCEPTED	0x00000001u

struct synthkbd_version_response {
	struct synthkbd_hdr hdr;
	__le32 status;		/* SYNTHKBD_STATUS_ACCEPTED or 0 */
} VMBUS_WIRE_PACKED;

/* struct synthkbd_event.flags */
#define SYNTHKBD_FLAG_UNICODE	0x00000001u	/* code is a UTF-16 unit, not a scan code */
#define SYNTHKBD_FLAG_BREAK	0x00000002u	/* the key went up */
#define SYNTHKBD_FLAG_E0	0x00000004u	/* prefix 0xe0 */
#define SYNTHKBD_FLAG_E1	0x00000008u	/* prefix 0xe1 */

struct synthkbd_event {
	struct synthkbd_hdr hdr;
	__le16 code;		/* make code; the break is told by the flag */
	__le16 reserved;
	__le32 flags;
} VMBUS_WIRE_PACKED;

/* struct synthkbd_leds.leds */
#define SYNTHKBD_LED_SCROLL_LOCK	0x0001u
#define SYNTHKBD_LED_NUM_LOCK		0x0002u
#define SYNTHKBD_LED_CAPS_LOCK		0x0004u

struct synthkbd_leds {
	struct synthkbd_hdr hdr;
	__le16 leds;
	__le16 reserved;
} VMBUS_WIRE_PACKED;

_Static_assert(sizeof(struct synthkbd_version_request) == 8, "protocol request");
_Static_assert(sizeof(struct synthkbd_version_response) == 8, "protocol response");
_Static_assert(sizeof(struct synthkbd_event) == 12, "event");
_Static_assert(__builtin_offsetof(struct synthkbd_event, flags) == 8, "event flags");
_Static_assert(sizeof(struct synthkbd_leds) == 8, "lights");

#endif
