/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "net: move misc netdev_lock flavors to a separate header" (v6.15). Found only where the kernel
 * has none.
 */
#include <linux/netdevice.h>

/* No interface has a lock of its own: its driver's operations run under RTNL. */
#define netdev_lock_ops(net)	do { } while (0)
#define netdev_unlock_ops(net)	do { } while (0)
