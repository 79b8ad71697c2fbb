// SPDX-License-Identifier: GPL-2.0
/*
 * EXECUTE_SRB: check a guest's request, find its LUN, let the SCSI disk run it and turn the
 * outcome into SRB status, SCSI status and autosense.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/storage_internal.h"

struct storage_io *storage_io_get(struct storage *st)
{
	struct storage_io *io = st->free_ios;

	if (!io)
		return malloc(sizeof(*io));
	st->free_ios = io->next;
	return io;
}

void storage_io_put(struct storage *st, struct storage_io *io)
{
	io->next = st->free_ios;
	st->free_ios = io;
}

/* ---- outcomes ---- */

static uint32_t nt_status(uint8_t srb_status)
{
	switch (srb_status) {
	case VSTOR_SRB_SUCCESS:
		return VSTOR_STATUS_SUCCESS;
	case VSTOR_SRB_BUSY:
		return VSTOR_STATUS_DEVICE_BUSY;
	case VSTOR_SRB_INVALID_LUN:
	case VSTOR_SRB_INVALID_TARGET_ID:
	case VSTOR_SRB_NO_DEVICE:
		return VSTOR_STATUS_DEVICE_DOES_NOT_EXIST;
	case VSTOR_SRB_INVALID_REQUEST:
		return VSTOR_STATUS_INVALID_PARAMETER;
	default:
		return VSTOR_STATUS_IO_DEVICE_ERROR;
	}
}

static void set_outcome(struct storage_io *io, uint8_t srb_status, uint8_t scsi_status,
			uint32_t transferred)
{
	struct vstor_srb *srb = &io->reply.srb;

	io->reply.status = htole32(nt_status(srb_status));
	srb->srb_status = srb_status;
	srb->scsi_status = scsi_status;
	srb->sense_info_length = 0;
	srb->data_transfer_length = htole32(transferred);
	memset(srb->sense, 0, sizeof(srb->sense));
}

static void set_scsi_outcome(struct storage_io *io)
{
	struct scsi_request *req = &io->scsi;
	struct vstor_srb *srb = &io->reply.srb;
	uint8_t len = req->sense_len < io->sense_room ? req->sense_len : io->sense_room;

	if (req->status == SCSI_GOOD) {
		set_outcome(io, VSTOR_SRB_SUCCESS, SCSI_GOOD, req->transferred);
		return;
	}
	set_outcome(io, VSTOR_SRB_ERROR, req->status, 0);
	if (io->autosense) {
		srb->srb_status |= VSTOR_SRB_AUTOSENSE_VALID;
		srb->sense_info_length = len;
		memcpy(srb->sense, req->sense, len);
	} else if (io->lun) {
		scsi_hold_sense(io->lun->disk, req);
	}
}

static void ended(struct storage_io *io)
{
	if (io->reply.srb.srb_status != VSTOR_SRB_SUCCESS)
		io->ch->storage->failed++;
	storage_io_ended(io);
}

static void scsi_done(struct scsi_request *req)
{
	struct storage_io *io = (void *)((char *)req - offsetof(struct storage_io, scsi));
	struct storage *st = io->ch->storage;
	struct storage_lun *lun = io->lun;

	set_scsi_outcome(io);
	lun->inflight--;
	ended(io);
	if (lun->removed && !lun->inflight && !lun->uncommitted)
		storage_lun_put_later(st, lun);
}

static void fail(struct storage_io *io, uint8_t srb_status)
{
	set_outcome(io, srb_status, SCSI_CHECK_CONDITION, 0);
	ended(io);
}

/* ---- addressing ---- */

static unsigned int list_luns(const struct storage *st, uint8_t luns[VSTOR_MAX_LUNS])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
		if (st->luns[i])
			luns[n++] = i;
	return n;
}

/* The guest reads the list of LUNs: it need not be told any more that it changed. */
static void luns_are_known(struct storage *st)
{
	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
		if (st->luns[i])
			scsi_clear_attention(st->luns[i]->disk, SCSI_ASC_LUNS_CHANGED);
}

/*
 * What is answered without a disk. A guest scans by INQUIRY, which says that nothing can be
 * at an address, and by REPORT LUNS, which every target has; anything else gets INVALID_LUN,
 * upon which the guest removes the LUN.
 */
static void answer_absent(struct storage_io *io, bool target_exists)
{
	uint8_t luns[VSTOR_MAX_LUNS];
	unsigned int n = target_exists ? list_luns(io->ch->storage, luns) : 0;

	switch (io->scsi.cdb[0]) {
	case SCSI_OP_REPORT_LUNS:
		scsi_report_luns(&io->scsi, luns, n);
		if (target_exists && io->scsi.status == SCSI_GOOD)
			luns_are_known(io->ch->storage);
		break;
	case SCSI_OP_INQUIRY:
		scsi_inquiry_absent(&io->scsi);
		break;
	default:
		fail(io, VSTOR_SRB_INVALID_LUN);
		return;
	}
	set_scsi_outcome(io);
	ended(io);
}

/* ---- checks ---- */

/* Return: whether the request's buffer is sound; the SCSI request then has it. */
static bool take_buffer(struct storage_io *io, const struct vmbus_packet *pkt,
			const struct vstor_srb *srb)
{
	uint32_t len = le32toh(srb->data_transfer_length);
	uint32_t left = len;
	int n = 0;

	io->scsi.data_len = len;
	io->scsi.iov = io->iov;
	io->scsi.niov = 0;
	io->scsi.dir = SCSI_DIR_NONE;
	if (!len)
		return true;
	if (len > STORAGE_MAX_TRANSFER || pkt->nr_ranges != 1 || pkt->ranges[0].len < len)
		return false;
	if (srb->data_in != VSTOR_DATA_IN && srb->data_in != VSTOR_DATA_OUT)
		return false;
	io->scsi.dir = srb->data_in == VSTOR_DATA_IN ? SCSI_DIR_IN : SCSI_DIR_OUT;
	for (unsigned int i = 0; left && i < pkt->ranges[0].niov; i++) {
		if (n == (int)STORAGE_MAX_IOV)
			return false;
		io->iov[n] = pkt->ranges[0].iov[i];
		if (io->iov[n].iov_len > left)
			io->iov[n].iov_len = left;
		left -= io->iov[n++].iov_len;
	}
	io->scsi.niov = n;
	return !left;
}

static bool take_request(struct storage_io *io, const struct vmbus_packet *pkt,
			 const struct vstor_srb *srb)
{
	bool v2 = io->ch->storage->version >= VSTOR_VERSION_5_1;
	uint8_t room = v2 ? VSTOR_SENSE_MAX : VSTOR_SENSE_MAX_V1;

	if (pkt->len < storage_packet_len(io->ch->storage) || pkt->nr_ranges > 1 || pkt->unmapped)
		return false;
	if (!srb->cdb_length || srb->cdb_length > VSTOR_CDB_MAX)
		return false;
	io->sense_room = srb->sense_info_length < room ? srb->sense_info_length : room;
	io->autosense = io->sense_room &&
			!(v2 && (le32toh(srb->srb_flags) & VSTOR_SRB_FLAG_DISABLE_AUTOSENSE));
	memset(io->scsi.cdb, 0, sizeof(io->scsi.cdb));
	memcpy(io->scsi.cdb, srb->cdb, srb->cdb_length);
	io->scsi.cdb_len = srb->cdb_length;
	io->scsi.done = scsi_done;
	return take_buffer(io, pkt, srb);
}

static void note_uncommitted(struct storage *st, struct storage_lun *lun)
{
	if (lun->uncommitted)
		return;
	lun->uncommitted = true;
	lun->next = st->uncommitted;
	st->uncommitted = lun;
}

void storage_commit(struct storage *st)
{
	while (st->uncommitted) {
		struct storage_lun *lun = st->uncommitted;

		st->uncommitted = lun->next;
		scsi_commit(lun->disk);
		lun->uncommitted = false;
		if (lun->removed && !lun->inflight)
			storage_lun_put(lun);
	}
}

void storage_execute(struct storage_channel *ch, const struct vmbus_packet *pkt,
		     const struct vstor_packet *packet)
{
	const struct vstor_srb *srb = &packet->srb;
	struct storage *st = ch->storage;
	struct storage_io *io = storage_io_get(st);
	bool target_exists = !srb->path_id && !srb->target_id;

	if (!io) {
		struct vstor_packet reply = *packet;

		reply.status = htole32(VSTOR_STATUS_DEVICE_BUSY);
		reply.srb.srb_status = VSTOR_SRB_BUSY;
		storage_reply(ch, pkt->xid, &reply, storage_packet_len(st));
		return;
	}
	io->ch = ch;
	io->lun = NULL;
	io->xid = pkt->xid;
	io->reply = *packet;
	io->reply_len = storage_packet_len(st);
	io->autosense = false;
	io->sense_room = 0;
	ch->inflight++;
	st->inflight++;
	st->requests++;
	if (!take_request(io, pkt, srb)) {
		st->bad_packets++;
		fail(io, VSTOR_SRB_INVALID_REQUEST);
		return;
	}
	if (target_exists && srb->lun < VSTOR_MAX_LUNS)
		io->lun = st->luns[srb->lun];
	if (!io->lun || io->scsi.cdb[0] == SCSI_OP_REPORT_LUNS) {
		io->lun = NULL;
		answer_absent(io, target_exists);
		return;
	}
	io->lun->inflight++;
	note_uncommitted(st, io->lun);
	scsi_execute(io->lun->disk, &io->scsi);
}
