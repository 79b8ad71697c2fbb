/* SPDX-License-Identifier: GPL-2.0 */
/* The suites of hv_netvsc_kunit.ko. */
#ifndef HVIC_NETVSC_TESTS_SUITES_H
#define HVIC_NETVSC_TESTS_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite nvsp_suite, rndis_suite, rndis_build_suite, session_suite, rx_suite,
			  rx_ack_suite, tx_suite, tx_queue_suite, tx_hold_suite, tx_stream_suite,
			  link_suite, channels_suite, flows_suite, config_suite, interface_suite, xdp_suite, vf_suite,
			  isolated_suite;

#endif
