// SPDX-License-Identifier: GPL-2.0
/*
 * "Drivers: hv: vmbus: Add utility function for querying ring size" (v6.10, and in later 5.10.y):
 * the table of devices names the ring that uio_hv_generic takes.
 */
#include <linux/hyperv.h>

struct vmbus_device probe_device = { .pref_ring_size = 4096 };
