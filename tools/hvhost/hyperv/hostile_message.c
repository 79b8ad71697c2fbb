// SPDX-License-Identifier: GPL-2.0
/*
 * The lies of the bus itself, on the main loop: channel messages, rescinds at bad moments, and
 * the control command.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/hostile_internal.h"

/* ---- rescinds ---- */

struct rescind_request {
	struct vmbus_server *server;
	uint64_t serial;
	uint64_t number;
};

static void rescind_fn(void *arg)
{
	struct rescind_request *request = arg;
	struct vmbus_device *dev;
	unsigned int n = 0;

	for (dev = request->server->devices; dev; dev = dev->next)
		n++;
	n = n ? request->number % n : 0;
	for (dev = request->server->devices; dev; dev = dev->next)
		if (request->serial ? dev->serial == request->serial : !n--)
			break;
	if (dev) {
		hostile_note(&request->server->hostile, "%s is rescinded", dev->name);
		vmbus_device_bounce(dev);
	}
	free(request);
}

void hostile_rescind(struct vmbus_server *server, uint64_t serial, uint64_t number)
{
	struct rescind_request *request = malloc(sizeof(*request));

	if (!request)
		return;
	*request = (struct rescind_request){ server, serial, number };
	loop_call(server->loop, rescind_fn, request);
}

/* ---- messages ---- */

/* Bits of the types after which a rescind comes at a bad moment. */
#define MOMENTS	(1u << VMBUS_MSG_OFFER_CHANNEL | 1u << VMBUS_MSG_OPEN_RESULT | \
		 1u << VMBUS_MSG_GPADL_CREATED | 1u << VMBUS_MSG_GPADL_TORNDOWN)

static void remember(struct vmbus_server *server, const void *bytes, size_t len)
{
	struct hostile_sent *sent = &server->hostile_sent[server->nr_hostile_sent++ %
							  HOSTILE_SENT_MAX];

	memcpy(sent->bytes, bytes, len);
	sent->len = len;
}

/* There is one: that which is being sent is remembered first. */
static const struct hostile_sent *any_sent(struct vmbus_server *server, struct hostile_rng *rng)
{
	unsigned int known = server->nr_hostile_sent < HOSTILE_SENT_MAX ?
			     server->nr_hostile_sent : HOSTILE_SENT_MAX;

	return &server->hostile_sent[hostile_below(rng, known)];
}

/* A message that nothing asked for: an old one again, or one about any channel. */
static void unasked(struct vmbus_server *server, struct hostile_rng *rng, uint32_t vp,
		    unsigned int sint)
{
	struct vmbus_msg_open_result any = {
		.header.type = htole32(hostile_below(rng, 4) ? hostile_below(rng, 32) :
				       VMBUS_MSG_RESCIND_OFFER),
		.relid = htole32(hostile_below(rng, 3) ? hostile_below(rng, 24) :
				 hostile_random(rng)),
		.open_id = htole32(hostile_below(rng, 24)),
		.status = htole32(hostile_below(rng, 2)),
	};
	const struct hostile_sent *sent;

	if (hostile_below(rng, 2)) {
		sent = any_sent(server, rng);
		vmbus_queue(server, vp, sint, sent->bytes, sent->len);
		hostile_note(&server->hostile, "an old message of type %u again", sent->bytes[0]);
		return;
	}
	hostile_note(&server->hostile, "a message of type %u about channel %u",
		     le32toh(any.header.type), le32toh(any.relid));
	vmbus_queue(server, vp, sint, &any, sizeof(any));
}

/* The lie with a name, when there is one and it fits. */
static enum hostile_fate tell(struct vmbus_server *server, struct hostile_item *item)
{
	unsigned int none = 0;

	return hostile_lie_tell(&server->hostile, server->hostile_messages.config.lie,
				HOSTILE_AT_MESSAGE, HOSTILE_DEV_OTHER, 0, item, 0, &none);
}

static enum hostile_fate change(struct vmbus_server *server, struct hostile_item *item,
				uint32_t vp, unsigned int sint)
{
	struct hostile_stream *stream = &server->hostile_messages;
	enum hostile_fate fate = HOSTILE_SEND;
	uint32_t type = item->bytes[0];

	if (hostile_take(&server->hostile, stream, HOSTILE_MESSAGES)) {
		if (hostile_below(&stream->rng, 3)) {
			fate = hostile_message_item(&stream->rng, item);
			hostile_note(&server->hostile, "message type %u: %s", type, item->note);
		} else {
			unasked(server, &stream->rng, vp, sint);
		}
	}
	if (fate == HOSTILE_SEND && hostile_take(&server->hostile, stream, HOSTILE_SILENCE)) {
		hostile_note(&server->hostile, "message type %u: never sent", type);
		fate = HOSTILE_NEVER;
	}
	if (type < 32 && MOMENTS & 1u << type &&
	    hostile_take(&server->hostile, stream, HOSTILE_RESCIND))
		hostile_rescind(server, 0, hostile_random(&stream->rng));
	return fate;
}

static void send_held(struct vmbus_server *server, uint32_t vp, unsigned int sint)
{
	struct hostile_stream *stream = &server->hostile_messages;

	if (stream->held)
		vmbus_queue(server, vp, sint, stream->held, stream->held_len);
	hostile_held_drop(stream);
}

/* More that the guest has not taken yet are not made. */
#define ECHO_QUEUE	256u

/* Old messages once more, each changed, or such as nothing asked for. */
static void echo_messages(struct vmbus_server *server, uint32_t vp, unsigned int sint)
{
	struct hostile_stream *stream = &server->hostile_messages;
	uint8_t bytes[VMBUS_MESSAGE_MAX];
	struct hostile_item item = { .bytes = bytes, .cap = sizeof(bytes) };
	const struct hostile_sent *sent;
	unsigned int i;

	for (i = 0; i < stream->config.echo && atomic_load(&server->out_queue) < ECHO_QUEUE; i++) {
		hostile_count(&server->hostile, HOSTILE_MESSAGES);
		if (hostile_below(&stream->rng, 2)) {
			unasked(server, &stream->rng, vp, sint);
			continue;
		}
		sent = any_sent(server, &stream->rng);
		memcpy(bytes, sent->bytes, sizeof(sent->bytes));
		item.len = sent->len;
		hostile_message_item(&stream->rng, &item);
		vmbus_queue(server, vp, sint, item.bytes, item.len);
	}
}

static void echo_fn(void *arg);

/* And again after a while. */
static void echo(struct vmbus_server *server, uint32_t vp, unsigned int sint)
{
	const struct hostile_config *config = &server->hostile_messages.config;

	if (!config->echo || !(config->classes & 1u << HOSTILE_MESSAGES))
		return;
	echo_messages(server, vp, sint);
	if (!server->echoes)
		server->echoes = loop_timer_new(server->loop, echo_fn, server);
	if (server->echoes)
		loop_timer_set(server->echoes, HOSTILE_ECHO_MS);
}

static void echo_fn(void *arg)
{
	struct vmbus_server *server = arg;

	if (server->conn == CONN_CONNECTED &&
	    hostile_begin(&server->hostile, &server->hostile_messages, "vmbus", 0))
		echo(server, server->vp, server->sint);
}

bool hostile_message(struct vmbus_server *server, uint32_t vp, unsigned int sint,
		     const void *payload, size_t len)
{
	struct hostile_stream *stream = &server->hostile_messages;
	uint8_t bytes[VMBUS_MESSAGE_MAX] = { 0 };
	struct hostile_item item = { .bytes = bytes, .len = len, .cap = sizeof(bytes) };
	enum hostile_fate fate;
	bool held;

	if (!hostile_begin(&server->hostile, stream, "vmbus", 0))
		return false;
	remember(server, payload, len);
	memcpy(bytes, payload, len);
	held = stream->held;
	fate = tell(server, &item);
	if (fate == HOSTILE_SEND)
		fate = change(server, &item, vp, sint);
	if (fate == HOSTILE_LATER && !hostile_hold(stream, &item))
		fate = HOSTILE_SEND;
	if (fate == HOSTILE_SEND || fate == HOSTILE_TWICE)
		vmbus_queue(server, vp, sint, item.bytes, item.len);
	if (fate == HOSTILE_TWICE)
		vmbus_queue(server, vp, sint, item.bytes, item.len);
	if (held)
		send_held(server, vp, sint);
	echo(server, vp, sint);
	return true;
}

/* ---- control ---- */

#define SCRIBBLE	0xa5

/* The host may write to what it was given as long as the guest has not had it back. */
static void use_memory(struct vmbus_server *server)
{
	static const uint8_t page[4096] = { [0 ... 4095] = SCRIBBLE };
	struct vmbus_gpadl *gpadl;
	struct vmbus_channel *ch;
	size_t at;

	for (gpadl = server->gpadls; gpadl; gpadl = gpadl->next) {
		ch = server->by_relid[gpadl->relid];
		if (gpadl->state != GPADL_STANDING || !ch || ch->busy ||
		    ch->state != CHANNEL_OFFERED)
			continue;
		hostile_note(&server->hostile, "%zu bytes of GPADL %#x are written",
			     gpadl->size, gpadl->handle);
		for (at = 0; at + sizeof(page) <= gpadl->size; at += sizeof(page))
			vmbus_gpadl_write(gpadl, at, page, sizeof(page));
	}
}

static void settle(struct vmbus_server *server)
{
	struct vmbus_device *dev;

	if (server->hostile.refused)
		use_memory(server);
	server->hostile.refused = false;
	send_held(server, server->vp, server->sint);
	for (dev = server->devices; dev; dev = dev->next)
		hostile_settle_device(dev);
}

int hostile_command(struct vmbus_server *server, json_t *request, json_t *reply,
		    struct error *err)
{
	const json_t *spec = json_object_get(request, "spec");
	struct hostile_config config;

	if (spec) {
		if (!json_is_string(spec))
			return error_set(err, "hostile: spec is a text");
		if (hostile_parse(&config, json_string_value(spec), err))
			return -1;
		hostile_set(&server->hostile, &config);
		if (!hostile_armed(&server->hostile))
			settle(server);
	} else {
		json_object_set_new(reply, "lies", hostile_lie_list());
	}
	json_object_set_new(reply, "hostile", hostile_stats(&server->hostile, true));
	return 0;
}
