/* SPDX-License-Identifier: GPL-2.0 */
#include_next <linux/hid.h>
#define HID_MAX_BUFFER_SIZE	16384
