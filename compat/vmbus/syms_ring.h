/* SPDX-License-Identifier: GPL-2.0 */
/* What upstream's ring_buffer.c includes since guests can be isolated. */
#ifdef HVIC_HAVE_HV_ISOLATION
#include <linux/io.h>
#include <asm/mshyperv.h>
#else
#include <linux/prefetch.h>
#endif
