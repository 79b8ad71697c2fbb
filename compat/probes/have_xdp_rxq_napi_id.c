// SPDX-License-Identifier: GPL-2.0
/* "xsk: Propagate napi_id to XDP socket Rx path" (v5.11). */
#include <net/xdp.h>

int probe_reg(struct xdp_rxq_info *rxq, struct net_device *net);
int probe_reg(struct xdp_rxq_info *rxq, struct net_device *net)
{
	return xdp_rxq_info_reg(rxq, net, 0, 0);
}
