// SPDX-License-Identifier: GPL-2.0
/*
 * GUIDs between their wire order, whose first three fields are little endian, and text.
 */
#include <stdio.h>
#include <string.h>

#include "hyperv/vmbus.h"

/* Byte of the wire for each pair of digits, in the order of the text. */
static const uint8_t wire_order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int vmbus_guid_parse(const char *text, struct vmbus_guid *guid)
{
	size_t len = strlen(text);
	unsigned int i;

	if (len == 38 && text[0] == '{' && text[37] == '}') {
		text++;
		len = 36;
	}
	if (len != 36)
		return -1;
	for (i = 0; i < 16; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return -1;
		high = digit(*text++);
		low = digit(*text++);
		if (high < 0 || low < 0)
			return -1;
		guid->b[wire_order[i]] = high << 4 | low;
	}
	return 0;
}

void vmbus_guid_format(const struct vmbus_guid *guid, char text[37])
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		text += sprintf(text, "%02x", guid->b[wire_order[i]]);
	}
}
