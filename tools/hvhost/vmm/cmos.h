/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CMOS clock at ports 0x70 and 0x71, so that a guest starts with the right time.
 */
#ifndef HVHOST_VMM_CMOS_H
#define HVHOST_VMM_CMOS_H

#include <stdbool.h>
#include <stdint.h>

#define CMOS_PORT	0x70
#define CMOS_PORTS	2
#define CMOS_CENTURY	0x32	/* register; the FADT names it */

struct cmos {
	uint8_t index;
	uint8_t ram[128];
};

/** cmos_access() - a port_byte_fn for CMOS_PORTS ports. */
uint8_t cmos_access(void *cmos, uint16_t offset, bool write, uint8_t value);

#endif
