// SPDX-License-Identifier: GPL-2.0
/*
 * The copy of the mouse's driver, see unit.h. Its HID driver has another name, so that the
 * machine's own may be there too.
 */
#include <linux/hid.h>

#define UNIT	mouse
#include "unit.h"

static int register_renamed(struct hid_driver *driver)
{
	driver->name = "fake-mouse";
	/* Suites run before their module is in sysfs, where its drivers would be listed. */
	return __hid_register_driver(driver, NULL, KBUILD_MODNAME);
}

#undef hid_register_driver
#define hid_register_driver	register_renamed

#include "../mouse.c"
