// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic keyboard: agrees on a version with the guest, then sends the keystrokes that
 * the commands "type" and "key" ask for.
 */
#include "vsp/keyboard.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/keyboard.h>
#include <hvic/vmbus.h>

#include "vsp/input.h"
#include "vsp/keyboard_layout.h"
#include "vsp/utf.h"

#define EVENTS_MAX		65536u	/* keystrokes that may wait for the guest */
#define IDLE_EVENTS_MAX		16u	/* the same of an idle keyboard: answers alone */
#define KEYS_MAX		16u	/* keys held together */
#define DELAY_MS_DEFAULT	2	/* before a character: readers' queues are short */
#define DELAY_MS_MAX		1000
#define REPEATS_MAX		1000	/* of a key that is held */

enum keyboard_state {
	KEYBOARD_CLOSED,	/* no guest */
	KEYBOARD_OPENED,	/* a guest that has not asked for a version that we know */
	KEYBOARD_ACTIVE,	/* events may be sent */
};

static const char *const state_names[] = { "closed", "opened", "active" };

struct keyboard {
	struct edge edge;
	struct control *control;
	struct outbox out;
	enum keyboard_state state;
	uint16_t leds;
	uint64_t malformed;	/* messages of the guest that were not understood */
};

static int check_active(struct keyboard *kbd, struct error *err)
{
	if (kbd->state == KEYBOARD_ACTIVE)
		return 0;
	return error_set(err, "the guest has not %s the keyboard (is hyperv-keyboard loaded?)",
			 kbd->state == KEYBOARD_CLOSED ? "opened" : "negotiated");
}

/* When keystrokes go, milliseconds. */
struct pace {
	int64_t after_ms;	/* before the first of a command */
	int64_t delay_ms;	/* before each character or key */
};

static int get_pace(json_t *request, struct pace *pace, struct error *err)
{
	pace->delay_ms = DELAY_MS_DEFAULT;
	if (input_after_ms(request, &pace->after_ms, err))
		return -1;
	return control_number(request, "delay_ms", 0, DELAY_MS_MAX, &pace->delay_ms, err);
}

/* What is before the next character or key. */
static unsigned int next_delay(struct pace *pace)
{
	unsigned int delay_ms = pace->after_ms + pace->delay_ms;

	pace->after_ms = 0;
	return delay_ms;
}

/* The last keystroke's message answers @done. */
static void send_strokes(struct keyboard *kbd, const struct keystroke *strokes, unsigned int n,
			 unsigned int delay_ms, struct control_pending *done)
{
	for (unsigned int i = 0; i < n; i++) {
		struct synthkbd_event event = {
			.hdr.type = htole32(SYNTHKBD_WIRE_EVENT),
			.code = htole16(strokes[i].code),
			.flags = htole32(strokes[i].flags),
		};

		outbox_put(&kbd->out, &event, sizeof(event), i ? 0 : delay_ms,
			   i == n - 1 ? done : NULL);
	}
}

static int check_room(struct keyboard *kbd, unsigned int n, struct error *err)
{
	if (n <= outbox_room(&kbd->out))
		return 0;
	return error_set(err, "%u keystrokes do not fit; %u wait for the guest already", n,
			 kbd->out.queued);
}

/* Counts the keystrokes of a text and sees that there are some for each character. */
static int count_text(const char *text, enum typing by, unsigned int *count, struct error *err)
{
	struct keystroke strokes[KEYSTROKES_MAX];
	uint32_t c = 0;
	int used;

	*count = 0;
	while ((used = utf8_next(text, &c)) > 0) {
		unsigned int n = keystrokes_of_char(c, by, strokes);

		if (!n)
			return error_set(err, "no key types U+%04X on the US layout%s", c,
					 c > 0x7f ? "; \"by\": \"console\" types it on a text "
					 "console" : "");
		text += used;
		*count += n;
	}
	return used ? error_set(err, "\"text\" is not UTF-8") : 0;
}

/* Sends a text that count_text() has seen. */
static void send_text(struct keyboard *kbd, const char *text, enum typing by, struct pace *pace,
		      struct control_pending *done)
{
	struct keystroke strokes[KEYSTROKES_MAX];
	uint32_t c = 0;
	int used;

	while ((used = utf8_next(text, &c)) > 0) {
		text += used;
		send_strokes(kbd, strokes, keystrokes_of_char(c, by, strokes), next_delay(pace),
			     *text ? NULL : done);
	}
}

static int get_typing(json_t *request, enum typing *by, struct error *err)
{
	static const char *const names[] = {
		[TYPING_KEYS] = "keys", [TYPING_UNICODE] = "unicode", [TYPING_CONSOLE] = "console",
	};
	json_t *value = json_object_get(request, "by");
	const char *name = value ? json_string_value(value) : names[TYPING_KEYS];

	if (!value && json_is_true(json_object_get(request, "unicode")))
		name = names[TYPING_UNICODE];
	for (unsigned int i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*by = i;
			return 0;
		}
	}
	return error_set(err, "\"by\" is keys, console or unicode");
}

static int cmd_type(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct keyboard *kbd = arg;
	const char *text = json_string_value(json_object_get(request, "text"));
	unsigned int count;
	struct pace pace;
	enum typing by = TYPING_KEYS;

	if (!text || !*text)
		return error_set(err, "\"text\" is missing or empty");
	if (get_typing(request, &by, err) || get_pace(request, &pace, err) ||
	    check_active(kbd, err) || count_text(text, by, &count, err) ||
	    check_room(kbd, count, err))
		return -1;
	json_object_set_new(reply, "keystrokes", json_integer(count));
	send_text(kbd, text, by, &pace, input_defer(kbd->control, pace.after_ms));
	return 0;
}

/* Fills in the keystrokes of all keys in one direction, the last key first when going up. */
static int collect_keys(json_t *keys, bool down, struct keystroke *strokes, unsigned int *n,
			struct error *err)
{
	size_t nr = json_array_size(keys);

	for (size_t i = 0; i < nr; i++) {
		const char *name = json_string_value(json_array_get(keys, down ? i : nr - 1 - i));
		int used = name ? keystrokes_of_key(name, down, strokes + *n) : -1;

		if (used < 0)
			return error_set(err, "no key \"%s\"; keys are named like a, 1, enter, f1, "
					 "left, ctrl, kp0", name ? name : "");
		*n += used;
	}
	return 0;
}

/* The keystrokes of a "key" command: keys go down, the last one repeats, they go up. */
struct chord {
	struct keystroke down[KEYS_MAX * KEYSTROKES_MAX], up[KEYS_MAX * KEYSTROKES_MAX];
	unsigned int nr_down, nr_up;
	unsigned int last;	/* where in down the last key begins */
	int64_t repeats;
};

static int get_chord(json_t *request, struct chord *chord, struct error *err)
{
	json_t *keys = json_object_get(request, "keys"), *last;
	const char *action = json_string_value(json_object_get(request, "action"));
	struct keystroke unused[KEYSTROKES_MAX];
	bool down, up;
	int used = 0;

	*chord = (struct chord){ 0 };
	if (!action)
		action = "press";
	down = !strcmp(action, "press") || !strcmp(action, "down");
	up = !strcmp(action, "press") || !strcmp(action, "up");
	if (!down && !up)
		return error_set(err, "\"action\" is press, down or up");
	if (!json_array_size(keys) || json_array_size(keys) > KEYS_MAX)
		return error_set(err, "\"keys\" is a list of 1 to %u names", KEYS_MAX);
	if (control_number(request, "repeat", 0, REPEATS_MAX, &chord->repeats, err) ||
	    (down && collect_keys(keys, true, chord->down, &chord->nr_down, err)) ||
	    (up && collect_keys(keys, false, chord->up, &chord->nr_up, err)))
		return -1;
	last = json_array_get(keys, json_array_size(keys) - 1);
	if (down)
		used = keystrokes_of_key(json_string_value(last), true, unused);
	chord->last = chord->nr_down - used;
	if (!down)
		chord->repeats = 0;
	return 0;
}

static int cmd_key(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct keyboard *kbd = arg;
	struct control_pending *done;
	struct chord chord;
	struct pace pace;
	unsigned int n, nr_last;

	if (get_chord(request, &chord, err) || get_pace(request, &pace, err) ||
	    check_active(kbd, err))
		return -1;
	nr_last = chord.nr_down - chord.last;
	n = chord.nr_down + chord.repeats * nr_last + chord.nr_up;
	if (check_room(kbd, n, err))
		return -1;
	json_object_set_new(reply, "keystrokes", json_integer(n));
	if (!n)
		return 0;
	done = input_defer(kbd->control, pace.after_ms);
	if (chord.nr_down)
		send_strokes(kbd, chord.down, chord.nr_down, next_delay(&pace),
			     chord.repeats || chord.nr_up ? NULL : done);
	for (int64_t i = 0; i < chord.repeats; i++)
		send_strokes(kbd, chord.down + chord.last, nr_last, next_delay(&pace),
			     i < chord.repeats - 1 || chord.nr_up ? NULL : done);
	/* Keys that were pressed go up at once, those that only go up wait. */
	if (chord.nr_up)
		send_strokes(kbd, chord.up, chord.nr_up, chord.nr_down ? 0 : next_delay(&pace),
			     done);
	return 0;
}

static const struct {
	const char *name, *help;
	control_fn fn;
} commands[] = {
	{ "type", "text; by: keys (default, of the US layout), console (Alt and the number of each "
	  "character: for a text console of any layout), unicode (as events what no key types); "
	  "after_ms: later, answered now; delay_ms before each character", cmd_type },
	{ "key", "keys: list of names; action: press (default), down or up; repeat: the last key "
	  "goes down so often more; after_ms; delay_ms before each", cmd_key },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void keyboard_free(struct edge *edge)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);

	for (size_t i = 0; i < NR_COMMANDS; i++)
		control_unregister(kbd->control, commands[i].name, kbd);
	outbox_destroy(&kbd->out);
	free(kbd);
}

static void keyboard_opened(struct edge *edge, outbox_send_fn send, void *arg)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);

	kbd->state = KEYBOARD_OPENED;
	kbd->leds = 0;
	outbox_open(&kbd->out, send, arg);
}

static bool take_version(struct keyboard *kbd, const void *data)
{
	const struct synthkbd_version_request *msg = data;
	bool known = le32toh(msg->version) == SYNTHKBD_WIRE_VERSION_1_0;
	struct synthkbd_version_response answer = {
		.hdr.type = htole32(SYNTHKBD_WIRE_PROTOCOL_RESPONSE),
		.status = htole32(known ? SYNTHKBD_STATUS_ACCEPTED : 0),
	};

	outbox_put(&kbd->out, &answer, sizeof(answer), 0, NULL);
	kbd->state = known ? KEYBOARD_ACTIVE : KEYBOARD_OPENED;
	return true;
}

static bool take_leds(struct keyboard *kbd, const void *data)
{
	const struct synthkbd_leds *msg = data;

	if (kbd->state != KEYBOARD_ACTIVE)
		return false;
	kbd->leds = le16toh(msg->leds);
	return true;
}

static const struct {
	uint32_t type;
	size_t least;		/* bytes */
	bool (*take)(struct keyboard *kbd, const void *data);
} messages[] = {
	{ SYNTHKBD_WIRE_PROTOCOL_REQUEST, sizeof(struct synthkbd_version_request), take_version },
	{ SYNTHKBD_WIRE_LEDS, sizeof(struct synthkbd_leds), take_leds },
};

static void keyboard_receive(struct edge *edge, const void *data, size_t len)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);
	const struct synthkbd_hdr *hdr = data;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (len >= messages[i].least && le32toh(hdr->type) == messages[i].type &&
		    messages[i].take(kbd, data))
			return;
	kbd->malformed++;
}

static void keyboard_writable(struct edge *edge)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);

	outbox_pump(&kbd->out);
}

static void keyboard_closed(struct edge *edge)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);

	kbd->state = KEYBOARD_CLOSED;
	outbox_close(&kbd->out);
}

static void keyboard_stats(struct edge *edge, json_t *object)
{
	struct keyboard *kbd = EDGE_OF(edge, struct keyboard);

	json_object_set_new(object, "state", json_string(state_names[kbd->state]));
	json_object_set_new(object, "leds", json_integer(kbd->leds));
	json_object_set_new(object, "sent", json_integer(kbd->out.sent));
	json_object_set_new(object, "queued", json_integer(kbd->out.queued));
	json_object_set_new(object, "lost", json_integer(kbd->out.lost));
	json_object_set_new(object, "malformed", json_integer(kbd->malformed));
}

static const struct edge_ops edge_ops = {
	.opened = keyboard_opened,
	.receive = keyboard_receive,
	.writable = keyboard_writable,
	.closed = keyboard_closed,
	.free = keyboard_free,
	.stats = keyboard_stats,
};

static struct keyboard *keyboard_alloc(struct control *control, unsigned int limit,
				       struct error *err)
{
	struct keyboard *kbd = calloc(1, sizeof(*kbd));

	if (!kbd) {
		error_set(err, "out of memory");
		return NULL;
	}
	kbd->edge.ops = &edge_ops;
	kbd->control = control;
	if (outbox_init(&kbd->out, control_loop(control), limit, err)) {
		free(kbd);
		return NULL;
	}
	return kbd;
}

struct edge *keyboard_new(struct control *control, struct error *err)
{
	struct keyboard *kbd = keyboard_alloc(control, EVENTS_MAX, err);

	if (!kbd)
		return NULL;
	for (size_t i = 0; i < NR_COMMANDS; i++)
		control_register(control, commands[i].name, commands[i].help, commands[i].fn, kbd);
	return &kbd->edge;
}

static const struct vsp_ops keyboard_ops = {
	.name = "keyboard",
	.class_id = { { SYNTHKBD_CLASS } },
	EDGE_VSP_OPS,
};

int keyboard_create(struct vmbus_server *server, struct control *control, struct error *err)
{
	return edge_add(server, control, &keyboard_ops, keyboard_new(control, err), err);
}

static const struct vsp_ops idle_ops = {
	.name = "idle",
	.class_id = { { SYNTHKBD_CLASS } },
	EDGE_VSP_OPS,
};

int keyboard_create_idle(struct vmbus_server *server, struct control *control,
			 unsigned int count, struct error *err)
{
	while (count--) {
		struct keyboard *kbd = keyboard_alloc(control, IDLE_EVENTS_MAX, err);

		if (edge_add(server, control, &idle_ops, kbd ? &kbd->edge : NULL, err))
			return -1;
	}
	return 0;
}
