/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A channel as the fake hosts of the suites keep it: both of its rings are real, and the end that
 * a host has of them is here. A fake host includes fake_channel.c, and with it the ring's code.
 */
#ifndef HVIC_RING_TESTS_FAKE_CHANNEL_H
#define HVIC_RING_TESTS_FAKE_CHANNEL_H

#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>

struct fake_channel {
	struct vmbus_channel vmbus;
	void *host;			/* whose it is */
	spinlock_t lock;		/* the host's ends of the rings, open */
	spinlock_t event_lock;		/* the callback runs once at a time */
	void *in, *out;
	void (*event)(void *context);
	void *event_context;
	void (*signalled)(struct fake_channel *fc);	/* the driver signals; any context */
	atomic_t signals;		/* that it sent */
	void (*opening)(struct fake_channel *fc);	/* the driver opens it; may sleep */
	bool open;
	int open_error;
	u32 asked;			/* bytes of a ring that the driver wanted */
};

/* Waits for what others than the test do, a bounded time. */
#define fake_wait(what) ({						\
	unsigned long until_ = jiffies + 10 * HZ;			\
									\
	while (!(what) && time_before(jiffies, until_))			\
		msleep(20);						\
	!!(what);							\
})

void fake_channel_init(struct fake_channel *fc, void *host, struct hv_device *hv);
void fake_channel_shut(struct fake_channel *fc);
void fake_channel_packet(struct fake_channel *fc, u16 type, u64 id, const void *payload, u32 len);
void fake_channel_kick(struct fake_channel *fc);
u32 fake_channel_take(struct fake_channel *fc, void *buffer, u32 size);
void fake_channel_fill(struct fake_channel *fc, u32 percent);

#endif
