/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Event loops. Each loop is one thread; what is bound to a loop (a device, its channels, its
 * back ends) is touched by that thread alone, so none of it needs a lock. Threads talk by
 * calls that are queued to a loop.
 */
#ifndef HVHOST_LOOP_H
#define HVHOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

typedef void (*loop_fd_fn)(void *arg, uint32_t epoll_events);
typedef void (*loop_fn)(void *arg);

/**
 * loop_new() - make a loop
 * @name: thread name, at most 15 characters
 * Return: the loop, or NULL with errno set.
 */
struct loop *loop_new(const char *name);

/** loop_start() - run the loop in a thread of its own. Return: 0 or -errno. */
int loop_start(struct loop *loop);

/** loop_run() - run the loop in the calling thread until loop_stop(). */
void loop_run(struct loop *loop);

/** loop_stop() - let the loop end after the callback that is running; any thread. */
void loop_stop(struct loop *loop);

/** loop_free() - wait for the loop's thread, if it has one, then free the loop. */
void loop_free(struct loop *loop);

/** loop_is_current() - whether the caller runs on @loop's thread. A loop that was never
 * started counts as current everywhere (unit tests use loops that way, with loop_poll()).
 */
bool loop_is_current(const struct loop *loop);

/** loop_poll() - handle what is ready now, waiting at most @timeout_ms (-1: for ever).
 * Return: the number of callbacks made. For unit tests and for loop_run().
 */
int loop_poll(struct loop *loop, int timeout_ms);

/**
 * loop_add_fd() - call @fn(@arg, events) when @fd has one of @epoll_events
 * Level triggered. On the loop's thread, or before it starts. The caller keeps @fd.
 * Adding an fd that is there already replaces its events and callback.
 * Return: 0 or -errno.
 */
int loop_add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn fn, void *arg);

/** loop_del_fd() - forget @fd; no callback for it is made after this returns. On the loop's
 * thread (or before it starts). Forgetting an unknown fd does nothing.
 */
void loop_del_fd(struct loop *loop, int fd);

/** loop_now_ns() - the clock of timers, CLOCK_MONOTONIC, in ns; any thread. */
uint64_t loop_now_ns(void);

/** loop_timer_new() - a timer that is not armed. Return: NULL only when memory ran out. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *arg);

/** loop_timer_set() - fire once, @ms milliseconds from now (0: at the next turn); re-arms.
 * On the loop's thread.
 */
void loop_timer_set(struct loop_timer *timer, uint64_t ms);

/** loop_timer_cancel() - disarm; on the loop's thread. */
void loop_timer_cancel(struct loop_timer *timer);

/** loop_timer_free() - disarm and free; on the loop's thread. NULL is fine. */
void loop_timer_free(struct loop_timer *timer);

/** loop_call() - queue @fn(@arg) to the loop; any thread, calls keep their order. */
void loop_call(struct loop *loop, loop_fn fn, void *arg);

/** loop_call_sync() - run @fn(@arg) on the loop and wait for its end. Runs it at once when
 * the caller is on that loop. Never call it from a device's loop towards the main loop: the
 * main loop waits for devices, so a device must use loop_call() towards it.
 */
void loop_call_sync(struct loop *loop, loop_fn fn, void *arg);

#endif
