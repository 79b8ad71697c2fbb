// SPDX-License-Identifier: GPL-2.0
/* SynthHID messages from the host, and the mending of a report descriptor. */
#include <hid/mouse_wire.h>

#include <linux/hid.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mouse_wire_msg msg;
	uint8_t *copy;

	if (mouse_wire_parse(data, size, &msg))
		return 0;
	switch (msg.type) {
	case SYNTHHID_WIRE_DEVICE_INFO:
		HOLDS(msg.info.report_desc_len);
		fuzz_within(msg.info.report_desc, msg.info.report_desc_len, data, size);
		copy = malloc(msg.info.report_desc_len);
		memcpy(copy, msg.info.report_desc, msg.info.report_desc_len);
		mouse_wire_fix_report_desc(copy, msg.info.report_desc_len);
		free(copy);
		break;
	case SYNTHHID_WIRE_INPUT_REPORT:
		HOLDS(msg.report.len && msg.report.len <= HID_MAX_BUFFER_SIZE);
		fuzz_within(msg.report.data, msg.report.len, data, size);
		break;
	default:
		HOLDS(msg.type == SYNTHHID_WIRE_PROTOCOL_RESPONSE);
	}
	return 0;
}
