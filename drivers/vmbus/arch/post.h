/* SPDX-License-Identifier: GPL-2.0 */
/* The input of HvCallPostMessage, which is the same on every architecture. TLFS chapter 11. */
#ifndef HVIC_VMBUS_ARCH_POST_H
#define HVIC_VMBUS_ARCH_POST_H

#include <linux/build_bug.h>
#include <linux/hyperv.h>
#include <linux/string.h>
#include <linux/types.h>

struct post_message_input {
	u32 connection_id;
	u32 reserved;
	u32 type;
	u32 len;
	u8 payload[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
};

static_assert(sizeof(struct post_message_input) == 256);

static inline void post_message_fill(struct post_message_input *input, u32 connection_id,
				     u32 type, const void *payload, size_t len)
{
	input->connection_id = connection_id;
	input->reserved = 0;
	input->type = type;
	input->len = len;
	memcpy(input->payload, payload, len);
}

#endif
