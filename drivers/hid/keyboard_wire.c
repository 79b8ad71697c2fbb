// SPDX-License-Identifier: GPL-2.0
/* Checking and building the keyboard's messages; see keyboard_wire.h. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "keyboard_wire.h"

#define SCAN_PREFIX_E0	0xe0
#define SCAN_PREFIX_E1	0xe1
#define SCAN_BREAK	0x80

static int parse_response(const void *data, struct keyboard_wire_msg *msg)
{
	const struct synthkbd_version_response *wire = data;

	msg->accepted = le32_to_cpu(wire->status) & SYNTHKBD_STATUS_ACCEPTED;
	return 0;
}

static int parse_event(const void *data, struct keyboard_wire_msg *msg)
{
	const struct synthkbd_event *wire = data;
	u32 flags = le32_to_cpu(wire->flags);
	u16 code = le16_to_cpu(wire->code);

	msg->down = !(flags & SYNTHKBD_FLAG_BREAK);
	if (flags & SYNTHKBD_FLAG_UNICODE)
		return 0;	/* no scan code types it */
	if (code > U8_MAX)
		return -EBADMSG;
	if (flags & SYNTHKBD_FLAG_E0)
		msg->bytes[msg->nr_bytes++] = SCAN_PREFIX_E0;
	if (flags & SYNTHKBD_FLAG_E1)
		msg->bytes[msg->nr_bytes++] = SCAN_PREFIX_E1;
	msg->bytes[msg->nr_bytes++] = msg->down ? code : code | SCAN_BREAK;
	return 0;
}

static const struct {
	u32 type;
	size_t least;		/* bytes */
	int (*parse)(const void *data, struct keyboard_wire_msg *msg);
} messages[] = {
	{ SYNTHKBD_WIRE_PROTOCOL_RESPONSE, sizeof(struct synthkbd_version_response),
	  parse_response },
	{ SYNTHKBD_WIRE_EVENT, sizeof(struct synthkbd_event), parse_event },
};

int keyboard_wire_parse(const void *data, size_t len, struct keyboard_wire_msg *msg)
{
	const struct synthkbd_hdr *hdr = data;
	unsigned int i;

	if (len < sizeof(*hdr))
		return -EBADMSG;
	memset(msg, 0, sizeof(*msg));
	msg->type = le32_to_cpu(hdr->type);
	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == msg->type)
			return len < messages[i].least ? -EBADMSG : messages[i].parse(data, msg);
	return -EPROTO;
}

void keyboard_wire_request_init(struct synthkbd_version_request *request)
{
	memset(request, 0, sizeof(*request));
	request->hdr.type = cpu_to_le32(SYNTHKBD_WIRE_PROTOCOL_REQUEST);
	request->version = cpu_to_le32(SYNTHKBD_WIRE_VERSION_1_0);
}
