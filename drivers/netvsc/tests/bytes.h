/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages for the suites: little-endian words in a buffer that ends where the message does, so
 * that KASAN sees a byte read too many.
 */
#ifndef HVIC_NETVSC_TESTS_BYTES_H
#define HVIC_NETVSC_TESTS_BYTES_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

/* The first @len bytes of @words, as many as fit; the rest is zero. */
static inline u8 *bytes_of(struct kunit *test, u32 len, const u32 *words, unsigned int n)
{
	u8 *bytes = kunit_kzalloc(test, max(len, 1u), GFP_KERNEL);
	u8 word[4];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (i = 0; i < n && 4 * i < len; i++) {
		put_unaligned_le32(words[i], word);
		memcpy(bytes + 4 * i, word, min(4u, len - 4 * i));
	}
	return bytes;
}

/* The words of @bytes must be those of @words, and end there. */
static inline void expect_words(struct kunit *test, const void *bytes, u32 len, const u32 *words,
				u32 n)
{
	u32 i;

	KUNIT_EXPECT_EQ(test, len, 4 * n);
	for (i = 0; i < n && 4 * i + 4 <= len; i++)
		KUNIT_EXPECT_EQ_MSG(test, words[i], get_unaligned_le32((const u8 *)bytes + 4 * i),
				    "word %u", i);
}

#endif
