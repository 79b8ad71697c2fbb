// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: XDP programs, which here are C functions: attached and detached with every reference
 * counted, run on received frames with every verdict, and frames that others redirect to us.
 */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>

#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define REFS		100	/* of a program, before the driver has any */
/* A page holds the frame, 256 bytes in front of it and what an skb needs behind. */
#define LARGEST_MTU	((int)SKB_WITH_OVERHEAD(PAGE_SIZE) - 256 - 14)

/* Verdicts of the program beyond those that there are. */
#define CUT_TAIL	10	/* passes the frame without its last 10 bytes */
#define CUT_ALL		11	/* passes what is no frame any more */
#define CUT_ALL_TX	12
#define LOST		13	/* redirects to nowhere */

struct xdp {
	struct bpf_prog *prog;
	struct net_device *sink;	/* where redirected frames go */
};

static u32 sunk;

static void four_queues(struct fake_host *host)
{
	host->mtu = 0;
	host->queues = 4;
	host->offers_lro = true;
}

/* The frame's byte behind the Ethernet header is the verdict, the two after it a target. */
static unsigned int program(const void *ctx, const struct bpf_insn *insns)
{
	struct xdp_buff *xdp = (void *)ctx;
	struct bpf_redirect_info *ri = bpf_net_ctx_get_ri();
	const u8 *frame = xdp->data;

	switch (frame[14]) {
	case CUT_TAIL:
		xdp->data_end -= 10;
		return XDP_PASS;
	case CUT_ALL:
		xdp->data_end = xdp->data + 13;
		return XDP_PASS;
	case CUT_ALL_TX:
		xdp->data_end = xdp->data + 13;
		return XDP_TX;
	case XDP_REDIRECT:
		ri->tgt_index = frame[15] << 8 | frame[16];
		ri->map_id = INT_MAX;
		ri->map_type = BPF_MAP_TYPE_UNSPEC;
		return XDP_REDIRECT;
	case LOST:
		ri->tgt_index = 0x7fff;
		ri->map_id = INT_MAX;
		ri->map_type = BPF_MAP_TYPE_UNSPEC;
		return XDP_REDIRECT;
	}
	return frame[14];
}

static netdev_tx_t sink_xmit(struct sk_buff *skb, struct net_device *net)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int sink_xdp(struct net_device *net, int n, struct xdp_frame **frames, u32 flags)
{
	int i;

	for (i = 0; i < n; i++) {
		sunk += frames[i]->len;
		xdp_return_frame_rx_napi(frames[i]);
	}
	return n;
}

static const struct net_device_ops sink_ops = {
	.ndo_start_xmit = sink_xmit,
	.ndo_xdp_xmit = sink_xdp,
};

static int xdp_init(struct kunit *test)
{
	struct xdp *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);
	int ret = traffic_start(test, four_queues);
	struct traffic *t = test->priv;

	if (ret)
		return ret;
	KUNIT_ASSERT_NOT_NULL(test, x);
	t->more = x;
	sunk = 0;
	x->prog = bpf_prog_alloc(bpf_prog_size(1), 0);
	KUNIT_ASSERT_NOT_NULL(test, x->prog);
	x->prog->type = BPF_PROG_TYPE_XDP;
	x->prog->bpf_func = program;
	atomic64_set(&x->prog->aux->refcnt, REFS);
	/* LRO and XDP exclude each other. */
	rtnl_lock();
	t->net->wanted_features &= ~NETIF_F_LRO;
	netdev_update_features(t->net);
	rtnl_unlock();
	traffic_settle(t);
	return 0;
}

static void xdp_exit(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct xdp *x = t ? t->more : NULL;

	traffic_exit(test);
	if (!x)
		return;
	if (x->prog) {
		KUNIT_EXPECT_EQ(test, atomic64_read(&x->prog->aux->refcnt), (s64)REFS);
		bpf_prog_free(x->prog);
	}
	if (x->sink) {
		unregister_netdev(x->sink);
		free_netdev(x->sink);
	}
}

/* References that the driver has: all, without the core's to what is attached. */
static int refs(struct traffic *t)
{
	const struct bpf_prog *prog = ((struct xdp *)t->more)->prog;
	bool cores = t->up && t->net->xdp_state[XDP_MODE_DRV].prog;

	return atomic64_read(&prog->aux->refcnt) - REFS - cores;
}

/* As the core does, which remembers what is attached and detaches it from a device that goes. */
static int attach(struct traffic *t, bool on)
{
	struct xdp *x = t->more;
	struct bpf_prog **cores = &t->net->xdp_state[XDP_MODE_DRV].prog;
	struct netlink_ext_ack extack = { };
	struct netdev_bpf bpf = {
		.command = XDP_SETUP_PROG,
		.prog = on ? x->prog : NULL,
		.extack = &extack,
	};
	int ret;

	rtnl_lock();
	if (bpf.prog)
		bpf_prog_add(bpf.prog, 2);
	ret = t->net->netdev_ops->ndo_bpf(t->net, &bpf);
	if (!ret)
		swap(*cores, bpf.prog);
	else if (bpf.prog)
		bpf_prog_put(bpf.prog);
	if (bpf.prog)
		bpf_prog_put(bpf.prog);
	rtnl_unlock();
	return ret;
}

static void xdp_attaches(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct netdev_bpf other = { .command = XDP_SETUP_XSK_POOL };
	struct ethtool_channels two = { .combined_count = 2 };

	/* A reference a channel. */
	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 4);
	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 4);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, t->net->netdev_ops->ndo_bpf(t->net, &other), -EINVAL);
	/* It stays attached through new sessions. */
	KUNIT_EXPECT_EQ(test, t->net->ethtool_ops->set_channels(t->net, &two), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, refs(t), 2);
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 1400), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 2);
	KUNIT_EXPECT_EQ(test, attach(t, false), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
	KUNIT_EXPECT_EQ(test, attach(t, false), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
}

/* Neither large frames nor coalesced ones. */
static void xdp_limits(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, LARGEST_MTU + 1), 0);
	KUNIT_EXPECT_EQ(test, attach(t, true), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, LARGEST_MTU), 0);
	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	/* Then the MTU has to stay. */
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, LARGEST_MTU + 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->net->mtu, (u32)LARGEST_MTU);
	KUNIT_EXPECT_EQ(test, refs(t), 4);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(t->net));
	/* And LRO stays off. */
	rtnl_lock();
	t->net->wanted_features |= NETIF_F_LRO;
	netdev_update_features(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_FALSE(test, t->net->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, attach(t, false), 0);
	rtnl_lock();
	netdev_update_features(t->net);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, t->net->features & NETIF_F_LRO);
	KUNIT_EXPECT_EQ(test, attach(t, true), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
}

/* The device goes with a program attached, awake, asleep, or after it lost its host. */
static void xdp_removed(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
}

static void xdp_removed_asleep(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 1);
	KUNIT_EXPECT_EQ(test, fake_driver->resume(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, refs(t), 4);
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	traffic_end(t);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
}

static bool refuse_all(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 no[] = { 102, 2 };

	if (msg[0] == 101)
		fake_complete(host->channel, id, no, 2);
	return msg[0] == 101;
}

static void xdp_removed_without_host(struct kunit *test)
{
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	t->host->on_nvsp = refuse_all;
	KUNIT_EXPECT_EQ(test, traffic_set_mtu(t, 1400), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, t->s, (struct netvsc_session *)NULL);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
	KUNIT_EXPECT_EQ(test, attach(t, true), -ENODEV);
	KUNIT_EXPECT_EQ(test, refs(t), 0);
	traffic_end(t);
}

/* ---- verdicts ---- */

static void receive(struct traffic *t, u32 len, u8 verdict, u16 target)
{
	u32 n = traffic_frame(t->words, NULL, 0, len, 0);
	u8 *frame = (u8 *)(t->words + 11);

	frame[14] = verdict;
	frame[15] = target >> 8;
	frame[16] = target;
	fake_rndis(t->ch, t->words, n);
}

static void xdp_verdicts(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 verdict;
		u32 passed;		/* bytes, with the Ethernet header */
		u32 sent;		/* bytes sent back */
		u32 drop, tx;		/* counted */
	} cases[] = {
		{ "pass", XDP_PASS, 100, 0, 0, 0 },
		{ "drop", XDP_DROP, 0, 0, 1, 0 },
		{ "abort", XDP_ABORTED, 0, 0, 1, 0 },
		{ "send back", XDP_TX, 0, 100, 0, 1 },
		{ "what there is not", 99, 0, 0, 1, 0 },
		{ "cut", CUT_TAIL, 90, 0, 0, 0 },
		{ "cut to nothing", CUT_ALL, 0, 0, 1, 0 },
		{ "cut to nothing and send", CUT_ALL_TX, 0, 0, 1, 0 },
		{ "redirect to nowhere", LOST, 0, 0, 1, 0 },
	};
	struct traffic *t = test->priv;
	struct netvsc_rx_stats *stats = &t->a->rx_stats[0];
	u32 i, passed = 0, sent = 0;

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 drop = stats->xdp_drop, tx = stats->xdp_tx;

		receive(t, 100, cases[i].verdict, 0);
		/* Whatever becomes of it, it was received well. */
		KUNIT_EXPECT_TRUE_MSG(test, traffic_acked(t, i + 1, 0), "%s", cases[i].what);
		passed += !!cases[i].passed;
		sent += !!cases[i].sent;
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(t->count == passed), "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, t->host->num_sent, sent, "%s", cases[i].what);
		if (cases[i].passed)
			KUNIT_EXPECT_EQ_MSG(test, t->got[passed - 1].len, cases[i].passed - 14,
					    "%s", cases[i].what);
		if (cases[i].sent) {
			const u8 *at = t->host->send + t->host->sent[sent - 1].section * SECTION;

			KUNIT_EXPECT_EQ_MSG(test, memcmp(at + HEADER, t->words + 11, 100), 0,
					    "%s", cases[i].what);
			fake_complete(t->ch, t->host->sent[sent - 1].id, sent_ok, 2);
		}
		KUNIT_EXPECT_EQ_MSG(test, stats->xdp_drop - drop, (u64)cases[i].drop, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, stats->xdp_tx - tx, (u64)cases[i].tx, "%s",
				    cases[i].what);
	}
	KUNIT_EXPECT_TRUE(test, fake_wait(!atomic_read(&t->s->channel[0]->tx.outstanding)));
}

/* A frame that no page holds is dropped, not shown in part. */
static void xdp_too_long(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 n = traffic_frame(t->words, NULL, 0, 60, 0), range[2];

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	t->words[1] = HEADER + 4000;
	t->words[3] = 4000;
	range[0] = HEADER + 4000;
	range[1] = fake_message(t->host, t->words, 4 * n);
	((u8 *)t->host->recv)[range[1] + HEADER + 14] = XDP_PASS;
	fake_ranges(t->ch, 5, range, 1);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 1, 0));
	KUNIT_EXPECT_EQ(test, t->a->rx_stats[0].xdp_drop, 1ull);
	KUNIT_EXPECT_EQ(test, t->count, 0u);
}

/* A frame to send back finds the ring full, or the queues stopped. */
static void xdp_cannot_send(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 i;

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	rtnl_lock();
	netvsc_tx_disable(t->s);
	receive(t, 100, XDP_TX, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->rx_stats[0].xdp_drop == 1));
	netvsc_tx_enable(t->s);
	rtnl_unlock();

	t->host->hold = true;
	for (i = 0; i < 200; i++)
		receive(t, 100, XDP_TX, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(t->a->rx_stats[0].xdp_drop + t->a->rx_stats[0].xdp_tx ==
					  201));
	KUNIT_EXPECT_GT(test, t->a->rx_stats[0].xdp_drop, 1ull);
	t->host->hold = false;
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 201, 0));
	for (i = 0; i < t->host->num_sent; i++)
		fake_complete(t->ch, t->host->sent[i].id, sent_ok, 2);
	KUNIT_EXPECT_TRUE(test, fake_wait(!atomic_read(&t->s->channel[0]->tx.outstanding)));
}

static void xdp_redirects(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct xdp *x = t->more;
	u32 i;

	x->sink = alloc_etherdev(0);
	KUNIT_ASSERT_NOT_NULL(test, x->sink);
	x->sink->netdev_ops = &sink_ops;
	xdp_set_features_flag(x->sink, NETDEV_XDP_ACT_NDO_XMIT);
	eth_hw_addr_random(x->sink);
	if (register_netdev(x->sink)) {
		free_netdev(x->sink);
		x->sink = NULL;
	}
	KUNIT_ASSERT_NOT_NULL(test, x->sink);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_open(x->sink, NULL), 0);
	rtnl_unlock();

	KUNIT_EXPECT_EQ(test, attach(t, true), 0);
	for (i = 0; i < 3; i++) {
		receive(t, 100 + i, XDP_REDIRECT, x->sink->ifindex);
		KUNIT_EXPECT_TRUE(test, fake_wait(t->a->rx_stats[0].xdp_redirect == i + 1));
	}
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(sunk) == 303));
	KUNIT_EXPECT_TRUE(test, traffic_acked(t, 3, 0));
	KUNIT_EXPECT_EQ(test, t->a->rx_stats[0].packets, 3ull);
	KUNIT_EXPECT_EQ(test, t->count, 0u);
}

/* ---- frames that others redirect to us ---- */

static struct xdp_frame *new_frame(struct kunit *test, u32 len)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct xdp_frame *frame;

	KUNIT_ASSERT_NOT_NULL(test, page);
	frame = page_address(page);
	frame->data = page_address(page) + XDP_PACKET_HEADROOM;
	frame->len = len;
	frame->headroom = XDP_PACKET_HEADROOM - sizeof(*frame);
	memset(frame->data, len, min(len, 3000u));
	return frame;
}

static int xmit(struct traffic *t, struct xdp_frame **frames, int n)
{
	int sent;

	local_bh_disable();
	rcu_read_lock();
	sent = t->net->netdev_ops->ndo_xdp_xmit(t->net, n, frames, XDP_XMIT_FLUSH);
	rcu_read_unlock();
	local_bh_enable();
	return sent;
}

/* Basic 1, redirect 2, frames of others 4: the kernel asks before it redirects to us. */
static void xdp_says_what_it_can(struct kunit *test)
{
#ifdef HVIC_HAVE_XDP_FEATURES
	struct traffic *t = test->priv;

	KUNIT_EXPECT_EQ(test, t->net->xdp_features, 7u);
#else
	kunit_skip(test, "this kernel does not ask");
#endif
}

static void xdp_xmits(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct xdp_frame *frames[4];
	u64 counted = 0;
	u32 i;

	/* The third fits no send section: it and what follows stay the caller's. */
	for (i = 0; i < 4; i++)
		frames[i] = new_frame(test, i == 2 ? 6144 : 60 + i);
	KUNIT_EXPECT_EQ(test, xmit(t, frames, 4), 2);
	fake_read(t->host);
	KUNIT_ASSERT_EQ(test, t->host->num_sent, 2u);
	for (i = 0; i < 2; i++) {
		const struct fake_sent *sent = &t->host->sent[i];
		const u8 *at = t->host->send + sent->section * SECTION;

		KUNIT_EXPECT_EQ(test, at[HEADER], 60 + i);
		KUNIT_EXPECT_EQ(test, at[HEADER + 59], 60 + i);
		fake_complete(&t->host->channel[sent->channel], sent->id, sent_ok, 2);
	}
	for (i = 0; i < 4; i++)
		counted += t->a->tx_stats[i].xdp_xmit;
	KUNIT_EXPECT_EQ(test, counted, 2ull);

	rtnl_lock();
	netvsc_tx_disable(t->s);
	KUNIT_EXPECT_EQ(test, xmit(t, frames + 2, 2), -ENETDOWN);
	netvsc_tx_enable(t->s);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, fake_driver->suspend(&t->host->hv), 0);
	KUNIT_EXPECT_EQ(test, xmit(t, frames + 2, 2), -ENETDOWN);
	for (i = 2; i < 4; i++)
		xdp_return_frame(frames[i]);
}

static struct kunit_case xdp_cases[] = {
	KUNIT_CASE(xdp_attaches),
	KUNIT_CASE(xdp_limits),
	KUNIT_CASE(xdp_removed),
	KUNIT_CASE(xdp_removed_asleep),
	KUNIT_CASE(xdp_removed_without_host),
	KUNIT_CASE(xdp_verdicts),
	KUNIT_CASE(xdp_too_long),
	KUNIT_CASE(xdp_cannot_send),
	KUNIT_CASE(xdp_redirects),
	KUNIT_CASE(xdp_says_what_it_can),
	KUNIT_CASE(xdp_xmits),
	{ }
};

struct kunit_suite xdp_suite = {
	.name = "hv-netvsc-xdp",
	.init = xdp_init,
	.exit = xdp_exit,
	.test_cases = xdp_cases,
};
