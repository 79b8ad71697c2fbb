// SPDX-License-Identifier: GPL-2.0
/*
 * SCSI commands: from the block layer to a packet on a channel, and from the host's
 * completion back, with what happens when the completion does not come.
 */
#include <linux/blk-mq.h>
#include <linux/module.h>
#include <scsi/scsi_proto.h>
#include <scsi/scsi_dbg.h>
#include <scsi/scsi_eh.h>
#include <scsi/scsi_tcq.h>

#include "storvsc.h"

static unsigned int io_deadline = 900;
module_param(io_deadline, uint, 0644);
MODULE_PARM_DESC(io_deadline,
		 "Seconds that a command may be with the host before the bus is reset (0: for ever)");

static s64 storvsc_life(u32 generation, enum storvsc_cmd_state state)
{
	return (u64)generation << 32 | state;
}

/*
 * The SCSI layer may clear a command for each use, so it is not the command that counts. Each CPU
 * does, for itself, and no two CPUs have a generation in common.
 */
static DEFINE_PER_CPU(u32, storvsc_sent);

static u32 storvsc_next_generation(void)
{
	u32 generation = get_cpu();

	generation += __this_cpu_inc_return(storvsc_sent) * nr_cpu_ids;
	put_cpu();
	return generation;
}

static u32 storvsc_generation(const struct storvsc_cmd *sc)
{
	return upper_32_bits(atomic64_read_acquire(&sc->life));
}

static enum storvsc_cmd_state storvsc_state_of(const struct storvsc_cmd *sc)
{
	return lower_32_bits(atomic64_read_acquire(&sc->life));
}

/*
 * The one place where a command changes its state. SENDING begins a generation and is entered by
 * the command's only owner, so there is nothing to compare with and the store is no more than
 * that. All other moves are of one generation, by whoever is first; a full barrier then.
 */
static bool storvsc_move(struct storvsc_cmd *sc, u32 generation, enum storvsc_cmd_state from,
			 enum storvsc_cmd_state to)
{
	s64 old = storvsc_life(generation, from), new = storvsc_life(generation, to);

	if (to == STORVSC_CMD_SENDING) {
		atomic64_set_release(&sc->life, new);
		return true;
	}
	return atomic64_cmpxchg(&sc->life, old, new) == old;
}

/*
 * A command's transaction id: the tag (plus one, since 0 is not an id) in the low half, the
 * command's generation above it. Bit 63 is left to control requests.
 */
static u64 storvsc_xid(struct scsi_cmnd *cmd, u32 generation)
{
	return (u64)(generation & 0x7fffffff) << 32 |
	       (blk_mq_unique_tag(scsi_cmd_to_rq(cmd)) + 1);
}

static void storvsc_put_outstanding(struct storvsc_host *sh)
{
	if (atomic_dec_and_test(&sh->outstanding))
		wake_up_all(&sh->drained);
}

/**
 * storvsc_init_cmd() - once for each command that is allocated
 * @shost: SCSI host
 * @cmd: the command; its private part is zero
 *
 * Newer SCSI layers do not clear the private part for each use then.
 *
 * Context: may sleep. Return: 0.
 */
int storvsc_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	memset(sc, 0, sizeof(*sc));
	atomic64_set(&sc->life, storvsc_life(0, STORVSC_CMD_IDLE));
	return 0;
}

static void storvsc_report(struct storvsc_host *sh, struct scsi_cmnd *cmd,
			   const struct vstor_outcome *outcome)
{
	struct vstor_verdict verdict;
	struct scsi_sense_hdr sense;

	vstor_judge(outcome, cmd->cmnd, sh->kind == STORVSC_FC, &verdict);
	if (outcome->srb_status != VSTOR_SRB_SUCCESS || outcome->scsi_status)
		storvsc_log(sh, verdict.quiet ? STORVSC_LOG_WARN : STORVSC_LOG_ERROR,
			    "tag %d command %#04x: scsi status %#x, srb %#x, host %#x\n",
			    scsi_cmd_to_rq(cmd)->tag, cmd->cmnd[0], outcome->scsi_status,
			    outcome->srb_status, outcome->status);

	cmd->result = verdict.scsi_status;
	if (outcome->sense_len) {
		memcpy(cmd->sense_buffer, outcome->sense, outcome->sense_len);
		if (READ_ONCE(logging_level) >= STORVSC_LOG_WARN &&
		    scsi_normalize_sense(cmd->sense_buffer, SCSI_SENSE_BUFFERSIZE, &sense))
			scsi_print_sense_hdr(cmd->device, "storvsc", &sense);
	} else if (verdict.make_sense) {
		scsi_build_sense(cmd, 0, ILLEGAL_REQUEST, 0x24, 0);
	}
	if (verdict.host_byte != DID_OK)
		set_host_byte(cmd, verdict.host_byte);
	if (verdict.lun != VSTOR_LUN_KEEP &&
	    !storvsc_queue_lun_work(sh, verdict.lun, cmd->device->channel, cmd->device->id,
				    cmd->device->lun))
		set_host_byte(cmd, DID_BAD_TARGET);
	scsi_set_resid(cmd, scsi_bufflen(cmd) - outcome->transferred);
}

/* Takes from an answer what the command is to say, and the data pages from the host. */
static void storvsc_finish(struct storvsc_host *sh, struct scsi_cmnd *cmd,
			   const struct vstor_packet *packet, u32 len)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct vstor_outcome outcome;
	int ret;

	storvsc_take_back(cmd);
	ret = vstor_check_outcome(packet, len, sc->length, &outcome);
	if (!ret) {
		storvsc_report(sh, cmd, &outcome);
		return;
	}
	/* The host is done with the pages; what it says of them cannot be trusted. */
	atomic_inc(&sh->bad_packets);
	storvsc_log(sh, STORVSC_LOG_ERROR,
		    "completion of command %#04x, %u bytes, cannot be read: error %d\n",
		    cmd->cmnd[0], len, ret);
	cmd->result = DID_ERROR << 16;
	scsi_set_resid(cmd, scsi_bufflen(cmd));
}

struct storvsc_abandon {
	struct storvsc_host *sh;
	unsigned int commands;
	u64 bytes;
};

static void storvsc_lose(struct storvsc_abandon *lost, struct scsi_cmnd *cmd)
{
	storvsc_keep_data(cmd);
	lost->commands++;
	lost->bytes += scsi_bufflen(cmd);
}

static void storvsc_log_lost(const struct storvsc_abandon *lost)
{
	if (lost->commands)
		dev_err(&lost->sh->dev->device,
			"host does not answer %u commands; %llu bytes that it may still write are kept from use\n",
			lost->commands, lost->bytes);
}

static void storvsc_no_answer(struct scsi_cmnd *cmd)
{
	cmd->result = DID_NO_CONNECT << 16;
	scsi_set_resid(cmd, scsi_bufflen(cmd));
}

/* Whether a command in flight is the caller's now, on a controller that is given up. */
static bool storvsc_take_over(struct storvsc_cmd *sc, enum storvsc_cmd_state to)
{
	u32 generation = storvsc_generation(sc);

	/* One that is being sent is left to its sender: in this order, since it is SENT next. */
	return !storvsc_move(sc, generation, STORVSC_CMD_SENDING, STORVSC_CMD_GIVEN_UP) &&
	       storvsc_move(sc, generation, STORVSC_CMD_SENT, to);
}

static bool storvsc_abandon_one(struct scsi_cmnd *cmd, void *data)
{
	struct storvsc_abandon *lost = data;

	if (storvsc_take_over(scsi_cmd_priv(cmd), STORVSC_CMD_ABANDONED)) {
		storvsc_lose(lost, cmd);
		storvsc_put_outstanding(lost->sh);
	}
	return true;
}

static bool storvsc_finish_one(struct scsi_cmnd *cmd, void *data)
{
	struct storvsc_host *sh = data;

	if (storvsc_take_over(scsi_cmd_priv(cmd), STORVSC_CMD_DONE)) {
		storvsc_take_back(cmd);
		storvsc_no_answer(cmd);
		scsi_done(cmd);
		storvsc_put_outstanding(sh);
	}
	return true;
}

/**
 * storvsc_give_up() - give up on the host and on every command in flight
 * @sh: the controller, DEAD from here on
 *
 * A rescind tells that the host has ended its use of the device: then the pages are free and the
 * commands end. Otherwise the host may still write to the pages, which are kept, and the commands
 * are finished by whoever waits for them (error handling). What is being sent now is ended by its
 * sender either way, soon after.
 *
 * Context: any.
 */
void storvsc_give_up(struct storvsc_host *sh)
{
	struct storvsc_abandon lost = { .sh = sh };

	storvsc_set_state(sh, STORVSC_DEAD);
	if (READ_ONCE(sh->dev->channel->rescind))
		scsi_host_busy_iter(sh->shost, storvsc_finish_one, sh);
	else
		scsi_host_busy_iter(sh->shost, storvsc_abandon_one, &lost);
	storvsc_log_lost(&lost);
}

/**
 * storvsc_give_up_all() - the same, and see each command's end
 * @sh: the controller, DEAD from here on
 *
 * What is counted still is in storvsc_send(), or being finished by who took the host's answer, with
 * no host to wait for: neither the channel nor the command may go under them.
 *
 * Context: may sleep, not for the host.
 */
void storvsc_give_up_all(struct storvsc_host *sh)
{
	storvsc_give_up(sh);
	wait_event(sh->drained, !atomic_read(&sh->outstanding));
}

/* A packet that the bus did not take: the host has nothing, whatever it said meanwhile. */
static void storvsc_unsend(struct storvsc_host *sh, struct scsi_cmnd *cmd, u32 generation)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	if (storvsc_move(sc, generation, STORVSC_CMD_SENDING, STORVSC_CMD_IDLE) ||
	    storvsc_move(sc, generation, STORVSC_CMD_GIVEN_UP, STORVSC_CMD_IDLE))
		return;
	storvsc_move(sc, generation, STORVSC_CMD_ANSWERED, STORVSC_CMD_IDLE);
	atomic_inc(&sh->bad_packets);
	storvsc_log(sh, STORVSC_LOG_ERROR,
		    "completion %#llx belongs to a command that was not sent, dropped\n",
		    storvsc_xid(cmd, generation));
}

/* A command that was answered or given up while it was being sent; it is the sender's. */
static void storvsc_end_sent(struct storvsc_host *sh, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct storvsc_abandon lost = { .sh = sh };

	if (storvsc_state_of(sc) == STORVSC_CMD_ANSWERED) {
		storvsc_finish(sh, cmd, &sc->answer, sc->answer_len);
	} else if (READ_ONCE(sh->dev->channel->rescind)) {
		storvsc_take_back(cmd);
		storvsc_no_answer(cmd);
	} else {
		storvsc_lose(&lost, cmd);
		storvsc_log_lost(&lost);
		storvsc_no_answer(cmd);
	}
	/* In this order: the controller cannot go before its last command has ended. */
	storvsc_put_outstanding(sh);
	scsi_done(cmd);
}

static int storvsc_send(struct storvsc_host *sh, struct scsi_cmnd *cmd, unsigned int hwq, bool last)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u32 generation = storvsc_next_generation();
	struct vmbus_channel *vmbus;
	struct storvsc_channel *ch;
	int ret = -EAGAIN;
	bool due;

	sc->length = scsi_bufflen(cmd);
	/*
	 * Marked and counted before the host can answer; then the controller is looked at again,
	 * so that whoever stops it either sees mark and count or is seen here.
	 */
	storvsc_move(sc, generation, STORVSC_CMD_IDLE, STORVSC_CMD_SENDING);
	atomic_inc(&sh->outstanding);
	smp_mb__after_atomic();	/* pairs with storvsc_set_state() */
	rcu_read_lock();
	if (READ_ONCE(sh->state) == STORVSC_RUNNING) {
		ch = storvsc_pick_channel(sh, raw_smp_processor_id());
		vmbus = ch ? READ_ONCE(ch->vmbus) : NULL;
		if (vmbus) {
			ret = storvsc_put_packet(sh, vmbus, cmd, storvsc_xid(cmd, generation),
						 &due);
			storvsc_batch_add(sh, hwq, ch, due, last || ret);
		}
	}
	rcu_read_unlock();
	if (ret) {
		storvsc_unsend(sh, cmd, generation);
		storvsc_put_outstanding(sh);
		return ret;
	}
	/* Once SENT the command may be gone, and the controller with it: touched no more. */
	if (!storvsc_move(sc, generation, STORVSC_CMD_SENDING, STORVSC_CMD_SENT))
		storvsc_end_sent(sh, cmd);
	return 0;
}

/*
 * Return: 0 when the command is with the host; SCSI_MLQUEUE_* when it cannot be now; -errno when it
 * never can.
 */
static int storvsc_try(struct storvsc_host *sh, struct scsi_cmnd *cmd, unsigned int hwq, bool last)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	int ret;

	if (storvsc_gone(sh))
		return -ENODEV;
	if (READ_ONCE(sh->state) != STORVSC_RUNNING)
		return SCSI_MLQUEUE_HOST_BUSY;
	if (cmd->cmd_len > VSTOR_CDB_MAX || cmd->sc_data_direction == DMA_BIDIRECTIONAL)
		return -EINVAL;
	/* Hosts before 6.0 handle neither and may answer with nonsense. */
	if (sh->version < VSTOR_VERSION_6_0 &&
	    (cmd->cmnd[0] == WRITE_SAME || cmd->cmnd[0] == SET_WINDOW))
		return -EOPNOTSUPP;

	sc->sgl = NULL;
	if (scsi_sg_count(cmd)) {
		ret = storvsc_map_data(sh, cmd);
		if (ret)
			return ret == -EMSGSIZE ? ret : SCSI_MLQUEUE_DEVICE_BUSY;
	}
	if (!cmd->retries || !sc->first_sent)
		sc->first_sent = jiffies;

	ret = storvsc_send(sh, cmd, hwq, last);
	if (!ret)
		return 0;

	storvsc_take_back(cmd);
	if (ret == -EAGAIN)
		return SCSI_MLQUEUE_DEVICE_BUSY;
	storvsc_log(sh, STORVSC_LOG_ERROR, "command %#04x cannot be sent: error %d\n",
		    cmd->cmnd[0], ret);
	return ret;
}

/**
 * storvsc_queuecommand() - send a command to the host
 * @shost: SCSI host
 * @cmd: the command
 *
 * A command that cannot be sent now is given back to be tried again; one that never can is
 * completed with an error. No outcome leaves it behind, nor those before it in a batch: either
 * more commands come, or the host hears of what it has.
 *
 * Context: softirq or process; does not sleep.
 * Return: 0 when the command is taken (or completed), else SCSI_MLQUEUE_*.
 */
hvic_qc_status storvsc_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(shost);
	unsigned int hwq = blk_mq_unique_tag_to_hwq(blk_mq_unique_tag(scsi_cmd_to_rq(cmd)));
	/* Error handling sends one command at a time, and keeps flags of its past on old kernels. */
	bool last = cmd->flags & SCMD_LAST || scsi_host_in_recovery(shost);
	int ret = storvsc_try(sh, cmd, hwq, last);

	if (!ret)
		return 0;
	/* It may have been the last, and nobody says so after it. */
	storvsc_batch_end(sh, hwq);
	if (ret > 0)
		return ret;
	cmd->result = (ret == -ENODEV ? DID_NO_CONNECT : DID_ERROR) << 16;
	scsi_done(cmd);
	return 0;
}

/* The command behind an id, if its generation is that of the id. */
static struct scsi_cmnd *storvsc_find_cmd(struct storvsc_host *sh, u64 xid, u32 *generation)
{
	struct scsi_cmnd *cmd;

	/* With nothing in flight no id is ours, and the tags may be gone. */
	if (!lower_32_bits(xid) || !atomic_read(&sh->outstanding))
		return NULL;
	cmd = scsi_host_find_tag(sh->shost, lower_32_bits(xid) - 1);
	if (!cmd)
		return NULL;
	*generation = storvsc_generation(scsi_cmd_priv(cmd));
	return (*generation & 0x7fffffff) == upper_32_bits(xid) ? cmd : NULL;
}

/* Leaves an answer to a command that is being sent still with its sender, if so it is. */
static bool storvsc_answer_early(struct storvsc_host *sh, struct storvsc_cmd *sc, u32 generation,
				 const struct vstor_packet *packet, u32 len)
{
	const s64 sending = storvsc_life(generation, STORVSC_CMD_SENDING);
	unsigned long flags;
	bool left = false;

	if (likely(atomic64_read(&sc->life) != sending))
		return false;
	/* The lock is for the room for the answer: the host has more than one channel to answer on. */
	spin_lock_irqsave(&sh->reply_lock, flags);
	if (atomic64_read(&sc->life) == sending) {
		sc->answer_len = min_t(u32, len, sizeof(sc->answer));
		memcpy(&sc->answer, packet, sc->answer_len);
		left = storvsc_move(sc, generation, STORVSC_CMD_SENDING, STORVSC_CMD_ANSWERED);
	}
	spin_unlock_irqrestore(&sh->reply_lock, flags);
	return left;
}

/**
 * storvsc_complete() - take the host's completion of a command
 * @sh: the controller
 * @xid: transaction id
 * @packet: the completion, @len bytes of it
 * @len: bytes, at least VSTOR_PACKET_HEADER_LEN
 *
 * Context: softirq, the channel callback.
 */
void storvsc_complete(struct storvsc_host *sh, u64 xid, const struct vstor_packet *packet, u32 len)
{
	u32 generation;
	struct scsi_cmnd *cmd = storvsc_find_cmd(sh, xid, &generation);
	struct storvsc_cmd *sc;

	if (cmd) {
		sc = scsi_cmd_priv(cmd);
		if (storvsc_answer_early(sh, sc, generation, packet, len))
			return;
		if (storvsc_move(sc, generation, STORVSC_CMD_SENT, STORVSC_CMD_DONE)) {
			storvsc_finish(sh, cmd, packet, len);
			/* In this order: a drained controller has ended its last command. */
			scsi_done(cmd);
			storvsc_put_outstanding(sh);
			return;
		}
	}
	atomic_inc(&sh->bad_packets);
	storvsc_log(sh, STORVSC_LOG_ERROR,
		    "completion %#llx belongs to no command in flight, dropped\n", xid);
}

/**
 * storvsc_drain() - wait until the host has answered every command
 * @sh: the controller
 * @timeout: at most this long, in jiffies
 *
 * Context: may sleep. Return: whether nothing is outstanding.
 */
bool storvsc_drain(struct storvsc_host *sh, unsigned long timeout)
{
	unsigned long end = jiffies + timeout;

	while (atomic_read(&sh->outstanding)) {
		if (wait_event_timeout(sh->drained, !atomic_read(&sh->outstanding), HZ / 4))
			break;
		if (storvsc_gone(sh) || time_after(jiffies, end))
			break;
	}
	return !atomic_read(&sh->outstanding);
}

/**
 * storvsc_command_timeout() - the block layer's timer for the commands of a LUN that is found now
 *
 * io_deadline is looked at when the timer runs out, so the timer is no longer than that. The
 * SCSI layer takes twice as much for a flush of the cache.
 *
 * Context: any. Return: jiffies.
 */
unsigned int storvsc_command_timeout(void)
{
	unsigned int deadline = READ_ONCE(io_deadline);

	if (!deadline || deadline > STORVSC_COMMAND_TIMEOUT / HZ)
		return STORVSC_COMMAND_TIMEOUT;
	return deadline * HZ;
}

/**
 * storvsc_timed_out() - the block layer's timer ran out
 * @cmd: the command
 *
 * A host may be slow without limit and still finish (storage behind it is being moved, say),
 * and it does its own retries. So the timer is armed again, up to io_deadline.
 *
 * Context: process (kblockd).
 * Return: SCSI_EH_RESET_TIMER, or SCSI_EH_NOT_HANDLED to begin error handling.
 */
enum scsi_timeout_action storvsc_timed_out(struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(cmd->device->host);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	unsigned int deadline = READ_ONCE(io_deadline);

	/* In the middle of storvsc_send(), which ends it if it is not SENT: nobody else may. */
	switch (storvsc_state_of(sc)) {
	case STORVSC_CMD_SENDING:
	case STORVSC_CMD_ANSWERED:
	case STORVSC_CMD_GIVEN_UP:
		return SCSI_EH_RESET_TIMER;
	default:
		break;
	}
	if (storvsc_gone(sh))
		return SCSI_EH_NOT_HANDLED;
	if (!deadline || time_before(jiffies, sc->first_sent + deadline * HZ))
		return SCSI_EH_RESET_TIMER;
	storvsc_log(sh, STORVSC_LOG_ERROR, "command %#04x is with the host for %u s, giving up\n",
		    cmd->cmnd[0], jiffies_to_msecs(jiffies - sc->first_sent) / 1000);
	return SCSI_EH_NOT_HANDLED;
}

/**
 * storvsc_host_reset() - the last step of error handling: reset the bus
 * @cmd: a command of the controller
 *
 * Context: the error handler's thread; bounded by STORVSC_CONTROL_TIMEOUT and
 * STORVSC_FLUSH_TIMEOUT.
 * Return: SUCCESS when the host flushed everything; else FAILED, and the controller is DEAD or was
 * CLOSED.
 */
int storvsc_host_reset(struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(cmd->device->host);

	/* Suspended, or removed while a program has a LUN open: nothing is with the host. */
	if (READ_ONCE(sh->state) == STORVSC_CLOSED)
		return FAILED;
	if (!storvsc_gone(sh) && !storvsc_reset_bus(sh) &&
	    storvsc_drain(sh, STORVSC_FLUSH_TIMEOUT))
		return SUCCESS;
	storvsc_give_up_all(sh);
	return FAILED;
}
