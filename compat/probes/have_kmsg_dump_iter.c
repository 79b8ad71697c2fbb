// SPDX-License-Identifier: GPL-2.0
/* "printk: introduce kmsg_dump_iter" (v5.13): readers of the log have their place in it. */
#include <linux/kmsg_dump.h>

void probe_rewind(struct kmsg_dump_iter *iter);
void probe_rewind(struct kmsg_dump_iter *iter)
{
	kmsg_dump_rewind(iter);
}
