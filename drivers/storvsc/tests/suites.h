/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_storvsc_kunit.ko. */
#ifndef HVIC_STORVSC_TESTS_SUITES_H
#define HVIC_STORVSC_TESTS_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite vstor_suite, session_suite, commands_suite, sending_suite,
			  batches_suite, outcomes_suite, luns_suite, recovery_suite, endings_suite;

#endif
