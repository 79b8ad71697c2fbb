/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few names that the parsers and builders of NVSP and RNDIS need, in the kernel and in user
 * space alike, so that they can be tested and fuzzed without a kernel.
 */
#ifndef HVIC_NETVSC_WIRE_TYPES_H
#define HVIC_NETVSC_WIRE_TYPES_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#else
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
#define hweight8(x)	((unsigned int)__builtin_popcount((u8)(x)))
#define BIT(n)		(1UL << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#endif
