// SPDX-License-Identifier: GPL-2.0
/*
 * The host that lies: its specification, that a seed repeats it, how often it lies, that each
 * change stays where it says, and a whole server whose guest is lied to.
 */
#include "fake_guest.h"
#include "fake_vsp.h"
#include "hvic/storage.h"
#include "hyperv/hostile.h"

#define PFN	16u
#define RING	(3u * 4096u)
#define ROUNDS	4000u

/* ---- the specification ---- */

static void specification(void **state)
{
	static const struct {
		const char *text;
		struct hostile_config config;
	} good[] = {
		{ "1", { 1, HOSTILE_ALL, 16, 0, 0, NULL } },
		{ "0x10", { 16, HOSTILE_ALL, 16, 0, 0, NULL } },
		{ "18446744073709551615", { UINT64_MAX, HOSTILE_ALL, 16, 0, 0, NULL } },
		{ "7,ring", { 7, 1u << HOSTILE_RING, 16, 0, 0, NULL } },
		{ "7,ring+storage", { 7, 1u << HOSTILE_RING | 1u << HOSTILE_STORAGE, 16, 0, 0, NULL } },
		{ "7,messages,rescind,rate=3,after=100",
		  { 7, 1u << HOSTILE_MESSAGES | 1u << HOSTILE_RESCIND, 3, 100, 0, NULL } },
		{ "7,rate=1000000", { 7, HOSTILE_ALL, 1000000, 0, 0, NULL } },
		{ "7,storage,echo=1000", { 7, 1u << HOSTILE_STORAGE, 16, 0, 1000, NULL } },
		{ "7,all", { 7, HOSTILE_ALL, 16, 0, 0, NULL } },
		{ "off", { 0, 0, 16, 0, 0, NULL } },
	};
	struct hostile_config config;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(hostile_parse(&config, good[i].text, &err), 0);
		assert_true(config.seed == good[i].config.seed);
		assert_int_equal(config.classes, good[i].config.classes);
		assert_int_equal(config.rate, good[i].config.rate);
		assert_int_equal(config.after, good[i].config.after);
		assert_int_equal(config.echo, good[i].config.echo);
	}
}

static void bad_specification(void **state)
{
	static const char *const bad[][2] = {
		{ "", "seed" }, { "x", "seed" }, { "-1", "seed" }, { " 1", "seed" },
		{ "1x", "seed" }, { "18446744073709551616", "seed" }, { "ring", "seed" },
		{ "1,", "unknown class" }, { "1,rings", "unknown class" },
		{ "1,ring storage", "unknown class" }, { "1,off", "unknown class" },
		{ "1,rate=0", "rate" }, { "1,rate=1000001", "rate" }, { "1,rate=", "rate" },
		{ "1,rate=2x", "rate" }, { "1,after=", "items" }, { "1,after=4294967296", "items" },
		{ "1,echo=1001", "echo" }, { "1,echo=", "echo" },
	};
	struct hostile_config config;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(hostile_parse(&config, bad[i][0], &err), -1);
		assert_non_null(strstr(err.text, bad[i][1]));
		assert_null(strchr(err.text, '\n'));
	}
}

/* ---- decisions ---- */

static void set(struct hostile *hostile, const char *spec)
{
	struct hostile_config config;
	struct error err;

	assert_int_equal(hostile_parse(&config, spec, &err), 0);
	hostile_set(hostile, &config);
}

/* Decisions about @n items as text, one character each. */
static void decide(struct hostile *hostile, const char *name, unsigned int index, char *text,
		   unsigned int n)
{
	struct hostile_stream stream = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++)
		text[i] = hostile_begin(hostile, &stream, name, index) &&
			  hostile_take(hostile, &stream, HOSTILE_RING) ? 'x' : '.';
	text[n] = 0;
	hostile_stream_drop(&stream);
}

static void a_seed_repeats(void **state)
{
	struct hostile hostile = { 0 };
	char a[257], b[257];

	hostile_init(&hostile);
	set(&hostile, "5,ring,rate=4");
	decide(&hostile, "scsi0", 0, a, 256);
	set(&hostile, "5,ring,rate=4");
	decide(&hostile, "scsi0", 0, b, 256);
	assert_string_equal(a, b);
	decide(&hostile, "scsi0", 1, b, 256);
	assert_string_not_equal(a, b);
	decide(&hostile, "net0", 0, b, 256);
	assert_string_not_equal(a, b);
	set(&hostile, "6,ring,rate=4");
	decide(&hostile, "scsi0", 0, b, 256);
	assert_string_not_equal(a, b);
	hostile_destroy(&hostile);
}

static void the_rate_holds(void **state)
{
	static const unsigned int rates[] = { 1, 2, 16, 100 };
	struct hostile hostile = { 0 };
	char spec[32], text[20001];
	unsigned int i, n;
	const char *p;

	hostile_init(&hostile);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		snprintf(spec, sizeof(spec), "9,ring,rate=%u", rates[i]);
		set(&hostile, spec);
		decide(&hostile, "net0", 0, text, 20000);
		for (n = 0, p = text; *p; p++)
			n += *p == 'x';
		/* Within a quarter of what is due; the expected deviation is below a tenth. */
		assert_in_range(n * rates[i], 15000, 25000);
		assert_int_equal(hostile.seen[HOSTILE_RING], 20000);
		assert_int_equal(hostile.changed[HOSTILE_RING], n);
		assert_int_equal(hostile.seen[HOSTILE_STORAGE], 0);
	}
	set(&hostile, "9,ring,rate=1,after=10");
	decide(&hostile, "net0", 0, text, 20);
	assert_string_equal(text, "..........xxxxxxxxxx");
	set(&hostile, "9,storage,rate=1");
	decide(&hostile, "net0", 0, text, 20);
	assert_string_equal(text, "....................");
	set(&hostile, "off");
	decide(&hostile, "net0", 0, text, 20);
	assert_string_equal(text, "....................");
	hostile_destroy(&hostile);
}

/* ---- changes ---- */

static const enum hostile_class packet_classes[] = {
	HOSTILE_RING, HOSTILE_RANGES, HOSTILE_STORAGE, HOSTILE_NETWORK, HOSTILE_INPUT,
	HOSTILE_SERVICES, HOSTILE_SILENCE,
};

/* Which class says something about which device's packets. */
static void classes_know_their_devices(void **state)
{
	const uint16_t inband = VMBUS_PKT_DATA_INBAND, xfer = VMBUS_PKT_DATA_USING_XFER_PAGES;
	enum hostile_device d;

	for (d = HOSTILE_DEV_OTHER; d <= HOSTILE_DEV_SERVICE; d++) {
		assert_true(hostile_packet_class(HOSTILE_RING, d, inband));
		assert_true(hostile_packet_class(HOSTILE_SILENCE, d, inband));
		assert_false(hostile_packet_class(HOSTILE_MESSAGES, d, inband));
		assert_false(hostile_packet_class(HOSTILE_RANGES, d, inband));
		assert_int_equal(hostile_packet_class(HOSTILE_RANGES, d, xfer),
				 d == HOSTILE_DEV_NETWORK);
		assert_int_equal(hostile_packet_class(HOSTILE_STORAGE, d, inband),
				 d == HOSTILE_DEV_STORAGE);
		assert_int_equal(hostile_packet_class(HOSTILE_NETWORK, d, inband),
				 d == HOSTILE_DEV_NETWORK);
		assert_int_equal(hostile_packet_class(HOSTILE_INPUT, d, inband),
				 d == HOSTILE_DEV_MOUSE || d == HOSTILE_DEV_KEYBOARD);
		assert_int_equal(hostile_packet_class(HOSTILE_SERVICES, d, inband),
				 d == HOSTILE_DEV_SERVICE);
	}
	assert_int_equal(hostile_device("scsi"), HOSTILE_DEV_STORAGE);
	assert_int_equal(hostile_device("net"), HOSTILE_DEV_NETWORK);
	assert_int_equal(hostile_device("mouse"), HOSTILE_DEV_MOUSE);
	assert_int_equal(hostile_device("keyboard"), HOSTILE_DEV_KEYBOARD);
	assert_int_equal(hostile_device("kvp"), HOSTILE_DEV_SERVICE);
	assert_int_equal(hostile_device("probe"), HOSTILE_DEV_OTHER);
}

/* A packet of @len bytes in memory of just @cap, so that the sanitizer sees each step aside. */
static struct hostile_item make_packet(uint32_t len, uint32_t cap, uint32_t base)
{
	struct hostile_item item = { .bytes = malloc(cap), .len = len, .cap = cap };
	const struct vmbus_pkt_header head = {
		.type = VMBUS_PKT_COMPLETION, .offset8 = base / 8, .len8 = len / 8, .xid = 99,
	};

	memset(item.bytes, 0x11, cap);
	memcpy(item.bytes, &head, sizeof(head));
	return item;
}

static void packets_stay_in_their_buffer(void **state)
{
	static const uint32_t lens[] = { 16, 24, 32, 40, 80, 200, 4096 };
	struct hostile_rng rng = { 1 };
	unsigned int c, l, n;
	enum hostile_device d;

	for (n = 0; n < ROUNDS; n++) {
		for (c = 0; c < sizeof(packet_classes) / sizeof(packet_classes[0]); c++) {
			for (d = HOSTILE_DEV_OTHER; d <= HOSTILE_DEV_SERVICE; d++) {
				uint32_t len = lens[hostile_below(&rng, 7)], base = 16;
				uint32_t cap = len + 8 * hostile_below(&rng, 3);
				struct vmbus_pkt_header head;
				struct hostile_item item;

				if (packet_classes[c] == HOSTILE_RANGES && len >= 40)
					base = 40;
				l = len;
				item = make_packet(len, cap, base);
				hostile_packet(&rng, packet_classes[c], d, &item, base);
				assert_true(item.len <= cap && item.len >= 16);
				assert_int_equal(item.len % 8, 0);
				memcpy(&head, item.bytes, sizeof(head));
				if (packet_classes[c] != HOSTILE_RING) {
					assert_int_equal(head.len8 * 8u, item.len);
					assert_int_equal(head.offset8 * 8u, base);
					assert_int_equal(head.type, VMBUS_PKT_COMPLETION);
				} else {
					assert_int_equal(item.len, l);
				}
				free(item.bytes);
			}
		}
	}
}

/* Over many rounds each field of a completion is changed, and nothing but fields. */
static void storage_touches_what_it_says(void **state)
{
	const uint32_t len = 16 + sizeof(struct vstor_packet);
	unsigned int hits[16 + sizeof(struct vstor_packet)] = { 0 }, fates[4] = { 0 };
	struct hostile_rng rng = { 2 };
	unsigned int n, i, longer = 0, shorter = 0;

	for (n = 0; n < 20 * ROUNDS; n++) {
		struct hostile_item item = make_packet(len, len + 512, 16), was = item;
		uint8_t before[16 + sizeof(struct vstor_packet)];

		memcpy(before, item.bytes, len);
		fates[hostile_packet(&rng, HOSTILE_STORAGE, HOSTILE_DEV_STORAGE, &item, 16)]++;
		longer += item.len > was.len;
		shorter += item.len < was.len;
		for (i = 0; i < len && item.len == was.len; i++)
			hits[i] += before[i] != item.bytes[i];
		free(item.bytes);
	}
	assert_true(fates[HOSTILE_SEND] > fates[HOSTILE_TWICE]);
	assert_true(fates[HOSTILE_TWICE] && fates[HOSTILE_LATER]);
	assert_int_equal(fates[HOSTILE_NEVER], 0);
	assert_true(longer && shorter);
	for (i = 0; i < 8; i++)
		assert_int_equal(hits[i], 0);		/* the descriptor is the ring's */
	for (i = 8; i < 16; i++)
		assert_true(hits[i]);			/* transaction id */
	for (i = 16; i < 16 + 12; i++)
		assert_true(hits[i]);			/* operation, flags, status */
	assert_true(hits[16 + 14] && hits[16 + 15]);	/* SRB and SCSI status */
	assert_true(hits[16 + 21]);			/* sense length */
	for (i = 24; i < 28 + 20; i++)
		assert_true(hits[16 + i]);		/* transferred, sense */
	for (i = 48; i < sizeof(struct vstor_packet); i++)
		assert_int_equal(hits[16 + i], 0);	/* what only a request has */
}

static void rndis_and_messages_stay_in_their_buffer(void **state)
{
	struct hostile_rng rng = { 3 };
	unsigned int n, fates[4] = { 0 }, changed = 0;

	for (n = 0; n < 10 * ROUNDS; n++) {
		uint32_t len = hostile_below(&rng, 300);
		struct hostile_item item = { .bytes = malloc(len + !len), .len = len, .cap = len };

		memset(item.bytes, 0, len);
		hostile_rndis_item(&rng, &item);
		assert_int_equal(item.len, len);
		free(item.bytes);

		len = 8 + hostile_below(&rng, VMBUS_MESSAGE_MAX - 7);
		item = (struct hostile_item){ .bytes = calloc(1, len), .len = len, .cap = len };
		item.bytes[0] = 1 + hostile_below(&rng, 26);
		fates[hostile_message_item(&rng, &item)]++;
		assert_true(item.len <= len);
		changed += item.note[0] != 0;
		free(item.bytes);
	}
	assert_int_equal(changed, 10 * ROUNDS);
	assert_true(fates[HOSTILE_SEND] && fates[HOSTILE_TWICE] && fates[HOSTILE_LATER]);
}

/* ---- a server ---- */

static struct vmbus_ring_control *control(uint32_t page)
{
	return (void *)(fake.ram + (PFN + page) * 4096);
}

static void guest_sends(unsigned int n, bool honest_index)
{
	struct vmbus_ring_control *ring = control(0), *other = control(4);
	uint64_t one = 1;

	while (n--) {
		struct {
			struct vmbus_pkt_header head;
			uint64_t payload, trailer;
		} pkt = {
			.head = { .type = 6, .offset8 = 2, .len8 = 3, .flags = 1, .xid = n + 1 },
		};

		memcpy((uint8_t *)(ring + 1) + ring->write_index, &pkt, sizeof(pkt));
		ring->write_index = (ring->write_index + sizeof(pkt)) % RING;
		assert_int_equal(write(fake.bound_fd, &one, 8), 8);
		fake_run();
		if (honest_index)
			other->read_index = other->write_index;
	}
}

static json_t *command(const char *spec, int result)
{
	json_t *request = json_pack("{s:s}", "cmd", "hostile"), *reply = json_object();
	struct error err;

	if (spec)
		json_object_set_new(request, "spec", json_string(spec));
	assert_int_equal(hostile_command(fake.server, request, reply, &err), result);
	json_decref(request);
	return reply;
}

static json_int_t changed(const char *class)
{
	json_t *reply = command(NULL, 0);
	json_t *items = json_object_get(json_object_get(reply, "hostile"), "items");
	json_int_t n = json_integer_value(json_object_get(json_object_get(items, class),
							  "changed"));

	json_decref(reply);
	return n;
}

static void silence_answers_nothing(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, PFN);
	guest_sends(10, false);
	assert_int_equal(control(4)->write_index, 10 * 32);
	json_decref(command("1,silence,rate=1", 0));
	guest_sends(10, false);
	assert_int_equal(control(4)->write_index, 10 * 32);
	assert_int_equal(changed("silence"), 10);
	json_decref(command("off", 0));
	guest_sends(10, false);
	assert_int_equal(control(4)->write_index, 20 * 32);
}

/* Old packets follow each new one, every one of them with another descriptor. */
static void echoes_follow(void **state)
{
	static const uint8_t none[32];
	unsigned int i, n = 0, echoes;

	vsp_add();
	fake_connect(1);
	fake_open(1, 10, PFN);
	json_decref(command("1,ring,rate=1000000,echo=3", 0));
	guest_sends(10, false);
	/* Three behind each, and three every 20 ms that this takes. */
	echoes = changed("ring");
	assert_true(echoes >= 30 && echoes % 3 == 0);
	json_decref(command("off", 0));
	guest_sends(1, false);
	assert_int_equal(control(4)->write_index, (11 + echoes) * 32);
	for (i = 0; i < 11 + echoes; i++) {
		struct vmbus_pkt_header *head = (void *)((uint8_t *)(control(4) + 1) + 32 * i);

		assert_memory_not_equal(head, none, sizeof(none));
		n += head->type != 11 || head->offset8 != 2 || head->len8 != 3 || head->flags ||
		     !head->xid || head->xid > 10;
	}
	assert_true(n > echoes / 2 && n <= echoes);
}

static void indices_are_put_right(void **state)
{
	unsigned int lies = 0, i;

	vsp_add();
	fake_connect(1);
	fake_open(1, 10, PFN);
	json_decref(command("1,ring,rate=1", 0));
	for (i = 0; i < 300; i++) {
		guest_sends(1, false);
		lies += control(4)->write_index % 8 || control(4)->write_index >= RING;
		control(4)->read_index = 0;
		if (i % 30 == 29) {
			assert_true(changed("ring"));
			/* The guest forgets what it read and waits for the truth. */
			json_decref(command("off", 0));
			fake_run();
			assert_true(control(4)->write_index < RING);
			assert_int_equal(control(4)->write_index % 8, 0);
			control(4)->read_index = control(4)->write_index;
			assert_int_equal(control(0)->read_index, control(0)->write_index);
			assert_int_equal(control(4)->feature_bits, 1);
			json_decref(command("1,ring,rate=1", 0));
		}
	}
	assert_true(lies);
	json_decref(command("off", 0));
}

/* A device that is rescinded comes back when the guest has let go of it. */
static void rescind_and_offer_again(void **state)
{
	unsigned int i, rescinds = 0;

	vsp_add();
	fake_connect(1);
	json_decref(command("3,rescind,rate=1", 0));
	for (i = 0; i < 50; i++) {
		struct fake_message *m;

		fake.taken = fake.logged;
		fake_open(1, 10 + i, PFN);
		while (fake.taken == fake.logged)
			guest_sends(1, true);
		m = fake_next(VMBUS_MSG_RESCIND_OFFER);
		assert_int_equal(m->relid.relid, 1);
		rescinds++;
		fake_nothing();
		fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
		m = fake_next(VMBUS_MSG_OFFER_CHANNEL);
		assert_int_equal(m->offer.relid, 1);
		json_decref(command("off", 0));
		fake_run();
		json_decref(command("3,rescind,rate=1", 0));
	}
	assert_int_equal(rescinds, 50);
	assert_int_equal(vsp.opens, vsp.closes);
	assert_int_equal(vsp.destroys, 0);
}

/* Three messages come of it: the version, the one offer, the end of the offers. */
static void contact(void)
{
	struct vmbus_msg_initiate_contact msg = { .version = VMBUS_WIRE_V5_3 };

	msg.u.target.sint = 2;
	fake_post(4, VMBUS_MSG_INITIATE_CONTACT, &msg, sizeof(msg));
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
}

static void messages_are_changed(void **state)
{
	json_t *reply;
	unsigned int i;

	vsp_add();
	json_decref(command("4,messages,rate=1", 0));
	for (i = 0; i < 200; i++)
		contact();
	assert_int_equal(changed("messages"), 600);
	reply = command(NULL, 0);
	assert_int_equal(json_array_size(json_object_get(json_object_get(reply, "hostile"),
							 "notes")), HOSTILE_NOTES);
	json_decref(reply);
	json_decref(command("4,messages,rate=1000000,echo=5", 0));
	contact();
	assert_true(changed("messages") >= 3 * 5);
	json_decref(command("off", 0));
	json_decref(command("nonsense", -1));
	fake.taken = fake.logged;
	fake_connect(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specification),
		cmocka_unit_test(bad_specification),
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(the_rate_holds),
		cmocka_unit_test(classes_know_their_devices),
		cmocka_unit_test(packets_stay_in_their_buffer),
		cmocka_unit_test(storage_touches_what_it_says),
		cmocka_unit_test(rndis_and_messages_stay_in_their_buffer),
		cmocka_unit_test_setup_teardown(silence_answers_nothing, vsp_setup, vsp_teardown),
		cmocka_unit_test_setup_teardown(echoes_follow, vsp_setup, vsp_teardown),
		cmocka_unit_test_setup_teardown(indices_are_put_right, vsp_setup, vsp_teardown),
		cmocka_unit_test_setup_teardown(rescind_and_offer_again, vsp_setup, vsp_teardown),
		cmocka_unit_test_setup_teardown(messages_are_changed, vsp_setup, vsp_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
