/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host for the input drivers to talk to, within the test: it greets as a good host does unless
 * the test takes a message away from it, and remembers what it saw.
 */
#ifndef HVIC_HID_TESTS_FAKE_HOST_H
#define HVIC_HID_TESTS_FAKE_HOST_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/hyperv.h>

#include "../../ring/tests/fake_channel.h"

struct fake_host {
	struct hv_device hv;
	struct completion released;	/* nobody holds the device any more */
	struct fake_channel channel;
	struct hv_driver *driver;	/* that probed the device */

	/* What it says to a message of the driver; a suite has one of its own. */
	void (*on_message)(struct fake_host *host, const u8 *data, u32 len);
	int send_error;			/* of messages to come */
	u32 send_errors_after;		/* so many */
	void *scratch;			/* the test's */

	/* What it saw. */
	u32 messages;
	u8 last[32];
	u32 last_len;
};

/* What the copies of mouse.c and keyboard.c have for module_init() and module_exit(). */
extern int (*fake_mouse_load)(void), (*fake_keyboard_load)(void);
extern void (*fake_mouse_unload)(void), (*fake_keyboard_unload)(void);

extern int fake_register_error;		/* of the bus, to a driver that is loaded */

struct fake_host *fake_host_new(struct kunit *test);
void fake_host_free(struct kunit *test, struct fake_host *host);
int fake_host_probe(struct fake_host *host);
void fake_host_remove(struct fake_host *host);
int fake_host_suspend(struct fake_host *host);
int fake_host_resume(struct fake_host *host);
void fake_host_say(struct fake_host *host, const void *data, u32 len);

#endif
