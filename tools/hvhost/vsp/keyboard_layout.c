// SPDX-License-Identifier: GPL-2.0
/* The US layout, Alt with numbers, and names of keys in scan code set 1; see keyboard_layout.h. */
#include "vsp/keyboard_layout.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <hvic/keyboard.h>

#define E0	SYNTHKBD_FLAG_E0
#define E1	SYNTHKBD_FLAG_E1
#define BREAK	SYNTHKBD_FLAG_BREAK
#define N(a)	(sizeof(a) / sizeof((a)[0]))

#define CODE_LEFT_SHIFT	0x2a
#define CODE_LEFT_CTRL	0x1d
#define CODE_LEFT_ALT	0x38
#define CODE_NUM_LOCK	0x45

/* Keys that follow each other, alone and with shift. */
static const struct {
	uint8_t first;
	const char *plain, *shifted;
} rows[] = {
	{ 0x02, "1234567890-=", "!@#$%^&*()_+" },
	{ 0x10, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ 0x39, " ", "" },
	{ 0x1c, "\n", "" },
	{ 0x1c, "\r", "" },
	{ 0x0f, "\t", "" },
	{ 0x0e, "\b", "" },
	{ 0x01, "\033", "" },
};

static const struct {
	const char *name;
	uint8_t code;
	uint8_t flags;
} keys[] = {
	{ "esc", 0x01, 0 }, { "escape", 0x01, 0 }, { "backspace", 0x0e, 0 },
	{ "tab", 0x0f, 0 }, { "enter", 0x1c, 0 }, { "return", 0x1c, 0 }, { "space", 0x39, 0 },
	{ "ctrl", 0x1d, 0 }, { "lctrl", 0x1d, 0 }, { "rctrl", 0x1d, E0 },
	{ "shift", 0x2a, 0 }, { "lshift", 0x2a, 0 }, { "rshift", 0x36, 0 },
	{ "alt", 0x38, 0 }, { "lalt", 0x38, 0 }, { "ralt", 0x38, E0 }, { "altgr", 0x38, E0 },
	{ "meta", 0x5b, E0 }, { "lmeta", 0x5b, E0 }, { "rmeta", 0x5c, E0 }, { "menu", 0x5d, E0 },
	{ "capslock", 0x3a, 0 }, { "numlock", 0x45, 0 }, { "scrolllock", 0x46, 0 },
	{ "f1", 0x3b, 0 }, { "f2", 0x3c, 0 }, { "f3", 0x3d, 0 }, { "f4", 0x3e, 0 },
	{ "f5", 0x3f, 0 }, { "f6", 0x40, 0 }, { "f7", 0x41, 0 }, { "f8", 0x42, 0 },
	{ "f9", 0x43, 0 }, { "f10", 0x44, 0 }, { "f11", 0x57, 0 }, { "f12", 0x58, 0 },
	{ "home", 0x47, E0 }, { "up", 0x48, E0 }, { "pageup", 0x49, E0 },
	{ "left", 0x4b, E0 }, { "right", 0x4d, E0 }, { "end", 0x4f, E0 },
	{ "down", 0x50, E0 }, { "pagedown", 0x51, E0 }, { "insert", 0x52, E0 },
	{ "delete", 0x53, E0 }, { "printscreen", 0x37, E0 }, { "sysrq", 0x37, E0 },
	{ "pause", CODE_LEFT_CTRL, E1 },
	{ "102nd", 0x56, 0 },
	{ "kp0", 0x52, 0 }, { "kp1", 0x4f, 0 }, { "kp2", 0x50, 0 }, { "kp3", 0x51, 0 },
	{ "kp4", 0x4b, 0 }, { "kp5", 0x4c, 0 }, { "kp6", 0x4d, 0 }, { "kp7", 0x47, 0 },
	{ "kp8", 0x48, 0 }, { "kp9", 0x49, 0 }, { "kpdot", 0x53, 0 }, { "kpplus", 0x4e, 0 },
	{ "kpminus", 0x4a, 0 }, { "kpasterisk", 0x37, 0 }, { "kpslash", 0x35, E0 },
	{ "kpenter", 0x1c, E0 },
	{ "mute", 0x20, E0 }, { "volumedown", 0x2e, E0 }, { "volumeup", 0x30, E0 },
	{ "power", 0x5e, E0 }, { "sleep", 0x5f, E0 }, { "wakeup", 0x63, E0 },
};

/* Return: the make code, or 0; @shift says what else is needed. */
static uint8_t find_char(uint32_t c, bool *shift)
{
	if (!c || c > 0x7f)
		return 0;
	for (size_t i = 0; i < N(rows); i++) {
		const char *at = strchr(rows[i].plain, (int)c);

		*shift = !at;
		if (at)
			return rows[i].first + (at - rows[i].plain);
		at = strchr(rows[i].shifted, (int)c);
		if (at)
			return rows[i].first + (at - rows[i].shifted);
	}
	return 0;
}

static unsigned int unicode_strokes(uint32_t c, struct keystroke *out)
{
	uint16_t units[2] = { (uint16_t)c };
	unsigned int n = 1, used = 0;

	if (c > 0xffff) {
		units[0] = 0xd800 + ((c - 0x10000) >> 10);
		units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
		n = 2;
	}
	for (unsigned int i = 0; i < n; i++) {
		out[used++] = (struct keystroke){ units[i], SYNTHKBD_FLAG_UNICODE };
		out[used++] = (struct keystroke){ units[i], SYNTHKBD_FLAG_UNICODE | BREAK };
	}
	return used;
}

static unsigned int console_strokes(uint32_t c, struct keystroke *out)
{
	static const uint8_t keypad[] = {	/* 0 to 9 */
		0x52, 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48, 0x49,
	};
	unsigned int used = 0;
	char number[12];

	snprintf(number, sizeof(number), "%u", c);
	out[used++] = (struct keystroke){ CODE_LEFT_ALT, 0 };
	for (const char *digit = number; *digit; digit++) {
		out[used++] = (struct keystroke){ keypad[*digit - '0'], 0 };
		out[used++] = (struct keystroke){ keypad[*digit - '0'], BREAK };
	}
	out[used++] = (struct keystroke){ CODE_LEFT_ALT, BREAK };
	return used;
}

unsigned int keystrokes_of_char(uint32_t c, enum typing by, struct keystroke out[KEYSTROKES_MAX])
{
	bool shift = false;
	uint8_t code = find_char(c, &shift);
	unsigned int n = 0;

	if (by == TYPING_CONSOLE && c >= ' ' && c <= 0x10ffff)
		return console_strokes(c, out);
	if (!code)
		return by == TYPING_UNICODE && c > 0x7f ? unicode_strokes(c, out) : 0;
	if (shift)
		out[n++] = (struct keystroke){ CODE_LEFT_SHIFT, 0 };
	out[n++] = (struct keystroke){ code, 0 };
	out[n++] = (struct keystroke){ code, BREAK };
	if (shift)
		out[n++] = (struct keystroke){ CODE_LEFT_SHIFT, BREAK };
	return n;
}

/* Pause has no break code: going down it sends its make and its break at once. */
static int pause_strokes(bool down, struct keystroke *out)
{
	static const struct keystroke strokes[] = {
		{ CODE_LEFT_CTRL, E1 }, { CODE_NUM_LOCK, 0 },
		{ CODE_LEFT_CTRL, E1 | BREAK }, { CODE_NUM_LOCK, BREAK },
	};

	if (!down)
		return 0;
	memcpy(out, strokes, sizeof(strokes));
	return N(strokes);
}

int keystrokes_of_key(const char *name, bool down, struct keystroke out[KEYSTROKES_MAX])
{
	uint16_t up = down ? 0 : BREAK;
	bool shift;
	uint8_t code;

	for (size_t i = 0; i < N(keys); i++) {
		if (strcasecmp(keys[i].name, name))
			continue;
		if (keys[i].flags & E1)
			return pause_strokes(down, out);
		out[0] = (struct keystroke){ keys[i].code, keys[i].flags | up };
		return 1;
	}
	if (strlen(name) != 1)
		return -1;
	/* A key is named by what it types without shift; a capital letter is its key too. */
	code = find_char((unsigned char)name[0] | (name[0] >= 'A' && name[0] <= 'Z' ? 0x20 : 0),
			 &shift);
	if (!code || shift)
		return -1;
	out[0] = (struct keystroke){ code, up };
	return 1;
}
