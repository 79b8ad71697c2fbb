/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In front of the copy of a driver that the suites load and unload themselves, as often as they
 * like; UNIT is its name here. No device of the machine makes anybody load this module.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "fake_host.h"

#undef __init
#undef __exit
#undef module_init
#undef module_exit
#undef MODULE_DEVICE_TABLE
#define __init
#define __exit
#define module_init(fn)			int (*CONCATENATE(CONCATENATE(fake_, UNIT), _load))(void) = fn
#define module_exit(fn)			void (*CONCATENATE(CONCATENATE(fake_, UNIT), _unload))(void) = fn
#define MODULE_DEVICE_TABLE(type, table)
