/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_vmbus_kunit.ko. */
#ifndef HVIC_VMBUS_TESTS_SUITE_H
#define HVIC_VMBUS_TESTS_SUITE_H

#include <kunit/test.h>

extern struct kunit_suite ring_suite, request_id_suite, icmsg_suite;

#endif
