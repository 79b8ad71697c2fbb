/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network card computes on Ethernet frames: header offsets, checksums, segmentation of
 * large sends, the RSS hash. Pure functions over bytes; the frames come from a guest or from a
 * network, so nothing in them is believed.
 */
#ifndef HVHOST_VSP_NETVSP_FRAME_H
#define HVHOST_VSP_NETVSP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ETH_HLEN		14u
#define FRAME_VLAN_HLEN		4u
#define FRAME_ETHERTYPE_VLAN	0x8100u

#define FRAME_PROTO_TCP		6
#define FRAME_PROTO_UDP		17

struct frame_info {
	uint8_t ip_version;	/* 4, 6, or 0 when the frame is not IP or not well formed */
	uint8_t l4_proto;	/* FRAME_PROTO_*, or 0: no whole TCP or UDP header to see */
	bool fragment;		/* an IP fragment: l4_proto is 0 */
	uint32_t l3;		/* offset of the IP header, bytes */
	uint32_t l4;		/* offset of what follows the IP headers */
	uint32_t end;		/* end of the IP packet in the frame */
};

/**
 * frame_dissect() - find the headers of a frame
 * @len: bytes of @frame
 * @large_send: the IP length field is not filled in yet, the packet ends with the frame
 * @info: filled in
 * Return: true for IPv4 or IPv6 with lengths that fit into the frame.
 */
bool frame_dissect(const uint8_t *frame, size_t len, bool large_send, struct frame_info *info);

/**
 * frame_fill_checksums() - do what a transmit checksum info asks
 * @csum: RNDIS_WIRE_CSUM_TX_* as the guest gave it
 * Return: 0; -EINVAL when the info does not describe the frame.
 */
int frame_fill_checksums(uint8_t *frame, size_t len, uint32_t csum);

/** frame_verify_checksums() - Return: RNDIS_WIRE_CSUM_RX_* OK and FAILED bits. */
uint32_t frame_verify_checksums(const uint8_t *frame, const struct frame_info *info);

typedef void (*frame_emit_fn)(void *arg, uint8_t *frame, size_t len);

/**
 * frame_segment() - split a large send into TCP segments that are complete in every field
 * @lso: RNDIS_WIRE_LSO_* as the guest gave it
 * @max_frame: bytes that a segment with its Ethernet header (without VLAN tags) may have
 * @out: room for NET_FRAME_MAX bytes; each segment is built in it
 * @emit: called for each segment, in order
 * Return: number of segments; -EINVAL when the info does not describe the frame.
 */
int frame_segment(const uint8_t *frame, size_t len, uint32_t lso, size_t max_frame, uint8_t *out,
		  frame_emit_fn emit, void *arg);

/**
 * frame_rss_hash() - the Toeplitz hash of a frame
 * @types: RNDIS_WIRE_HASH_* that are enabled
 * @key: 40 bytes
 * @hash: filled in
 * Return: false when no enabled type applies.
 */
bool frame_rss_hash(const uint8_t *frame, const struct frame_info *info, uint32_t types,
		    const uint8_t *key, uint32_t *hash);

/** frame_toeplitz() - the hash of @len (at most 36) bytes of @input with a 40-byte key. */
uint32_t frame_toeplitz(const uint8_t *key, const uint8_t *input, size_t len);

#endif
