// SPDX-License-Identifier: GPL-2.0
/*
 * Changing what was agreed with the host (MTU, channels, buffers) means a new session: end the
 * old one, start one with the new settings, and go back to the old settings if that fails.
 * Process context under RTNL; each step is bounded.
 */
#include <linux/bpf.h>
#include <linux/delay.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>

#include "netvsc.h"

/* How long the rings are given to run empty. */
#define QUIESCE_TIMEOUT	(5 * HZ)

/* Asked for first; the host, and the number of processors, may allow fewer. */
static u32 default_channels(void)
{
	return clamp_t(u32, netif_get_num_default_rss_queues(), NETVSC_DEFAULT_CHANNELS,
		       NETVSC_MAX_CHANNELS);
}

/**
 * netvsc_config_now() - the settings in force
 * @s: the session, or NULL for the settings to start with
 * @config: the outcome
 *
 * Context: RTNL.
 */
void netvsc_config_now(struct netvsc_session *s, struct netvsc_config *config)
{
	*config = (struct netvsc_config) {
		.channels = s ? s->num_channels : default_channels(),
		.recv_sections = s ? s->recv.sections : NETVSC_DEFAULT_RECV,
		.recv_section_size = s ? s->recv.section_size : NETVSC_RECV_SECTION,
		.send_sections = s ? s->send.sections : NETVSC_DEFAULT_SEND,
		.send_section_size = s ? s->send.section_size : NETVSC_SEND_SECTION,
	};
}

/**
 * netvsc_quiesce() - wait until the rings are empty
 * @s: the session; its queues and its filter are stopped
 *
 * Context: process, RTNL.
 * Return: 0 or -ETIMEDOUT.
 */
int netvsc_quiesce(struct netvsc_session *s)
{
	unsigned long until = jiffies + (s->silent ? HZ : QUIESCE_TIMEOUT);
	struct netvsc_channel *ch;
	bool empty;
	u32 i;

	for (;;) {
		empty = true;
		for (i = 0; i < s->num_channels; i++) {
			ch = s->channel[i];
			if (!ch->open)
				continue;
			napi_synchronize(&ch->napi);
			if (hv_get_bytes_to_read(&ch->vmbus->inbound) ||
			    hv_get_bytes_to_read(&ch->vmbus->outbound))
				empty = false;
		}
		if (empty || netvsc_rescinded(s))
			return 0;
		if (time_after(jiffies, until))
			return -ETIMEDOUT;
		usleep_range(500, 1000);
	}
}

/**
 * netvsc_detach() - end the session, keep the interface
 * @a: the adapter
 * @s: its session
 *
 * Context: process, RTNL. A host that does not play along delays this, it does not prevent it.
 */
void netvsc_detach(struct netvsc_adapter *a, struct netvsc_session *s)
{
	if (netif_running(a->net)) {
		netvsc_tx_disable(s);
		if (netvsc_session_stop(s))
			netdev_warn(a->net, "the host did not stop sending\n");
		if (netvsc_quiesce(s))
			netdev_warn(a->net, "the host left packets in the rings\n");
	}
	netif_device_detach(a->net);
	netvsc_session_close(s);
}

/*
 * The host carries less than it did. The VF, what is stacked on the interface, routes and user
 * space hear of it as if somebody had set it; to the host it is nothing new: change_mtu().
 */
static void fit_mtu(struct netvsc_session *s)
{
	struct net_device *net = s->net;

	if (!s->host_mtu || s->host_mtu >= net->mtu)
		return;
	netdev_warn(net, "the host carries an MTU of %u at most now, lower than %u\n", s->host_mtu,
		    net->mtu);
	if (dev_set_mtu(net, s->host_mtu))
		netdev_warn(net, "unable to change mtu to %u\n", s->host_mtu);
}

/**
 * netvsc_attach() - start a session for an interface that has none
 * @a: the adapter
 * @config: settings
 * @prog: XDP program to attach, or NULL
 * @lower: lower the MTU to what the host carries, instead of failing
 *
 * Context: process, RTNL.
 * Return: 0 or a negative error; then there is no session.
 */
int netvsc_attach(struct netvsc_adapter *a, const struct netvsc_config *config,
		  struct bpf_prog *prog, bool lower)
{
	struct net_device *net = a->net;
	struct netvsc_session *s;
	int ret;

	s = netvsc_session_open(a, config);
	if (IS_ERR(s))
		return PTR_ERR(s);
	ret = -EINVAL;
	if (s->host_mtu && s->host_mtu < net->mtu && !lower) {
		netdev_err(net, "the host carries an MTU of %u at most\n", s->host_mtu);
		goto fail;
	}
	/* With fewer channels than asked for there is a network all the same. */
	netvsc_open_subchannels(s);

	if (prog) {
		bpf_prog_inc(prog);
		ret = netvsc_xdp_set(s, prog, NULL);
		if (ret) {
			bpf_prog_put(prog);
			goto fail;
		}
	}

	netif_carrier_off(net);
	if (netif_running(net)) {
		ret = netvsc_session_start(s);
		if (ret)
			goto fail;
	}
	netvsc_vf_new_session(a);
	s->tx_disable = false;
	netif_device_attach(net);
	if (netif_running(net) && !s->link_down)
		netif_carrier_on(net);
	/* The flags may have changed while there was no session. */
	schedule_delayed_work(&a->rx_mode_work, 0);
	fit_mtu(s);
	return 0;
fail:
	netvsc_session_close(s);
	return ret;
}

/**
 * netvsc_reconfigure() - a new session with other settings
 * @a: the adapter
 * @s: its session
 * @want: the settings
 * @mtu: the MTU
 *
 * Context: process, RTNL.
 * Return: 0, or a negative error; then the old settings are in force, unless the host refused
 * those too, which leaves the interface without a session.
 */
int netvsc_reconfigure(struct netvsc_adapter *a, struct netvsc_session *s,
		       const struct netvsc_config *want, int mtu)
{
	struct bpf_prog *prog = netvsc_xdp_prog(s);
	struct netvsc_config old;
	int old_mtu = a->net->mtu;
	int ret;

	netvsc_config_now(s, &old);
	if (prog)
		bpf_prog_inc(prog);
	netvsc_detach(a, s);

	a->net->mtu = mtu;
	ret = netvsc_attach(a, want, prog, mtu == old_mtu);
	if (ret) {
		a->net->mtu = old_mtu;
		if (netvsc_attach(a, &old, prog, true))
			netdev_err(a->net, "cannot go back to the old settings either\n");
	}
	if (prog)
		bpf_prog_put(prog);
	return ret;
}
