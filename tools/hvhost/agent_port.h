/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The agent port: a pair of byte streams between a program in the guest and hvhost, over I/O
 * ports, for guests that the lab boots (hvhost --agent). It needs no driver in the guest: a root
 * process that may use the ports moves bytes with string instructions, or whole pages.
 */
#ifndef HVHOST_AGENT_PORT_H
#define HVHOST_AGENT_PORT_H

#include <stdint.h>

#define AGENT_PORT_DATA		0x5660	/* bytes in and out, string instructions */
#define AGENT_PORT_AVAIL	0x5664	/* 32-bit in: bytes that the host has for the guest */
#define AGENT_PORT_ID		0x5668	/* 32-bit in: AGENT_PORT_MAGIC when hvhost listens */
#define AGENT_PORT_PAGE		0x566c	/* 32-bit out: number of a page with bytes for the host */
#define AGENT_PORT_MAGIC	0x43495648u	/* "HVIC" */

/*
 * KVM exits once for each item of a string output, so bulk goes by the page: struct agent_page
 * at the start of a page of guest RAM, whose number is then written to AGENT_PORT_PAGE. Its
 * bytes continue the same stream.
 */
struct agent_page {
	uint32_t len;		/* bytes that follow, at most AGENT_PAGE_MAX */
	uint8_t data[];
};

#define AGENT_PAGE_MAX		4092u

/* Both streams are frames: this header, then len bytes. */
struct agent_frame {
	uint8_t type;
	uint8_t reserved[3];	/* 0 */
	uint32_t len;		/* bytes that follow, at most AGENT_FRAME_MAX */
};

#define AGENT_FRAME_MAX		65536u

enum agent_frame_type {
	/* guest to host */
	AGENT_STDOUT = 1,	/* the command's output: goes to hvhost's stdout */
	AGENT_STDERR = 2,	/* to hvhost's stderr */
	AGENT_EXIT = 3,		/* u32: the command's exit status, then the guest powers off */
	AGENT_CONTROL = 4,	/* one control request, a line of JSON; answered by a frame of this type */
	AGENT_OUT = 5,		/* the next bytes of a tar archive of /out */
	AGENT_READY = 6,	/* the guest is up, the command starts now */
};

#endif
