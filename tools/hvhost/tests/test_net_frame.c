// SPDX-License-Identifier: GPL-2.0
/*
 * Checksums, segmentation and RSS hashes against packets written by hand, published vectors
 * and a second, slower computation.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/net.h"
#include "hvic/rndis.h"
#include "backend/net_bytes.h"
#include "vsp/netvsp_frame.h"

#define TX4	(RNDIS_WIRE_CSUM_TX_IPV4)
#define TX6	(RNDIS_WIRE_CSUM_TX_IPV6)
#define L4(at)	((uint32_t)(at) << RNDIS_WIRE_CSUM_TX_L4_SHIFT)

/* A DNS query of a capture: IPv4 header checksum 0xb861 by the textbook's example. */
static const uint8_t textbook_ip[20] = {
	0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61,
	0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
};

/* The reference: one bit-true addition at a time, end-around carry at once. */
static uint16_t slow_sum(const uint8_t *p, size_t len, uint16_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : p[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static uint16_t slow_l4(const uint8_t *f, size_t l3, size_t l4, size_t end, uint8_t proto)
{
	uint8_t pseudo[4] = { 0, proto, (end - l4) >> 8, end - l4 };
	uint16_t sum = slow_sum(pseudo, 4, 0);

	if (f[l3] >> 4 == 4)
		sum = slow_sum(f + l3 + 12, 8, sum);
	else
		sum = slow_sum(f + l3 + 8, 32, sum);
	return slow_sum(f + l4, end - l4, sum);
}

struct packet {
	uint8_t b[65536];
	size_t len, l3, l4;
	uint8_t proto;
};

/* @ip 4 or 6; @tag: a VLAN tag in the frame; options make the headers uneven. */
static void make(struct packet *p, int ip, uint8_t proto, bool tag, bool options, size_t payload)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	size_t at = 12, l4len, i;

	memset(p->b, 0, sizeof(p->b));
	memcpy(p->b, macs, 12);
	if (tag) {
		p->b[at++] = 0x81;
		p->b[at++] = 0x00;
		p->b[at++] = 0x20;
		p->b[at++] = 0x05;
	}
	p->b[at++] = ip == 4 ? 0x08 : 0x86;
	p->b[at++] = ip == 4 ? 0x00 : 0xdd;
	p->l3 = at;
	p->proto = proto;
	l4len = (proto == 6 ? (options ? 32 : 20) : 8) + payload;
	if (ip == 4) {
		size_t hlen = options ? 28 : 20;

		p->b[at] = 0x40 | hlen / 4;
		p->b[at + 2] = (hlen + l4len) >> 8;
		p->b[at + 3] = hlen + l4len;
		p->b[at + 4] = 0x12;
		p->b[at + 5] = 0xfe;
		p->b[at + 6] = 0x40;
		p->b[at + 8] = 64;
		p->b[at + 9] = proto;
		memcpy(p->b + at + 12, "\xc0\xa8\x01\x02\x0a\x00\x02\x02", 8);
		if (options)
			memset(p->b + at + 20, 1, 8);
		p->l4 = at + hlen;
	} else {
		size_t ext = options ? 16 : 0;

		p->b[at] = 0x60;
		p->b[at + 4] = (ext + l4len) >> 8;
		p->b[at + 5] = ext + l4len;
		p->b[at + 6] = options ? 0 : proto;
		p->b[at + 7] = 64;
		for (i = 0; i < 32; i++)
			p->b[at + 8 + i] = 0x20 + 7 * i;
		if (options) {	/* hop-by-hop, then destination options */
			p->b[at + 40] = 60;
			p->b[at + 48] = proto;
		}
		p->l4 = at + 40 + ext;
	}
	at = p->l4;
	memcpy(p->b + at, "\x30\x39\x00\x50", 4);
	if (proto == 6) {
		memcpy(p->b + at + 4, "\xff\xff\xf0\x00\x00\x00\x00\x07", 8);
		p->b[at + 12] = options ? 0x80 : 0x50;
		p->b[at + 13] = 0x99;	/* CWR ACK PSH FIN */
		p->b[at + 14] = 0x20;
		if (options)
			memset(p->b + at + 20, 1, 12);
	} else {
		p->b[at + 4] = l4len >> 8;
		p->b[at + 5] = l4len;
	}
	p->len = at + l4len;
	for (i = p->len - payload; i < p->len; i++)
		p->b[i] = i * 31 + (i >> 8);
}

static void assert_good(const uint8_t *f, size_t l3, size_t l4, size_t end, uint8_t proto)
{
	if (f[l3] >> 4 == 4)
		assert_int_equal(slow_sum(f + l3, l4 - l3, 0), 0xffff);
	assert_int_equal(slow_l4(f, l3, l4, end, proto), 0xffff);
}

static void textbook_checksum(void **state)
{
	uint8_t frame[14 + 0x73] = { 0 };
	struct frame_info info;

	assert_int_equal(frame_fold(frame_sum(textbook_ip, 20, 0)), 0xffff);
	frame[12] = 0x08;
	memcpy(frame + 14, textbook_ip, 20);
	frame[24] = 0;
	frame[25] = 0;
	assert_int_equal(frame_fill_checksums(frame, sizeof(frame),
					      TX4 | RNDIS_WIRE_CSUM_TX_IP_HEADER), 0);
	assert_int_equal(frame[24], 0xb8);
	assert_int_equal(frame[25], 0x61);
	assert_true(frame_dissect(frame, sizeof(frame), false, &info));
	assert_int_equal(frame_verify_checksums(frame, &info) & RNDIS_WIRE_CSUM_RX_IP_OK,
			 RNDIS_WIRE_CSUM_RX_IP_OK);
	frame[22] ^= 1;
	assert_int_equal(frame_verify_checksums(frame, &info), RNDIS_WIRE_CSUM_RX_IP_FAILED);
}

static void checksums_of_all_kinds(void **state)
{
	struct packet *p = malloc(sizeof(*p));
	struct frame_info info;
	uint32_t flags, ok, failed;

	for (unsigned int kind = 0; kind < 16; kind++) {
		int ip = kind & 1 ? 6 : 4;
		uint8_t proto = kind & 2 ? 17 : 6;

		for (size_t payload = 0; payload < 70; payload++) {
			make(p, ip, proto, kind & 4, kind & 8, payload);
			flags = (ip == 4 ? TX4 | RNDIS_WIRE_CSUM_TX_IP_HEADER : TX6) |
				(proto == 6 ? RNDIS_WIRE_CSUM_TX_TCP : RNDIS_WIRE_CSUM_TX_UDP);
			ok = proto == 6 ? RNDIS_WIRE_CSUM_RX_TCP_OK : RNDIS_WIRE_CSUM_RX_UDP_OK;
			failed = proto == 6 ? RNDIS_WIRE_CSUM_RX_TCP_FAILED :
					      RNDIS_WIRE_CSUM_RX_UDP_FAILED;
			/* A wrong offset and the wrong kinds are refused and change nothing. */
			assert_int_equal(frame_fill_checksums(p->b, p->len, flags | L4(p->l4 + 1)),
					 -EINVAL);
			assert_int_equal(frame_fill_checksums(p->b, p->len, flags ^ (TX4 | TX6)),
					 -EINVAL);
			assert_int_equal(frame_fill_checksums(p->b, p->len, flags | TX4 | TX6),
					 -EINVAL);
			assert_int_equal(frame_fill_checksums(p->b, p->len, flags |
					 RNDIS_WIRE_CSUM_TX_TCP | RNDIS_WIRE_CSUM_TX_UDP), -EINVAL);
			/* Rubbish in the fields (Linux leaves the pseudo sum there) is no matter. */
			p->b[p->l4 + (proto == 6 ? 16 : 6)] = 0xaa;
			assert_int_equal(frame_fill_checksums(p->b, p->len,
					 payload % 2 ? flags : flags | L4(p->l4)), 0);
			assert_good(p->b, p->l3, p->l4, p->len, proto);
			assert_true(frame_dissect(p->b, p->len, false, &info));
			assert_int_equal(info.l3, p->l3);
			assert_int_equal(info.l4, p->l4);
			assert_int_equal(info.l4_proto, proto);
			assert_int_equal(frame_verify_checksums(p->b, &info),
					 ok | (ip == 4 ? RNDIS_WIRE_CSUM_RX_IP_OK : 0));
			p->b[p->l4] ^= 0x40;
			assert_int_equal(frame_verify_checksums(p->b, &info),
					 failed | (ip == 4 ? RNDIS_WIRE_CSUM_RX_IP_OK : 0));
		}
	}
	free(p);
}

static void udp_zero_is_sent_as_ones(void **state)
{
	struct packet *p = malloc(sizeof(*p));
	struct frame_info info;
	uint16_t sum;

	make(p, 4, 17, false, false, 2);
	memset(p->b + p->len - 2, 0, 2);
	sum = slow_l4(p->b, p->l3, p->l4, p->len, 17);
	p->b[p->len - 2] = (0xffff - sum) >> 8;
	p->b[p->len - 1] = 0xffff - sum;
	assert_int_equal(frame_fill_checksums(p->b, p->len, TX4 | RNDIS_WIRE_CSUM_TX_UDP), 0);
	assert_int_equal(p->b[p->l4 + 6], 0xff);
	assert_int_equal(p->b[p->l4 + 7], 0xff);
	/* No checksum at all is neither right nor wrong. */
	p->b[p->l4 + 6] = 0;
	p->b[p->l4 + 7] = 0;
	frame_fill_checksums(p->b, p->len, TX4 | RNDIS_WIRE_CSUM_TX_IP_HEADER);
	assert_true(frame_dissect(p->b, p->len, false, &info));
	assert_int_equal(frame_verify_checksums(p->b, &info), RNDIS_WIRE_CSUM_RX_IP_OK);
	free(p);
}

/* Every length of a well-formed packet that is cut short is not IP, or loses its TCP. */
static void cut_short(void **state)
{
	struct packet *p = malloc(sizeof(*p));
	struct frame_info info;

	for (unsigned int kind = 0; kind < 16; kind++) {
		make(p, kind & 1 ? 6 : 4, kind & 2 ? 17 : 6, kind & 4, kind & 8, 5);
		for (size_t len = 0; len < p->len; len++) {
			uint8_t *copy = malloc(len ? len : 1);

			memcpy(copy, p->b, len);
			assert_false(frame_dissect(copy, len, false, &info));
			if (frame_dissect(copy, len, true, &info))
				assert_true(info.end == len && info.l4 <= len);
			free(copy);
		}
		/* Padding after the packet is no part of it. */
		assert_true(frame_dissect(p->b, p->len + 9, false, &info));
		assert_int_equal(info.end, p->len);
	}
	free(p);
}

static void fragments_have_no_ports(void **state)
{
	struct packet *p = malloc(sizeof(*p));
	struct frame_info info;

	make(p, 4, 6, false, false, 8);
	p->b[p->l3 + 6] = 0x20;
	assert_true(frame_dissect(p->b, p->len, false, &info));
	assert_true(info.fragment);
	assert_int_equal(info.l4_proto, 0);
	assert_int_equal(frame_fill_checksums(p->b, p->len, TX4 | RNDIS_WIRE_CSUM_TX_TCP), -EINVAL);
	make(p, 6, 44, false, false, 8);
	assert_true(frame_dissect(p->b, p->len, false, &info));
	assert_true(info.fragment);
	assert_int_equal(info.l4_proto, 0);
	free(p);
}

/* ---- large sends ---- */

struct collect {
	const struct packet *whole;
	size_t mss, hlen, done;
	int count;
};

static void collect(void *arg, uint8_t *f, size_t len)
{
	struct collect *c = arg;
	const struct packet *w = c->whole;
	size_t chunk = len - c->hlen, payload = w->len - c->hlen;
	bool last = c->done + chunk == payload;
	uint32_t seq = 0xfffff000u + c->done;
	const uint8_t *tcp = f + w->l4;

	assert_true(chunk == c->mss || (last && chunk && chunk < c->mss));
	assert_memory_equal(f, w->b, w->l3);
	assert_memory_equal(f + c->hlen, w->b + c->hlen + c->done, chunk);
	if (f[w->l3] >> 4 == 4) {
		assert_int_equal(f[w->l3 + 2] << 8 | f[w->l3 + 3], len - w->l3);
		assert_int_equal(f[w->l3 + 4] << 8 | f[w->l3 + 5], (0x12fe + c->count) & 0xffff);
	} else {
		assert_int_equal(f[w->l3 + 4] << 8 | f[w->l3 + 5], len - w->l3 - 40);
	}
	assert_int_equal((uint32_t)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7], seq);
	assert_int_equal(tcp[13], 0x10 | (last ? 0x09 : 0) | (c->count ? 0 : 0x80));
	assert_good(f, w->l3, w->l4, len, 6);
	c->done += chunk;
	c->count++;
}

static void large_sends(void **state)
{
	static const size_t payloads[] = { 1, 1459, 1460, 1461, 2920, 2921, 40000, 62000 };
	struct packet *p = malloc(sizeof(*p));
	uint8_t *out = malloc(NET_FRAME_MAX);

	for (unsigned int kind = 0; kind < 8; kind++) {
		int ip = kind & 1 ? 6 : 4;

		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
			struct collect c = { .whole = p, .mss = 1200 };
			uint32_t lso = 1200 | RNDIS_WIRE_LSO_V2 |
				       (ip == 6 ? RNDIS_WIRE_LSO_IPV6 : 0);
			int want = (payloads[i] + 1199) / 1200;

			make(p, ip, 6, kind & 2, kind & 4, payloads[i]);
			c.hlen = p->len - payloads[i];
			/* As Linux sends it: no length, no checksum. */
			memset(p->b + p->l3 + (ip == 4 ? 2 : 4), 0, 2);
			if (i % 2)
				lso |= p->l4 << RNDIS_WIRE_LSO_L4_SHIFT;
			assert_int_equal(frame_segment(p->b, p->len, lso, 1514, out, collect, &c),
					 want);
			assert_int_equal(c.count, want);
			assert_int_equal(c.done, payloads[i]);
		}
	}
	free(out);
	free(p);
}

static void large_send_is_refused(void **state)
{
	struct packet *p = malloc(sizeof(*p));
	uint8_t *out = malloc(NET_FRAME_MAX);
	const uint32_t good = 1000 | RNDIS_WIRE_LSO_V2;
	struct collect c = { .whole = p };

	make(p, 4, 6, false, false, 5000);
#define REFUSED(lso, max) \
	assert_int_equal(frame_segment(p->b, p->len, lso, max, out, collect, &c), -EINVAL)
	REFUSED(good & ~RNDIS_WIRE_LSO_MSS_MASK, 1514);
	REFUSED(good | RNDIS_WIRE_LSO_IPV6, 1514);
	REFUSED(good | (33u << RNDIS_WIRE_LSO_L4_SHIFT), 1514);
	REFUSED(good, 14 + 20 + 20 + 999);
	REFUSED(RNDIS_WIRE_LSO_MSS_MASK | RNDIS_WIRE_LSO_V2, 1514);
	make(p, 4, 6, false, false, 0);
	REFUSED(good, 1514);
	make(p, 4, 17, false, false, 5000);
	REFUSED(good, 1514);
	make(p, 4, 6, false, false, RNDIS_WIRE_LSO_MAX_SIZE - 39);
	REFUSED(good, 1514);
	make(p, 4, 6, false, false, 5000);
	p->b[p->l4 + 12] = 0x40;
	REFUSED(good, 1514);
	assert_int_equal(c.count, 0);
	free(out);
	free(p);
}

/* ---- RSS: the verification suite that Microsoft publishes for the default key ---- */

static const uint8_t rss_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void rss_vectors(void **state)
{
	static const struct {
		uint8_t src[4], dst[4];
		uint16_t sport, dport;
		uint32_t ip, tcp;
	} vectors[] = {
		{ { 66, 9, 149, 187 }, { 161, 142, 100, 80 }, 2794, 1766, 0x323e8fc2, 0x51ccc178 },
		{ { 199, 92, 111, 2 }, { 65, 69, 140, 83 }, 14230, 4739, 0xd718262a, 0xc626b0ea },
		{ { 24, 19, 198, 95 }, { 12, 22, 207, 184 }, 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
		{ { 38, 27, 205, 30 }, { 209, 142, 163, 6 }, 48228, 2217, 0x82989176, 0xafc7327f },
		{ { 153, 39, 163, 191 }, { 202, 188, 127, 2 }, 44251, 1303, 0x5d1809c5,
		  0x10e828a2 },
	};
	static const uint8_t v6_src[16] = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff,
					    0, 0, 0, 0, 0, 0, 0, 7 };
	static const uint8_t v6_dst[16] = { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03,
					    0, 0, 0, 0, 0, 0, 0, 1 };
	const uint32_t all = RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_HASH_IPV4 |
			     RNDIS_WIRE_HASH_TCP_IPV4 | RNDIS_WIRE_HASH_IPV6 |
			     RNDIS_WIRE_HASH_TCP_IPV6;
	struct packet *p = malloc(sizeof(*p));
	struct frame_info info;
	uint32_t hash;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		make(p, 4, 6, false, false, 0);
		memcpy(p->b + p->l3 + 12, vectors[i].src, 4);
		memcpy(p->b + p->l3 + 16, vectors[i].dst, 4);
		p->b[p->l4] = vectors[i].sport >> 8;
		p->b[p->l4 + 1] = vectors[i].sport;
		p->b[p->l4 + 2] = vectors[i].dport >> 8;
		p->b[p->l4 + 3] = vectors[i].dport;
		assert_true(frame_dissect(p->b, p->len, false, &info));
		assert_true(frame_rss_hash(p->b, &info, all, rss_key, &hash));
		assert_int_equal(hash, vectors[i].tcp);
		assert_true(frame_rss_hash(p->b, &info, all & ~RNDIS_WIRE_HASH_TCP_IPV4, rss_key,
					   &hash));
		assert_int_equal(hash, vectors[i].ip);
		p->b[p->l3 + 9] = 17;	/* UDP is hashed by addresses */
		assert_true(frame_dissect(p->b, p->len, false, &info));
		assert_true(frame_rss_hash(p->b, &info, all, rss_key, &hash));
		assert_int_equal(hash, vectors[i].ip);
		assert_false(frame_rss_hash(p->b, &info, all & ~RNDIS_WIRE_HASH_TOEPLITZ, rss_key,
					    &hash));
		assert_false(frame_rss_hash(p->b, &info,
					    RNDIS_WIRE_HASH_TOEPLITZ | RNDIS_WIRE_HASH_IPV6,
					    rss_key, &hash));
	}
	make(p, 6, 6, false, false, 0);
	memcpy(p->b + p->l3 + 8, v6_src, 16);
	memcpy(p->b + p->l3 + 24, v6_dst, 16);
	memcpy(p->b + p->l4, "\x0a\xea\x06\xe6", 4);	/* 2794, 1766 */
	assert_true(frame_dissect(p->b, p->len, false, &info));
	assert_true(frame_rss_hash(p->b, &info, all, rss_key, &hash));
	assert_int_equal(hash, 0x40207d3d);
	assert_true(frame_rss_hash(p->b, &info, all & ~RNDIS_WIRE_HASH_TCP_IPV6, rss_key, &hash));
	assert_int_equal(hash, 0x2cc18cd5);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(textbook_checksum),
		cmocka_unit_test(checksums_of_all_kinds),
		cmocka_unit_test(udp_zero_is_sent_as_ones),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(fragments_have_no_ports),
		cmocka_unit_test(large_sends),
		cmocka_unit_test(large_send_is_refused),
		cmocka_unit_test(rss_vectors),
	};

	return cmocka_run_group_tests_name("net_frame", tests, NULL, NULL);
}
