// SPDX-License-Identifier: GPL-2.0
/* "netdev-genl: create a simple family for netdev stuff" and xdp_set_features_flag() (v6.3). */
#include <net/xdp.h>

void probe_features(struct net_device *net);
void probe_features(struct net_device *net)
{
	xdp_set_features_flag(net, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			      NETDEV_XDP_ACT_NDO_XMIT);
}
