// SPDX-License-Identifier: GPL-2.0
/* The callback of scsi_host_busy_iter() is not told of reserved tags any more (v6.0). */
#include <scsi/scsi_host.h>

static bool probe_one(struct scsi_cmnd *cmd, void *data)
{
	return true;
}

void probe_iter(struct Scsi_Host *shost);
void probe_iter(struct Scsi_Host *shost)
{
	scsi_host_busy_iter(shost, probe_one, NULL);
}
