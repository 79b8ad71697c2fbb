// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Restrict vmbus_devices on isolated guests" (v5.12). */
#include <linux/hyperv.h>

struct vmbus_device probe_device = { .allowed_in_isolated = true };
