// SPDX-License-Identifier: GPL-2.0
/*
 * The copy of the driver's main.c: it is loaded and unloaded by the suites, as often as they like,
 * and no device of the machine makes anybody load this module.
 */
#include <linux/init.h>
#include <linux/module.h>

#undef __init
#undef __exit
#undef __ro_after_init
#undef module_init
#undef module_exit
#undef MODULE_DEVICE_TABLE
#define __init
#define __exit
#define __ro_after_init
#define module_init(fn)			int (*fake_driver_load)(void) = fn
#define module_exit(fn)			void (*fake_driver_unload)(void) = fn
#define MODULE_DEVICE_TABLE(type, table)

#include "fake_host.h"

#include "../main.c"
