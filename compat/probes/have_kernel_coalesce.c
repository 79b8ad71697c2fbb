// SPDX-License-Identifier: GPL-2.0
/* "ethtool: extend coalesce setting uAPI with CQE mode" (v5.15). */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

static int probe_get(struct net_device *net, struct ethtool_coalesce *coal,
		     struct kernel_ethtool_coalesce *kernel_coal, struct netlink_ext_ack *extack)
{
	return 0;
}

const struct ethtool_ops probe_ops = { .get_coalesce = probe_get };
