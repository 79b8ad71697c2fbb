// SPDX-License-Identifier: GPL-2.0
/*
 * SR-IOV: a VF with our address and the serial that the host names becomes our lower device.
 * Frames take it while it is up; the synthetic path stands by. Everything but the frames'
 * path runs under RTNL.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/netpoll.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <net/bonding.h>
#include <net/net_namespace.h>
#include <net/netdev_lock.h>
#include <net/sch_generic.h>
#include <asm/mshyperv.h>

#include "netvsc.h"

/* udev gets this long to rename a VF before it is brought up, which forbids renaming. */
#define TAKEOVER_DELAY	(HZ / 10)

/**
 * netvsc_vf_ready() - do frames take the VF?
 * @a: the adapter
 * @vf: its VF
 *
 * Context: RCU.
 */
bool netvsc_vf_ready(struct netvsc_adapter *a, struct net_device *vf)
{
	return READ_ONCE(a->path_is_vf) && netif_running(vf) && netif_carrier_ok(vf) &&
	       !netpoll_tx_running(a->net);
}

/**
 * netvsc_vf_xmit() - send a frame on the VF
 * @a: the adapter
 * @vf: its VF
 * @skb: the frame
 *
 * Context: BH off.
 * Return: what the VF's queue says.
 */
netdev_tx_t netvsc_vf_xmit(struct netvsc_adapter *a, struct net_device *vf, struct sk_buff *skb)
{
	struct netvsc_vf_stats *stats = this_cpu_ptr(a->vf_stats);
	unsigned int len = skb->len;
	int ret;

	skb->dev = vf;
	skb_record_rx_queue(skb, qdisc_skb_cb(skb)->slave_dev_queue_mapping);
	ret = dev_queue_xmit(skb);
	if (likely(ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN)) {
		u64_stats_update_begin(&stats->syncp);
		stats->tx_packets++;
		stats->tx_bytes += len;
		u64_stats_update_end(&stats->syncp);
	} else {
		this_cpu_inc(a->vf_stats->tx_dropped);
	}
	/* The VF's queue has consumed the frame, whatever it says. */
	return NETDEV_TX_OK;
}

/**
 * netvsc_vf_associate() - the host says that a VF comes or goes
 * @s: the session
 * @present: whether there is one
 * @serial: which one
 *
 * Context: softirq.
 */
void netvsc_vf_associate(struct netvsc_session *s, u32 present, u32 serial)
{
	struct netvsc_adapter *a = netdev_priv(s->net);

	if (hv_is_isolation_supported()) {
		if (net_ratelimit())
			netdev_err(s->net, "an isolated guest takes no VF from the host\n");
		return;
	}
	WRITE_ONCE(a->vf_serial, serial);
	WRITE_ONCE(a->vf_present, present);
	if (present)
		complete(&a->vf_assigned);
	if (net_ratelimit())
		netdev_info(s->net, "VF slot %u %s\n", serial, present ? "added" : "removed");
}

/* The VF received a frame: it is ours. RCU. */
static rx_handler_result_t handle_frame(struct sk_buff **pskb)
{
	struct net_device *net = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_vf_stats *stats = this_cpu_ptr(a->vf_stats);
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);

	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	skb->dev = net;

	u64_stats_update_begin(&stats->syncp);
	stats->rx_packets++;
	stats->rx_bytes += skb->len;
	u64_stats_update_end(&stats->syncp);
	return RX_HANDLER_ANOTHER;
}

/* An Ethernet interface that is neither ours nor stacked on another. */
static bool may_be_vf(struct net_device *dev)
{
	return dev->netdev_ops != &netvsc_netdev_ops && dev->type == ARPHRD_ETHER &&
	       dev->addr_len == ETH_ALEN && !is_vlan_dev(dev) && !netif_is_bond_master(dev);
}

/* The host's PCI bus names its slots by the serials. */
static struct netvsc_adapter *adapter_for(struct net_device *vf)
{
	struct device *parent = vf->dev.parent;
	struct netvsc_adapter *a;
	struct pci_dev *pdev;
	u32 serial;

	if (!parent || !dev_is_pci(parent))
		return NULL;
	pdev = to_pci_dev(parent);
	if (!pdev->slot) {
		netdev_notice(vf, "no PCI slot information\n");
		return NULL;
	}
	if (kstrtou32(pci_slot_name(pdev->slot), 10, &serial)) {
		netdev_notice(vf, "invalid VF serial: %s\n", pci_slot_name(pdev->slot));
		return NULL;
	}
	list_for_each_entry(a, &netvsc_adapters, list)
		if (READ_ONCE(a->vf_present) && READ_ONCE(a->vf_serial) == serial &&
		    ether_addr_equal(a->net->perm_addr, vf->perm_addr))
			return a;
	/*
	 * The association may still be under way, and before NETDEV_REGISTER the permanent
	 * address is not set. No other VF has an address of ours.
	 */
	list_for_each_entry(a, &netvsc_adapters, list)
		if (ether_addr_equal(a->net->perm_addr, vf->perm_addr) ||
		    ether_addr_equal(a->net->perm_addr, vf->dev_addr))
			return a;
	netdev_notice(vf, "no netdev found for VF serial %u\n", serial);
	return NULL;
}

/* The adapter whose VF this is now. */
static struct netvsc_adapter *adapter_of(struct net_device *vf)
{
	struct net_device *upper = netdev_master_upper_dev_get(vf);

	if (!upper || upper->netdev_ops != &netvsc_netdev_ops)
		return NULL;
	return netdev_priv(upper);
}

static int join(struct netvsc_adapter *a, struct net_device *vf)
{
	int ret;

	ret = netdev_rx_handler_register(vf, handle_frame, a->net);
	if (ret) {
		netdev_err(vf, "cannot register the receive handler: %d\n", ret);
		return ret;
	}
	ret = netdev_master_upper_dev_link(vf, a->net, NULL, NULL, NULL);
	if (ret) {
		netdev_err(vf, "cannot become the lower device of %s: %d\n", a->net->name, ret);
		netdev_rx_handler_unregister(vf);
		return ret;
	}
	call_netdevice_notifiers(NETDEV_JOIN, vf);
	netdev_info(vf, "joined to %s\n", a->net->name);
	return 0;
}

/* Gives the VF what the interface has: MTU, flags, addresses, and whether it is up. */
static void take_over(struct netvsc_adapter *a, struct net_device *vf)
{
	struct net_device *net = a->net;

	if (dev_set_mtu(vf, net->mtu))
		netdev_warn(vf, "unable to change mtu to %u\n", net->mtu);
	dev_change_flags(vf, net->flags | IFF_SLAVE, NULL);
	netif_addr_lock_bh(net);
	dev_uc_sync(vf, net);
	dev_mc_sync(vf, net);
	netif_addr_unlock_bh(net);
	if (netif_running(net) && dev_open(vf, NULL))
		netdev_warn(vf, "unable to open\n");
}

/**
 * netvsc_vf_takeover_work() - bring up a VF that joined
 * @w: vf_takeover of an adapter
 *
 * Context: workqueue.
 */
void netvsc_vf_takeover_work(struct work_struct *w)
{
	struct netvsc_adapter *a = container_of(w, struct netvsc_adapter, vf_takeover.work);
	struct net_device *vf;

	if (!rtnl_trylock()) {
		schedule_delayed_work(&a->vf_takeover, 1);
		return;
	}
	vf = rtnl_dereference(a->vf);
	if (vf)
		take_over(a, vf);
	rtnl_unlock();
}

static void move_namespace(struct netvsc_adapter *a, struct net_device *vf)
{
	int ret = dev_change_net_namespace(vf, dev_net(a->net), "eth%d");

	if (ret)
		netdev_err(vf, "could not move to same namespace as %s: %d\n", a->net->name,
			   ret);
	else
		netdev_info(vf, "VF moved to namespace with: %s\n", a->net->name);
}

/**
 * netvsc_vf_namespace_work() - let the VF follow the interface into its namespace
 * @w: vf_namespace of an adapter
 *
 * Context: workqueue.
 */
void netvsc_vf_namespace_work(struct work_struct *w)
{
	struct netvsc_adapter *a = container_of(w, struct netvsc_adapter, vf_namespace.work);
	struct net_device *vf;

	if (!rtnl_trylock()) {
		schedule_delayed_work(&a->vf_namespace, 1);
		return;
	}
	vf = rtnl_dereference(a->vf);
	if (vf && !net_eq(dev_net(a->net), dev_net(vf)))
		move_namespace(a, vf);
	rtnl_unlock();
}

/* Flags of a lower device before it is opened, so that it gets no addresses of its own. */
static int prepare(struct net_device *vf)
{
	if (adapter_for(vf)) {
		vf->flags |= IFF_SLAVE;
		vf->priv_flags |= IFF_NO_ADDRCONF;
	}
	return NOTIFY_DONE;
}

/* With the VF's lock where its driver has one, as notifiers of a registration are called. */
static bool adopt(struct netvsc_adapter *a, struct net_device *vf)
{
	struct netvsc_session *s = rtnl_dereference(a->session);

	if (!s || rtnl_dereference(a->vf))
		return false;
	netdev_info(a->net, "VF registering: %s\n", vf->name);
	if (join(a, vf))
		return false;

	dev_hold(vf);
	rcu_assign_pointer(a->vf, vf);
	if (a->net->needed_headroom < vf->needed_headroom)
		a->net->needed_headroom = vf->needed_headroom;
	vf->wanted_features = a->net->features;
	netdev_update_features(vf);
	netvsc_xdp_set_vf(vf, netvsc_xdp_prog(s));
	return true;
}

static int registered(struct net_device *vf)
{
	struct netvsc_adapter *a = adapter_for(vf);

	if (!a || !adopt(a, vf))
		return NOTIFY_DONE;
	/* Not here: who registers a VF may hold its lock, which a move takes. It registers anew. */
	if (!net_eq(dev_net(a->net), dev_net(vf)))
		schedule_delayed_work(&a->vf_namespace, 0);
	schedule_delayed_work(&a->vf_takeover, TAKEOVER_DELAY);
	return NOTIFY_OK;
}

/**
 * netvsc_vf_adopt() - look for a VF that was there before us
 * @a: the adapter, just registered
 *
 * Context: process, RTNL.
 */
void netvsc_vf_adopt(struct netvsc_adapter *a)
{
	struct net_device *vf;
	bool adopted;

	for_each_netdev(dev_net(a->net), vf) {
		if (!may_be_vf(vf) || adapter_for(vf) != a)
			continue;
		prepare(vf);
		netdev_lock_ops(vf);
		adopted = adopt(a, vf);
		netdev_unlock_ops(vf);
		if (adopted)
			take_over(a, vf);
		return;
	}
}

/**
 * netvsc_vf_release() - part from the VF
 * @a: the adapter
 *
 * Context: process, RTNL.
 */
void netvsc_vf_release(struct netvsc_adapter *a)
{
	struct net_device *vf = rtnl_dereference(a->vf);

	if (!vf)
		return;
	cancel_delayed_work_sync(&a->vf_takeover);
	netdev_info(a->net, "VF unregistering: %s\n", vf->name);
	netvsc_xdp_set_vf(vf, NULL);
	WRITE_ONCE(a->path_is_vf, false);
	reinit_completion(&a->vf_assigned);
	netdev_rx_handler_unregister(vf);
	netdev_upper_dev_unlink(vf, a->net);
	RCU_INIT_POINTER(a->vf, NULL);
	dev_put(vf);
	a->net->needed_headroom = 0;
}

static int changed(struct net_device *vf, unsigned long event)
{
	struct netvsc_adapter *a = adapter_of(vf);
	bool up = event != NETDEV_GOING_DOWN && netif_running(vf);
	struct netvsc_session *s;
	int ret;

	if (!a || rtnl_dereference(a->vf) != vf)
		return NOTIFY_DONE;
	s = rtnl_dereference(a->session);
	if (!s)
		return NOTIFY_DONE;
	if (a->path_is_vf == up)
		return NOTIFY_OK;

	/* Down: not one more frame to the VF. */
	if (!up)
		WRITE_ONCE(a->path_is_vf, false);
	if (up && !READ_ONCE(a->vf_present)) {
		netdev_info(a->net, "Waiting for the VF association from host\n");
		if (netvsc_wait(s, &a->vf_assigned, "with a VF association"))
			return NOTIFY_DONE;
	}
	ret = netvsc_nvsp_datapath(s, up);
	if (ret) {
		netdev_err(a->net, "Data path failed to switch %s VF: %s, err: %d\n",
			   up ? "to" : "from", vf->name, ret);
		return NOTIFY_DONE;
	}
	WRITE_ONCE(a->path_is_vf, up);
	netdev_info(a->net, "Data path switched %s VF: %s\n", up ? "to" : "from", vf->name);
	return NOTIFY_OK;
}

/**
 * netvsc_vf_new_session() - back to the VF, as each session starts on the synthetic path
 * @a: the adapter
 *
 * Context: process, RTNL.
 */
void netvsc_vf_new_session(struct netvsc_adapter *a)
{
	struct net_device *vf = rtnl_dereference(a->vf);

	WRITE_ONCE(a->path_is_vf, false);
	if (vf)
		changed(vf, NETDEV_CHANGE);
}

static int on_event(struct notifier_block *this, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct netvsc_adapter *a;

	if (dev->netdev_ops == &netvsc_netdev_ops) {
		if (event == NETDEV_REGISTER) {
			a = netdev_priv(dev);
			schedule_delayed_work(&a->vf_namespace, 0);
		}
		return NOTIFY_DONE;
	}
	if (!may_be_vf(dev))
		return NOTIFY_DONE;

	switch (event) {
	case NETDEV_POST_INIT:
		return prepare(dev);
	case NETDEV_REGISTER:
		return registered(dev);
	case NETDEV_UNREGISTER:
		a = adapter_of(dev);
		if (!a)
			return NOTIFY_DONE;
		netvsc_vf_release(a);
		return NOTIFY_OK;
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
	case NETDEV_GOING_DOWN:
		return changed(dev, event);
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = on_event,
};

/**
 * netvsc_vf_register_notifier() - hear of interfaces that come and go
 *
 * Return: 0 or a negative error.
 */
int netvsc_vf_register_notifier(void)
{
	return register_netdevice_notifier(&notifier);
}

/**
 * netvsc_vf_unregister_notifier() - hear no more
 */
void netvsc_vf_unregister_notifier(void)
{
	unregister_netdevice_notifier(&notifier);
}
