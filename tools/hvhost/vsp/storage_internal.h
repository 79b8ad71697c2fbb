/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SCSI controller's state, shared by its channels (storage_channel.c), its requests
 * (storage_io.c) and its LUNs and commands (storage.c). All on the controller's loop.
 */
#ifndef HVHOST_VSP_STORAGE_INTERNAL_H
#define HVHOST_VSP_STORAGE_INTERNAL_H

#include <hvic/storage.h>

#include "hyperv/vmbus.h"
#include "vsp/scsi.h"

#define STORAGE_MAX_TRANSFER	0x40000u	/* bytes of one request */
#define STORAGE_MAX_INFLIGHT	512u		/* requests of one channel */
#define STORAGE_MAX_IOV		(STORAGE_MAX_TRANSFER / GUEST_PAGE_SIZE + 2)

/* Where the guest is in the initialization of the primary channel. */
enum storage_state {
	STORAGE_BEGIN,
	STORAGE_VERSION,
	STORAGE_PROPERTIES,
	STORAGE_END,		/* END_INITIALIZATION is next, or CREATE_SUB_CHANNELS */
	STORAGE_READY,
	NR_STORAGE_STATES
};

struct storage_lun {
	struct scsi_disk *disk;
	unsigned int inflight;
	bool removed;		/* no new requests; freed when the last one has ended */
	bool uncommitted;	/* in storage.uncommitted */
	struct storage_lun *next;
};

struct storage {
	struct vmbus_device *dev;
	struct loop *loop;
	struct loop *main_loop;	/* where an own loop is freed */
	bool own_loop;
	uint16_t max_version;
	unsigned int max_subchannels;

	enum storage_state state;
	uint16_t version;		/* VSTOR_VERSION_*, from STORAGE_PROPERTIES on */
	struct storage_channel *channels;
	unsigned int inflight;		/* requests of all channels */
	bool resetting;			/* a reset waits for inflight to become 0 */
	struct storage_io *free_ios;

	struct storage_lun *luns[VSTOR_MAX_LUNS];
	struct storage_lun *uncommitted;

	uint64_t requests;
	uint64_t failed;		/* requests that ended in other than success */
	uint64_t bad_packets;
	uint64_t resets;

	struct storage *next;		/* the main loop's list of controllers */
};

struct storage_channel {
	struct storage *storage;
	struct vmbus_channel *vmbus;
	bool primary;
	bool closing;			/* close_done follows when inflight is 0 */
	bool stalled;			/* stopped reading at STORAGE_MAX_INFLIGHT */
	bool enumerate_due;		/* an ENUMERATE_BUS found the ring full */
	bool reset_pending;
	uint64_t reset_xid;
	unsigned int inflight;
	struct storage_io *unsent;	/* ended, but the ring was full; oldest first */
	struct storage_io **unsent_tail;
	struct storage_channel *next;
};

/*
 * One EXECUTE_SRB, or the answer to any other operation while it waits for room in the ring.
 * Owned by its channel: in flight (counted in inflight) while the disk runs it, then on the
 * unsent list at most, then free.
 */
struct storage_io {
	struct scsi_request scsi;
	struct storage_channel *ch;
	struct storage_lun *lun;
	uint64_t xid;
	bool autosense;			/* the guest wants the sense data with the status */
	uint8_t sense_room;		/* bytes */
	uint32_t reply_len;
	struct vstor_packet reply;
	struct storage_io *next;
	struct iovec iov[STORAGE_MAX_IOV];
};

extern const struct vsp_ops storage_ops;

static inline uint32_t storage_packet_len(const struct storage *st)
{
	return st->version >= VSTOR_VERSION_5_1 ? VSTOR_PACKET_LEN_V2 : VSTOR_PACKET_LEN_V1;
}

/* storage.c */
void storage_destroy(struct vmbus_device *dev);
void storage_stats(struct vmbus_device *dev, json_t *object);
void storage_lun_put(struct storage_lun *lun);
/** storage_lun_put_later() - the same, from inside the disk's own callback. */
void storage_lun_put_later(struct storage *st, struct storage_lun *lun);

/* storage_channel.c */
/** storage_reply() - answer a packet; @reply's status and body are set. */
void storage_reply(struct storage_channel *ch, uint64_t xid, struct vstor_packet *reply,
		   uint32_t len);
/** storage_io_ended() - a request is no longer in flight: answer it, then what waited on it. */
void storage_io_ended(struct storage_io *io);
/** storage_enumerate() - tell the guest that LUNs came, went or changed. */
void storage_enumerate(struct storage *st);

/* storage_io.c */
struct storage_io *storage_io_get(struct storage *st);
void storage_io_put(struct storage *st, struct storage_io *io);
void storage_execute(struct storage_channel *ch, const struct vmbus_packet *pkt,
		     const struct vstor_packet *packet);
void storage_commit(struct storage *st);

#endif
