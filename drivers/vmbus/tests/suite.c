// SPDX-License-Identifier: GPL-2.0
/* The suites of hv_vmbus_kunit.ko, which are one a file. */
#include <kunit/test.h>
#include <linux/module.h>

#include "suite.h"

kunit_test_suites(&ring_suite, &request_id_suite, &icmsg_suite, &start_suite, &connection_suite,
		  &message_suite, &event_suite, &irq_thread_suite, &offer_suite, &gpadl_suite, &channel_suite,
		  &packet_suite, &rescind_suite, &target_suite, &power_suite, &device_suite,
		  &files_suite, &mmio_suite, &arm64_suite, &large_pages_suite);

MODULE_DESCRIPTION("KUnit suites of hv_vmbus");
MODULE_LICENSE("GPL");
