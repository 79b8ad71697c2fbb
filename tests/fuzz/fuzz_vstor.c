// SPDX-License-Identifier: GPL-2.0
/* Storage packets from the host: every check of storvsc's vstor.c, and what it makes of them. */
#include <storvsc/vstor.h>

#include "fuzz.h"

#include <scsi/scsi_proto.h>
#include <scsi/scsi_status.h>

#define ASKED	(64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vstor_packet *packet = (const void *)data;
	struct vstor_outcome outcome;
	struct vstor_verdict verdict;
	struct vstor_limits limits;
	struct vstor_wwn wwn;
	uint8_t cdb[16] = { 0 };

	vstor_check_reply(packet, size, sizeof(struct vstor_version));
	vstor_read_wwn(packet, size, &wwn);
	if (!vstor_read_limits(packet, size, 2u << 20, &limits)) {
		HOLDS(limits.max_transfer >= 4096 && limits.max_transfer <= 2u << 20);
		HOLDS(limits.max_transfer % 4096 == 0);
	}
	if (vstor_check_outcome(packet, size, ASKED, &outcome))
		return 0;
	HOLDS(outcome.transferred <= ASKED);
	fuzz_within(outcome.sense, outcome.sense_len, data, size);

	cdb[0] = data[size - 1];
	vstor_judge(&outcome, cdb, data[size / 2] & 1, &verdict);
	/* What the host failed must not look like success to the upper level. */
	if (outcome.srb_status != VSTOR_SRB_SUCCESS &&
	    outcome.srb_status != VSTOR_SRB_DATA_OVERRUN && cdb[0] != TEST_UNIT_READY)
		HOLDS(verdict.host_byte != DID_OK || verdict.scsi_status != SAM_STAT_GOOD ||
		      outcome.sense_len);
	HOLDS(!verdict.make_sense || verdict.scsi_status == SAM_STAT_CHECK_CONDITION);
	return 0;
}
