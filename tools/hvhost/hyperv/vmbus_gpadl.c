// SPDX-License-Identifier: GPL-2.0
/*
 * GPADL messages and the table of GPADLs. A teardown is answered when nothing of the host uses
 * the memory any more.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/vmbus_internal.h"

static void set_state(struct vmbus_gpadl *gpadl, enum gpadl_state state)
{
	static const uint8_t legal[GPADL_STATES] = {	/* bits of the states that may follow */
		[GPADL_ASSEMBLING] = 1u << GPADL_STANDING | 1u << GPADL_GONE,
		[GPADL_STANDING] = 1u << GPADL_TEARING,
		[GPADL_TEARING] = 1u << GPADL_GONE,
	};

	if (!(legal[gpadl->state] & 1u << state)) {
		fprintf(stderr, "hvhost: vmbus: GPADL 0x%x cannot go from state %d to %d\n",
			gpadl->handle, gpadl->state, state);
		abort();
	}
	gpadl->state = state;
}

static struct vmbus_gpadl *find(struct vmbus_server *server, uint32_t handle)
{
	struct vmbus_gpadl *gpadl;

	for (gpadl = server->gpadls; gpadl; gpadl = gpadl->next)
		if (gpadl->handle == handle)
			return gpadl;
	return NULL;
}

static void table_add(struct vmbus_server *server, struct vmbus_gpadl *gpadl)
{
	pthread_mutex_lock(&server->lock);
	gpadl->next = server->gpadls;
	server->gpadls = gpadl;
	pthread_mutex_unlock(&server->lock);
	server->nr_gpadls++;
	server->raw_bytes += gpadl->raw_len;
}

/* Take it out of the table and drop the table's reference. */
static void table_remove(struct vmbus_server *server, struct vmbus_gpadl *gpadl)
{
	struct vmbus_gpadl **link;

	pthread_mutex_lock(&server->lock);
	for (link = &server->gpadls; *link != gpadl; link = &(*link)->next)
		;
	*link = gpadl->next;
	pthread_mutex_unlock(&server->lock);
	server->nr_gpadls--;
	if (gpadl->state == GPADL_ASSEMBLING)
		server->raw_bytes -= gpadl->raw_len;
	set_state(gpadl, GPADL_GONE);
	atomic_store(&gpadl->idle, NULL);
	gpadl_release(gpadl);
}

/* ---- teardown ---- */

/* Whether a ring or a VSP that has not ended its close may touch the memory. */
static bool in_use(struct vmbus_server *server, struct vmbus_gpadl *gpadl)
{
	struct vmbus_channel *owner = server->by_relid[gpadl->relid], *ch;

	if (!owner)
		return false;
	for (ch = owner->dev->channels; ch; ch = ch->next)
		if (ch->busy && (ch->ring_gpadl == gpadl || atomic_load(&gpadl->users)))
			return true;
	return false;
}

static void finish_if_unused(struct vmbus_server *server, struct vmbus_gpadl *gpadl)
{
	struct vmbus_msg_gpadl_torndown torndown = { .gpadl = htole32(gpadl->handle) };

	if (gpadl->state != GPADL_TEARING || in_use(server, gpadl))
		return;
	if (gpadl->reply)
		vmbus_send(server, VMBUS_MSG_GPADL_TORNDOWN, &torndown, sizeof(torndown));
	table_remove(server, gpadl);
}

void vmbus_gpadls_check(struct vmbus_server *server)
{
	struct vmbus_gpadl *gpadl, *next;

	for (gpadl = server->gpadls; gpadl; gpadl = next) {
		next = gpadl->next;
		finish_if_unused(server, gpadl);
	}
}

static void start_teardown(struct vmbus_server *server, struct vmbus_gpadl *gpadl, bool reply)
{
	pthread_mutex_lock(&server->lock);
	atomic_store(&gpadl->torn, true);
	set_state(gpadl, GPADL_TEARING);
	pthread_mutex_unlock(&server->lock);
	gpadl->reply = reply;
	finish_if_unused(server, gpadl);
}

static void idle_main(void *arg)
{
	struct vmbus_server *server = arg;

	vmbus_gpadls_check(server);
	vmbus_check_closed(server);
}

/* A VSP dropped its last reference to a GPADL whose teardown waits; any thread. */
static void idle_fn(void *arg)
{
	struct vmbus_server *server = arg;

	loop_call(server->loop, idle_main, server);
}

void vmbus_gpadl_teardown(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_gpadl_teardown *teardown = msg;
	struct vmbus_gpadl *gpadl = find(server, le32toh(teardown->gpadl));

	if (!gpadl || gpadl->relid != le32toh(teardown->relid) ||
	    gpadl->state != GPADL_STANDING) {
		vmbus_bad_message(server, "GPADL_TEARDOWN of 0x%x on channel %u: %s",
				  le32toh(teardown->gpadl), le32toh(teardown->relid),
				  gpadl ? "wrong channel or state" : "unknown handle");
		return;
	}
	start_teardown(server, gpadl, true);
}

void vmbus_gpadls_drop(struct vmbus_server *server, uint32_t relid)
{
	struct vmbus_gpadl *gpadl, *next;

	for (gpadl = server->gpadls; gpadl; gpadl = next) {
		next = gpadl->next;
		if (relid && gpadl->relid != relid)
			continue;
		gpadl->reply = false;
		if (gpadl->state == GPADL_ASSEMBLING)
			table_remove(server, gpadl);
		else if (gpadl->state == GPADL_STANDING)
			start_teardown(server, gpadl, false);
	}
}

/* ---- creation ---- */

static void created(struct vmbus_server *server, uint32_t relid, uint32_t handle, uint32_t status)
{
	struct vmbus_msg_gpadl_created msg = {
		.relid = htole32(relid),
		.gpadl = htole32(handle),
		.status = htole32(status),
	};

	vmbus_send(server, VMBUS_MSG_GPADL_CREATED, &msg, sizeof(msg));
}

/* Take more of the list; when all has come, map it and answer. */
static void take(struct vmbus_server *server, struct vmbus_gpadl *gpadl, const void *bytes,
		 size_t len)
{
	uint32_t relid = gpadl->relid, handle = gpadl->handle;
	int ret;

	if (!gpadl_append(gpadl, bytes, len))
		return;
	ret = gpadl_map(gpadl, server->mem);
	if (ret) {
		vmbus_bad_message(server, "GPADL 0x%x of channel %u: %s", handle, relid,
				  strerror(-ret));
		table_remove(server, gpadl);
		created(server, relid, handle, VMBUS_STATUS_UNSUCCESSFUL);
		return;
	}
	server->raw_bytes -= gpadl->raw_len;
	gpadl->idle_arg = server;
	atomic_store(&gpadl->idle, idle_fn);
	pthread_mutex_lock(&server->lock);
	set_state(gpadl, GPADL_STANDING);
	pthread_mutex_unlock(&server->lock);
	created(server, relid, handle, VMBUS_STATUS_SUCCESS);
}

/* Return: NULL, or why the header is refused. */
static const char *header_fault(struct vmbus_server *server, uint32_t relid, uint32_t handle,
				uint16_t buflen)
{
	struct vmbus_channel *ch = relid <= VMBUS_RELID_MAX ? server->by_relid[relid] : NULL;

	/* On a rescinded channel it is legal: the guest may not know yet. */
	if (!ch || ch->state == CHANNEL_IDLE || ch->state == CHANNEL_RELEASED)
		return "unknown channel";
	if (find(server, handle))
		return "handle in use";
	if (buflen < sizeof(struct vmbus_wire_page_range))
		return "ranges too short";
	if (server->nr_gpadls >= VMBUS_GPADLS_MAX ||
	    server->raw_bytes + buflen > VMBUS_GPADL_RAW_MAX)
		return "too many";
	return NULL;
}

void vmbus_gpadl_header(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_gpadl_header *header = msg;
	uint32_t relid = le32toh(header->relid), handle = le32toh(header->gpadl);
	uint16_t buflen = le16toh(header->range_buflen);
	struct vmbus_gpadl *gpadl = NULL;
	const char *fault = header_fault(server, relid, handle, buflen);

	if (!fault) {
		gpadl = gpadl_new(handle, relid, le16toh(header->range_count), buflen);
		if (!gpadl)
			fault = "memory ran out";
	}
	if (fault) {
		vmbus_bad_message(server, "GPADL_HEADER 0x%x of channel %u: %s", handle, relid,
				  fault);
		created(server, relid, handle, VMBUS_STATUS_UNSUCCESSFUL);
		return;
	}
	table_add(server, gpadl);
	take(server, gpadl, header->ranges, len - sizeof(*header));
}

void vmbus_gpadl_body(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_gpadl_body *body = msg;
	struct vmbus_gpadl *gpadl = find(server, le32toh(body->gpadl));

	if (!gpadl || gpadl->state != GPADL_ASSEMBLING) {
		vmbus_bad_message(server, "GPADL_BODY of 0x%x: %s", le32toh(body->gpadl),
				  gpadl ? "it is complete" : "unknown handle");
		return;
	}
	take(server, gpadl, body->ranges, len - sizeof(*body));
}

/* ---- use ---- */

struct vmbus_gpadl *vmbus_gpadl_find(struct vmbus_channel *ch, uint32_t handle)
{
	struct vmbus_gpadl *gpadl = find(ch->dev->server, handle);

	if (!gpadl || gpadl->state != GPADL_STANDING || gpadl->torn ||
	    (gpadl->relid != ch->relid && gpadl->relid != ch->dev->channels->relid))
		return NULL;
	return gpadl;
}

struct vmbus_gpadl *vmbus_gpadl_get(struct vmbus_channel *ch, uint32_t handle)
{
	struct vmbus_server *server = ch->dev->server;
	struct vmbus_gpadl *gpadl;

	pthread_mutex_lock(&server->lock);
	gpadl = vmbus_gpadl_find(ch, handle);
	if (gpadl) {
		atomic_fetch_add(&gpadl->refs, 1);
		atomic_fetch_add(&gpadl->users, 1);
	}
	pthread_mutex_unlock(&server->lock);
	return gpadl;
}
