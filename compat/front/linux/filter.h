/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/filter.h> with the newer form of its functions. */
#ifndef HVIC_COMPAT_LINUX_FILTER_H
#define HVIC_COMPAT_LINUX_FILTER_H

#include_next <linux/filter.h>

#ifndef HVIC_HAVE_BPF_NET_CONTEXT
#define bpf_net_ctx_get_ri()				this_cpu_ptr(&bpf_redirect_info)
#endif

#ifndef HVIC_HAVE_BPF_WARN_ACTION
#define bpf_warn_invalid_xdp_action(net, prog, act)	bpf_warn_invalid_xdp_action(act)
#endif

#endif
