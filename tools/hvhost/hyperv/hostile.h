/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host that lies on purpose: what it sends to the guest is changed here and there, by a
 * generator that a seed starts, so that a run can be repeated. Only what leaves for the guest
 * is changed; the host's own state stays true.
 */
#ifndef HVHOST_HYPERV_HOSTILE_H
#define HVHOST_HYPERV_HOSTILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <jansson.h>

#include "error.h"

struct vmbus_channel;
struct vmbus_device;
struct vmbus_gpadl;
struct vmbus_server;

/* What is lied about. */
enum hostile_class {
	HOSTILE_MESSAGES,	/* channel messages: fields, length, copies, order, stale ones */
	HOSTILE_RING,		/* ring indices and packet descriptors */
	HOSTILE_RANGES,		/* transfer-page lists */
	HOSTILE_STORAGE,	/* completions of the SCSI controller */
	HOSTILE_NETWORK,	/* NVSP, RNDIS, per-packet info */
	HOSTILE_INPUT,		/* HID descriptors and reports, keystrokes */
	HOSTILE_SERVICES,	/* heartbeat, shutdown, time, KVP */
	HOSTILE_SILENCE,	/* what is due never comes */
	HOSTILE_INTERRUPTS,	/* without cause, for no channel, on another processor, late */
	HOSTILE_RESCIND,	/* devices go in the middle of their work, and come back */
	HOSTILE_CLASSES
};

#define HOSTILE_ALL		((1u << HOSTILE_CLASSES) - 1)
#define HOSTILE_LIE		(1u << HOSTILE_CLASSES)	/* armed for one lie with a name */
#define HOSTILE_RATE_DEFAULT	16u
#define HOSTILE_ECHO_MS		20u	/* and as many after this while, again and again */
#define HOSTILE_RESCIND_RATE	8u	/* a rescind is this much rarer than another lie */

struct hostile_lie;

struct hostile_config {
	uint64_t seed;
	uint32_t classes;	/* bits by enum hostile_class; 0: the host is honest */
	uint32_t rate;		/* one of this many items is changed, on average */
	uint32_t after;		/* items of each channel that are left alone first */
	uint32_t echo;		/* old items, each changed, behind each new one */
	const struct hostile_lie *lie;	/* told whenever it fits, or NULL */
};

/**
 * hostile_parse() - read "SEED[,WORD]...", each WORD a class (joined by + or ,), rate=N, after=N,
 * echo=N, lie=NAME (see hostile_lie_find())
 * Without a class or a lie: all classes. "off" is an honest host.
 * Return: 0, or -1 with @err.
 */
int hostile_parse(struct hostile_config *config, const char *text, struct error *err);

/** hostile_class_name() - "messages" and so on. */
const char *hostile_class_name(enum hostile_class class);

/* The generator: splitmix64. */
struct hostile_rng {
	uint64_t state;
};

uint64_t hostile_random(struct hostile_rng *rng);
/** hostile_below() - a number from 0 to @n - 1; 0 for @n of 0. */
uint32_t hostile_below(struct hostile_rng *rng, uint32_t n);

#define HOSTILE_NOTES		64
#define HOSTILE_NOTE_SIZE	112

/* Of a server. Set on the main loop, read on every device's. */
struct hostile {
	pthread_mutex_t lock;		/* config and notes */
	struct hostile_config config;
	char notes[HOSTILE_NOTES][HOSTILE_NOTE_SIZE];
	unsigned int nr_notes;
	atomic_uint generation;		/* counts the changes of config */
	atomic_uint classes;		/* as in config: 0 is all that an honest host reads */
	_Atomic uint64_t seen[HOSTILE_CLASSES];
	_Atomic uint64_t changed[HOSTILE_CLASSES];
	_Atomic uint64_t told;		/* how often the lie with a name was */
	atomic_bool refused;		/* something that the guest posted */
};

void hostile_init(struct hostile *hostile);
void hostile_destroy(struct hostile *hostile);

/** hostile_set() - from now on lie by @config; counters and notes start anew unless it is
 * off, which keeps them to be read. Main loop.
 */
void hostile_set(struct hostile *hostile, const struct hostile_config *config);

/** hostile_stats() - whether on, seed, classes, rate, counters. Return: a new reference. */
json_t *hostile_stats(struct hostile *hostile, bool notes);

/** hostile_command() - the control command: member spec as hostile_parse(), or none to ask. */
int hostile_command(struct vmbus_server *server, json_t *request, json_t *reply,
		    struct error *err);

static inline bool hostile_armed(struct hostile *hostile)
{
	return atomic_load_explicit(&hostile->classes, memory_order_relaxed);
}

#define HOSTILE_PAST		8u
#define HOSTILE_KEPT_MAX	4096u	/* a longer packet is not held back or remembered */

/* A packet that a channel sent before. */
struct hostile_past {
	uint8_t *bytes;
	uint32_t len;
	uint32_t base;		/* bytes of its descriptor */
};

/* One sequence of decisions: of a channel, or of the messages. One thread's. */
struct hostile_stream {
	unsigned int generation;
	struct hostile_config config;
	struct hostile_rng rng;
	uint64_t items;
	uint8_t *held;			/* a packet or message that is sent behind the next one */
	uint32_t held_len;
	struct hostile_past past[HOSTILE_PAST];	/* the last ones, for echoes */
	uint64_t nr_past;
	uint8_t *flood;			/* a packet that is sent for ever */
	uint32_t flood_len;
};

/** hostile_begin() - see whether the configuration changed, then count one item
 * @name: of the device, and @index of its channel, which give each stream its own sequence
 * Return: whether it may be changed.
 */
bool hostile_begin(struct hostile *hostile, struct hostile_stream *stream, const char *name,
		   unsigned int index);

/** hostile_take() - count an item of @class. Return: whether to change it. */
bool hostile_take(struct hostile *hostile, struct hostile_stream *stream,
		  enum hostile_class class);

/** hostile_count() - count an item of @class that is a lie for certain. */
void hostile_count(struct hostile *hostile, enum hostile_class class);

/** hostile_note() - remember what was done, for the control command. */
void hostile_note(struct hostile *hostile, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void hostile_held_drop(struct hostile_stream *stream);
/** hostile_stream_drop() - free all that the stream keeps. */
void hostile_stream_drop(struct hostile_stream *stream);

/* ---- what is changed (hostile_items.c) ---- */

/* A packet, message or piece of memory that is on its way. */
struct hostile_item {
	uint8_t *bytes;
	uint32_t len;		/* may become another, at most cap */
	uint32_t cap;
	char note[64];
};

/** hostile_hold() - keep a copy for later. Return: false when one is held, it is too long or
 * memory ran out.
 */
bool hostile_hold(struct hostile_stream *stream, const struct hostile_item *item);

/** hostile_remember() - keep a copy among the last HOSTILE_PAST; one that is too long is not
 * @base: bytes of its descriptor
 */
void hostile_remember(struct hostile_stream *stream, const struct hostile_item *item,
		      uint32_t base);

enum hostile_fate {
	HOSTILE_SEND,
	HOSTILE_TWICE,
	HOSTILE_LATER,		/* behind the next one */
	HOSTILE_NEVER
};

enum hostile_device {
	HOSTILE_DEV_OTHER,
	HOSTILE_DEV_STORAGE,
	HOSTILE_DEV_NETWORK,
	HOSTILE_DEV_MOUSE,
	HOSTILE_DEV_KEYBOARD,
	HOSTILE_DEV_SERVICE
};

enum hostile_device hostile_device(const char *name);

/** hostile_packet() - change a packet by one class
 * @base: bytes of its descriptor, before which the payload does not begin
 * Stays in the item's buffer. The length stays a multiple of 8 and the descriptor's unless the
 * class is the ring, which lies in the descriptor alone.
 */
enum hostile_fate hostile_packet(struct hostile_rng *rng, enum hostile_class class,
				 enum hostile_device device, struct hostile_item *item,
				 uint32_t base);

/** hostile_packet_class() - whether @class says something about such a packet. */
bool hostile_packet_class(enum hostile_class class, enum hostile_device device, uint16_t type);

/** hostile_rndis_item() - change an RNDIS message in its buffer; the length stays. */
void hostile_rndis_item(struct hostile_rng *rng, struct hostile_item *item);

/** hostile_message_item() - change a channel message; it stays within VMBUS_MESSAGE_MAX. */
enum hostile_fate hostile_message_item(struct hostile_rng *rng, struct hostile_item *item);

/* ---- one lie with a name (hostile_lies.c) ---- */

enum hostile_where {
	HOSTILE_AT_MESSAGE,
	HOSTILE_AT_PACKET,
	HOSTILE_AT_RNDIS,
	HOSTILE_AT_POST		/* a message of the guest, which is refused */
};

/* What a lie does beside the item's own fate. */
enum hostile_deed {
	HOSTILE_DO_INDEX	= 1u << 0,	/* the write index is outside of the ring */
	HOSTILE_DO_RESCIND	= 1u << 1,	/* the device goes, and comes back */
	HOSTILE_DO_FLOOD	= 1u << 2	/* it comes again and again */
};

/** hostile_lie_find() - Return: the lie called @name, or NULL. */
const struct hostile_lie *hostile_lie_find(const char *name);
const char *hostile_lie_name(const struct hostile_lie *lie);
/** hostile_lie_list() - {name: what it is}. Return: a new reference. */
json_t *hostile_lie_list(void);

/** hostile_lie_tell() - if @lie is about such an item, change it, and count that it was told
 * @packet_type: of a packet, else 0
 * @base: bytes in front of the payload
 * @deeds: bits of enum hostile_deed to be done behind it
 */
enum hostile_fate hostile_lie_tell(struct hostile *hostile, const struct hostile_lie *lie,
				   enum hostile_where where, enum hostile_device device,
				   uint16_t packet_type, struct hostile_item *item, uint32_t base,
				   unsigned int *deeds);

/* ---- where it is done ---- */

/** hostile_send() - in vmbus_channel_send()'s place, when there is room for the packet
 * @head: its descriptor
 * @total: bytes of all of it, padded
 * Device's loop.
 */
void hostile_send(struct vmbus_channel *ch, const void *head, size_t head_len, const void *hdr,
		  size_t hdr_len, const struct iovec *iov, int niov, uint32_t total);

/** hostile_interrupt() - at the end of a channel's turn. Return: whether to hold a signal
 * that is due back for a while.
 */
bool hostile_interrupt(struct vmbus_channel *ch);

/** hostile_rndis() - an RNDIS message lies in the receive buffer and is about to be told. */
void hostile_rndis(struct vmbus_channel *ch, struct vmbus_gpadl *gpadl, size_t offset,
		   size_t len);

/** hostile_flood() - at the end of a channel's turn. Return: whether there is more to send. */
bool hostile_flood(struct vmbus_channel *ch);

/** hostile_refuses() - whether a message that the guest posts is refused. Any thread. */
bool hostile_refuses(struct hostile *hostile, const void *payload, size_t len);

/** hostile_message() - a channel message is due. Main loop.
 * Return: whether it was dealt with; else the caller queues it.
 */
bool hostile_message(struct vmbus_server *server, uint32_t vp, unsigned int sint,
		     const void *payload, size_t len);

#endif
