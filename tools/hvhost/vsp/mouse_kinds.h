/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a mouse can look like: report descriptors, and how where it is becomes a report. Pure
 * tables and functions; the mouse sends what they yield.
 */
#ifndef HVHOST_VSP_MOUSE_KINDS_H
#define HVHOST_VSP_MOUSE_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Bytes of the longest report that a kind packs. */
#define MOUSE_REPORT_MAX	8u
/* Bytes of the longest report descriptor: its length has 16 bits on the wire. */
#define MOUSE_DESCRIPTOR_MAX	65535u
/* What mouse_form_parse() takes, for messages to a person. */
#define MOUSE_FORM_HELP \
	"usual (default), relative, digitizer, ids, tiny or hex:DIGITS; ,size=N pads its " \
	"report descriptor to N bytes, at most 65535"

/* Where the mouse is and what is pressed, or by how much both changed. */
struct mouse_pose {
	int x, y;		/* position, or movement of a relative kind */
	int wheel;
	uint8_t buttons;	/* bit 0 left, right, middle, side, extra */
};

struct mouse_kind {
	const char *name;
	const uint8_t *descriptor;
	size_t len;		/* bytes of it */
	bool relative;		/* x and y are movements */
	bool has_y;
	int axis_min, axis_max;	/* of x and y */
	int wheel_max;		/* 0: no wheel */
	uint8_t buttons;	/* the bits of struct mouse_pose that it has */
	/* Fills in at most MOUSE_REPORT_MAX bytes; return: how many. */
	size_t (*pack)(const struct mouse_pose *pose, uint8_t *out);
};

/* A mouse of some kind, or one that is nothing but a descriptor. */
struct mouse_form {
	const struct mouse_kind *kind;	/* NULL: only raw reports make sense */
	uint8_t *descriptor;		/* malloc'ed */
	size_t len;			/* bytes, 1 to MOUSE_DESCRIPTOR_MAX */
};

/**
 * mouse_form_parse() - what a person wants the mouse to be
 * @spec: see MOUSE_FORM_HELP
 * @form: filled in on success; its descriptor is the caller's to free
 *
 * A descriptor is padded in front, by items that set the usage page, so that what describes the
 * device is its end.
 * Return: 0, or -1 with @err set.
 */
int mouse_form_parse(const char *spec, struct mouse_form *form, struct error *err);

/**
 * hex_bytes() - bytes out of pairs of hexadecimal digits; blanks may be between the pairs
 * @text: the digits and blanks
 * @len: bytes of it; nothing else may be in them
 * @out: filled in
 * @room: bytes of it
 * Return: how many; -1 when it is no such text, is empty, or does not fit.
 */
long hex_bytes(const char *text, size_t len, uint8_t *out, size_t room);

#endif
