// SPDX-License-Identifier: GPL-2.0
/* Checking and building the mouse's messages; see mouse_wire.h. */
#include <linux/errno.h>
#include <linux/hid.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "mouse_wire.h"

static int parse_response(const void *data, size_t len, struct mouse_wire_msg *msg)
{
	const struct synthhid_version_response *wire = data;

	msg->response.version = le32_to_cpu(wire->version);
	msg->response.approved = wire->approved;
	return 0;
}

static int parse_info(const void *data, size_t len, struct mouse_wire_msg *msg)
{
	const struct synthhid_device_info_msg *wire = data;
	const struct synthhid_descriptor *desc = &wire->descriptor;
	size_t room = len - offsetof(struct synthhid_device_info_msg, descriptor);
	u16 report_len = le16_to_cpu(desc->report_length);

	if (desc->length < sizeof(*desc) || desc->length > room)
		return -EBADMSG;
	if (!report_len || report_len > room - desc->length)
		return -EBADMSG;
	msg->info.vendor = le16_to_cpu(wire->attributes.vendor);
	msg->info.product = le16_to_cpu(wire->attributes.product);
	msg->info.version = le16_to_cpu(wire->attributes.version);
	msg->info.report_desc = (const u8 *)desc + desc->length;
	msg->info.report_desc_len = report_len;
	return 0;
}

static int parse_report(const void *data, size_t len, struct mouse_wire_msg *msg)
{
	const struct synthhid_report *wire = data;
	u32 size = le32_to_cpu(wire->hdr.size);

	if (!size || size > len - sizeof(*wire) || size > HID_MAX_BUFFER_SIZE)
		return -EBADMSG;
	msg->report.data = wire->data;
	msg->report.len = size;
	return 0;
}

static const struct {
	u32 type;
	size_t least;		/* bytes of the message, pipe header not counted */
	int (*parse)(const void *data, size_t len, struct mouse_wire_msg *msg);
} messages[] = {
	{ SYNTHHID_WIRE_PROTOCOL_RESPONSE, sizeof(struct synthhid_version_response),
	  parse_response },
	{ SYNTHHID_WIRE_DEVICE_INFO, sizeof(struct synthhid_device_info_msg), parse_info },
	{ SYNTHHID_WIRE_INPUT_REPORT, sizeof(struct synthhid_report), parse_report },
};

int mouse_wire_parse(const void *data, size_t len, struct mouse_wire_msg *msg)
{
	const struct vmbus_pipe_header *pipe = data;
	const struct synthhid_hdr *hdr = (const void *)(pipe + 1);
	unsigned int i;

	if (len < sizeof(*pipe))
		return -EBADMSG;
	if (le32_to_cpu(pipe->type) != VMBUS_PIPE_DATA)
		return -ENOMSG;
	if (le32_to_cpu(pipe->len) > len - sizeof(*pipe))
		return -EBADMSG;
	len = le32_to_cpu(pipe->len);
	if (len < sizeof(*hdr))
		return -EBADMSG;
	msg->type = le32_to_cpu(hdr->type);
	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == msg->type)
			return len < messages[i].least ? -EBADMSG :
				messages[i].parse(hdr, len, msg);
	return -EPROTO;
}

void mouse_wire_request_init(struct mouse_wire_request *request)
{
	memset(request, 0, sizeof(*request));
	request->pipe.type = cpu_to_le32(VMBUS_PIPE_DATA);
	request->pipe.len = cpu_to_le32(sizeof(request->msg));
	request->msg.hdr.type = cpu_to_le32(SYNTHHID_WIRE_PROTOCOL_REQUEST);
	request->msg.hdr.size = cpu_to_le32(sizeof(request->msg) - sizeof(request->msg.hdr));
	request->msg.version = cpu_to_le32(SYNTHHID_WIRE_VERSION_2_0);
}

void mouse_wire_ack_init(struct mouse_wire_ack *ack)
{
	memset(ack, 0, sizeof(*ack));
	ack->pipe.type = cpu_to_le32(VMBUS_PIPE_DATA);
	ack->pipe.len = cpu_to_le32(sizeof(ack->msg));
	ack->msg.hdr.type = cpu_to_le32(SYNTHHID_WIRE_DEVICE_INFO_ACK);
	ack->msg.hdr.size = cpu_to_le32(sizeof(ack->msg) - sizeof(ack->msg.hdr));
}

/* HID 1.11, 6.2.2.2: an item's tag and type, and how many bytes of data follow. */
#define ITEM_KIND(byte)		((byte) & 0xfc)
#define ITEM_DATA(byte)		(((byte) & 3) == 3 ? 4 : (byte) & 3)
#define ITEM_IS_MAIN(byte)	(((byte) & 0x0c) == 0)
#define ITEM_IS_LONG(byte)	((byte) == 0xfe)
#define ITEM_USAGE_MINIMUM	0x18
#define ITEM_USAGE_MAXIMUM	0x28
#define ITEM_LOGICAL_MAXIMUM_1	0x25	/* with one byte of data */
#define ITEM_USAGE_MAXIMUM_1	0x29

#define BUTTONS_MAX_OFFSET	14

void mouse_wire_fix_report_desc(u8 *desc, size_t len)
{
	u8 before = 0;
	size_t at;

	if (len <= BUTTONS_MAX_OFFSET || desc[BUTTONS_MAX_OFFSET] != ITEM_LOGICAL_MAXIMUM_1)
		return;
	for (at = 0; at < BUTTONS_MAX_OFFSET; at += 1 + ITEM_DATA(desc[at])) {
		if (ITEM_IS_LONG(desc[at]))
			return;
		before = desc[at];
	}
	if (at != BUTTONS_MAX_OFFSET || ITEM_KIND(before) != ITEM_USAGE_MINIMUM)
		return;
	/* No usage maximum follows before the item that would need it. */
	for (; at < len && !ITEM_IS_MAIN(desc[at]); at += 1 + ITEM_DATA(desc[at]))
		if (ITEM_KIND(desc[at]) == ITEM_USAGE_MAXIMUM || ITEM_IS_LONG(desc[at]))
			return;
	desc[BUTTONS_MAX_OFFSET] = ITEM_USAGE_MAXIMUM_1;
}
