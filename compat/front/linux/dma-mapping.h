/* SPDX-License-Identifier: GPL-2.0 */
/*
 * <linux/dma-mapping.h>. Where devices of the bus cannot be mapped for DMA the host gets guest
 * physical addresses as they are; see <scsi/scsi_cmnd.h>, too.
 */
#ifndef HVIC_COMPAT_LINUX_DMA_MAPPING_H
#define HVIC_COMPAT_LINUX_DMA_MAPPING_H

#include_next <linux/dma-mapping.h>

#ifndef HVIC_HAVE_HV_DEVICE_DMA
#define dma_set_min_align_mask(dev, mask)	do { } while (0)
#undef dma_map_sg
#undef dma_unmap_sg
#define dma_map_sg(dev, sg, nents, dir)		((int)(nents))
#define dma_unmap_sg(dev, sg, nents, dir)	do { } while (0)
#endif

#endif
