// SPDX-License-Identifier: GPL-2.0
/* Status bytes in a header of their own (v5.14). */
#include <scsi/scsi_status.h>

int probe_status = SAM_STAT_GOOD | DID_OK << 16;
