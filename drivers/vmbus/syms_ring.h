/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First include of the unit that exports symbols of the upstream unit ring_buffer.c: the types
 * that these headers show decide the symbols' CRCs, so a header is neither added nor dropped
 * here without compat/abi-check.sh agreeing.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/hyperv.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>
#include <linux/slab.h>
#include <linux/interrupt.h>
#include <linux/tracepoint.h>

#include "../../compat/vmbus/syms_ring.h"
