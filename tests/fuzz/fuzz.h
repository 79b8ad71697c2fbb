/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every fuzzing target has: libFuzzer's entry, a claim that must hold for any input, and
 * a look at each byte that a parser said is there, so that the address sanitizer sees it too.
 */
#ifndef HVIC_FUZZ_H
#define HVIC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition)							\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,	\
				__LINE__, #condition);				\
			abort();						\
		}								\
	} while (0)

/* @part with @len bytes lies within the @size bytes at @whole. */
static inline void fuzz_within(const void *part, size_t len, const void *whole, size_t size)
{
	size_t at = (const uint8_t *)part - (const uint8_t *)whole;
	volatile uint8_t sink = 0;
	size_t i;

	HOLDS((const uint8_t *)part >= (const uint8_t *)whole);
	HOLDS(at <= size && len <= size - at);
	for (i = 0; i < len; i++)
		sink ^= ((const uint8_t *)part)[i];
	(void)sink;
}

#endif
