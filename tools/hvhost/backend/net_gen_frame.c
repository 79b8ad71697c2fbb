// SPDX-License-Identifier: GPL-2.0
/*
 * Parses and builds the traffic generator's frames.
 */
#include "backend/net_gen_frame.h"

#include <string.h>

#include "backend/net_bytes.h"

#define ETH_HLEN	14u
#define ARP_LEN		28u	/* Ethernet and IPv4 */
#define IPV4_HLEN	20u	/* without options; guests that send some are not answered */
#define IPV6_HLEN	40u
#define UDP_HLEN	8u
#define ICMP_HLEN	8u
#define NDP_LEN		32u	/* a neighbour message with one link-layer address */
#define NDP_SOLICIT_LEN	24u	/* without */

#define TYPE_IPV4	0x0800
#define TYPE_ARP	0x0806
#define TYPE_IPV6	0x86dd
#define PROTO_ICMP	1
#define PROTO_UDP	17
#define PROTO_ICMPV6	58

const uint8_t gen_mac[6] = { 0x02, 0x00, 0x00, 0xc6, 0x12, 0x01 };
const uint8_t gen_ipv4[4] = { 198, 18, 0, 1 };
const uint8_t gen_ipv6[16] = { 0x20, 0x01, 0x00, 0x02, [15] = 1 };

static void start_answer(uint8_t *answer, const uint8_t *frame, size_t len)
{
	memcpy(answer, frame, len);
	memcpy(answer, frame + 6, 6);
	memcpy(answer + 6, gen_mac, 6);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	while (len--) {
		uint8_t kept = *a;

		*a++ = *b;
		*b++ = kept;
	}
}

static enum gen_kind on_arp(const uint8_t *frame, size_t len, uint8_t *answer, size_t *answer_len,
			    struct gen_peer *peer)
{
	static const uint8_t request[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	const uint8_t *arp = frame + ETH_HLEN;

	if (len < ETH_HLEN + ARP_LEN || memcmp(arp, request, sizeof(request)) ||
	    memcmp(arp + 24, gen_ipv4, 4))
		return GEN_OTHER;
	if (peer) {
		memcpy(peer->mac, arp + 8, 6);
		memcpy(peer->ipv4, arp + 14, 4);
	}
	start_answer(answer, frame, ETH_HLEN + ARP_LEN);
	answer[ETH_HLEN + 7] = 2;
	memcpy(answer + ETH_HLEN + 8, gen_mac, 6);
	memcpy(answer + ETH_HLEN + 14, gen_ipv4, 4);
	memcpy(answer + ETH_HLEN + 18, arp + 8, 10);
	*answer_len = ETH_HLEN + ARP_LEN;
	return GEN_ARP;
}

/* Echo requests and UDP to the echo port come back with the two ends in each other's place, which
 * changes no sum but that of ICMP, whose type changes. */
static enum gen_kind on_ipv4(const uint8_t *frame, size_t len, uint8_t *answer, size_t *answer_len,
			     struct gen_peer *peer)
{
	const uint8_t *ip = frame + ETH_HLEN, *l4 = ip + IPV4_HLEN;
	size_t total, l4_len;

	if (len < ETH_HLEN + IPV4_HLEN + ICMP_HLEN || ip[0] != 0x45 || memcmp(ip + 16, gen_ipv4, 4))
		return GEN_OTHER;
	total = get16(ip + 2);
	/* A fragment is nobody's first. */
	if (total < IPV4_HLEN + ICMP_HLEN || total > len - ETH_HLEN || get16(ip + 6) & 0x3fff)
		return GEN_OTHER;
	l4_len = total - IPV4_HLEN;
	if (peer) {
		memcpy(peer->mac, frame + 6, 6);
		memcpy(peer->ipv4, ip + 12, 4);
	}
	if (ip[9] == PROTO_UDP && get16(l4 + 2) != GEN_PORT_ECHO)
		return GEN_UDP;
	if (ip[9] != PROTO_UDP && (ip[9] != PROTO_ICMP || l4[0] != 8 || l4[1]))
		return GEN_OTHER;
	start_answer(answer, frame, ETH_HLEN + total);
	swap(answer + ETH_HLEN + 12, answer + ETH_HLEN + 16, 4);
	l4 = answer + ETH_HLEN + IPV4_HLEN;
	if (ip[9] == PROTO_UDP) {
		swap(answer + ETH_HLEN + IPV4_HLEN, answer + ETH_HLEN + IPV4_HLEN + 2, 2);
	} else {
		answer[ETH_HLEN + IPV4_HLEN] = 0;
		put16(answer + ETH_HLEN + IPV4_HLEN + 2, 0);
		put16(answer + ETH_HLEN + IPV4_HLEN + 2, ~frame_fold(frame_sum(l4, l4_len, 0)));
	}
	*answer_len = ETH_HLEN + total;
	return GEN_ECHO;
}

static uint16_t icmpv6_sum(const uint8_t *ip, size_t len)
{
	return ~frame_fold(frame_sum(ip + IPV6_HLEN, len, frame_sum(ip + 8, 32, len + PROTO_ICMPV6)));
}

static enum gen_kind on_solicit(const uint8_t *frame, uint8_t *answer, size_t *answer_len)
{
	uint8_t *ip = answer + ETH_HLEN, *icmp = ip + IPV6_HLEN;
	static const uint8_t nobody[16];

	/* Whoever looks for duplicates of its own address asks from none. */
	if (memcmp(frame + ETH_HLEN + IPV6_HLEN + 8, gen_ipv6, 16) ||
	    !memcmp(frame + ETH_HLEN + 8, nobody, 16))
		return GEN_OTHER;
	start_answer(answer, frame, ETH_HLEN + IPV6_HLEN + NDP_SOLICIT_LEN);
	put16(ip + 4, NDP_LEN);
	ip[7] = 255;
	memcpy(ip + 24, ip + 8, 16);
	memcpy(ip + 8, gen_ipv6, 16);
	memset(icmp, 0, ICMP_HLEN);
	icmp[0] = 136;		/* advertisement */
	icmp[4] = 0x60;		/* solicited, override */
	icmp[NDP_SOLICIT_LEN] = 2;	/* target's address */
	icmp[NDP_SOLICIT_LEN + 1] = 1;	/* of 8 bytes with these two */
	memcpy(icmp + NDP_SOLICIT_LEN + 2, gen_mac, 6);
	put16(icmp + 2, icmpv6_sum(ip, NDP_LEN));
	*answer_len = ETH_HLEN + IPV6_HLEN + NDP_LEN;
	return GEN_NDP;
}

static enum gen_kind on_ipv6(const uint8_t *frame, size_t len, uint8_t *answer, size_t *answer_len)
{
	const uint8_t *ip = frame + ETH_HLEN, *l4 = ip + IPV6_HLEN;
	size_t l4_len;

	if (len < ETH_HLEN + IPV6_HLEN + UDP_HLEN || ip[0] >> 4 != 6)
		return GEN_OTHER;
	l4_len = get16(ip + 4);
	if (l4_len < UDP_HLEN || l4_len > len - ETH_HLEN - IPV6_HLEN)
		return GEN_OTHER;
	if (ip[6] == PROTO_ICMPV6 && l4[0] == 135 && !l4[1] && l4_len >= NDP_SOLICIT_LEN)
		return on_solicit(frame, answer, answer_len);
	if (memcmp(ip + 24, gen_ipv6, 16))
		return GEN_OTHER;
	if (ip[6] == PROTO_UDP && get16(l4 + 2) != GEN_PORT_ECHO)
		return GEN_UDP;
	if (ip[6] != PROTO_UDP && (ip[6] != PROTO_ICMPV6 || l4[0] != 128 || l4[1]))
		return GEN_OTHER;
	start_answer(answer, frame, ETH_HLEN + IPV6_HLEN + l4_len);
	swap(answer + ETH_HLEN + 8, answer + ETH_HLEN + 24, 16);
	if (ip[6] == PROTO_UDP) {
		swap(answer + ETH_HLEN + IPV6_HLEN, answer + ETH_HLEN + IPV6_HLEN + 2, 2);
	} else {
		answer[ETH_HLEN + IPV6_HLEN] = 129;
		put16(answer + ETH_HLEN + IPV6_HLEN + 2, 0);
		put16(answer + ETH_HLEN + IPV6_HLEN + 2, icmpv6_sum(answer + ETH_HLEN, l4_len));
	}
	*answer_len = ETH_HLEN + IPV6_HLEN + l4_len;
	return GEN_ECHO;
}

enum gen_kind gen_answer(const uint8_t *frame, size_t len, uint8_t *answer, size_t *answer_len,
			 struct gen_peer *peer)
{
	*answer_len = 0;
	if (len < ETH_HLEN)
		return GEN_OTHER;
	switch (get16(frame + 12)) {
	case TYPE_ARP:
		return on_arp(frame, len, answer, answer_len, peer);
	case TYPE_IPV4:
		return on_ipv4(frame, len, answer, answer_len, peer);
	case TYPE_IPV6:
		return on_ipv6(frame, len, answer, answer_len);
	}
	return GEN_OTHER;
}

size_t gen_build(uint8_t *frame, const struct gen_peer *peer, unsigned int size,
		 unsigned int flow)
{
	unsigned int len = size - GEN_FCS, total = len - ETH_HLEN, udp_len = total - IPV4_HLEN;
	uint8_t *ip = frame + ETH_HLEN, *udp = ip + IPV4_HLEN;
	uint16_t udp_sum;

	memset(frame, 0, len);
	memcpy(frame, peer->mac, 6);
	memcpy(frame + 6, gen_mac, 6);
	put16(frame + 12, TYPE_IPV4);
	ip[0] = 0x45;
	put16(ip + 2, total);
	put16(ip + 6, 0x4000);	/* do not fragment */
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, gen_ipv4, 4);
	memcpy(ip + 16, peer->ipv4, 4);
	put16(ip + 10, ~frame_fold(frame_sum(ip, IPV4_HLEN, 0)));
	put16(udp, GEN_PORT_SOURCE + flow);
	put16(udp + 2, GEN_PORT_DISCARD);
	put16(udp + 4, udp_len);
	udp_sum = ~frame_fold(frame_sum(udp, udp_len, frame_sum(ip + 12, 8, udp_len + PROTO_UDP)));
	put16(udp + 6, udp_sum ? udp_sum : 0xffff);
	return len;
}
