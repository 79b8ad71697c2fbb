/* SPDX-License-Identifier: GPL-2.0 */
/*
 * I/O ports of the guest: which device answers which range. The ranges are registered before
 * the first vCPU runs and never change after that, so looking one up needs no lock.
 */
#ifndef HVHOST_VMM_PORTS_H
#define HVHOST_VMM_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#define PORTS_MAX_RANGES	16

/**
 * port_fn - one port access of the guest, on the vCPU's thread
 * @arg: as registered
 * @offset: port minus the first port of the range
 * @write: OUT if true
 * @data: @count items of @size bytes each, in guest order
 * @size: 1, 2 or 4
 * @count: 1, or more for a string instruction
 */
typedef void (*port_fn)(void *arg, uint16_t offset, bool write, void *data, unsigned int size,
			unsigned int count);

/** port_byte_fn - for devices of byte registers; the value read is returned. */
typedef uint8_t (*port_byte_fn)(void *arg, uint16_t offset, bool write, uint8_t value);

struct port_range {
	uint16_t first;
	uint16_t count;
	port_fn fn;		/* one of the two is set */
	port_byte_fn byte_fn;
	void *arg;
};

struct ports {
	unsigned int nr_ranges;
	struct port_range ranges[PORTS_MAX_RANGES];
	uint64_t unclaimed;	/* accesses that no device answered; a statistic */
};

void ports_add(struct ports *ports, const struct port_range *range);

/** ports_access() - carry out one access; reads of unclaimed ports give all ones. */
void ports_access(struct ports *ports, uint16_t port, bool write, void *data,
		  unsigned int size, unsigned int count);

#endif
