// SPDX-License-Identifier: GPL-2.0
/* "treewide, timers: Rename from_timer() to timer_container_of()" (v6.16). */
#include <linux/timer.h>

struct probe_timer {
	struct timer_list timer;
};

struct probe_timer *probe_of(struct timer_list *t);
struct probe_timer *probe_of(struct timer_list *t)
{
	struct probe_timer *probe = timer_container_of(probe, t, timer);

	return probe;
}
