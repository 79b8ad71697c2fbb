// SPDX-License-Identifier: GPL-2.0
/* netif_set_tso_max_size() (v5.19); before it, netif_set_gso_max_size(). */
#include <linux/netdevice.h>

void probe_tso(struct net_device *net);
void probe_tso(struct net_device *net)
{
	netif_set_tso_max_size(net, 65536);
}
