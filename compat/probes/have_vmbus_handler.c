// SPDX-License-Identifier: GPL-2.0
/* "Drivers: hv: vmbus: Move handling of VMbus interrupts" (v5.13). */
#include <linux/types.h>
#include <asm/mshyperv.h>

void probe_handler(void);
void probe_handler(void)
{
	hv_setup_vmbus_handler(probe_handler);
	hv_remove_vmbus_handler();
}
