// SPDX-License-Identifier: GPL-2.0
/*
 * A network back end for measurements: it swallows and counts what the guest sends, answers ARP,
 * neighbour discovery, echo requests and UDP to the echo port, and sends UDP frames at a rate, or
 * as fast as the guest gives its buffers back, when it is told to.
 */
#include "backend/net.h"

#include <stdlib.h>
#include <string.h>

#include "backend/net_gen_frame.h"

#define GEN_BURST	64u	/* frames in one turn of the loop */
#define GEN_TICK_MS	1
#define GEN_CATCH_UP_NS	20000000ull	/* a turn that is later than this sends no more for it */
#define GEN_RATE_MAX	1000000u	/* a second: the time between two is whole nanoseconds */
#define NS_PER_S	1000000000ull

struct net_gen {
	struct net_backend be;
	struct loop_timer *tick;
	bool has_peer;
	struct gen_peer peer;

	/* what is generated, if anything */
	bool running;
	struct net_generate what;
	uint64_t left;		/* frames, when what.count is not 0 */
	unsigned int flow;	/* of the next frame */
	bool waited;		/* a tick for the room of a whole burst */
	uint64_t began, accounted;	/* CLOCK_MONOTONIC, ns; up to when frames are sent */
	uint64_t took_ns;	/* of the last run, once it has ended */
	size_t len;		/* bytes of each frame */
	uint8_t (*frames)[GEN_SIZE_MAX];	/* one a flow */

	uint64_t kinds[GEN_NR_KINDS], bytes, sent, no_room;
	uint8_t answer[NET_FRAME_MAX];
};

static unsigned int room(struct net_gen *gen)
{
	return gen->be.client.room ? gen->be.client.room(gen->be.client.arg) : GEN_BURST;
}

static void stop(struct net_gen *gen)
{
	if (!gen->running)
		return;
	loop_timer_cancel(gen->tick);
	gen->took_ns = loop_now_ns() - gen->began;
	gen->running = false;
}

/* Frames that are due by the clock, at most a burst. */
static unsigned int due(struct net_gen *gen)
{
	uint64_t now, frames, step;

	if (!gen->what.rate)
		return GEN_BURST;
	now = loop_now_ns();
	step = NS_PER_S / gen->what.rate;
	if (now - gen->accounted > GEN_CATCH_UP_NS + step)
		gen->accounted = now - GEN_CATCH_UP_NS - step;
	frames = (now - gen->accounted) / step;
	if (frames > GEN_BURST)
		frames = GEN_BURST;
	gen->accounted += frames * step;
	return frames;
}

static void tick(void *arg)
{
	struct net_gen *gen = arg;
	unsigned int frames, i, fit = room(gen);

	/*
	 * At full speed a tick is spent on the room of a whole burst, so that the guest is woken for
	 * many frames at once; one that never has as much gets what fits.
	 */
	if (!gen->what.rate && fit < GEN_BURST && !(gen->waited && fit)) {
		gen->waited = fit > 0;
		gen->no_room++;
		loop_timer_set(gen->tick, GEN_TICK_MS);
		return;
	}
	gen->waited = false;
	frames = due(gen);
	if (frames > fit) {
		gen->no_room++;
		frames = fit;
	}
	if (gen->what.count && frames > gen->left)
		frames = gen->left;
	for (i = 0; i < frames; i++) {
		gen->be.client.deliver(gen->be.client.arg, gen->frames[gen->flow], gen->len);
		gen->flow = (gen->flow + 1) % gen->what.flows;
	}
	gen->sent += frames;
	gen->left -= frames;
	if (frames)
		gen->be.client.flush(gen->be.client.arg);
	if (gen->what.count && !gen->left)
		stop(gen);
	else
		loop_timer_set(gen->tick, gen->what.rate && frames < GEN_BURST ? GEN_TICK_MS : 0);
}

static int gen_generate(struct net_backend *be, const struct net_generate *what,
			struct error *err)
{
	struct net_gen *gen = (struct net_gen *)be;

	if (!what) {
		stop(gen);
		return 0;
	}
	if (what->size < GEN_SIZE_MIN || what->size > GEN_SIZE_MAX)
		return error_set(err, "generate: a frame has %u to %u bytes, not %u", GEN_SIZE_MIN,
				 GEN_SIZE_MAX, what->size);
	if (!what->flows || what->flows > GEN_FLOWS_MAX)
		return error_set(err, "generate: 1 to %u flows, not %u", GEN_FLOWS_MAX, what->flows);
	if (what->rate > GEN_RATE_MAX)
		return error_set(err, "generate: at most %u frames a second, or 0 for as many as the "
				 "guest takes", GEN_RATE_MAX);
	if (!gen->has_peer)
		return error_set(err, "generate: the guest has not told its address: ping 198.18.0.1 "
				 "there first");
	stop(gen);
	free(gen->frames);
	gen->frames = calloc(what->flows, sizeof(*gen->frames));
	if (!gen->frames)
		return error_set(err, "generate: out of memory");
	for (unsigned int i = 0; i < what->flows; i++)
		gen->len = gen_build(gen->frames[i], &gen->peer, what->size, i);
	gen->what = *what;
	gen->left = what->count;
	gen->flow = 0;
	gen->waited = false;
	gen->sent = 0;
	gen->no_room = 0;
	gen->began = loop_now_ns();
	gen->accounted = gen->began;
	gen->running = true;
	loop_timer_set(gen->tick, 0);
	return 0;
}

static int gen_send(struct net_backend *be, const void *frame, size_t len)
{
	struct net_gen *gen = (struct net_gen *)be;
	struct gen_peer peer = { .ipv4 = { 0 } };
	size_t answer_len;
	enum gen_kind kind = gen_answer(frame, len, gen->answer, &answer_len, &peer);

	gen->kinds[kind]++;
	gen->bytes += len;
	if (peer.ipv4[0]) {
		gen->peer = peer;
		gen->has_peer = true;
	}
	if (answer_len) {
		be->client.deliver(be->client.arg, gen->answer, answer_len);
		be->client.flush(be->client.arg);
	}
	return 0;
}

static void gen_stats(struct net_backend *be, json_t *object)
{
	static const char *const names[GEN_NR_KINDS] = {
		"sunk_other", "sunk_udp", "echoed", "arp_answers", "ndp_answers",
	};
	struct net_gen *gen = (struct net_gen *)be;
	uint64_t took = gen->running ? loop_now_ns() - gen->began : gen->took_ns;

	for (unsigned int i = 0; i < GEN_NR_KINDS; i++)
		json_object_set_new(object, names[i], json_integer(gen->kinds[i]));
	json_object_set_new(object, "gen_bytes_in", json_integer(gen->bytes));
	json_object_set_new(object, "generating", json_boolean(gen->running));
	json_object_set_new(object, "generated", json_integer(gen->sent));
	json_object_set_new(object, "generated_us", json_integer(took / 1000));
	json_object_set_new(object, "gen_no_room", json_integer(gen->no_room));
}

static void gen_destroy(struct net_backend *be)
{
	struct net_gen *gen = (struct net_gen *)be;

	loop_timer_free(gen->tick);
	free(gen->frames);
	free(gen);
}

static const struct net_backend_ops gen_ops = {
	.name = "gen",
	.send = gen_send,
	.generate = gen_generate,
	.stats = gen_stats,
	.destroy = gen_destroy,
};

struct net_backend *net_gen_new(const char *args, struct loop *loop,
				const struct net_client *client, struct error *err)
{
	struct net_gen *gen;

	if (*args) {
		error_set(err, "nic gen: unknown option \"%s\"", args);
		return NULL;
	}
	gen = calloc(1, sizeof(*gen));
	if (!gen) {
		error_set(err, "nic gen: out of memory");
		return NULL;
	}
	gen->tick = loop_timer_new(loop, tick, gen);
	if (!gen->tick) {
		error_set(err, "nic gen: out of memory");
		free(gen);
		return NULL;
	}
	gen->be.ops = &gen_ops;
	gen->be.client = *client;
	return &gen->be;
}
