/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First include of each unit that exports a symbol of the upstream unit connection.c: the types
 * that these headers show decide the symbols' CRCs, so a header is neither added nor dropped here
 * without compat/abi-check.sh agreeing.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/hyperv.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/set_memory.h>
#include <asm/mshyperv.h>
#include <linux/tracepoint.h>
