/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_hid_kunit.ko. */
#ifndef HVIC_HID_TESTS_SUITES_H
#define HVIC_HID_TESTS_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite mouse_wire_suite, keyboard_wire_suite, mouse_suite, keyboard_suite;

#endif
