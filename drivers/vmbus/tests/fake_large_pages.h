/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands before a second copy of gpadl.c: a kernel whose pages are 16 KiB, four of the
 * hypervisor's, as some of arm64 are. Only gpadl.c itself sees that size.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_LARGE_PAGES_H
#define HVIC_VMBUS_TESTS_FAKE_LARGE_PAGES_H

#include "fake_kernel.h"

#include "../syms_channel.h"

#include <linux/vmalloc.h>

#include "../vmbus.h"
#include "../trace.h"

/* Beside those of the first copy. */
#define vmbus_gpadl_establish	large_gpadl_establish
#define vmbus_gpadl_send_page	large_gpadl_send_page
#define vmbus_establish_gpadl	large_establish_gpadl
#define vmbus_teardown_gpadl	large_teardown_gpadl

#include "large_pages.h"

#undef PAGE_SIZE
#define PAGE_SIZE		16384ul

#endif
