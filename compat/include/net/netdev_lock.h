/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "net: move misc netdev_lock flavors to a separate header" (v6.15). Found only where the kernel
 * has none.
 */
#include <linux/netdevice.h>
