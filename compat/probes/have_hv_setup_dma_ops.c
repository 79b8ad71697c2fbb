// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Propagate VMbus coherence to each VMbus device" (v5.18). */
#include <linux/types.h>
#include <linux/device.h>
#include <asm/mshyperv.h>

void probe_dma_ops(struct device *dev);
void probe_dma_ops(struct device *dev)
{
	hv_setup_dma_ops(dev, true);
}
