/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mouse without its channel, so that it can be driven with bytes alone.
 */
#ifndef HVHOST_VSP_MOUSE_H
#define HVHOST_VSP_MOUSE_H

#include "control.h"
#include "error.h"
#include "vsp/outbox.h"

struct mouse;

/** mouse_new() - a mouse that no guest has opened; registers its commands. */
struct mouse *mouse_new(struct control *control, struct error *err);
void mouse_free(struct mouse *mouse);

/** mouse_opened() - a guest is there; @send takes messages, pipe header first. */
void mouse_opened(struct mouse *mouse, outbox_send_fn send, void *arg);
/** mouse_receive() - a packet's payload from the guest, pipe header first, not trusted. */
void mouse_receive(struct mouse *mouse, const void *data, size_t len);
/** mouse_writable() - the ring has room again. */
void mouse_writable(struct mouse *mouse);
void mouse_closed(struct mouse *mouse);
void mouse_stats(struct mouse *mouse, json_t *object);

#endif
