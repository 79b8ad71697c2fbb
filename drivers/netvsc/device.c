// SPDX-License-Identifier: GPL-2.0
/*
 * A session's life: open the primary channel, connect, learn, open subchannels, let frames
 * flow, stop them, close. Also how to post a message and how to wait, both with a bound.
 * Process context under RTNL.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "netvsc.h"

/**
 * netvsc_wait() - wait for the host, with a bound
 * @s: the session
 * @done: completed by the poll loop
 * @what: for the message when it does not come
 *
 * Context: process.
 * Return: 0, -ETIMEDOUT, or -ENODEV when the host withdrew the device.
 */
int netvsc_wait(struct netvsc_session *s, struct completion *done, const char *what)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	unsigned long timeout = s->silent ? NETVSC_SILENT_TIMEOUT : NETVSC_HOST_TIMEOUT;
	unsigned long until = jiffies + timeout;

	while (!wait_for_completion_timeout(done, NETVSC_WAIT_SLICE)) {
		if (netvsc_rescinded(s))
			return -ENODEV;
		if (time_after(jiffies, until)) {
			/* A completion at the last moment counts. */
			if (try_wait_for_completion(done))
				break;
			netdev_err(s->net, "the host did not answer %s within %lu s\n",
				   what, timeout / HZ);
			a->counters.host_timeout++;
			s->silent = true;
			return -ETIMEDOUT;
		}
	}
	s->silent = false;
	return 0;
}

/**
 * netvsc_post() - put a message into the primary channel's ring
 * @s: the session
 * @msg: the message
 * @id: transaction id
 * @flags: VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED or 0
 *
 * Context: process; waits a bounded time for room.
 * Return: 0 or a negative error.
 */
int netvsc_post(struct netvsc_session *s, const struct nvsp_msg *msg, u64 id, u32 flags)
{
	unsigned long until = jiffies + (s->silent ? NETVSC_SILENT_TIMEOUT : NETVSC_HOST_TIMEOUT);
	struct nvsp_msg copy = *msg;
	int ret;

	for (;;) {
		ret = vmbus_sendpacket(s->hv->channel, &copy, sizeof(copy), id,
				       VM_PKT_DATA_INBAND, flags);
		if (ret != -EAGAIN || time_after(jiffies, until))
			return ret;
		usleep_range(1000, 2000);
	}
}

static void subchannel_work(struct work_struct *w)
{
	struct netvsc_session *s = container_of(w, struct netvsc_session, subchannel_work);

	/* The remover of the device holds RTNL and cancels this work. */
	if (!rtnl_trylock()) {
		schedule_work(w);
		return;
	}
	netvsc_open_subchannels(s);
	rtnl_unlock();
}

/* Channels after the first; their bus side comes with the offers. */
static int alloc_subchannels(struct netvsc_session *s, u32 channels)
{
	u32 i;

	for (i = 1; i < channels; i++) {
		s->channel[i] = netvsc_channel_alloc(s, i);
		if (!s->channel[i])
			break;
	}
	s->num_channels = i;
	return i == channels ? 0 : -ENOMEM;
}

/* The end: nobody but us knows the session. */
static void dispose(struct netvsc_session *s)
{
	struct vmbus_channel *primary = s->hv->channel;
	bool open = s->channel[0] && s->channel[0]->open;
	bool host_gone = true;
	unsigned int i;

	if (open) {
		netvsc_nvsp_disconnect(s);
		for (i = 0; i < NETVSC_MAX_CHANNELS; i++)
			if (s->channel[i] && s->channel[i]->open)
				netvsc_channel_quiet(s->channel[i]);
		vmbus_close(primary);
		/* The bus clears the handle when the host gave the ring back. */
		host_gone = netvsc_rescinded(s) || !hvic_ring_handle(primary);
	}
	netvsc_rndis_abandon(s, host_gone);
	for (i = 0; i < NETVSC_MAX_CHANNELS; i++) {
		if (!s->channel[i])
			continue;
		netvsc_tx_abandon(s->channel[i], host_gone);
		netvsc_rx_abandon(s->channel[i]);
		netvsc_channel_free(s->channel[i]);
	}
	netvsc_nvsp_release(s);
	kfree(s);
}

/**
 * netvsc_session_open() - connect with the host
 * @a: the adapter, without a session
 * @config: wanted sizes
 *
 * Context: process, RTNL.
 * Return: the session, which is now the adapter's; or an error pointer.
 */
struct netvsc_session *netvsc_session_open(struct netvsc_adapter *a,
					   const struct netvsc_config *config)
{
	struct netvsc_session *s;
	unsigned int i;
	int ret = -ENOMEM;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->net = a->net;
	s->hv = a->hv;
	s->mtu = a->net->mtu;
	s->state = NETVSC_CONNECTING;
	s->tx_disable = true;
	s->num_channels = 1;
	s->max_channels = 1;
	s->max_packets = 1;
	s->align = 8;
	s->ack_delay = NETVSC_ACK_DELAY;
	spin_lock_init(&s->calls_lock);
	INIT_LIST_HEAD(&s->nvsp_calls);
	INIT_LIST_HEAD(&s->rndis_calls);
	init_waitqueue_head(&s->subchannels);
	INIT_WORK(&s->subchannel_work, subchannel_work);
	for (i = 0; i < NETVSC_SEND_TABLE; i++)
		a->tx_table[i] = 0;

	s->channel[0] = netvsc_channel_alloc(s, 0);
	if (!s->channel[0])
		goto fail;
	ret = netvsc_channel_open(s->channel[0], s->hv->channel);
	if (ret)
		goto fail;
	ret = netvsc_nvsp_connect(s, config);
	if (ret)
		goto fail;
	ret = netvsc_rndis_init(s);
	if (ret)
		goto fail;
	ret = netvsc_oid_setup(a, s);
	if (ret)
		goto halt;
	ret = alloc_subchannels(s, clamp(config->channels, 1U, s->max_channels));
	if (ret)
		goto halt;

	s->state = NETVSC_READY;
	rcu_assign_pointer(a->session, s);
	return s;
halt:
	netvsc_rndis_halt(s);
fail:
	dispose(s);
	return ERR_PTR(ret);
}

/* Until the host has given back all frames and we all of its. */
static void drain(struct netvsc_session *s)
{
	unsigned long until = jiffies + (s->silent ? NETVSC_SILENT_TIMEOUT : NETVSC_DRAIN_TIMEOUT);
	bool idle;
	unsigned int i;

	for (;;) {
		idle = true;
		for (i = 0; i < s->num_channels; i++) {
			struct netvsc_channel *ch = s->channel[i];

			if (ch->open && (atomic_read(&ch->tx.outstanding) ||
					 !netvsc_rx_idle(ch)))
				idle = false;
		}
		if (idle || netvsc_rescinded(s))
			return;
		if (time_after(jiffies, until)) {
			netdev_warn(s->net, "closing with frames that the host did not finish\n");
			return;
		}
		usleep_range(500, 1000);
	}
}

/**
 * netvsc_session_close() - part from the host
 * @s: the adapter's session; its transmit queues are stopped, the device is detached
 *
 * Context: process, RTNL. Takes a bounded time, and cannot fail: what a silent host may still
 * use is leaked, with a message.
 */
void netvsc_session_close(struct netvsc_session *s)
{
	struct netvsc_adapter *a = netdev_priv(s->net);

	cancel_work_sync(&s->subchannel_work);
	netvsc_gate_set(a, NULL);
	netvsc_xdp_set(s, NULL, NULL);

	s->state = NETVSC_CLOSING;
	RCU_INIT_POINTER(a->session, NULL);
	/* Transmitters and readers of statistics are through. */
	synchronize_net();

	netvsc_rndis_halt(s);
	drain(s);
	dispose(s);
}

/**
 * netvsc_session_start() - let frames come
 * @s: the session
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_session_start(struct netvsc_session *s)
{
	int ret;

	if (s->state == NETVSC_RUNNING)
		return 0;
	ret = netvsc_oid_filter(s, RNDIS_WIRE_FILTER_DIRECTED | RNDIS_WIRE_FILTER_BROADCAST |
				   RNDIS_WIRE_FILTER_ALL_MULTICAST);
	if (!ret)
		s->state = NETVSC_RUNNING;
	return ret;
}

/**
 * netvsc_session_stop() - let no more frames come
 * @s: the session
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error.
 */
int netvsc_session_stop(struct netvsc_session *s)
{
	int ret;

	if (s->state != NETVSC_RUNNING)
		return 0;
	s->state = NETVSC_READY;
	ret = netvsc_oid_filter(s, 0);
	return ret == -ENODEV ? 0 : ret;
}

/* Only channels that came in a row from the first can be named by index. */
static u32 opened_channels(const struct netvsc_session *s)
{
	u32 i;

	for (i = 1; i < s->num_channels; i++)
		if (!s->channel[i]->open)
			break;
	return i;
}

static void set_queues(struct netvsc_session *s)
{
	u32 i;

	netif_set_real_num_tx_queues(s->net, s->num_channels);
	netif_set_real_num_rx_queues(s->net, s->num_channels);
	for (i = 0; i < s->num_channels; i++) {
		netif_queue_set_napi(s->net, i, NETDEV_QUEUE_TYPE_RX, &s->channel[i]->napi);
		netif_queue_set_napi(s->net, i, NETDEV_QUEUE_TYPE_TX, &s->channel[i]->napi);
	}
}

/* The flows' table names channels that there are: somebody's choice as far as it can be. */
static void fit_rx_table(struct netvsc_adapter *a, const struct netvsc_session *s)
{
	u32 i;

	if (!netif_is_rxfh_configured(s->net))
		for (i = 0; i < a->rx_table_size; i++)
			a->rx_table[i] = ethtool_rxfh_indir_default(i, s->num_channels);
	for (i = 0; i < a->rx_table_size; i++)
		a->rx_table[i] %= s->num_channels;
}

/**
 * netvsc_open_subchannels() - get the subchannels that the session has memory for
 * @s: the adapter's session
 *
 * Context: process, RTNL. The session ends up with the channels that there are, one at least.
 * Return: 0, or a negative error when there are fewer than asked for.
 */
int netvsc_open_subchannels(struct netvsc_session *s)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	u32 want = s->num_channels - 1, got = 0, i;
	long left = NETVSC_HOST_TIMEOUT;
	int ret;

	ASSERT_RTNL();
	if (!want) {
		fit_rx_table(a, s);
		set_queues(s);
		return 0;
	}

	/* Until the host names a table of its own. */
	for (i = 0; i < NETVSC_SEND_TABLE; i++)
		WRITE_ONCE(a->tx_table[i], i % s->num_channels);
	netvsc_gate_set(a, s);
	vmbus_set_sc_create_callback(s->hv->channel, netvsc_subchannel_offered);
	ret = netvsc_nvsp_subchannels(s, want, &got);
	while (!ret && left > 0 && atomic_read(&s->tried_channels) < got) {
		if (netvsc_rescinded(s)) {
			ret = -ENODEV;
			break;
		}
		wait_event_timeout(s->subchannels, atomic_read(&s->tried_channels) >= got,
				   NETVSC_WAIT_SLICE);
		left -= NETVSC_WAIT_SLICE;
	}
	/* Nothing is opened behind our back from here on. */
	netvsc_gate_set(a, NULL);
	vmbus_set_sc_create_callback(s->hv->channel, NULL);

	s->num_channels = opened_channels(s);
	if (!ret && s->num_channels < want + 1) {
		netdev_notice(s->net, "%u of %u subchannels\n", s->num_channels - 1, want);
		ret = -EAGAIN;
	}

	fit_rx_table(a, s);
	if (s->num_channels > 1)
		netvsc_oid_set_rss(a, s, a->rss_key);
	set_queues(s);
	return ret;
}
