// SPDX-License-Identifier: GPL-2.0
/* Event loops: timers in order, calls from other threads, descriptors that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop.h"

static int order[64], nr_order;

struct numbered {
	int number;
	struct loop_timer *timer;
	struct loop *loop;
};

static void note(void *arg)
{
	struct numbered *n = arg;

	order[nr_order++] = n->number;
}

static void poll_for(struct loop *loop, int callbacks)
{
	int turns;

	for (turns = 0; callbacks > 0 && turns < 200; turns++)
		callbacks -= loop_poll(loop, 1000);
	assert_true(callbacks <= 0);
}

static void test_timers_fire_in_order(void **state)
{
	static const int delays[] = { 30, 5, 20, 0, 10, 5 };
	static const int expected[] = { 3, 1, 5, 4, 2, 0 };
	struct loop *loop = loop_new("test");
	struct numbered n[6];
	int i;

	nr_order = 0;
	for (i = 0; i < 6; i++) {
		n[i].number = i;
		n[i].timer = loop_timer_new(loop, note, &n[i]);
		loop_timer_set(n[i].timer, delays[i]);
	}
	poll_for(loop, 6);
	for (i = 0; i < 6; i++) {
		assert_int_equal(order[i], expected[i]);
		loop_timer_free(n[i].timer);
	}
	loop_free(loop);
}

static void test_heap_survives_cancels(void **state)
{
	struct loop *loop = loop_new("test");
	struct numbered n[60];
	int i;

	srand(1);
	nr_order = 0;
	for (i = 0; i < 60; i++) {
		n[i].number = rand() % 40;
		n[i].timer = loop_timer_new(loop, note, &n[i]);
		loop_timer_set(n[i].timer, n[i].number);
	}
	for (i = 0; i < 60; i += 3)
		loop_timer_cancel(n[i].timer);
	for (i = 1; i < 60; i += 3) {	/* re-arming moves a timer */
		n[i].number = rand() % 40;
		loop_timer_set(n[i].timer, n[i].number);
	}
	poll_for(loop, 40);
	assert_int_equal(nr_order, 40);
	assert_int_equal(loop_poll(loop, 0), 0);
	for (i = 0; i < 60; i++)
		loop_timer_free(n[i].timer);
	loop_free(loop);
}

static void rearm(void *arg)
{
	struct numbered *n = arg;

	n->number++;
	loop_timer_set(n->timer, 0);
}

static void test_zero_timer_waits_for_next_turn(void **state)
{
	struct loop *loop = loop_new("test");
	struct numbered n = { 0 };

	n.timer = loop_timer_new(loop, rearm, &n);
	loop_timer_set(n.timer, 0);
	assert_int_equal(loop_poll(loop, 0), 1);
	assert_int_equal(n.number, 1);
	assert_int_equal(loop_poll(loop, 0), 1);
	loop_timer_free(n.timer);
	loop_free(loop);
}

static void free_myself(void *arg)
{
	struct numbered *n = arg;

	loop_timer_free(n->timer);
	n->number = 1;
}

static void test_timer_frees_itself(void **state)
{
	struct loop *loop = loop_new("test");
	struct numbered n = { 0 };

	n.timer = loop_timer_new(loop, free_myself, &n);
	loop_timer_set(n.timer, 1);
	poll_for(loop, 1);
	assert_int_equal(n.number, 1);
	loop_free(loop);
}

struct pair {
	struct loop *loop;
	int fd[2];
	int calls;
};

/* Both descriptors are ready; whichever comes first deletes the other. */
static void delete_both(void *arg, uint32_t events)
{
	struct pair *p = arg;

	p->calls++;
	loop_del_fd(p->loop, p->fd[0]);
	loop_del_fd(p->loop, p->fd[1]);
}

static void test_deleted_fd_is_not_called(void **state)
{
	struct pair p = { .loop = loop_new("test") };
	int i;

	for (i = 0; i < 2; i++) {
		p.fd[i] = eventfd(1, EFD_NONBLOCK);
		assert_int_equal(loop_add_fd(p.loop, p.fd[i], EPOLLIN, delete_both, &p), 0);
	}
	loop_poll(p.loop, 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(loop_poll(p.loop, 0), 0);
	loop_del_fd(p.loop, p.fd[0]);
	loop_del_fd(p.loop, 12345);
	close(p.fd[0]);
	close(p.fd[1]);
	loop_free(p.loop);
}

static void count_call(void *arg, uint32_t events)
{
	++*(int *)arg;
}

static void test_adding_again_replaces(void **state)
{
	struct loop *loop = loop_new("test");
	int a = 0, b = 0, fd = eventfd(1, EFD_NONBLOCK);

	assert_int_equal(loop_add_fd(loop, fd, EPOLLIN, count_call, &a), 0);
	assert_int_equal(loop_add_fd(loop, fd, EPOLLIN, count_call, &b), 0);
	loop_poll(loop, 0);
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	close(fd);		/* without telling the loop: the number may come again */
	fd = eventfd(1, EFD_NONBLOCK);
	assert_int_equal(loop_add_fd(loop, fd, EPOLLIN, count_call, &a), 0);
	loop_poll(loop, 0);
	assert_int_equal(a, 1);
	assert_true(loop_add_fd(loop, -1, EPOLLIN, count_call, &a) < 0);
	close(fd);
	loop_free(loop);
}

#define THREADS	4
#define CALLS	2000

struct caller {
	struct loop *loop;
	int last, wrong, got;
};

struct one_call {
	struct caller *caller;
	int number;
};

static void in_order(void *arg)
{
	struct one_call *call = arg;

	if (!loop_is_current(call->caller->loop) || call->number != call->caller->last + 1)
		call->caller->wrong++;
	call->caller->last = call->number;
	call->caller->got++;
}

static void *call_much(void *arg)
{
	struct caller *c = arg;
	struct one_call *calls = calloc(CALLS, sizeof(*calls));
	int i;

	for (i = 0; i < CALLS; i++) {
		calls[i] = (struct one_call){ c, i + 1 };
		if (i % 100 == 99)
			loop_call_sync(c->loop, in_order, &calls[i]);
		else
			loop_call(c->loop, in_order, &calls[i]);
	}
	free(calls);		/* the last call was waited for */
	return NULL;
}

static void test_calls_from_threads(void **state)
{
	struct loop *loop = loop_new("test");
	struct caller callers[THREADS] = { 0 };
	pthread_t threads[THREADS];
	int i;

	assert_true(loop_is_current(loop));
	assert_int_equal(loop_start(loop), 0);
	assert_false(loop_is_current(loop));
	for (i = 0; i < THREADS; i++) {
		callers[i].loop = loop;
		pthread_create(&threads[i], NULL, call_much, &callers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	loop_stop(loop);
	loop_free(loop);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(callers[i].got, CALLS);
		assert_int_equal(callers[i].wrong, 0);
	}
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static void test_stop_from_callback(void **state)
{
	struct loop *loop = loop_new("test");

	loop_call(loop, stop, loop);
	loop_run(loop);
	loop_stop(loop);	/* before the run: it ends at once */
	loop_run(loop);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_fire_in_order),
		cmocka_unit_test(test_heap_survives_cancels),
		cmocka_unit_test(test_zero_timer_waits_for_next_turn),
		cmocka_unit_test(test_timer_frees_itself),
		cmocka_unit_test(test_deleted_fd_is_not_called),
		cmocka_unit_test(test_adding_again_replaces),
		cmocka_unit_test(test_calls_from_threads),
		cmocka_unit_test(test_stop_from_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
