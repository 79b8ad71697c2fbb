// SPDX-License-Identifier: GPL-2.0
/* "scsi: core: Change the return type of .queuecommand()" (v7.0): before it, int. */
#include <scsi/scsi_host.h>

enum scsi_qc_status probe_status;
