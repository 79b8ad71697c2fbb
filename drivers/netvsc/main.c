// SPDX-License-Identifier: GPL-2.0
/*
 * The module: devices that come and go, suspend and resume, and the interface's operations.
 */
#include <linux/bpf.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netdev_lock.h>

#include <ring/ring.h>

#include "netvsc.h"

/* Of ring_size: 4 KiB each. */
#define MIN_RING_PAGES	64u
#define MAX_RING_PAGES	((unsigned int)(HVIC_RING_MAX / HV_HYP_PAGE_SIZE))

static unsigned int ring_size __ro_after_init = 128;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size, "Ring buffer size (# of 4K pages)");

static int debug = -1;
module_param(debug, int, 0444);
MODULE_PARM_DESC(debug, "Debug level (0=none,...,16=all)");

unsigned int netvsc_ring_bytes __ro_after_init;
LIST_HEAD(netvsc_adapters);

static const u32 default_messages = NETIF_MSG_DRV | NETIF_MSG_PROBE | NETIF_MSG_LINK |
				    NETIF_MSG_IFUP | NETIF_MSG_IFDOWN | NETIF_MSG_RX_ERR |
				    NETIF_MSG_TX_ERR;

/* The key of Microsoft's specification of RSS, whose test vectors everybody can check. */
static const u8 default_key[NETVSC_HASH_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/**
 * netvsc_tx_enable() - let the queues run
 * @s: the session
 *
 * Context: RTNL.
 */
void netvsc_tx_enable(struct netvsc_session *s)
{
	WRITE_ONCE(s->tx_disable, false);
	/* Completions that come now may wake the queues. */
	smp_mb();
	netif_tx_wake_all_queues(s->net);
}

/**
 * netvsc_tx_disable() - stop the queues; completions do not wake them
 * @s: the session
 *
 * Context: RTNL. On return nobody is transmitting, and nothing waits for more frames.
 */
void netvsc_tx_disable(struct netvsc_session *s)
{
	WRITE_ONCE(s->tx_disable, true);
	/* A completion that saw it false stops waking before the queues stop. */
	synchronize_net();
	netif_tx_disable(s->net);
	netvsc_tx_release(s);
}

static int open_interface(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	int ret;

	netif_carrier_off(net);
	if (!s)
		return -ENODEV;
	ret = netvsc_session_start(s);
	if (ret) {
		netdev_err(net, "the host does not let frames through: %d\n", ret);
		return ret;
	}
	if (!s->link_down) {
		netif_carrier_on(net);
		netvsc_tx_enable(s);
	}
	if (vf && dev_open(vf, NULL))
		netdev_warn(net, "cannot bring up %s\n", vf->name);
	return 0;
}

static int stop_interface(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	int ret;

	if (!s) {
		netif_tx_disable(net);
		return 0;
	}
	netvsc_tx_disable(s);
	netif_carrier_off(net);
	ret = netvsc_session_stop(s);
	if (ret)
		netdev_err(net, "the host did not stop sending: %d\n", ret);
	else if (netvsc_quiesce(s))
		netdev_err(net, "the host left packets in the rings\n");
	if (vf)
		dev_close(vf);
	return 0;
}

static void change_rx_flags(struct net_device *net, int change)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf = rtnl_dereference(a->vf);

	if (!vf)
		return;
	if (change & IFF_PROMISC)
		dev_set_promiscuity(vf, net->flags & IFF_PROMISC ? 1 : -1);
	if (change & IFF_ALLMULTI)
		dev_set_allmulti(vf, net->flags & IFF_ALLMULTI ? 1 : -1);
}

static void set_rx_mode(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf;

	rcu_read_lock();
	vf = rcu_dereference(a->vf);
	if (vf) {
		dev_uc_sync(vf, net);
		dev_mc_sync(vf, net);
	}
	rcu_read_unlock();
	schedule_delayed_work(&a->rx_mode_work, 0);
}

static int change_mtu(struct net_device *net, int mtu)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	struct netvsc_config same;
	int ret;

	if (!s)
		return -ENODEV;
	if (vf) {
		ret = dev_set_mtu(vf, mtu);
		if (ret)
			return ret;
	}
	/* What the host answered when it was told more: nothing to agree anew. */
	if (mtu == s->host_mtu && mtu < s->mtu) {
		WRITE_ONCE(net->mtu, mtu);
		return 0;
	}
	netvsc_config_now(s, &same);
	ret = netvsc_reconfigure(a, s, &same, mtu);
	if (ret && vf)
		dev_set_mtu(vf, net->mtu);
	return ret;
}

static int set_mac_address(struct net_device *net, void *p)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	struct sockaddr_storage *addr = p;
	int ret;

	ret = eth_prepare_mac_addr_change(net, p);
	if (ret)
		return ret;
	if (!s)
		return -ENODEV;
	if (vf) {
		ret = hvic_set_mac_address(vf, addr, NULL);
		if (ret)
			return ret;
	}
	ret = netvsc_oid_set_mac(s, addr->__data);
	if (!ret) {
		eth_commit_mac_addr_change(net, p);
	} else if (vf) {
		struct sockaddr_storage old = { .ss_family = addr->ss_family };

		ether_addr_copy(old.__data, net->dev_addr);
		hvic_set_mac_address(vf, &old, NULL);
	}
	return ret;
}

static netdev_features_t fix_features(struct net_device *net, netdev_features_t features)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);

	if (s && features & NETIF_F_LRO && netvsc_xdp_prog(s)) {
		features &= ~NETIF_F_LRO;
		netdev_info(net, "no LRO while an XDP program is attached\n");
	}
	return features;
}

static int set_features(struct net_device *net, netdev_features_t features)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	int ret = 0;

	if (!s)
		return -ENODEV;
	if ((features ^ net->features) & NETIF_F_LRO) {
		ret = netvsc_oid_set_rsc(s, features & NETIF_F_LRO);
		if (ret) {
			features ^= NETIF_F_LRO;
			net->features = features;
		}
	}
	if (vf) {
		vf->wanted_features = features;
		netdev_update_features(vf);
	}
	return ret;
}

const struct net_device_ops netvsc_netdev_ops = {
	.ndo_open		= open_interface,
	.ndo_stop		= stop_interface,
	.ndo_start_xmit		= netvsc_start_xmit,
	.ndo_features_check	= netvsc_features_check,
	.ndo_select_queue	= netvsc_select_queue,
	.ndo_change_rx_flags	= change_rx_flags,
	.ndo_set_rx_mode	= set_rx_mode,
	.ndo_fix_features	= fix_features,
	.ndo_set_features	= set_features,
	.ndo_change_mtu		= change_mtu,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= set_mac_address,
	.ndo_get_stats64	= netvsc_get_stats64,
	.ndo_bpf		= netvsc_bpf,
	.ndo_xdp_xmit		= netvsc_xdp_xmit,
};

static void init_adapter(struct netvsc_adapter *a, struct net_device *net, struct hv_device *hv)
{
	unsigned int i;

	a->net = net;
	a->hv = hv;
	a->msg_enable = netif_msg_init(debug, default_messages);
	a->l4_hash = NETVSC_L4_ALL;
	a->tx_usecs = NETVSC_TX_USECS;
	a->speed = SPEED_UNKNOWN;
	a->duplex = DUPLEX_FULL;
	a->link_changed = jiffies - 10 * HZ;
	memcpy(a->rss_key, default_key, sizeof(a->rss_key));
	spin_lock_init(&a->link_lock);
	init_completion(&a->vf_assigned);
	INIT_LIST_HEAD(&a->list);
	INIT_DELAYED_WORK(&a->link_work, netvsc_link_work);
	INIT_DELAYED_WORK(&a->rx_mode_work, netvsc_rx_mode_work);
	INIT_DELAYED_WORK(&a->vf_takeover, netvsc_vf_takeover_work);
	INIT_DELAYED_WORK(&a->vf_namespace, netvsc_vf_namespace_work);
	for (i = 0; i < NETVSC_MAX_CHANNELS; i++) {
		u64_stats_init(&a->tx_stats[i].syncp);
		u64_stats_init(&a->rx_stats[i].syncp);
	}
}

/* None of these takes RTNL but by trying, so this never waits for itself. */
static void cancel_works(struct netvsc_adapter *a)
{
	cancel_delayed_work_sync(&a->link_work);
	cancel_delayed_work_sync(&a->rx_mode_work);
	cancel_delayed_work_sync(&a->vf_takeover);
	cancel_delayed_work_sync(&a->vf_namespace);
}

/* Under RTNL: a session, and with it a registered interface. */
static int bring_up(struct netvsc_adapter *a)
{
	struct net_device *net = a->net;
	struct netvsc_config config;
	struct netvsc_session *s;
	int ret;

	netvsc_config_now(NULL, &config);
	s = netvsc_session_open(a, &config);
	if (IS_ERR(s))
		return PTR_ERR(s);

	eth_hw_addr_set(net, s->mac);
	if (s->host_mtu && s->host_mtu < net->mtu)
		net->mtu = s->host_mtu;
	net->min_mtu = NETVSC_MIN_MTU;
	net->max_mtu = s->nvsp_version >= NVSP_VERSION_2 ? NETVSC_MAX_MTU : ETH_DATA_LEN;
	net->features = net->hw_features | NETIF_F_HIGHDMA | NETIF_F_HW_VLAN_CTAG_TX |
			NETIF_F_HW_VLAN_CTAG_RX;
	net->vlan_features = net->features;
	netdev_lockdep_set_classes(net);
	xdp_set_features_flag(net, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			      NETDEV_XDP_ACT_NDO_XMIT);

	s->tx_disable = false;
	ret = register_netdevice(net);
	if (ret) {
		netvsc_session_close(s);
		return ret;
	}
	list_add(&a->list, &netvsc_adapters);

	/*
	 * The bus hands out subchannels only after probe, and registering a VF's interface
	 * needs RTNL: so the work item, which waits for both.
	 */
	schedule_work(&s->subchannel_work);
	netvsc_vf_adopt(a);
	return 0;
}

static int netvsc_probe(struct hv_device *hv, const struct hv_vmbus_device_id *id)
{
	struct netvsc_adapter *a;
	struct net_device *net;
	int ret;

	net = alloc_etherdev_mq(sizeof(*a), NETVSC_MAX_CHANNELS);
	if (!net)
		return -ENOMEM;
	a = netdev_priv(net);
	init_adapter(a, net, hv);
	ret = -ENOMEM;
	a->vf_stats = netdev_alloc_pcpu_stats(struct netvsc_vf_stats);
	a->gate = netvsc_gate_alloc();
	if (!a->vf_stats || !a->gate)
		goto fail;

	netif_carrier_off(net);
	net->netdev_ops = &netvsc_netdev_ops;
	net->ethtool_ops = &netvsc_ethtool_ops;
	net->features = NETIF_F_LRO;
	/* Frames are chained while the host has them, so each is ours alone. */
	net->priv_flags &= ~IFF_TX_SKB_SHARING;
	SET_NETDEV_DEV(net, &hv->device);
	dma_set_min_align_mask(&hv->device, HV_HYP_PAGE_SIZE - 1);
	netif_set_real_num_tx_queues(net, 1);
	netif_set_real_num_rx_queues(net, 1);
	hv_set_drvdata(hv, net);

	/* Before the session: it lets the host offer a VF, whose name would come first. */
	rtnl_lock();
	ret = bring_up(a);
	rtnl_unlock();
	if (!ret)
		return 0;

	netdev_err(net, "no network from the host: %d\n", ret);
	netvsc_gate_detach(a);
	cancel_works(a);
	a->gate = NULL;
fail:
	kfree(a->gate);
	free_percpu(a->vf_stats);
	free_netdev(net);
	return ret;
}

static hvic_remove_t netvsc_remove(struct hv_device *hv)
{
	struct net_device *net = hv_get_drvdata(hv);
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s;

	rtnl_lock();
	netvsc_vf_release(a);
	s = rtnl_dereference(a->session);
	if (s)
		netvsc_detach(a, s);
	unregister_netdevice(net);
	list_del(&a->list);
	rtnl_unlock();

	netvsc_gate_detach(a);
	cancel_works(a);
	kfree(a->saved);
	free_percpu(a->vf_stats);
	free_netdev(net);
	hvic_remove_return();
}

static int netvsc_suspend(struct hv_device *hv)
{
	struct net_device *net = hv_get_drvdata(hv);
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s;
	int ret = -ENODEV;

	rtnl_lock();
	s = rtnl_dereference(a->session);
	if (s) {
		ret = -ENOMEM;
		a->saved = kzalloc(sizeof(*a->saved), GFP_KERNEL);
		if (a->saved) {
			netvsc_config_now(s, a->saved);
			a->saved_prog = netvsc_xdp_prog(s);
			if (a->saved_prog)
				bpf_prog_inc(a->saved_prog);
			netvsc_detach(a, s);
			ret = 0;
		}
	}
	rtnl_unlock();
	return ret;
}

static int netvsc_resume(struct hv_device *hv)
{
	struct net_device *net = hv_get_drvdata(hv);
	struct netvsc_adapter *a = netdev_priv(net);
	int ret = -ENODEV;

	rtnl_lock();
	if (a->saved)
		ret = netvsc_attach(a, a->saved, a->saved_prog, true);
	kfree(a->saved);
	a->saved = NULL;
	if (a->saved_prog)
		bpf_prog_put(a->saved_prog);
	a->saved_prog = NULL;
	rtnl_unlock();
	return ret;
}

static const struct hv_vmbus_device_id id_table[] = {
	{ HV_NIC_GUID, },
	{ },
};

MODULE_DEVICE_TABLE(vmbus, id_table);

static struct hv_driver netvsc_driver = {
	.name = KBUILD_MODNAME,
	.id_table = id_table,
	.probe = netvsc_probe,
	.remove = netvsc_remove,
	.suspend = netvsc_suspend,
	.resume = netvsc_resume,
	.driver = {
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static int __init netvsc_init(void)
{
	unsigned int used;
	int ret;

	used = clamp(ring_size, MIN_RING_PAGES, MAX_RING_PAGES);
	if (used != ring_size)
		pr_warn(KBUILD_MODNAME ": ring_size=%u is not from %u to %u, using %u\n",
			ring_size, MIN_RING_PAGES, MAX_RING_PAGES, used);
	ring_size = used;
	netvsc_ring_bytes = min_t(int, VMBUS_RING_SIZE(ring_size * HV_HYP_PAGE_SIZE), HVIC_RING_MAX);

	/* First, so that no VF is missed that comes while devices are probed. */
	ret = netvsc_vf_register_notifier();
	if (ret)
		return ret;
	ret = vmbus_driver_register(&netvsc_driver);
	if (ret)
		netvsc_vf_unregister_notifier();
	return ret;
}

static void __exit netvsc_exit(void)
{
	netvsc_vf_unregister_notifier();
	vmbus_driver_unregister(&netvsc_driver);
}

MODULE_LICENSE("GPL");
MODULE_VERSION(HVIC_VERSION);
MODULE_DESCRIPTION("Microsoft Hyper-V network driver");

module_init(netvsc_init);
module_exit(netvsc_exit);
