/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/panic_notifier.h>; before it was one, <linux/kernel.h> had its content. */
#ifdef HVIC_HAVE_PANIC_NOTIFIER_H
#include_next <linux/panic_notifier.h>
#else
#include <linux/kernel.h>
#include <linux/notifier.h>
#endif
