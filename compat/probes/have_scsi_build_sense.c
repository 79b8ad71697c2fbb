// SPDX-License-Identifier: GPL-2.0
/* "scsi: core: Introduce scsi_build_sense()" (v5.14). */
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_eh.h>

void probe_sense(struct scsi_cmnd *cmd);
void probe_sense(struct scsi_cmnd *cmd)
{
	scsi_build_sense(cmd, 0, 0, 0, 0);
}
