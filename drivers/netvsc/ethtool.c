// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool, with the surface of the in-tree driver. All of it runs under RTNL.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "compat/ethtool.h"
#include "netvsc.h"

/* Which flow types hash their ports, and by which bit. */
static const struct {
	u32 flow;
	u32 bit;
} l4_flows[] = {
	{ TCP_V4_FLOW, NETVSC_L4_TCP4 },
	{ TCP_V6_FLOW, NETVSC_L4_TCP6 },
	{ UDP_V4_FLOW, NETVSC_L4_UDP4 },
	{ UDP_V6_FLOW, NETVSC_L4_UDP6 },
};

#define HASH_ADDRESSES	(RXH_IP_SRC | RXH_IP_DST)
#define HASH_PORTS	(RXH_L4_B_0_1 | RXH_L4_B_2_3)

static struct netvsc_session *session_of(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);

	return rtnl_dereference(a->session);
}

static void get_drvinfo(struct net_device *net, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, HVIC_VERSION, sizeof(info->version));
	strscpy(info->fw_version, "N/A", sizeof(info->fw_version));
}

static int get_regs_len(struct net_device *net)
{
	return NETVSC_SEND_TABLE * sizeof(u32);
}

static void get_regs(struct net_device *net, struct ethtool_regs *regs, void *data)
{
	struct netvsc_adapter *a = netdev_priv(net);

	regs->version = 1;
	memcpy(data, a->tx_table, sizeof(a->tx_table));
}

static u32 get_msglevel(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);

	return a->msg_enable;
}

static void set_msglevel(struct net_device *net, u32 value)
{
	struct netvsc_adapter *a = netdev_priv(net);

	a->msg_enable = value;
}

static void get_channels(struct net_device *net, struct ethtool_channels *channels)
{
	struct netvsc_session *s = session_of(net);

	if (s) {
		channels->max_combined = s->max_channels;
		channels->combined_count = s->num_channels;
	}
}

static int set_channels(struct net_device *net, struct ethtool_channels *channels)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = session_of(net);
	u32 count = channels->combined_count;
	struct netvsc_config want;

	if (!s)
		return -ENODEV;
	if (!count || channels->rx_count || channels->tx_count || channels->other_count ||
	    s->nvsp_version < NVSP_VERSION_5 || count > s->max_channels)
		return -EINVAL;
	if (count == s->num_channels)
		return 0;
	netvsc_config_now(s, &want);
	want.channels = count;
	return netvsc_reconfigure(a, s, &want, net->mtu);
}

/* The host has no rings in a card's sense; the sections of its buffers come nearest. */
static void fill_ringparam(const struct netvsc_session *s, struct ethtool_ringparam *ring)
{
	ring->rx_pending = s->recv.sections;
	ring->tx_pending = s->send.sections;
	ring->rx_max_pending = (s->nvsp_version <= NVSP_VERSION_2 ? NETVSC_RECV_BUFFER_OLD :
								    NETVSC_RECV_BUFFER_MAX) /
			       s->recv.section_size;
	ring->tx_max_pending = NETVSC_SEND_BUFFER_MAX / s->send.section_size;
}

static void get_ringparam(struct net_device *net,
			  struct ethtool_ringparam *ring HVIC_RINGPARAM_REST)
{
	struct netvsc_session *s = session_of(net);

	if (s)
		fill_ringparam(s, ring);
}

static int set_ringparam(struct net_device *net,
			 struct ethtool_ringparam *ring HVIC_RINGPARAM_REST)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = session_of(net);
	struct ethtool_ringparam limit = { };
	struct netvsc_config want;

	if (!s)
		return -ENODEV;
	fill_ringparam(s, &limit);
	netvsc_config_now(s, &want);
	want.send_sections = clamp_t(u32, ring->tx_pending, NETVSC_MIN_SECTIONS,
				     limit.tx_max_pending);
	want.recv_sections = clamp_t(u32, ring->rx_pending, NETVSC_MIN_SECTIONS,
				     limit.rx_max_pending);
	if (want.send_sections == s->send.sections && want.recv_sections == s->recv.sections)
		return 0;
	return netvsc_reconfigure(a, s, &want, net->mtu);
}

static int get_coalesce(struct net_device *net, struct ethtool_coalesce *coal HVIC_COALESCE_REST)
{
	struct netvsc_adapter *a = netdev_priv(net);

	coal->tx_coalesce_usecs = a->tx_usecs;
	return 0;
}

static int set_coalesce(struct net_device *net, struct ethtool_coalesce *coal HVIC_COALESCE_REST)
{
	struct netvsc_adapter *a = netdev_priv(net);

	if (coal->tx_coalesce_usecs > NETVSC_MAX_TX_USECS)
		return -EINVAL;
	WRITE_ONCE(a->tx_usecs, coal->tx_coalesce_usecs);
	return 0;
}

static u32 get_rx_ring_count(struct net_device *net)
{
	struct netvsc_session *s = session_of(net);

	return s ? s->num_channels : 0;
}

static int get_rxfh_fields(struct net_device *net, struct ethtool_rxfh_fields *fields)
{
	struct netvsc_adapter *a = netdev_priv(net);
	unsigned int i;

	if (!session_of(net))
		return -ENODEV;
	fields->data = fields->flow_type == IPV4_FLOW || fields->flow_type == IPV6_FLOW ?
		       HASH_ADDRESSES : 0;
	for (i = 0; i < ARRAY_SIZE(l4_flows); i++)
		if (l4_flows[i].flow == fields->flow_type)
			fields->data = HASH_ADDRESSES |
				       (a->l4_hash & l4_flows[i].bit ? HASH_PORTS : 0);
	return 0;
}

static int set_rxfh_fields(struct net_device *net, const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack)
{
	struct netvsc_adapter *a = netdev_priv(net);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(l4_flows); i++) {
		if (l4_flows[i].flow != fields->flow_type)
			continue;
		if (fields->data == (HASH_ADDRESSES | HASH_PORTS))
			a->l4_hash |= l4_flows[i].bit;
		else if (fields->data == HASH_ADDRESSES)
			a->l4_hash &= ~l4_flows[i].bit;
		else
			return -EOPNOTSUPP;
		return 0;
	}
	return -EOPNOTSUPP;
}

static u32 get_rxfh_key_size(struct net_device *net)
{
	return NETVSC_HASH_KEY;
}

static u32 get_rxfh_indir_size(struct net_device *net)
{
	struct netvsc_adapter *a = netdev_priv(net);

	return a->rx_table_size;
}

static int get_rxfh(struct net_device *net, struct ethtool_rxfh_param *param)
{
	struct netvsc_adapter *a = netdev_priv(net);
	unsigned int i;

	if (!session_of(net))
		return -ENODEV;
	param->hfunc = ETH_RSS_HASH_TOP;
	for (i = 0; param->indir && i < a->rx_table_size; i++)
		param->indir[i] = a->rx_table[i];
	if (param->key)
		memcpy(param->key, a->rss_key, NETVSC_HASH_KEY);
	return 0;
}

static int set_rxfh(struct net_device *net, struct ethtool_rxfh_param *param,
		    struct netlink_ext_ack *extack)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct netvsc_session *s = session_of(net);
	const u32 *indir = param->indir;
	u16 old[NETVSC_MAX_RX_TABLE];
	unsigned int i;
	int ret;

	if (!s)
		return -ENODEV;
	if ((param->hfunc != ETH_RSS_HASH_NO_CHANGE && param->hfunc != ETH_RSS_HASH_TOP) ||
	    !a->rx_table_size)
		return -EOPNOTSUPP;
	if (!indir && !param->key)
		return 0;
	for (i = 0; indir && i < a->rx_table_size; i++)
		if (indir[i] >= s->num_channels)
			return -EINVAL;

	memcpy(old, a->rx_table, sizeof(old));
	for (i = 0; indir && i < a->rx_table_size; i++)
		a->rx_table[i] = indir[i];
	ret = netvsc_oid_set_rss(a, s, param->key ?: a->rss_key);
	if (ret)
		memcpy(a->rx_table, old, sizeof(old));
	return ret;
}

static int get_link_ksettings(struct net_device *net, struct ethtool_link_ksettings *cmd)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf = rtnl_dereference(a->vf);

	if (vf)
		return __ethtool_get_link_ksettings(vf, cmd);
	cmd->base.speed = READ_ONCE(a->speed);
	cmd->base.duplex = a->duplex;
	cmd->base.port = PORT_OTHER;
	return 0;
}

static int set_link_ksettings(struct net_device *net, const struct ethtool_link_ksettings *cmd)
{
	struct netvsc_adapter *a = netdev_priv(net);
	struct net_device *vf = rtnl_dereference(a->vf);

	if (!vf)
		return ethtool_virtdev_set_link_ksettings(net, cmd, &a->speed, &a->duplex);
	if (!vf->ethtool_ops->set_link_ksettings)
		return -EOPNOTSUPP;
	return vf->ethtool_ops->set_link_ksettings(vf, cmd);
}

const struct ethtool_ops netvsc_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_TX_USECS,
	.get_drvinfo		= get_drvinfo,
	.get_regs_len		= get_regs_len,
	.get_regs		= get_regs,
	.get_msglevel		= get_msglevel,
	.set_msglevel		= set_msglevel,
	.get_link		= ethtool_op_get_link,
	.get_ethtool_stats	= netvsc_get_ethtool_stats,
	.get_sset_count		= netvsc_get_sset_count,
	.get_strings		= netvsc_get_strings,
	.get_channels		= get_channels,
	.set_channels		= set_channels,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_rxfh_key_size	= get_rxfh_key_size,
	.get_rxfh_indir_size	= get_rxfh_indir_size,
	HVIC_ETHTOOL_RSS_OPS,
	.get_link_ksettings	= get_link_ksettings,
	.set_link_ksettings	= set_link_ksettings,
	.get_coalesce		= get_coalesce,
	.set_coalesce		= set_coalesce,
	.get_ringparam		= get_ringparam,
	.set_ringparam		= set_ringparam,
};
