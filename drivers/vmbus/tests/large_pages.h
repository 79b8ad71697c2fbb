/* SPDX-License-Identifier: GPL-2.0 */
/* The copy of gpadl.c for pages of 16 KiB: see fake_large_pages.h. */
#ifndef HVIC_VMBUS_TESTS_LARGE_PAGES_H
#define HVIC_VMBUS_TESTS_LARGE_PAGES_H

#include <linux/hyperv.h>

int large_gpadl_establish(struct vmbus_channel *channel, enum hv_gpadl_type type, void *buffer,
			  u32 size, u32 send_offset, struct vmbus_gpadl *gpadl);
u32 large_gpadl_send_page(u32 send_offset);
int large_establish_gpadl(struct vmbus_channel *channel, void *kbuffer, u32 size,
			  struct vmbus_gpadl *gpadl);
int large_teardown_gpadl(struct vmbus_channel *channel, struct vmbus_gpadl *gpadl);

#endif
