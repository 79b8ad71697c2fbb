// SPDX-License-Identifier: GPL-2.0
/*
 * A panic or an oops is told to the host: by the crash registers, or by the end of the kernel's
 * log where the host takes text. Newer kernels do that without the bus.
 */
#include <linux/hyperv.h>
#include <linux/kdebug.h>
#include <linux/kmsg_dump.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/sysctl.h>
#include <asm/mshyperv.h>

#include "panic_report.h"

/* An administrator's choice: the log may hold what the host's owner should not see. */
static int record_panic_msg = 1;

/* Where the end of the log goes; NULL: the host takes no text. */
static void *panic_page;
static struct ctl_table_header *panic_sysctl;

static struct ctl_table panic_table[] = {
	{
		.procname = "hyperv_record_panic_msg",
		.data = &record_panic_msg,
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
	{ }
};

/* The text says more than the registers: not both. */
static bool text_is_sent(void)
{
	return panic_page && record_panic_msg;
}

static int report_die(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct die_args *args = data;

	if (action == DIE_OOPS && !text_is_sent())
		hyperv_report_panic(args->regs, args->err, true);
	return NOTIFY_DONE;
}

static int report_panic(struct notifier_block *nb, unsigned long action, void *data)
{
	if (!text_is_sent())
		hyperv_report_panic(current_pt_regs(), action, false);
	return NOTIFY_DONE;
}

static struct notifier_block die_notifier = { .notifier_call = report_die };

/* Last: the bus has let the host go by then. */
static struct notifier_block panic_notifier = {
	.notifier_call = report_panic,
	.priority = INT_MIN,
};

static void dump_log(struct kmsg_dumper *dumper, enum kmsg_dump_reason reason)
{
	size_t len = 0;

	if (reason != KMSG_DUMP_PANIC || !text_is_sent())
		return;
	hvic_kmsg_dump_end(dumper, panic_page, HV_HYP_PAGE_SIZE, &len);
	if (len)
		hyperv_report_panic_msg(virt_to_phys(panic_page), len);
}

static struct kmsg_dumper log_dumper = {
	.dump = dump_log,
	.max_reason = KMSG_DUMP_PANIC,
};

static void text_start(void)
{
	if (!(hv_get_msr(HV_MSR_CRASH_CTL) & HV_CRASH_CTL_CRASH_NOTIFY_MSG))
		return;
	panic_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (panic_page && kmsg_dump_register(&log_dumper)) {
		free_page((unsigned long)panic_page);
		panic_page = NULL;
	}
}

/** hvic_panic_report_start() - the bus is connected. Process context. */
void hvic_panic_report_start(void)
{
	if (!(ms_hyperv.misc_features & HV_FEATURE_GUEST_CRASH_MSR_AVAILABLE))
		return;
	panic_sysctl = register_sysctl("kernel", panic_table);
	text_start();
	register_die_notifier(&die_notifier);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
}

/** hvic_panic_report_stop() - undo hvic_panic_report_start(). Process context. */
void hvic_panic_report_stop(void)
{
	if (!(ms_hyperv.misc_features & HV_FEATURE_GUEST_CRASH_MSR_AVAILABLE))
		return;
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_notifier);
	unregister_die_notifier(&die_notifier);
	if (panic_page) {
		kmsg_dump_unregister(&log_dumper);
		free_page((unsigned long)panic_page);
		panic_page = NULL;
	}
	if (panic_sysctl)
		unregister_sysctl_table(panic_sysctl);
	panic_sysctl = NULL;
}
