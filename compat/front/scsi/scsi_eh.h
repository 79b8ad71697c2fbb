/* SPDX-License-Identifier: GPL-2.0 */
/* <scsi/scsi_eh.h>, and what newer kernels have beside it. */
#ifndef HVIC_COMPAT_SCSI_SCSI_EH_H
#define HVIC_COMPAT_SCSI_SCSI_EH_H

#include_next <scsi/scsi_eh.h>

#ifndef HVIC_HAVE_SCSI_BUILD_SENSE
#define scsi_build_sense(cmd, desc, key, asc, ascq)				\
do {										\
	scsi_build_sense_buffer(desc, (cmd)->sense_buffer, key, asc, ascq);	\
	(cmd)->result = SAM_STAT_CHECK_CONDITION;				\
} while (0)
#endif

#endif
