// SPDX-License-Identifier: GPL-2.0
/*
 * Control messages in and out: the queue towards the guest, whose slot may be taken, and the
 * table that finds the handler of what the guest posted.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/vmbus_internal.h"

/* The guest's end of message is reported; this is for reports that got lost, and counted. */
#define SLOT_RETRY_MS	50

#define HV_STATUS_SUCCESS		0x00
#define HV_STATUS_INVALID_PARAMETER	0x05
#define HV_STATUS_INVALID_CONNECTION_ID	0x12
#define HV_STATUS_INSUFFICIENT_BUFFERS	0x33

/* ---- to the guest ---- */

static struct out_message *pop_out(struct vmbus_server *server)
{
	struct out_message *m = server->out;

	server->out = m->next;
	if (!server->out)
		server->out_tail = &server->out;
	atomic_fetch_sub(&server->out_queue, 1);
	return m;
}

static void pump_out(void *arg)
{
	struct vmbus_server *server = arg;

	while (server->out) {
		struct out_message *m = server->out;
		int ret = synic_post_message(server->synic, m->vp, m->sint,
					     VMBUS_SYNIC_MESSAGE_TYPE, m->payload, m->len);

		if (ret == -EBUSY) {
			server->busy_slots++;
			loop_timer_set(server->out_retry, SLOT_RETRY_MS);
			return;
		}
		if (ret < 0) {
			server->lost_messages++;
			vmbus_log(server, "no message page for VP %u SINT %u: %s", m->vp, m->sint,
				  strerror(-ret));
		} else {
			server->messages_out++;
		}
		free(pop_out(server));
	}
	loop_timer_cancel(server->out_retry);
}

static void retry_out(void *arg)
{
	struct vmbus_server *server = arg;

	server->timed_retries++;
	pump_out(server);
}

static void slot_free(void *arg, uint32_t vp, unsigned int sint)
{
	struct vmbus_server *server = arg;

	loop_call(server->loop, pump_out, server);
}

void vmbus_queue(struct vmbus_server *server, uint32_t vp, unsigned int sint, const void *bytes,
		 size_t len)
{
	struct out_message *m = calloc(1, sizeof(*m));
	bool idle = !server->out;

	if (!m) {
		server->lost_messages++;
		return;
	}
	memcpy(m->payload, bytes, len);
	m->len = len;
	m->vp = vp;
	m->sint = sint;
	*server->out_tail = m;
	server->out_tail = &m->next;
	atomic_fetch_add(&server->out_queue, 1);
	if (idle)
		pump_out(server);
}

void vmbus_send_to(struct vmbus_server *server, uint32_t vp, unsigned int sint,
		   enum vmbus_msg_type type, void *msg, size_t len)
{
	struct vmbus_msg_header head = { .type = htole32(type) };

	memcpy(msg, &head, sizeof(head));
	if (!hostile_message(server, vp, sint, msg, len))
		vmbus_queue(server, vp, sint, msg, len);
}

void vmbus_send(struct vmbus_server *server, enum vmbus_msg_type type, void *msg, size_t len)
{
	vmbus_send_to(server, server->vp, server->sint, type, msg, len);
}

void vmbus_message_drop_all(struct vmbus_server *server)
{
	while (server->out)
		free(pop_out(server));
	loop_timer_cancel(server->out_retry);
}

int vmbus_message_init(struct vmbus_server *server)
{
	server->out_tail = &server->out;
	server->out_retry = loop_timer_new(server->loop, retry_out, server);
	if (!server->out_retry)
		return -ENOMEM;
	synic_on_slot_free(server->synic, slot_free, server);
	return 0;
}

/* ---- from the guest ---- */

static void tl_connect(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_tl_connect *request = msg;
	struct vmbus_msg_tl_connect_result result = {
		.endpoint_id = request->endpoint_id,
		.service_id = request->service_id,
		.status = htole32(VMBUS_STATUS_CONN_REFUSED),
	};
	struct vmbus_guid service, endpoint;

	memcpy(service.b, request->service_id.b, sizeof(service.b));
	memcpy(endpoint.b, request->endpoint_id.b, sizeof(endpoint.b));
	/* The offer is the answer to a request that is granted. */
	if (server->tl_connect && server->offers_sent &&
	    !server->tl_connect(server->tl_connect_arg, &service, &endpoint))
		return;
	/* A 4.0 guest knows no result and times out. */
	if (server->version >= VMBUS_WIRE_V4_1)
		vmbus_send(server, VMBUS_MSG_TL_CONNECT_RESULT, &result, sizeof(result));
}

/* INITIATE_CONTACT is not here: it is the one that needs the connection id. */
static const struct {
	void (*fn)(struct vmbus_server *server, const void *msg, size_t len);
	uint16_t min_size;
	uint32_t min_version;
} handlers[VMBUS_MSG_TYPES] = {
	[VMBUS_MSG_REQUEST_OFFERS] = { vmbus_request_offers,
		sizeof(struct vmbus_msg_header), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_OPEN_CHANNEL] = { vmbus_open,
		sizeof(struct vmbus_msg_open), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_CLOSE_CHANNEL] = { vmbus_close,
		sizeof(struct vmbus_msg_relid), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_GPADL_HEADER] = { vmbus_gpadl_header,
		sizeof(struct vmbus_msg_gpadl_header), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_GPADL_BODY] = { vmbus_gpadl_body,
		sizeof(struct vmbus_msg_gpadl_body), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_GPADL_TEARDOWN] = { vmbus_gpadl_teardown,
		sizeof(struct vmbus_msg_gpadl_teardown), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_RELID_RELEASED] = { vmbus_relid_released,
		sizeof(struct vmbus_msg_relid), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_UNLOAD] = { vmbus_unload,
		sizeof(struct vmbus_msg_header), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_TL_CONNECT_REQUEST] = { tl_connect,
		sizeof(struct vmbus_msg_tl_connect), VMBUS_WIRE_V4_0 },
	[VMBUS_MSG_MODIFY_CHANNEL] = { vmbus_modify,
		sizeof(struct vmbus_msg_modify_channel), VMBUS_WIRE_V4_1 },
};

struct in_message {
	struct vmbus_server *server;
	uint32_t conn_id;
	size_t len;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX] __attribute__((aligned(8)));
};

static void dispatch(struct vmbus_server *server, const struct in_message *m)
{
	const struct vmbus_msg_header *head = (const void *)m->payload;
	uint32_t type;

	if (m->len < sizeof(*head)) {
		vmbus_bad_message(server, "a message of %zu bytes has no header", m->len);
		return;
	}
	type = le32toh(head->type);
	if (type == VMBUS_MSG_INITIATE_CONTACT) {
		vmbus_initiate_contact(server, m->payload, m->len, m->conn_id);
		return;
	}
	if (type >= VMBUS_MSG_TYPES || !handlers[type].fn) {
		vmbus_bad_message(server, "unknown message type %u", type);
		return;
	}
	/* A driver may tidy up after its unload; the relids are released already. */
	if (type == VMBUS_MSG_RELID_RELEASED && server->conn != CONN_CONNECTED)
		return;
	if (server->conn != CONN_CONNECTED || server->version < handlers[type].min_version) {
		vmbus_bad_message(server, "message type %u while %s, version %u.%u", type,
				  vmbus_conn_state_name(server), VMBUS_WIRE_MAJOR(server->version),
				  VMBUS_WIRE_MINOR(server->version));
		return;
	}
	if (m->len < handlers[type].min_size) {
		vmbus_bad_message(server, "message type %u of %zu bytes, needs %u", type, m->len,
				  handlers[type].min_size);
		return;
	}
	handlers[type].fn(server, m->payload, m->len);
}

static void handle_in(void *arg)
{
	struct in_message *m = arg;
	struct vmbus_server *server = m->server;

	server->messages_in++;
	dispatch(server, m);
	atomic_fetch_sub(&server->in_queue, 1);
	free(m);
}

uint16_t vmbus_post_message(struct vmbus_server *server, uint32_t conn_id, uint32_t type,
			    const void *payload, size_t len)
{
	struct in_message *m;

	if (conn_id != VMBUS_CONN_ID_MESSAGE && conn_id != VMBUS_CONN_ID_MESSAGE_V5)
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (type != VMBUS_SYNIC_MESSAGE_TYPE || len > sizeof(m->payload) ||
	    hostile_refuses(&server->hostile, payload, len))
		return HV_STATUS_INVALID_PARAMETER;
	/* Back pressure: the guest gets this status, waits and posts again. */
	if (atomic_load(&server->in_queue) >= VMBUS_IN_QUEUE_MAX ||
	    atomic_load(&server->out_queue) >= VMBUS_OUT_QUEUE_MAX)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	m = calloc(1, sizeof(*m));
	if (!m)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	m->server = server;
	m->conn_id = conn_id;
	m->len = len;
	memcpy(m->payload, payload, len);
	atomic_fetch_add(&server->in_queue, 1);
	loop_call(server->loop, handle_in, m);
	return HV_STATUS_SUCCESS;
}
