// SPDX-License-Identifier: GPL-2.0
/*
 * Single lies with a name: what each is about, what becomes of it, how often it is told; and a
 * server that tells those which are more than a changed item.
 */
#include "fake_guest.h"
#include "fake_vsp.h"
#include "hvic/hid.h"
#include "hvic/keyboard.h"
#include "hvic/network.h"
#include "hvic/rndis.h"
#include "hyperv/hostile.h"

#define PFN	16u
#define SIZE	64u	/* of a packet or message here, 16 of it a packet's descriptor */
#define HEAD	16u

enum { MSG = HOSTILE_AT_MESSAGE, PKT = HOSTILE_AT_PACKET, RND = HOSTILE_AT_RNDIS,
	POST = HOSTILE_AT_POST };
enum { ANY = HOSTILE_DEV_OTHER, DISK = HOSTILE_DEV_STORAGE, NET = HOSTILE_DEV_NETWORK,
	MOUSE = HOSTILE_DEV_MOUSE, KEYS = HOSTILE_DEV_KEYBOARD };
enum { NO = 0, INBAND = VMBUS_PKT_DATA_INBAND, XFER = VMBUS_PKT_DATA_USING_XFER_PAGES,
	COMP = VMBUS_PKT_COMPLETION };

/* What a lie is about: a 4-byte number at an offset of the payload tells it from others. */
static const struct {
	const char *name;
	int where, device, type;
	uint32_t at, value, other;	/* with .other it does not fit; the same: it always does */
	enum hostile_fate fate;
	unsigned int deeds, times;
	uint32_t len;			/* that it has then, of SIZE */
	uint32_t set_at, set_size, set_to;
} table[] = {
	{ "silent-version", MSG, ANY, NO, 0, 15, 16, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-offers", MSG, ANY, NO, 0, 4, 1, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-open", MSG, ANY, NO, 0, 6, 10, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-gpadl", MSG, ANY, NO, 0, 10, 6, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-teardown", MSG, ANY, NO, 0, 12, 10, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-unload", MSG, ANY, NO, 0, 17, 12, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "offer-twice", MSG, ANY, NO, 0, 1, 2, HOSTILE_TWICE, 0, 0, SIZE, 0, 0, 0 },
	{ "offer-relid", MSG, ANY, NO, 0, 1, 2, HOSTILE_SEND, 0, 0, SIZE, 0, 0, 0 },
	{ "refuse-teardown", POST, ANY, NO, 0, 11, 8, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "write-index", PKT, KEYS, INBAND, 0, 1, 1, HOSTILE_SEND, HOSTILE_DO_INDEX, 0, SIZE,
	  0, 0, 0 },
	{ "silent-storage", PKT, DISK, COMP, 0, 1, 1, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "rescind-disk", PKT, DISK, COMP, 0, 1, 1, HOSTILE_SEND, HOSTILE_DO_RESCIND, 1, SIZE,
	  0, 0, 0 },
	{ "rescind-lost", PKT, DISK, COMP, 0, 1, 1, HOSTILE_NEVER, HOSTILE_DO_RESCIND, 1, SIZE,
	  0, 0, 0 },
	{ "rescind-net", PKT, NET, COMP, 0, 1, 1, HOSTILE_NEVER, HOSTILE_DO_RESCIND, 1, SIZE,
	  0, 0, 0 },
	{ "flood-mouse", PKT, MOUSE, INBAND, 8, SYNTHHID_WIRE_INPUT_REPORT,
	  SYNTHHID_WIRE_DEVICE_INFO, HOSTILE_SEND, HOSTILE_DO_FLOOD, 1, SIZE, 0, 0, 0 },
	{ "flood-keyboard", PKT, KEYS, INBAND, 0, 3, 2, HOSTILE_SEND, HOSTILE_DO_FLOOD, 1, SIZE,
	  0, 0, 0 },
	{ "flood-disk", PKT, DISK, COMP, 0, 1, 1, HOSTILE_SEND, HOSTILE_DO_FLOOD, 1, SIZE,
	  0, 0, 0 },
	{ "flood-net", PKT, NET, XFER, 4, 0, 1, HOSTILE_SEND, HOSTILE_DO_FLOOD, 1, SIZE,
	  0, 0, 0 },
	{ "silent-nvsp", PKT, NET, COMP, 0, 2, 107, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-buffer", PKT, NET, COMP, 0, 102, 2, HOSTILE_NEVER, 0, 0, SIZE, 0, 0, 0 },
	{ "silent-subchannel", PKT, NET, COMP, 0, NVSP_MSG_SUBCHANNEL, 2, HOSTILE_NEVER, 0, 0,
	  SIZE, 0, 0, 0 },
	{ "silent-rndis", RND, NET, NO, 0, 0x80000002, 0x80000004, HOSTILE_SEND, 0, 0, SIZE,
	  0, 4, 0x7fffffff },
	{ "silent-query", RND, NET, NO, 0, 0x80000004, 0x80000005, HOSTILE_SEND, 0, 0, SIZE,
	  0, 4, 0x7fffffff },
	{ "silent-set", RND, NET, NO, 0, 0x80000005, 0x80000002, HOSTILE_SEND, 0, 0, SIZE,
	  0, 4, 0x7fffffff },
	{ "answer-twice", PKT, NET, XFER, 4, 1, 0, HOSTILE_TWICE, 0, 0, SIZE, 0, 0, 0 },
	{ "empty-answer", PKT, NET, COMP, 0, 2, 108, HOSTILE_SEND, 0, 0, HEAD, 0, 0, 0 },
	{ "empty-completion", PKT, NET, COMP, 0, 108, 2, HOSTILE_SEND, 0, 0, HEAD, 0, 0, 0 },
	/* RNDIS_PACKET: per-packet info's length at 32; 44 bytes; size, type, offset of one. */
	{ "ppi-offset", RND, NET, NO, 32, 16, 0, HOSTILE_SEND, 0, 0, SIZE, 44 + 8, 4, 0xffff },
	{ "ppi-size", RND, NET, NO, 32, 16, 0, HOSTILE_SEND, 0, 0, SIZE, 44, 4, 0 },
	{ "mouse-protocol", PKT, MOUSE, INBAND, 8, SYNTHHID_WIRE_PROTOCOL_RESPONSE,
	  SYNTHHID_WIRE_DEVICE_INFO, HOSTILE_SEND, 0, 0, SIZE, 4, 4, 0x10000 },
	{ "mouse-info", PKT, MOUSE, INBAND, 8, SYNTHHID_WIRE_DEVICE_INFO,
	  SYNTHHID_WIRE_PROTOCOL_RESPONSE, HOSTILE_SEND, 0, 0, SIZE, 4, 4, 0x10000 },
	{ "mouse-report", PKT, MOUSE, INBAND, 8, SYNTHHID_WIRE_INPUT_REPORT,
	  SYNTHHID_WIRE_DEVICE_INFO, HOSTILE_SEND, 0, 0, SIZE, 12, 4, 0xffffffff },
};

static uint32_t base_of(int where)
{
	return where == HOSTILE_AT_PACKET ? HEAD : 0;
}

static enum hostile_fate tell(struct hostile *hostile, unsigned int i, uint32_t value, int device,
			      int type, uint8_t *bytes, uint32_t *len, unsigned int *deeds)
{
	struct hostile_item item = { .bytes = bytes, .len = SIZE, .cap = SIZE };
	const struct vmbus_pkt_header head = { .type = type, .offset8 = 2, .len8 = SIZE / 8 };
	uint32_t base = base_of(table[i].where);
	enum hostile_fate fate;

	memset(bytes, 0x11, SIZE);
	if (base)
		memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + base + table[i].at, &value, sizeof(value));
	*deeds = 0;
	fate = hostile_lie_tell(hostile, hostile_lie_find(table[i].name), table[i].where, device,
				type, &item, base, deeds);
	*len = item.len;
	return fate;
}

/* Every lie is told of what it is about, of nothing else, and does just what it says. */
static void each_lie(void **state)
{
	uint8_t bytes[SIZE], want[SIZE];
	unsigned int i, deeds, told;
	struct vmbus_pkt_header head;
	uint32_t len, base;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct hostile hostile = { 0 };

		hostile_init(&hostile);
		if (table[i].other != table[i].value) {
			assert_int_equal(tell(&hostile, i, table[i].other, table[i].device,
					      table[i].type, bytes, &len, &deeds), HOSTILE_SEND);
			assert_int_equal(hostile.told, 0);
		}
		if (table[i].device) {
			tell(&hostile, i, table[i].value, HOSTILE_DEV_SERVICE, table[i].type, bytes,
			     &len, &deeds);
			assert_int_equal(hostile.told, !strcmp(table[i].name, "write-index"));
			hostile.told = 0;
		}
		for (told = 1; told <= 3; told++) {
			enum hostile_fate fate = tell(&hostile, i, table[i].value, table[i].device,
						      table[i].type, bytes, &len, &deeds);
			bool spent = table[i].times && told > table[i].times;

			assert_int_equal(fate, spent ? HOSTILE_SEND : table[i].fate);
			assert_int_equal(deeds, spent ? 0 : table[i].deeds);
			assert_int_equal(hostile.told, spent ? table[i].times : told);
			assert_int_equal(len, table[i].len);
		}
		base = base_of(table[i].where);
		memcpy(&head, bytes, sizeof(head));
		if (base)
			assert_int_equal(head.len8 * 8, table[i].len);
		memset(want, 0x11, SIZE);
		memcpy(want + base + table[i].at, &table[i].value, 4);
		memcpy(want + base + table[i].set_at, &table[i].set_to, table[i].set_size);
		if (strcmp(table[i].name, "offer-relid"))
			assert_memory_equal(bytes + base, want + base, table[i].len - base);
		hostile_destroy(&hostile);
	}
}

/* What is too short to have the mark, or what is to be set, is left alone. */
static void short_items(void **state)
{
	uint8_t bytes[SIZE] = { 0 };
	unsigned int i, deeds = 0;
	struct hostile hostile = { 0 };

	hostile_init(&hostile);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t base = base_of(table[i].where), len = base + table[i].at + 3;
		uint8_t *exact = malloc(len);
		struct hostile_item item = { .bytes = exact, .len = len, .cap = len };

		memcpy(exact, bytes, len);
		if (table[i].other == table[i].value)
			goto next;
		assert_int_equal(hostile_lie_tell(&hostile, hostile_lie_find(table[i].name),
						  table[i].where, table[i].device, table[i].type,
						  &item, base, &deeds), HOSTILE_SEND);
next:
		free(exact);
	}
	assert_int_equal(hostile.told, 0);
	assert_int_equal(deeds, 0);
	hostile_destroy(&hostile);
}

/* ---- a server ---- */

static json_t *command(const char *spec)
{
	json_t *request = json_pack("{s:s, s:s}", "cmd", "hostile", "spec", spec);
	json_t *reply = json_object();
	struct error err;

	assert_int_equal(hostile_command(fake.server, request, reply, &err), 0);
	json_decref(request);
	return reply;
}

/* A refused teardown leaves the memory to the host, which uses it when the lies end. */
static void refused_teardown(void **state)
{
	struct vmbus_msg_gpadl_teardown msg = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN, .relid = 1, .gpadl = 10,
	};
	uint32_t at;

	vsp_add();
	fake_connect(1);
	assert_int_equal(fake_gpadl(1, 9, 100, 4), 0);
	fake_open(1, 10, PFN);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	memset(fake.ram + 100 * 4096, 0, 4 * 4096);
	json_decref(command("1,lie=refuse-teardown"));
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, &msg, sizeof(msg)), 5);
	fake_run();
	fake_nothing();
	json_decref(command("off"));
	for (at = 0; at < 8 * 4096; at++)
		assert_int_equal(fake.ram[PFN * 4096 + at], 0xa5);
	for (at = 0; at < 4 * 4096; at++)
		assert_int_equal(fake.ram[100 * 4096 + at], 0xa5);
	assert_int_equal(fake.ram[104 * 4096], 0);
	/* Once is enough, and now the guest gets it back. */
	memset(fake.ram + PFN * 4096, 0, 4096);
	json_decref(command("off"));
	assert_int_equal(fake.ram[PFN * 4096], 0);
	fake_post_teardown(1, 10);
	assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 10);
}

/* An honest host touches no memory of a closed channel, and of an open one never. */
static void memory_in_use_stays(void **state)
{
	struct vmbus_msg_gpadl_teardown msg = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN, .relid = 1, .gpadl = 9,
	};

	vsp_add();
	fake_connect(1);
	assert_int_equal(fake_gpadl(1, 9, 100, 4), 0);
	memset(fake.ram + 100 * 4096, 0, 4 * 4096);
	json_decref(command("1,lie=silent-open"));
	json_decref(command("off"));
	assert_int_equal(fake.ram[100 * 4096], 0);
	fake_open(1, 10, PFN);
	json_decref(command("1,lie=refuse-teardown"));
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, &msg, sizeof(msg)), 5);
	json_decref(command("off"));
	assert_int_equal(fake.ram[100 * 4096], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_lie),
		cmocka_unit_test(short_items),
		VSP_TEST(refused_teardown),
		VSP_TEST(memory_in_use_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
