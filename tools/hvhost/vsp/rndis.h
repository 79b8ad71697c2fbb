/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RNDIS, host side: checks what the guest sends, answers its requests from the state of one
 * network card, builds packet messages and indications. Pure: bytes and structs, no channel.
 */
#ifndef HVHOST_VSP_RNDIS_H
#define HVHOST_VSP_RNDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvic/rndis.h>

#define RNDIS_MAX_PACKETS	8u	/* RNDIS messages in one NVSP packet from the guest */
#define RNDIS_MAX_TRANSFER	0x20000u	/* bytes of all of them */
#define RNDIS_ALIGNMENT		3u	/* messages at multiples of 8 */
#define RNDIS_MAX_MULTICAST	32u
#define RNDIS_REPLY_MAX		1024u	/* bytes of the largest answer */
#define RNDIS_RX_HEADER_MAX	256u	/* room that is kept in front of a received frame */

enum rndis_state {
	RNDIS_UNINITIALIZED,
	RNDIS_INITIALIZED,
};

struct rndis_stats {
	uint64_t xmit_ok, xmit_error, xmit_discards, xmit_bytes;	/* by the guest */
	uint64_t rcv_ok, rcv_error, rcv_no_buffer, rcv_bytes;		/* to the guest */
};

/* What OID_TCP_OFFLOAD_PARAMETERS switches. */
struct rndis_offloads {
	uint8_t ipv4_csum, tcp4_csum, udp4_csum, tcp6_csum, udp6_csum;	/* RNDIS_CSUM_* bits */
	bool lso_ipv4, lso_ipv6;
};

#define RNDIS_CSUM_TX	1
#define RNDIS_CSUM_RX	2

struct rndis_rss {
	bool enabled;
	uint32_t hash_types;		/* RNDIS_WIRE_HASH_* */
	unsigned int table_len;		/* entries */
	uint8_t table[RNDIS_WIRE_RSS_TABLE_ENTRIES];
	uint8_t key[RNDIS_WIRE_RSS_KEY_SIZE];
};

/* The card. The owner fills the first part in; requests change the second. */
struct rndis_nic {
	uint8_t permanent_mac[6];
	uint32_t max_frame;		/* bytes with the Ethernet header, without VLAN tag */
	uint64_t link_speed;		/* bit/s */
	bool link_up;
	uint32_t nvsp_version;
	uint32_t ndis_minor;		/* of NDIS 6 */
	unsigned int max_channels;
	struct rndis_stats stats;

	enum rndis_state state;
	uint8_t mac[6];
	uint32_t packet_filter;
	unsigned int nr_multicast;
	uint8_t multicast[RNDIS_MAX_MULTICAST][6];
	struct rndis_offloads offloads;
	struct rndis_rss rss;
};

/** rndis_nic_reset() - what a closed channel, HALT and RESET leave: the second part's start.
 * An address that was set stays: guests do not set it again when they reopen the channel.
 */
void rndis_nic_reset(struct rndis_nic *nic);

/**
 * rndis_next_message() - cut the next message off a transfer
 * @data: bytes that remain
 * @len: their number
 * @type: RNDIS_WIRE_PACKET and so on
 * Return: its length in bytes (at least a header, at most @len), or -EBADMSG.
 */
int rndis_next_message(const void *data, size_t len, uint32_t *type);

struct rndis_tx_packet {
	const uint8_t *frame;		/* in the message */
	uint32_t len;			/* bytes */
	bool has_csum, has_lso, has_vlan, has_hash;
	uint32_t csum, lso, vlan, hash;	/* values of the per-packet infos */
};

/**
 * rndis_parse_packet() - check a packet message
 * @msg: the message, @len bytes as rndis_next_message() cut it
 * Return: 0, or -EBADMSG when an offset or a length is wrong.
 */
int rndis_parse_packet(const void *msg, size_t len, struct rndis_tx_packet *pkt);

struct rndis_rx_info {
	bool has_csum, has_vlan, has_hash;
	uint32_t csum, vlan, hash;
};

/**
 * rndis_build_packet() - the header of a packet message for a frame of @frame_len bytes
 * @buf: room for RNDIS_RX_HEADER_MAX bytes
 * Return: bytes of the header; the frame follows it.
 */
size_t rndis_build_packet(uint8_t *buf, const struct rndis_rx_info *info, uint32_t frame_len);

/**
 * rndis_request() - serve a control message
 * @nic: the card
 * @msg: the message, @len bytes as rndis_next_message() cut it
 * @reply: room for RNDIS_REPLY_MAX bytes
 * @reply_len: bytes of the answer; 0 when the message has none (HALT)
 * Return: 0, or -EBADMSG for a message that is too short or unknown.
 */
int rndis_request(struct rndis_nic *nic, const void *msg, size_t len, uint8_t *reply,
		  size_t *reply_len);

/**
 * rndis_build_status() - an INDICATE_STATUS message
 * @buf: room for RNDIS_REPLY_MAX bytes
 * @info: status buffer of @info_len bytes (at most 64), or NULL
 * Return: bytes.
 */
size_t rndis_build_status(uint8_t *buf, uint32_t status, const void *info, size_t info_len);

/* ---- between rndis.c and rndis_oid.c ---- */

/** rndis_oid_query() - Return: RNDIS_WIRE_STATUS_*; @out has room for @max bytes. */
uint32_t rndis_oid_query(const struct rndis_nic *nic, uint32_t oid, const uint8_t *in,
			 size_t in_len, uint8_t *out, size_t max, size_t *out_len);

/** rndis_oid_set() - Return: RNDIS_WIRE_STATUS_*; nothing is changed when it fails. */
uint32_t rndis_oid_set(struct rndis_nic *nic, uint32_t oid, const uint8_t *in, size_t len);

#endif
