// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: of the interface, and of ethtool -S, whose names and order are those of the
 * in-tree driver; ours follow at the end. The counters of a queue belong to the adapter and
 * so survive a change of settings.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"

struct counter {
	char name[ETH_GSTRING_LEN];
	u16 offset;
};

#define COUNTER(field)	{ #field, offsetof(struct netvsc_counters, field) }

static const struct counter counters[] = {
	COUNTER(tx_scattered),
	COUNTER(tx_no_memory),
	COUNTER(tx_no_space),
	COUNTER(tx_too_big),
	COUNTER(tx_busy),
	COUNTER(tx_send_full),
	COUNTER(rx_comp_busy),
	COUNTER(rx_no_memory),
	COUNTER(stop_queue),
	COUNTER(wake_queue),
	COUNTER(vlan_error),
};

static const struct counter own_counters[] = {
	COUNTER(host_bad_packet),
	COUNTER(host_bad_completion),
	COUNTER(host_bad_frame),
	COUNTER(host_timeout),
	COUNTER(tx_held),
};

static const struct counter vf_counters[] = {
	{ "vf_rx_packets", offsetof(struct netvsc_vf_stats, rx_packets) },
	{ "vf_rx_bytes", offsetof(struct netvsc_vf_stats, rx_bytes) },
	{ "vf_tx_packets", offsetof(struct netvsc_vf_stats, tx_packets) },
	{ "vf_tx_bytes", offsetof(struct netvsc_vf_stats, tx_bytes) },
};

/* One CPU's share, in the order of its names. */
struct cpu_stats {
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes;
	u64 vf_rx_packets, vf_rx_bytes, vf_tx_packets, vf_tx_bytes;
};

static const char *const cpu_names[] = {
	"cpu%u_rx_packets", "cpu%u_rx_bytes", "cpu%u_tx_packets", "cpu%u_tx_bytes",
	"cpu%u_vf_rx_packets", "cpu%u_vf_rx_bytes", "cpu%u_vf_tx_packets", "cpu%u_vf_tx_bytes",
};

static const char *const queue_names[] = {
	"tx_queue_%u_packets", "tx_queue_%u_bytes", "tx_queue_%u_xdp_xmit",
	"rx_queue_%u_packets", "rx_queue_%u_bytes", "rx_queue_%u_xdp_drop",
	"rx_queue_%u_xdp_redirect", "rx_queue_%u_xdp_tx",
};

#define CPU_STATS	ARRAY_SIZE(cpu_names)
#define QUEUE_STATS	ARRAY_SIZE(queue_names)

static_assert(sizeof(struct cpu_stats) == CPU_STATS * sizeof(u64));

static void read_tx(const struct netvsc_tx_stats *from, struct netvsc_tx_stats *to)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&from->syncp);
		to->packets = from->packets;
		to->bytes = from->bytes;
		to->xdp_xmit = from->xdp_xmit;
	} while (u64_stats_fetch_retry(&from->syncp, start));
}

static void read_rx(const struct netvsc_rx_stats *from, struct netvsc_rx_stats *to)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&from->syncp);
		to->packets = from->packets;
		to->bytes = from->bytes;
		to->broadcast = from->broadcast;
		to->multicast = from->multicast;
		to->xdp_drop = from->xdp_drop;
		to->xdp_redirect = from->xdp_redirect;
		to->xdp_tx = from->xdp_tx;
	} while (u64_stats_fetch_retry(&from->syncp, start));
}

static void read_vf(const struct netvsc_vf_stats *from, struct netvsc_vf_stats *to)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&from->syncp);
		to->rx_packets = from->rx_packets;
		to->rx_bytes = from->rx_bytes;
		to->tx_packets = from->tx_packets;
		to->tx_bytes = from->tx_bytes;
	} while (u64_stats_fetch_retry(&from->syncp, start));
	to->tx_dropped = from->tx_dropped;
}

/**
 * netvsc_vf_totals() - what went through the VF, over all CPUs
 * @a: the adapter
 * @total: the outcome
 */
void netvsc_vf_totals(struct netvsc_adapter *a, struct netvsc_vf_stats *total)
{
	struct netvsc_vf_stats one;
	int cpu;

	memset(total, 0, sizeof(*total));
	for_each_possible_cpu(cpu) {
		read_vf(per_cpu_ptr(a->vf_stats, cpu), &one);
		total->rx_packets += one.rx_packets;
		total->rx_bytes += one.rx_bytes;
		total->tx_packets += one.tx_packets;
		total->tx_bytes += one.tx_bytes;
		total->tx_dropped += one.tx_dropped;
	}
}

/**
 * netvsc_get_stats64() - ndo_get_stats64
 * @net: the interface
 * @t: the outcome
 */
void netvsc_get_stats64(struct net_device *net, struct rtnl_link_stats64 *t)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_vf_stats vf;
	struct netvsc_tx_stats tx;
	struct netvsc_rx_stats rx;
	unsigned int i;

	netdev_stats_to_stats64(t, &net->stats);
	netvsc_vf_totals(a, &vf);
	t->rx_packets += vf.rx_packets;
	t->tx_packets += vf.tx_packets;
	t->rx_bytes += vf.rx_bytes;
	t->tx_bytes += vf.tx_bytes;
	t->tx_dropped += vf.tx_dropped;

	for (i = 0; i < NETVSC_MAX_CHANNELS; i++) {
		read_tx(&a->tx_stats[i], &tx);
		read_rx(&a->rx_stats[i], &rx);
		t->tx_packets += tx.packets;
		t->tx_bytes += tx.bytes;
		t->rx_packets += rx.packets;
		t->rx_bytes += rx.bytes;
		t->multicast += rx.multicast + rx.broadcast;
	}
}

/**
 * netvsc_get_sset_count() - ethtool: how many strings
 * @net: the interface
 * @set: ETH_SS_STATS
 *
 * Context: RTNL.
 * Return: the count or a negative error.
 */
int netvsc_get_sset_count(struct net_device *net, int set)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);

	if (!s)
		return -ENODEV;
	if (set != ETH_SS_STATS)
		return -EINVAL;
	return ARRAY_SIZE(counters) + ARRAY_SIZE(vf_counters) + 1 +
	       s->num_channels * QUEUE_STATS + num_present_cpus() * CPU_STATS +
	       ARRAY_SIZE(own_counters);
}

/**
 * netvsc_get_strings() - ethtool: the names
 * @net: the interface
 * @set: ETH_SS_STATS
 * @data: room for them
 *
 * Context: RTNL.
 */
void netvsc_get_strings(struct net_device *net, u32 set, u8 *data)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	unsigned int i, j;
	int cpu;

	if (!s || set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		ethtool_sprintf(&data, "%s", counters[i].name);
	for (i = 0; i < ARRAY_SIZE(vf_counters); i++)
		ethtool_sprintf(&data, "%s", vf_counters[i].name);
	ethtool_sprintf(&data, "vf_tx_dropped");
	for (i = 0; i < s->num_channels; i++)
		for (j = 0; j < QUEUE_STATS; j++)
			ethtool_sprintf(&data, queue_names[j], i);
	for_each_present_cpu(cpu)
		for (j = 0; j < CPU_STATS; j++)
			ethtool_sprintf(&data, cpu_names[j], cpu);
	for (i = 0; i < ARRAY_SIZE(own_counters); i++)
		ethtool_sprintf(&data, "%s", own_counters[i].name);
}

static u64 *put_counters(u64 *data, const struct netvsc_counters *from,
			 const struct counter *list, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		*data++ = *(const unsigned long *)((const u8 *)from + list[i].offset);
	return data;
}

static u64 *put_queue(u64 *data, struct netvsc_adapter *a, unsigned int index)
{
	struct netvsc_tx_stats tx;
	struct netvsc_rx_stats rx;

	read_tx(&a->tx_stats[index], &tx);
	read_rx(&a->rx_stats[index], &rx);
	*data++ = tx.packets;
	*data++ = tx.bytes;
	*data++ = tx.xdp_xmit;
	*data++ = rx.packets;
	*data++ = rx.bytes;
	*data++ = rx.xdp_drop;
	*data++ = rx.xdp_redirect;
	*data++ = rx.xdp_tx;
	return data;
}

/* A CPU's share: its VF traffic, and that of the channels that interrupt it. */
static void cpu_share(struct netvsc_adapter *a, struct netvsc_session *s, int cpu,
		      struct cpu_stats *share)
{
	struct netvsc_vf_stats vf;
	struct netvsc_tx_stats tx;
	struct netvsc_rx_stats rx;
	unsigned int i;

	read_vf(per_cpu_ptr(a->vf_stats, cpu), &vf);
	share->rx_packets = vf.rx_packets;
	share->rx_bytes = vf.rx_bytes;
	share->tx_packets = vf.tx_packets;
	share->tx_bytes = vf.tx_bytes;
	share->vf_rx_packets = vf.rx_packets;
	share->vf_rx_bytes = vf.rx_bytes;
	share->vf_tx_packets = vf.tx_packets;
	share->vf_tx_bytes = vf.tx_bytes;

	for (i = 0; i < s->num_channels; i++) {
		if (!s->channel[i]->vmbus || s->channel[i]->vmbus->target_cpu != cpu)
			continue;
		read_tx(&a->tx_stats[i], &tx);
		read_rx(&a->rx_stats[i], &rx);
		share->rx_packets += rx.packets;
		share->rx_bytes += rx.bytes;
		share->tx_packets += tx.packets;
		share->tx_bytes += tx.bytes;
	}
}

/**
 * netvsc_get_ethtool_stats() - ethtool: the numbers
 * @net: the interface
 * @stats: unused
 * @data: room for them
 *
 * Context: RTNL.
 */
void netvsc_get_ethtool_stats(struct net_device *net, struct ethtool_stats *stats, u64 *data)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = rtnl_dereference(a->session);
	struct netvsc_vf_stats vf;
	struct cpu_stats share;
	unsigned int i;
	int cpu;

	if (!s)
		return;
	data = put_counters(data, &a->counters, counters, ARRAY_SIZE(counters));
	netvsc_vf_totals(a, &vf);
	for (i = 0; i < ARRAY_SIZE(vf_counters); i++)
		*data++ = *(u64 *)((u8 *)&vf + vf_counters[i].offset);
	*data++ = vf.tx_dropped;
	for (i = 0; i < s->num_channels; i++)
		data = put_queue(data, a, i);
	for_each_present_cpu(cpu) {
		cpu_share(a, s, cpu, &share);
		memcpy(data, &share, sizeof(share));
		data += CPU_STATS;
	}
	put_counters(data, &a->counters, own_counters, ARRAY_SIZE(own_counters));
}
