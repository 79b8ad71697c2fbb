// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic mouse: an absolute pointer with five buttons and a wheel. Agrees on SynthHID
 * 2.0, describes itself, then reports what the mouse commands ask for.
 */
#include "vsp/mouse.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/hid.h>
#include <hvic/vmbus.h>

#include "vsp/input.h"

#define REPORTS_MAX	4096u	/* reports that may wait for the guest */
#define AXIS_MAX	0x7fff
#define WHEEL_MAX	127
#define DELAY_MS_MAX	60000	/* a guest that sleeps is woken so */
#define MESSAGE_MAX	128u	/* bytes of any message here, its pipe header included */

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
	uint16_t x, y;
	uint8_t buttons;
	uint64_t malformed;	/* messages of the guest that were not understood */
};

/* HID 1.11 items; what they describe is struct mouse_report. */
static const uint8_t report_descriptor[] = {
	0x05, 0x01,		/* usage page: generic desktop */
	0x09, 0x02,		/* usage: mouse */
	0xa1, 0x01,		/* collection: application */
	0x09, 0x01,		/*   usage: pointer */
	0xa1, 0x00,		/*   collection: physical */
	0x05, 0x09,		/*     usage page: buttons */
	0x19, 0x01, 0x29, 0x05,	/*     usages 1 to 5 */
	0x15, 0x00, 0x25, 0x01,	/*     logical 0 to 1 */
	0x95, 0x05, 0x75, 0x01,	/*     five fields of one bit */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x95, 0x01, 0x75, 0x03,	/*     one field of three bits */
	0x81, 0x01,		/*     input: constant */
	0x05, 0x01,		/*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31,	/*     usages: x, y */
	0x15, 0x00,		/*     logical 0 */
	0x26, 0xff, 0x7f,	/*       to 32767 */
	0x75, 0x10, 0x95, 0x02,	/*     two fields of 16 bits */
	0x81, 0x02,		/*     input: data, variable, absolute */
	0x09, 0x38,		/*     usage: wheel */
	0x15, 0x81, 0x25, 0x7f,	/*     logical -127 to 127 */
	0x75, 0x10, 0x95, 0x01,	/*     one field of 16 bits */
	0x81, 0x06,		/*     input: data, variable, relative */
	0xc0, 0xc0,		/* end of both collections */
};

struct mouse_report {
	uint8_t buttons;
	__le16 x, y;
	__le16 wheel;
} __attribute__((packed));

_Static_assert(sizeof(struct mouse_report) == 7, "mouse report");

static const char *const button_names[] = { "left", "right", "middle", "side", "extra" };

/* @type and @body become a SynthHID message in a pipe message. */
static void send_message(struct mouse *mouse, enum synthhid_wire_type type, const void *body,
			 size_t len, unsigned int delay_ms, struct control_pending *done)
{
	struct {
		struct vmbus_pipe_header pipe;
		struct synthhid_hdr hdr;
		uint8_t body[MESSAGE_MAX];
	} __attribute__((packed)) msg = {
		.pipe = { htole32(VMBUS_PIPE_DATA), htole32(sizeof(struct synthhid_hdr) + len) },
		.hdr = { htole32(type), htole32(len) },
	};

	memcpy(msg.body, body, len);
	outbox_put(&mouse->out, &msg, sizeof(msg) - sizeof(msg.body) + len, delay_ms,
		   done);
}

static void send_device_info(struct mouse *mouse)
{
	struct {
		struct synthhid_attributes attributes;
		struct synthhid_descriptor descriptor;
		uint8_t report[sizeof(report_descriptor)];
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
			.report_length = htole16(sizeof(report_descriptor)),
		},
	};

	_Static_assert(sizeof(info) <= MESSAGE_MAX, "device info fits a message");
	memcpy(info.report, report_descriptor, sizeof(report_descriptor));
	send_message(mouse, SYNTHHID_WIRE_DEVICE_INFO, &info, sizeof(info), 0, NULL);
}

static void send_report(struct mouse *mouse, int wheel, unsigned int delay_ms,
			struct control_pending *done)
{
	struct mouse_report report = {
		.buttons = mouse->buttons,
		.x = htole16(mouse->x),
		.y = htole16(mouse->y),
		.wheel = htole16((uint16_t)wheel),
	};

	send_message(mouse, SYNTHHID_WIRE_INPUT_REPORT, &report, sizeof(report), delay_ms,
		     done);
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

static int get_button(json_t *request, uint8_t *mask, struct error *err)
{
	json_t *value = json_object_get(request, "button");
	const char *name = value ? json_string_value(value) : "left";

	for (unsigned int i = 0; name && i < sizeof(button_names) / sizeof(*button_names); i++) {
		if (!strcmp(name, button_names[i])) {
			*mask = 1u << i;
			return 0;
		}
	}
	return error_set(err, "\"button\" is left, right, middle, side or extra");
}

static int cmd_move(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	int64_t x = CONTROL_REQUIRED, y = CONTROL_REQUIRED, delay_ms = 0;

	if (control_number(request, "x", 0, AXIS_MAX, &x, err) ||
	    control_number(request, "y", 0, AXIS_MAX, &y, err) ||
	    control_number(request, "delay_ms", 0, DELAY_MS_MAX, &delay_ms, err) ||
	    check_active(mouse, 1, err))
		return -1;
	mouse->x = x;
	mouse->y = y;
	send_report(mouse, 0, delay_ms, control_defer(mouse->control));
	return 0;
}

static int cmd_click(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	uint8_t mask;

	if (get_button(request, &mask, err) || check_active(mouse, 2, err))
		return -1;
	mouse->buttons |= mask;
	send_report(mouse, 0, 0, NULL);
	mouse->buttons &= ~mask;
	send_report(mouse, 0, 0, control_defer(mouse->control));
	return 0;
}

static int cmd_button(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	json_t *down = json_object_get(request, "down");
	uint8_t mask;

	if (!json_is_boolean(down))
		return error_set(err, "\"down\" is true or false");
	if (get_button(request, &mask, err) || check_active(mouse, 1, err))
		return -1;
	mouse->buttons = json_is_true(down) ? mouse->buttons | mask : mouse->buttons & ~mask;
	send_report(mouse, 0, 0, control_defer(mouse->control));
	return 0;
}

static int cmd_wheel(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct mouse *mouse = arg;
	int64_t n = CONTROL_REQUIRED;

	if (control_number(request, "n", -WHEEL_MAX, WHEEL_MAX, &n, err) ||
	    check_active(mouse, 1, err))
		return -1;
	send_report(mouse, n, 0, control_defer(mouse->control));
	return 0;
}

static const struct {
	const char *name, *help;
	control_fn fn;
} commands[] = {
	{ "mouse-move", "x, y: 0 to 32767; delay_ms before it", cmd_move },
	{ "mouse-click", "button: left (default), right, middle, side, extra", cmd_click },
	{ "mouse-button", "button; down: true or false", cmd_button },
	{ "mouse-wheel", "n: -127 to 127", cmd_wheel },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void mouse_free(struct edge *edge)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	for (size_t i = 0; i < NR_COMMANDS; i++)
		control_unregister(mouse->control, commands[i].name, mouse);
	outbox_destroy(&mouse->out);
	free(mouse);
}

/* ---- messages of the guest ---- */

static void mouse_opened(struct edge *edge, outbox_send_fn send, void *arg)
{
	struct mouse *mouse = EDGE_OF(edge, struct mouse);

	mouse->state = MOUSE_OPENED;
	mouse->buttons = 0;
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

	send_message(mouse, SYNTHHID_WIRE_PROTOCOL_RESPONSE, &answer, sizeof(answer), 0,
		     NULL);
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

struct edge *mouse_new(struct control *control, struct error *err)
{
	struct mouse *mouse = calloc(1, sizeof(*mouse));

	if (!mouse) {
		error_set(err, "out of memory");
		return NULL;
	}
	mouse->edge.ops = &edge_ops;
	mouse->control = control;
	if (outbox_init(&mouse->out, control_loop(control), REPORTS_MAX, err)) {
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

int mouse_create(struct vmbus_server *server, struct control *control, struct error *err)
{
	return edge_add(server, control, &mouse_ops, mouse_new(control, err), err);
}
