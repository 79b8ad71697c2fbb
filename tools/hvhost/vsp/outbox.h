/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded queue of messages towards the guest, for small devices: keeps their order, waits
 * when the ring is full, and paces them where the guest needs time between two.
 */
#ifndef HVHOST_VSP_OUTBOX_H
#define HVHOST_VSP_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "error.h"
#include "loop.h"

struct outbox_item;

/* Return: 0; -EAGAIN to be called again after outbox_pump(); else the message is lost. */
typedef int (*outbox_send_fn)(void *arg, const void *data, size_t len);

struct outbox {
	struct loop_timer *timer;
	outbox_send_fn send;
	void *arg;
	struct outbox_item *head, **tail;
	unsigned int queued, limit;
	bool open;
	uint64_t sent, lost;
};

/** outbox_init() - @limit: messages that may wait. Return: 0, or -1 with @err set. */
int outbox_init(struct outbox *box, struct loop *loop, unsigned int limit, struct error *err);
/** outbox_destroy() - what waits is lost, its asker is told. */
void outbox_destroy(struct outbox *box);

/** outbox_open() - the guest is there: send with @send(@arg, ...). */
void outbox_open(struct outbox *box, outbox_send_fn send, void *arg);
/** outbox_close() - the guest is gone: what waits is lost, its asker is told. */
void outbox_close(struct outbox *box);

/** outbox_room() - how many more messages can wait. */
unsigned int outbox_room(const struct outbox *box);

/**
 * outbox_put() - send or queue a message
 * @data: copied
 * @delay_ms: time to leave between the message before and this one, milliseconds
 * @done: answered when the message has been sent or lost; may be NULL
 * The caller has checked outbox_room().
 */
void outbox_put(struct outbox *box, const void *data, size_t len, unsigned int delay_ms,
		struct control_pending *done);

/** outbox_pump() - there is room in the ring again. */
void outbox_pump(struct outbox *box);

#endif
