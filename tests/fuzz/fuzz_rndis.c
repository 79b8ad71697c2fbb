// SPDX-License-Identifier: GPL-2.0
/* RNDIS messages from the host: every parser of netvsc's wire_rndis.c. */
#include <netvsc/wire_rndis.h>

#include "fuzz.h"

static void packet(const uint8_t *data, uint32_t size)
{
	struct rndis_rx_meta meta;

	if (rndis_parse_packet(data, size, &meta))
		return;
	fuzz_within(data + meta.data_offset, meta.data_len, data, size);
	/* 802.1Q: three bits of priority, one of drop eligibility, twelve of id. */
	HOLDS(meta.has & RNDIS_HAS_VLAN || !meta.vlan_tci);
}

static void answer(const uint8_t *data, uint32_t size)
{
	struct rndis_offload_caps caps;
	struct rndis_limits limits;
	struct rndis_answer answer;
	uint32_t queues, table;

	if (!rndis_parse_limits(data, size, &limits)) {
		HOLDS(limits.max_packets);
		HOLDS(limits.align && !(limits.align & (limits.align - 1)));
		HOLDS(limits.align <= 128);
	}
	if (rndis_parse_answer(data, size, &answer) || !answer.info_len)
		return;
	fuzz_within(data + answer.info_offset, answer.info_len, data, size);
	if (!rndis_parse_offload(data + answer.info_offset, answer.info_len, &caps)) {
		HOLDS(caps.lso_max >= 4096 && caps.lso_max <= 65536);
		/* A segment's checksum has to be computed by someone. */
		HOLDS(!caps.lso4 || caps.tx_csum & RNDIS_CSUM_TCP4);
		HOLDS(!caps.lso6 || caps.tx_csum & RNDIS_CSUM_TCP6);
	}
	rndis_parse_rss_caps(data + answer.info_offset, answer.info_len, &queues, &table);
}

static void built(const uint8_t *data, uint32_t size)
{
	struct rndis_tx_meta tx = { 0 };
	uint8_t header[256], frame[256 + 64];
	struct rndis_rx_meta rx;
	uint32_t len, type, whole;

	if (size < 20)
		return;
	tx.data_len = 64;
	memcpy(&tx.csum, data, 4);
	memcpy(&tx.lso, data + 4, 4);
	memcpy(&tx.hash, data + 8, 4);
	memcpy(&tx.vlan_tci, data + 12, 2);
	tx.has = data[14] & (RNDIS_HAS_CSUM | RNDIS_HAS_VLAN | RNDIS_HAS_HASH | RNDIS_HAS_LSO);
	HOLDS(rndis_packet_header_size(&tx) <= sizeof(header));
	len = rndis_build_packet(header, &tx, 0);
	HOLDS(len == rndis_packet_header_size(&tx));
	memset(frame, 0x5a, sizeof(frame));
	memcpy(frame, header, len);
	HOLDS(!rndis_parse_header(frame, len + 64, &type, &whole));
	HOLDS(whole == len + 64);
	HOLDS(!rndis_parse_packet(frame, whole, &rx));
	HOLDS(rx.data_len == 64 && rx.data_offset == len);
	if (tx.has & RNDIS_HAS_VLAN)
		HOLDS(rx.has & RNDIS_HAS_VLAN && rx.vlan_tci == tx.vlan_tci);
	if (tx.has & RNDIS_HAS_HASH)
		HOLDS(rx.has & RNDIS_HAS_HASH && rx.hash == tx.hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rndis_indication ind;
	uint32_t type, len;

	if (!rndis_parse_header(data, size, &type, &len))
		HOLDS(len >= 8 && len <= size);
	packet(data, size);
	answer(data, size);
	if (!rndis_parse_indication(data, size, &ind))
		HOLDS(ind.has_value || !ind.value);
	built(data, size);
	return 0;
}
