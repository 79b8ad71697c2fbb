// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the packet ring against what TLFS's users rely on: framing, wrap, the one byte that is
 * never filled, when a signal is due, and a host that writes nonsense. The test plays the host
 * through a view of the shared pages of its own.
 */
#include <linux/prandom.h>

#include "../../ring/ring.h"
#include "../vmbus.h"
#include "fake_hypervisor.h"
#include "suite.h"

#define DATA_PAGES	2u
#define DATA		(DATA_PAGES * PAGE_SIZE)
#define MAX_PACKET	1024u
#define DESCRIPTOR	16u
#define TRAILER		8u

struct rings {
	struct vmbus_channel channel;
	struct page *in, *out;
};

/* What the host was signalled; none of it needs the bus. */
static unsigned int signals(const struct rings *rings)
{
	return rings->channel.sig_events;
}

static u8 *data_of(struct hv_ring_buffer_info *rbi)
{
	return (u8 *)rbi->ring_buffer + PAGE_SIZE;
}

static int rings_init(struct kunit *test)
{
	struct rings *rings = kunit_kzalloc(test, sizeof(*rings), GFP_KERNEL);
	unsigned int order = get_order((1 + DATA_PAGES) * PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, rings);
	test->priv = rings;
	rings->channel.is_dedicated_interrupt = true;
	fake_hv_reset();
	mutex_init(&rings->channel.inbound.ring_buffer_mutex);
	mutex_init(&rings->channel.outbound.ring_buffer_mutex);
	rings->in = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	rings->out = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	KUNIT_ASSERT_NOT_NULL(test, rings->in);
	KUNIT_ASSERT_NOT_NULL(test, rings->out);
	KUNIT_ASSERT_EQ(test, 0, hvic_ring_init(&rings->channel.inbound, rings->in,
						1 + DATA_PAGES, MAX_PACKET));
	KUNIT_ASSERT_EQ(test, 0, hvic_ring_init(&rings->channel.outbound, rings->out,
						1 + DATA_PAGES, 0));
	return 0;
}

static void rings_exit(struct kunit *test)
{
	unsigned int order = get_order((1 + DATA_PAGES) * PAGE_SIZE);
	struct rings *rings = test->priv;

	if (!rings)
		return;
	hvic_ring_cleanup(&rings->channel.inbound);
	hvic_ring_cleanup(&rings->channel.outbound);
	if (rings->in)
		__free_pages(rings->in, order);
	if (rings->out)
		__free_pages(rings->out, order);
}

/* Bytes into or out of a ring at any place, wrapping as the host's own copy does. */
static void host_put(struct hv_ring_buffer_info *rbi, u32 at, const void *from, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		data_of(rbi)[(at + i) % DATA] = ((const u8 *)from)[i];
}

static void host_get(struct hv_ring_buffer_info *rbi, u32 at, void *to, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		((u8 *)to)[i] = data_of(rbi)[(at + i) % DATA];
}

/* The host sends a packet of @len payload bytes, each of them @fill. */
static void host_send(struct hv_ring_buffer_info *rbi, u64 id, u32 len, u8 fill)
{
	struct hv_ring_buffer *ring = rbi->ring_buffer;
	u32 start = ring->write_index, padded = ALIGN(len, 8);
	struct vmpacket_descriptor desc = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = DESCRIPTOR / 8,
		.len8 = (DESCRIPTOR + padded) / 8,
		.trans_id = id,
	};
	u64 trailer = (u64)start << 32;
	u32 i;

	host_put(rbi, start, &desc, sizeof(desc));
	for (i = 0; i < padded; i++)
		host_put(rbi, (start + DESCRIPTOR + i) % DATA, &fill, 1);
	host_put(rbi, start + DESCRIPTOR + padded, &trailer, sizeof(trailer));
	ring->write_index = (start + DESCRIPTOR + padded + TRAILER) % DATA;
}

static bool filled_with(const void *data, u32 len, u8 fill)
{
	u32 i;

	for (i = 0; i < len; i++)
		if (((const u8 *)data)[i] != fill)
			return false;
	return true;
}

static void set_position(struct hv_ring_buffer_info *rbi, u32 at)
{
	rbi->ring_buffer->read_index = at;
	rbi->ring_buffer->write_index = at;
	rbi->priv_read_index = at;
}

/* A packet that starts at any multiple of eight is read whole, across the end as well. */
static void ring_reads_at_every_offset(struct kunit *test)
{
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *in = &rings->channel.inbound;
	struct hvic_ring_packet pkt;
	u32 at;

	for (at = 0; at < DATA; at += 8) {
		set_position(in, at);
		host_send(in, at + 1, 40, at / 8);
		KUNIT_ASSERT_EQ(test, 1, hvic_ring_rx_peek(&rings->channel, &pkt));
		KUNIT_EXPECT_EQ(test, (u64)at + 1, pkt.trans_id);
		KUNIT_EXPECT_EQ(test, 40u, pkt.len);
		KUNIT_EXPECT_EQ(test, 56u, pkt.raw_len);
		KUNIT_EXPECT_EQ(test, (u16)VM_PKT_DATA_INBAND, pkt.type);
		KUNIT_EXPECT_TRUE(test, filled_with(pkt.data, pkt.len, at / 8));
		hvic_ring_rx_advance(&rings->channel, &pkt);
		KUNIT_EXPECT_EQ(test, 0, hvic_ring_rx_peek(&rings->channel, &pkt));
		KUNIT_EXPECT_EQ(test, (at + 64) % DATA, in->priv_read_index);
	}
}

/* So is one that is written, with the trailer that says where it began. */
static void ring_writes_at_every_offset(struct kunit *test)
{
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *out = &rings->channel.outbound;
	struct hvic_ring_tx tx;
	u8 back[48];
	u64 trailer;
	void *room;
	u32 at;

	for (at = 0; at < DATA; at += 8) {
		set_position(out, at);
		KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
		room = hvic_ring_tx_reserve(&tx, sizeof(back));
		if (room) {
			memset(room, 0x40 + at / 8 % 64, sizeof(back));
			hvic_ring_tx_commit(&tx, sizeof(back));
		}
		hvic_ring_tx_end(&tx);
		KUNIT_ASSERT_NOT_NULL(test, room);
		KUNIT_EXPECT_EQ(test, (u32)(at + sizeof(back) + TRAILER) % DATA,
				out->ring_buffer->write_index);
		host_get(out, at, back, sizeof(back));
		KUNIT_EXPECT_TRUE(test, filled_with(back, sizeof(back), 0x40 + at / 8 % 64));
		host_get(out, at + sizeof(back), &trailer, sizeof(trailer));
		KUNIT_EXPECT_EQ(test, (u64)at << 32, trailer);
	}
}

/* The last room is never given out: equal indices mean an empty ring. */
static void ring_is_never_quite_full(struct kunit *test)
{
	static const struct {
		u32 free;	/* bytes between the indices */
		u32 len;	/* of the packet, its descriptor included */
		bool fits;
	} cases[] = {
		{ 64, 48, true },
		{ 56, 48, false },	/* exactly full is not allowed */
		{ 48, 48, false },
		{ 8, 16, false },
		{ DATA, DATA - 16, true },
		{ DATA, DATA - 8, false },
		{ DATA, U32_MAX & ~7u, false },
	};
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *out = &rings->channel.outbound;
	struct hvic_ring_tx tx;
	unsigned int i;
	bool fits;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		out->ring_buffer->write_index = 80;
		out->ring_buffer->read_index = (80 + cases[i].free) % DATA;
		KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
		fits = hvic_ring_tx_reserve(&tx, cases[i].len);
		hvic_ring_tx_end(&tx);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].fits, fits, "case %u", i);
		/* What was reserved and not committed was not sent. */
		KUNIT_EXPECT_EQ(test, 80u, out->ring_buffer->write_index);
	}
}

/* A batch is one signal at most, and none while the host is awake. */
static void ring_signals_once_a_batch(struct kunit *test)
{
	static const struct {
		unsigned int packets;
		u32 waiting;	/* bytes that the host has not read yet */
		u32 mask;
		unsigned int signals;
	} cases[] = {
		{ 1, 0, 0, 1 },
		{ 5, 0, 0, 1 },
		{ 0, 0, 0, 0 },		/* nothing was sent */
		{ 1, 0, 1, 0 },		/* the host polls */
		{ 1, 24, 0, 0 },	/* it has not seen the last one yet */
		{ 5, 24, 1, 0 },
	};
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *out = &rings->channel.outbound;
	struct hvic_ring_tx tx;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_position(out, 1024);
		out->ring_buffer->read_index = 1024 - cases[i].waiting;
		out->ring_buffer->interrupt_mask = cases[i].mask;
		rings->channel.sig_events = 0;
		KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
		for (n = 0; n < cases[i].packets; n++)
			if (hvic_ring_tx_reserve(&tx, 32))
				hvic_ring_tx_commit(&tx, 32);
		hvic_ring_tx_end(&tx);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].signals, signals(rings), "case %u", i);
		KUNIT_EXPECT_EQ(test, 1024 + 40 * cases[i].packets,
				out->ring_buffer->write_index);
	}
}

/*
 * A signal that is put off over several batches: the first into an empty ring makes it due, and
 * it is due until the host has read all, or is awake.
 */
static void ring_signal_put_off(struct kunit *test)
{
	static const struct {
		u32 mask;		/* when the first is published */
		bool due;
		u32 read, mask_later;	/* packets that the host has read by the end of it all */
		bool waits;
	} cases[] = {
		{ 0, true, 0, 0, true },
		{ 0, true, 1, 0, true },	/* it may have gone to sleep after the first */
		{ 0, true, 3, 0, false },
		{ 0, true, 0, 1, false },
		{ 1, false, 0, 1, false },
		{ 1, false, 3, 0, false },
	};
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *out = &rings->channel.outbound;
	struct hvic_ring_tx tx;
	unsigned int i, n;
	bool due;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The second packet is across the end. */
		set_position(out, DATA - 48);
		out->ring_buffer->interrupt_mask = cases[i].mask;
		rings->channel.sig_events = 0;
		for (n = 0; n < 3; n++) {
			KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
			KUNIT_ASSERT_NOT_NULL(test, hvic_ring_tx_reserve(&tx, 32));
			hvic_ring_tx_commit(&tx, 32);
			due = hvic_ring_tx_publish(&tx);
			KUNIT_EXPECT_EQ_MSG(test, due, !n && cases[i].due, "case %u", i);
		}
		KUNIT_EXPECT_EQ(test, 0u, signals(rings));
		KUNIT_EXPECT_EQ(test, DATA - 48 + 3 * 40 - DATA, out->ring_buffer->write_index);
		out->ring_buffer->read_index = (DATA - 48 + 40 * cases[i].read) % DATA;
		out->ring_buffer->interrupt_mask = cases[i].mask_later;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].waits, hvic_ring_tx_waits(&rings->channel),
				    "case %u", i);
		hvic_ring_tx_signal(&rings->channel);
		KUNIT_EXPECT_EQ(test, 1u, signals(rings));
	}
	/* Nothing published, nothing due. */
	set_position(out, 0);
	out->ring_buffer->interrupt_mask = 0;
	KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
	KUNIT_EXPECT_FALSE(test, hvic_ring_tx_publish(&tx));
}

/* A host that waits for room hears of it when there is more than it asked for, once. */
static void ring_tells_of_room(struct kunit *test)
{
	static const struct {
		u32 pending;
		bool feature;
		unsigned int before, after;	/* signals after the first and the second packet */
	} cases[] = {
		{ 0, true, 0, 0 },
		{ DATA - 64 - 1, true, 1, 1 },	/* one byte more than asked for */
		{ DATA - 64, true, 0, 1 },	/* the second read makes the room */
		{ DATA - 128, true, 1, 1 },	/* the first did; the second says nothing */
		{ DATA - 128, false, 0, 0 },
		{ DATA, true, 0, 0 },		/* never satisfied */
		{ U32_MAX, true, 0, 0 },
	};
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *in = &rings->channel.inbound;
	struct hvic_ring_packet pkt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_position(in, DATA - 96);
		host_send(in, 1, 40, 1);
		host_send(in, 2, 40, 2);
		/* 128 bytes are in use, 64 of them for each packet. */
		in->ring_buffer->pending_send_sz = cases[i].pending;
		in->ring_buffer->feature_bits.feat_pending_send_sz = cases[i].feature;
		rings->channel.sig_events = 0;
		KUNIT_ASSERT_EQ(test, 1, hvic_ring_rx_peek(&rings->channel, &pkt));
		hvic_ring_rx_advance(&rings->channel, &pkt);
		hv_pkt_iter_close(&rings->channel);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].before, signals(rings), "case %u", i);
		KUNIT_ASSERT_EQ(test, 1, hvic_ring_rx_peek(&rings->channel, &pkt));
		hvic_ring_rx_advance(&rings->channel, &pkt);
		hv_pkt_iter_close(&rings->channel);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].after, signals(rings), "case %u", i);
		KUNIT_EXPECT_EQ(test, in->ring_buffer->write_index, in->ring_buffer->read_index);
	}
}

/* Indices and descriptors that cannot be: refused, dropped, and the ring goes on. */
static void ring_refuses_what_cannot_be(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 write;
		u16 offset8, len8;
		int ret;
	} cases[] = {
		{ "good", 64, 2, 7, 1 },
		{ "no payload", 64, 2, 2, 1 },
		{ "all of the ring", DATA - 8, 2, (DATA - 16) / 8, 1 },
		{ "index at the end", DATA, 2, 7, -EBADMSG },
		{ "index far away", U32_MAX, 2, 7, -EBADMSG },
		{ "index not aligned", 60, 2, 7, -EBADMSG },
		{ "less than a descriptor", 16, 2, 2, -EBADMSG },
		{ "longer than what was written", 64, 2, 8, -EBADMSG },
		{ "longer than the ring", 64, 2, 0xffff, -EBADMSG },
		{ "shorter than its descriptor", 64, 2, 1, -EBADMSG },
		{ "empty", 64, 0, 0, -EBADMSG },
		{ "payload in the descriptor", 64, 1, 7, -EBADMSG },
		{ "payload behind the packet", 64, 8, 7, -EBADMSG },
		{ "payload far away", 64, 0xffff, 7, -EBADMSG },
	};
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *in = &rings->channel.inbound;
	struct hvic_ring_packet pkt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmpacket_descriptor desc = {
			.offset8 = cases[i].offset8, .len8 = cases[i].len8,
		};

		set_position(in, 0);
		host_put(in, 0, &desc, sizeof(desc));
		in->ring_buffer->write_index = cases[i].write;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, hvic_ring_rx_peek(&rings->channel, &pkt),
				    "%s", cases[i].what);
		if (cases[i].ret == 1)
			continue;
		hvic_ring_rx_discard(&rings->channel);
		KUNIT_EXPECT_EQ_MSG(test, 0, hvic_ring_rx_peek(&rings->channel, &pkt), "%s",
				    cases[i].what);
		host_send(in, 9, 8, 9);
		KUNIT_EXPECT_EQ_MSG(test, 1, hvic_ring_rx_peek(&rings->channel, &pkt), "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ(test, 9ull, pkt.trans_id);
	}
}

static void ring_refuses_to_write_by_nonsense(struct kunit *test)
{
	static const u32 bad[] = { DATA, DATA + 8, 4, 1, U32_MAX, 0x80000000 };
	struct rings *rings = test->priv;
	struct hv_ring_buffer *ring = rings->channel.outbound.ring_buffer;
	struct hvic_ring_tx tx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ring->write_index = 0;
		ring->read_index = bad[i];
		KUNIT_EXPECT_EQ(test, -EIO, hvic_ring_tx_begin(&rings->channel, &tx));
		ring->write_index = bad[i];
		ring->read_index = 0;
		KUNIT_EXPECT_EQ(test, -EIO, hvic_ring_tx_begin(&rings->channel, &tx));
	}
	ring->write_index = 0;
	rings->channel.rescind = true;
	KUNIT_EXPECT_EQ(test, -ENODEV, hvic_ring_tx_begin(&rings->channel, &tx));
	/* None of them left the lock behind. */
	KUNIT_EXPECT_FALSE(test, hv_ringbuffer_spinlock_busy(&rings->channel));
}

/* The copying reader: private lengths, a packet too large for it is passed over. */
static void ring_copies_and_passes_over(struct kunit *test)
{
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *in = &rings->channel.inbound;
	struct vmpacket_descriptor *desc;

	host_send(in, 1, 40, 1);
	host_send(in, 2, MAX_PACKET - DESCRIPTOR + 8, 2);
	host_send(in, 3, MAX_PACKET - DESCRIPTOR, 3);

	desc = hv_pkt_iter_first(&rings->channel);
	KUNIT_ASSERT_NOT_NULL(test, desc);
	KUNIT_EXPECT_PTR_NE(test, (u8 *)desc, data_of(in));
	KUNIT_EXPECT_EQ(test, 1ull, desc->trans_id);
	KUNIT_EXPECT_EQ(test, 40u, hv_pkt_datalen(desc));

	desc = hv_pkt_iter_next(&rings->channel, desc);
	KUNIT_ASSERT_NOT_NULL(test, desc);
	KUNIT_EXPECT_EQ(test, 3ull, desc->trans_id);
	KUNIT_EXPECT_TRUE(test, filled_with(hv_pkt_data(desc), hv_pkt_datalen(desc), 3));

	KUNIT_EXPECT_NULL(test, hv_pkt_iter_next(&rings->channel, desc));
	hv_pkt_iter_close(&rings->channel);
	KUNIT_EXPECT_EQ(test, in->ring_buffer->write_index, in->ring_buffer->read_index);
}

/* What sysfs shows of a ring. */
static void ring_tells_its_fill(struct kunit *test)
{
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *in = &rings->channel.inbound, unmapped = { };
	struct hv_ring_buffer_debug_info info;

	set_position(in, DATA - 32);
	host_send(in, 1, 40, 1);
	in->ring_buffer->interrupt_mask = 1;
	KUNIT_ASSERT_EQ(test, 0, hv_ringbuffer_get_debuginfo(in, &info));
	KUNIT_EXPECT_EQ(test, DATA - 32, (unsigned long)info.current_read_index);
	KUNIT_EXPECT_EQ(test, 32u, info.current_write_index);
	KUNIT_EXPECT_EQ(test, 64u, info.bytes_avail_toread);
	KUNIT_EXPECT_EQ(test, DATA - 64, (unsigned long)info.bytes_avail_towrite);
	KUNIT_EXPECT_EQ(test, 1u, info.current_interrupt_mask);

	mutex_init(&unmapped.ring_buffer_mutex);
	KUNIT_EXPECT_EQ(test, -EINVAL, hv_ringbuffer_get_debuginfo(&unmapped, &info));
	KUNIT_EXPECT_EQ(test, -EINVAL, hvic_ring_init(&unmapped, rings->in, 1, 0));
}

/* What the model remembers of a packet that is in the ring. */
struct sent {
	u32 len;	/* with the descriptor */
	u8 fill;
};

#define MODEL_MAX	(DATA / (DESCRIPTOR + TRAILER) + 1)

/*
 * Random batches of random packets against a model that is a queue and a count of bytes: what
 * fits by the model fits in the ring, what the host reads is what was sent, in order, and a signal
 * comes with the batch that finds the ring empty.
 */
static void ring_agrees_with_a_model(struct kunit *test)
{
	struct rings *rings = test->priv;
	struct hv_ring_buffer_info *out = &rings->channel.outbound;
	struct sent *queue = kunit_kcalloc(test, MODEL_MAX, sizeof(*queue), GFP_KERNEL);
	u8 *back = kunit_kmalloc(test, DATA, GFP_KERNEL);
	u32 seed = get_random_u32(), head = 0, tail = 0, used = 0, step;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, queue);
	KUNIT_ASSERT_NOT_NULL(test, back);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (step = 0; step < 20000; step++) {
		u32 n = prandom_u32_state(&rnd) % 8, sent_now = 0;
		bool was_empty = !used;
		struct hvic_ring_tx tx;

		rings->channel.sig_events = 0;
		KUNIT_ASSERT_EQ(test, 0, hvic_ring_tx_begin(&rings->channel, &tx));
		while (n--) {
			u32 len = DESCRIPTOR + 8 * (prandom_u32_state(&rnd) % 64);
			bool fits = used + len + TRAILER < DATA;
			void *room = hvic_ring_tx_reserve(&tx, len);

			if (!!room != fits) {
				hvic_ring_tx_end(&tx);
				KUNIT_FAIL(test, "seed %u step %u: %u bytes, %u used: room %d",
					   seed, step, len, used, !!room);
				return;
			}
			if (!room)
				continue;
			queue[tail % MODEL_MAX] = (struct sent){ len, step + n };
			memset(room, queue[tail % MODEL_MAX].fill, len);
			hvic_ring_tx_commit(&tx, len);
			tail++;
			sent_now++;
			used += len + TRAILER;
		}
		hvic_ring_tx_end(&tx);
		KUNIT_ASSERT_EQ_MSG(test, was_empty && sent_now ? 1u : 0u, signals(rings),
				    "seed %u step %u", seed, step);

		/* The host reads some. */
		n = prandom_u32_state(&rnd) % 8;
		while (n-- && head != tail) {
			struct sent *next = &queue[head++ % MODEL_MAX];
			u32 at = out->ring_buffer->read_index;

			host_get(out, at, back, next->len);
			if (!filled_with(back, next->len, next->fill)) {
				KUNIT_FAIL(test, "seed %u step %u: wrong bytes at %u", seed, step,
					   at);
				return;
			}
			out->ring_buffer->read_index = (at + next->len + TRAILER) % DATA;
			used -= next->len + TRAILER;
		}
		KUNIT_ASSERT_EQ(test, !used, out->ring_buffer->read_index ==
				out->ring_buffer->write_index);
	}
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_reads_at_every_offset),
	KUNIT_CASE(ring_writes_at_every_offset),
	KUNIT_CASE(ring_is_never_quite_full),
	KUNIT_CASE(ring_signals_once_a_batch),
	KUNIT_CASE(ring_signal_put_off),
	KUNIT_CASE(ring_tells_of_room),
	KUNIT_CASE(ring_refuses_what_cannot_be),
	KUNIT_CASE(ring_refuses_to_write_by_nonsense),
	KUNIT_CASE(ring_copies_and_passes_over),
	KUNIT_CASE(ring_tells_its_fill),
	KUNIT_CASE(ring_agrees_with_a_model),
	{ }
};

struct kunit_suite ring_suite = {
	.name = "hvic-ring",
	.init = rings_init,
	.exit = rings_exit,
	.test_cases = ring_cases,
};
