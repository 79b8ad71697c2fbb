/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/sched/isolation.h> with the newer names of what CPUs are kept free of. */
#ifndef HVIC_COMPAT_LINUX_SCHED_ISOLATION_H
#define HVIC_COMPAT_LINUX_SCHED_ISOLATION_H

#include_next <linux/sched/isolation.h>

#ifndef HVIC_HAVE_HK_TYPE
#define HK_TYPE_MANAGED_IRQ	HK_FLAG_MANAGED_IRQ
#endif

#endif
