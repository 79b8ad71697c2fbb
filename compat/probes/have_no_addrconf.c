// SPDX-License-Identifier: GPL-2.0
/* "net: add IFF_NO_ADDRCONF and use it in bonding to prevent ipv6 addrconf" (v6.2). */
#include <linux/netdevice.h>

void probe_addrconf(struct net_device *net);
void probe_addrconf(struct net_device *net)
{
	net->priv_flags |= IFF_NO_ADDRCONF;
}
