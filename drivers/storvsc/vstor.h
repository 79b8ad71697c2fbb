/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Storage packets, pure: bytes in, checked struct out, and what an outcome means. Nothing
 * here knows of channels, SCSI hosts or time, so all of it can be tested without a host.
 */
#ifndef HVIC_STORVSC_VSTOR_H
#define HVIC_STORVSC_VSTOR_H

#include <linux/types.h>
#include <hvic/storage.h>

struct vstor_limits {
	u32 max_transfer;	/* bytes of one command: a multiple of 4096, at least one page */
	u16 max_subchannels;	/* 0 when the host has none */
};

struct vstor_wwn {
	u64 node;
	u64 port;
};

/* The outcome of a command, checked. */
struct vstor_outcome {
	u8 srb_status;		/* VSTOR_SRB_* code, flags taken off */
	u8 scsi_status;
	u8 sense_len;		/* bytes at sense; 0 when the host sent none that is valid */
	const u8 *sense;	/* into the packet */
	u32 transferred;	/* bytes, at most what was asked for */
	u32 status;		/* VSTOR_STATUS_*, for the log */
};

/* What the guest has to do about LUNs after an outcome. */
enum vstor_lun_action {
	VSTOR_LUN_KEEP,
	VSTOR_LUN_RESCAN,	/* capacity or parameters changed */
	VSTOR_LUN_REMOVE,	/* the host has no such LUN */
};

struct vstor_verdict {
	u8 host_byte;			/* DID_* */
	u8 scsi_status;			/* SAM status to report */
	bool make_sense;		/* report ILLEGAL REQUEST / INVALID FIELD IN CDB */
	bool quiet;			/* an outcome that is part of ordinary life */
	enum vstor_lun_action lun;
};

size_t vstor_packet_len(u16 version);
int vstor_check_reply(const struct vstor_packet *packet, u32 len, size_t need);
int vstor_read_limits(const struct vstor_packet *packet, u32 len, u32 max_transfer,
		      struct vstor_limits *limits);
int vstor_read_wwn(const struct vstor_packet *packet, u32 len, struct vstor_wwn *wwn);
int vstor_check_outcome(const struct vstor_packet *packet, u32 len, u32 asked,
			struct vstor_outcome *outcome);
void vstor_judge(const struct vstor_outcome *outcome, const u8 *cdb, bool fc,
		 struct vstor_verdict *verdict);

#endif
