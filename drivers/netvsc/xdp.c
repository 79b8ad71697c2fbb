// SPDX-License-Identifier: GPL-2.0
/*
 * XDP: running a program on received frames, attaching programs to the channels and to the VF,
 * and sending frames that other interfaces redirect to us.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"

/* The longest frame that a program can be shown, with the headroom it may use. */
#define XDP_MAX_FRAME	(SKB_WITH_OVERHEAD(PAGE_SIZE) - NETVSC_XDP_HEADROOM)

/**
 * netvsc_xdp_run() - run a program on a frame
 * @ch: the channel
 * @prog: the program
 * @data: the frame, in memory shared with the host
 * @len: its bytes
 * @xdp: then describes the frame in a page of the channel, which the next frame reuses
 *
 * Context: softirq.
 * Return: XDP_PASS or XDP_TX, for the caller to do before the next frame; XDP_REDIRECT when it
 * is done; XDP_DROP for all else.
 */
u32 netvsc_xdp_run(struct netvsc_channel *ch, struct bpf_prog *prog, const void *data, u32 len,
		   struct xdp_buff *xdp)
{
	struct net_device *net = ch->session->net;
	u32 act;

	if (len > XDP_MAX_FRAME)
		return XDP_DROP;
	if (!ch->rx.xdp_page)
		ch->rx.xdp_page = dev_alloc_page();
	if (!ch->rx.xdp_page)
		return XDP_DROP;

	xdp_init_buff(xdp, PAGE_SIZE, &ch->xdp_rxq);
	xdp_prepare_buff(xdp, page_address(ch->rx.xdp_page), NETVSC_XDP_HEADROOM, len, false);
	memcpy(xdp->data, data, len);

	act = bpf_prog_run_xdp(prog, xdp);
	switch (act) {
	case XDP_PASS:
	case XDP_TX:
		/* A program may have cut the frame. */
		if (xdp->data_end - xdp->data >= ETH_HLEN)
			return act;
		return XDP_DROP;
	case XDP_DROP:
		return XDP_DROP;
	case XDP_REDIRECT:
		if (!xdp_do_redirect(net, xdp, prog)) {
			/* The page is the target's now. */
			ch->rx.xdp_page = NULL;
			return XDP_REDIRECT;
		}
		break;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(net, prog, act);
		return XDP_DROP;
	}
	trace_xdp_exception(net, prog, act);
	return XDP_DROP;
}

/**
 * netvsc_xdp_prog() - the program attached
 * @s: the session
 *
 * Context: RTNL.
 * Return: the program or NULL.
 */
struct bpf_prog *netvsc_xdp_prog(struct netvsc_session *s)
{
	return rtnl_dereference(s->channel[0]->prog);
}

/**
 * netvsc_xdp_set() - attach a program to every channel, or detach
 * @s: the session
 * @prog: the program, one reference of which becomes ours; or NULL
 * @extack: where to say what is wrong, or NULL
 *
 * Context: process, RTNL.
 * Return: 0, or -EOPNOTSUPP; then nothing changes.
 */
int netvsc_xdp_set(struct netvsc_session *s, struct bpf_prog *prog,
		   struct netlink_ext_ack *extack)
{
	struct bpf_prog *old;
	unsigned int i;

	if (prog && s->net->mtu + ETH_HLEN > XDP_MAX_FRAME) {
		NL_SET_ERR_MSG_MOD(extack, "the MTU is too large for XDP");
		return -EOPNOTSUPP;
	}
	if (prog && s->net->features & NETIF_F_LRO) {
		NL_SET_ERR_MSG_MOD(extack, "XDP and LRO exclude each other: ethtool -K lro off");
		return -EOPNOTSUPP;
	}

	/* A channel, a reference. */
	if (prog && s->num_channels > 1)
		bpf_prog_add(prog, s->num_channels - 1);
	for (i = 0; i < NETVSC_MAX_CHANNELS; i++) {
		if (!s->channel[i])
			continue;
		old = rtnl_dereference(s->channel[i]->prog);
		rcu_assign_pointer(s->channel[i]->prog, i < s->num_channels ? prog : NULL);
		if (old)
			bpf_prog_put(old);
	}
	return 0;
}

/**
 * netvsc_xdp_set_vf() - let the VF run the program too
 * @vf: the VF, or NULL
 * @prog: the program or NULL
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_xdp_set_vf(struct net_device *vf, struct bpf_prog *prog)
{
	struct netdev_bpf bpf = {
		.command = XDP_SETUP_PROG,
		.prog = prog,
	};
	int ret;

	ASSERT_RTNL();
	if (!vf || !vf->netdev_ops->ndo_bpf)
		return 0;
	if (prog)
		bpf_prog_inc(prog);
	ret = vf->netdev_ops->ndo_bpf(vf, &bpf);
	if (ret && prog)
		bpf_prog_put(prog);
	return ret;
}

/**
 * netvsc_bpf() - ndo_bpf
 * @net: the interface
 * @bpf: what to do
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_bpf(struct net_device *net, struct netdev_bpf *bpf)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct net_device *vf = rtnl_dereference(a->vf);
	int ret;

	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	if (!s) {
		if (bpf->prog)
			return -ENODEV;
		/* Letting go needs no host; the core insists on it when the device goes. */
		if (a->saved_prog)
			bpf_prog_put(a->saved_prog);
		a->saved_prog = NULL;
		return netvsc_xdp_set_vf(vf, NULL);
	}

	/* The core keeps its reference when we fail: the VF first, which can. */
	ret = netvsc_xdp_set_vf(vf, bpf->prog);
	if (ret) {
		NL_SET_ERR_MSG_MOD(bpf->extack, "the VF refused the program");
		return ret;
	}
	ret = netvsc_xdp_set(s, bpf->prog, bpf->extack);
	if (ret)
		netvsc_xdp_set_vf(vf, netvsc_xdp_prog(s));
	return ret;
}

static struct netvsc_channel *xmit_channel(struct netvsc_adapter *a)
{
	struct netvsc_session *s = rcu_dereference_bh(a->session);
	struct netvsc_channel *ch;

	if (!s || READ_ONCE(s->tx_disable))
		return NULL;
	ch = s->channel[smp_processor_id() % a->net->real_num_tx_queues];
	/* As in netvsc_start_xmit(). */
	return ch && smp_load_acquire(&ch->open) ? ch : NULL;
}

/**
 * netvsc_xdp_xmit() - ndo_xdp_xmit
 * @net: the interface
 * @n: how many frames
 * @frames: the frames
 * @flags: XDP_XMIT_FLUSH; frames are posted at once, so there is nothing to flush
 *
 * Context: softirq or BH off.
 * Return: how many were sent; the rest stay the caller's.
 */
int netvsc_xdp_xmit(struct net_device *net, int n, struct xdp_frame **frames, u32 flags)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf = rcu_dereference_bh(a->vf);
	struct netvsc_channel *ch = xmit_channel(a);
	struct netdev_queue *txq;
	int i;

	if (vf && netvsc_vf_ready(a, vf) && vf->netdev_ops->ndo_xdp_xmit)
		return vf->netdev_ops->ndo_xdp_xmit(vf, n, frames, flags);
	if (!ch)
		return -ENETDOWN;

	txq = netvsc_txq(ch);
	__netif_tx_lock(txq, smp_processor_id());
	for (i = 0; i < n; i++) {
		if (netvsc_tx_frame(ch, frames[i]->data, frames[i]->len))
			break;
		xdp_return_frame_rx_napi(frames[i]);
	}
	u64_stats_update_begin(&ch->tx.stats->syncp);
	ch->tx.stats->xdp_xmit += i;
	u64_stats_update_end(&ch->tx.stats->syncp);
	__netif_tx_unlock(txq);
	return i;
}
