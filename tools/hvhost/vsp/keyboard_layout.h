/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which keystrokes make a text or a named key, on the US layout in scan code set 1. Pure
 * tables and functions; the keyboard sends what they yield.
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

/* The most keystrokes that one character or one key yields. */
#define KEYSTROKES_MAX 4u

/**
 * keystrokes_of_char() - the keystrokes that type one character
 * @c: Unicode code point
 * @unicode: characters without a key may be sent as Unicode events
 * Return: how many, up to KEYSTROKES_MAX; 0 when there are none for @c.
 */
unsigned int keystrokes_of_char(uint32_t c, bool unicode,
				struct keystroke out[KEYSTROKES_MAX]);

/**
 * keystrokes_of_key() - the keystrokes of a named key going down or up
 * @name: "enter", "f1", "a", "left", "pause", ...; case does not matter
 * Return: how many; 0 when the key has none in this direction; -1 for no such key.
 */
int keystrokes_of_key(const char *name, bool down, struct keystroke out[KEYSTROKES_MAX]);

#endif
