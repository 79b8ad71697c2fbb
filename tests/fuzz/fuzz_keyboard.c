// SPDX-License-Identifier: GPL-2.0
/* Synthetic keyboard messages from the host. */
#include <hid/keyboard_wire.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyboard_wire_msg msg;
	unsigned int i;

	if (keyboard_wire_parse(data, size, &msg))
		return 0;
	if (msg.type != SYNTHKBD_WIRE_EVENT)
		return 0;
	HOLDS(msg.nr_bytes <= KEYBOARD_WIRE_BYTES_MAX);
	/* Scan code set 1: a prefix first, the code last; a released key has its top bit. */
	for (i = 0; i + 1 < msg.nr_bytes; i++)
		HOLDS(msg.bytes[i] == 0xe0 || msg.bytes[i] == 0xe1);
	if (msg.nr_bytes && !msg.down)
		HOLDS(msg.bytes[msg.nr_bytes - 1] & 0x80);
	return 0;
}
