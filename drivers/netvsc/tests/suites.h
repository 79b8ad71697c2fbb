/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_netvsc_kunit.ko. */
#ifndef HVIC_NETVSC_TESTS_SUITES_H
#define HVIC_NETVSC_TESTS_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite nvsp_suite, rndis_suite, rndis_build_suite;

#endif
