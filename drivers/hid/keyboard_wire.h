/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host's keyboard says, checked: bytes in, a checked struct out. Pure functions.
 */
#ifndef HVIC_KEYBOARD_WIRE_H
#define HVIC_KEYBOARD_WIRE_H

#include <linux/types.h>

#include <hvic/keyboard.h>

/* A keystroke is at most a prefix and a code. */
#define KEYBOARD_WIRE_BYTES_MAX	3

struct keyboard_wire_msg {
	u32 type;		/* enum synthkbd_wire_type */
	bool accepted;		/* PROTOCOL_RESPONSE */
	bool down;		/* EVENT: the key went down */
	u8 nr_bytes;		/* EVENT: of scan code set 1; 0 for a Unicode event */
	u8 bytes[KEYBOARD_WIRE_BYTES_MAX];
};

/**
 * keyboard_wire_parse() - check one message of the host
 * @data: a packet's payload; must not change meanwhile
 * @len: bytes
 * @msg: filled in on success
 *
 * Return: 0; -EBADMSG when it is too short or a scan code has more than eight bits; -EPROTO
 * when the message's type is not one that hosts send.
 */
int keyboard_wire_parse(const void *data, size_t len, struct keyboard_wire_msg *msg);

/** keyboard_wire_request_init() - the guest's wish for a version of the protocol */
void keyboard_wire_request_init(struct synthkbd_version_request *request);

#endif
