// SPDX-License-Identifier: GPL-2.0
/* "net: ethtool: pass a pointer to parameters to get/set_rxfh ethtool ops" (v6.8). */
#include <linux/ethtool.h>

static int probe_get(struct net_device *net, struct ethtool_rxfh_param *param)
{
	return 0;
}

struct ethtool_ops probe_ops = { .get_rxfh = probe_get };
