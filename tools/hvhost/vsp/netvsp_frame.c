// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: headers, checksums, segmentation, RSS hash. See netvsp_frame.h.
 */
#include "vsp/netvsp_frame.h"

#include <errno.h>
#include <hvic/rndis.h>
#include <string.h>

#include "backend/net_bytes.h"

#define ETHERTYPE_IPV4	0x0800u
#define ETHERTYPE_IPV6	0x86ddu
#define ETHERTYPE_QINQ	0x88a8u

#define TCP_HLEN	20u
#define UDP_HLEN	8u
#define TCP_FLAGS	13	/* offset of the flags in a TCP header */
#define TCP_FIN		0x01
#define TCP_PSH		0x08
#define TCP_CWR		0x80

/* ---- headers ---- */

static bool dissect_ipv4(const uint8_t *frame, size_t len, bool large_send,
			 struct frame_info *info)
{
	const uint8_t *ip = frame + info->l3;
	size_t hlen, total;

	if (len - info->l3 < 20 || ip[0] >> 4 != 4)
		return false;
	hlen = (ip[0] & 15) * 4u;
	total = large_send ? len - info->l3 : get16(ip + 2);
	if (hlen < 20 || total < hlen || total > len - info->l3)
		return false;
	info->ip_version = 4;
	info->l4 = info->l3 + hlen;
	info->end = info->l3 + total;
	info->fragment = (get16(ip + 6) & 0x3fff) != 0;
	info->l4_proto = info->fragment ? 0 : ip[9];
	return true;
}

static bool dissect_ipv6(const uint8_t *frame, size_t len, bool large_send,
			 struct frame_info *info)
{
	const uint8_t *ip = frame + info->l3;
	size_t at = info->l3 + 40u, total;
	uint8_t next;

	if (len - info->l3 < 40 || ip[0] >> 4 != 6)
		return false;
	total = large_send ? len - info->l3 : 40u + get16(ip + 4);
	if (total > len - info->l3)
		return false;
	info->ip_version = 6;
	info->end = info->l3 + total;
	/* Hop-by-hop, routing, destination options: each is 8 bytes or more, so this ends. */
	for (next = ip[6]; next == 0 || next == 43 || next == 60; ) {
		if (info->end - at < 8 || info->end - at < 8 + 8u * frame[at + 1])
			return false;
		next = frame[at];
		at += 8 + 8u * frame[at + 1];
	}
	info->fragment = next == 44;
	info->l4 = at;
	info->l4_proto = info->fragment ? 0 : next;
	return true;
}

bool frame_dissect(const uint8_t *frame, size_t len, bool large_send, struct frame_info *info)
{
	size_t at = 12, room;
	uint16_t type;
	bool ok;

	memset(info, 0, sizeof(*info));
	if (len < FRAME_ETH_HLEN)
		return false;
	for (type = get16(frame + at); type == FRAME_ETHERTYPE_VLAN || type == ETHERTYPE_QINQ;
	     type = get16(frame + at)) {
		at += FRAME_VLAN_HLEN;
		if (len < at + 2 || at > 12 + 2 * FRAME_VLAN_HLEN)
			return false;
	}
	info->l3 = at + 2;
	if (type == ETHERTYPE_IPV4)
		ok = dissect_ipv4(frame, len, large_send, info);
	else if (type == ETHERTYPE_IPV6)
		ok = dissect_ipv6(frame, len, large_send, info);
	else
		ok = false;
	if (!ok) {
		info->ip_version = 0;
		info->l4_proto = 0;
		return false;
	}
	room = info->end - info->l4;
	if (info->l4_proto == FRAME_PROTO_TCP) {
		size_t hlen = room >= TCP_HLEN ? (frame[info->l4 + 12] >> 4) * 4u : 0;

		if (hlen < TCP_HLEN || hlen > room)
			info->l4_proto = 0;
	} else if (info->l4_proto == FRAME_PROTO_UDP) {
		if (room < UDP_HLEN)
			info->l4_proto = 0;
	} else {
		info->l4_proto = 0;
	}
	return true;
}

/* ---- checksums ---- */

/* The sum over pseudo header and TCP or UDP, with the checksum field as it stands. */
static uint16_t l4_sum(const uint8_t *frame, const struct frame_info *info, uint32_t l4_len)
{
	const uint8_t *ip = frame + info->l3;
	uint32_t sum;

	if (info->ip_version == 4)
		sum = frame_sum(ip + 12, 8, 0);
	else
		sum = frame_sum(ip + 8, 32, 0);
	sum += info->l4_proto + (l4_len >> 16) + (l4_len & 0xffff);
	return frame_fold(frame_sum(frame + info->l4, l4_len, sum));
}

static size_t csum_field(const struct frame_info *info)
{
	return info->l4 + (info->l4_proto == FRAME_PROTO_TCP ? 16 : 6);
}

/* UDP has a length of its own; what exceeds it is padding. 0 when it does not fit. */
static uint32_t l4_length(const uint8_t *frame, const struct frame_info *info)
{
	uint32_t room = info->end - info->l4, len;

	if (info->l4_proto != FRAME_PROTO_UDP)
		return room;
	len = get16(frame + info->l4 + 4);
	return len >= UDP_HLEN && len <= room ? len : 0;
}

static void fill_ip(uint8_t *frame, const struct frame_info *info)
{
	uint8_t *ip = frame + info->l3;

	put16(ip + 10, 0);
	put16(ip + 10, ~frame_fold(frame_sum(ip, info->l4 - info->l3, 0)));
}

static int fill_l4(uint8_t *frame, const struct frame_info *info)
{
	uint32_t len = l4_length(frame, info);
	uint8_t *field = frame + csum_field(info);
	uint16_t csum;

	if (!len)
		return -EINVAL;
	put16(field, 0);
	csum = ~l4_sum(frame, info, len);
	if (!csum && info->l4_proto == FRAME_PROTO_UDP)
		csum = 0xffff;
	put16(field, csum);
	return 0;
}

int frame_fill_checksums(uint8_t *frame, size_t len, uint32_t csum)
{
	bool v4 = csum & RNDIS_WIRE_CSUM_TX_IPV4, v6 = csum & RNDIS_WIRE_CSUM_TX_IPV6;
	bool tcp = csum & RNDIS_WIRE_CSUM_TX_TCP, udp = csum & RNDIS_WIRE_CSUM_TX_UDP;
	uint32_t l4 = csum >> RNDIS_WIRE_CSUM_TX_L4_SHIFT & RNDIS_WIRE_CSUM_TX_L4_MASK;
	struct frame_info info;

	if (!tcp && !udp && !(csum & RNDIS_WIRE_CSUM_TX_IP_HEADER))
		return 0;
	if (v4 == v6 || (tcp && udp) || !frame_dissect(frame, len, false, &info) ||
	    info.ip_version != (v4 ? 4 : 6))
		return -EINVAL;
	/* Bit 4 is meant for IPv4; guests that set it for IPv6 get what there is: nothing. */
	if (v4 && (csum & RNDIS_WIRE_CSUM_TX_IP_HEADER))
		fill_ip(frame, &info);
	if (!tcp && !udp)
		return 0;
	if (info.l4_proto != (tcp ? FRAME_PROTO_TCP : FRAME_PROTO_UDP) || (l4 && l4 != info.l4))
		return -EINVAL;
	return fill_l4(frame, &info);
}

uint32_t frame_verify_checksums(const uint8_t *frame, const struct frame_info *info)
{
	bool tcp = info->l4_proto == FRAME_PROTO_TCP, good;
	uint32_t flags = 0, len;

	if (info->ip_version == 4) {
		good = frame_fold(frame_sum(frame + info->l3, info->l4 - info->l3, 0)) == 0xffff;
		if (!good)
			return RNDIS_WIRE_CSUM_RX_IP_FAILED;
		flags = RNDIS_WIRE_CSUM_RX_IP_OK;
	}
	if (!info->l4_proto)
		return flags;
	if (!tcp && !get16(frame + info->l4 + 6))	/* UDP without a checksum */
		return flags;
	len = l4_length(frame, info);
	good = len && l4_sum(frame, info, len) == 0xffff;
	if (tcp)
		return flags | (good ? RNDIS_WIRE_CSUM_RX_TCP_OK : RNDIS_WIRE_CSUM_RX_TCP_FAILED);
	return flags | (good ? RNDIS_WIRE_CSUM_RX_UDP_OK : RNDIS_WIRE_CSUM_RX_UDP_FAILED);
}

/* ---- large sends ---- */

int frame_segment(const uint8_t *frame, size_t len, uint32_t lso, size_t max_frame, uint8_t *out,
		  frame_emit_fn emit, void *arg)
{
	uint32_t mss = lso & RNDIS_WIRE_LSO_MSS_MASK;
	uint32_t l4 = lso >> RNDIS_WIRE_LSO_L4_SHIFT & RNDIS_WIRE_LSO_L4_MASK;
	size_t hlen, payload, done, chunk;
	struct frame_info info, seg;
	uint16_t ip_id = 0;
	uint8_t flags;
	int count = 0;

	if (!frame_dissect(frame, len, true, &info) || info.l4_proto != FRAME_PROTO_TCP ||
	    info.ip_version != (lso & RNDIS_WIRE_LSO_IPV6 ? 6 : 4) || (l4 && l4 != info.l4))
		return -EINVAL;
	hlen = info.l4 + (frame[info.l4 + 12] >> 4) * 4u;
	payload = len - hlen;
	if (!mss || !payload || len - info.l3 > RNDIS_WIRE_LSO_MAX_SIZE ||
	    hlen + (mss < payload ? mss : payload) - (info.l3 - FRAME_ETH_HLEN) > max_frame)
		return -EINVAL;
	flags = frame[info.l4 + TCP_FLAGS];
	if (info.ip_version == 4)
		ip_id = get16(frame + info.l3 + 4);
	for (done = 0; done < payload; done += chunk, count++) {
		uint8_t seg_flags = flags;

		chunk = payload - done < mss ? payload - done : mss;
		memcpy(out, frame, hlen);
		memcpy(out + hlen, frame + hlen + done, chunk);
		seg = info;
		seg.end = hlen + chunk;
		if (info.ip_version == 4) {
			put16(out + info.l3 + 2, seg.end - info.l3);
			put16(out + info.l3 + 4, ip_id + count);
			fill_ip(out, &seg);
		} else {
			put16(out + info.l3 + 4, seg.end - info.l3 - 40);
		}
		put32(out + info.l4 + 4, get32(frame + info.l4 + 4) + done);
		if (done)
			seg_flags &= ~TCP_CWR;
		if (done + chunk < payload)
			seg_flags &= ~(TCP_FIN | TCP_PSH);
		out[info.l4 + TCP_FLAGS] = seg_flags;
		fill_l4(out, &seg);
		emit(arg, out, seg.end);
	}
	return count;
}

/* ---- RSS ---- */

uint32_t frame_toeplitz(const uint8_t *key, const uint8_t *input, size_t len)
{
	uint64_t window = (uint64_t)get32(key) << 32 | get32(key + 4);
	uint32_t hash = 0;

	for (size_t i = 0; i < len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			if (input[i] & 0x80 >> bit)
				hash ^= window >> 32;
			window <<= 1;
		}
		if (i + 8 < RNDIS_WIRE_RSS_KEY_SIZE)
			window |= key[i + 8];
	}
	return hash;
}

bool frame_rss_hash(const uint8_t *frame, const struct frame_info *info, uint32_t types,
		    const uint8_t *key, uint32_t *hash)
{
	static const struct {
		uint8_t version, proto;	/* proto 0: addresses alone */
		uint32_t type;
	} rules[] = {
		{ 4, FRAME_PROTO_TCP, RNDIS_WIRE_HASH_TCP_IPV4 },
		{ 4, FRAME_PROTO_UDP, RNDIS_WIRE_HASH_UDP_IPV4 },
		{ 4, 0, RNDIS_WIRE_HASH_IPV4 },
		{ 6, FRAME_PROTO_TCP, RNDIS_WIRE_HASH_TCP_IPV6 },
		{ 6, FRAME_PROTO_UDP, RNDIS_WIRE_HASH_UDP_IPV6 },
		{ 6, 0, RNDIS_WIRE_HASH_IPV6 },
	};
	uint8_t input[36];
	size_t len = info->ip_version == 4 ? 8 : 32;

	if (!(types & RNDIS_WIRE_HASH_TOEPLITZ))
		return false;
	for (unsigned int i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].version != info->ip_version || !(types & rules[i].type) ||
		    (rules[i].proto && rules[i].proto != info->l4_proto))
			continue;
		memcpy(input, frame + info->l3 + (len == 8 ? 12 : 8), len);
		if (rules[i].proto) {
			memcpy(input + len, frame + info->l4, 4);
			len += 4;
		}
		*hash = frame_toeplitz(key, input, len);
		return true;
	}
	return false;
}
