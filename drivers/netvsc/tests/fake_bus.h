/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put in front of the copy of the driver in hv_netvsc_kunit.ko: the bus that it calls is that of
 * fake_bus.c, the machine is what a test says, and the patience with a host is short.
 */
#ifndef HVIC_NETVSC_TESTS_FAKE_BUS_H
#define HVIC_NETVSC_TESTS_FAKE_BUS_H

#include <linux/cpumask.h>

#define FAKE_CPUS			4u
#undef num_online_cpus
#define num_online_cpus()		FAKE_CPUS

#define hv_is_isolation_supported	fake_isolated_guest

#define vmbus_open			fake_vmbus_open
#define vmbus_close			fake_vmbus_close
#define vmbus_sendpacket		fake_vmbus_sendpacket
#define vmbus_sendpacket_mpb_desc	fake_vmbus_sendpacket_mpb_desc
#define vmbus_establish_gpadl		fake_vmbus_establish_gpadl
#define vmbus_teardown_gpadl		fake_vmbus_teardown_gpadl
#define vmbus_set_sc_create_callback	fake_vmbus_set_sc_create_callback
#define vmbus_setevent			fake_vmbus_setevent
#define vmbus_proto_version		fake_vmbus_proto_version
#define __vmbus_driver_register		fake_vmbus_driver_register
#define vmbus_driver_unregister		fake_vmbus_driver_unregister

#define NETVSC_HOST_TIMEOUT		HZ
#define NETVSC_SILENT_TIMEOUT		(HZ / 4)
#define NETVSC_DRAIN_TIMEOUT		(HZ / 2)
#define NETVSC_LINK_INTERVAL		(HZ / 5)

#endif
