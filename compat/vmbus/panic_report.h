/* SPDX-License-Identifier: GPL-2.0 */
/* Telling the host of a panic, where the kernel itself does not. */
#ifndef HVIC_COMPAT_VMBUS_PANIC_REPORT_H
#define HVIC_COMPAT_VMBUS_PANIC_REPORT_H

#ifdef HVIC_HAVE_PANIC_REPORT
static inline void hvic_panic_report_start(void)
{
}

static inline void hvic_panic_report_stop(void)
{
}
#else
void hvic_panic_report_start(void);
void hvic_panic_report_stop(void);
#endif

#endif
