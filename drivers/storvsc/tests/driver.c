// SPDX-License-Identifier: GPL-2.0
/*
 * The copies of the driver's main.c, and of the files that have parameters: the suites load and
 * unload the driver as often as they like, its parameters are within their reach, and no device of
 * the machine makes anybody load this module.
 */
#include <linux/init.h>
#include <linux/module.h>

#undef __init
#undef __exit
#undef module_init
#undef module_exit
#undef MODULE_DEVICE_TABLE
#define __init
#define __exit
#define module_init(fn)			int (*fake_driver_load)(void) = fn
#define module_exit(fn)			void (*fake_driver_unload)(void) = fn
#define MODULE_DEVICE_TABLE(type, table)

#include "fake_host.h"

/* The host sees to what a packet meets on its way. */
#define storvsc_put_packet		fake_put_packet

#include "../main.c"
#include "../queues.c"
#include "../request.c"

unsigned int *fake_io_deadline = &io_deadline;
unsigned int *fake_max_hw_queues = &storvsc_max_hw_queues;
int *fake_ring_size = &storvsc_ringbuffer_size;
int *fake_vcpus_per_channel = &storvsc_vcpus_per_sub_channel;
int *fake_lowater = &ring_avail_percent_lowater;
