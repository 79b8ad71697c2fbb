/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both input drivers do with their channel: take packets out of it by copy and with a
 * budget, and wait for the host with a bound. Inline, so that no object is in two modules.
 */
#ifndef HVIC_HID_CHANNEL_H
#define HVIC_HID_CHANNEL_H

#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>

#include "ring/ring.h"

/* Of each ring, bytes; a keystroke or a report takes 40. */
#define INPUT_RING_SIZE		VMBUS_RING_SIZE(36 * 1024)
/* Packets taken in one call of the channel callback; the bus calls again if more came. */
#define INPUT_BUDGET		256
/* How long the host may take to greet, milliseconds; tests bring a shorter patience of their own. */
#ifndef INPUT_GREETING_MS
#define INPUT_GREETING_MS	10000
#endif
/* How often a wait looks whether the device is still there, milliseconds. */
#define INPUT_POLL_MS		100

/**
 * input_channel_drain() - give each message that has come to @take
 * @channel: an open channel
 * @buf: a message is copied here first, so that the host cannot change it while it is checked
 * @size: of @buf, bytes; a longer message is cut, which its parser finds out
 * @take: called with the bytes of a message that are in @buf
 * @arg: for @take
 *
 * Context: the channel callback.
 */
static inline void input_channel_drain(struct vmbus_channel *channel, void *buf, size_t size,
				       void (*take)(void *arg, const void *data, size_t len),
				       void *arg)
{
	struct hvic_ring_packet pkt;
	unsigned int n;
	int rc = 0;

	for (n = 0; n < INPUT_BUDGET; n++) {
		rc = hvic_ring_rx_peek(channel, &pkt);
		if (rc != 1)
			break;
		if (pkt.type == VM_PKT_DATA_INBAND) {
			size_t len = min_t(size_t, pkt.len, size);

			memcpy(buf, pkt.data, len);
			take(arg, buf, len);
		}
		hvic_ring_rx_advance(channel, &pkt);
	}
	if (rc == -EBADMSG) {
		dev_err_ratelimited(&channel->device_obj->device,
				    "the host broke the ring; what it holds is dropped\n");
		hvic_ring_rx_discard(channel);
	}
	hv_pkt_iter_close(channel);
}

/**
 * input_channel_wait() - wait for @done, while the device is there
 * @channel: an open channel
 * @done: completed by the channel callback
 *
 * Context: may sleep, up to INPUT_GREETING_MS.
 * Return: 0; -ENODEV when the host took the device away; -ETIMEDOUT.
 */
static inline int input_channel_wait(struct vmbus_channel *channel, struct completion *done)
{
	unsigned int waited;

	for (waited = 0; waited < INPUT_GREETING_MS; waited += INPUT_POLL_MS) {
		if (wait_for_completion_timeout(done, msecs_to_jiffies(INPUT_POLL_MS)))
			return 0;
		if (READ_ONCE(channel->rescind))
			return -ENODEV;
	}
	return -ETIMEDOUT;
}

#endif
