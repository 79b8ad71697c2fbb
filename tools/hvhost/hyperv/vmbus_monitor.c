// SPDX-License-Identifier: GPL-2.0
/*
 * Monitor pages: the guest signals a channel that has a monitor by a bit in a page instead of a
 * hypercall. On Hyper-V the hypervisor looks at the page within each trigger's latency; here a
 * timer of the main loop does, while a channel with a monitor is open.
 */
#include <endian.h>
#include <string.h>

#include "hyperv/vmbus_internal.h"

#define POLL_MS		1
#define LATENCY		(POLL_MS * 10000u)	/* in the page: 100 ns */
#define NR_MONITORS	(VMBUS_MONITOR_GROUPS * VMBUS_MONITOR_TRIGGERS)

static struct vmbus_monitor_page *page_of(struct vmbus_server *server)
{
	struct vmbus_monitor_page *page;

	if (server->conn != CONN_CONNECTED || !server->monitor_gpa)
		return NULL;
	page = guest_shared_ptr(server->mem, server->monitor_gpa, sizeof(*page));
	return (uintptr_t)page % _Alignof(uint64_t) ? NULL : page;
}

/* @list: device names with commas between. */
static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, name, len) && (!list[len] || list[len] == ','))
			return true;
	}
	return false;
}

int vmbus_monitor_get(struct vmbus_channel *ch)
{
	struct vmbus_server *server = ch->dev->server;
	struct vmbus_monitor_page *page = page_of(server);
	unsigned int id = ch->monitor ? ch->monitor - 1 : 0, group, bit;

	if (!page || !listed(server->config.monitored, ch->dev->ops->name))
		return -1;
	while (!ch->monitor && id < NR_MONITORS && server->by_monitor[id])
		id++;
	if (id == NR_MONITORS)
		return -1;
	server->by_monitor[id] = ch;
	ch->monitor = id + 1;
	group = id / VMBUS_MONITOR_TRIGGERS;
	bit = id % VMBUS_MONITOR_TRIGGERS;
	page->latency[group][bit] = htole16(LATENCY);
	page->param[group][bit].connection_id =
		htole32(VMBUS_CONN_ID_CHANNEL(ch->relid, server->sint, 0));
	page->trigger_state |= htole32(1u << group);
	return id;
}

void vmbus_monitor_put(struct vmbus_channel *ch)
{
	if (ch->monitor)
		ch->dev->server->by_monitor[ch->monitor - 1] = NULL;
	ch->monitor = 0;
}

void vmbus_monitor_opened(struct vmbus_channel *ch)
{
	if (ch->monitor)
		loop_timer_set(ch->dev->server->monitor_timer, POLL_MS);
}

static void signal_group(struct vmbus_server *server, unsigned int group, uint32_t pending)
{
	struct vmbus_channel *ch;

	for (; pending; pending &= pending - 1) {
		ch = server->by_monitor[group * VMBUS_MONITOR_TRIGGERS +
					__builtin_ctz(pending)];
		/* Bits that are no channel's, or of one that is not open, mean nothing. */
		if (!ch || ch->state != CHANNEL_OPEN)
			continue;
		server->monitor_signals++;
		vmbus_signal_event(server, VMBUS_CONN_ID_CHANNEL(ch->relid, server->sint, 0), 0);
	}
}

static void poll_page(void *arg)
{
	struct vmbus_server *server = arg;
	struct vmbus_monitor_page *page = page_of(server);
	bool open = false;

	for (unsigned int id = 0; page && id < NR_MONITORS; id++)
		open |= server->by_monitor[id] && server->by_monitor[id]->state == CHANNEL_OPEN;
	if (!open)
		return;
	for (unsigned int group = 0; group < VMBUS_MONITOR_GROUPS; group++)
		signal_group(server, group,
			     le32toh(__atomic_exchange_n(&page->group[group].pending, 0,
							 __ATOMIC_SEQ_CST)));
	loop_timer_set(server->monitor_timer, POLL_MS);
}

int vmbus_monitor_init(struct vmbus_server *server)
{
	server->monitor_timer = loop_timer_new(server->loop, poll_page, server);
	return server->monitor_timer ? 0 : -1;
}
