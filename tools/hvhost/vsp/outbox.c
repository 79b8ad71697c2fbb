// SPDX-License-Identifier: GPL-2.0
/* A bounded, ordered, paced queue of messages; see outbox.h. */
#include "vsp/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct outbox_item {
	struct outbox_item *next;
	struct control_pending *done;
	unsigned int delay_ms;		/* still to wait; 0 when it may go */
	size_t len;
	uint8_t data[];
};

static void timer_fired(void *arg)
{
	struct outbox *box = arg;

	if (box->head)
		box->head->delay_ms = 0;
	outbox_pump(box);
}

int outbox_init(struct outbox *box, struct loop *loop, unsigned int limit, struct error *err)
{
	memset(box, 0, sizeof(*box));
	box->tail = &box->head;
	box->limit = limit;
	box->timer = loop_timer_new(loop, timer_fired, box);
	return box->timer ? 0 : error_set(err, "out of memory");
}

void outbox_destroy(struct outbox *box)
{
	outbox_close(box);
	loop_timer_free(box->timer);
	box->timer = NULL;
}

void outbox_open(struct outbox *box, outbox_send_fn send, void *arg)
{
	box->send = send;
	box->arg = arg;
	box->open = true;
}

/* Takes the first item out. Its asker may queue something new when it is told. */
static void drop_head(struct outbox *box, const struct error *err)
{
	struct outbox_item *item = box->head;

	box->head = item->next;
	if (!box->head)
		box->tail = &box->head;
	box->queued--;
	control_answer(item->done, NULL, err);
	free(item);
}

void outbox_close(struct outbox *box)
{
	static const struct error gone = { "the guest closed the device before all was sent" };

	box->open = false;
	if (box->timer)
		loop_timer_cancel(box->timer);
	while (box->head) {
		box->lost++;
		drop_head(box, &gone);
	}
}

unsigned int outbox_room(const struct outbox *box)
{
	return box->open && box->queued < box->limit ? box->limit - box->queued : 0;
}

void outbox_put(struct outbox *box, const void *data, size_t len, unsigned int delay_ms,
		struct control_pending *done)
{
	static const struct error lost = { "the queue towards the guest is full" };
	struct outbox_item *item;

	item = outbox_room(box) ? malloc(sizeof(*item) + len) : NULL;
	if (!item) {
		box->lost++;
		control_answer(done, NULL, &lost);
		return;
	}
	item->next = NULL;
	item->done = done;
	item->delay_ms = delay_ms;
	item->len = len;
	memcpy(item->data, data, len);
	*box->tail = item;
	box->tail = &item->next;
	box->queued++;
	if (box->queued == 1)
		outbox_pump(box);
}

void outbox_pump(struct outbox *box)
{
	static const struct error lost = { "a message could not be sent to the guest" };

	while (box->open && box->head) {
		int rc;

		if (box->head->delay_ms) {
			loop_timer_set(box->timer, box->head->delay_ms);
			return;
		}
		rc = box->send(box->arg, box->head->data, box->head->len);
		if (rc == -EAGAIN)
			return;
		if (rc)
			box->lost++;
		else
			box->sent++;
		drop_head(box, rc ? &lost : NULL);
	}
}
