/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put in front of the copies of the drivers in hv_hid_kunit.ko: the bus that they call is that of
 * fake_host.c, their patience with a host is short, and the keyboard's port is the suite's. Macros
 * only.
 */
#ifndef HVIC_HID_TESTS_FAKE_BUS_H
#define HVIC_HID_TESTS_FAKE_BUS_H

#define vmbus_open			fake_vmbus_open
#define vmbus_close			fake_vmbus_close
#define vmbus_sendpacket		fake_vmbus_sendpacket
#define vmbus_setevent			fake_vmbus_setevent
#define __vmbus_driver_register		fake_vmbus_driver_register
#define vmbus_driver_unregister		fake_vmbus_driver_unregister

#define __serio_register_port		fake_serio_register_port
#define serio_unregister_port		fake_serio_unregister_port
#define serio_interrupt			fake_serio_interrupt

#define INPUT_GREETING_MS		500

#endif
