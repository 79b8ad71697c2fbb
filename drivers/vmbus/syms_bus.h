/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First include of each unit that exports a symbol of the upstream unit vmbus_drv.c: the types
 * that these headers show decide the symbols' CRCs, so a header is neither added nor dropped
 * here without compat/abi-check.sh agreeing.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/device.h>
#include <linux/platform_device.h>
#include <linux/interrupt.h>
#include <linux/sysctl.h>
#include <linux/slab.h>
#include <linux/acpi.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/kernel_stat.h>
#include <linux/of_address.h>
#include <linux/clockchips.h>
#include <linux/cpu.h>
#include <linux/sched/task_stack.h>
#include <linux/smpboot.h>
#include <linux/delay.h>
#include <linux/ptrace.h>
#include <linux/screen_info.h>
#include <linux/efi.h>
#include <linux/random.h>
#include <linux/kernel.h>
#include <linux/syscore_ops.h>
#include <clocksource/hyperv_timer.h>
#include <asm/mshyperv.h>
#include <linux/tracepoint.h>

#include "../../compat/vmbus/syms_bus.h"
