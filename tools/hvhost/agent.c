// SPDX-License-Identifier: GPL-2.0
/*
 * Takes frames apart as their bytes come in and hands them on at once; answers wait in a
 * queue until the guest reads them.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_port.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define QUEUE_MAX	(4u << 20)	/* bytes for a guest that asks and does not read */
#define REQUESTS_MAX	64		/* control requests without an answer yet */

struct request {
	struct request *next;
	struct agent *agent;
	struct control_pending *pending;
	size_t len;
	char line[];
};

struct agent {
	struct agent_config config;
	int out_fd;
	bool complained;

	pthread_mutex_t lock;		/* protects everything below */
	uint8_t header[sizeof(struct agent_frame)];
	size_t header_len;
	struct agent_frame frame;
	uint32_t left;			/* payload bytes of @frame that are to come */
	uint8_t *body;			/* of frames that are handled whole */
	size_t body_len;
	uint8_t *queue;			/* bytes for the guest */
	size_t queue_len, queue_size;
	struct request *requests;	/* without an answer yet */
	unsigned int nr_requests;
};

static void complain(struct agent *a, const char *what)
{
	if (a->complained)
		return;
	a->complained = true;
	fprintf(stderr, "hvhost: agent port: %s; such frames are ignored\n", what);
}

static void write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= n;
	}
}

/* ---- frames that are passed on piece by piece ---- */

static void stream_stdout(struct agent *a, const uint8_t *data, size_t len)
{
	write_all(a->config.stdout_fd, data, len);
}

static void stream_stderr(struct agent *a, const uint8_t *data, size_t len)
{
	write_all(a->config.stderr_fd, data, len);
}

static void stream_out(struct agent *a, const uint8_t *data, size_t len)
{
	if (a->out_fd >= 0)
		write_all(a->out_fd, data, len);
}

/* ---- frames that are handled when they are complete ---- */

static void whole_exit(struct agent *a)
{
	uint32_t status;
	char text[16];
	int fd, n;

	if (a->body_len != sizeof(status)) {
		complain(a, "an exit frame without a 32-bit status");
		return;
	}
	memcpy(&status, a->body, sizeof(status));
	if (!a->config.status_path)
		return;
	fd = open(a->config.status_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		fprintf(stderr, "hvhost: cannot write %s: %s\n", a->config.status_path,
			strerror(errno));
		return;
	}
	n = snprintf(text, sizeof(text), "%u\n", status);
	write_all(fd, (const uint8_t *)text, n);
	close(fd);
}

static void whole_ready(struct agent *a)
{
	if (a->config.ready)
		a->config.ready(a->config.arg);
}

static bool queue_bytes(struct agent *a, const void *data, size_t len)
{
	if (a->queue_len + len > a->queue_size) {
		size_t size = a->queue_len + len + 4096;
		uint8_t *grown = size <= QUEUE_MAX ? realloc(a->queue, size) : NULL;

		if (!grown)
			return false;
		a->queue = grown;
		a->queue_size = size;
	}
	memcpy(a->queue + a->queue_len, data, len);
	a->queue_len += len;
	return true;
}

static void queue_answer(struct agent *a, const char *text)
{
	struct agent_frame frame = { .type = AGENT_CONTROL, .len = strlen(text) };
	static const char too_long[] = "{\"ok\": false, \"error\": \"the answer is too long\"}";

	if (frame.len > AGENT_FRAME_MAX) {
		text = too_long;
		frame.len = strlen(text);
	}
	pthread_mutex_lock(&a->lock);
	if (a->queue_len + sizeof(frame) + frame.len > QUEUE_MAX - 4096)
		complain(a, "the guest does not read its answers");
	else if (queue_bytes(a, &frame, sizeof(frame)))
		queue_bytes(a, text, frame.len);
	pthread_mutex_unlock(&a->lock);
}

static void forget_request(struct request *r)
{
	struct agent *a = r->agent;
	struct request **p = &a->requests;

	pthread_mutex_lock(&a->lock);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	a->nr_requests--;
	pthread_mutex_unlock(&a->lock);
	free(r);
}

static void on_answer(void *arg, char *text)
{
	struct request *r = arg;

	queue_answer(r->agent, text);
	free(text);
	forget_request(r);
}

/* Main loop. The answer may come before control_request_async() returns. */
static void serve_request(void *arg)
{
	struct request *r = arg;
	struct control_pending *pending;

	pending = control_request_async(r->agent->config.control, r->line, r->len, on_answer, r);
	if (pending)
		r->pending = pending;
}

static void whole_control(struct agent *a)
{
	struct request *r;

	if (a->nr_requests == REQUESTS_MAX) {
		complain(a, "too many control requests without an answer");
		return;
	}
	r = malloc(sizeof(*r) + a->body_len + 1);
	if (!r)
		return;
	*r = (struct request){ .next = a->requests, .agent = a, .len = a->body_len };
	memcpy(r->line, a->body, a->body_len);
	r->line[r->len] = '\0';
	a->requests = r;
	a->nr_requests++;
	loop_call(a->config.loop, serve_request, r);
}

/* ---- the stream from the guest ---- */

static const struct frame_kind {
	void (*stream)(struct agent *a, const uint8_t *data, size_t len);
	void (*whole)(struct agent *a);
	uint32_t max_len;	/* of whole frames */
} kinds[] = {
	[AGENT_STDOUT] = { stream_stdout, NULL, AGENT_FRAME_MAX },
	[AGENT_STDERR] = { stream_stderr, NULL, AGENT_FRAME_MAX },
	[AGENT_EXIT] = { NULL, whole_exit, 4 },
	[AGENT_CONTROL] = { NULL, whole_control, AGENT_FRAME_MAX },
	[AGENT_OUT] = { stream_out, NULL, AGENT_FRAME_MAX },
	[AGENT_READY] = { NULL, whole_ready, 0 },
};

static const struct frame_kind *kind_of(const struct agent *a)
{
	static const struct frame_kind ignored;
	uint8_t type = a->frame.type;

	if (type >= ARRAY_SIZE(kinds) || a->frame.len > kinds[type].max_len)
		return &ignored;
	return &kinds[type];
}

static void end_frame(struct agent *a)
{
	const struct frame_kind *kind = kind_of(a);

	if (kind->whole)
		kind->whole(a);
	a->body_len = 0;
	a->header_len = 0;
}

static void begin_frame(struct agent *a)
{
	memcpy(&a->frame, a->header, sizeof(a->frame));
	a->left = a->frame.len;
	if (!kind_of(a)->stream && !kind_of(a)->whole)
		complain(a, "a frame of unknown type or bad length");
	if (!a->left)
		end_frame(a);
}

static void from_guest(struct agent *a, const uint8_t *data, size_t len)
{
	while (len) {
		const struct frame_kind *kind;
		size_t n;

		if (a->header_len < sizeof(a->header)) {
			a->header[a->header_len++] = *data++;
			len--;
			if (a->header_len == sizeof(a->header))
				begin_frame(a);
			continue;
		}
		kind = kind_of(a);
		n = len < a->left ? len : a->left;
		if (kind->stream) {
			kind->stream(a, data, n);
		} else if (kind->whole) {
			memcpy(a->body + a->body_len, data, n);
			a->body_len += n;
		}
		a->left -= n;
		data += n;
		len -= n;
		if (!a->left)
			end_frame(a);
	}
}

static void to_guest(struct agent *a, uint8_t *data, size_t len)
{
	size_t n = len < a->queue_len ? len : a->queue_len;

	memcpy(data, a->queue, n);
	memset(data + n, 0, len - n);
	a->queue_len -= n;
	memmove(a->queue, a->queue + n, a->queue_len);
}

/* ---- ports ---- */

static void data_port(void *arg, uint16_t offset, bool write, void *data, unsigned int size,
		      unsigned int count)
{
	struct agent *a = arg;

	pthread_mutex_lock(&a->lock);
	if (write)
		from_guest(a, data, (size_t)size * count);
	else if (a->queue_len)
		to_guest(a, data, (size_t)size * count);
	else
		memset(data, 0, (size_t)size * count);
	pthread_mutex_unlock(&a->lock);
}

static void page_port(void *arg, uint16_t offset, bool write, void *data, unsigned int size,
		      unsigned int count)
{
	struct agent *a = arg;
	const struct agent_page *page;
	uint32_t number, len;

	if (!write || offset || size != sizeof(number) || count != 1)
		return;
	memcpy(&number, data, sizeof(number));
	page = guest_ptr(a->config.memory, (uint64_t)number << GUEST_PAGE_SHIFT, GUEST_PAGE_SIZE);
	len = page ? __atomic_load_n(&page->len, __ATOMIC_RELAXED) : UINT32_MAX;
	pthread_mutex_lock(&a->lock);
	if (len > AGENT_PAGE_MAX)
		complain(a, "a page that is not RAM or claims too many bytes");
	else
		from_guest(a, page->data, len);
	pthread_mutex_unlock(&a->lock);
}

static void answer_u32(bool write, void *data, unsigned int size, unsigned int count,
		       uint32_t value)
{
	unsigned int i;

	if (write)
		return;
	for (i = 0; i < count; i++)
		memcpy((uint8_t *)data + (size_t)i * size, &value, size);
}

static void avail_port(void *arg, uint16_t offset, bool write, void *data, unsigned int size,
		       unsigned int count)
{
	struct agent *a = arg;

	pthread_mutex_lock(&a->lock);
	answer_u32(write, data, size, count, a->queue_len);
	pthread_mutex_unlock(&a->lock);
}

static void id_port(void *arg, uint16_t offset, bool write, void *data, unsigned int size,
		    unsigned int count)
{
	answer_u32(write, data, size, count, AGENT_PORT_MAGIC);
}

void agent_add_ports(struct agent *agent, struct ports *ports)
{
	const struct port_range ranges[] = {
		{ .first = AGENT_PORT_DATA, .count = 4, .fn = data_port, .arg = agent },
		{ .first = AGENT_PORT_AVAIL, .count = 4, .fn = avail_port, .arg = agent },
		{ .first = AGENT_PORT_ID, .count = 4, .fn = id_port, .arg = agent },
		{ .first = AGENT_PORT_PAGE, .count = 4, .fn = page_port, .arg = agent },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		ports_add(ports, &ranges[i]);
}

/* ---- life ---- */

struct agent *agent_new(const struct agent_config *config, struct error *err)
{
	struct agent *a = calloc(1, sizeof(*a));

	if (a)
		a->body = malloc(AGENT_FRAME_MAX);
	if (!a || !a->body) {
		free(a);
		error_set(err, "out of memory");
		return NULL;
	}
	a->config = *config;
	a->out_fd = -1;
	pthread_mutex_init(&a->lock, NULL);
	if (config->out_path) {
		a->out_fd = open(config->out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0666);
		if (a->out_fd < 0) {
			error_set(err, "cannot write %s: %s", config->out_path,
				  strerror(errno));
			agent_free(a);
			return NULL;
		}
	}
	return a;
}

void agent_reset(struct agent *agent)
{
	pthread_mutex_lock(&agent->lock);
	agent->header_len = 0;
	agent->body_len = 0;
	agent->queue_len = 0;
	pthread_mutex_unlock(&agent->lock);
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	while (agent->requests) {
		if (agent->requests->pending)
			control_cancel(agent->requests->pending);
		forget_request(agent->requests);
	}
	if (agent->out_fd >= 0)
		close(agent->out_fd);
	pthread_mutex_destroy(&agent->lock);
	free(agent->body);
	free(agent->queue);
	free(agent);
}
