// SPDX-License-Identifier: GPL-2.0
/* "hrtimers: Introduce hrtimer_setup() to replace hrtimer_init()" (v6.13). */
#include <linux/hrtimer.h>

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

void probe_setup(struct hrtimer *timer);
void probe_setup(struct hrtimer *timer)
{
	hrtimer_setup(timer, expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}
