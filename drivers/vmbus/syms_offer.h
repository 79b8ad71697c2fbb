/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First include of each unit that exports a symbol of the upstream unit channel_mgmt.c: the types
 * that these headers show decide the symbols' CRCs, so a header is neither added nor dropped here
 * without compat/abi-check.sh agreeing.
 */
#include <linux/kernel.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/cpu.h>
#include <linux/hyperv.h>
#include <asm/mshyperv.h>
#include <linux/sched/isolation.h>
#include <linux/tracepoint.h>
