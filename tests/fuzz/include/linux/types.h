/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few names of the kernel that the drivers' pure files use, for user space. The other headers
 * in this directory lead here.
 */
#ifndef HVIC_FUZZ_TYPES_H
#define HVIC_FUZZ_TYPES_H

#include_next <linux/types.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define cpu_to_le16(x)	htole16(x)
#define cpu_to_le32(x)	htole32(x)
#define cpu_to_le64(x)	htole64(x)
#define le16_to_cpu(x)	le16toh(x)
#define le32_to_cpu(x)	le32toh(x)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __packed	__attribute__((packed))
#define U8_MAX		UINT8_MAX
#define min(a, b)	((a) < (b) ? (a) : (b))
#define min_t(t, a, b)	((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define round_down(x, n) ((x) & ~((__typeof__(x))(n) - 1))

static inline u64 get_unaligned_be64(const void *from)
{
	u64 value;

	memcpy(&value, from, sizeof(value));
	return be64toh(value);
}

#endif
