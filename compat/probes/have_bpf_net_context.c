// SPDX-License-Identifier: GPL-2.0
/*
 * "net: Reference bpf_redirect_info via task_struct on PREEMPT_RT." (v6.11): where a program's
 * redirection goes is the task's, and no longer the processor's.
 */
#include <linux/filter.h>

struct bpf_redirect_info *probe_info(void);
struct bpf_redirect_info *probe_info(void)
{
	return bpf_net_ctx_get_ri();
}
