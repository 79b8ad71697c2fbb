// SPDX-License-Identifier: GPL-2.0
/*
 * What a hostile host lies about and how often: the specification, the generator, the
 * decisions and their counters.
 */
#include "hyperv/hostile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECHO_MAX	1000u

static const char *const class_names[HOSTILE_CLASSES] = {
	[HOSTILE_MESSAGES] = "messages",
	[HOSTILE_RING] = "ring",
	[HOSTILE_RANGES] = "ranges",
	[HOSTILE_STORAGE] = "storage",
	[HOSTILE_NETWORK] = "network",
	[HOSTILE_INPUT] = "input",
	[HOSTILE_SERVICES] = "services",
	[HOSTILE_SILENCE] = "silence",
	[HOSTILE_INTERRUPTS] = "interrupts",
	[HOSTILE_RESCIND] = "rescind",
};

const char *hostile_class_name(enum hostile_class class)
{
	return class_names[class];
}

/* ---- the specification ---- */

/* Return: 0 or -1; digits only, so no sign and no blank. */
static int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno || *end || *value > max ? -1 : 0;
}

static int parse_word(struct hostile_config *config, const char *word, struct error *err)
{
	uint64_t value;
	unsigned int i;

	if (!strncmp(word, "rate=", 5)) {
		if (parse_number(word + 5, 1000000, &value) || !value)
			return error_set(err, "hostile: %s: the rate is 1 to 1000000", word);
		config->rate = value;
		return 0;
	}
	if (!strncmp(word, "after=", 6)) {
		if (parse_number(word + 6, UINT32_MAX, &value))
			return error_set(err, "hostile: %s is no number of items", word);
		config->after = value;
		return 0;
	}
	if (!strncmp(word, "echo=", 5)) {
		if (parse_number(word + 5, ECHO_MAX, &value))
			return error_set(err, "hostile: %s: at most %u echoes", word, ECHO_MAX);
		config->echo = value;
		return 0;
	}
	if (!strncmp(word, "lie=", 4)) {
		config->lie = hostile_lie_find(word + 4);
		if (!config->lie)
			return error_set(err, "hostile: no lie \"%s\"; \"hostile\" without a specification lists them",
					 word + 4);
		return 0;
	}
	if (!strcmp(word, "all")) {
		config->classes = HOSTILE_ALL;
		return 0;
	}
	for (i = 0; i < HOSTILE_CLASSES; i++) {
		if (!strcmp(word, class_names[i])) {
			config->classes |= 1u << i;
			return 0;
		}
	}
	return error_set(err, "hostile: unknown class \"%s\"; hvhost --help lists them", word);
}

int hostile_parse(struct hostile_config *config, const char *text, struct error *err)
{
	char *copy, *word, *rest;
	int ret = 0;

	*config = (struct hostile_config){ .rate = HOSTILE_RATE_DEFAULT };
	if (!strcmp(text, "off"))
		return 0;
	copy = strdup(text);
	if (!copy)
		return error_set(err, "hostile: out of memory");
	rest = copy;
	word = strsep(&rest, ",+");
	if (parse_number(word, UINT64_MAX, &config->seed))
		ret = error_set(err, "hostile: \"%s\" is no seed: SEED[,CLASS...][,rate=N][,after=N][,echo=N][,lie=NAME] or off",
				word);
	while (!ret && (word = strsep(&rest, ",+")))
		ret = parse_word(config, word, err);
	if (!config->classes && !config->lie)
		config->classes = HOSTILE_ALL;
	free(copy);
	return ret;
}

/* ---- the generator ---- */

uint64_t hostile_random(struct hostile_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t hostile_below(struct hostile_rng *rng, uint32_t n)
{
	return (hostile_random(rng) >> 32) * n >> 32;
}

/* ---- decisions ---- */

void hostile_init(struct hostile *hostile)
{
	pthread_mutex_init(&hostile->lock, NULL);
}

void hostile_destroy(struct hostile *hostile)
{
	pthread_mutex_destroy(&hostile->lock);
}

void hostile_set(struct hostile *hostile, const struct hostile_config *config)
{
	unsigned int armed = config->classes | (config->lie ? HOSTILE_LIE : 0);
	unsigned int i;

	pthread_mutex_lock(&hostile->lock);
	if (armed) {
		hostile->config = *config;
		hostile->nr_notes = 0;
		hostile->told = 0;
		for (i = 0; i < HOSTILE_CLASSES; i++) {
			hostile->seen[i] = 0;
			hostile->changed[i] = 0;
		}
		atomic_fetch_add(&hostile->generation, 1);
	}
	atomic_store(&hostile->classes, armed);
	pthread_mutex_unlock(&hostile->lock);
}

void hostile_held_drop(struct hostile_stream *stream)
{
	free(stream->held);
	stream->held = NULL;
	stream->held_len = 0;
}

void hostile_stream_drop(struct hostile_stream *stream)
{
	unsigned int i;

	hostile_held_drop(stream);
	for (i = 0; i < HOSTILE_PAST; i++) {
		free(stream->past[i].bytes);
		stream->past[i].bytes = NULL;
	}
	stream->nr_past = 0;
	free(stream->flood);
	stream->flood = NULL;
	stream->flood_len = 0;
}

void hostile_remember(struct hostile_stream *stream, const struct hostile_item *item,
		      uint32_t base)
{
	struct hostile_past *past = &stream->past[stream->nr_past % HOSTILE_PAST];
	uint8_t *bytes;

	if (item->len > HOSTILE_KEPT_MAX)
		return;
	bytes = realloc(past->bytes, item->len + 1);
	if (!bytes)
		return;
	memcpy(bytes, item->bytes, item->len);
	*past = (struct hostile_past){ bytes, item->len, base };
	stream->nr_past++;
}

bool hostile_refuses(struct hostile *hostile, const void *payload, size_t len)
{
	struct hostile_item item = { .bytes = (uint8_t *)payload, .len = len, .cap = len };
	const struct hostile_lie *lie;
	unsigned int none = 0;

	if (!hostile_armed(hostile))
		return false;
	pthread_mutex_lock(&hostile->lock);
	lie = hostile->config.lie;
	pthread_mutex_unlock(&hostile->lock);
	if (hostile_lie_tell(hostile, lie, HOSTILE_AT_POST, HOSTILE_DEV_OTHER, 0, &item, 0,
			     &none) != HOSTILE_NEVER)
		return false;
	atomic_store(&hostile->refused, true);
	return true;
}

bool hostile_hold(struct hostile_stream *stream, const struct hostile_item *item)
{
	if (stream->held || item->len > HOSTILE_KEPT_MAX)
		return false;
	stream->held = malloc(item->len + 1);
	if (!stream->held)
		return false;
	memcpy(stream->held, item->bytes, item->len);
	stream->held_len = item->len;
	return true;
}

bool hostile_begin(struct hostile *hostile, struct hostile_stream *stream, const char *name,
		   unsigned int index)
{
	if (!hostile_armed(hostile))
		return false;
	if (stream->generation != atomic_load(&hostile->generation)) {
		uint64_t hash = 0xcbf29ce484222325u;	/* FNV-1a */

		pthread_mutex_lock(&hostile->lock);
		stream->config = hostile->config;
		stream->generation = atomic_load(&hostile->generation);
		pthread_mutex_unlock(&hostile->lock);
		for (; *name; name++)
			hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
		stream->rng.state = stream->config.seed;
		stream->rng.state = hostile_random(&stream->rng) ^ hash ^ (uint64_t)index << 48;
		stream->items = 0;
		hostile_stream_drop(stream);
	}
	return stream->items++ >= stream->config.after;
}

bool hostile_take(struct hostile *hostile, struct hostile_stream *stream,
		  enum hostile_class class)
{
	uint32_t rate = stream->config.rate;

	if (!(stream->config.classes & 1u << class))
		return false;
	if (class == HOSTILE_RESCIND)
		rate *= HOSTILE_RESCIND_RATE;
	if (hostile_below(&stream->rng, rate)) {
		hostile->seen[class]++;
		return false;
	}
	hostile_count(hostile, class);
	return true;
}

void hostile_count(struct hostile *hostile, enum hostile_class class)
{
	hostile->seen[class]++;
	hostile->changed[class]++;
}

void hostile_note(struct hostile *hostile, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	pthread_mutex_lock(&hostile->lock);
	vsnprintf(hostile->notes[hostile->nr_notes++ % HOSTILE_NOTES], HOSTILE_NOTE_SIZE, fmt,
		  args);
	pthread_mutex_unlock(&hostile->lock);
	va_end(args);
}

/* ---- what control shows ---- */

static json_t *note_list(struct hostile *hostile)
{
	json_t *list = json_array();
	unsigned int i, n = hostile->nr_notes;

	for (i = n > HOSTILE_NOTES ? n - HOSTILE_NOTES : 0; i < n; i++)
		json_array_append_new(list, json_string(hostile->notes[i % HOSTILE_NOTES]));
	return list;
}

json_t *hostile_stats(struct hostile *hostile, bool notes)
{
	json_t *stats, *items = json_object(), *classes = json_array();
	unsigned int i;

	pthread_mutex_lock(&hostile->lock);
	for (i = 0; i < HOSTILE_CLASSES; i++) {
		if (!(hostile->config.classes & 1u << i))
			continue;
		json_array_append_new(classes, json_string(class_names[i]));
		json_object_set_new(items, class_names[i],
				    json_pack("{s:I, s:I}", "seen", (json_int_t)hostile->seen[i],
					      "changed", (json_int_t)hostile->changed[i]));
	}
	stats = json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "on", hostile_armed(hostile),
			  "seed", (json_int_t)hostile->config.seed,
			  "rate", (json_int_t)hostile->config.rate,
			  "after", (json_int_t)hostile->config.after,
			  "echo", (json_int_t)hostile->config.echo,
			  "classes", classes, "items", items);
	if (hostile->config.lie) {
		json_object_set_new(stats, "lie",
				    json_string(hostile_lie_name(hostile->config.lie)));
		json_object_set_new(stats, "told", json_integer(hostile->told));
	}
	if (notes)
		json_object_set_new(stats, "notes", note_list(hostile));
	pthread_mutex_unlock(&hostile->lock);
	return stats;
}
