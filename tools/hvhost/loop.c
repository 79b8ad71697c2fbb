// SPDX-License-Identifier: GPL-2.0
/*
 * Event loops: epoll for descriptors, a binary heap for timers, a locked list with an eventfd
 * for the calls of other threads.
 */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_TURN	64

struct watch {
	int fd;
	bool dead;		/* deleted while its event may wait in the current batch */
	loop_fd_fn fn;
	void *arg;
	struct watch *next_dead;
};

struct call {
	struct call *next;
	loop_fn fn;
	void *arg;
	sem_t *done;		/* posted after the call; NULL when nobody waits */
};

struct loop_timer {
	struct loop *loop;
	loop_fn fn;
	void *arg;
	uint64_t due;		/* CLOCK_MONOTONIC, nanoseconds */
	uint64_t seq;		/* orders timers that are due at the same time */
	size_t slot;		/* index in the heap plus 1; 0 when not armed */
};

struct loop {
	char name[16];
	int epoll_fd;
	int wake_fd;
	atomic_int tid;		/* the thread in loop_run(), 0 when none */
	atomic_bool stop;
	bool has_thread;
	pthread_t thread;
	unsigned int depth;	/* loop_poll() calls that are active on the loop's thread */

	struct watch **watches;	/* by descriptor */
	size_t nr_watches;
	struct watch *dead;

	struct loop_timer **heap;
	size_t nr_timers;
	size_t heap_size;
	uint64_t timer_seq;

	pthread_mutex_t lock;	/* protects the two below */
	struct call *calls;
	struct call **calls_tail;
};

static __thread int cached_tid;

static int current_tid(void)
{
	if (!cached_tid)
		cached_tid = gettid();
	return cached_tid;
}

static void out_of_memory(void)
{
	fputs("hvhost: out of memory\n", stderr);
	abort();
}

uint64_t loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

/* ---- descriptors ---- */

int loop_add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn fn, void *arg)
{
	struct epoll_event ev = { .events = epoll_events };
	struct watch *w;
	bool fresh = false;

	if (fd < 0)
		return -EBADF;
	if ((size_t)fd >= loop->nr_watches) {
		size_t n = loop->nr_watches;
		struct watch **grown;

		while (n <= (size_t)fd)
			n = n ? 2 * n : 64;
		grown = realloc(loop->watches, n * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + loop->nr_watches, 0, (n - loop->nr_watches) * sizeof(*grown));
		loop->watches = grown;
		loop->nr_watches = n;
	}
	w = loop->watches[fd];
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return -ENOMEM;
		w->fd = fd;
		fresh = true;
	}
	ev.data.ptr = w;
	/* A watched descriptor that was closed without a word has left the epoll set. */
	if ((fresh || epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &ev) < 0) &&
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		int error = errno;

		if (fresh)
			free(w);
		else
			loop_del_fd(loop, fd);
		return -error;
	}
	w->fn = fn;
	w->arg = arg;
	loop->watches[fd] = w;
	return 0;
}

void loop_del_fd(struct loop *loop, int fd)
{
	struct watch *w;

	if (fd < 0 || (size_t)fd >= loop->nr_watches || !loop->watches[fd])
		return;
	w = loop->watches[fd];
	loop->watches[fd] = NULL;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	if (!loop->depth) {
		free(w);
		return;
	}
	w->dead = true;
	w->next_dead = loop->dead;
	loop->dead = w;
}

static void free_dead_watches(struct loop *loop)
{
	struct watch *w;

	while ((w = loop->dead)) {
		loop->dead = w->next_dead;
		free(w);
	}
}

/* ---- timers ---- */

static bool timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void heap_put(struct loop *loop, size_t i, struct loop_timer *t)
{
	loop->heap[i] = t;
	t->slot = i + 1;
}

/* Find the place of @t, starting from the free place @i. */
static void heap_sift(struct loop *loop, size_t i, struct loop_timer *t)
{
	while (i && timer_before(t, loop->heap[(i - 1) / 2])) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= loop->nr_timers)
			break;
		if (child + 1 < loop->nr_timers &&
		    timer_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!timer_before(loop->heap[child], t))
			break;
		heap_put(loop, i, loop->heap[child]);
		i = child;
	}
	heap_put(loop, i, t);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->loop = loop;
	t->fn = fn;
	t->arg = arg;
	return t;
}

void loop_timer_cancel(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	struct loop_timer *last;
	size_t i = timer->slot;

	if (!i--)
		return;
	timer->slot = 0;
	last = loop->heap[--loop->nr_timers];
	if (last != timer)
		heap_sift(loop, i, last);
}

void loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	struct loop *loop = timer->loop;
	uint64_t now = loop_now_ns();

	loop_timer_cancel(timer);
	if (loop->nr_timers == loop->heap_size) {
		size_t n = loop->heap_size ? 2 * loop->heap_size : 16;
		struct loop_timer **grown = realloc(loop->heap, n * sizeof(*grown));

		if (!grown)
			out_of_memory();
		loop->heap = grown;
		loop->heap_size = n;
	}
	timer->due = ms > (UINT64_MAX - now) / 1000000 ? UINT64_MAX : now + ms * 1000000;
	timer->seq = ++loop->timer_seq;
	loop->nr_timers++;
	heap_sift(loop, loop->nr_timers - 1, timer);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_cancel(timer);
	free(timer);
}

/* Timers that are armed by these callbacks wait for the next turn. */
static int run_timers(struct loop *loop)
{
	uint64_t now = loop_now_ns(), last_seq = loop->timer_seq;
	int count = 0;

	while (loop->nr_timers) {
		struct loop_timer *t = loop->heap[0];

		if (t->due > now || t->seq > last_seq)
			break;
		loop_timer_cancel(t);
		t->fn(t->arg);
		count++;
	}
	return count;
}

static int timeout_until_timer(const struct loop *loop, int timeout_ms)
{
	uint64_t now, ms;

	if (!loop->nr_timers)
		return timeout_ms;
	now = loop_now_ns();
	if (loop->heap[0]->due <= now)
		return 0;
	ms = (loop->heap[0]->due - now + 999999) / 1000000;
	if (timeout_ms >= 0 && ms > (uint64_t)timeout_ms)
		return timeout_ms;
	return ms > 86400000 ? 86400000 : (int)ms;
}

/* ---- calls ---- */

static void wake(struct loop *loop)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full, so the loop wakes anyway. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort();
}

/* Return: false when somebody would wait (@done) but no thread runs the loop. */
static bool queue_call(struct loop *loop, loop_fn fn, void *arg, sem_t *done)
{
	struct call *call = malloc(sizeof(*call));
	bool first;

	if (!call)
		out_of_memory();
	*call = (struct call){ .fn = fn, .arg = arg, .done = done };
	pthread_mutex_lock(&loop->lock);
	if (done && !atomic_load(&loop->tid)) {
		pthread_mutex_unlock(&loop->lock);
		free(call);
		return false;
	}
	first = !loop->calls;
	*loop->calls_tail = call;
	loop->calls_tail = &call->next;
	pthread_mutex_unlock(&loop->lock);
	if (first)
		wake(loop);
	return true;
}

void loop_call(struct loop *loop, loop_fn fn, void *arg)
{
	queue_call(loop, fn, arg, NULL);
}

void loop_call_sync(struct loop *loop, loop_fn fn, void *arg)
{
	sem_t done;

	if (loop_is_current(loop)) {
		fn(arg);
		return;
	}
	sem_init(&done, 0, 0);
	if (queue_call(loop, fn, arg, &done)) {
		while (sem_wait(&done) < 0 && errno == EINTR)
			;
	} else {
		fn(arg);
	}
	sem_destroy(&done);
}

static struct call *take_calls(struct loop *loop)
{
	struct call *calls;

	pthread_mutex_lock(&loop->lock);
	calls = loop->calls;
	loop->calls = NULL;
	loop->calls_tail = &loop->calls;
	pthread_mutex_unlock(&loop->lock);
	return calls;
}

static int run_calls(struct loop *loop)
{
	struct call *call = take_calls(loop), *next;
	int count = 0;

	for (; call; call = next) {
		next = call->next;
		call->fn(call->arg);
		if (call->done)
			sem_post(call->done);
		free(call);
		count++;
	}
	return count;
}

/* ---- the loop ---- */

struct loop *loop_new(const char *name)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	struct epoll_event ev = { .events = EPOLLIN };

	if (!loop)
		return NULL;
	snprintf(loop->name, sizeof(loop->name), "%s", name);
	loop->calls_tail = &loop->calls;
	pthread_mutex_init(&loop->lock, NULL);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &ev) < 0) {
		int error = errno;

		loop_free(loop);
		errno = error;
		return NULL;
	}
	return loop;
}

bool loop_is_current(const struct loop *loop)
{
	int tid = atomic_load(&loop->tid);

	return !tid || tid == current_tid();
}

int loop_poll(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int i, n, count = 0;

	n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN,
		       timeout_until_timer(loop, timeout_ms));
	loop->depth++;
	for (i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		if (!w) {
			uint64_t ticks;

			if (read(loop->wake_fd, &ticks, sizeof(ticks)) == sizeof(ticks))
				count += run_calls(loop);
		} else if (!w->dead) {
			w->fn(w->arg, events[i].events);
			count++;
		}
	}
	count += run_timers(loop);
	if (!--loop->depth)
		free_dead_watches(loop);
	return count;
}

static void loop_body(struct loop *loop)
{
	while (!atomic_load(&loop->stop))
		loop_poll(loop, -1);
	atomic_store(&loop->stop, false);
	pthread_mutex_lock(&loop->lock);
	atomic_store(&loop->tid, 0);
	pthread_mutex_unlock(&loop->lock);
	run_calls(loop);
}

void loop_run(struct loop *loop)
{
	atomic_store(&loop->tid, current_tid());
	loop_body(loop);
}

struct start_args {
	struct loop *loop;
	sem_t running;
};

static void *loop_thread(void *arg)
{
	struct start_args *start = arg;
	struct loop *loop = start->loop;

	pthread_setname_np(pthread_self(), loop->name);
	atomic_store(&loop->tid, current_tid());
	sem_post(&start->running);
	loop_body(loop);
	return NULL;
}

int loop_start(struct loop *loop)
{
	struct start_args start = { .loop = loop };
	int error;

	sem_init(&start.running, 0, 0);
	error = pthread_create(&loop->thread, NULL, loop_thread, &start);
	if (!error) {
		while (sem_wait(&start.running) < 0 && errno == EINTR)
			;
		loop->has_thread = true;
	}
	sem_destroy(&start.running);
	return -error;
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stop, true);
	wake(loop);
}

void loop_free(struct loop *loop)
{
	struct call *call, *next;
	size_t i;

	if (!loop)
		return;
	if (loop->has_thread)
		pthread_join(loop->thread, NULL);
	for (call = take_calls(loop); call; call = next) {
		next = call->next;
		free(call);
	}
	for (i = 0; i < loop->nr_watches; i++)
		free(loop->watches[i]);
	free_dead_watches(loop);
	free(loop->watches);
	free(loop->heap);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
