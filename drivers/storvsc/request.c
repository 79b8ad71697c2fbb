// SPDX-License-Identifier: GPL-2.0
/*
 * SCSI commands: from the block layer to a packet on a channel, and from the host's
 * completion back, with what happens when the completion does not come.
 */
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>
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

/*
 * A command's transaction id: the tag (plus one, since 0 is not an id) in the low half, the
 * command's generation above it. Bit 63 is left to control requests.
 */
static u64 storvsc_xid(struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	return (u64)(sc->generation & 0x7fffffff) << 32 |
	       (blk_mq_unique_tag(scsi_cmd_to_rq(cmd)) + 1);
}

static void storvsc_put_outstanding(struct storvsc_host *sh)
{
	if (atomic_dec_and_test(&sh->outstanding))
		wake_up_all(&sh->drained);
}

static void storvsc_free_payload(struct storvsc_host *sh, struct storvsc_cmd *sc)
{
	if (sc->payload && sc->payload != (void *)sc->inline_payload)
		mempool_free(sc->payload, sh->payload_pool);
	sc->payload = NULL;
}

/* The command's data pages belong to the guest again. */
static void storvsc_take_back(struct storvsc_host *sh, struct scsi_cmnd *cmd)
{
	storvsc_free_payload(sh, scsi_cmd_priv(cmd));
	scsi_dma_unmap(cmd);
}

/**
 * storvsc_init_cmd() - once for each command that is allocated
 * @shost: SCSI host
 * @cmd: the command; its private part is zero
 *
 * With this the private part is not cleared for each use, so the generation lives on.
 *
 * Context: may sleep. Return: 0.
 */
int storvsc_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	memset(sc, 0, sizeof(*sc));
	atomic_set(&sc->state, STORVSC_CMD_IDLE);
	return 0;
}

/*
 * The command's data as one range of 4 KiB pages. The queue's boundary mask makes every
 * element but the first start, and every one but the last end, on such a page.
 */
static int storvsc_map_data(struct storvsc_host *sh, struct scsi_cmnd *cmd, u32 *payload_len)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u32 length = scsi_bufflen(cmd), offset, pages, n = 0;
	struct scatterlist *sg;
	int count, i;

	offset = offset_in_hvpage(scsi_sglist(cmd)->offset);
	pages = HVPFN_UP(offset + length);
	if (pages > (sh->limits.max_transfer >> HV_HYP_PAGE_SHIFT) + 1)
		return -EMSGSIZE;
	sc->payload = (void *)sc->inline_payload;
	if (pages > STORVSC_INLINE_PFNS) {
		sc->payload = mempool_alloc(sh->payload_pool, GFP_ATOMIC | __GFP_NOWARN);
		if (!sc->payload)
			return -ENOMEM;
	}
	count = scsi_dma_map(cmd);
	if (count < 0) {
		storvsc_free_payload(sh, sc);
		return -ENOMEM;
	}
	sc->payload->rangecount = 1;
	sc->payload->range.len = length;
	sc->payload->range.offset = offset;
	scsi_for_each_sg(cmd, sg, count, i) {
		u64 pfn = HVPFN_DOWN(sg_dma_address(sg));
		u64 end = HVPFN_UP(sg_dma_address(sg) + sg_dma_len(sg));

		while (pfn < end && n < pages)
			sc->payload->range.pfn_array[n++] = pfn++;
	}
	*payload_len = sizeof(*sc->payload) + n * sizeof(u64);
	return 0;
}

static void storvsc_fill_srb(struct scsi_cmnd *cmd, struct vstor_packet *packet, u16 version,
			     unsigned int port)
{
	struct vstor_srb *srb = &packet->srb;
	u32 flags = VSTOR_SRB_FLAG_DISABLE_SYNCH_TRANSFER;

	memset(packet, 0, sizeof(*packet));
	packet->operation = cpu_to_le32(VSTOR_OP_EXECUTE_SRB);
	packet->flags = cpu_to_le32(VSTOR_FLAG_REQUEST_COMPLETION);

	srb->port_number = port;
	srb->path_id = cmd->device->channel;
	srb->target_id = cmd->device->id;
	srb->lun = cmd->device->lun;
	srb->cdb_length = cmd->cmd_len;
	memcpy(srb->cdb, cmd->cmnd, cmd->cmd_len);
	srb->data_transfer_length = cpu_to_le32(scsi_bufflen(cmd));

	switch (cmd->sc_data_direction) {
	case DMA_TO_DEVICE:
		srb->data_in = VSTOR_DATA_OUT;
		flags |= VSTOR_SRB_FLAG_DATA_OUT;
		break;
	case DMA_FROM_DEVICE:
		srb->data_in = VSTOR_DATA_IN;
		flags |= VSTOR_SRB_FLAG_DATA_IN;
		break;
	default:
		srb->data_in = VSTOR_DATA_NONE;
	}

	if (version < VSTOR_VERSION_5_1) {
		srb->length = cpu_to_le16(VSTOR_SRB_LEN_V1);
		srb->sense_info_length = VSTOR_SENSE_MAX_V1;
		return;
	}
	srb->length = cpu_to_le16(VSTOR_SRB_LEN_V2);
	srb->sense_info_length = VSTOR_SENSE_MAX;
	srb->timeout = cpu_to_le32(60);
	if (cmd->device->tagged_supported) {
		flags |= VSTOR_SRB_FLAG_QUEUE_ACTION_ENABLE | VSTOR_SRB_FLAG_NO_QUEUE_FREEZE;
		srb->queue_tag = VSTOR_QUEUE_TAG_UNTAGGED;
		srb->queue_action = VSTOR_QUEUE_ACTION_SIMPLE;
	}
	srb->srb_flags = cpu_to_le32(flags);
}

static int storvsc_send(struct storvsc_host *sh, struct scsi_cmnd *cmd, u32 payload_len)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct vmbus_channel *ch;
	u64 xid;
	int ret;

	sc->generation++;
	sc->length = scsi_bufflen(cmd);
	xid = storvsc_xid(cmd);
	/*
	 * Counted and marked before the host can answer; then the state is looked at again, so
	 * that whoever stops the controller either sees the count or is seen here.
	 */
	atomic_inc(&sh->outstanding);
	atomic_set_release(&sc->state, STORVSC_CMD_SENT);
	smp_mb__after_atomic();	/* pairs with storvsc_set_state() */
	if (READ_ONCE(sh->state) != STORVSC_RUNNING) {
		ret = -EAGAIN;
		goto not_sent;
	}

	ch = storvsc_pick_channel(sh, raw_smp_processor_id());
	if (payload_len)
		ret = vmbus_sendpacket_mpb_desc(ch, sc->payload, payload_len, &sc->packet,
						vstor_packet_len(sh->version), xid);
	else
		ret = vmbus_sendpacket(ch, &sc->packet, vstor_packet_len(sh->version), xid,
				       VM_PKT_DATA_INBAND,
				       VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	if (!ret)
		return 0;

not_sent:
	/* Whoever gives up on the controller may have finished the command already. */
	if (atomic_cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_IDLE) != STORVSC_CMD_SENT)
		return 0;
	storvsc_put_outstanding(sh);
	return ret;
}

static int storvsc_refuse(struct scsi_cmnd *cmd, int host_byte)
{
	cmd->result = host_byte << 16;
	scsi_done(cmd);
	return 0;
}

/**
 * storvsc_queuecommand() - send a command to the host
 * @shost: SCSI host
 * @cmd: the command
 *
 * A command that cannot be sent now is given back to be tried again; one that never can is
 * completed with an error. No outcome leaves it behind.
 *
 * Context: softirq or process; does not sleep.
 * Return: 0 when the command is taken (or completed), else SCSI_MLQUEUE_*.
 */
int storvsc_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(shost);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u32 payload_len = 0;
	int ret;

	if (storvsc_gone(sh))
		return storvsc_refuse(cmd, DID_NO_CONNECT);
	if (READ_ONCE(sh->state) != STORVSC_RUNNING)
		return SCSI_MLQUEUE_HOST_BUSY;
	if (cmd->cmd_len > VSTOR_CDB_MAX || cmd->sc_data_direction == DMA_BIDIRECTIONAL)
		return storvsc_refuse(cmd, DID_ERROR);
	/* Hosts before 6.0 handle neither and may answer with nonsense. */
	if (sh->version < VSTOR_VERSION_6_0 &&
	    (cmd->cmnd[0] == WRITE_SAME || cmd->cmnd[0] == SET_WINDOW))
		return storvsc_refuse(cmd, DID_ERROR);

	storvsc_fill_srb(cmd, &sc->packet, sh->version, shost->host_no);
	sc->payload = NULL;
	if (scsi_sg_count(cmd)) {
		ret = storvsc_map_data(sh, cmd, &payload_len);
		if (ret == -EMSGSIZE)
			return storvsc_refuse(cmd, DID_ERROR);
		if (ret)
			return SCSI_MLQUEUE_DEVICE_BUSY;
	}
	if (!cmd->retries || !sc->first_sent)
		sc->first_sent = jiffies;

	migrate_disable();
	ret = storvsc_send(sh, cmd, payload_len);
	migrate_enable();
	if (!ret)
		return 0;

	storvsc_take_back(sh, cmd);
	if (ret == -EAGAIN)
		return SCSI_MLQUEUE_DEVICE_BUSY;
	storvsc_log(sh, STORVSC_LOG_ERROR, "command %#04x cannot be sent: error %d\n",
		    cmd->cmnd[0], ret);
	return storvsc_refuse(cmd, ret == -ENODEV ? DID_NO_CONNECT : DID_ERROR);
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

/* The command behind an id, if it is in flight under that very id. */
static struct scsi_cmnd *storvsc_find_cmd(struct storvsc_host *sh, u64 xid)
{
	struct storvsc_cmd *sc;
	struct scsi_cmnd *cmd;

	/* With nothing in flight no id is ours, and the tags may be gone. */
	if (!lower_32_bits(xid) || !atomic_read(&sh->outstanding))
		return NULL;
	cmd = scsi_host_find_tag(sh->shost, lower_32_bits(xid) - 1);
	if (!cmd)
		return NULL;
	sc = scsi_cmd_priv(cmd);
	if (atomic_read_acquire(&sc->state) != STORVSC_CMD_SENT ||
	    (sc->generation & 0x7fffffff) != upper_32_bits(xid))
		return NULL;
	return cmd;
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
	struct scsi_cmnd *cmd = storvsc_find_cmd(sh, xid);
	struct vstor_outcome outcome;
	struct storvsc_cmd *sc;
	int ret;

	if (!cmd) {
		atomic_inc(&sh->bad_packets);
		storvsc_log(sh, STORVSC_LOG_ERROR,
			    "completion %#llx belongs to no command in flight, dropped\n", xid);
		return;
	}
	sc = scsi_cmd_priv(cmd);
	ret = vstor_check_outcome(packet, len, sc->length, &outcome);
	if (ret) {
		/* The host is done with the pages; what it says of them cannot be trusted. */
		atomic_inc(&sh->bad_packets);
		storvsc_log(sh, STORVSC_LOG_ERROR,
			    "completion %#llx of %u bytes cannot be read: error %d\n", xid, len, ret);
		outcome = (struct vstor_outcome) { .srb_status = VSTOR_SRB_INVALID_REQUEST };
	}
	if (atomic_cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_DONE) != STORVSC_CMD_SENT)
		return;
	storvsc_take_back(sh, cmd);
	if (ret) {
		cmd->result = DID_ERROR << 16;
		scsi_set_resid(cmd, scsi_bufflen(cmd));
	} else {
		storvsc_report(sh, cmd, &outcome);
	}
	scsi_done(cmd);
	storvsc_put_outstanding(sh);
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

struct storvsc_abandon {
	struct storvsc_host *sh;
	unsigned int commands;
	u64 bytes;
};

/* Keeps the pages of one command that the host never answered, for ever. */
static bool storvsc_abandon_one(struct scsi_cmnd *cmd, void *data)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct storvsc_abandon *lost = data;
	struct scatterlist *sg;
	int i;

	if (atomic_cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_ABANDONED) != STORVSC_CMD_SENT)
		return true;
	scsi_for_each_sg(cmd, sg, scsi_sg_count(cmd), i) {
		unsigned int page, pages = PFN_UP(sg->offset + sg->length);

		for (page = 0; page < pages; page++)
			get_page(nth_page(sg_page(sg), page));
	}
	storvsc_free_payload(lost->sh, sc);
	lost->commands++;
	lost->bytes += scsi_bufflen(cmd);
	storvsc_put_outstanding(lost->sh);
	return true;
}

/**
 * storvsc_abandon_all() - give up on every command in flight
 * @sh: the controller, DEAD
 *
 * The host may still write to their pages, so these get a reference that nobody drops: lost
 * memory instead of corrupted memory. The commands themselves are finished by whoever waits
 * for them (error handling), or by storvsc_finish_abandoned().
 *
 * Context: process.
 */
void storvsc_abandon_all(struct storvsc_host *sh)
{
	struct storvsc_abandon lost = { .sh = sh };

	scsi_host_busy_iter(sh->shost, storvsc_abandon_one, &lost);
	if (lost.commands)
		dev_err(&sh->dev->device,
			"host does not answer %u commands; %llu bytes that it may still write are kept from use\n",
			lost.commands, lost.bytes);
}

static bool storvsc_finish_one(struct scsi_cmnd *cmd, void *data)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct storvsc_host *sh = data;

	if (atomic_cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_DONE) != STORVSC_CMD_SENT)
		return true;
	storvsc_take_back(sh, cmd);
	cmd->result = DID_NO_CONNECT << 16;
	scsi_set_resid(cmd, scsi_bufflen(cmd));
	scsi_done(cmd);
	storvsc_put_outstanding(sh);
	return true;
}

/**
 * storvsc_finish_abandoned() - finish what was in flight when the host took the channel away
 * @sh: the controller, DEAD because of a rescind
 *
 * A rescind tells that the host has ended its use of the device, so the pages are free.
 *
 * Context: process.
 */
void storvsc_finish_abandoned(struct storvsc_host *sh)
{
	scsi_host_busy_iter(sh->shost, storvsc_finish_one, sh);
}

/**
 * storvsc_timed_out() - the block layer's timer ran out
 * @cmd: the command
 *
 * A host may be slow without limit and still finish (storage behind it is being moved, say),
 * and it does its own retries. So the timer is armed again, up to io_deadline.
 *
 * Context: process (kblockd).
 * Return: BLK_EH_RESET_TIMER, or BLK_EH_DONE to begin error handling.
 */
enum blk_eh_timer_return storvsc_timed_out(struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(cmd->device->host);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	unsigned int deadline = READ_ONCE(io_deadline);

	if (storvsc_gone(sh))
		return BLK_EH_DONE;
	if (!deadline || time_before(jiffies, sc->first_sent + deadline * HZ))
		return BLK_EH_RESET_TIMER;
	storvsc_log(sh, STORVSC_LOG_ERROR, "command %#04x is with the host for %u s, giving up\n",
		    cmd->cmnd[0], jiffies_to_msecs(jiffies - sc->first_sent) / 1000);
	return BLK_EH_DONE;
}

/**
 * storvsc_host_reset() - the last step of error handling: reset the bus
 * @cmd: a command of the controller
 *
 * Context: the error handler's thread; bounded by STORVSC_CONTROL_TIMEOUT and
 * STORVSC_FLUSH_TIMEOUT.
 * Return: SUCCESS when the host flushed everything; else FAILED, and the controller is DEAD.
 */
int storvsc_host_reset(struct scsi_cmnd *cmd)
{
	struct storvsc_host *sh = storvsc_from_shost(cmd->device->host);

	if (!storvsc_gone(sh) && !storvsc_reset_bus(sh) &&
	    storvsc_drain(sh, STORVSC_FLUSH_TIMEOUT))
		return SUCCESS;
	if (READ_ONCE(sh->dev->channel->rescind)) {
		storvsc_set_state(sh, STORVSC_DEAD);
		storvsc_finish_abandoned(sh);
		return FAILED;
	}
	storvsc_set_state(sh, STORVSC_DEAD);
	storvsc_abandon_all(sh);
	return FAILED;
}
