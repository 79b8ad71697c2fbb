// SPDX-License-Identifier: GPL-2.0
/* "syscore: Pass context data to callbacks" (v6.19): before it, register_syscore_ops(). */
#include <linux/syscore_ops.h>

static int probe_suspend(void *data)
{
	return 0;
}

static const struct syscore_ops probe_ops = { .suspend = probe_suspend };
static struct syscore probe_syscore = { .ops = &probe_ops };

void probe_register(void);
void probe_register(void)
{
	register_syscore(&probe_syscore);
}
