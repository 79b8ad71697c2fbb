// SPDX-License-Identifier: GPL-2.0
/*
 * What the host says about the link. Indications arrive in softirq at the host's pace; a work
 * item acts on the newest state at ours, so that no flood of them costs memory or wakes.
 */
#include <linux/rtnetlink.h>

#include "netvsc.h"

/* What an indication adds to the events that wait. */
static u32 add_event(u32 events, u32 status)
{
	switch (status) {
	case RNDIS_WIRE_STATUS_MEDIA_CONNECT:
		/* Down and up again shows as a flap. */
		if (events & (NETVSC_LINK_DOWN | NETVSC_LINK_FLAP))
			return NETVSC_LINK_FLAP | NETVSC_LINK_UP;
		return NETVSC_LINK_UP;
	case RNDIS_WIRE_STATUS_MEDIA_DISCONNECT:
		return NETVSC_LINK_DOWN;
	case RNDIS_WIRE_STATUS_NETWORK_CHANGE:
		return events & NETVSC_LINK_DOWN ? events : events | NETVSC_LINK_FLAP;
	}
	return events;
}

/**
 * netvsc_link_indicate() - the host indicates a status
 * @s: the session
 * @data: the message
 * @len: bytes that there are
 *
 * Context: softirq.
 */
void netvsc_link_indicate(struct netvsc_session *s, const void *data, u32 len)
{
	struct netvsc_adapter *a = netdev_priv(s->net);
	struct rndis_indication ind;
	u32 before, events;

	if (rndis_parse_indication(data, len, &ind)) {
		a->counters.host_bad_frame++;
		if (net_ratelimit())
			netdev_err(s->net, "malformed status indication of %u bytes\n", len);
		return;
	}
	if (ind.status == RNDIS_WIRE_STATUS_LINK_SPEED_CHANGE) {
		if (ind.has_value)
			WRITE_ONCE(a->speed, ind.value / 10000);
		return;
	}

	/* Also before the interface is registered: the work waits for whoever is doing that. */
	spin_lock(&a->link_lock);
	before = a->link_events;
	events = add_event(before, ind.status);
	a->link_events = events;
	spin_unlock(&a->link_lock);
	if (events != before)
		schedule_delayed_work(&a->link_work, 0);
}

/**
 * netvsc_link_forget() - what was indicated so far is old
 * @a: the adapter, whose new session is about to ask for the link's state
 *
 * What is indicated after the answer is newer, and the last thing before it says the same.
 *
 * Context: process.
 */
void netvsc_link_forget(struct netvsc_adapter *a)
{
	spin_lock_bh(&a->link_lock);
	a->link_events = 0;
	spin_unlock_bh(&a->link_lock);
}

static void link_up(struct netvsc_session *s)
{
	s->link_down = false;
	if (s->state == NETVSC_RUNNING) {
		netif_carrier_on(s->net);
		netvsc_tx_enable(s);
	}
}

static void link_down(struct netvsc_session *s)
{
	s->link_down = true;
	netif_carrier_off(s->net);
	netvsc_tx_disable(s);
}

/**
 * netvsc_link_work() - act on the newest indication
 * @w: link_work of an adapter
 *
 * Context: workqueue.
 */
void netvsc_link_work(struct work_struct *w)
{
	struct netvsc_adapter *a = container_of(w, struct netvsc_adapter, link_work.work);
	unsigned long due = a->link_changed + NETVSC_LINK_INTERVAL;
	struct netvsc_session *s;
	u32 events;

	/* The remover of the device holds RTNL and cancels this work. */
	if (!rtnl_trylock()) {
		schedule_delayed_work(&a->link_work, HZ / 10);
		return;
	}
	s = rtnl_dereference(a->session);
	if (!s)
		goto out;
	if (time_before(jiffies, due)) {
		schedule_delayed_work(&a->link_work,
				      min_t(unsigned long, due - jiffies, NETVSC_LINK_INTERVAL));
		goto out;
	}

	spin_lock_bh(&a->link_lock);
	events = a->link_events;
	/* A flap is down now and up in a while, unless something else comes. */
	a->link_events = events & NETVSC_LINK_FLAP && !s->link_down ? NETVSC_LINK_UP : 0;
	spin_unlock_bh(&a->link_lock);
	if (!events)
		goto out;

	a->link_changed = jiffies;
	if (events & NETVSC_LINK_FLAP && !s->link_down) {
		link_down(s);
		schedule_delayed_work(&a->link_work, NETVSC_LINK_INTERVAL);
	} else if (events & NETVSC_LINK_DOWN) {
		if (!s->link_down)
			link_down(s);
	} else if (events & NETVSC_LINK_UP) {
		if (s->link_down)
			link_up(s);
		else	/* Up and up again: we moved; tell the neighbours. */
			__netdev_notify_peers(a->net);
	}
out:
	rtnl_unlock();
}
