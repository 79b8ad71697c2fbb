// SPDX-License-Identifier: GPL-2.0
/* "net: drop the weight argument from netif_napi_add" (v6.1). */
#include <linux/netdevice.h>

static int probe_poll(struct napi_struct *napi, int budget)
{
	return 0;
}

void probe_napi(struct net_device *net, struct napi_struct *napi);
void probe_napi(struct net_device *net, struct napi_struct *napi)
{
	netif_napi_add(net, napi, probe_poll);
}
