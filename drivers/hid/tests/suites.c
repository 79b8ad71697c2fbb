// SPDX-License-Identifier: GPL-2.0
/* The suites of hv_hid_kunit.ko, which are one a file. */
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&mouse_wire_suite, &keyboard_wire_suite, &mouse_suite, &keyboard_suite);

MODULE_DESCRIPTION("KUnit suites of hid-hyperv and hyperv-keyboard");
MODULE_LICENSE("GPL");
