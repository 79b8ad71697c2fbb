// SPDX-License-Identifier: GPL-2.0
/*
 * The lies of a channel, on its device's loop: changed packets, indices that are none,
 * interrupts without cause, RNDIS messages changed where they lie.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/hostile_internal.h"

#define ROOM_TO_GROW	512u	/* bytes that a packet may become longer */
#define RNDIS_MAX	512u	/* bytes at the front of an RNDIS message that are changed */
#define STORM		16u	/* signals at once */

#define WORD(member)	(offsetof(struct vmbus_ring_control, member) / 4)

static bool begin(struct vmbus_channel *ch)
{
	return hostile_begin(&ch->dev->server->hostile, &ch->hostile, ch->dev->name, ch->index);
}

static void note(struct vmbus_channel *ch, enum hostile_class class, const char *text)
{
	hostile_note(&ch->dev->server->hostile, "%s/%u item %llu, %s: %s", ch->dev->name,
		     ch->index, (unsigned long long)ch->hostile.items, hostile_class_name(class),
		     text);
}

/* ---- packets ---- */

static void put(struct vmbus_channel *ch, const void *bytes, uint32_t len)
{
	if (channel_reserve(ch, len))
		return;
	ring_out_put(&ch->out, bytes, len);
	channel_sent(ch, len);
}

static void set_word(struct ring *ring, size_t word, uint32_t value)
{
	__atomic_store_n(&ring->control[word], htole32(value), __ATOMIC_RELEASE);
}

/*
 * The words of the control pages that the host owns. Each is put right by the host's next own
 * store; the guest sees the lie until then.
 */
static void lie_in_rings(struct vmbus_channel *ch)
{
	struct hostile_rng *rng = &ch->hostile.rng;
	const struct {
		struct ring *ring;
		size_t word;
		const char *name;
		uint32_t truth;
	} words[] = {
		{ &ch->out.ring, WORD(write_index), "write index", ch->out.write },
		{ &ch->out.ring, WORD(write_index), "write index", ch->out.write },
		{ &ch->in.ring, WORD(read_index), "read index", ch->in.read },
		{ &ch->in.ring, WORD(read_index), "read index", ch->in.read },
		{ &ch->in.ring, WORD(interrupt_mask), "interrupt mask", 0 },
		{ &ch->out.ring, WORD(pending_send_size), "pending size", 0 },
		{ &ch->out.ring, WORD(feature_bits), "feature bits", 1 },
	};
	unsigned int i = hostile_below(rng, sizeof(words) / sizeof(words[0]));
	uint32_t size = words[i].ring->size;
	const uint32_t values[] = {
		words[i].truth + 1, words[i].truth + 8, words[i].truth - 8, size, size - 8,
		size + 8, UINT32_MAX, UINT32_MAX - 7, 0, 1u << 31, hostile_random(rng),
		hostile_below(rng, size / 8) * 8, hostile_below(rng, size),
	};
	uint32_t value = values[hostile_below(rng, sizeof(values) / sizeof(values[0]))];
	char text[64];

	snprintf(text, sizeof(text), "%s %#x to %#x", words[i].name, words[i].truth, value);
	note(ch, HOSTILE_RING, text);
	set_word(words[i].ring, words[i].word, value);
	ch->want_signal = true;
	vmbus_channel_kick(ch);
}

/* The lie with a name, when there is one and it fits. */
static enum hostile_fate tell(struct vmbus_channel *ch, enum hostile_where where,
			      struct hostile_item *item, uint32_t base, unsigned int *deeds)
{
	const struct vmbus_pkt_header *head = (const void *)item->bytes;

	return hostile_lie_tell(&ch->dev->server->hostile, ch->hostile.config.lie, where,
				hostile_device(ch->dev->ops->name),
				where == HOSTILE_AT_PACKET ? le16toh(head->type) : 0, item, base,
				deeds);
}

static enum hostile_fate change(struct vmbus_channel *ch, struct hostile_item *item,
				uint32_t base, bool *lie)
{
	struct hostile *hostile = &ch->dev->server->hostile;
	enum hostile_device device = hostile_device(ch->dev->ops->name);
	const struct vmbus_pkt_header *head = (const void *)item->bytes;
	uint16_t type = le16toh(head->type);
	enum hostile_fate fate = HOSTILE_SEND, next;
	unsigned int class;

	for (class = 0; class < HOSTILE_CLASSES && fate == HOSTILE_SEND; class++) {
		if (!hostile_packet_class(class, device, type) ||
		    !hostile_take(hostile, &ch->hostile, class))
			continue;
		if (class == HOSTILE_RING && hostile_below(&ch->hostile.rng, 2)) {
			*lie = true;
			continue;
		}
		next = hostile_packet(&ch->hostile.rng, class, device, item, base);
		note(ch, class, item->note);
		fate = next;
	}
	return fate;
}

static void send_held(struct vmbus_channel *ch)
{
	if (ch->hostile.held)
		put(ch, ch->hostile.held, ch->hostile.held_len);
	hostile_held_drop(&ch->hostile);
}

/* One of the classes that say something about the packet, or HOSTILE_CLASSES. */
static enum hostile_class any_class(struct vmbus_channel *ch, uint16_t type)
{
	enum hostile_device device = hostile_device(ch->dev->ops->name);
	enum hostile_class class, found = HOSTILE_CLASSES;
	unsigned int n = 0;

	for (class = 0; class < HOSTILE_CLASSES; class++)
		if (ch->hostile.config.classes & 1u << class && class != HOSTILE_SILENCE &&
		    hostile_packet_class(class, device, type) &&
		    !hostile_below(&ch->hostile.rng, ++n))
			found = class;
	return found;
}

/* Old packets once more, each changed, as many as the guest's ring takes. */
static void echo_packets(struct vmbus_channel *ch)
{
	struct hostile_stream *stream = &ch->hostile;
	uint8_t bytes[HOSTILE_KEPT_MAX + ROOM_TO_GROW];
	const struct vmbus_pkt_header *head = (const void *)bytes;
	struct hostile_item item = { .bytes = bytes };
	const struct hostile_past *past;
	enum hostile_class class;
	unsigned int i;

	for (i = 0; stream->nr_past && i < stream->config.echo; i++) {
		past = &stream->past[hostile_below(&stream->rng, stream->nr_past < HOSTILE_PAST ?
						   stream->nr_past : HOSTILE_PAST)];
		memcpy(bytes, past->bytes, past->len);
		item.len = past->len;
		item.cap = (past->len + ROOM_TO_GROW) & ~7u;
		class = any_class(ch, le16toh(head->type));
		if (class == HOSTILE_CLASSES || channel_reserve(ch, item.cap))
			return;
		hostile_packet(&stream->rng, class, hostile_device(ch->dev->ops->name), &item,
			       past->base);
		hostile_count(&ch->dev->server->hostile, class);
		put(ch, item.bytes, item.len);
	}
}

static void echo_fn(void *arg);

/* And again after a while: what a guest that is confused sends may be nothing. */
static void echo(struct vmbus_channel *ch)
{
	if (!ch->hostile.config.echo)
		return;
	echo_packets(ch);
	if (!ch->echoes)
		ch->echoes = loop_timer_new(ch->dev->loop, echo_fn, ch);
	if (ch->echoes)
		loop_timer_set(ch->echoes, HOSTILE_ECHO_MS);
}

static void echo_fn(void *arg)
{
	struct vmbus_channel *ch = arg;

	if (ch->live && !ch->broken && begin(ch))
		echo(ch);
}

/* What a lie does behind a packet. */
static void act(struct vmbus_channel *ch, const struct hostile_item *item, unsigned int deeds)
{
	if (deeds & HOSTILE_DO_INDEX) {
		set_word(&ch->out.ring, WORD(write_index), ch->out.ring.size + 8);
		vmbus_channel_kick(ch);
	}
	if (deeds & HOSTILE_DO_RESCIND)
		hostile_rescind(ch->dev->server, ch->dev->serial, 0);
	if (deeds & HOSTILE_DO_FLOOD) {
		free(ch->hostile.flood);
		ch->hostile.flood = malloc(item->len);
		if (!ch->hostile.flood)
			return;
		memcpy(ch->hostile.flood, item->bytes, item->len);
		ch->hostile.flood_len = item->len;
	}
}

bool hostile_flood(struct vmbus_channel *ch)
{
	/* A new configuration ends it. */
	if (!ch->hostile.flood || !begin(ch) || !ch->hostile.flood)
		return false;
	while (ch->live && !ch->broken && !channel_reserve(ch, ch->hostile.flood_len)) {
		ring_out_put(&ch->out, ch->hostile.flood, ch->hostile.flood_len);
		channel_sent(ch, ch->hostile.flood_len);
	}
	return true;
}

void hostile_send(struct vmbus_channel *ch, const void *head, size_t head_len, const void *hdr,
		  size_t hdr_len, const struct iovec *iov, int niov, uint32_t total)
{
	struct hostile_item item = { .cap = (total + ROOM_TO_GROW) & ~7u };
	enum hostile_fate fate = HOSTILE_SEND;
	bool lie = false, held = ch->hostile.held, armed;
	unsigned int deeds = 0;
	int i;

	if (item.cap > VMBUS_PKT_MAX)
		item.cap = VMBUS_PKT_MAX;
	item.bytes = calloc(1, item.cap);
	if (!item.bytes)
		return;
	memcpy(item.bytes, head, head_len);
	item.len = head_len;
	if (hdr_len)
		memcpy(item.bytes + item.len, hdr, hdr_len);
	item.len += hdr_len;
	for (i = 0; i < niov; i++) {
		memcpy(item.bytes + item.len, iov[i].iov_base, iov[i].iov_len);
		item.len += iov[i].iov_len;
	}
	item.len = total;
	armed = begin(ch);
	if (armed) {
		if (ch->hostile.config.echo)
			hostile_remember(&ch->hostile, &item, head_len + hdr_len);
		fate = tell(ch, HOSTILE_AT_PACKET, &item, head_len + hdr_len, &deeds);
		if (fate == HOSTILE_SEND)
			fate = change(ch, &item, head_len + hdr_len, &lie);
		if (hostile_take(&ch->dev->server->hostile, &ch->hostile, HOSTILE_RESCIND))
			hostile_rescind(ch->dev->server, hostile_below(&ch->hostile.rng, 2) ?
					ch->dev->serial : 0, hostile_random(&ch->hostile.rng));
	}
	/* What was held already goes behind this one, whatever becomes of it. */
	held = held && ch->hostile.held;
	if (fate == HOSTILE_LATER && !hostile_hold(&ch->hostile, &item))
		fate = HOSTILE_SEND;
	if (fate == HOSTILE_SEND || fate == HOSTILE_TWICE)
		put(ch, item.bytes, item.len);
	if (fate == HOSTILE_TWICE)
		put(ch, item.bytes, item.len);
	if (held)
		send_held(ch);
	if (armed)
		echo(ch);
	if (lie)
		lie_in_rings(ch);
	act(ch, &item, deeds);
	free(item.bytes);
}

/* ---- RNDIS ---- */

void hostile_rndis(struct vmbus_channel *ch, struct vmbus_gpadl *gpadl, size_t offset, size_t len)
{
	uint8_t bytes[RNDIS_MAX];
	struct hostile_item item = { .bytes = bytes, .cap = sizeof(bytes) };
	unsigned int none = 0;
	bool take;

	if (!begin(ch))
		return;
	take = hostile_take(&ch->dev->server->hostile, &ch->hostile, HOSTILE_NETWORK);
	if (!take && !ch->hostile.config.lie)
		return;
	item.len = len < sizeof(bytes) ? len : sizeof(bytes);
	if (vmbus_gpadl_read(gpadl, offset, bytes, item.len))
		return;
	tell(ch, HOSTILE_AT_RNDIS, &item, 0, &none);
	if (take) {
		hostile_rndis_item(&ch->hostile.rng, &item);
		note(ch, HOSTILE_NETWORK, item.note);
	}
	vmbus_gpadl_write(gpadl, offset, bytes, item.len);
}

/* ---- interrupts ---- */

static void signal_flag(struct vmbus_channel *ch, uint32_t vp, uint32_t flag)
{
	synic_signal_event(ch->dev->server->synic, vp, ch->sint, flag);
}

/* Return: whether to signal later what is due. */
static bool wrong_interrupt(struct vmbus_channel *ch, uint32_t kind)
{
	struct vmbus_server *server = ch->dev->server;
	struct hostile_rng *rng = &ch->hostile.rng;
	uint32_t vp = hostile_below(rng, server->config.nr_vps);
	unsigned int i;

	switch (kind) {
	case 0:
		note(ch, HOSTILE_INTERRUPTS, "without cause");
		signal_flag(ch, ch->target_vp < server->config.nr_vps ? ch->target_vp : vp,
			    ch->relid);
		return false;
	case 1:
		note(ch, HOSTILE_INTERRUPTS, "on any processor");
		signal_flag(ch, vp, ch->relid);
		return false;
	case 2:
		note(ch, HOSTILE_INTERRUPTS, "for any channel");
		signal_flag(ch, vp, hostile_below(rng, HV_EVENT_FLAGS_MAX));
		return false;
	case 3:
		note(ch, HOSTILE_INTERRUPTS, "a storm");
		for (i = 0; i < STORM; i++)
			signal_flag(ch, vp, hostile_below(rng, i & 1 ? 64 : HV_EVENT_FLAGS_MAX));
		return false;
	default:
		note(ch, HOSTILE_INTERRUPTS, "late");
		return true;
	}
}

bool hostile_interrupt(struct vmbus_channel *ch)
{
	struct hostile *hostile = &ch->dev->server->hostile;
	struct hostile_rng *rng = &ch->hostile.rng;
	unsigned int i;

	if (!begin(ch) || !hostile_take(hostile, &ch->hostile, HOSTILE_INTERRUPTS))
		return false;
	for (i = 0; i < ch->hostile.config.echo; i++) {
		hostile_count(hostile, HOSTILE_INTERRUPTS);
		wrong_interrupt(ch, hostile_below(rng, 4));
	}
	return wrong_interrupt(ch, hostile_below(rng, 6));
}

/* ---- the end of it ---- */

static void settle_fn(void *arg)
{
	struct vmbus_device *dev = arg;
	struct vmbus_channel *ch;

	for (ch = dev->channels; ch; ch = ch->next) {
		if (!ch->live || ch->broken) {
			hostile_stream_drop(&ch->hostile);
			continue;
		}
		send_held(ch);
		hostile_stream_drop(&ch->hostile);
		set_word(&ch->out.ring, WORD(write_index), ch->out.write);
		set_word(&ch->out.ring, WORD(pending_send_size), ch->out.waiting);
		set_word(&ch->out.ring, WORD(feature_bits), VMBUS_RING_FEATURE_PENDING_SEND_SIZE);
		set_word(&ch->in.ring, WORD(read_index), ch->in.read);
		set_word(&ch->in.ring, WORD(interrupt_mask), ch->in.masked);
		ch->want_signal = true;
		vmbus_channel_kick(ch);
	}
}

void hostile_settle_device(struct vmbus_device *dev)
{
	loop_call_sync(dev->loop, settle_fn, dev);
}
