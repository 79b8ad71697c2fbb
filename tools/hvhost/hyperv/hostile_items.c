// SPDX-License-Identifier: GPL-2.0
/*
 * How a packet, a channel message or an RNDIS message is changed: which fields it has and
 * which values are worth a try. Pure functions of the generator and the bytes.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "hvic/hid.h"
#include "hvic/keyboard.h"
#include "hvic/network.h"
#include "hvic/services.h"
#include "hvic/storage.h"
#include "hvic/vmbus.h"
#include "hyperv/hostile.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

#define PIPE_HEADER	8u	/* in front of what goes through a pipe: type and size */

struct field {
	uint16_t offset;
	uint8_t size;
	uint8_t repeat;		/* further fields alike that follow at once */
};

#define FIELD(type, member, size)	{ __builtin_offsetof(type, member), size, 0 }
#define PIPED(type, member, size)	{ PIPE_HEADER + __builtin_offsetof(type, member), size, 0 }

/* ---- values ---- */

static uint64_t odd_value(struct hostile_rng *rng, uint64_t old, unsigned int bits)
{
	uint64_t max = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	const uint64_t values[] = {
		0, 1, max, max - 1, max >> 1, (max >> 1) + 1, old + 1, old - 1, old << 1,
		old >> 1, ~old, old ^ 1ull << hostile_below(rng, bits), hostile_random(rng),
		hostile_below(rng, 64), hostile_below(rng, 4096), 4096ull * hostile_below(rng, 64),
		8ull * hostile_below(rng, 64),
	};
	uint64_t value = values[hostile_below(rng, COUNT(values))] & max;

	return value == old ? (old ^ 1) : value;
}

static void change_at(struct hostile_rng *rng, struct hostile_item *item, uint32_t offset,
		      unsigned int size)
{
	uint64_t old = 0, value;

	memcpy(&old, item->bytes + offset, size);
	old = le64toh(old);
	value = odd_value(rng, old, size * 8);
	snprintf(item->note, sizeof(item->note), "%u bytes at %u: %#llx to %#llx", size, offset,
		 (unsigned long long)old, (unsigned long long)value);
	value = htole64(value);
	memcpy(item->bytes + offset, &value, size);
}

/* Change one of the fields that lie in the item. */
static void change_field(struct hostile_rng *rng, struct hostile_item *item, uint32_t base,
			 const struct field *fields, unsigned int n)
{
	const struct field *field = &fields[hostile_below(rng, n)];
	uint32_t offset = base + field->offset +
			  field->size * hostile_below(rng, field->repeat + 1u);

	if (offset + field->size <= item->len)
		change_at(rng, item, offset, field->size);
	else if (item->len > base)
		change_at(rng, item, base + hostile_below(rng, item->len - base), 1);
}

/* ---- packets ---- */

static const struct field descriptor_fields[] = {
	FIELD(struct vmbus_pkt_header, type, 2),
	FIELD(struct vmbus_pkt_header, offset8, 2),
	FIELD(struct vmbus_pkt_header, len8, 2),
	FIELD(struct vmbus_pkt_header, flags, 2),
	FIELD(struct vmbus_pkt_header, xid, 8),
};

static const struct field xid_fields[] = {
	FIELD(struct vmbus_pkt_header, xid, 8),
};

/* Behind the common descriptor: set id, sender owns, count, then (length, offset) of each. */
static const struct field range_fields[] = {
	{ 0, 2, 0 }, { 2, 1, 0 }, { 4, 4, 0 }, { 8, 4, 1 }, { 8, 4, 15 },
};

static const struct field storage_fields[] = {
	FIELD(struct vstor_packet, operation, 4),
	FIELD(struct vstor_packet, flags, 4),
	FIELD(struct vstor_packet, status, 4),
	FIELD(struct vstor_packet, srb.length, 2),
	FIELD(struct vstor_packet, srb.srb_status, 1),
	FIELD(struct vstor_packet, srb.srb_status, 1),
	FIELD(struct vstor_packet, srb.scsi_status, 1),
	FIELD(struct vstor_packet, srb.target_id, 1),
	FIELD(struct vstor_packet, srb.lun, 1),
	FIELD(struct vstor_packet, srb.cdb_length, 1),
	FIELD(struct vstor_packet, srb.sense_info_length, 1),
	FIELD(struct vstor_packet, srb.data_in, 1),
	FIELD(struct vstor_packet, srb.data_transfer_length, 4),
	FIELD(struct vstor_packet, srb.data_transfer_length, 4),
	{ __builtin_offsetof(struct vstor_packet, srb.sense), 1, VSTOR_SENSE_MAX - 1 },
	FIELD(struct vstor_packet, properties.max_channel_cnt, 2),
	FIELD(struct vstor_packet, properties.flags, 4),
	FIELD(struct vstor_packet, properties.max_transfer_bytes, 4),
};

static const struct field network_fields[] = {
	FIELD(struct nvsp_msg_header, type, 4),
	{ 4, 4, 8 },
};

static const struct field mouse_fields[] = {
	{ 0, 4, 1 },			/* the pipe's header */
	PIPED(struct synthhid_hdr, type, 4),
	PIPED(struct synthhid_hdr, size, 4),
	PIPED(struct synthhid_device_info_msg, attributes.size, 4),
	PIPED(struct synthhid_device_info_msg, attributes.vendor, 2),
	PIPED(struct synthhid_device_info_msg, descriptor.length, 1),
	PIPED(struct synthhid_device_info_msg, descriptor.type, 1),
	PIPED(struct synthhid_device_info_msg, descriptor.nr_descriptors, 1),
	PIPED(struct synthhid_device_info_msg, descriptor.report_length, 2),
	{ PIPE_HEADER + sizeof(struct synthhid_device_info_msg), 1, 63 },
	{ PIPE_HEADER + sizeof(struct synthhid_report), 1, 7 },
};

static const struct field keyboard_fields[] = {
	{ 0, 4, 1 },
	PIPED(struct synthkbd_hdr, type, 4),
	PIPED(struct synthkbd_version_response, status, 4),
	PIPED(struct synthkbd_event, code, 2),
	PIPED(struct synthkbd_event, flags, 4),
};

static const struct field service_fields[] = {
	{ 0, 4, 1 },
	PIPED(struct ic_hdr, framework, 4),
	PIPED(struct ic_hdr, type, 2),
	PIPED(struct ic_hdr, message, 4),
	PIPED(struct ic_hdr, size, 2),
	PIPED(struct ic_hdr, status, 4),
	PIPED(struct ic_hdr, transaction, 1),
	PIPED(struct ic_hdr, flags, 1),
	{ PIPE_HEADER + sizeof(struct ic_hdr), 2, 1 },	/* counts of versions */
	{ PIPE_HEADER + sizeof(struct ic_hdr), 4, 15 },
	{ PIPE_HEADER + sizeof(struct ic_hdr), 8, 3 },
};

#define DEV(device)	(1u << HOSTILE_DEV_##device)
#define ANY		0xffu

/* Where fields count from: the packet's start, behind the common descriptor, the payload. */
#define START		0u
#define BEHIND		((uint32_t)sizeof(struct vmbus_pkt_header))
#define PAYLOAD		UINT32_MAX

/* Fields of a class and device. */
static const struct {
	enum hostile_class class;
	uint8_t devices;
	uint32_t from;
	const struct field *fields;
	unsigned int n;
} tables[] = {
	{ HOSTILE_RING, ANY, START, descriptor_fields, COUNT(descriptor_fields) },
	{ HOSTILE_RANGES, DEV(NETWORK), BEHIND, range_fields, COUNT(range_fields) },
	{ HOSTILE_STORAGE, DEV(STORAGE), PAYLOAD, storage_fields, COUNT(storage_fields) },
	{ HOSTILE_NETWORK, DEV(NETWORK), PAYLOAD, network_fields, COUNT(network_fields) },
	{ HOSTILE_INPUT, DEV(MOUSE), PAYLOAD, mouse_fields, COUNT(mouse_fields) },
	{ HOSTILE_INPUT, DEV(KEYBOARD), PAYLOAD, keyboard_fields, COUNT(keyboard_fields) },
	{ HOSTILE_SERVICES, DEV(SERVICE), PAYLOAD, service_fields, COUNT(service_fields) },
};

static int find_table(enum hostile_class class, enum hostile_device device)
{
	unsigned int i;

	for (i = 0; i < COUNT(tables); i++)
		if (tables[i].class == class && tables[i].devices & 1u << device)
			return i;
	return -1;
}

bool hostile_packet_class(enum hostile_class class, enum hostile_device device, uint16_t type)
{
	if (class == HOSTILE_SILENCE)
		return true;
	if (class == HOSTILE_RANGES && type != VMBUS_PKT_DATA_USING_XFER_PAGES)
		return false;
	return find_table(class, device) >= 0;
}

enum hostile_device hostile_device(const char *name)
{
	static const struct {
		const char *name;
		enum hostile_device device;
	} names[] = {
		{ "scsi", HOSTILE_DEV_STORAGE }, { "net", HOSTILE_DEV_NETWORK },
		{ "mouse", HOSTILE_DEV_MOUSE }, { "keyboard", HOSTILE_DEV_KEYBOARD },
		{ "heartbeat", HOSTILE_DEV_SERVICE }, { "shutdown", HOSTILE_DEV_SERVICE },
		{ "timesync", HOSTILE_DEV_SERVICE }, { "kvp", HOSTILE_DEV_SERVICE },
	};
	unsigned int i;

	for (i = 0; i < COUNT(names); i++)
		if (!strcmp(name, names[i].name))
			return names[i].device;
	return HOSTILE_DEV_OTHER;
}

/* Another length, and the descriptor says so. What is added is noise. */
static void change_length(struct hostile_rng *rng, struct hostile_item *item, uint32_t base)
{
	uint32_t old = item->len, len;
	uint16_t len8;

	if (base > old)
		base = old;
	/* Near the end of the descriptor, near the old length, or anywhere. */
	switch (hostile_below(rng, 4)) {
	case 0:
		len = base + 8 * hostile_below(rng, 3);
		break;
	case 1:
		len = old + 8 * hostile_below(rng, 64);
		break;
	case 2:
		len = old - 8;
		break;
	default:
		len = base + (hostile_below(rng, old - base + 1) & ~7u);
		break;
	}
	if (len < sizeof(struct vmbus_pkt_header))
		len = sizeof(struct vmbus_pkt_header);
	if (len > item->cap)
		len = item->cap & ~7u;
	for (; item->len < len; item->len++)
		item->bytes[item->len] = hostile_random(rng);
	item->len = len;
	len8 = htole16(len / 8);
	memcpy(item->bytes + __builtin_offsetof(struct vmbus_pkt_header, len8), &len8, 2);
	snprintf(item->note, sizeof(item->note), "length %u to %u", old, len);
}

enum hostile_fate hostile_packet(struct hostile_rng *rng, enum hostile_class class,
				 enum hostile_device device, struct hostile_item *item,
				 uint32_t base)
{
	int table = find_table(class, device);

	if (class == HOSTILE_SILENCE) {
		snprintf(item->note, sizeof(item->note), "never sent");
		return HOSTILE_NEVER;
	}
	if (table < 0)
		return HOSTILE_SEND;
	if (tables[table].from != PAYLOAD) {
		change_field(rng, item, tables[table].from, tables[table].fields, tables[table].n);
		return HOSTILE_SEND;
	}
	switch (hostile_below(rng, 16)) {
	case 0:
	case 1:
		snprintf(item->note, sizeof(item->note), "sent twice");
		return HOSTILE_TWICE;
	case 2:
		snprintf(item->note, sizeof(item->note), "sent behind the next one");
		return HOSTILE_LATER;
	case 3:
	case 4:
		change_length(rng, item, base);
		break;
	case 5:
		change_field(rng, item, 0, xid_fields, COUNT(xid_fields));
		break;
	default:
		change_field(rng, item, base, tables[table].fields, tables[table].n);
		break;
	}
	return HOSTILE_SEND;
}

/* ---- RNDIS ---- */

#define RNDIS_WORDS	24u	/* the header of a packet message and the first per-packet info */

void hostile_rndis_item(struct hostile_rng *rng, struct hostile_item *item)
{
	uint32_t words = item->len / 4;

	if (!item->len)
		return;
	if (words > RNDIS_WORDS)
		words = RNDIS_WORDS;
	if (words && hostile_below(rng, 8))
		change_at(rng, item, 4 * hostile_below(rng, words), 4);
	else
		change_at(rng, item, hostile_below(rng, item->len), 1);
}

/* ---- channel messages ---- */

static const struct field offer_fields[] = {
	FIELD(struct vmbus_msg_offer, header.type, 4),
	{ __builtin_offsetof(struct vmbus_msg_offer, class_id), 1, 15 },
	{ __builtin_offsetof(struct vmbus_msg_offer, instance_id), 1, 15 },
	FIELD(struct vmbus_msg_offer, flags, 2),
	FIELD(struct vmbus_msg_offer, mmio_mb, 2),
	{ __builtin_offsetof(struct vmbus_msg_offer, u), 4, 29 },
	FIELD(struct vmbus_msg_offer, subchannel_index, 2),
	FIELD(struct vmbus_msg_offer, relid, 4),
	FIELD(struct vmbus_msg_offer, relid, 4),
	FIELD(struct vmbus_msg_offer, monitor_id, 1),
	FIELD(struct vmbus_msg_offer, monitor_allocated, 1),
	FIELD(struct vmbus_msg_offer, dedicated_interrupt, 2),
	FIELD(struct vmbus_msg_offer, connection_id, 4),
};

static const struct field message_fields[] = {
	FIELD(struct vmbus_msg_header, type, 4),
	{ sizeof(struct vmbus_msg_header), 4, 2 },
	{ sizeof(struct vmbus_msg_header), 1, 3 },
};

enum hostile_fate hostile_message_item(struct hostile_rng *rng, struct hostile_item *item)
{
	uint32_t type = 0, old = item->len;

	if (item->len >= sizeof(type))
		memcpy(&type, item->bytes, sizeof(type));
	switch (hostile_below(rng, 16)) {
	case 0:
	case 1:
	case 2:
		snprintf(item->note, sizeof(item->note), "sent twice");
		return HOSTILE_TWICE;
	case 3:
	case 4:
		snprintf(item->note, sizeof(item->note), "sent behind the next one");
		return HOSTILE_LATER;
	case 5:
	case 6:
		item->len = hostile_below(rng, item->len + 1);
		snprintf(item->note, sizeof(item->note), "length %u to %u", old, item->len);
		return HOSTILE_SEND;
	default:
		break;
	}
	if (le32toh(type) == VMBUS_MSG_OFFER_CHANNEL)
		change_field(rng, item, 0, offer_fields, COUNT(offer_fields));
	else
		change_field(rng, item, 0, message_fields, COUNT(message_fields));
	return HOSTILE_SEND;
}
