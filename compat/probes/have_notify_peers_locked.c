// SPDX-License-Identifier: GPL-2.0
/* "net: core: introduce __netdev_notify_peers" (v5.11): for callers that hold RTNL. */
#include <linux/netdevice.h>

void probe_notify(struct net_device *net);
void probe_notify(struct net_device *net)
{
	__netdev_notify_peers(net);
}
