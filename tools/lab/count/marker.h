/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction by which the guest tells the plugin that a window begins or ends: a no-op
 * that no compiler makes, "nopl MARKER(%rax,%rax,1)", executed in the guest's user space. It
 * costs the guest nothing and reaches nobody but the plugin.
 */
#ifndef HVIC_COUNT_MARKER_H
#define HVIC_COUNT_MARKER_H

#include <stdint.h>

#define COUNT_NOP		{ 0x0f, 0x1f, 0x84, 0x00 }	/* then 32 bits, little-endian */
#define COUNT_NOP_BYTES		4
#define COUNT_MARKER_BYTES	(COUNT_NOP_BYTES + 4)

#define COUNT_MAGIC		0x48560000u	/* bits 16..31 */
#define COUNT_MAGIC_MASK	0xffff0000u
#define COUNT_END		0x00008000u	/* a window ends; clear: one begins */
#define COUNT_ID_MASK		0x00000fffu	/* which, 1 .. COUNT_WINDOWS - 1 */
#define COUNT_WINDOWS		4096u

#endif
