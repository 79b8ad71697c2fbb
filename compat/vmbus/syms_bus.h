/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What upstream's vmbus_drv.c includes on newer kernels alone. With devices that can be mapped
 * came most of it, so that probe tells.
 */
#ifdef HVIC_HAVE_HV_DEVICE_DMA
#include <linux/sched/isolation.h>
#include <linux/panic_notifier.h>
#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#endif
