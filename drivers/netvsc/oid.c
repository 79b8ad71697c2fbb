// SPDX-License-Identifier: GPL-2.0
/*
 * What we ask and set by object id: the MTU, addresses, offloads, link, packet filter, receive
 * side scaling. Process context under RTNL.
 */
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/ucs2_string.h>

#include "netvsc.h"

static int query_u32(struct netvsc_session *s, u32 oid, u32 *value)
{
	__le32 le;
	u32 len = sizeof(le);
	int ret;

	ret = netvsc_rndis_query(s, oid, NULL, 0, &le, &len);
	if (ret)
		return ret;
	if (len != sizeof(le))
		return -EPROTO;
	*value = le32_to_cpu(le);
	return 0;
}

static int query_mac(struct netvsc_session *s)
{
	u32 len = ETH_ALEN;
	int ret;

	ret = netvsc_rndis_query(s, RNDIS_WIRE_OID_PERMANENT_ADDRESS, NULL, 0, s->mac, &len);
	if (!ret && (len != ETH_ALEN || !is_valid_ether_addr(s->mac)))
		ret = -EADDRNOTAVAIL;
	if (ret)
		netdev_err(s->net, "no usable address from the host: %d\n", ret);
	return ret;
}

/* A name that the host's administrator gave becomes the interface's alias. */
static void query_name(struct netvsc_session *s)
{
	ucs2_char_t name[257] = { };
	u32 len = sizeof(name) - sizeof(name[0]);
	u8 alias[256];
	int size;

	if (s->net->ifalias)
		return;
	if (netvsc_rndis_query(s, RNDIS_WIRE_OID_FRIENDLY_NAME, NULL, 0, name, &len) || !len)
		return;
	size = ucs2_as_utf8(alias, name, sizeof(alias) - 1);
	alias[size] = '\0';
	if (size && strcmp(alias, "Network Adapter"))
		dev_set_alias(s->net, alias, size);
}

static int setup_offloads(struct netvsc_adapter *a, struct netvsc_session *s)
{
	struct net_device *net = s->net;
	netdev_features_t features = NETIF_F_RXCSUM | NETIF_F_SG | NETIF_F_RXHASH;
	struct rndis_offload_choice choice = { };
	struct rndis_offload_caps caps;
	struct rndis_wire_offload object = { };
	u8 info[sizeof(object)];
	u32 len = sizeof(object);
	int ret;

	ret = netvsc_rndis_query(s, RNDIS_WIRE_OID_OFFLOAD_CAPABILITIES, info,
				 rndis_build_offload_query(info, s->nvsp_version),
				 &object, &len);
	if (!ret)
		ret = rndis_parse_offload(&object, len, &caps);
	if (ret) {
		netdev_err(net, "cannot learn the host's offloads: %d\n", ret);
		return ret;
	}

	/* The objects of old hosts end before UDP could be asked for. */
	if (s->nvsp_version < NVSP_VERSION_5)
		caps.tx_csum &= ~(RNDIS_CSUM_UDP4 | RNDIS_CSUM_UDP6);
	if (caps.tx_csum & RNDIS_CSUM_TCP4)
		features |= NETIF_F_IP_CSUM;
	if (caps.tx_csum & RNDIS_CSUM_TCP6)
		features |= NETIF_F_IPV6_CSUM;
	if (caps.lso4)
		features |= NETIF_F_TSO;
	if (caps.lso6)
		features |= NETIF_F_TSO6;
	if (caps.rsc)
		features |= NETIF_F_LRO;

	a->tx_csum = caps.tx_csum;
	net->hw_features = (net->hw_features & ~NETVSC_HW_FEATURES) | features;
	/* What the host stopped offering is gone. */
	net->features &= ~NETVSC_HW_FEATURES | features;
	netif_set_tso_max_size(net, caps.lso_max);

	choice.csum = caps.tx_csum;
	choice.lso4 = caps.lso4;
	choice.lso6 = caps.lso6;
	choice.rsc_known = caps.rsc;
	choice.rsc = net->features & NETIF_F_LRO;
	ret = netvsc_rndis_set(s, RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, info,
			       rndis_build_offload_params(info, s->nvsp_version, &choice));
	if (ret)
		netdev_err(net, "the host refused its own offloads: %d\n", ret);
	return ret;
}

/* Room for the flows' table; the spreading starts with the subchannels. */
static void query_rss(struct netvsc_adapter *a, struct netvsc_session *s)
{
	struct rndis_wire_rss_caps caps = { };
	u32 queues, table, len = sizeof(caps);
	u8 info[sizeof(caps)];

	s->max_channels = 1;
	a->rx_table_size = 0;
	if (netvsc_rndis_query(s, RNDIS_WIRE_OID_RSS_CAPABILITIES, info,
			       rndis_build_rss_query(info), &caps, &len) ||
	    rndis_parse_rss_caps(&caps, len, &queues, &table) || queues < 2)
		return;

	if (!table || table > NETVSC_MAX_RX_TABLE)
		table = NETVSC_DEFAULT_RX_TABLE;
	a->rx_table_size = table;
	s->max_channels = min3(queues, num_online_cpus(), (u32)NETVSC_MAX_CHANNELS);
}

/**
 * netvsc_oid_setup() - learn what the host can do, tell it what we want
 * @a: the adapter, whose features, speed and table size are set
 * @s: the session, whose address, limits and link state are set
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_oid_setup(struct netvsc_adapter *a, struct netvsc_session *s)
{
	u32 value;
	int ret;

	if (!query_u32(s, RNDIS_WIRE_OID_MAXIMUM_FRAME_SIZE, &value) && value >= NETVSC_MIN_MTU)
		s->host_mtu = value;
	ret = query_mac(s);
	if (ret)
		return ret;
	query_name(s);
	ret = setup_offloads(a, s);
	if (ret)
		return ret;

	netvsc_link_forget(a);
	if (!query_u32(s, RNDIS_WIRE_OID_MEDIA_CONNECT_STATUS, &value))
		s->link_down = value != RNDIS_WIRE_MEDIA_CONNECTED;

	s->max_channels = 1;
	if (s->nvsp_version >= NVSP_VERSION_5) {
		if (!query_u32(s, RNDIS_WIRE_OID_LINK_SPEED, &value))
			a->speed = value / 10000;
		query_rss(a, s);
	}
	/* A host that fell silent half-way is no host. */
	return s->silent ? -ETIMEDOUT : netvsc_rescinded(s) ? -ENODEV : 0;
}

/**
 * netvsc_oid_filter() - which frames the host delivers
 * @s: the session
 * @filter: RNDIS_WIRE_FILTER_*; 0 stops all
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_oid_filter(struct netvsc_session *s, u32 filter)
{
	const __le32 le = cpu_to_le32(filter);
	int ret;

	if (s->filter == filter)
		return 0;
	ret = netvsc_rndis_set(s, RNDIS_WIRE_OID_PACKET_FILTER, &le, sizeof(le));
	if (!ret)
		s->filter = filter;
	return ret;
}

/**
 * netvsc_rx_mode_work() - bring the host's filter in line with the interface's flags
 * @w: rx_mode_work of an adapter
 *
 * Context: workqueue; the flags change in atomic context, where the host cannot be waited for.
 */
void netvsc_rx_mode_work(struct work_struct *w)
{
	struct netvsc_adapter *a = container_of(w, struct netvsc_adapter, rx_mode_work.work);
	u32 filter = RNDIS_WIRE_FILTER_DIRECTED;
	struct net_device *net = a->net;
	struct netvsc_session *s;

	/* Whoever holds RTNL may be waiting for this work to end. */
	if (!rtnl_trylock()) {
		schedule_delayed_work(&a->rx_mode_work, 1);
		return;
	}
	s = rtnl_dereference(a->session);
	if (s && s->state == NETVSC_RUNNING) {
		if (net->flags & IFF_PROMISC) {
			filter = RNDIS_WIRE_FILTER_PROMISCUOUS;
		} else {
			if (net->flags & IFF_ALLMULTI || !netdev_mc_empty(net))
				filter |= RNDIS_WIRE_FILTER_ALL_MULTICAST;
			if (net->flags & IFF_BROADCAST)
				filter |= RNDIS_WIRE_FILTER_BROADCAST;
		}
		if (netvsc_oid_filter(s, filter) && !netvsc_rescinded(s))
			netdev_err(net, "the host refused packet filter %#x\n", filter);
	}
	rtnl_unlock();
}

/**
 * netvsc_oid_set_mac() - change the address that the host delivers to
 * @s: the session
 * @mac: the address
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_oid_set_mac(struct netvsc_session *s, const u8 *mac)
{
	u8 info[128];

	return netvsc_rndis_set(s, RNDIS_WIRE_OID_CONFIG_PARAMETER, info,
				rndis_build_mac_param(info, mac));
}

/**
 * netvsc_oid_set_rsc() - let the host coalesce received segments, or not
 * @s: the session
 * @on: coalesce
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_oid_set_rsc(struct netvsc_session *s, bool on)
{
	const struct rndis_offload_choice choice = {
		.keep = true,
		.rsc_known = true,
		.rsc = on,
	};
	u8 info[sizeof(struct rndis_wire_offload_params)];

	return netvsc_rndis_set(s, RNDIS_WIRE_OID_OFFLOAD_PARAMETERS, info,
				rndis_build_offload_params(info, s->nvsp_version, &choice));
}

/**
 * netvsc_oid_set_rss() - spread received flows by the adapter's table
 * @a: the adapter
 * @s: the session
 * @key: Toeplitz key of NETVSC_HASH_KEY bytes
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error; then the adapter's key is unchanged.
 */
int netvsc_oid_set_rss(struct netvsc_adapter *a, struct netvsc_session *s, const u8 *key)
{
	u32 len;
	u8 *info;
	int ret;

	info = kzalloc(RNDIS_MAX_INFO, GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	/* Hosts take a change for granted only with RSS off. */
	len = rndis_build_rss_params(info, a->rx_table, a->rx_table_size, key,
				     NETVSC_HASH_KEY, RNDIS_WIRE_RSS_DISABLE);
	netvsc_rndis_set(s, RNDIS_WIRE_OID_RSS_PARAMETERS, info, len);
	len = rndis_build_rss_params(info, a->rx_table, a->rx_table_size, key,
				     NETVSC_HASH_KEY, 0);
	ret = netvsc_rndis_set(s, RNDIS_WIRE_OID_RSS_PARAMETERS, info, len);
	kfree(info);
	if (!ret)
		memmove(a->rss_key, key, NETVSC_HASH_KEY);
	else if (!netvsc_rescinded(s))
		netdev_err(s->net, "the host refused the RSS parameters: %d\n", ret);
	return ret;
}
