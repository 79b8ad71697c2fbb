// SPDX-License-Identifier: GPL-2.0
/* "kernel.h: split out panic and oops helpers" (v5.14). */
#include <linux/panic_notifier.h>

struct atomic_notifier_head *probe_list(void);
struct atomic_notifier_head *probe_list(void)
{
	return &panic_notifier_list;
}
