// SPDX-License-Identifier: GPL-2.0
/* "ethtool: extend ringparam setting/getting API" (v5.17). */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

static void probe_get(struct net_device *net, struct ethtool_ringparam *ring,
		      struct kernel_ethtool_ringparam *kernel_ring, struct netlink_ext_ack *extack)
{
}

const struct ethtool_ops probe_ops = { .get_ringparam = probe_get };
