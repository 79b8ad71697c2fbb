// SPDX-License-Identifier: GPL-2.0
/*
 * When the host is told of commands: once for a batch. Each packet is published as it is written,
 * so a host that is awake takes it at once; the signal that a sleeping one needs is sent with the
 * last command of the batch, or when the block layer says that there will be none (commit_rqs).
 *
 * Commands of one batch may go to different channels: a ring fills up, a task moves to another
 * CPU. And several CPUs may be in one hardware queue, or in one channel. So what is due is noted
 * with the channel, and the hardware queue remembers one channel; whoever finds another there ends
 * that one's batch. A signal covers all that is in a ring, whoever wrote it.
 */
#include <linux/slab.h>

#include <ring/ring.h>

#include "storvsc.h"

/* Sent when the host still needs it. What is noted while it is sent is for who noted it to send. */
static void storvsc_signal(struct storvsc_channel *ch)
{
	struct vmbus_channel *vmbus;

	/* The exchange is the full barrier that hvic_ring_tx_waits() wants. */
	if (!READ_ONCE(ch->due) || !xchg(&ch->due, 0))
		return;
	/* The rings are unmapped a grace period after the channel was taken out. */
	rcu_read_lock();
	vmbus = READ_ONCE(ch->vmbus);
	if (vmbus && !READ_ONCE(vmbus->rescind) && hvic_ring_tx_waits(vmbus))
		hvic_ring_tx_signal(vmbus);
	rcu_read_unlock();
}

/*
 * Some batches have no end: where the block layer finds a queue quiesced, after it said that more
 * would come, it keeps the last command for later and says nothing. No command may wait for that.
 */
static void storvsc_end_is_lost(struct timer_list *timer)
{
	struct storvsc_host *sh = timer_container_of(sh, timer, lost_end);
	unsigned int n, i;

	/*
	 * Pairs with the exchange in storvsc_batch_add(): who found the timer pending still has
	 * noted what is due.
	 */
	smp_mb();
	/* Pairs with storvsc_add_channel(). */
	n = smp_load_acquire(&sh->nr_channels);
	for (i = 0; i < n; i++)
		storvsc_signal(&sh->channels[i]);
}

/**
 * storvsc_init_batches() - no hardware queue has begun a batch
 * @sh: the controller, which frees what is allocated here
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int storvsc_init_batches(struct storvsc_host *sh)
{
	timer_setup(&sh->lost_end, storvsc_end_is_lost, 0);
	/* As many as there are hardware queues at most: storvsc_hw_queues(). */
	sh->batches = kcalloc(nr_cpu_ids, sizeof(*sh->batches), GFP_KERNEL);
	return sh->batches ? 0 : -ENOMEM;
}

/**
 * storvsc_batch_add() - a packet was published and nobody signalled
 * @sh: the controller, which is not disconnected meanwhile
 * @hwq: the hardware queue that the command is of
 * @ch: the channel
 * @due: hvic_ring_tx_publish() said that a signal is due
 * @last: the batch ends here, and what is due is sent
 *
 * Context: any.
 */
void storvsc_batch_add(struct storvsc_host *sh, unsigned int hwq, struct storvsc_channel *ch,
		       bool due, bool last)
{
	struct storvsc_channel *before;

	if (due)
		WRITE_ONCE(ch->due, 1);
	if (last) {
		storvsc_signal(ch);
		storvsc_batch_end(sh, hwq);
		return;
	}
	if (!due)
		return;
	/*
	 * After the note in the channel: who takes it from here sees that. And before the look at the
	 * timer: one that is pending still sees it.
	 */
	before = xchg(&sh->batches[hwq].channel, ch);
	if (before && before != ch)
		storvsc_signal(before);
	if (!timer_pending(&sh->lost_end))
		mod_timer(&sh->lost_end, jiffies + STORVSC_LOST_END);
}

/**
 * storvsc_batch_end() - no more commands for now
 * @sh: the controller
 * @hwq: the hardware queue
 *
 * Context: any.
 */
void storvsc_batch_end(struct storvsc_host *sh, unsigned int hwq)
{
	struct storvsc_channel **slot = &sh->batches[hwq].channel, *ch;

	if (!READ_ONCE(*slot))
		return;
	ch = xchg(slot, NULL);
	if (ch)
		storvsc_signal(ch);
}

/**
 * storvsc_commit_rqs() - the block layer said that more would come, and was wrong
 * @shost: SCSI host
 * @hwq: the hardware queue
 *
 * Context: softirq or process; does not sleep.
 */
void storvsc_commit_rqs(struct Scsi_Host *shost, u16 hwq)
{
	storvsc_batch_end(storvsc_from_shost(shost), hwq);
}
