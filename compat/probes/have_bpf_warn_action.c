// SPDX-License-Identifier: GPL-2.0
/* bpf_warn_invalid_xdp_action() names the device and the program (v5.17). */
#include <linux/filter.h>

void probe_warn(struct net_device *net, struct bpf_prog *prog);
void probe_warn(struct net_device *net, struct bpf_prog *prog)
{
	bpf_warn_invalid_xdp_action(net, prog, 0);
}
