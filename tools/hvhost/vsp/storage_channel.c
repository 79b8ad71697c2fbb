// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI controller's channels: the order of the initialization, the operations, answers
 * that wait for room in the ring, resets that wait for requests, and closing.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/vmbus.h>

#include "vsp/storage.h"
#include "vsp/storage_internal.h"

static struct storage *of_channel(struct vmbus_channel *vmbus)
{
	return vmbus_device_priv(vmbus_channel_device(vmbus));
}

static void kick_all(struct storage *st)
{
	for (struct storage_channel *ch = st->channels; ch; ch = ch->next)
		if (!ch->closing)
			vmbus_channel_kick(ch->vmbus);
}

/* The one place where the initialization's state changes. */
static void set_state(struct storage *st, enum storage_state state)
{
	st->state = state;
	/* Subchannels that were opened before wait for this. */
	if (state == STORAGE_READY)
		kick_all(st);
}

/* ---- answers ---- */

static void queue_unsent(struct storage_channel *ch, struct storage_io *io)
{
	io->next = NULL;
	*ch->unsent_tail = io;
	ch->unsent_tail = &io->next;
}

/* Return: false when the ring is full. A channel that died takes no answer. */
static bool try_send(struct storage_channel *ch, uint64_t xid, const struct vstor_packet *reply,
		     uint32_t len)
{
	return vmbus_channel_complete(ch->vmbus, xid, reply, len) != -EAGAIN;
}

void storage_reply(struct storage_channel *ch, uint64_t xid, struct vstor_packet *reply,
		   uint32_t len)
{
	struct storage_io *io;

	reply->operation = htole32(VSTOR_OP_COMPLETE_IO);
	reply->flags = 0;
	if (!ch->unsent && try_send(ch, xid, reply, len))
		return;
	io = storage_io_get(ch->storage);
	if (!io)
		return;
	io->ch = ch;
	io->xid = xid;
	io->reply = *reply;
	io->reply_len = len;
	queue_unsent(ch, io);
}

static void drop_unsent(struct storage_channel *ch)
{
	while (ch->unsent) {
		struct storage_io *io = ch->unsent;

		ch->unsent = io->next;
		storage_io_put(ch->storage, io);
	}
	ch->unsent_tail = &ch->unsent;
}

static bool flush_unsent(struct storage_channel *ch)
{
	while (ch->unsent) {
		struct storage_io *io = ch->unsent;

		if (!try_send(ch, io->xid, &io->reply, io->reply_len))
			return false;
		ch->unsent = io->next;
		if (!ch->unsent)
			ch->unsent_tail = &ch->unsent;
		storage_io_put(ch->storage, io);
	}
	return true;
}

/* ---- resets ---- */

static void check_resets(struct storage *st)
{
	struct vstor_packet reply = { 0 };
	bool any = false;

	if (!st->resetting || st->inflight)
		return;
	st->resetting = false;
	for (struct storage_channel *ch = st->channels; ch; ch = ch->next) {
		if (!ch->reset_pending)
			continue;
		ch->reset_pending = false;
		any = true;
		storage_reply(ch, ch->reset_xid, &reply, storage_packet_len(st));
	}
	if (any)
		st->resets++;
	kick_all(st);
}

/* ---- closing ---- */

static void finish_close(struct storage_channel *ch)
{
	struct storage *st = ch->storage;
	struct storage_channel **link = &st->channels;
	struct vmbus_channel *vmbus = ch->vmbus;

	while (*link != ch)
		link = &(*link)->next;
	*link = ch->next;
	vmbus_channel_set_priv(vmbus, NULL);
	free(ch);
	vmbus_channel_close_done(vmbus);
	check_resets(st);
}

void storage_io_ended(struct storage_io *io)
{
	struct storage_channel *ch = io->ch;
	struct storage *st = ch->storage;

	ch->inflight--;
	st->inflight--;
	io->reply.operation = htole32(VSTOR_OP_COMPLETE_IO);
	io->reply.flags = 0;
	if (ch->closing || (!ch->unsent && try_send(ch, io->xid, &io->reply, io->reply_len)))
		storage_io_put(st, io);
	else
		queue_unsent(ch, io);
	if (ch->stalled && !ch->unsent && ch->inflight <= STORAGE_MAX_INFLIGHT / 2) {
		ch->stalled = false;
		if (!ch->closing)
			vmbus_channel_kick(ch->vmbus);
	}
	if (ch->closing && !ch->inflight)
		finish_close(ch);
	else
		check_resets(st);
}

/* ---- operations ---- */

static uint32_t op_begin(struct storage_channel *ch, struct vstor_packet *packet)
{
	set_state(ch->storage, STORAGE_VERSION);
	return VSTOR_STATUS_SUCCESS;
}

static const struct {
	const char *text;
	uint16_t version;
} versions[] = {
	{ "4.2", VSTOR_VERSION_4_2 }, { "5.1", VSTOR_VERSION_5_1 },
	{ "6.0", VSTOR_VERSION_6_0 }, { "6.2", VSTOR_VERSION_6_2 },
};

#define NR_VERSIONS (sizeof(versions) / sizeof(versions[0]))

int storage_parse_version(const char *text, uint16_t *version, struct error *err)
{
	for (size_t i = 0; i < NR_VERSIONS; i++) {
		if (!strcmp(text, versions[i].text)) {
			*version = versions[i].version;
			return 0;
		}
	}
	return error_set(err, "%s is no version of the storage protocol: 4.2, 5.1, 6.0, 6.2", text);
}

static uint32_t op_version(struct storage_channel *ch, struct vstor_packet *packet)
{
	uint16_t version = le16toh(packet->version.major_minor);

	packet->version.revision = 0;
	for (size_t i = 0; i < NR_VERSIONS; i++) {
		if (version != versions[i].version || version > ch->storage->max_version)
			continue;
		ch->storage->version = version;
		set_state(ch->storage, STORAGE_PROPERTIES);
		return VSTOR_STATUS_SUCCESS;
	}
	return VSTOR_STATUS_REVISION_MISMATCH;
}

static uint32_t op_properties(struct storage_channel *ch, struct vstor_packet *packet)
{
	struct storage *st = ch->storage;
	bool multi = st->version >= VSTOR_VERSION_5_1 && st->max_subchannels;

	packet->properties = (struct vstor_properties) {
		.max_channel_cnt = htole16(multi ? st->max_subchannels : 0),
		.flags = htole32(multi ? VSTOR_PROPERTY_MULTI_CHANNEL : 0),
		.max_transfer_bytes = htole32(STORAGE_MAX_TRANSFER),
	};
	set_state(st, STORAGE_END);
	return VSTOR_STATUS_SUCCESS;
}

static uint32_t op_subchannels(struct storage_channel *ch, struct vstor_packet *packet)
{
	struct storage *st = ch->storage;
	uint16_t count = le16toh(packet->sub_channel_count);

	if (st->version < VSTOR_VERSION_5_1)
		return VSTOR_STATUS_INVALID_DEVICE_STATE;
	if (count > st->max_subchannels)
		return VSTOR_STATUS_INVALID_PARAMETER;
	if (count)
		vmbus_subchannels_offer(st->dev, count);
	return VSTOR_STATUS_SUCCESS;
}

static uint32_t op_end(struct storage_channel *ch, struct vstor_packet *packet)
{
	ch->enumerate_due = false;	/* the guest scans now anyway */
	set_state(ch->storage, STORAGE_READY);
	return VSTOR_STATUS_SUCCESS;
}

/*
 * Answered when every request that came before has ended, as a guest expects of a reset.
 * Nothing more is read until then.
 */
static void start_reset(struct storage_channel *ch, uint64_t xid, const struct vstor_packet *packet)
{
	struct storage *st = ch->storage;
	bool one = le32toh(packet->operation) == VSTOR_OP_RESET_LUN;

	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
		if (st->luns[i] && (!one || i == packet->srb.lun))
			scsi_unit_attention(st->luns[i]->disk, SCSI_ASC_BUS_RESET);
	ch->reset_pending = true;
	ch->reset_xid = xid;
	st->resetting = true;
	storage_commit(st);
	check_resets(st);
}

#define IN_STATE(state)	(1u << (state))

static const struct operation {
	uint32_t op;
	uint32_t states;	/* IN_STATE() bits */
	uint32_t body;		/* least bytes after the header */
	bool any_channel;	/* also on a subchannel */
	uint32_t (*run)(struct storage_channel *ch, struct vstor_packet *packet);
} operations[] = {
	{ VSTOR_OP_EXECUTE_SRB, IN_STATE(STORAGE_READY), VSTOR_SRB_LEN_V1, true, NULL },
	{ VSTOR_OP_BEGIN_INITIALIZATION, IN_STATE(STORAGE_BEGIN), 0, false, op_begin },
	{ VSTOR_OP_QUERY_PROTOCOL_VERSION, IN_STATE(STORAGE_VERSION),
	  sizeof(struct vstor_version), false, op_version },
	{ VSTOR_OP_QUERY_PROPERTIES, IN_STATE(STORAGE_PROPERTIES), 0, false, op_properties },
	{ VSTOR_OP_CREATE_SUB_CHANNELS, IN_STATE(STORAGE_END) | IN_STATE(STORAGE_READY),
	  sizeof(__le16), false, op_subchannels },
	{ VSTOR_OP_END_INITIALIZATION, IN_STATE(STORAGE_END), 0, false, op_end },
	{ VSTOR_OP_RESET_BUS, IN_STATE(STORAGE_READY), 0, true, NULL },
	{ VSTOR_OP_RESET_ADAPTER, IN_STATE(STORAGE_READY), 0, true, NULL },
	{ VSTOR_OP_RESET_LUN, IN_STATE(STORAGE_READY), VSTOR_SRB_LEN_V1, true, NULL },
};

static const struct operation *find_operation(uint32_t op)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].op == op)
			return &operations[i];
	return NULL;
}

/* During the initialization an answer is as long as its request: the guest does not know yet
 * which size the host has. Afterwards the version says it.
 */
static uint32_t answer_len(const struct storage *st, uint32_t len)
{
	if (st->state == STORAGE_READY)
		return storage_packet_len(st);
	if (len < VSTOR_PACKET_LEN_V1)
		return VSTOR_PACKET_LEN_V1;
	return len < VSTOR_PACKET_LEN_V2 ? len : VSTOR_PACKET_LEN_V2;
}

static void handle_packet(struct storage_channel *ch, const struct vmbus_packet *pkt)
{
	uint32_t len = pkt->len < sizeof(struct vstor_packet) ? pkt->len :
		       sizeof(struct vstor_packet);
	struct storage *st = ch->storage;
	uint32_t reply_len = answer_len(st, pkt->len);
	const struct operation *op;
	struct vstor_packet packet = { 0 };
	uint32_t status;

	/* Nobody waits for an answer to such a packet, so nothing is done for it. */
	if ((pkt->type != VMBUS_PKT_DATA_INBAND && pkt->type != VMBUS_PKT_DATA_USING_GPA_DIRECT) ||
	    !(pkt->flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED)) {
		st->bad_packets++;
		return;
	}
	memcpy(&packet, pkt->data, len);
	op = len >= VSTOR_PACKET_HEADER_LEN ? find_operation(le32toh(packet.operation)) : NULL;
	if (!op)
		status = VSTOR_STATUS_INVALID_DEVICE_REQUEST;
	else if (!(op->states & IN_STATE(st->state)) || !(ch->primary || op->any_channel))
		status = VSTOR_STATUS_INVALID_DEVICE_STATE;
	else if (len < VSTOR_PACKET_HEADER_LEN + op->body)
		status = VSTOR_STATUS_INVALID_PARAMETER;
	else
		status = VSTOR_STATUS_SUCCESS;
	if (status) {
		st->bad_packets++;
	} else if (op->op == VSTOR_OP_EXECUTE_SRB) {
		storage_execute(ch, pkt, &packet);
		return;
	} else if (!op->run) {
		start_reset(ch, pkt->xid, &packet);
		return;
	} else {
		status = op->run(ch, &packet);
	}
	packet.status = htole32(status);
	storage_reply(ch, pkt->xid, &packet, reply_len);
}

/* ---- the interface to the bus ---- */

static bool may_read(struct storage_channel *ch)
{
	if (ch->inflight >= STORAGE_MAX_INFLIGHT)
		ch->stalled = true;
	/* What waits below ends in a kick, of this channel or of all. */
	return !ch->stalled && !ch->unsent && !ch->storage->resetting &&
	       (ch->primary || ch->storage->state == STORAGE_READY);
}

static void op_readable(struct vmbus_channel *vmbus)
{
	struct storage_channel *ch = vmbus_channel_priv(vmbus);
	struct vmbus_packet pkt;

	while (may_read(ch) && vmbus_channel_recv(vmbus, &pkt) == 1)
		handle_packet(ch, &pkt);
	storage_commit(ch->storage);
}

static void send_enumerate(struct storage_channel *ch)
{
	struct vstor_packet packet = { .operation = htole32(VSTOR_OP_ENUMERATE_BUS) };

	ch->enumerate_due = vmbus_channel_send_data(ch->vmbus, 0, 0, &packet,
						    storage_packet_len(ch->storage)) == -EAGAIN;
}

void storage_enumerate(struct storage *st)
{
	for (struct storage_channel *ch = st->channels; ch; ch = ch->next)
		if (ch->primary && !ch->closing && st->state == STORAGE_READY)
			send_enumerate(ch);
}

static void op_writable(struct vmbus_channel *vmbus)
{
	struct storage_channel *ch = vmbus_channel_priv(vmbus);

	if (!flush_unsent(ch))
		return;
	if (ch->enumerate_due)
		send_enumerate(ch);
	ch->stalled = ch->inflight >= STORAGE_MAX_INFLIGHT;
	vmbus_channel_kick(vmbus);
}

static int op_open(struct vmbus_channel *vmbus, const uint8_t user_data[120])
{
	struct storage *st = of_channel(vmbus);
	struct storage_channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return VMBUS_STATUS_UNSUCCESSFUL;
	ch->storage = st;
	ch->vmbus = vmbus;
	ch->primary = !vmbus_channel_index(vmbus);
	ch->unsent_tail = &ch->unsent;
	ch->next = st->channels;
	st->channels = ch;
	vmbus_channel_set_priv(vmbus, ch);
	if (ch->primary) {
		st->version = 0;
		set_state(st, STORAGE_BEGIN);
		for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
			if (st->luns[i])
				scsi_disk_reset(st->luns[i]->disk);
	}
	return 0;
}

static void op_close(struct vmbus_channel *vmbus)
{
	struct storage_channel *ch = vmbus_channel_priv(vmbus);

	ch->closing = true;
	ch->reset_pending = false;
	ch->enumerate_due = false;
	drop_unsent(ch);
	if (ch->primary)
		set_state(ch->storage, STORAGE_BEGIN);
	if (!ch->inflight)
		finish_close(ch);
}

const struct vsp_ops storage_ops = {
	.name = "scsi",
	.class_id = { { VSTOR_CLASS_SCSI } },
	.offer_flags = VMBUS_OFFER_FLAG_ENUMERATE_INTERFACE,
	.open = op_open,
	.readable = op_readable,
	.writable = op_writable,
	.close = op_close,
	.destroy = storage_destroy,
	.stats = storage_stats,
};
