/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keyboard without its channel, so that it can be driven with bytes alone.
 */
#ifndef HVHOST_VSP_KEYBOARD_H
#define HVHOST_VSP_KEYBOARD_H

#include "control.h"
#include "error.h"
#include "vsp/edge.h"

/** keyboard_new() - a keyboard that no guest has opened; registers its commands.
 * Return: NULL, with @err set, when there is no memory.
 */
struct edge *keyboard_new(struct control *control, struct error *err);

#endif
