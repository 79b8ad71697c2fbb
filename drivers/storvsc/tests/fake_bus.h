/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put in front of the copy of the driver in hv_storvsc_kunit.ko: the bus that it calls is that of
 * fake_host.c, and its patience with a host is short. Macros only.
 */
#ifndef HVIC_STORVSC_TESTS_FAKE_BUS_H
#define HVIC_STORVSC_TESTS_FAKE_BUS_H

#define vmbus_open			fake_vmbus_open
#define vmbus_close			fake_vmbus_close
#define vmbus_sendpacket		fake_vmbus_sendpacket
#define vmbus_set_sc_create_callback	fake_vmbus_set_sc_create_callback
#define vmbus_setevent			fake_vmbus_setevent
#define __vmbus_driver_register		fake_vmbus_driver_register
#define vmbus_driver_unregister		fake_vmbus_driver_unregister

#define STORVSC_CONTROL_TIMEOUT		(HZ / 5)
#define STORVSC_COMMAND_TIMEOUT		(2 * HZ)
#define STORVSC_DRAIN_TIMEOUT		HZ
#define STORVSC_FLUSH_TIMEOUT		HZ
#define STORVSC_LOST_END		(2 * HZ)

#endif
