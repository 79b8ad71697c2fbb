// SPDX-License-Identifier: GPL-2.0
/*
 * Dispatch of the guest's port accesses to the few devices that hvhost has.
 */
#include "vmm/ports.h"

#include <assert.h>
#include <string.h>

void ports_add(struct ports *ports, const struct port_range *range)
{
	assert(ports->nr_ranges < PORTS_MAX_RANGES);
	ports->ranges[ports->nr_ranges++] = *range;
}

static const struct port_range *find(const struct ports *ports, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < ports->nr_ranges; i++)
		if (port >= ports->ranges[i].first &&
		    port - ports->ranges[i].first < ports->ranges[i].count)
			return &ports->ranges[i];
	return NULL;
}

/* A wider access to byte registers is one access for each byte, as on an ISA bus. */
static void access_bytes(struct ports *ports, uint16_t port, bool write, uint8_t *data,
			 unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++) {
		const struct port_range *r = find(ports, port + i);
		uint8_t value = 0xff;

		if (r && r->byte_fn)
			value = r->byte_fn(r->arg, port + i - r->first, write, data[i]);
		if (!write)
			data[i] = value;
	}
}

void ports_access(struct ports *ports, uint16_t port, bool write, void *data,
		  unsigned int size, unsigned int count)
{
	const struct port_range *r = find(ports, port);
	unsigned int i;

	if (!r) {
		__atomic_fetch_add(&ports->unclaimed, 1, __ATOMIC_RELAXED);
		if (!write)
			memset(data, 0xff, (size_t)size * count);
		return;
	}
	if (r->fn) {
		r->fn(r->arg, port - r->first, write, data, size, count);
		return;
	}
	for (i = 0; i < count; i++)
		access_bytes(ports, port, write, (uint8_t *)data + (size_t)i * size, size);
}
