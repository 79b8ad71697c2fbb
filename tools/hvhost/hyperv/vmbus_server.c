// SPDX-License-Identifier: GPL-2.0
/*
 * The VMBus server's life and its connection: version negotiation, unload, reset. A connection
 * ends in CLOSING until no VSP uses guest memory; what is owed to the guest then follows.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hyperv/vmbus_internal.h"

#define FREE_TURNS	50	/* the longest wait for VSPs at the end: 50 * 100 ms */
#define FREE_TURN_MS	100
#define LOG_LINES_MAX	200	/* a hostile guest must not fill the host's log */

static const uint32_t versions[] = {
	VMBUS_WIRE_V4_0, VMBUS_WIRE_V4_1, VMBUS_WIRE_V5_0, VMBUS_WIRE_V5_1, VMBUS_WIRE_V5_2,
	VMBUS_WIRE_V5_3,
};

static const char *const conn_names[] = {
	[CONN_DISCONNECTED] = "disconnected",
	[CONN_CONNECTED] = "connected",
	[CONN_CLOSING] = "closing",
};

void vmbus_log(struct vmbus_server *server, const char *fmt, ...)
{
	unsigned int line = __atomic_fetch_add(&server->logged, 1, __ATOMIC_RELAXED);
	char text[256];
	va_list args;

	if (line > LOG_LINES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "hvhost: vmbus: %s\n",
		line < LOG_LINES_MAX ? text : "more of these are counted, not shown");
}

void vmbus_bad_message(struct vmbus_server *server, const char *fmt, ...)
{
	char text[200];
	va_list args;

	server->bad_messages++;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vmbus_log(server, "guest: %s", text);
}

const char *vmbus_conn_state_name(const struct vmbus_server *server)
{
	return conn_names[server->conn];
}

/* The one place where the connection's state changes. */
static void conn_set_state(struct vmbus_server *server, enum conn_state state)
{
	static const uint8_t legal[] = {	/* bits of the states that may follow */
		[CONN_DISCONNECTED] = 1u << CONN_CONNECTED | 1u << CONN_CLOSING,
		[CONN_CONNECTED] = 1u << CONN_CLOSING,
		[CONN_CLOSING] = 1u << CONN_DISCONNECTED,
	};

	if (!(legal[server->conn] & 1u << state)) {
		fprintf(stderr, "hvhost: vmbus: connection cannot go from %s to %s\n",
			conn_names[server->conn], conn_names[state]);
		abort();
	}
	server->conn = state;
}

/* ---- contact ---- */

static bool version_is_known(const struct vmbus_server *server, uint32_t version)
{
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (version == versions[i])
			return version <= server->config.max_version;
	return false;
}

static void parse_contact(struct vmbus_server *server, const struct vmbus_msg_initiate_contact *msg,
			  uint32_t conn_id, struct vmbus_contact *contact)
{
	contact->version = le32toh(msg->version);
	contact->vp = contact->version >= VMBUS_WIRE_V3_0 ? le32toh(msg->target_vp) : 0;
	contact->sint = VMBUS_SINT_MESSAGE;
	if (conn_id == VMBUS_CONN_ID_MESSAGE_V5 && contact->version >= VMBUS_WIRE_V5_0)
		contact->sint = msg->u.target.sint;
	/* Monitor pages come in a pair or not at all. */
	contact->valid = contact->vp < server->config.nr_vps && contact->sint < 16 &&
			 !msg->parent_to_child_monitor == !msg->child_to_parent_monitor;
	contact->monitor_gpa = le64toh(msg->child_to_parent_monitor);
	if (contact->vp >= server->config.nr_vps)
		contact->vp = 0;
	if (contact->sint >= 16)
		contact->sint = VMBUS_SINT_MESSAGE;
}

static void answer_contact(struct vmbus_server *server)
{
	const struct vmbus_contact *contact = &server->contact;
	struct vmbus_msg_version_response response = { 0 };

	if (!contact->valid) {
		vmbus_bad_message(server, "INITIATE_CONTACT with an impossible VP, SINT or pages");
		response.conn_state = VMBUS_CONN_STATE_FAILED;
	} else if (version_is_known(server, contact->version)) {
		conn_set_state(server, CONN_CONNECTED);
		server->version = contact->version;
		server->vp = contact->vp;
		server->sint = contact->sint;
		server->monitor_gpa = contact->monitor_gpa;
		server->offers_sent = false;
		server->contacts++;
		response.supported = 1;
		response.conn_state = VMBUS_CONN_STATE_SUCCESSFUL;
		response.msg_conn_id = htole32(contact->version >= VMBUS_WIRE_V5_0 ?
					       VMBUS_CONN_ID_MESSAGE_V5 : contact->version);
	}
	vmbus_send_to(server, contact->vp, contact->sint, VMBUS_MSG_VERSION_RESPONSE, &response,
		      sizeof(response));
}

/* Start to end the connection; what is owed afterwards is in unload_owed and contact_waits. */
static void start_closing(struct vmbus_server *server)
{
	if (server->conn != CONN_CLOSING)
		conn_set_state(server, CONN_CLOSING);
	vmbus_devices_disconnect(server);
	vmbus_gpadls_drop(server, 0);
	vmbus_check_closed(server);
}

void vmbus_check_closed(struct vmbus_server *server)
{
	if (server->conn != CONN_CLOSING || !vmbus_devices_idle(server) || server->gpadls)
		return;
	conn_set_state(server, CONN_DISCONNECTED);
	if (server->unload_owed) {
		struct vmbus_msg_header response;

		vmbus_send(server, VMBUS_MSG_UNLOAD_RESPONSE, &response, sizeof(response));
	}
	server->unload_owed = false;
	server->version = 0;
	if (server->contact_waits) {
		server->contact_waits = false;
		answer_contact(server);
	}
}

void vmbus_initiate_contact(struct vmbus_server *server, const void *msg, size_t len,
			    uint32_t conn_id)
{
	if (len < sizeof(struct vmbus_msg_initiate_contact)) {
		vmbus_bad_message(server, "INITIATE_CONTACT of %zu bytes, needs %zu", len,
				  sizeof(struct vmbus_msg_initiate_contact));
		return;
	}
	parse_contact(server, msg, conn_id, &server->contact);
	if (server->conn == CONN_DISCONNECTED) {
		answer_contact(server);
		return;
	}
	/* A new kernel without an unload, or a guest that starts over: both are legal. */
	if (!server->unload_owed)
		vmbus_message_drop_all(server);
	server->contact_waits = true;
	start_closing(server);
}

void vmbus_unload(struct vmbus_server *server, const void *msg, size_t len)
{
	server->unloads++;
	server->open_at_unload = vmbus_channels_open(server);
	server->unload_owed = true;
	start_closing(server);
}

/* ---- life ---- */

struct vmbus_server *vmbus_server_new(struct loop *main_loop, struct guest_memory *mem,
				      struct synic *synic,
				      const struct vmbus_server_config *config)
{
	struct vmbus_server *server = calloc(1, sizeof(*server));
	size_t i;

	if (!server)
		return NULL;
	server->loop = main_loop;
	server->mem = mem;
	server->synic = synic;
	server->config = *config;
	server->sint = VMBUS_SINT_MESSAGE;
	for (i = 0; i <= VMBUS_RELID_MAX; i++)
		server->signal_fd[i] = -1;
	pthread_mutex_init(&server->lock, NULL);
	hostile_init(&server->hostile);
	if (vmbus_message_init(server) || vmbus_monitor_init(server)) {
		loop_timer_free(server->out_retry);
		free(server);
		return NULL;
	}
	return server;
}

void vmbus_server_reset(struct vmbus_server *server)
{
	vmbus_message_drop_all(server);
	server->unload_owed = false;
	server->contact_waits = false;
	start_closing(server);
}

struct hostile *vmbus_server_hostile(struct vmbus_server *server)
{
	return &server->hostile;
}

void vmbus_server_on_tl_connect(struct vmbus_server *server, vmbus_tl_connect_fn fn, void *arg)
{
	server->tl_connect = fn;
	server->tl_connect_arg = arg;
}

bool vmbus_server_quiet(const struct vmbus_server *server)
{
	return server->conn != CONN_CLOSING;
}

void vmbus_server_free(struct vmbus_server *server)
{
	struct vmbus_device *dev, *next;
	int turns;

	if (!server)
		return;
	vmbus_server_reset(server);
	for (dev = server->devices; dev; dev = next) {
		next = dev->next;
		vmbus_device_remove(dev);
	}
	for (turns = 0; (server->devices || server->gpadls) && turns < FREE_TURNS; turns++)
		loop_poll(server->loop, FREE_TURN_MS);
	/* A VSP that is busy even now keeps what it uses; the process ends soon. */
	if (server->devices || server->gpadls) {
		vmbus_log(server, "a device did not end its I/O; its memory stays");
		return;
	}
	synic_on_slot_free(server->synic, NULL, NULL);
	vmbus_message_drop_all(server);
	loop_timer_free(server->out_retry);
	loop_timer_free(server->monitor_timer);
	hostile_stream_drop(&server->hostile_messages);
	loop_timer_free(server->echoes);
	hostile_destroy(&server->hostile);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

uint16_t vmbus_signal_event(struct vmbus_server *server, uint32_t conn_id, uint16_t flag)
{
	uint32_t relid = conn_id & 0xfffu;
	uint64_t one = 1;
	uint16_t status = 0x12;		/* HV_STATUS_INVALID_CONNECTION_ID */

	if (relid > VMBUS_RELID_MAX || conn_id >> 16 || flag)
		return status;
	pthread_mutex_lock(&server->lock);
	if (server->signal_fd[relid] >= 0 &&
	    write(server->signal_fd[relid], &one, sizeof(one)) == sizeof(one))
		status = 0;
	pthread_mutex_unlock(&server->lock);
	return status;
}
