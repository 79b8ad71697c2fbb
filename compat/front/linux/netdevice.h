/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/netdevice.h> with the newer form of its functions. */
#ifndef HVIC_COMPAT_LINUX_NETDEVICE_H
#define HVIC_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>

#ifndef HVIC_HAVE_NAPI_NO_WEIGHT
#define netif_napi_add(net, napi, poll)		netif_napi_add(net, napi, poll, NAPI_POLL_WEIGHT)
#endif

#ifndef HVIC_HAVE_TSO_MAX_SIZE
#define netif_set_tso_max_size(net, size) \
	netif_set_gso_max_size(net, min_t(unsigned int, size, GSO_MAX_SIZE))
#endif

/* Before, IFF_SLAVE alone kept IPv6 off an interface. */
#ifndef HVIC_HAVE_NO_ADDRCONF
#define IFF_NO_ADDRCONF		0
#endif

/* Whose poll loop serves a queue, for user space. */
#ifndef HVIC_HAVE_QUEUE_SET_NAPI
#define netif_queue_set_napi(net, index, type, napi)	do { } while (0)
#endif

#ifndef HVIC_HAVE_NOTIFY_PEERS_LOCKED
#define __netdev_notify_peers(net)					\
do {									\
	call_netdevice_notifiers(NETDEV_NOTIFY_PEERS, net);		\
	call_netdevice_notifiers(NETDEV_RESEND_IGMP, net);		\
} while (0)
#endif

#endif
