/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text between JSON (UTF-8) and the guest (UTF-16, little endian). Nothing here trusts its
 * input to be well formed.
 */
#ifndef HVHOST_VSP_UTF_H
#define HVHOST_VSP_UTF_H

#include <stddef.h>
#include <stdint.h>

/** utf8_next() - decode one character of @text, which ends with a NUL.
 * Return: bytes used; 0 at the end; -1 when it is not UTF-8.
 */
int utf8_next(const char *text, uint32_t *c);

/** utf16_from_utf8() - write @text and a NUL unit into @out, @room bytes.
 * Return: bytes written; -1 when it does not fit or @text is not UTF-8.
 */
int utf16_from_utf8(const char *text, uint8_t *out, size_t room);

/** utf8_from_utf16() - text of at most @len bytes up to its NUL unit, if it has one.
 * Half a surrogate pair becomes U+FFFD. Return: malloc'ed, or NULL without memory.
 */
char *utf8_from_utf16(const uint8_t *in, size_t len);

#endif
