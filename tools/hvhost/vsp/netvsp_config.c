// SPDX-License-Identifier: GPL-2.0
/*
 * A network device's beginning and end, its specification, its counters, and the control
 * commands that pull its cable.
 */
#include "vsp/netvsp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vsp/netvsp_internal.h"

#define LINK_SPEED	10000000000ull	/* bit/s */
#define DEFAULT_QUEUES	8u
#define DEFAULT_USER_MTU 1500u	/* what user-mode NAT sends when mtu= is not given */

/* ---- the specification ---- */

static int parse_mac(const char *text, uint8_t mac[6], struct error *err)
{
	unsigned int b[6];
	char end;

	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
					 &b[3], &b[4], &b[5], &end) != 6)
		return error_set(err, "nic: mac=%s is not like 00:15:5d:01:02:03", text);
	if (b[0] & 1)
		return error_set(err, "nic: mac=%s is a group address", text);
	for (int i = 0; i < 6; i++)
		mac[i] = b[i];
	return 0;
}

static int parse_number(const char *key, const char *text, unsigned int min, unsigned int max,
			unsigned int *value, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < min || n > max)
		return error_set(err, "nic: %s=%s is not a number from %u to %u", key, text, min,
				 max);
	*value = n;
	return 0;
}

int netvsp_parse_version(const char *text, uint32_t *version, struct error *err)
{
	static const struct {
		const char *text;
		uint32_t version;
	} names[] = {
		{ "1", NVSP_VERSION_1 }, { "2", NVSP_VERSION_2 }, { "4", NVSP_VERSION_4 },
		{ "5", NVSP_VERSION_5 }, { "6", NVSP_VERSION_6 }, { "6.0", NVSP_VERSION_6 },
		{ "6.1", NVSP_VERSION_6_1 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i].text) == 0) {
			*version = names[i].version;
			return 0;
		}
	}
	return error_set(err, "%s is no version of NVSP: 1, 2, 4, 5, 6, 6.1", text);
}

/* Takes the device's own options out of @spec; what remains, in @rest, is the back end's. */
static int parse_spec(struct netvsp *nic, const char *spec, char *rest, unsigned int *user_mtu,
		      struct error *err)
{
	char *copy = strdup(spec), *save = NULL, *opt;
	int ret = copy ? 0 : error_set(err, "nic: out of memory");

	*rest = 0;
	for (opt = copy ? strtok_r(copy, ",", &save) : NULL; opt && !ret;
	     opt = strtok_r(NULL, ",", &save)) {
		if (strncmp(opt, "mac=", 4) == 0) {
			ret = parse_mac(opt + 4, nic->rndis.permanent_mac, err);
		} else if (strncmp(opt, "mtu=", 4) == 0) {
			ret = parse_number("mtu", opt + 4, 68, NETVSP_MAX_MTU, &nic->mtu, err);
			*user_mtu = nic->mtu;
		} else if (strncmp(opt, "queues=", 7) == 0) {
			ret = parse_number("queues", opt + 7, 1, NVSP_MAX_CHANNELS,
					   &nic->max_channels, err);
		} else if (strncmp(opt, "nvsp=", 5) == 0) {
			ret = netvsp_parse_version(opt + 5, &nic->max_version, err);
		} else {
			if (*rest)
				strcat(rest, ",");
			strcat(rest, opt);
		}
	}
	free(copy);
	return ret;
}

/* ---- life ---- */

struct netvsp *netvsp_new(struct loop *loop, const char *spec, unsigned int index,
			  uint32_t max_version, struct error *err)
{
	struct netvsp *nic = calloc(1, sizeof(*nic));
	char *rest = malloc(strlen(spec) + 1);
	struct net_client client = {
		.deliver = netvsp_rx_deliver,
		.flush = netvsp_rx_flush,
		.writable = netvsp_tx_drain,
		.room = netvsp_rx_room,
		.arg = nic,
	};
	unsigned int user_mtu = DEFAULT_USER_MTU;
	pid_t pid = getpid();

	if (!nic || !rest) {
		error_set(err, "nic %s: out of memory", spec);
		goto fail;
	}
	nic->loop = loop;
	nic->max_version = max_version ? max_version : NVSP_VERSION_6_1;
	nic->mtu = NETVSP_MAX_MTU;
	nic->max_channels = DEFAULT_QUEUES;
	nic->control_tail = &nic->control;
	nic->tx_tail = &nic->tx_head;
	nic->free_slots = NETVSP_SLOT_NONE;
	/* Two hvhost processes on one hub must differ without being told. */
	memcpy(nic->rndis.permanent_mac, (uint8_t[]){ 0x00, 0x15, 0x5d, pid >> 8, pid, index }, 6);
	if (parse_spec(nic, spec, rest, &user_mtu, err) < 0)
		goto fail;
	nic->rndis.max_frame = NETVSP_DEFAULT_FRAME;
	nic->rndis.link_speed = LINK_SPEED;
	nic->rndis.link_up = true;
	nic->rndis.max_channels = nic->max_channels;
	memcpy(nic->rndis.mac, nic->rndis.permanent_mac, sizeof(nic->rndis.mac));
	rndis_nic_reset(&nic->rndis);
	nic->backend = net_backend_new(rest, user_mtu, loop, &client, err);
	if (!nic->backend)
		goto fail;
	free(rest);
	return nic;
fail:
	free(rest);
	free(nic);
	return NULL;
}

void netvsp_free(struct netvsp *nic)
{
	net_backend_free(nic->backend);
	netvsp_tx_drop(nic);
	netvsp_rx_drop(nic);
	free(nic);
}

static void free_fn(void *arg)
{
	netvsp_free(arg);
}

/* ---- counters ---- */

static const char *const drop_names[NETVSP_NR_DROPS] = {
	[NETVSP_DROP_RX_CLOSED] = "rx_closed",
	[NETVSP_DROP_RX_FILTER] = "rx_filter",
	[NETVSP_DROP_RX_TOO_LONG] = "rx_too_long",
	[NETVSP_DROP_RX_NO_BUFFER] = "rx_no_buffer",
	[NETVSP_DROP_RX_LINK_DOWN] = "rx_link_down",
	[NETVSP_DROP_TX_LINK_DOWN] = "tx_link_down",
	[NETVSP_DROP_TX_BAD_LENGTH] = "tx_bad_length",
	[NETVSP_DROP_TX_BAD_OFFLOAD] = "tx_bad_offload",
	[NETVSP_DROP_TX_OFFLOAD_OFF] = "tx_offload_off",
	[NETVSP_DROP_TX_UNMAPPED] = "tx_unmapped",
	[NETVSP_DROP_TX_NOT_READY] = "tx_not_ready",
	[NETVSP_DROP_CONTROL] = "control_lost",
	[NETVSP_REFUSED_MESSAGE] = "refused_messages",
	[NETVSP_BAD_RNDIS] = "bad_rndis",
	[NETVSP_BAD_COMPLETION] = "bad_completions",
};

static json_t *channel_counters(const struct netvsp_channel *nc)
{
	const struct netvsp_counters *c = &nc->count;

	return json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "index", (int)nc->index,
			 "open", nc->ch != NULL, "tx_packets", (json_int_t)c->tx_packets,
			 "tx_bytes", (json_int_t)c->tx_bytes, "tx_messages",
			 (json_int_t)c->tx_messages, "rx_packets", (json_int_t)c->rx_packets,
			 "rx_bytes", (json_int_t)c->rx_bytes, "rx_messages",
			 (json_int_t)c->rx_messages);
}

void netvsp_stats(struct netvsp *nic, json_t *object)
{
	static const char *const states[] = { "closed", "opened", "negotiated" };
	const struct rndis_nic *r = &nic->rndis;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "max_frame", r->max_frame },
		{ "packet_filter", r->packet_filter },
		{ "recv_slots", nic->nr_slots },
		{ "recv_slots_free", nic->nr_free },
		{ "send_sections", nic->nr_sections },
		{ "tx_queued", nic->nr_tx },
		{ "large_sends", nic->large_sends },
		{ "segments", nic->segments },
		{ "checksums_filled", nic->checksums_filled },
		{ "checksums_verified", nic->checksums_verified },
		{ "vlan_in", nic->vlan_in },
		{ "vlan_out", nic->vlan_out },
	};
	json_t *channels = json_array(), *drops = json_object();
	char text[24];

	json_object_set_new(object, "state", json_string(states[nic->state]));
	snprintf(text, sizeof(text), "0x%05x", nic->version);
	json_object_set_new(object, "nvsp_version", json_string(text));
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1],
		 r->mac[2], r->mac[3], r->mac[4], r->mac[5]);
	json_object_set_new(object, "mac", json_string(text));
	json_object_set_new(object, "link_up", json_boolean(r->link_up));
	json_object_set_new(object, "rss", json_boolean(r->rss.enabled));
	json_object_set_new(object, "vf_path", json_boolean(nic->vf_path));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].name, json_integer(numbers[i].value));
	for (unsigned int i = 0; i < NETVSP_NR_DROPS; i++)
		json_object_set_new(drops, drop_names[i], json_integer(nic->drops[i]));
	json_object_set_new(object, "drops", drops);
	for (unsigned int i = 0; i < nic->max_channels; i++)
		if (nic->channels[i].nic)
			json_array_append_new(channels, channel_counters(&nic->channels[i]));
	json_object_set_new(object, "queues", channels);
	json_object_set_new(object, "backend", json_string(nic->backend->ops->name));
	if (nic->backend->ops->stats)
		nic->backend->ops->stats(nic->backend, object);
}

/* ---- control commands ---- */

void netvsp_set_link(struct netvsp *nic, bool up, bool change)
{
	uint8_t msg[RNDIS_REPLY_MAX];
	uint32_t status = up ? RNDIS_WIRE_STATUS_MEDIA_CONNECT : RNDIS_WIRE_STATUS_MEDIA_DISCONNECT;

	if (change)
		status = RNDIS_WIRE_STATUS_NETWORK_CHANGE;
	else if (up == nic->rndis.link_up)
		return;
	else
		nic->rndis.link_up = up;
	if (nic->rndis.state == RNDIS_INITIALIZED)
		netvsp_send_control(nic, msg, rndis_build_status(msg, status, NULL, 0));
}

struct nic_request {
	struct netvsp *nic;
	bool up, change;
	uint32_t vf_allocated, vf_serial;
	struct net_generate generate;
	bool stop;
	int ret;
	struct error err;
};

static void link_fn(void *arg)
{
	struct nic_request *req = arg;

	netvsp_set_link(req->nic, req->up, req->change);
}

static void vf_fn(void *arg)
{
	struct nic_request *req = arg;

	req->nic->vf_allocated = req->vf_allocated;
	req->nic->vf_serial = req->vf_serial;
	req->nic->vf_due = true;
	netvsp_send_inband(req->nic);
}

static void generate_fn(void *arg)
{
	struct nic_request *req = arg;

	req->ret = net_backend_generate(req->nic->backend, req->stop ? NULL : &req->generate,
					&req->err);
}

/* On the main loop a device that is found cannot go away meanwhile. */
static struct vmbus_device *find_nic(struct vmbus_server *server, json_t *request,
				     struct error *err)
{
	const char *name = json_string_value(json_object_get(request, "device"));
	struct vmbus_device *dev = name ? vmbus_device_find(server, name) : NULL;

	if (dev && strncmp(vmbus_device_name(dev), netvsp_ops.name, strlen(netvsp_ops.name)) == 0)
		return dev;
	error_set(err, "\"device\": %s is no network device; one is like \"net0\"",
		  name ? name : "(missing)");
	return NULL;
}

static int control_link(void *arg, json_t *request, json_t *reply, struct error *err)
{
	json_t *up = json_object_get(request, "up"), *change = json_object_get(request, "change");
	struct vmbus_device *dev = find_nic(arg, request, err);
	struct nic_request req = { .up = json_is_true(up), .change = json_is_true(change) };

	if (!dev)
		return -1;
	if (!json_is_boolean(up) && !req.change)
		return error_set(err, "link: give \"up\": true or false, or \"change\": true");
	req.nic = vmbus_device_priv(dev);
	loop_call_sync(vmbus_device_loop(dev), link_fn, &req);
	return 0;
}

static int control_vf(void *arg, json_t *request, json_t *reply, struct error *err)
{
	json_t *present = json_object_get(request, "present");
	struct vmbus_device *dev = find_nic(arg, request, err);
	struct nic_request req = { .vf_allocated = json_is_true(present) };
	int64_t serial = 0;

	if (!dev)
		return -1;
	if (!json_is_boolean(present))
		return error_set(err, "vf: give \"present\": true or false");
	if (control_number(request, "serial", 0, UINT32_MAX, &serial, err))
		return -1;
	req.vf_serial = serial;
	req.nic = vmbus_device_priv(dev);
	loop_call_sync(vmbus_device_loop(dev), vf_fn, &req);
	return 0;
}

static int control_generate(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct vmbus_device *dev = find_nic(arg, request, err);
	int64_t rate = 0, count = 0, size = 64, flows = 1;
	struct nic_request req = { .stop = json_is_true(json_object_get(request, "stop")) };

	/* What a back end can do is its own to say; these are what its numbers hold. */
	if (!dev || control_number(request, "rate", 0, INT64_MAX, &rate, err) ||
	    control_number(request, "count", 0, INT64_MAX, &count, err) ||
	    control_number(request, "size", 0, UINT16_MAX, &size, err) ||
	    control_number(request, "flows", 0, UINT16_MAX, &flows, err))
		return -1;
	req.generate = (struct net_generate){ .rate = rate, .count = count, .size = size,
					      .flows = flows };
	req.nic = vmbus_device_priv(dev);
	loop_call_sync(vmbus_device_loop(dev), generate_fn, &req);
	if (req.ret)
		return error_set(err, "%s", req.err.text);
	return 0;
}

/* The commands serve all network devices of a server, so the first one registers them. */
static void register_commands(struct vmbus_server *server, struct control *control)
{
	static struct control *registered;

	if (!control || registered == control)
		return;
	registered = control;
	control_register(control, "link",
			 "device, up (plug or pull the cable) or change (another network)",
			 control_link, server);
	control_register(control, "generate",
			 "device, a nic gen; rate (frames/s to 1000000, 0 what the guest takes), "
			 "count (0 no end), size (64), flows (1): send it UDP; or stop: true",
			 control_generate, server);
	control_register(control, "vf", "device, present, serial: tell the guest of a VF",
			 control_vf, server);
}

int netvsp_create(struct vmbus_server *server, struct control *control, const char *spec,
		  unsigned int index, uint32_t max_version, struct error *err)
{
	char name[16];
	struct netvsp *nic;
	struct loop *loop;

	snprintf(name, sizeof(name), "net%u", index);
	loop = loop_new(name);
	if (!loop)
		return error_set(err, "nic %s: no event loop: %s", spec, strerror(errno));
	nic = netvsp_new(loop, spec, index, max_version, err);
	if (!nic) {
		loop_free(loop);
		return -1;
	}
	nic->main_loop = control ? control_loop(control) : NULL;
	if (loop_start(loop) < 0) {
		netvsp_free(nic);
		loop_free(loop);
		return error_set(err, "nic %s: cannot start a thread", spec);
	}
	if (!vmbus_device_add(server, loop, &netvsp_ops, NULL, nic, err)) {
		loop_call_sync(loop, free_fn, nic);
		loop_stop(loop);
		loop_free(loop);
		return -1;
	}
	register_commands(server, control);
	return 0;
}
