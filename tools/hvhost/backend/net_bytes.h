/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers and checksums in the bytes of a frame, big endian, at any alignment. For who parses or
 * builds frames; the caller has checked that the bytes are there.
 */
#ifndef HVHOST_BACKEND_NET_BYTES_H
#define HVHOST_BACKEND_NET_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/** frame_sum() - add bytes to a ones' complement sum (big endian words, odd byte high; RFC 1071). */
static inline uint32_t frame_sum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;
	uint64_t wide = sum;

	for (; len >= 2; p += 2, len -= 2)
		wide += get16(p);
	if (len)
		wide += *p << 8;
	while (wide >> 32)
		wide = (wide & 0xffffffff) + (wide >> 32);
	return wide;
}

/** frame_fold() - the 16-bit ones' complement sum, not inverted. */
static inline uint16_t frame_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

#endif
