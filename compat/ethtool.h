/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ethtool's receive side scaling, written for the newest operations. The unit that includes this
 * after <linux/ethtool.h> defines the functions that are declared here and puts
 * HVIC_ETHTOOL_RSS_OPS into its struct ethtool_ops.
 */
#ifndef HVIC_COMPAT_ETHTOOL_H
#define HVIC_COMPAT_ETHTOOL_H

#ifndef HVIC_HAVE_ETHTOOL_RXFH_PARAM
struct ethtool_rxfh_param {
	u8 hfunc;
	u32 *indir;		/* NULL: not asked for, not to be changed */
	u8 *key;		/* likewise */
};
#endif

#ifndef HVIC_HAVE_ETHTOOL_RXFH_FIELDS
struct ethtool_rxfh_fields {
	u32 data;		/* RXH_* */
	u32 flow_type;
};
#endif

static u32 get_rx_ring_count(struct net_device *net);
static int get_rxfh_fields(struct net_device *net, struct ethtool_rxfh_fields *fields);
static int set_rxfh_fields(struct net_device *net, const struct ethtool_rxfh_fields *fields,
			   struct netlink_ext_ack *extack);
static int get_rxfh(struct net_device *net, struct ethtool_rxfh_param *param);
static int set_rxfh(struct net_device *net, struct ethtool_rxfh_param *param,
		    struct netlink_ext_ack *extack);

#ifdef HVIC_HAVE_ETHTOOL_RXFH_PARAM
#define HVIC_RXFH_OPS			.get_rxfh = get_rxfh, .set_rxfh = set_rxfh
#else
#define HVIC_RXFH_OPS			.get_rxfh = hvic_get_rxfh, .set_rxfh = hvic_set_rxfh

static int hvic_get_rxfh(struct net_device *net, u32 *indir, u8 *key, u8 *hfunc)
{
	struct ethtool_rxfh_param param = { .indir = indir, .key = key };
	int ret = get_rxfh(net, &param);

	if (!ret && hfunc)
		*hfunc = param.hfunc;
	return ret;
}

static int hvic_set_rxfh(struct net_device *net, const u32 *indir, const u8 *key, const u8 hfunc)
{
	struct ethtool_rxfh_param param = {
		.hfunc = hfunc, .indir = (u32 *)indir, .key = (u8 *)key,
	};

	return set_rxfh(net, &param, NULL);
}
#endif

#ifdef HVIC_HAVE_ETHTOOL_RXFH_FIELDS
#define HVIC_RXFH_FIELDS_OPS		.get_rxfh_fields = get_rxfh_fields,		\
					.set_rxfh_fields = set_rxfh_fields
#else
#define HVIC_RXFH_FIELDS_OPS		.set_rxnfc = hvic_set_rxnfc

static int hvic_set_rxnfc(struct net_device *net, struct ethtool_rxnfc *info)
{
	struct ethtool_rxfh_fields fields = { .data = info->data, .flow_type = info->flow_type };

	return info->cmd == ETHTOOL_SRXFH ? set_rxfh_fields(net, &fields, NULL) : -EOPNOTSUPP;
}
#endif

#ifdef HVIC_HAVE_ETHTOOL_RX_RING_COUNT
#define HVIC_RXNFC_OPS			.get_rx_ring_count = get_rx_ring_count
#else
#define HVIC_RXNFC_OPS			.get_rxnfc = hvic_get_rxnfc

/* Where the fields have operations of their own, the core does not ask for them here. */
static int hvic_get_rxnfc(struct net_device *net, struct ethtool_rxnfc *info, u32 *rules)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	int ret;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = get_rx_ring_count(net);
		return info->data ? 0 : -ENODEV;
	case ETHTOOL_GRXFH:
		ret = get_rxfh_fields(net, &fields);
		info->data = fields.data;
		return ret;
	}
	return -EOPNOTSUPP;
}
#endif

#define HVIC_ETHTOOL_RSS_OPS		HVIC_RXNFC_OPS, HVIC_RXFH_FIELDS_OPS, HVIC_RXFH_OPS

#endif
