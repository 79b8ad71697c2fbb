/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic keyboard and mouse: what a person would do with them comes in as control
 * commands. Both live on the main loop.
 */
#ifndef HVHOST_VSP_INPUT_H
#define HVHOST_VSP_INPUT_H

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"

/**
 * input_after_ms() - the member "after_ms" of a command: when to send what it asks for
 * @after_ms: filled in, 0 without such a member; what is asked of the same device afterwards
 *	waits for it
 * Return: 0, or -1 with @err set.
 */
int input_after_ms(json_t *request, int64_t *after_ms, struct error *err);

/**
 * input_defer() - control_defer(), but a command for later is answered now, for its asker may be
 * about to sleep
 * @after_ms: of input_after_ms()
 * Return: NULL when it is answered now.
 */
struct control_pending *input_defer(struct control *control, int64_t after_ms);

/** keyboard_create() - offer a keyboard and register the commands "type" and "key", which from
 * then on are this keyboard's. Main loop. Return: 0, or -1 with @err set.
 */
int keyboard_create(struct vmbus_server *server, struct control *control, struct error *err);

/** keyboard_create_idle() - offer @count more keyboards, on which nobody types: small devices that
 * have a driver, for a bus of many channels. Their names are idle0 and on.
 * Main loop. Return: 0, or -1 with @err set; those that fitted stay.
 */
int keyboard_create_idle(struct vmbus_server *server, struct control *control,
			 unsigned int count, struct error *err);

/** mouse_create() - offer a mouse and register "mouse-move", "mouse-click", "mouse-button",
 * "mouse-wheel" and "mouse-report", which from then on are this mouse's.
 * @spec: what it looks like, see mouse_form_parse(); NULL is the usual one
 * Main loop. Return: 0, or -1 with @err set.
 */
int mouse_create(struct vmbus_server *server, struct control *control, const char *spec,
		 struct error *err);

#endif
