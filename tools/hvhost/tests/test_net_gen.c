// SPDX-License-Identifier: GPL-2.0
/*
 * The traffic generator: frames that were written by hand (addresses of RFC 2544 and 5180, sums by
 * another program), every shorter one of them, and what is sent by count, by rate and as the guest
 * has room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/net.h"
#include "backend/net_gen_frame.h"

/* The guest is 02:00:00:00:00:09, 198.18.0.9 and 2001:2::9. */
static const uint8_t arp_request[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x09, 0xc6, 0x12, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0xc6, 0x12, 0x00, 0x01,
};
static const uint8_t arp_answer[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x02, 0x00,
	0x00, 0xc6, 0x12, 0x01, 0xc6, 0x12, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x09, 0xc6, 0x12, 0x00, 0x09,
};
static const uint8_t ping[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x21, 0x12, 0x34, 0x40, 0x00, 0x40, 0x01,
	0x9c, 0x79, 0xc6, 0x12, 0x00, 0x09, 0xc6, 0x12, 0x00, 0x01, 0x08, 0x00,
	0xf5, 0x3a, 0xbe, 0xef, 0x00, 0x03, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
};
static const uint8_t pong[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x21, 0x12, 0x34, 0x40, 0x00, 0x40, 0x01,
	0x9c, 0x79, 0xc6, 0x12, 0x00, 0x01, 0xc6, 0x12, 0x00, 0x09, 0x00, 0x00,
	0xfd, 0x3a, 0xbe, 0xef, 0x00, 0x03, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
};
static const uint8_t solicit[] = {
	0x33, 0x33, 0xff, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x09, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0xff, 0x00, 0x00, 0x01, 0x87, 0x00, 0x37, 0x85, 0x00, 0x00,
	0x00, 0x00, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x09,
};
static const uint8_t advert[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x88, 0x00, 0xa0, 0xc8, 0x60, 0x00,
	0x00, 0x00, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x01, 0x02, 0x00, 0x00, 0xc6,
	0x12, 0x01,
};
static const uint8_t ping6[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x3a, 0x40, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x09, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x80, 0x00, 0x7b, 0x3f, 0x00, 0x07,
	0x00, 0x01, 0x61, 0x62, 0x63,
};
static const uint8_t pong6[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x3a, 0x40, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x81, 0x00, 0x7a, 0x3f, 0x00, 0x07,
	0x00, 0x01, 0x61, 0x62, 0x63,
};
static const uint8_t udp_echo[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xae, 0x9d, 0xc6, 0x12, 0x00, 0x09, 0xc6, 0x12, 0x00, 0x01, 0x13, 0x88,
	0x00, 0x07, 0x00, 0x0d, 0x14, 0x38, 0x72, 0x6f, 0x75, 0x6e, 0x64,
};
static const uint8_t udp_echoed[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xae, 0x9d, 0xc6, 0x12, 0x00, 0x01, 0xc6, 0x12, 0x00, 0x09, 0x00, 0x07,
	0x13, 0x88, 0x00, 0x0d, 0x14, 0x38, 0x72, 0x6f, 0x75, 0x6e, 0x64,
};
static const uint8_t udp_discard[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xae, 0x9e, 0xc6, 0x12, 0x00, 0x09, 0xc6, 0x12, 0x00, 0x01, 0x13, 0x88,
	0x00, 0x09, 0x00, 0x0c, 0x8a, 0x41, 0x67, 0x6f, 0x6e, 0x65,
};
static const uint8_t udp6_echo[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11, 0x40, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x09, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x13, 0x88, 0x00, 0x07, 0x00, 0x0d,
	0x60, 0x57, 0x72, 0x6f, 0x75, 0x6e, 0x64,
};
static const uint8_t udp6_echoed[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11, 0x40, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x00, 0x07, 0x13, 0x88, 0x00, 0x0d,
	0x60, 0x57, 0x72, 0x6f, 0x75, 0x6e, 0x64,
};
static const uint8_t udp6_discard[] = {
	0x02, 0x00, 0x00, 0xc6, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x09,
	0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x11, 0x40, 0x20, 0x01,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x09, 0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x13, 0x88, 0x00, 0x09, 0x00, 0x0c,
	0xd6, 0x60, 0x67, 0x6f, 0x6e, 0x65,
};
static const uint8_t first_flow[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xae, 0x90, 0xc6, 0x12, 0x00, 0x01, 0xc6, 0x12, 0x00, 0x09, 0xc0, 0x00,
	0x00, 0x09, 0x00, 0x1a, 0xb3, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
static const uint8_t second_flow[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01,
	0x08, 0x00, 0x45, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xae, 0x90, 0xc6, 0x12, 0x00, 0x01, 0xc6, 0x12, 0x00, 0x09, 0xc0, 0x01,
	0x00, 0x09, 0x00, 0x1a, 0xb3, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const struct {
	const char *name;
	const uint8_t *frame;
	size_t len;
	enum gen_kind kind;
	const uint8_t *answer;
	size_t answer_len;
} exchanges[] = {
	{ "ARP", arp_request, sizeof(arp_request), GEN_ARP, arp_answer, sizeof(arp_answer) },
	{ "ping", ping, sizeof(ping), GEN_ECHO, pong, sizeof(pong) },
	{ "solicitation", solicit, sizeof(solicit), GEN_NDP, advert, sizeof(advert) },
	{ "ping6", ping6, sizeof(ping6), GEN_ECHO, pong6, sizeof(pong6) },
	{ "UDP echo", udp_echo, sizeof(udp_echo), GEN_ECHO, udp_echoed, sizeof(udp_echoed) },
	{ "UDP", udp_discard, sizeof(udp_discard), GEN_UDP, NULL, 0 },
	{ "UDP echo over IPv6", udp6_echo, sizeof(udp6_echo), GEN_ECHO, udp6_echoed,
	  sizeof(udp6_echoed) },
	{ "UDP over IPv6", udp6_discard, sizeof(udp6_discard), GEN_UDP, NULL, 0 },
};

#define NR_EXCHANGES (sizeof(exchanges) / sizeof(exchanges[0]))

static void answers(void **state)
{
	for (size_t i = 0; i < NR_EXCHANGES; i++) {
		uint8_t answer[256];
		size_t len = 1;

		if (gen_answer(exchanges[i].frame, exchanges[i].len, answer, &len, NULL) !=
		    exchanges[i].kind)
			fail_msg("%s: the kind is wrong", exchanges[i].name);
		if (len != exchanges[i].answer_len)
			fail_msg("%s: %zu bytes, not %zu", exchanges[i].name, len,
				 exchanges[i].answer_len);
		if (len)
			assert_memory_equal(answer, exchanges[i].answer, len);
	}
}

/* A wire may add bytes behind a short packet; they are not sent back. */
static void padding(void **state)
{
	uint8_t frame[60] = { 0 }, answer[128];
	size_t len;

	memcpy(frame, udp_echo, sizeof(udp_echo));
	assert_true(sizeof(udp_echo) < sizeof(frame));
	assert_int_equal(gen_answer(frame, sizeof(frame), answer, &len, NULL), GEN_ECHO);
	assert_int_equal(len, sizeof(udp_echoed));
	assert_memory_equal(answer, udp_echoed, len);
}

/* Whatever is cut off, nothing is answered, and nothing beyond the end is read: the address
 * sanitizer would tell. */
static void cut_short(void **state)
{
	for (size_t i = 0; i < NR_EXCHANGES; i++) {
		for (size_t len = 0; len < exchanges[i].len; len++) {
			uint8_t *frame = malloc(len ? len : 1), *answer = malloc(len > 128 ? len : 128);
			size_t answer_len;

			memcpy(frame, exchanges[i].frame, len);
			assert_int_equal(gen_answer(frame, len, answer, &answer_len, NULL), GEN_OTHER);
			assert_int_equal(answer_len, 0);
			free(frame);
			free(answer);
		}
	}
}

/* One byte of a good frame is another; what it is then. */
static void not_for_it(void **state)
{
	static const struct {
		const char *what;
		unsigned int exchange, at;
		uint8_t value;
	} changes[] = {
		{ "an ARP reply", 0, 21, 2 },
		{ "ARP of another hardware", 0, 15, 6 },
		{ "ARP for another address", 0, 41, 2 },
		{ "IPv4 to another address", 1, 33, 2 },
		{ "IPv4 with options", 1, 14, 0x46 },
		{ "IPv4 longer than its frame", 1, 17, 34 },
		{ "IPv4 shorter than its header", 1, 17, 27 },
		{ "a first fragment", 1, 20, 0x20 },
		{ "a later fragment", 1, 21, 1 },
		{ "TCP", 1, 23, 6 },
		{ "an ICMP error", 1, 34, 3 },
		{ "an ICMP code that is none", 1, 35, 1 },
		{ "a solicitation of another address", 2, 77, 2 },
		{ "an advertisement", 2, 54, 136 },
		{ "IPv6 longer than its frame", 2, 19, 33 },
		{ "IPv4 in an IPv6 frame", 2, 14, 0x40 },
		{ "IPv6 to another address", 3, 53, 2 },
		{ "an ICMPv6 error", 3, 54, 1 },
		{ "an EtherType that is none", 4, 12, 0x88 },
		{ "IPv6 shorter than a UDP header", 6, 19, 7 },
		{ "a solicitation that ends in its target", 2, 19, 23 },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t frame[256], answer[256];
		size_t len = exchanges[changes[i].exchange].len, answer_len;

		memcpy(frame, exchanges[changes[i].exchange].frame, len);
		assert_int_not_equal(frame[changes[i].at], changes[i].value);
		frame[changes[i].at] = changes[i].value;
		if (gen_answer(frame, len, answer, &answer_len, NULL) != GEN_OTHER || answer_len)
			fail_msg("%s is taken for something else", changes[i].what);
	}
}

/* Packets that are complete as their IPv6 header tells and too short for what they say they are. */
static void too_short_inside(void **state)
{
	static const struct {
		const char *what;
		unsigned int exchange, payload;	/* bytes behind the IPv6 header */
	} cuts[] = {
		{ "a solicitation without a target", 2, 8 },
		{ "a solicitation with a part of a target", 2, 23 },
		{ "ICMPv6 shorter than its header", 3, 7 },
		{ "UDP without a byte", 6, 0 },
		{ "UDP shorter than its header", 6, 7 },
	};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		size_t len = 14 + 40 + cuts[i].payload, answer_len;
		uint8_t *frame = malloc(len), answer[256];

		memcpy(frame, exchanges[cuts[i].exchange].frame, len);
		frame[18] = 0;
		frame[19] = cuts[i].payload;
		if (gen_answer(frame, len, answer, &answer_len, NULL) != GEN_OTHER || answer_len)
			fail_msg("%s is taken for something else", cuts[i].what);
		free(frame);
	}
}

/* A look for duplicates of one's own address is not a question to answer to its sender. */
static void duplicate_address(void **state)
{
	uint8_t frame[sizeof(solicit)], answer[256];
	size_t len;

	memcpy(frame, solicit, sizeof(solicit));
	memset(frame + 22, 0, 16);
	assert_int_equal(gen_answer(frame, sizeof(frame), answer, &len, NULL), GEN_OTHER);
	assert_int_equal(len, 0);
}

static void who_it_is(void **state)
{
	static const unsigned int telling[] = { 0, 1, 4, 5 };

	for (size_t i = 0; i < 4; i++) {
		struct gen_peer peer = { .ipv4 = { 0 } };
		uint8_t answer[256];
		size_t len;

		gen_answer(exchanges[telling[i]].frame, exchanges[telling[i]].len, answer, &len,
			   &peer);
		assert_memory_equal(peer.mac, ((uint8_t[]){ 2, 0, 0, 0, 0, 9 }), 6);
		assert_memory_equal(peer.ipv4, ((uint8_t[]){ 198, 18, 0, 9 }), 4);
	}
}

/* ---- the back end ---- */

static struct loop *loop;

static struct guest {
	struct net_backend *be;
	unsigned int frames, flushes, room, room_asked;
	size_t len;
	uint8_t last[2][NET_FRAME_MAX];	/* the last frame and the one before it */
} guest;

static void deliver(void *arg, const void *frame, size_t len)
{
	memcpy(guest.last[1], guest.last[0], len);
	memcpy(guest.last[0], frame, len);
	guest.len = len;
	guest.frames++;
	if (guest.room)
		guest.room--;
}

static void flush(void *arg)
{
	guest.flushes++;
}

static unsigned int room(void *arg)
{
	guest.room_asked++;
	return guest.room;
}

static int setup(void **state)
{
	struct net_client client = { .deliver = deliver, .flush = flush, .room = room };
	struct error err;

	memset(&guest, 0, sizeof(guest));
	guest.room = 100000;
	loop = loop_new("test");
	assert_non_null(loop);
	guest.be = net_backend_new("gen", 1500, loop, &client, &err);
	if (!guest.be)
		fail_msg("%s", err.text);
	return 0;
}

static int teardown(void **state)
{
	net_backend_free(guest.be);
	loop_free(loop);
	return 0;
}

static void introduce(void)
{
	assert_int_equal(net_backend_send(guest.be, arp_request, sizeof(arp_request)), 0);
	assert_int_equal(guest.frames, 1);
	assert_int_equal(guest.flushes, 1);
	guest.frames = 0;
}

static void turns(unsigned int ms)
{
	for (unsigned int i = 0; i < ms; i++)
		loop_poll(loop, 1);
}

static json_int_t counter(const char *name)
{
	json_t *object = json_object(), *value;
	json_int_t number;

	guest.be->ops->stats(guest.be, object);
	value = json_object_get(object, name);
	if (!value)
		fail_msg("no counter %s", name);
	number = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
	json_decref(object);
	return number;
}

static void generate(uint64_t rate, uint64_t count, unsigned int flows)
{
	struct net_generate what = { .rate = rate, .count = count, .size = 64, .flows = flows };
	struct error err;

	if (net_backend_generate(guest.be, &what, &err))
		fail_msg("%s", err.text);
}

static void swallows_and_counts(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_backend_send(guest.be, udp_discard, sizeof(udp_discard)), 0);
	assert_int_equal(guest.frames, 0);
	assert_int_equal(net_backend_send(guest.be, udp_echo, sizeof(udp_echo)), 0);
	assert_int_equal(guest.frames, 1);
	assert_memory_equal(guest.last[0], udp_echoed, sizeof(udp_echoed));
	assert_int_equal(net_backend_send(guest.be, solicit, sizeof(solicit)), 0);
	assert_int_equal(net_backend_send(guest.be, "", 1), 0);
	assert_int_equal(counter("sunk_udp"), 3);
	assert_int_equal(counter("echoed"), 1);
	assert_int_equal(counter("ndp_answers"), 1);
	assert_int_equal(counter("arp_answers"), 0);
	assert_int_equal(counter("sunk_other"), 1);
	assert_int_equal(counter("gen_bytes_in"),
			 3 * sizeof(udp_discard) + sizeof(udp_echo) + sizeof(solicit) + 1);
}

static void sends_a_count(void **state)
{
	introduce();
	generate(0, 1001, 2);
	turns(200);
	assert_int_equal(guest.frames, 1001);
	assert_int_equal(guest.len, sizeof(first_flow));
	/* The last is the 1,001st, so of the first flow; the one before it of the second. */
	assert_memory_equal(guest.last[0], first_flow, sizeof(first_flow));
	assert_memory_equal(guest.last[1], second_flow, sizeof(second_flow));
	assert_int_equal(counter("generated"), 1001);
	assert_int_equal(counter("generating"), 0);
	/* Many frames for one flush. */
	assert_true(guest.flushes <= 1 + 17);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* The n-th frame is due n times 1 / rate after the beginning, and a busy machine only makes it
 * later. 20 a second are further apart than what is caught up with. */
static void keeps_a_rate(void **state)
{
	static const struct {
		unsigned int rate, count;
		double least_ms, most_ms;
	} runs[] = { { 1000, 50, 50, 5000 }, { 20, 3, 150, 5000 } };

	introduce();
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		double began = now_ms(), took;

		guest.frames = 0;
		generate(runs[i].rate, runs[i].count, 1);
		while (guest.frames < runs[i].count && now_ms() - began < runs[i].most_ms)
			loop_poll(loop, 1);
		took = now_ms() - began;
		assert_int_equal(guest.frames, runs[i].count);
		assert_true(took >= runs[i].least_ms - 0.1);
		assert_true(counter("generated_us") >= 1000 * runs[i].least_ms - 100);
		turns(5);
		assert_int_equal(guest.frames, runs[i].count);
	}
}

/* A host that did nothing for 200 ms sends what was due in the last 20, and the frame after. */
static void catches_up_a_little(void **state)
{
	introduce();
	generate(1000, 0, 1);
	turns(3);
	usleep(200000);
	guest.frames = 0;
	for (int i = 0; i < 100 && !guest.frames; i++)
		loop_poll(loop, 1);
	assert_int_equal(guest.frames, 21);
}

static void waits_for_room(void **state)
{
	introduce();
	guest.room = 150;
	generate(0, 0, 1);
	turns(20);
	/* Two bursts of 64, and what room is left after a tick. */
	assert_int_equal(guest.frames, 150);
	assert_int_equal(guest.flushes, 1 + 3);
	assert_true(counter("gen_no_room") > 0);
	turns(20);
	assert_int_equal(guest.frames, 150);
	guest.room = 64;
	turns(20);
	assert_int_equal(guest.frames, 214);
	assert_int_equal(guest.flushes, 1 + 4);
	/* At a rate single frames fit, and what has no room is not sent. */
	guest.room = 5;
	generate(100000, 0, 1);
	turns(20);
	assert_int_equal(guest.frames, 219);
}

/* A guest that never has room for a burst gets what it has room for, a tick later. */
static void few_buffers(void **state)
{
	introduce();
	guest.room = 10;
	generate(0, 25, 1);
	loop_poll(loop, 1);
	assert_int_equal(guest.frames, 0);
	turns(20);
	assert_int_equal(guest.frames, 10);
	guest.room = 10;
	turns(20);
	guest.room = 10;
	turns(20);
	assert_int_equal(guest.frames, 25);
	assert_int_equal(guest.flushes, 1 + 3);
	assert_int_equal(counter("generating"), 0);
}

static void stops(void **state)
{
	struct error err;
	unsigned int frames;

	assert_int_equal(net_backend_generate(guest.be, NULL, &err), 0);
	introduce();
	generate(0, 0, 1);
	turns(3);
	assert_int_equal(counter("generating"), 1);
	assert_int_equal(net_backend_generate(guest.be, NULL, &err), 0);
	frames = guest.frames;
	assert_true(frames > 0);
	turns(5);
	assert_int_equal(guest.frames, frames);
	assert_int_equal(counter("generating"), 0);
	assert_int_equal(counter("generated"), frames);
}

static void refuses(void **state)
{
	static const struct net_generate wrong[] = {
		{ .size = 63, .flows = 1 }, { .size = 1519, .flows = 1 },
		{ .size = 64, .flows = 0 }, { .size = 64, .flows = 1025 },
		{ .size = 64, .flows = 1, .rate = 1000001 },
	};
	static const struct net_generate good = { .size = 64, .flows = 1, .rate = 1000000 };
	struct net_client client = { .deliver = deliver, .flush = flush };
	struct net_backend *other;
	struct error err;

	assert_int_equal(net_backend_generate(guest.be, &good, &err), -1);
	assert_non_null(strstr(err.text, "ping 198.18.0.1"));
	introduce();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(net_backend_generate(guest.be, &wrong[i], &err), -1);
	assert_int_equal(net_backend_generate(guest.be, &good, &err), 0);
	assert_null(net_backend_new("gen,fast", 1500, loop, &client, &err));
	assert_non_null(strstr(err.text, "fast"));
	other = net_backend_new("none", 1500, loop, &client, &err);
	assert_non_null(other);
	assert_int_equal(net_backend_generate(other, &good, &err), -1);
	assert_non_null(strstr(err.text, "--nic gen"));
	net_backend_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(padding),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(not_for_it),
		cmocka_unit_test(too_short_inside),
		cmocka_unit_test(duplicate_address),
		cmocka_unit_test(who_it_is),
		cmocka_unit_test_setup_teardown(swallows_and_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(sends_a_count, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_a_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(catches_up_a_little, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_for_room, setup, teardown),
		cmocka_unit_test_setup_teardown(few_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(stops, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
