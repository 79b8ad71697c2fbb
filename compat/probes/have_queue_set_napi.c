// SPDX-License-Identifier: GPL-2.0
/* "netdev-genl: spec: Extend netdev netlink spec in YAML for queue" and its setter (v6.8). */
#include <linux/netdevice.h>

void probe_queue(struct net_device *net, struct napi_struct *napi);
void probe_queue(struct net_device *net, struct napi_struct *napi)
{
	netif_queue_set_napi(net, 0, NETDEV_QUEUE_TYPE_RX, napi);
}
