// SPDX-License-Identifier: GPL-2.0
/* The suites of hv_storvsc_kunit.ko, which are one a file. */
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&vstor_suite, &session_suite, &commands_suite, &sending_suite,
		  &batches_suite, &outcomes_suite, &luns_suite, &recovery_suite, &endings_suite);

MODULE_DESCRIPTION("KUnit suites of hv_storvsc");
MODULE_LICENSE("GPL");
