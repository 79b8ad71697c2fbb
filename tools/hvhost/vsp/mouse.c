// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic mouse, of one of the kinds of mouse_kinds.h. Agrees on SynthHID 2.0, describes
 * itself, then reports what the mouse commands ask for.
 */
#include "vsp/mouse.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/hid.h>
#include <hvic/vmbus.h>

#include "vsp/input.h"
#include "vsp/mouse_kinds.h"

#define REPORTS_MAX	4096u	/* reports that may wait for the guest */
#define RAW_MAX		16384u	/* bytes of a report as it is: as many as HID of Linux takes */
/* Bytes of the body of the longest message: all attributes and the longest descriptor. */
#define BODY_MAX	(sizeof(struct synthhid_attributes) + sizeof(struct synthhid_descriptor) + \
			 MOUSE_DESCRIPTOR_MAX)

enum mouse_state {
	MOUSE_CLOSED,		/* no guest */
	MOUSE_OPENED,		/* a guest that has not asked for a version that we know */
	MOUSE_DESCRIBED,	/* it has our descriptors and has not acknowledged them */
	MOUSE_ACTIVE,		/* reports may be sent */
};

static const char *const state_names[] = { "closed", "opened", "described", "active" };

struct mouse {
	struct edge edge;
	struct control *control;
	struct outbox out;
	enum mouse_state state;
	struct mouse_form form;
	struct mouse_pose pose;	/* movements are of one report and do not stay here */
	uint64_t malformed;	/* messages of the guest that were not understood */
	/* Where a message is put together. */
	struct {
		struct vmbus_pipe_header pipe;
		struct synthhid_hdr hdr;
		uint8_t body[BODY_MAX];
	} __attribute__((packed)) msg;
};

static const char *const button_names[] = { "left", "right", "middle", "side", "extra" };

/* @len bytes of mouse->msg.body become a SynthHID message in a pipe message. */
static void send_body(struct mouse *mouse, enum synthhid_wire_type type, size_t len,
		      unsigned int delay_ms, struct control_pending *done)
{
	mouse->msg.pipe.type = htole32(VMBUS_PIPE_DATA);
	mouse->msg.pipe.len = htole32(sizeof(mouse->msg.hdr) + len);
	mouse->msg.hdr.type = htole32(type);
	mouse->msg.hdr.size = htole32(len);
	outbox_put(&mouse->out, &mouse->msg, sizeof(mouse->msg) - sizeof(mouse->msg.body) + len,
		   delay_ms, done);
}

static void send_device_info(struct mouse *mouse)
{
	const struct {
		struct synthhid_attributes attributes;
		struct synthhid_descriptor descriptor;
	} __attribute__((packed)) info = {
		.attributes = {
			.size = htole32(sizeof(struct synthhid_attributes)),
			.vendor = htole16(SYNTHHID_VENDOR_MICROSOFT),
			.product = htole16(SYNTHHID_PRODUCT_MOUSE),
			.version = htole16(SYNTHHID_MOUSE_VERSION),
		},
		.descriptor = {
			.length = sizeof(struct synthhid_descriptor),
			.type = SYNTHHID_DT_HID,
			.bcd_hid = htole16(0x0101),
			.nr_descriptors = 1,
			.report_type = SYNTHHID_DT_REPORT,
			.report_length = htole16(mouse->form.len),
		},
	};

	memcpy(mouse->msg.body, &info, sizeof(info));
	memcpy(mouse->msg.body + sizeof(info), mouse->form.descriptor, mouse->form.len);
	send_body(mouse, SYNTHHID_WIRE_DEVICE_INFO, sizeof(info) + mouse->form.len, 0, NULL);
}

static void send_report(struct mouse *mouse, const struct mouse_pose *pose, unsigned int delay_ms,
			struct control_pending *done)
{
	size_t len = mouse->form.kind->pack(pose, mouse->msg.body);

	send_body(mouse, SYNTHHID_WIRE_INPUT_REPORT, len, delay_ms, done);
}

/* ---- commands ---- */

/* @reports: how many the command is about to send. */
static int check_active(struct mouse *mouse, unsigned int reports, struct error *err)
{
	static const char *const lacks[] = {
		"opened the mouse", "negotiated with the mouse", "taken the mouse's descriptors",
	};

	if (mouse->state != MOUSE_ACTIVE)
		return error_set(err, "the guest has not %s (is hid-hyperv loaded?)",
				 lacks[mouse->state]);
	if (outbox_room(&mouse->out) < reports)
		return error_set(err, "%u reports wait for the guest already", mouse->out.queued);
	return 0;
}

/* What most commands begin with: a mouse of a kind that packs its reports, and when to send. */
static int check_kind(struct mouse *mouse, json_t *request, unsigned int reports,
		      int64_t *after_ms, struct error *err)
{
	if (!mouse->form.kind)
		return error_set(err, "this mouse was given in hex: use mouse-report");
	if (input_after_ms(request, after_ms, err))
		return -1;
	return check_active(mouse, reports, err);
}

static int get_button(struct mouse *mouse, json_t *request, uint8_t *mask, struct error *err)
{
	json_t *value = json_object_get(request, "button");
	const char *name = value ? json_string_value(value) : "left";

	for (unsigned int i = 0; name && i < sizeof(button_names) / sizeof(*button_names); i++) {
		if (!strcmp(name, button_names[i])) {
			*mask = 1u << i;
			return !mouse->form.kind || mouse->form.kind->buttons & *mask ? 0 :
				error_set(err, "a mouse %s has no button %s",
					  mouse->form.kind->name, name);
		}
	}
	return error_set(err, "\"button\" is left, right, middle, side or extra");
}

/* A movement may leave an axis out, a position may not. */
static int get_axes(const struct mouse_kind *kind, json_t *request, int64_t *x, int64_t *y,
		    struct error *err)
{
	*x = kind->relative ? 0 : CONTROL_REQUIRED;
	*y = *x;
	if (control_number(request, "x", kind->axis_min, kind->axis_max, x, err))
		return -1;
	if (!kind->has_y)
		return json_object_get(request, "y") ?
			error_set(err, "a mouse %s has no y", kind->name) : 0;
	return control_number(request, "y", kind->axis_min, kind->axis_max, y, err);
}

static int cmd_move(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	struct mouse_pose pose = mouse->pose;
	int64_t x, y, after_ms;

	if ((mouse->form.kind && get_axes(mouse->form.kind, request, &x, &y, err)) ||
	    check_kind(mouse, request, 1, &after_ms, err))
		return -1;
	pose.x = x;
	pose.y = y;
	if (!mouse->form.kind->relative)
		mouse->pose = pose;
	send_report(mouse, &pose, after_ms, input_defer(mouse->control, after_ms));
	return 0;
}

static int cmd_click(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	int64_t after_ms;
	uint8_t mask;

	if (get_button(mouse, request, &mask, err) ||
	    check_kind(mouse, request, 2, &after_ms, err))
		return -1;
	mouse->pose.buttons |= mask;
	send_report(mouse, &mouse->pose, after_ms, NULL);
	mouse->pose.buttons &= ~mask;
	send_report(mouse, &mouse->pose, 0, input_defer(mouse->control, after_ms));
	return 0;
}

static int cmd_button(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	json_t *down = json_object_get(request, "down");
	int64_t after_ms;
	uint8_t mask;

	if (!json_is_boolean(down))
		return error_set(err, "\"down\" is true or false");
	if (get_button(mouse, request, &mask, err) ||
	    check_kind(mouse, request, 1, &after_ms, err))
		return -1;
	if (json_is_true(down))
		mouse->pose.buttons |= mask;
	else
		mouse->pose.buttons &= ~mask;
	send_report(mouse, &mouse->pose, after_ms, input_defer(mouse->control, after_ms));
	return 0;
}

static int cmd_wheel(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	struct mouse_pose pose = mouse->pose;
	const struct mouse_kind *kind = mouse->form.kind;
	int64_t n = CONTROL_REQUIRED, after_ms;

	if (kind && !kind->wheel_max)
		return error_set(err, "a mouse %s has no wheel", kind->name);
	if ((kind && control_number(request, "n", -kind->wheel_max, kind->wheel_max, &n, err)) ||
	    check_kind(mouse, request, 1, &after_ms, err))
		return -1;
	pose.wheel = n;
	send_report(mouse, &pose, after_ms, input_defer(mouse->control, after_ms));
	return 0;
}

/* A report as it is, whatever the descriptor says. */
static int cmd_report(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	const char *data = json_string_value(json_object_get(request, "data"));
	long len = data ? hex_bytes(data, strlen(data), mouse->msg.body, RAW_MAX) : -1;
	int64_t after_ms;

	if (len < 0)
		return error_set(err,
				 "\"data\" is a report of 1 to %u bytes, in hexadecimal digits",
				 RAW_MAX);
	if (input_after_ms(request, &after_ms, err) || check_active(mouse, 1, err))
		return -1;
	send_body(mouse, SYNTHHID_WIRE_INPUT_REPORT, len, after_ms,
		  input_defer(mouse->control, after_ms));
	return 0;
}

static const struct {
	const char *name, *help;
	control_fn fn;
} commands[] = {
	{ "mouse-move", "x, y: 0 to 32767, or by how much, -32767 to 32767, with a relative mouse "
	  "(ids: -127 to 127; tiny: x alone, 0 to 127); after_ms: later, answered now, as with all "
	  "commands of the mouse", cmd_move },
	{ "mouse-click", "button: left (default), right, middle, side, extra", cmd_click },
	{ "mouse-button", "button; down: true or false", cmd_button },
	{ "mouse-wheel", "n: -127 to 127", cmd_wheel },
	{ "mouse-report", "data: a report as it is, in hexadecimal digits", cmd_report },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void mouse_free(struct edge *edge)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	for (size_t i = 0; i < NR_COMMANDS; i++)
		control_unregister(mouse->control, commands[i].name, mouse);
	outbox_destroy(&mouse->out);
	free(mouse->form.descriptor);
	free(mouse);
}

/* ---- messages of the guest ---- */

static void mouse_opened(struct edge *edge, outbox_send_fn send, void *arg)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	mouse->state = MOUSE_OPENED;
	mouse->pose.buttons = 0;
	outbox_open(&mouse->out, send, arg);
}

static bool take_version(struct mouse *mouse, const void *data)
{
	const struct synthhid_version_request *msg = data;
	bool known = le32toh(msg->version) == SYNTHHID_WIRE_VERSION_2_0;
	struct {
		__le32 version;
		uint8_t approved;
	} __attribute__((packed)) answer = { msg->version, known };

	memcpy(mouse->msg.body, &answer, sizeof(answer));
	send_body(mouse, SYNTHHID_WIRE_PROTOCOL_RESPONSE, sizeof(answer), 0, NULL);
	mouse->state = known ? MOUSE_DESCRIBED : MOUSE_OPENED;
	if (known)
		send_device_info(mouse);
	return true;
}

static bool take_ack(struct mouse *mouse, const void *data)
{
	if (mouse->state != MOUSE_DESCRIBED)
		return false;
	mouse->state = MOUSE_ACTIVE;
	return true;
}

static const struct {
	uint32_t type;
	size_t least;		/* bytes, pipe header not counted */
	bool (*take)(struct mouse *mouse, const void *data);
} messages[] = {
	{ SYNTHHID_WIRE_PROTOCOL_REQUEST, sizeof(struct synthhid_version_request), take_version },
	{ SYNTHHID_WIRE_DEVICE_INFO_ACK, sizeof(struct synthhid_ack), take_ack },
};

static void mouse_receive(struct edge *edge, const void *data, size_t len)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);
	const struct vmbus_pipe_header *pipe = data;
	const struct synthhid_hdr *hdr = (const void *)(pipe + 1);
	size_t size;

	if (len < sizeof(*pipe) + sizeof(*hdr) || le32toh(pipe->type) != VMBUS_PIPE_DATA ||
	    le32toh(pipe->len) > len - sizeof(*pipe)) {
		mouse->malformed++;
		return;
	}
	size = le32toh(pipe->len);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (size >= messages[i].least && le32toh(hdr->type) == messages[i].type &&
		    le32toh(hdr->size) <= size - sizeof(*hdr) && messages[i].take(mouse, hdr))
			return;
	mouse->malformed++;
}

static void mouse_writable(struct edge *edge)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	outbox_pump(&mouse->out);
}

static void mouse_closed(struct edge *edge)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	mouse->state = MOUSE_CLOSED;
	outbox_close(&mouse->out);
}

static void mouse_stats(struct edge *edge, json_t *object)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	json_object_set_new(object, "state", json_string(state_names[mouse->state]));
	json_object_set_new(object, "kind",
			    json_string(mouse->form.kind ? mouse->form.kind->name : "hex"));
	json_object_set_new(object, "descriptor_bytes", json_integer(mouse->form.len));
	json_object_set_new(object, "sent", json_integer(mouse->out.sent));
	json_object_set_new(object, "queued", json_integer(mouse->out.queued));
	json_object_set_new(object, "lost", json_integer(mouse->out.lost));
	json_object_set_new(object, "malformed", json_integer(mouse->malformed));
}

static const struct edge_ops edge_ops = {
	.opened = mouse_opened,
	.receive = mouse_receive,
	.writable = mouse_writable,
	.closed = mouse_closed,
	.free = mouse_free,
	.stats = mouse_stats,
};

struct edge *mouse_new(struct control *control, const char *spec, struct error *err)
{
	struct mouse *mouse = calloc(1, sizeof(*mouse));

	if (!mouse) {
		error_set(err, "out of memory");
		return NULL;
	}
	mouse->edge.ops = &edge_ops;
	mouse->control = control;
	if (mouse_form_parse(spec ? spec : "usual", &mouse->form, err)) {
		free(mouse);
		return NULL;
	}
	if (outbox_init(&mouse->out, control_loop(control), REPORTS_MAX, err)) {
		free(mouse->form.descriptor);
		free(mouse);
		return NULL;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++)
		control_register(control, commands[i].name, commands[i].help, commands[i].fn,
				 mouse);
	return &mouse->edge;
}

static const struct vsp_ops mouse_ops = {
	.name = "mouse",
	.class_id = { { SYNTHHID_CLASS_MOUSE } },
	.offer_flags = VMBUS_OFFER_FLAG_NAMED_PIPE_MODE,
	.user_defined = { VMBUS_PIPE_MODE_MESSAGE },
	EDGE_VSP_OPS,
};

int mouse_create(struct vmbus_server *server, struct control *control, const char *spec,
		 struct error *err)
{
	return edge_add(server, control, &mouse_ops, mouse_new(control, spec, err), err);
}
