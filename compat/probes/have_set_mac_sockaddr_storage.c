// SPDX-License-Identifier: GPL-2.0
/* "net: Use sockaddr_storage for dev_set_mac_address()" (v6.16): before it, sockaddr. */
#include <linux/netdevice.h>

int probe_set(struct net_device *net, struct sockaddr_storage *address);
int probe_set(struct net_device *net, struct sockaddr_storage *address)
{
	return dev_set_mac_address(net, address, NULL);
}
