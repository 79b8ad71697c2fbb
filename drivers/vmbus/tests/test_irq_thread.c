// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: interrupts served by a thread a CPU, as with PREEMPT_RT, on a kernel without it: who calls
 * a channel's callback, timers that do not wait for the thread, CPUs that go and come, the end.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "fixture.h"

/* Hypervisor's message type of an expired timer; it shares the slot. */
#define TIMER_EXPIRED	0x80000010

struct served {
	atomic_t calls;
	bool hard;			/* in an interrupt */
	unsigned int cpu, policy, priority;
	char comm[TASK_COMM_LEN];
};

static void serve(void *context)
{
	struct served *served = context;

	served->hard = in_hardirq();
	served->cpu = raw_smp_processor_id();
	served->policy = current->policy;
	served->priority = current->rt_priority;
	strscpy(served->comm, current->comm, sizeof(served->comm));
	atomic_inc(&served->calls);
}

static int irq_thread_init(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, bus_prepare(test), 0);
	fake_machine.threaded = true;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	return 0;
}

static struct vmbus_channel *open_served(struct kunit *test, u32 relid, struct served *served,
					 enum hv_callback_mode mode)
{
	struct vmbus_channel *channel = bus_offer(test, relid, &fake_nic, relid, 0);

	memset(served, 0, sizeof(*served));
	/* Of a class of its own for lockdep: no interrupt takes it here. */
	spin_lock_init(&channel->sched_lock);
	set_channel_read_mode(channel, mode);
	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0, serve,
					 served), 0);
	return channel;
}

static unsigned int threads(void)
{
	struct task_struct *task;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_process(task)
		n += !strncmp(task->comm, "hv_vmbus/", 9);
	rcu_read_unlock();
	return n;
}

/* In each mode, on each CPU: that CPU's thread, with a priority that may wait for a lock. */
static void thread_serves(struct kunit *test)
{
	static const enum hv_callback_mode modes[] = {
		HV_CALL_ISR, HV_CALL_DIRECT, HV_CALL_BATCHED,
	};
	struct vmbus_channel *channel;
	struct served served;
	char comm[TASK_COMM_LEN];
	unsigned int i, cpu, n = 0;

	KUNIT_EXPECT_EQ(test, threads(), num_online_cpus());
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		channel = open_served(test, 1 + i, &served, modes[i]);
		n = 0;
		for_each_online_cpu(cpu) {
			snprintf(comm, sizeof(comm), "hv_vmbus/%u", cpu);
			fake_hv_event(cpu, 1 + i);
			n++;
			KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&served.calls) == n));
			KUNIT_EXPECT_FALSE(test, served.hard);
			KUNIT_EXPECT_EQ(test, served.cpu, cpu);
			/* A tasklet may run behind another softirq, elsewhere on that CPU. */
			if (modes[i] != HV_CALL_ISR)
				continue;
			KUNIT_EXPECT_STREQ(test, served.comm, comm);
			KUNIT_EXPECT_EQ(test, served.policy, (unsigned int)SCHED_FIFO);
			KUNIT_EXPECT_EQ(test, served.priority, MAX_RT_PRIO / 2u);
		}
		KUNIT_EXPECT_EQ(test, channel->interrupts, (u64)n);
		vmbus_close(channel);
	}
}

/* One event behind the other, on two CPUs: none is left. */
static void thread_misses_nothing(struct kunit *test)
{
	struct vmbus_channel *channel;
	struct served served;
	unsigned int i;

	channel = open_served(test, 9, &served, HV_CALL_ISR);
	for (i = 1; i <= 500; i++) {
		fake_hv_event(i % num_online_cpus(), 9);
		/* Some come while the thread runs, some when it has gone to sleep. */
		if (i % 3)
			udelay(i % 50);
		KUNIT_ASSERT_TRUE(test, fake_wait(atomic_read(&served.calls) == i));
	}
	KUNIT_EXPECT_EQ(test, channel->interrupts, 500ull);
	vmbus_close(channel);
}

/* The clock is served in the interrupt itself, channel messages are as ever. */
static void thread_and_timers(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, fake_hv_message(0, TIMER_EXPIRED, NULL, 0, 24));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.ticks), 1);
	KUNIT_EXPECT_EQ(test, fake_hv_slot(0)->header.message_type, (u32)HVMSG_NONE);
	KUNIT_EXPECT_NOT_NULL(test, bus_offer(test, 1, &fake_nic, 1, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.ticks), 1);
}

/* A CPU goes, and its channels with it; when it comes its thread serves again. */
static void thread_of_a_cpu_that_goes(struct kunit *test)
{
	struct vmbus_channel *channel;
	struct served served;
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	channel = open_served(test, 3, &served, HV_CALL_ISR);
	for (i = 1; i <= 2; i++) {
		KUNIT_ASSERT_EQ(test, remove_cpu(1), 0);
		KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(1, &fake_hv.enabled));
		KUNIT_ASSERT_EQ(test, add_cpu(1), 0);
		fake_hv_event(1, 3);
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&served.calls) == i));
		KUNIT_EXPECT_EQ(test, served.cpu, 1u);
		KUNIT_EXPECT_STREQ(test, served.comm, "hv_vmbus/1");
	}
	vmbus_close(channel);
}

/* They go with the bus and come with it. */
static void thread_goes_with_the_bus(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, threads(), num_online_cpus());
		bus_unload(test);
		/* A task is off the list a little after it was waited for. */
		KUNIT_EXPECT_TRUE(test, fake_wait(!threads()));
		KUNIT_ASSERT_EQ(test, bus_load(), 0);
	}
	/* Where locks do not sleep there is none. */
	bus_unload(test);
	fake_machine.threaded = false;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(!threads()));
}

static struct kunit_case irq_thread_cases[] = {
	KUNIT_CASE(thread_serves),
	KUNIT_CASE(thread_misses_nothing),
	KUNIT_CASE(thread_and_timers),
	KUNIT_CASE(thread_of_a_cpu_that_goes),
	KUNIT_CASE(thread_goes_with_the_bus),
	{ }
};

struct kunit_suite irq_thread_suite = {
	.name = "hv-vmbus-irq-thread",
	.init = irq_thread_init,
	.exit = bus_exit,
	.test_cases = irq_thread_cases,
};
