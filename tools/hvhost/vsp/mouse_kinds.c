// SPDX-License-Identifier: GPL-2.0
/*
 * Report descriptors in HID 1.11 items, each beside the function that packs what it describes;
 * see mouse_kinds.h.
 */
#include "vsp/mouse_kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEX_PREFIX	"hex:"
#define SIZE_PREFIX	",size="

static void put_le16(uint8_t *out, int value)
{
	out[0] = value & 0xff;
	out[1] = value >> 8 & 0xff;
}

/* What Hyper-V's own mouse is like: absolute, five buttons, a wheel. */
static const uint8_t usual_descriptor[] = {
	0x05, 0x01,		/* usage page: generic desktop */
	0x09, 0x02,		/* usage: mouse */
	0xa1, 0x01,		/* collection: application */
	0x09, 0x01,		/*   usage: pointer */
	0xa1, 0x00,		/*   collection: physical */
	0x05, 0x09,		/*     usage page: buttons */
	0x19, 0x01, 0x29, 0x05,	/*     usages 1 to 5 */
	0x15, 0x00, 0x25, 0x01,	/*     logical 0 to 1 */
	0x95, 0x05, 0x75, 0x01,	/*     five fields of one bit */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x95, 0x01, 0x75, 0x03,	/*     one field of three bits */
	0x81, 0x01,		/*     input: constant */
	0x05, 0x01,		/*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31,	/*     usages: x, y */
	0x15, 0x00,		/*     logical 0 */
	0x26, 0xff, 0x7f,	/*       to 32767 */
	0x75, 0x10, 0x95, 0x02,	/*     two fields of 16 bits */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x09, 0x38,		/*     usage: wheel */
	0x15, 0x81, 0x25, 0x7f,	/*     logical -127 to 127 */
	0x75, 0x10, 0x95, 0x01,	/*     one field of 16 bits */
	0x81, 0x06,		/*     input: data, variable, relative */
	0xc0, 0xc0,		/* end of both collections */
};

static size_t pack_usual(const struct mouse_pose *pose, uint8_t *out)
{
	out[0] = pose->buttons;
	put_le16(out + 1, pose->x);
	put_le16(out + 3, pose->y);
	put_le16(out + 5, pose->wheel);
	return 7;
}

/* A mouse of a desk: movements of 16 bits, five buttons, a wheel. */
static const uint8_t relative_descriptor[] = {
	0x05, 0x01,		/* usage page: generic desktop */
	0x09, 0x02,		/* usage: mouse */
	0xa1, 0x01,		/* collection: application */
	0x09, 0x01,		/*   usage: pointer */
	0xa1, 0x00,		/*   collection: physical */
	0x05, 0x09,		/*     usage page: buttons */
	0x19, 0x01, 0x29, 0x05,	/*     usages 1 to 5 */
	0x15, 0x00, 0x25, 0x01,	/*     logical 0 to 1 */
	0x95, 0x05, 0x75, 0x01,	/*     five fields of one bit */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x95, 0x01, 0x75, 0x03,	/*     one field of three bits */
	0x81, 0x01,		/*     input: constant */
	0x05, 0x01,		/*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31,	/*     usages: x, y */
	0x16, 0x01, 0x80,	/*     logical -32767 */
	0x26, 0xff, 0x7f,	/*       to 32767 */
	0x75, 0x10, 0x95, 0x02,	/*     two fields of 16 bits */
	0x81, 0x06,		/*     input: data, variable, relative */
	0x09, 0x38,		/*     usage: wheel */
	0x15, 0x81, 0x25, 0x7f,	/*     logical -127 to 127 */
	0x75, 0x08, 0x95, 0x01,	/*     one field of eight bits */
	0x81, 0x06,		/*     input: data, variable, relative */
	0xc0, 0xc0,		/* end of both collections */
};

static size_t pack_relative(const struct mouse_pose *pose, uint8_t *out)
{
	out[0] = pose->buttons;
	put_le16(out + 1, pose->x);
	put_le16(out + 3, pose->y);
	out[5] = pose->wheel & 0xff;
	return 6;
}

/* A pen on a tablet. */
static const uint8_t digitizer_descriptor[] = {
	0x05, 0x0d,		/* usage page: digitizers */
	0x09, 0x02,		/* usage: pen */
	0xa1, 0x01,		/* collection: application */
	0x09, 0x20,		/*   usage: stylus */
	0xa1, 0x00,		/*   collection: physical */
	0x09, 0x42, 0x09, 0x44,	/*     usages: tip switch, barrel switch */
	0x09, 0x32,		/*     usage: in range */
	0x15, 0x00, 0x25, 0x01,	/*     logical 0 to 1 */
	0x75, 0x01, 0x95, 0x03,	/*     three fields of one bit */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x95, 0x05, 0x81, 0x03,	/*     input: five bits of padding */
	0x05, 0x01,		/*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31,	/*     usages: x, y */
	0x26, 0xff, 0x7f,	/*     logical 0 to 32767 */
	0x75, 0x10, 0x95, 0x02,	/*     two fields of 16 bits */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x05, 0x0d,		/*     usage page: digitizers */
	0x09, 0x30,		/*     usage: tip pressure */
	0x26, 0xff, 0x03,	/*     logical 0 to 1023 */
	0x95, 0x01,		/*     one field of 16 bits */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0xc0, 0xc0,		/* end of both collections */
};

/* The left button is the tip, which then presses half as hard as can be; it stays in range. */
static size_t pack_digitizer(const struct mouse_pose *pose, uint8_t *out)
{
	out[0] = (pose->buttons & 3) | 4;
	put_le16(out + 1, pose->x);
	put_le16(out + 3, pose->y);
	put_le16(out + 5, pose->buttons & 1 ? 512 : 0);
	return 7;
}

/* Three devices in one: a mouse, media keys, and something of the vendor's own. */
static const uint8_t ids_descriptor[] = {
	0x05, 0x01,		/* usage page: generic desktop */
	0x09, 0x02,		/* usage: mouse */
	0xa1, 0x01,		/* collection: application */
	0x85, 0x01,		/*   report 1 */
	0x09, 0x01,		/*   usage: pointer */
	0xa1, 0x00,		/*   collection: physical */
	0x05, 0x09,		/*     usage page: buttons */
	0x19, 0x01, 0x29, 0x03,	/*     usages 1 to 3 */
	0x15, 0x00, 0x25, 0x01,	/*     logical 0 to 1 */
	0x95, 0x03, 0x75, 0x01,	/*     three fields of one bit */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x95, 0x01, 0x75, 0x05,	/*     one field of five bits */
	0x81, 0x01,		/*     input: constant */
	0x05, 0x01,		/*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31,	/*     usages: x, y */
	0x15, 0x81, 0x25, 0x7f,	/*     logical -127 to 127 */
	0x75, 0x08, 0x95, 0x02,	/*     two fields of eight bits */
	0x81, 0x06,		/*     input: data, variable, relative */
	0xc0, 0xc0,		/* end of both collections */
	0x05, 0x0c,		/* usage page: consumer */
	0x09, 0x01,		/* usage: consumer control */
	0xa1, 0x01,		/* collection: application */
	0x85, 0x02,		/*   report 2 */
	0x09, 0xe9, 0x09, 0xea,	/*   usages: volume up, volume down */
	0x09, 0xe2, 0x09, 0xcd,	/*   usages: mute, play or pause */
	0x15, 0x00, 0x25, 0x01,	/*   logical 0 to 1 */
	0x75, 0x01, 0x95, 0x04,	/*   four fields of one bit */
	0x81, 0x02,		/*   input: data, variable, absolute */
	0x81, 0x03,		/*   input: four bits of padding */
	0xc0,			/* end of the collection */
	0x06, 0x00, 0xff,	/* usage page: the vendor's */
	0x09, 0x01,		/* usage 1 */
	0xa1, 0x01,		/* collection: application */
	0x85, 0x03,		/*   report 3 */
	0x09, 0x02,		/*   usage 2 */
	0x26, 0xff, 0x00,	/*   logical 0 to 255 */
	0x75, 0x08, 0x95, 0x10,	/*   16 fields of eight bits */
	0x81, 0x02,		/*   input: data, variable, absolute */
	0xc0,			/* end of the collection */
};

static size_t pack_ids(const struct mouse_pose *pose, uint8_t *out)
{
	out[0] = 1;
	out[1] = pose->buttons;
	out[2] = pose->x & 0xff;
	out[3] = pose->y & 0xff;
	return 4;
}

/*
 * One axis; the least that a kernel makes an input device of. Without a logical minimum its field
 * has no sign, so it goes one way.
 */
static const uint8_t tiny_descriptor[] = {
	0x05, 0x01,		/* usage page: generic desktop */
	0x09, 0x02,		/* usage: mouse */
	0xa1, 0x01,		/* collection: application */
	0x09, 0x30,		/*   usage: x */
	0x75, 0x08, 0x95, 0x01,	/*   one field of eight bits */
	0x81, 0x06,		/*   input: data, variable, relative */
	0xc0,			/* end of the collection */
};

static size_t pack_tiny(const struct mouse_pose *pose, uint8_t *out)
{
	out[0] = pose->x & 0xff;
	return 1;
}

static const struct mouse_kind kinds[] = {
	{ "usual", usual_descriptor, sizeof(usual_descriptor), false, true,
	  0, 0x7fff, 127, 0x1f, pack_usual },
	{ "relative", relative_descriptor, sizeof(relative_descriptor), true, true,
	  -0x7fff, 0x7fff, 127, 0x1f, pack_relative },
	{ "digitizer", digitizer_descriptor, sizeof(digitizer_descriptor), false, true,
	  0, 0x7fff, 0, 0x03, pack_digitizer },
	{ "ids", ids_descriptor, sizeof(ids_descriptor), true, true, -127, 127, 0, 0x07, pack_ids },
	{ "tiny", tiny_descriptor, sizeof(tiny_descriptor), true, false, 0, 127, 0, 0, pack_tiny },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? at - digits : -1;
}

long hex_bytes(const char *text, size_t len, uint8_t *out, size_t room)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (end - text < 2 || digit(text[0]) < 0 || digit(text[1]) < 0 || n == room)
			return -1;
		out[n++] = digit(text[0]) << 4 | digit(text[1]);
		text += 2;
	}
	return n ? (long)n : -1;
}

static const struct mouse_kind *find_kind(const char *name, size_t len)
{
	for (size_t i = 0; i < NR_KINDS; i++)
		if (strlen(kinds[i].name) == len && !memcmp(kinds[i].name, name, len))
			return &kinds[i];
	return NULL;
}

/* Return: the size asked for, 0 for none, or -1. */
static long parse_size(const char *text)
{
	char *end;
	long size;

	if (!*text)
		return 0;
	if (strncmp(text, SIZE_PREFIX, strlen(SIZE_PREFIX)))
		return -1;
	text += strlen(SIZE_PREFIX);
	errno = 0;
	size = strtol(text, &end, 10);
	return errno || digit(*text) < 0 || *end || size < 1 || size > MOUSE_DESCRIPTOR_MAX ? -1 :
		size;
}

/* Makes room for @pad bytes in front: usage pages without a byte of data, and with one. */
static void pad_descriptor(struct mouse_form *form, size_t pad)
{
	size_t at = 0;

	memmove(form->descriptor + pad, form->descriptor, form->len);
	if (pad & 1)
		form->descriptor[at++] = 0x04;
	for (; at < pad; at += 2) {
		form->descriptor[at] = 0x05;
		form->descriptor[at + 1] = 0x01;
	}
	form->len += pad;
}

/* Return: 0, or -1 when @spec is not understood. */
static int read_spec(const char *spec, struct mouse_form *form)
{
	size_t word = strcspn(spec, ","), prefix = strlen(HEX_PREFIX);
	long size = parse_size(spec + word), len;

	if (!strncmp(spec, HEX_PREFIX, prefix)) {
		len = hex_bytes(spec + prefix, word - prefix, form->descriptor,
				MOUSE_DESCRIPTOR_MAX);
	} else {
		form->kind = find_kind(spec, word);
		len = form->kind ? (long)form->kind->len : -1;
		if (form->kind)
			memcpy(form->descriptor, form->kind->descriptor, len);
	}
	if (size < 0 || len < 0 || (size && size < len))
		return -1;
	form->len = len;
	if (size)
		pad_descriptor(form, size - len);
	return 0;
}

int mouse_form_parse(const char *spec, struct mouse_form *form, struct error *err)
{
	*form = (struct mouse_form){ .descriptor = malloc(MOUSE_DESCRIPTOR_MAX) };
	if (!form->descriptor)
		return error_set(err, "out of memory");
	if (!read_spec(spec, form))
		return 0;
	free(form->descriptor);
	form->descriptor = NULL;
	return error_set(err, "no mouse \"%.64s\": it is %s", spec, MOUSE_FORM_HELP);
}
