// SPDX-License-Identifier: GPL-2.0
/* "sched/isolation: Use single feature type while referring to housekeeping cpumask" (v5.18). */
#include <linux/sched/isolation.h>

const struct cpumask *probe_housekeeping(void);
const struct cpumask *probe_housekeeping(void)
{
	return housekeeping_cpumask(HK_TYPE_MANAGED_IRQ);
}
