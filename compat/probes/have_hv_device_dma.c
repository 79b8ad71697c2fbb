// SPDX-License-Identifier: GPL-2.0
/*
 * "scsi: storvsc: Add Isolation VM support for storvsc driver" (v5.17): devices of the bus can be
 * mapped for DMA.
 */
#include <linux/hyperv.h>

u64 probe_dma(struct hv_device *dev);
u64 probe_dma(struct hv_device *dev)
{
	return dev->dma_parms.min_align_mask & dev->dma_mask;
}
