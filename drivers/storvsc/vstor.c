// SPDX-License-Identifier: GPL-2.0
/*
 * Checks what the host says about a request, once, at the edge; see vstor.h. Facts are from
 * the protocol as include/hvic/storage.h gives it and from SPC-4 for sense data.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>
#include <scsi/scsi_status.h>

#include "vstor.h"

#define VSTOR_PAGE	4096u

/**
 * vstor_packet_len() - size of every packet once a version is settled
 * @version: VSTOR_VERSION_*
 *
 * Context: any. Return: bytes.
 */
size_t vstor_packet_len(u16 version)
{
	return version < VSTOR_VERSION_5_1 ? VSTOR_PACKET_LEN_V1 : VSTOR_PACKET_LEN_V2;
}

/**
 * vstor_check_reply() - whether a packet is the answer to a control request
 * @packet: what arrived
 * @len: its length in bytes
 * @need: bytes of the operation's own data that the caller will read
 *
 * Context: any. Return: 0; -EMSGSIZE when it is too short, -EPROTO when it is no completion.
 * The status is for the caller to look at.
 */
int vstor_check_reply(const struct vstor_packet *packet, u32 len, size_t need)
{
	if (len < VSTOR_PACKET_HEADER_LEN + need)
		return -EMSGSIZE;
	if (le32_to_cpu(packet->operation) != VSTOR_OP_COMPLETE_IO)
		return -EPROTO;
	return 0;
}

/**
 * vstor_read_limits() - the answer to QUERY_PROPERTIES
 * @packet: the answer
 * @len: its length in bytes
 * @max_transfer: the most that the guest wants to send at once, in bytes
 * @limits: filled in when the answer is good
 *
 * A host that offers no transfer length, or less than a page, cannot be used: each page of
 * a command counts.
 *
 * Context: any. Return: 0, -EMSGSIZE, -EPROTO, or -ERANGE for an unusable length.
 */
int vstor_read_limits(const struct vstor_packet *packet, u32 len, u32 max_transfer,
		      struct vstor_limits *limits)
{
	const struct vstor_properties *prop = &packet->properties;
	int ret = vstor_check_reply(packet, len, sizeof(*prop));
	u32 transfer;

	if (ret)
		return ret;
	if (packet->status)
		return -EPROTO;
	transfer = min(le32_to_cpu(prop->max_transfer_bytes), max_transfer);
	transfer = round_down(transfer, VSTOR_PAGE);
	if (!transfer)
		return -ERANGE;
	limits->max_transfer = transfer;
	limits->max_subchannels = 0;
	if (le32_to_cpu(prop->flags) & VSTOR_PROPERTY_MULTI_CHANNEL)
		limits->max_subchannels = le16_to_cpu(prop->max_channel_cnt);
	return 0;
}

/**
 * vstor_read_wwn() - the names of a Fibre Channel adapter
 * @packet: FCHBA_DATA or the completion of it
 * @len: its length in bytes
 * @wwn: the names that are active
 *
 * Context: any. Return: 0 or -EMSGSIZE.
 */
int vstor_read_wwn(const struct vstor_packet *packet, u32 len, struct vstor_wwn *wwn)
{
	const struct vstor_fc_wwn *fc = &packet->wwn;

	if (len < VSTOR_PACKET_HEADER_LEN + sizeof(*fc))
		return -EMSGSIZE;
	if (fc->primary_active) {
		wwn->node = get_unaligned_be64(fc->primary_node_wwn);
		wwn->port = get_unaligned_be64(fc->primary_port_wwn);
	} else {
		wwn->node = get_unaligned_be64(fc->secondary_node_wwn);
		wwn->port = get_unaligned_be64(fc->secondary_port_wwn);
	}
	return 0;
}

/**
 * vstor_check_outcome() - the completion of EXECUTE_SRB
 * @packet: the completion
 * @len: its length in bytes
 * @asked: bytes that the command wanted to move
 * @outcome: filled in when the packet is good; its sense points into @packet
 *
 * Context: any. Return: 0, -EMSGSIZE or -EPROTO.
 */
int vstor_check_outcome(const struct vstor_packet *packet, u32 len, u32 asked,
			struct vstor_outcome *outcome)
{
	const struct vstor_srb *srb = &packet->srb;
	int ret = vstor_check_reply(packet, len, VSTOR_SRB_LEN_V1);
	u8 sense_len;

	if (ret)
		return ret;
	outcome->srb_status = srb->srb_status & VSTOR_SRB_CODE_MASK;
	outcome->scsi_status = srb->scsi_status;
	outcome->status = le32_to_cpu(packet->status);
	outcome->transferred = min(le32_to_cpu(srb->data_transfer_length), asked);
	/* Only these two leave a length that says what moved. */
	if (outcome->srb_status != VSTOR_SRB_SUCCESS &&
	    outcome->srb_status != VSTOR_SRB_DATA_OVERRUN)
		outcome->transferred = 0;

	outcome->sense = srb->sense;
	outcome->sense_len = 0;
	if (srb->scsi_status == SAM_STAT_CHECK_CONDITION &&
	    (srb->srb_status & VSTOR_SRB_AUTOSENSE_VALID)) {
		sense_len = min_t(u8, srb->sense_info_length, VSTOR_SENSE_MAX);
		outcome->sense_len = min_t(u32, sense_len, len - offsetof(struct vstor_packet,
									   srb.sense));
	}
	return 0;
}

static bool vstor_sense_asc(const struct vstor_outcome *outcome, u8 *asc, u8 *ascq)
{
	const u8 *sense = outcome->sense;
	u8 len = outcome->sense_len;

	if (!len)
		return false;
	switch (sense[0] & 0x7f) {
	case 0x70:
	case 0x71:
		if (len < 14)
			return false;
		*asc = sense[12];
		*ascq = sense[13];
		return true;
	case 0x72:
	case 0x73:
		if (len < 4)
			return false;
		*asc = sense[2];
		*ascq = sense[3];
		return true;
	}
	return false;
}

/* Commands that some hosts fail without saying why; the page or command is not supported. */
static bool vstor_optional_command(const u8 *cdb, bool fc)
{
	switch (cdb[0]) {
	case INQUIRY:
	case MODE_SENSE:
	case MODE_SENSE_10:
		return true;
	case MAINTENANCE_IN:
		return fc;
	}
	return false;
}

static void vstor_judge_error(const struct vstor_outcome *outcome, const u8 *cdb, bool fc,
			      struct vstor_verdict *verdict)
{
	u8 asc, ascq;

	/* Asked while devices are looked for and change; the upper level speaks of it. */
	verdict->quiet = cdb[0] == TEST_UNIT_READY;
	if (vstor_sense_asc(outcome, &asc, &ascq)) {
		/*
		 * CAPACITY DATA HAS CHANGED, or operating parameters did (3Fh, but not
		 * INQUIRY DATA or REPORTED LUNS DATA HAS CHANGED, for which scanning is the
		 * host's ENUMERATE_BUS): look again, then repeat the command.
		 */
		if ((asc == 0x2a && ascq == 0x09) ||
		    (asc == 0x3f && ascq != 0x03 && ascq != 0x0e)) {
			verdict->lun = VSTOR_LUN_RESCAN;
			verdict->host_byte = DID_REQUEUE;
			verdict->quiet = true;
		}
		return;
	}
	if (outcome->sense_len)
		return;
	if (vstor_optional_command(cdb, fc)) {
		verdict->make_sense = true;
		verdict->scsi_status = SAM_STAT_CHECK_CONDITION;
		verdict->quiet = true;
		return;
	}
	switch (cdb[0]) {
	case ATA_12:
	case ATA_16:
		verdict->host_byte = DID_PASSTHROUGH;
		break;
	case TEST_UNIT_READY:
		/* Some hosts fail it with no word why; its status stands. */
		break;
	default:
		/* Any status but GOOD tells the upper level what to do. */
		if (verdict->scsi_status == SAM_STAT_GOOD ||
		    verdict->scsi_status == SAM_STAT_CHECK_CONDITION)
			verdict->host_byte = DID_ERROR;
	}
}

/**
 * vstor_judge() - what an outcome means for the command and its LUN
 * @outcome: as vstor_check_outcome() gave it
 * @cdb: the command, 16 bytes
 * @fc: a Fibre Channel controller
 * @verdict: filled in
 *
 * Context: any.
 */
void vstor_judge(const struct vstor_outcome *outcome, const u8 *cdb, bool fc,
		 struct vstor_verdict *verdict)
{
	*verdict = (struct vstor_verdict) {
		.host_byte = DID_OK,
		.scsi_status = outcome->scsi_status,
		.lun = VSTOR_LUN_KEEP,
	};

	switch (outcome->srb_status) {
	case VSTOR_SRB_SUCCESS:
	case VSTOR_SRB_DATA_OVERRUN:
		break;
	case VSTOR_SRB_BUSY:
		verdict->host_byte = DID_BUS_BUSY;
		break;
	case VSTOR_SRB_BUS_RESET:
	case VSTOR_SRB_REQUEST_FLUSHED:
		verdict->host_byte = DID_RESET;
		break;
	case VSTOR_SRB_INVALID_LUN:
		verdict->host_byte = DID_NO_CONNECT;
		verdict->lun = VSTOR_LUN_REMOVE;
		verdict->quiet = true;
		break;
	case VSTOR_SRB_NO_DEVICE:
	case VSTOR_SRB_INVALID_PATH_ID:
	case VSTOR_SRB_INVALID_TARGET_ID:
	case VSTOR_SRB_SELECTION_TIMEOUT:
		verdict->host_byte = DID_NO_CONNECT;
		verdict->quiet = true;
		break;
	default:
		vstor_judge_error(outcome, cdb, fc, verdict);
	}
}
