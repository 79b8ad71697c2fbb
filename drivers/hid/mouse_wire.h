/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host's mouse says, checked: bytes in, a checked struct out. Pure functions; nothing
 * here sleeps, allocates or looks at anything but its arguments.
 */
#ifndef HVIC_MOUSE_WIRE_H
#define HVIC_MOUSE_WIRE_H

#include <linux/types.h>

#include <hvic/hid.h>

/* What the guest sends is a message in a pipe message. */
struct mouse_wire_request {
	struct vmbus_pipe_header pipe;
	struct synthhid_version_request msg;
} __packed;

struct mouse_wire_ack {
	struct vmbus_pipe_header pipe;
	struct synthhid_ack msg;
} __packed;

struct mouse_wire_response {
	u32 version;		/* that was asked for */
	bool approved;
};

/*
 * The longest report descriptor, bytes: HID 1.11 and the protocol tell its length in 16 bits.
 * (HID_MAX_DESCRIPTOR_SIZE of Linux is a bound of other transports.)
 */
#define MOUSE_WIRE_DESC_MAX	0xffffu

struct mouse_wire_info {
	u16 vendor, product, version;
	const u8 *report_desc;	/* into the parsed bytes */
	u16 report_desc_len;	/* at least 1 */
};

struct mouse_wire_report {
	const u8 *data;		/* into the parsed bytes */
	u32 len;
};

struct mouse_wire_msg {
	u32 type;		/* enum synthhid_wire_type; says which member holds */
	union {
		struct mouse_wire_response response;
		struct mouse_wire_info info;
		struct mouse_wire_report report;
	};
};

/**
 * mouse_wire_parse() - check one message of the host
 * @data: a packet's payload, pipe header first; must not change meanwhile
 * @len: bytes
 * @msg: filled in on success; on failure its type, if that could be read
 *
 * Return: 0; -ENOMSG for a pipe message that carries no data, to be ignored; -EBADMSG when a
 * length lies; -EPROTO when the message's type is not one that hosts send.
 */
int mouse_wire_parse(const void *data, size_t len, struct mouse_wire_msg *msg);

/** mouse_wire_request_init() - the guest's wish for a version of the protocol */
void mouse_wire_request_init(struct mouse_wire_request *request);

/** mouse_wire_ack_init() - the guest has the device info */
void mouse_wire_ack_init(struct mouse_wire_ack *ack);

/**
 * mouse_wire_fix_report_desc() - mend a descriptor that some hosts get wrong
 * @desc: a report descriptor
 * @len: bytes
 *
 * They give the number of buttons, at byte 14, as a logical maximum (0x25) where a usage maximum
 * (0x29) belongs. What is a logical maximum there, or the data of another item, stays.
 */
void mouse_wire_fix_report_desc(u8 *desc, size_t len);

#endif
