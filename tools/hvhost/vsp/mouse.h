/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mouse without its channel, so that it can be driven with bytes alone.
 */
#ifndef HVHOST_VSP_MOUSE_H
#define HVHOST_VSP_MOUSE_H

#include "control.h"
#include "error.h"
#include "vsp/edge.h"

/** mouse_new() - a mouse that no guest has opened; registers its commands.
 * @spec: what it looks like, see mouse_form_parse(); NULL is the usual one
 * Return: NULL, with @err set, when there is no memory or no such mouse.
 */
struct edge *mouse_new(struct control *control, const char *spec, struct error *err);

#endif
