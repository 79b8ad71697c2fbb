/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The eight bytes before each message on a VMBus channel in pipe mode (the mouse and the
 * integration services). Offers say so with the named-pipe flag and, in the first word of
 * their user data, the kind of pipe.
 */
#ifndef HVIC_PIPE_H
#define HVIC_PIPE_H

#include <linux/types.h>

#define PIPE_WIRE_DATA		1u	/* the only type that carries anything */

/* First word of the offer's user-defined data. */
#define PIPE_WIRE_KIND_BYTE	0u
#define PIPE_WIRE_KIND_MESSAGE	4u

struct pipe_wire_hdr {
	__le32 type;		/* PIPE_WIRE_DATA */
	__le32 size;		/* bytes of the message that follows, without padding */
} __attribute__((packed));

_Static_assert(sizeof(struct pipe_wire_hdr) == 8, "pipe header");

#endif
