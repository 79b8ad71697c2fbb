/* SPDX-License-Identifier: GPL-2.0 */
/* <scsi/scsi_status.h>; before it was one, others had its content. */
#ifdef HVIC_HAVE_SCSI_STATUS_H
#include_next <scsi/scsi_status.h>
#else
#include <scsi/scsi.h>
#endif
