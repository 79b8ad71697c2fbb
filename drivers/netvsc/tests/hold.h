/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device whose frames wait for each other: what the suites about such messages start from.
 */
#ifndef HVIC_NETVSC_TESTS_HOLD_H
#define HVIC_NETVSC_TESTS_HOLD_H

#include <kunit/test.h>
#include <linux/net.h>

#include "../netvsc.h"
#include "traffic.h"

#define LONG_WAIT	(60 * 1000 * 1000)	/* microseconds: not within a test */
#define SHORT_WAIT	(100 * 1000)		/* long enough to be seen */
#define STREAM		16			/* frames that are one */
#define MESSAGE		104u			/* bytes of a frame of 60 */

/* In struct traffic's more. */
struct hold {
	struct socket *datagrams, *connection;	/* that frames are of */
	u32 len;				/* of a frame */
	u16 queue;				/* that it takes */
	u32 done;				/* messages that the host has completed */
};

int hold_start(struct kunit *test, void (*setup)(struct fake_host *host));
int hold_init(struct kunit *test);
void hold_exit(struct kunit *test);
struct traffic *hold_restart(struct kunit *test, void (*setup)(struct fake_host *host));

struct netvsc_channel *hold_channel(struct traffic *t);
struct netvsc_tx_hold *hold_of(struct traffic *t);
bool hold_waits(struct traffic *t);
u32 hold_received(struct traffic *t);

struct sk_buff *hold_frame(struct kunit *test, struct socket *socket);
void hold_send(struct kunit *test, struct socket *socket);
bool hold_send_answered(struct kunit *test, u32 frames, u32 answers);
bool hold_send_after(struct kunit *test, u32 frames);
void hold_stream(struct kunit *test);
void hold_completes(struct kunit *test);

#endif
