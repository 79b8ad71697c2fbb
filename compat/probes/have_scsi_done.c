// SPDX-License-Identifier: GPL-2.0
/* scsi_done() as a function (v5.16); before it, a member of struct scsi_cmnd. */
#include <scsi/scsi_cmnd.h>

void probe_done(struct scsi_cmnd *cmd);
void probe_done(struct scsi_cmnd *cmd)
{
	scsi_done(cmd);
}
