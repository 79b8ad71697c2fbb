// SPDX-License-Identifier: GPL-2.0
/* UTF-8 to UTF-16 and back; see utf.h. */
#include "vsp/utf.h"

#include <stdlib.h>

int utf8_next(const char *text, uint32_t *c)
{
	const uint8_t *s = (const uint8_t *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
		(s[0] & 0xf8) == 0xf0 ? 4 : -1;

	if (!s[0])
		return 0;
	if (len < 0)
		return -1;
	*c = len == 1 ? s[0] : s[0] & (0x7f >> len);
	for (int i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return -1;
	return len;
}

int utf16_from_utf8(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;
	uint32_t c;
	int used;

	while ((used = utf8_next(text, &c)) > 0) {
		uint16_t units[2] = { (uint16_t)c };
		unsigned int nr = 1;

		if (c > 0xffff) {
			units[0] = 0xd800 + ((c - 0x10000) >> 10);
			units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
			nr = 2;
		}
		if (n + 2 * nr + 2 > room)
			return -1;
		for (unsigned int i = 0; i < nr; i++) {
			out[n++] = units[i] & 0xff;
			out[n++] = units[i] >> 8;
		}
		text += used;
	}
	if (used < 0 || n + 2 > room)
		return -1;
	out[n++] = 0;
	out[n++] = 0;
	return (int)n;
}

static size_t put_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		out[0] = 0xe0 | c >> 12;
		out[1] = 0x80 | (c >> 6 & 0x3f);
		out[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | c >> 18;
	out[1] = 0x80 | (c >> 12 & 0x3f);
	out[2] = 0x80 | (c >> 6 & 0x3f);
	out[3] = 0x80 | (c & 0x3f);
	return 4;
}

static uint32_t unit_at(const uint8_t *in, size_t len, size_t at)
{
	return at + 2 <= len ? in[at] | (uint32_t)in[at + 1] << 8 : 0;
}

char *utf8_from_utf16(const uint8_t *in, size_t len)
{
	char *text = malloc(len / 2 * 3 + 1);	/* no unit needs more than three bytes */
	size_t n = 0, at = 0;
	uint32_t c, low;

	if (!text)
		return NULL;
	while ((c = unit_at(in, len, at))) {
		at += 2;
		if (c >= 0xd800 && c < 0xe000) {
			low = unit_at(in, len, at);
			if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				at += 2;
			} else {
				c = 0xfffd;
			}
		}
		n += put_utf8(c, text + n);
	}
	text[n] = 0;
	return text;
}
