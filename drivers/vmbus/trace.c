// SPDX-License-Identifier: GPL-2.0
/*
 * Instantiates the trace points of the hyperv group.
 */
#include <linux/hyperv.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
