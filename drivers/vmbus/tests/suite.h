/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_vmbus_kunit.ko. */
#ifndef HVIC_VMBUS_TESTS_SUITE_H
#define HVIC_VMBUS_TESTS_SUITE_H

#include <kunit/test.h>

extern struct kunit_suite ring_suite, request_id_suite, icmsg_suite, start_suite, connection_suite,
	message_suite, event_suite, irq_thread_suite, offer_suite, gpadl_suite, channel_suite,
	packet_suite, rescind_suite, target_suite, power_suite, device_suite, files_suite, mmio_suite, arm64_suite,
	large_pages_suite;

#endif
