// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a VF that becomes the lower device: who is one, when frames take it, what it is told,
 * and how it goes. The VF is an Ethernet interface on a PCI device that nobody drives.
 */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <net/sock.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define SERIAL		7

/* A PCI device in a slot, with an interface. */
struct vf {
	struct pci_dev *pci;
	struct pci_slot slot;
	struct net_device *net;		/* registered */
	u32 sent, xdp_sent;
	int mtu_error, mac_error, xdp_error;
	struct bpf_prog *prog;
};

struct vf_priv {
	struct vf *vf;
};

static struct vf *vf_of(struct net_device *net)
{
	return ((struct vf_priv *)netdev_priv(net))->vf;
}

static netdev_tx_t vf_xmit(struct sk_buff *skb, struct net_device *net)
{
	WRITE_ONCE(vf_of(net)->sent, vf_of(net)->sent + 1);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int vf_change_mtu(struct net_device *net, int mtu)
{
	if (!vf_of(net)->mtu_error)
		net->mtu = mtu;
	return vf_of(net)->mtu_error;
}

static int vf_set_mac(struct net_device *net, void *addr)
{
	return vf_of(net)->mac_error ?: eth_mac_addr(net, addr);
}

static int vf_bpf(struct net_device *net, struct netdev_bpf *bpf)
{
	struct vf *vf = vf_of(net);

	if (vf->xdp_error && bpf->prog)
		return vf->xdp_error;
	if (vf->prog)
		bpf_prog_put(vf->prog);
	vf->prog = bpf->prog;
	return 0;
}

static int vf_xdp_xmit(struct net_device *net, int n, struct xdp_frame **frames, u32 flags)
{
	vf_of(net)->xdp_sent += n;
	return n;
}

static void vf_rx_mode(struct net_device *net)
{
}

static const struct net_device_ops vf_ops = {
	.ndo_start_xmit = vf_xmit,
	.ndo_change_mtu = vf_change_mtu,
	.ndo_set_mac_address = vf_set_mac,
	.ndo_set_rx_mode = vf_rx_mode,
	.ndo_bpf = vf_bpf,
	.ndo_xdp_xmit = vf_xdp_xmit,
};

static void release(struct device *device)
{
	kfree(to_pci_dev(device));
}

/* A PCI device that the PCI bus knows nothing of, so that nobody probes it. */
static struct vf *new_vf(struct kunit *test, const char *slot)
{
	static unsigned int count;
	struct vf *vf = kunit_kzalloc(test, sizeof(*vf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vf);
	vf->pci = kzalloc(sizeof(*vf->pci), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vf->pci);
	vf->slot.kobj.name = slot;
	vf->pci->slot = slot ? &vf->slot : NULL;
	vf->pci->dev.release = release;
	dev_set_name(&vf->pci->dev, "fake-vf-%u", count++);
	KUNIT_ASSERT_EQ(test, device_register(&vf->pci->dev), 0);
	vf->pci->dev.bus = &pci_bus_type;
	return vf;
}

/* Its interface comes, with the last byte of its address. */
static void plug(struct kunit *test, struct vf *vf, u8 last)
{
	const u8 mac[] = { 0x00, 0x15, 0x5d, 1, 2, last };
	struct net_device *net = alloc_etherdev(sizeof(struct vf_priv));

	KUNIT_ASSERT_NOT_NULL(test, net);
	((struct vf_priv *)netdev_priv(net))->vf = vf;
	net->netdev_ops = &vf_ops;
	net->max_mtu = 9000;
	eth_hw_addr_set(net, mac);
	SET_NETDEV_DEV(net, &vf->pci->dev);
	vf->net = net;
	if (register_netdev(net)) {
		free_netdev(net);
		vf->net = NULL;
	}
	KUNIT_ASSERT_NOT_NULL(test, vf->net);
}

static void unplug(struct vf *vf)
{
	if (!vf->net)
		return;
	unregister_netdev(vf->net);
	free_netdev(vf->net);
	vf->net = NULL;
}

static void free_vf(struct vf *vf)
{
	unplug(vf);
	vf->pci->dev.bus = NULL;
	device_unregister(&vf->pci->dev);
}

/* ---- the host's part ---- */

static void associate(struct fake_host *host, u32 present, u32 serial)
{
	const u32 words[10] = { 128, present, serial };

	fake_packet(host->channel, VM_PKT_DATA_INBAND, 0, NULL, 0, words, sizeof(words));
	fake_kick(host->channel);
}

static void any_mtu(struct fake_host *host)
{
	host->mtu = 0;
}

static int vf_init(struct kunit *test)
{
	struct traffic *t;
	int ret = traffic_start(test, any_mtu);

	if (ret)
		return ret;
	t = test->priv;
	t->more = new_vf(test, "7");
	return 0;
}

static void vf_exit(struct kunit *test)
{
	struct traffic *t = test->priv;

	if (t && t->more)
		free_vf(t->more);
	traffic_exit(test);
}

static bool uses_vf(struct traffic *t)
{
	return READ_ONCE(t->a->path_is_vf) && t->host->path == 1;
}

/* The VF that the host announced has come and is in use. */
static struct vf *joined(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = t->more;

	associate(t->host, 1, SERIAL);
	plug(test, vf, 3);
	KUNIT_ASSERT_TRUE(test, fake_wait(uses_vf(t)));
	return vf;
}

static void vf_joins(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);
	struct rtnl_link_stats64 stats = { };
	struct sk_buff *skb;

	rtnl_lock();
	KUNIT_EXPECT_PTR_EQ(test, netdev_master_upper_dev_get(vf->net), t->net);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_UP);
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_SLAVE);
	/* where the kernel has the flag */
	KUNIT_EXPECT_EQ(test, vf->net->priv_flags & IFF_NO_ADDRCONF, IFF_NO_ADDRCONF);
	KUNIT_EXPECT_EQ(test, vf->net->mtu, t->net->mtu);

	/* Frames take it, both ways, and are counted. */
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(vf->sent) == 1));
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 0u);
	skb = traffic_skb(test, t, 60);
	skb->dev = vf->net;
	skb->protocol = eth_type_trans(skb, vf->net);
	KUNIT_EXPECT_EQ(test, netif_rx(skb), NET_RX_SUCCESS);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 1));
	t->net->netdev_ops->ndo_get_stats64(t->net, &stats);
	KUNIT_EXPECT_EQ(test, stats.tx_packets, 1ull);
	KUNIT_EXPECT_EQ(test, stats.tx_bytes, 60ull);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, 1ull);
	KUNIT_EXPECT_EQ(test, stats.rx_bytes, 46ull);

	/* What the host still sends on the synthetic path arrives. */
	fake_rndis(t->ch, t->words, traffic_frame(t->words, NULL, 0, 60, 1));
	KUNIT_EXPECT_TRUE(test, fake_wait(t->count == 2));

	/* It goes: so do the frames. */
	unplug(vf);
	KUNIT_EXPECT_EQ(test, t->host->path, 0u);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(t->a->vf), (struct net_device *)NULL);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 1u);
	associate(t->host, 0, SERIAL);
	KUNIT_EXPECT_TRUE(test, fake_wait(!READ_ONCE(t->a->vf_present)));
	/* And comes again. */
	joined(test);
}

static void vf_goes_down_and_up(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);
	u32 switches = t->host->nvsp[129];

	rtnl_lock();
	dev_close(vf->net);
	rtnl_unlock();
	KUNIT_EXPECT_FALSE(test, uses_vf(t));
	KUNIT_EXPECT_EQ(test, t->host->path, 0u);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 1u);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_open(vf->net, NULL), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
	/* A switch a change, no more. */
	KUNIT_EXPECT_EQ(test, t->host->nvsp[129], switches + 2);

	/* Without a carrier it is no use, and the host needs not be told. */
	netif_carrier_off(vf->net);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 2u);
	netif_carrier_on(vf->net);

	/* With the interface it goes down and up. */
	rtnl_lock();
	dev_close(t->net);
	KUNIT_EXPECT_FALSE(test, vf->net->flags & IFF_UP);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, fake_host_up(t->host), 0);
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_UP);
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
}

/* A host that announces the VF late, and one that never does. */
static void vf_announced_late(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = t->more;
	unsigned long until = jiffies + HZ / 2;

	plug(test, vf, 3);
	while (time_before(jiffies, until))
		msleep(50);
	KUNIT_EXPECT_FALSE(test, uses_vf(t));
	associate(t->host, 1, SERIAL);
	KUNIT_EXPECT_TRUE(test, fake_wait(uses_vf(t)));
	unplug(vf);

	associate(t->host, 0, SERIAL);
	KUNIT_ASSERT_TRUE(test, fake_wait(!READ_ONCE(t->a->vf_present)));
	plug(test, vf, 3);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_timeout == 1));
	rtnl_lock();
	KUNIT_EXPECT_FALSE(test, uses_vf(t));
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 1u);
}

static bool never_switch(struct fake_host *host, const u32 *msg, u64 id)
{
	return msg[0] == 129;
}

static void vf_path_stays(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = t->more;

	t->host->on_nvsp = never_switch;
	associate(t->host, 1, SERIAL);
	plug(test, vf, 3);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->counters.host_timeout == 1));
	rtnl_lock();
	KUNIT_EXPECT_FALSE(test, READ_ONCE(t->a->path_is_vf));
	rtnl_unlock();
	/* The next event tries again. */
	t->host->on_nvsp = NULL;
	rtnl_lock();
	netdev_state_change(vf->net);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
}

/* Interfaces that are none of our business. */
static void vf_of_others(struct kunit *test)
{
	static const struct {
		const char *what, *slot;
		u8 last;		/* of its address */
	} cases[] = {
		{ "another address", "7", 4 },
		{ "no slot", NULL, 3 },
		{ "a slot that is no number", "left", 3 },
	};
	struct traffic *t = test->priv;
	struct vf *first, *second;
	unsigned int i;

	associate(t->host, 1, SERIAL);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vf *vf = new_vf(test, cases[i].slot);

		plug(test, vf, cases[i].last);
		KUNIT_EXPECT_PTR_EQ_MSG(test, rcu_access_pointer(t->a->vf),
					(struct net_device *)NULL, "%s", cases[i].what);
		KUNIT_EXPECT_FALSE_MSG(test, vf->net->flags & IFF_SLAVE, "%s", cases[i].what);
		free_vf(vf);
	}
	/* A second one with the same address finds the place taken. */
	first = joined(test);
	second = new_vf(test, "7");
	plug(test, second, 3);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(t->a->vf), first->net);
	free_vf(second);
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
}

/* ---- what the VF is told ---- */

static void vf_follows_settings(struct kunit *test)
{
	static const u8 mac[] = { 0x00, 0x15, 0x5d, 0xfa, 0x0b, 0x9c };
	static const u8 group[] = { 0x01, 0, 0x5e, 1, 2, 3 };
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);
	struct sockaddr addr = { };
	struct ethtool_link_ksettings link = { };

	rtnl_lock();
	/* The MTU: the VF's first, and back when either refuses. */
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 4000), 0);
	KUNIT_EXPECT_EQ(test, vf->net->mtu, 4000u);
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 9001), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 4000u);
	t->host->mtu = 5000;
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 6000), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->net->mtu, 4000u);
	KUNIT_EXPECT_EQ(test, vf->net->mtu, 4000u);

	/* The address likewise, which does not change while frames flow. */
	dev_close(t->net);
	memcpy(addr.sa_data, mac, 6);
	addr.sa_family = t->net->type;
	vf->mac_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(t->net, &addr, NULL), -EBUSY);
	vf->mac_error = 0;
	t->host->refuse = 0x0001021b;
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(t->net, &addr, NULL), -EIO);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(vf->net->dev_addr, t->net->dev_addr));
	KUNIT_EXPECT_FALSE(test, ether_addr_equal(vf->net->dev_addr, mac));
	t->host->refuse = 0;
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(t->net, &addr, NULL), 0);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(vf->net->dev_addr, mac));
	KUNIT_EXPECT_EQ(test, dev_open(t->net, NULL), 0);

	/* Flags and groups. */
	dev_set_promiscuity(t->net, 1);
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_PROMISC);
	dev_set_promiscuity(t->net, -1);
	KUNIT_EXPECT_FALSE(test, vf->net->flags & IFF_PROMISC);
	dev_set_allmulti(t->net, 1);
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_ALLMULTI);
	dev_set_allmulti(t->net, -1);
	KUNIT_EXPECT_FALSE(test, vf->net->flags & IFF_ALLMULTI);
	KUNIT_EXPECT_EQ(test, dev_mc_add(t->net, group), 0);
	KUNIT_EXPECT_EQ(test, netdev_mc_count(vf->net), netdev_mc_count(t->net));
	dev_mc_del(t->net, group);

	/* Speed is the VF's, which has none here; features are wanted of it. */
	KUNIT_EXPECT_EQ(test, t->net->ethtool_ops->get_link_ksettings(t->net, &link), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->net->ethtool_ops->set_link_ksettings(t->net, &link), -EOPNOTSUPP);
	t->net->wanted_features &= ~NETIF_F_TSO;
	netdev_update_features(t->net);
	KUNIT_EXPECT_FALSE(test, vf->net->wanted_features & NETIF_F_TSO);
	rtnl_unlock();
}

static unsigned int pass(const void *ctx, const struct bpf_insn *insns)
{
	return XDP_PASS;
}

static int attach(struct traffic *t, struct bpf_prog *prog)
{
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG, .prog = prog };
	int ret;

	rtnl_lock();
	if (prog)
		bpf_prog_inc(prog);
	ret = t->net->netdev_ops->ndo_bpf(t->net, &bpf);
	if (ret && prog)
		bpf_prog_put(prog);
	rtnl_unlock();
	return ret;
}

static void vf_runs_the_program(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = t->more;
	struct xdp_frame *frames[2] = { };
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(1), 0);

	KUNIT_ASSERT_NOT_NULL(test, prog);
	prog->type = BPF_PROG_TYPE_XDP;
	prog->bpf_func = pass;
	atomic64_set(&prog->aux->refcnt, 100);

	/* A VF that comes gets it, one that goes gives it back. */
	KUNIT_EXPECT_EQ(test, attach(t, prog), 0);
	joined(test);
	KUNIT_EXPECT_PTR_EQ(test, vf->prog, prog);
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 102ll);
	unplug(vf);
	KUNIT_EXPECT_PTR_EQ(test, vf->prog, (struct bpf_prog *)NULL);
	joined(test);
	KUNIT_EXPECT_EQ(test, attach(t, NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, vf->prog, (struct bpf_prog *)NULL);
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 100ll);

	/* Where the VF cannot, nobody does; nor does the VF where we cannot. */
	vf->xdp_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, attach(t, prog), -EOPNOTSUPP);
	vf->xdp_error = 0;
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 100ll);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 9000), 0);
	rtnl_unlock();
	KUNIT_ASSERT_TRUE(test, fake_wait(uses_vf(t)));
	KUNIT_EXPECT_EQ(test, attach(t, prog), -EOPNOTSUPP);
	KUNIT_EXPECT_PTR_EQ(test, vf->prog, (struct bpf_prog *)NULL);
	KUNIT_EXPECT_EQ(test, atomic64_read(&prog->aux->refcnt), 100ll);

	/* Frames that others redirect to us take the VF too. */
	local_bh_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, t->net->netdev_ops->ndo_xdp_xmit(t->net, 2, frames, 0), 2);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, vf->xdp_sent, 2u);
	bpf_prog_free(prog);
}

/* ---- before, after and without the interface ---- */

static bool announce(struct fake_host *host, const u32 *msg, u64 id)
{
	if (msg[0] == 100)
		associate(host, 1, SERIAL);
	return false;
}

static void announces(struct fake_host *host)
{
	host->on_nvsp = announce;
}

static void vf_was_there_first(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = t->more;

	traffic_exit(test);
	test->priv = NULL;
	plug(test, vf, 3);
	KUNIT_EXPECT_EQ(test, traffic_start(test, announces), 0);
	t = test->priv;
	t->more = vf;
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(t->a->vf), vf->net);
	KUNIT_EXPECT_TRUE(test, vf->net->flags & IFF_SLAVE);
	KUNIT_EXPECT_TRUE(test, fake_wait(uses_vf(t)));
}

static void vf_outlives_the_interface(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);

	traffic_end(t);
	rtnl_lock();
	KUNIT_EXPECT_PTR_EQ(test, netdev_master_upper_dev_get(vf->net), (struct net_device *)NULL);
	rtnl_unlock();
}

static void vf_through_a_suspend(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);

	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	/* Events while there is no host are for later. */
	rtnl_lock();
	netdev_state_change(vf->net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), 0);
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
}

/* What waits on the synthetic path does not wait for frames that take the VF. */
static void vf_sends_what_waits(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);
	struct netvsc_tx_msg *msg = &t->s->channel[0]->tx.msg;
	struct netvsc_tx_hold *hold = &t->s->channel[0]->tx.hold;
	struct socket *socket;
	struct sk_buff *skb;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
					       &socket), 0);
	rtnl_lock();
	dev_close(vf->net);
	/* A stream in a long window, and a long wait. */
	hold->stream = true;
	hold->since = jiffies + 60 * HZ;
	t->a->tx_usecs = 60 * 1000 * 1000;
	skb = traffic_skb(test, t, 60);
	skb->sk = socket->sk;
	KUNIT_EXPECT_EQ(test, traffic_send(t, skb, false), NETDEV_TX_OK);
	KUNIT_EXPECT_TRUE(test, msg->state == NETVSC_TX_OPEN && msg->held);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 0u);
	KUNIT_EXPECT_EQ(test, dev_open(vf->net, NULL), 0);
	rtnl_unlock();
	KUNIT_ASSERT_TRUE(test, fake_wait(uses_vf(t)));
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 0u);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(vf->sent) == 1));
	KUNIT_EXPECT_EQ(test, t->host->num_sent, 1u);
	KUNIT_EXPECT_EQ(test, msg->state, NETVSC_TX_EMPTY);
	fake_complete(t->ch, t->host->sent[0].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&traffic_freed) == 2));
	sock_release(socket);
}

/* A session starts on the synthetic path: what was on the VF goes back to it, at once. */
static void vf_through_new_sessions(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct vf *vf = joined(test);
	u32 switches;

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 1400), 0);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, uses_vf(t));
	/* And what was not does not. */
	rtnl_lock();
	dev_close(vf->net);
	switches = t->host->nvsp[129];
	KUNIT_EXPECT_EQ(test, dev_set_mtu(t->net, 1500), 0);
	rtnl_unlock();
	KUNIT_EXPECT_FALSE(test, uses_vf(t));
	KUNIT_EXPECT_EQ(test, t->host->path, 0u);
	KUNIT_EXPECT_EQ(test, t->host->nvsp[129], switches);
}

static struct kunit_case vf_cases[] = {
	KUNIT_CASE(vf_joins),
	KUNIT_CASE(vf_goes_down_and_up),
	KUNIT_CASE(vf_sends_what_waits),
	KUNIT_CASE(vf_announced_late),
	KUNIT_CASE(vf_path_stays),
	KUNIT_CASE(vf_of_others),
	KUNIT_CASE(vf_follows_settings),
	KUNIT_CASE(vf_runs_the_program),
	KUNIT_CASE(vf_was_there_first),
	KUNIT_CASE(vf_outlives_the_interface),
	KUNIT_CASE(vf_through_a_suspend),
	KUNIT_CASE(vf_through_new_sessions),
	{ }
};

struct kunit_suite vf_suite = {
	.name = "hv-netvsc-vf",
	.init = vf_init,
	.exit = vf_exit,
	.test_cases = vf_cases,
};
