// SPDX-License-Identifier: GPL-2.0
/* "net: ethtool: add dedicated callbacks for getting and setting rxfh fields" (v6.17). */
#include <linux/ethtool.h>

static int probe_get(struct net_device *net, struct ethtool_rxfh_fields *fields)
{
	return 0;
}

struct ethtool_ops probe_ops = { .get_rxfh_fields = probe_get };
