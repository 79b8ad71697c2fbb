/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private state of hv_storvsc: one struct storvsc_host for each controller that the host
 * offers, one struct storvsc_cmd behind each SCSI command, and who may touch them when.
 */
#ifndef HVIC_STORVSC_H
#define HVIC_STORVSC_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "vstor.h"

/* Page numbers of a usual command, by which rings are judged: 128 KiB at any offset. */
#define STORVSC_USUAL_PFNS	33

/* Largest transfer that is ever used, whatever the host offers. */
#define STORVSC_MAX_TRANSFER	SZ_4M

/*
 * What bounds each wait on the host, in jiffies. A host that is alive answers a control request
 * in milliseconds; these are for one that is not. Tests bring a shorter patience of their own.
 */
#ifndef STORVSC_CONTROL_TIMEOUT
#define STORVSC_CONTROL_TIMEOUT	(30 * HZ)
/* The block layer's timer of a command at most, re-armed up to io_deadline. */
#define STORVSC_COMMAND_TIMEOUT	(180 * HZ)
/* Removal and suspend wait for the host to answer what it has. */
#define STORVSC_DRAIN_TIMEOUT	(60 * HZ)
/* For the host to flush its commands after it has answered a bus reset. */
#define STORVSC_FLUSH_TIMEOUT	(30 * HZ)
/* After which a batch whose end nobody told has ended. */
#define STORVSC_LOST_END	msecs_to_jiffies(10)
#endif
/* How often a probe or a removal looks whether the host has withdrawn the device. */
#define STORVSC_WATCH		(HZ / 10)

/* Largest packet from the host: a descriptor and a vstor packet, with room for growth. */
#define STORVSC_MAX_PKT_SIZE	(sizeof(struct vmpacket_descriptor) + 2 * sizeof(struct vstor_packet))

enum storvsc_kind {
	STORVSC_SCSI,
	STORVSC_IDE,
	STORVSC_FC,
};

/**
 * enum storvsc_state - life of a controller
 * @STORVSC_CLOSED: the channel is not open; nothing is in flight
 * @STORVSC_CONNECTING: open, being negotiated; only control requests are in flight
 * @STORVSC_RUNNING: commands flow
 * @STORVSC_DRAINING: no new command is sent; completions are still taken
 * @STORVSC_DEAD: the host was silent past every bound or went away; nothing is sent and
 *	nothing that arrives is believed
 *
 * storvsc_set_state() is the one place that moves between them.
 */
enum storvsc_state {
	STORVSC_CLOSED,
	STORVSC_CONNECTING,
	STORVSC_RUNNING,
	STORVSC_DRAINING,
	STORVSC_DEAD,
};

/**
 * enum storvsc_cmd_state - life of a command, and who owns its memory
 * @STORVSC_CMD_IDLE: not sent. All of it is the guest's.
 * @STORVSC_CMD_SENDING: storvsc_send() writes the packet, and owns the mapping of the data, which
 *	it reads, and the command itself. The host may use the data pages from some moment on, and
 *	may answer before; who gets the answer or gives up on the host leaves word here, no more.
 * @STORVSC_CMD_ANSWERED: an answer came while SENDING and is kept in the command. All of it is
 *	storvsc_send()'s, which ends the command.
 * @STORVSC_CMD_GIVEN_UP: the controller was given up while SENDING. All but the data pages, which
 *	may be the host's, is storvsc_send()'s, which ends the command.
 * @STORVSC_CMD_SENT: the host may read or write the data pages. The rest belongs to nobody until
 *	the one who moves it on from here.
 * @STORVSC_CMD_DONE: whoever moved it here, by an answer or because there will be none, owns all
 *	of it and ends the command.
 * @STORVSC_CMD_ABANDONED: the host never answered. The data pages are kept for ever, and the
 *	SCSI layer's error handling ends the command.
 *
 * A command is counted in outstanding from before it is sent (or found to be not sendable) until
 * whoever owns it is through with it. storvsc_move() is the one place that moves between them. An
 * ended command keeps its last state until it is sent again, as the guest's.
 */
enum storvsc_cmd_state {
	STORVSC_CMD_IDLE,
	STORVSC_CMD_SENDING,
	STORVSC_CMD_ANSWERED,
	STORVSC_CMD_GIVEN_UP,
	STORVSC_CMD_SENT,
	STORVSC_CMD_DONE,
	STORVSC_CMD_ABANDONED,
};

/* A channel of a controller, and whether the host has yet to be told of packets in it. */
struct storvsc_channel {
	struct vmbus_channel *vmbus;	/* NULL: closed, after a grace period */
	int due;			/* a signal was due when a packet was written, and not sent */
} ____cacheline_aligned_in_smp;

/* What a hardware queue of the block layer has begun and not ended. */
struct storvsc_batch {
	struct storvsc_channel *channel;	/* with a signal that the end of the batch sends */
} ____cacheline_aligned_in_smp;

struct storvsc_host {
	struct hv_device *dev;
	struct Scsi_Host *shost;
	enum storvsc_kind kind;
	enum storvsc_state state;	/* READ_ONCE, written by storvsc_set_state() */

	/* What negotiation settled; constant while RUNNING. */
	u16 version;
	struct vstor_limits limits;
	struct vstor_wwn wwn;

	/* Commands that the host has and has not answered, or that are being sent. */
	atomic_t outstanding;
	wait_queue_head_t drained;
	struct timer_list watch;	/* see storvsc_watch() */

	/*
	 * One control request at a time: control_lock is held by the caller, the reply is
	 * written by the channel callback only while control_xid is not 0. reply_lock also lets
	 * one answer at a time into a command that is being sent.
	 */
	struct mutex control_lock;
	spinlock_t reply_lock;
	u64 control_xid;
	u32 control_seq;
	struct completion control_done;
	struct vstor_packet control_reply;
	u32 control_reply_len;		/* bytes that the host sent, at most a packet */

	/*
	 * Open channels; channel_lock guards the array. by_cpu[] is read without it, and who has
	 * found a channel there uses it in the same RCU section.
	 */
	spinlock_t channel_lock;
	unsigned int nr_channels;
	unsigned int max_channels;
	struct storvsc_channel *channels;
	struct storvsc_channel **by_cpu;

	/* Signals that wait for the end of a batch (signal.c), by hardware queue. */
	struct storvsc_batch *batches;
	struct timer_list lost_end;

	/* Scans and removals, in order. */
	struct workqueue_struct *work_queue;
	struct work_struct scan_work;
	atomic_t bad_packets;
	struct fc_rport *rport;
};

struct storvsc_cmd {
	/*
	 * The generation, which tells a late or forged answer from that to this use of the
	 * command, above the enum storvsc_cmd_state: neither changes without the other being seen.
	 */
	atomic64_t life;
	unsigned long first_sent;	/* jiffies */
	u32 length;			/* bytes of data, as asked of the host */
	struct scatterlist *sgl;	/* its data as they are mapped, or NULL */
	u32 nents;			/* of these */
	u32 offset;			/* where in the first page they begin */
	u32 pages;			/* of 4 KiB that they are in */
	u32 answer_len;
	struct vstor_packet answer;	/* from ANSWERED on, answer_len bytes of it */
	struct sg_table bounce;		/* pages of ours, if its data are in a slab (data.c) */
};

extern int logging_level;

#define STORVSC_LOG_ERROR	1
#define STORVSC_LOG_WARN	2

#define storvsc_log(sh, level, fmt, ...)						\
do {											\
	if (READ_ONCE(logging_level) >= (level))					\
		dev_warn_ratelimited(&(sh)->dev->device, fmt, ##__VA_ARGS__);		\
} while (0)

static inline struct storvsc_host *storvsc_from_shost(struct Scsi_Host *shost)
{
	return shost_priv(shost);
}

void storvsc_set_state(struct storvsc_host *sh, enum storvsc_state state);
bool storvsc_gone(const struct storvsc_host *sh);

/* session.c */
int storvsc_control(struct storvsc_host *sh, const struct vstor_packet *request,
		    struct vstor_packet *reply);
void storvsc_control_reply(struct storvsc_host *sh, u64 xid, const struct vstor_packet *packet,
			   u32 len);
int storvsc_negotiate(struct storvsc_host *sh);
int storvsc_reset_bus(struct storvsc_host *sh);

/* queues.c */
int storvsc_connect(struct storvsc_host *sh);
void storvsc_disconnect(struct storvsc_host *sh);
void storvsc_forget(struct storvsc_host *sh);
void storvsc_add_subchannels(struct storvsc_host *sh);
struct storvsc_channel *storvsc_pick_channel(struct storvsc_host *sh, unsigned int cpu);
void storvsc_on_channel(void *context);
unsigned int storvsc_can_queue(const struct storvsc_host *sh);
int storvsc_ring_bytes(void);
void storvsc_check_parameters(void);
unsigned int storvsc_hw_queues(const struct storvsc_host *sh);

/* data.c */
int storvsc_map_data(struct storvsc_host *sh, struct scsi_cmnd *cmd);
void storvsc_take_back(struct scsi_cmnd *cmd);
void storvsc_keep_data(struct scsi_cmnd *cmd);

/* packet.c */
int storvsc_put_packet(struct storvsc_host *sh, struct vmbus_channel *ch, struct scsi_cmnd *cmd,
		       u64 xid, bool *due);

/* signal.c */
int storvsc_init_batches(struct storvsc_host *sh);
void storvsc_batch_add(struct storvsc_host *sh, unsigned int hwq, struct storvsc_channel *ch,
		       bool due, bool last);
void storvsc_batch_end(struct storvsc_host *sh, unsigned int hwq);
void storvsc_commit_rqs(struct Scsi_Host *shost, u16 hwq);

/* request.c */
int storvsc_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
hvic_qc_status storvsc_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
void storvsc_complete(struct storvsc_host *sh, u64 xid, const struct vstor_packet *packet, u32 len);
bool storvsc_drain(struct storvsc_host *sh, unsigned long timeout);
void storvsc_give_up(struct storvsc_host *sh);
void storvsc_give_up_all(struct storvsc_host *sh);
unsigned int storvsc_command_timeout(void);
enum scsi_timeout_action storvsc_timed_out(struct scsi_cmnd *cmd);
int storvsc_host_reset(struct scsi_cmnd *cmd);

/* lun.c */
void storvsc_scan(struct work_struct *work);
bool storvsc_queue_lun_work(struct storvsc_host *sh, enum vstor_lun_action action,
			    unsigned int channel, unsigned int id, u64 lun);
int storvsc_lun_alloc(struct scsi_device *sdev);
int storvsc_lun_configure(struct scsi_device *sdev, struct queue_limits *lim);
int storvsc_change_queue_depth(struct scsi_device *sdev, int depth);
int storvsc_geometry(struct scsi_device *sdev, hvic_bios_disk *disk, sector_t capacity,
		     int *info);

#endif
