/* SPDX-License-Identifier: GPL-2.0 */
/* <scsi/scsi_cmnd.h>, and what newer kernels have in it. */
#ifndef HVIC_COMPAT_SCSI_SCSI_CMND_H
#define HVIC_COMPAT_SCSI_SCSI_CMND_H

#include_next <scsi/scsi_cmnd.h>

#ifndef HVIC_HAVE_SCSI_DONE
#define scsi_done(cmd)	((cmd)->scsi_done(cmd))
#endif

/* Devices of the bus that cannot be mapped: the host gets guest physical addresses as they are. */
#ifndef HVIC_HAVE_HV_DEVICE_DMA
#undef sg_dma_address
#undef sg_dma_len
#define sg_dma_address(sg)	sg_phys(sg)
#define sg_dma_len(sg)		((sg)->length)
#define scsi_dma_map(cmd)	((int)scsi_sg_count(cmd))
#define scsi_dma_unmap(cmd)	do { } while (0)
#endif

#endif
