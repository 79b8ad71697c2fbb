/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keyboard without its channel, so that it can be driven with bytes alone.
 */
#ifndef HVHOST_VSP_KEYBOARD_H
#define HVHOST_VSP_KEYBOARD_H

#include "control.h"
#include "error.h"
#include "vsp/outbox.h"

struct keyboard;

/** keyboard_new() - a keyboard that no guest has opened; registers its commands. */
struct keyboard *keyboard_new(struct control *control, struct error *err);
void keyboard_free(struct keyboard *kbd);

/** keyboard_opened() - a guest is there; @send takes messages for it. */
void keyboard_opened(struct keyboard *kbd, outbox_send_fn send, void *arg);
/** keyboard_receive() - a message of the guest, not trusted. */
void keyboard_receive(struct keyboard *kbd, const void *data, size_t len);
/** keyboard_writable() - the ring has room again. */
void keyboard_writable(struct keyboard *kbd);
void keyboard_closed(struct keyboard *kbd);
void keyboard_stats(struct keyboard *kbd, json_t *object);

#endif
