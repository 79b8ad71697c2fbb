// SPDX-License-Identifier: GPL-2.0
/*
 * Single lies with a name, for tests that want one and the same each time: what is lied about,
 * how it is known, what is done to it.
 */
#include <endian.h>
#include <string.h>

#include "hvic/hid.h"
#include "hvic/keyboard.h"
#include "hvic/network.h"
#include "hvic/rndis.h"
#include "hvic/storage.h"
#include "hvic/vmbus.h"
#include "hyperv/hostile.h"

#define PIPE_HEADER	8u

enum action {
	DROP,		/* it never comes */
	TWICE,
	CUT,		/* the payload ends at .at */
	SET,		/* .size bytes at .at become .value */
	WRITE_INDEX,	/* behind it, the ring's write index is outside of the ring */
	RESCIND,	/* it comes, and its device goes and comes back */
	RESCIND_DROP,	/* the same, but it never comes */
	FLOOD,		/* it comes again and again */
	REFUSE		/* a post of the guest */
};

/* A number of 4 bytes that tells one item from others of its kind. */
struct mark {
	enum { ANYTHING, EQUAL, OTHER, NOT_ZERO } how;
	uint32_t at;
	uint32_t value;
};

struct hostile_lie {
	const char *name;
	const char *help;
	enum hostile_where where;
	enum hostile_device device;
	uint16_t packet_type;		/* 0: any */
	struct mark mark;
	enum action action;
	uint32_t at;
	uint32_t size;
	uint32_t value;
	unsigned int times;		/* how often, 0: whenever it fits */
};

#define TYPE(value)		{ EQUAL, 0, value }
#define PPI(member)		(sizeof(struct rndis_wire_packet) + \
				 __builtin_offsetof(struct rndis_wire_ppi, member))

#define SILENT_MESSAGE(name, help, type) \
	{ name, help, HOSTILE_AT_MESSAGE, 0, 0, TYPE(type), DROP, 0, 0, 0, 0 }
#define SILENT_NVSP(name, help, type) \
	{ name, help, HOSTILE_AT_PACKET, HOSTILE_DEV_NETWORK, VMBUS_PKT_COMPLETION, TYPE(type), \
	  DROP, 0, 0, 0, 0 }
#define SILENT_RNDIS(name, help, type) \
	{ name, help, HOSTILE_AT_RNDIS, HOSTILE_DEV_NETWORK, 0, TYPE(type), \
	  SET, 0, 4, 0x7fffffffu, 0 }
#define MOUSE(name, help, type, at, size, value) \
	{ name, help, HOSTILE_AT_PACKET, HOSTILE_DEV_MOUSE, 0, { EQUAL, PIPE_HEADER, type }, \
	  SET, at, size, value, 0 }
#define ONCE(name, help, device, packet_type, action) \
	{ name, help, HOSTILE_AT_PACKET, device, packet_type, { ANYTHING, 0, 0 }, action, \
	  0, 0, 0, 1 }
#define FLOOD_OF(name, help, device, packet_type, at, type) \
	{ name, help, HOSTILE_AT_PACKET, device, packet_type, { EQUAL, at, type }, FLOOD, \
	  0, 0, 0, 1 }

static const struct hostile_lie lies[] = {
	SILENT_MESSAGE("silent-version", "no answer to the first contact",
		       VMBUS_MSG_VERSION_RESPONSE),
	SILENT_MESSAGE("silent-offers", "the end of the offers is not told",
		       VMBUS_MSG_ALL_OFFERS_DELIVERED),
	SILENT_MESSAGE("silent-open", "no answer to the opening of a channel",
		       VMBUS_MSG_OPEN_RESULT),
	SILENT_MESSAGE("silent-gpadl", "no answer to a GPADL", VMBUS_MSG_GPADL_CREATED),
	SILENT_MESSAGE("silent-teardown", "no answer to a GPADL's end",
		       VMBUS_MSG_GPADL_TORNDOWN),
	SILENT_MESSAGE("silent-unload", "no answer to the unload", VMBUS_MSG_UNLOAD_RESPONSE),
	{ "offer-twice", "every offer comes twice", HOSTILE_AT_MESSAGE, 0, 0,
	  TYPE(VMBUS_MSG_OFFER_CHANNEL), TWICE, 0, 0, 0, 0 },
	{ "offer-relid", "offers name a channel that cannot be", HOSTILE_AT_MESSAGE, 0, 0,
	  TYPE(VMBUS_MSG_OFFER_CHANNEL), SET,
	  __builtin_offsetof(struct vmbus_msg_offer, relid), 4, 0xfffffff0u, 0 },
	{ "refuse-teardown", "a GPADL's end cannot be posted; later the host uses the memory",
	  HOSTILE_AT_POST, 0, 0, TYPE(VMBUS_MSG_GPADL_TEARDOWN), REFUSE, 0, 0, 0, 0 },
	{ "write-index", "the write index of a ring is outside of it", HOSTILE_AT_PACKET,
	  HOSTILE_DEV_OTHER, 0, { ANYTHING, 0, 0 }, WRITE_INDEX, 0, 0, 0, 0 },
	{ "silent-storage", "no command completes", HOSTILE_AT_PACKET, HOSTILE_DEV_STORAGE,
	  VMBUS_PKT_COMPLETION, { ANYTHING, 0, 0 }, DROP, 0, 0, 0, 0 },
	ONCE("rescind-disk", "the controller goes while commands are on their way",
	     HOSTILE_DEV_STORAGE, VMBUS_PKT_COMPLETION, RESCIND),
	ONCE("rescind-lost", "the controller goes and a command is never answered",
	     HOSTILE_DEV_STORAGE, VMBUS_PKT_COMPLETION, RESCIND_DROP),
	ONCE("rescind-net", "the network device goes and a frame's completion never comes",
	     HOSTILE_DEV_NETWORK, VMBUS_PKT_COMPLETION, RESCIND_DROP),
	FLOOD_OF("flood-mouse", "reports come faster than they can be read", HOSTILE_DEV_MOUSE,
		 0, PIPE_HEADER, SYNTHHID_WIRE_INPUT_REPORT),
	FLOOD_OF("flood-keyboard", "keystrokes come faster than they can be read",
		 HOSTILE_DEV_KEYBOARD, 0, 0, SYNTHKBD_WIRE_EVENT),
	ONCE("flood-disk", "one completion comes again and again", HOSTILE_DEV_STORAGE,
	     VMBUS_PKT_COMPLETION, FLOOD),
	FLOOD_OF("flood-net", "one frame comes again and again", HOSTILE_DEV_NETWORK,
		 VMBUS_PKT_DATA_USING_XFER_PAGES, 4, NVSP_CHANNEL_DATA),
	SILENT_NVSP("silent-nvsp", "no answer to NVSP's version", NVSP_MSG_INIT_COMPLETE),
	SILENT_NVSP("silent-buffer", "no answer to the receive buffer",
		    NVSP_MSG_SEND_RECV_BUF_COMPLETE),
	SILENT_NVSP("silent-subchannel", "no answer to the request for subchannels",
		    NVSP_MSG_SUBCHANNEL),
	SILENT_RNDIS("silent-rndis", "no answer to RNDIS's initialisation",
		     RNDIS_WIRE_INITIALIZE_COMPLETE),
	SILENT_RNDIS("silent-query", "no answer to an RNDIS query", RNDIS_WIRE_QUERY_COMPLETE),
	SILENT_RNDIS("silent-set", "no answer to an RNDIS set", RNDIS_WIRE_SET_COMPLETE),
	{ "answer-twice", "each answer to an RNDIS request comes twice", HOSTILE_AT_PACKET,
	  HOSTILE_DEV_NETWORK, VMBUS_PKT_DATA_USING_XFER_PAGES,
	  { EQUAL, 4, NVSP_CHANNEL_CONTROL }, TWICE, 0, 0, 0, 0 },
	{ "empty-answer", "answers to NVSP requests have no payload", HOSTILE_AT_PACKET,
	  HOSTILE_DEV_NETWORK, VMBUS_PKT_COMPLETION,
	  { OTHER, 0, NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE }, CUT, 0, 0, 0, 0 },
	{ "empty-completion", "completions of sent frames have no payload", HOSTILE_AT_PACKET,
	  HOSTILE_DEV_NETWORK, VMBUS_PKT_COMPLETION, TYPE(NVSP_MSG_SEND_RNDIS_PACKET_COMPLETE),
	  CUT, 0, 0, 0, 0 },
	{ "ppi-offset", "a per-packet info's value lies behind it", HOSTILE_AT_RNDIS,
	  HOSTILE_DEV_NETWORK, 0,
	  { NOT_ZERO, __builtin_offsetof(struct rndis_wire_packet, ppi_len), 0 },
	  SET, PPI(offset), 4, 0xffffu, 0 },
	{ "ppi-size", "a per-packet info has no size", HOSTILE_AT_RNDIS, HOSTILE_DEV_NETWORK, 0,
	  { NOT_ZERO, __builtin_offsetof(struct rndis_wire_packet, ppi_len), 0 },
	  SET, PPI(size), 4, 0, 0 },
	MOUSE("mouse-protocol", "the protocol's answer claims 64 KiB",
	      SYNTHHID_WIRE_PROTOCOL_RESPONSE, 4, 4, 0x10000),
	MOUSE("mouse-info", "the device info claims 64 KiB", SYNTHHID_WIRE_DEVICE_INFO,
	      4, 4, 0x10000),
	MOUSE("mouse-descriptor", "the report descriptor has one byte", SYNTHHID_WIRE_DEVICE_INFO,
	      PIPE_HEADER + __builtin_offsetof(struct synthhid_device_info_msg,
					       descriptor.report_length), 2, 1),
	MOUSE("mouse-report", "reports claim 4 GiB", SYNTHHID_WIRE_INPUT_REPORT,
	      PIPE_HEADER + 4, 4, 0xffffffffu),
};

const struct hostile_lie *hostile_lie_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (!strcmp(lies[i].name, name))
			return &lies[i];
	return NULL;
}

json_t *hostile_lie_list(void)
{
	json_t *list = json_object();
	unsigned int i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		json_object_set_new(list, lies[i].name, json_string(lies[i].help));
	return list;
}

const char *hostile_lie_name(const struct hostile_lie *lie)
{
	return lie->name;
}

static bool marked(const struct mark *mark, const struct hostile_item *item, uint32_t base)
{
	uint32_t value;

	if (mark->how == ANYTHING)
		return true;
	if (item->len < base + mark->at + sizeof(value))
		return false;
	memcpy(&value, item->bytes + base + mark->at, sizeof(value));
	value = le32toh(value);
	return mark->how == EQUAL ? value == mark->value :
	       mark->how == OTHER ? value != mark->value : value;
}

static bool fits(const struct hostile_lie *lie, enum hostile_where where,
		 enum hostile_device device, uint16_t packet_type,
		 const struct hostile_item *item, uint32_t base)
{
	return lie->where == where &&
	       (!lie->device || lie->device == device) &&
	       (!lie->packet_type || lie->packet_type == packet_type) &&
	       marked(&lie->mark, item, base);
}

enum hostile_fate hostile_lie_tell(struct hostile *hostile, const struct hostile_lie *lie,
				   enum hostile_where where, enum hostile_device device,
				   uint16_t packet_type, struct hostile_item *item, uint32_t base,
				   unsigned int *deeds)
{
	struct vmbus_pkt_header head;
	uint32_t value;

	if (!lie || !fits(lie, where, device, packet_type, item, base))
		return HOSTILE_SEND;
	if (lie->times && atomic_load(&hostile->told) >= lie->times)
		return HOSTILE_SEND;
	atomic_fetch_add(&hostile->told, 1);
	value = htole32(lie->value);
	switch (lie->action) {
	case REFUSE:
	case DROP:
		return HOSTILE_NEVER;
	case TWICE:
		return HOSTILE_TWICE;
	case CUT:
		item->len = base + ((lie->at + 7) & ~7u);
		memcpy(&head, item->bytes, sizeof(head));
		head.len8 = htole16(item->len / 8);
		memcpy(item->bytes, &head, sizeof(head));
		break;
	case SET:
		if (base + lie->at + lie->size <= item->len)
			memcpy(item->bytes + base + lie->at, &value, lie->size);
		break;
	case WRITE_INDEX:
		*deeds |= HOSTILE_DO_INDEX;
		break;
	case RESCIND:
		*deeds |= HOSTILE_DO_RESCIND;
		break;
	case RESCIND_DROP:
		*deeds |= HOSTILE_DO_RESCIND;
		return HOSTILE_NEVER;
	case FLOOD:
		*deeds |= HOSTILE_DO_FLOOD;
		break;
	}
	return HOSTILE_SEND;
}
