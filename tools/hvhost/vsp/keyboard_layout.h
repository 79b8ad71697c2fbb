/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which keystrokes make a text or a named key, in scan code set 1. Pure tables and functions; the
 * keyboard sends what they yield.
 */
#ifndef HVHOST_VSP_KEYBOARD_LAYOUT_H
#define HVHOST_VSP_KEYBOARD_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct keystroke {
	uint16_t code;		/* make code, or a UTF-16 unit with SYNTHKBD_FLAG_UNICODE */
	uint16_t flags;		/* SYNTHKBD_FLAG_* */
};

/* The most keystrokes that one character or one key yields: Alt and seven digits. */
#define KEYSTROKES_MAX 16u

/* How characters are typed. */
enum typing {
	TYPING_KEYS,	/* by the keys of the US layout */
	TYPING_UNICODE,	/* the same; as Unicode events those that have no key */
	/*
	 * By Alt and the digits of the keypad, which a text console of Linux takes for the decimal
	 * number of a character (keymaps(5), Ascii_0 and on) whatever the layout. Control
	 * characters by their keys, which all layouts have in one place.
	 */
	TYPING_CONSOLE,
};

/**
 * keystrokes_of_char() - the keystrokes that type one character
 * @c: Unicode code point
 * @by: how
 * Return: how many, up to KEYSTROKES_MAX; 0 when there are none for @c.
 */
unsigned int keystrokes_of_char(uint32_t c, enum typing by, struct keystroke out[KEYSTROKES_MAX]);

/**
 * keystrokes_of_key() - the keystrokes of a named key going down or up
 * @name: "enter", "f1", "a", "left", "pause", ...; case does not matter
 * Return: how many; 0 when the key has none in this direction; -1 for no such key.
 */
int keystrokes_of_key(const char *name, bool down, struct keystroke out[KEYSTROKES_MAX]);

#endif
