// SPDX-License-Identifier: GPL-2.0
/*
 * Channels that open, close and move to another VP, and the one function that changes a
 * channel's state. The main loop decides, the device's loop does.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/vmbus_internal.h"

static const char *const state_names[CHANNEL_STATES] = {
	[CHANNEL_IDLE] = "idle",
	[CHANNEL_OFFERED] = "offered",
	[CHANNEL_OPEN] = "open",
	[CHANNEL_REVOKED] = "revoked",
	[CHANNEL_RELEASED] = "released",
};

const char *vmbus_channel_state_name(const struct vmbus_channel *ch)
{
	if (ch->busy && ch->state != CHANNEL_OPEN)
		return "closing";
	return state_names[ch->state];
}

void channel_set_state(struct vmbus_channel *ch, enum channel_state state)
{
	static const uint8_t legal[CHANNEL_STATES] = {	/* bits of the states that may follow */
		[CHANNEL_IDLE] = 1u << CHANNEL_OFFERED | 1u << CHANNEL_RELEASED,
		[CHANNEL_OFFERED] = 1u << CHANNEL_OPEN | 1u << CHANNEL_REVOKED | 1u << CHANNEL_IDLE,
		[CHANNEL_OPEN] = 1u << CHANNEL_OFFERED,
		[CHANNEL_REVOKED] = 1u << CHANNEL_RELEASED,
		[CHANNEL_RELEASED] = 1u << CHANNEL_IDLE,	/* to be offered again */
	};

	if (!(legal[ch->state] & 1u << state)) {
		fprintf(stderr, "hvhost: vmbus: %s channel %u cannot go from %s to %s\n",
			ch->dev->name, ch->relid, state_names[ch->state], state_names[state]);
		abort();
	}
	ch->state = state;
}

static struct vmbus_channel *find_channel(struct vmbus_server *server, uint32_t relid)
{
	return relid <= VMBUS_RELID_MAX ? server->by_relid[relid] : NULL;
}

static void set_signal_fd(struct vmbus_channel *ch, int fd)
{
	struct vmbus_server *server = ch->dev->server;

	pthread_mutex_lock(&server->lock);
	server->signal_fd[ch->relid] = fd;
	pthread_mutex_unlock(&server->lock);
}

/* ---- open ---- */

static bool vp_is_target(const struct vmbus_server *server, uint32_t vp)
{
	return vp < server->config.nr_vps || vp == VMBUS_VP_NO_INTERRUPT;
}

/* Find the pages of both rings. Return: NULL, or why not. */
static const char *ring_pages(struct vmbus_channel *ch, const struct vmbus_msg_open *msg,
			      struct channel_start *start, struct vmbus_gpadl **gpadl)
{
	size_t pages, down = le32toh(msg->downstream_page_offset);

	*gpadl = vmbus_gpadl_find(ch, le32toh(msg->ring_gpadl));
	if (!*gpadl)
		return "its ring GPADL does not stand";
	pages = vmbus_gpadl_size(*gpadl) / GUEST_PAGE_SIZE;
	/* Each ring is a control page and at least one page of data. */
	if (down < 2 || pages < 2 || down > pages - 2)
		return "its rings have no room in the GPADL";
	start->pages = calloc(pages, sizeof(*start->pages));
	if (!start->pages)
		return "memory ran out";
	if (gpadl_pages(*gpadl, 0, pages, start->pages)) {
		free(start->pages);
		return "its ring GPADL is not one range of whole pages";
	}
	start->nr_out = down;
	start->nr_in = pages - down;
	return NULL;
}

static void open_result(struct vmbus_server *server, const struct vmbus_msg_open *msg,
			uint32_t status)
{
	struct vmbus_msg_open_result result = {
		.relid = msg->relid,
		.open_id = msg->open_id,
		.status = htole32(status),
	};

	vmbus_send(server, VMBUS_MSG_OPEN_RESULT, &result, sizeof(result));
}

static void bind_signal(struct vmbus_channel *ch)
{
	struct vmbus_server *server = ch->dev->server;
	uint32_t conn_id = VMBUS_CONN_ID_CHANNEL(ch->relid, server->sint, 0);
	int ret;

	set_signal_fd(ch, ch->event_fd);
	ret = synic_bind_signal(server->synic, conn_id, ch->event_fd);
	if (ret)
		vmbus_log(server, "%s channel %u: signals take the slow way: %s", ch->dev->name,
			  ch->relid, strerror(-ret));
	else
		ch->bound_conn_id = conn_id;
}

static void open_now(struct vmbus_channel *ch, const struct vmbus_msg_open *msg)
{
	struct vmbus_server *server = ch->dev->server;
	struct channel_start start = {
		.ch = ch,
		.target_vp = le32toh(msg->target_vp),
		.sint = server->sint,
	};
	struct vmbus_gpadl *gpadl;
	const char *why;

	why = vp_is_target(server, start.target_vp) ? ring_pages(ch, msg, &start, &gpadl) :
						      "its target VP does not exist";
	if (why) {
		vmbus_bad_message(server, "OPEN_CHANNEL of %s channel %u: %s", ch->dev->name,
				  ch->relid, why);
		open_result(server, msg, VMBUS_STATUS_UNSUCCESSFUL);
		return;
	}
	memcpy(start.user_data, msg->user_data, sizeof(start.user_data));
	ch->busy = true;
	ch->ring_gpadl = gpadl;
	loop_call_sync(ch->dev->loop, channel_start, &start);
	if (start.status) {
		ch->busy = false;
		ch->ring_gpadl = NULL;
	} else {
		channel_set_state(ch, CHANNEL_OPEN);
		bind_signal(ch);
		vmbus_monitor_opened(ch);
	}
	open_result(server, msg, start.status);
}

void vmbus_open(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_open *open = msg;
	struct vmbus_channel *ch = find_channel(server, le32toh(open->relid));

	if (!ch || ch->state != CHANNEL_OFFERED || ch->reopen) {
		vmbus_bad_message(server, "OPEN_CHANNEL of channel %u, which is %s",
				  le32toh(open->relid),
				  ch ? vmbus_channel_state_name(ch) : "unknown");
		open_result(server, open, VMBUS_STATUS_UNSUCCESSFUL);
	} else if (ch->busy) {
		/* A close has no answer, so the guest may open again before the VSP is done. */
		ch->reopen = true;
		ch->reopen_msg = *open;
	} else {
		open_now(ch, open);
	}
}

/* ---- close ---- */

void vmbus_channel_close(struct vmbus_channel *ch)
{
	struct vmbus_server *server = ch->dev->server;
	struct vmbus_channel *sub;

	if (ch->state != CHANNEL_OPEN)
		return;
	if (ch->bound_conn_id)
		synic_bind_signal(server->synic, ch->bound_conn_id, -1);
	ch->bound_conn_id = 0;
	set_signal_fd(ch, -1);
	channel_set_state(ch, CHANNEL_OFFERED);
	loop_call_sync(ch->dev->loop, channel_stop, ch);
	if (ch->index || server->conn != CONN_CONNECTED)
		return;
	for (sub = ch->next; sub; sub = sub->next)
		vmbus_channel_revoke(sub);
}

void vmbus_close(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_relid *close = msg;
	struct vmbus_channel *ch = find_channel(server, le32toh(close->relid));

	/* A channel that was rescinded meanwhile is closed already; that is no mistake. */
	if (ch && ch->state == CHANNEL_REVOKED)
		return;
	if (ch && ch->reopen) {
		ch->reopen = false;
		open_result(server, &ch->reopen_msg, VMBUS_STATUS_UNSUCCESSFUL);
		return;
	}
	if (!ch || ch->state != CHANNEL_OPEN) {
		vmbus_bad_message(server, "CLOSE_CHANNEL of channel %u, which is %s",
				  le32toh(close->relid),
				  ch ? vmbus_channel_state_name(ch) : "unknown");
		return;
	}
	vmbus_channel_close(ch);
}

void vmbus_channel_closed(void *channel)
{
	struct vmbus_channel *ch = channel;
	struct vmbus_device *dev = ch->dev;
	struct vmbus_server *server = dev->server;

	ch->busy = false;
	ch->ring_gpadl = NULL;
	vmbus_gpadls_check(server);
	if (ch->reopen && ch->state == CHANNEL_OFFERED) {
		ch->reopen = false;
		open_now(ch, &ch->reopen_msg);
	}
	vmbus_device_check_gone(dev);
	vmbus_check_closed(server);
}

/* ---- move ---- */

struct move {
	struct vmbus_channel *ch;
	uint32_t vp;
};

/* After this, and so after the answer, no signal goes to the old VP. */
static void move_fn(void *arg)
{
	struct move *move = arg;

	move->ch->target_vp = move->vp;
}

void vmbus_modify(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_modify_channel *modify = msg;
	struct vmbus_channel *ch = find_channel(server, le32toh(modify->relid));
	struct move move = { .ch = ch, .vp = le32toh(modify->target_vp) };
	struct vmbus_msg_modify_channel_response response = { .relid = modify->relid };

	if (ch && ch->state == CHANNEL_OPEN && vp_is_target(server, move.vp)) {
		loop_call_sync(ch->dev->loop, move_fn, &move);
	} else {
		vmbus_bad_message(server, "MODIFY_CHANNEL of channel %u (%s) to VP %u",
				  le32toh(modify->relid),
				  ch ? vmbus_channel_state_name(ch) : "unknown", move.vp);
		response.status = htole32(VMBUS_STATUS_UNSUCCESSFUL);
	}
	if (server->version >= VMBUS_WIRE_V5_3)
		vmbus_send(server, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &response, sizeof(response));
}
