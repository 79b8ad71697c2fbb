/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frames of the traffic generator, as pure functions over bytes: what a frame of the guest is,
 * what answers it, and the frames that are generated. Nothing in a guest's frame is believed.
 * RFC 826 (ARP), 792 and 4443 (echo), 4861 (neighbour discovery), 768 (UDP).
 */
#ifndef HVHOST_BACKEND_NET_GEN_FRAME_H
#define HVHOST_BACKEND_NET_GEN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define GEN_FCS			4u	/* bytes that a wire adds to a frame */
#define GEN_SIZE_MIN		64u	/* bytes on the wire, with the FCS */
#define GEN_SIZE_MAX		1518u
#define GEN_PORT_ECHO		7
#define GEN_PORT_DISCARD	9
#define GEN_PORT_SOURCE		49152	/* of the first flow; the next ones follow */
#define GEN_FLOWS_MAX		1024u

/* The generator's addresses: of the networks for benchmarks, RFC 2544 and RFC 5180. */
extern const uint8_t gen_mac[6];	/* 02:00:00:c6:12:01 */
extern const uint8_t gen_ipv4[4];	/* 198.18.0.1 */
extern const uint8_t gen_ipv6[16];	/* 2001:2::1 */

enum gen_kind {
	GEN_OTHER,	/* not for the generator, or not understood: counted alone */
	GEN_UDP,	/* UDP to the generator, swallowed */
	GEN_ECHO,	/* UDP to its echo port, or an echo request */
	GEN_ARP,	/* asks for its IPv4 address */
	GEN_NDP,	/* asks for its IPv6 address */
	GEN_NR_KINDS,
};

/* A guest, as its ARP requests and IPv4 packets to the generator tell. */
struct gen_peer {
	uint8_t mac[6];
	uint8_t ipv4[4];
};

/**
 * gen_answer() - what a frame is, and what answers it
 * @frame: from the guest, complete
 * @len: bytes of @frame, any number
 * @answer: room for @len bytes, 128 at least; holds the answer when @answer_len is not 0
 * @answer_len: bytes of the answer, 0 for none
 * @peer: set when the frame tells who the guest is; may be NULL
 * Return: the kind.
 */
enum gen_kind gen_answer(const uint8_t *frame, size_t len, uint8_t *answer, size_t *answer_len,
			 struct gen_peer *peer);

/**
 * gen_build() - a UDP frame over IPv4 to a guest's discard port, checksums filled in
 * @frame: room for @size bytes
 * @size: bytes on the wire, GEN_SIZE_MIN to GEN_SIZE_MAX
 * @flow: 0 to GEN_FLOWS_MAX - 1; flows differ in their source port
 * Return: bytes of @frame, without the FCS.
 */
size_t gen_build(uint8_t *frame, const struct gen_peer *peer, unsigned int size,
		 unsigned int flow);

#endif
