// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs and the machine coming and going: CPU hotplug, hibernation, kexec, crash and panic, and
 * the unload message that makes the host forget this guest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/panic_notifier.h>
#include <linux/pm.h>
#include <linux/syscore_ops.h>
#include <asm/mshyperv.h>
#include <clocksource/hyperv_timer.h>

#include "compat/vmbus/panic_report.h"
#include "vmbus.h"
#include "trace.h"

#define UNLOAD_POLL_MS		10
#define UNLOAD_NOTICE_SECONDS	5

static int cpuhp_state;

/* ---- CPU hotplug ---- */

/** vmbus_cpu_online() - CPU hotplug callback, on that CPU. Return: 0. */
int vmbus_cpu_online(unsigned int cpu)
{
	vmbus_arch->synic_enable(cpu, this_cpu_ptr(vmbus_cpus));
	hv_stimer_legacy_init(cpu, VMBUS_SINT);
	return 0;
}

/*
 * Whether a channel's event flag stays set, an interrupt that nobody has served, or is being served
 * by a thread. What a host sets beyond the channels nobody serves, and it does not count.
 */
static bool cpu_events_pending(unsigned int cpu, const struct vmbus_cpu *context)
{
	union hv_synic_event_flags *sets = context->event_page;
	unsigned int count = vmbus_relid_words() * BITS_PER_LONG;
	int tries;

	for (tries = 0; tries < 4; tries++) {
		/* Flag 0 is not a channel's. Without the page, a paravisor's, nothing comes. */
		if ((!sets || find_next_bit(sets[VMBUS_SINT].flags, count, 1) >= count) &&
		    vmbus_irq_thread_idle(cpu))
			return false;
		usleep_range(10000, 20000);
	}
	return true;
}

/**
 * vmbus_cpu_offline() - CPU hotplug callback, on that CPU
 * @cpu: going offline
 *
 * While connected its channels move to other CPUs; the connect CPU cannot go, because the host
 * cannot be told another.
 *
 * Return: 0 or -EBUSY.
 */
int vmbus_cpu_offline(unsigned int cpu)
{
	struct vmbus_cpu *context = this_cpu_ptr(vmbus_cpus);

	if (vmbus_connected()) {
		if (cpu == VMBUS_CONNECT_CPU || vmbus_vacate_cpu(cpu) ||
		    cpu_events_pending(cpu, context))
			return -EBUSY;
	}
	hv_stimer_legacy_cleanup(cpu);
	vmbus_arch->synic_disable(cpu, context);
	return 0;
}

/* ---- unload ---- */

/* In a crash the interrupt may not come: look into all slots. */
static void unload_poll(void)
{
	unsigned int ms, cpu;

	for (ms = 0; ms < VMBUS_UNLOAD_SECONDS * MSEC_PER_SEC; ms += UNLOAD_POLL_MS) {
		if (completion_done(&vmbus_connection.unload_event))
			break;
		for_each_present_cpu(cpu) {
			struct vmbus_cpu *context = per_cpu_ptr(vmbus_cpus, cpu);
			const struct vmbus_channel_message_header *header;
			struct hv_message *slot;
			u32 type;

			if (!context->message_page)
				continue;
			slot = (struct hv_message *)context->message_page + VMBUS_SINT;
			/* The hypervisor writes the type last. */
			type = smp_load_acquire(&slot->header.message_type);
			if (type == HVMSG_NONE)
				continue;
			header = (const void *)slot->u.payload;
			if (READ_ONCE(header->msgtype) == CHANNELMSG_UNLOAD_RESPONSE)
				complete(&vmbus_connection.unload_event);
			vmbus_arch->end_message(slot, type);
		}
		if (ms && ms % (UNLOAD_NOTICE_SECONDS * MSEC_PER_SEC) == 0)
			pr_notice("Waiting for VMBus UNLOAD to complete\n");
		mdelay(UNLOAD_POLL_MS);
	}

	/* The next kernel must find free slots. */
	for_each_present_cpu(cpu) {
		struct hv_message *slots = per_cpu_ptr(vmbus_cpus, cpu)->message_page;

		if (slots)
			slots[VMBUS_SINT].header.message_type = HVMSG_NONE;
	}
}

/**
 * vmbus_unload() - have the host forget the connection and let go of all memory
 * @crash: nothing may sleep and interrupts may be off
 *
 * Return: 0: the host has let go, or was never connected; -EOPNOTSUPP: a host of protocol 2.4
 * cannot; -ETIMEDOUT; as vmbus_post().
 */
int vmbus_unload(bool crash)
{
	struct vmbus_channel_message_header msg = { .msgtype = CHANNELMSG_UNLOAD };
	bool answered;
	int ret;

	if (xchg(&vmbus_connection.conn_state, DISCONNECTED) != CONNECTED)
		return 0;
	if (vmbus_proto_version < VERSION_WIN8_1)
		return -EOPNOTSUPP;

	reinit_completion(&vmbus_connection.unload_event);
	ret = vmbus_post(&msg, sizeof(msg), !crash);
	if (ret)
		return ret;

	if (crash) {
		unload_poll();
		answered = completion_done(&vmbus_connection.unload_event);
	} else {
		answered = wait_for_completion_timeout(&vmbus_connection.unload_event,
						       VMBUS_UNLOAD_SECONDS * HZ);
	}
	if (answered)
		return 0;
	pr_err("Continuing even though VMBus UNLOAD did not complete\n");
	return -ETIMEDOUT;
}

/* ---- panic, crash, kexec ---- */

static int panic_unload(struct notifier_block *nb, unsigned long action, void *data)
{
	vmbus_unload(true);
	return NOTIFY_DONE;
}

/* Almost last: the framebuffer's notifier still needs its channel. */
static struct notifier_block panic_notifier = {
	.notifier_call = panic_unload,
	.priority = INT_MIN + 1,
};

static void kexec_handler(void)
{
	hv_stimer_global_cleanup();
	vmbus_unload(false);
	/* The state is seen by vmbus_cpu_offline() on all CPUs. */
	smp_mb();
	cpuhp_remove_state(cpuhp_state);
}

static void crash_handler(struct pt_regs *regs)
{
	unsigned int cpu = smp_processor_id();

	vmbus_unload(true);
	/* The other CPUs are stopped; this one's pages are enough for the crash kernel. */
	hv_stimer_cleanup(cpu);
	vmbus_arch->synic_disable(cpu, per_cpu_ptr(vmbus_cpus, cpu));
}

/* ---- suspend: the last CPU, interrupts off ---- */

static int synic_suspend(hvic_syscore_args)
{
	/* Its clock event device is shut down by timekeeping, which may not sleep either. */
	vmbus_arch->synic_disable(0, per_cpu_ptr(vmbus_cpus, 0));
	return 0;
}

static void synic_resume(hvic_syscore_args)
{
	vmbus_arch->synic_enable(0, per_cpu_ptr(vmbus_cpus, 0));
}

HVIC_SYSCORE(synic_syscore, synic_suspend, synic_resume);

/* ---- hibernation ---- */

/* The channels lose their relids; the host offers the devices again at resume. */
static int __maybe_unused bus_suspend(struct device *dev)
{
	struct vmbus_channel *channel;
	int blockers, missing;

	/* The drivers have closed their primaries: the host withdraws the subchannels. */
	flush_workqueue(vmbus_connection.work_queue);
	vmbus_rescind_hvsock_all();
	vmbus_suspend_ready();

	vmbus_offers_hold();
	drain_workqueue(vmbus_connection.work_queue);
	drain_workqueue(vmbus_rescind_queue);
	drain_workqueue(vmbus_connection.handle_primary_chan_wq);
	drain_workqueue(vmbus_connection.handle_sub_chan_wq);

	blockers = atomic_read(&vmbus_connection.nr_chan_close_on_suspend);
	missing = atomic_read(&vmbus_connection.nr_chan_fixup_on_resume);
	if (blockers || missing) {
		pr_err("cannot suspend: %d subchannels or sockets are open, %d devices did not return from the last suspend\n",
		       blockers, missing);
		vmbus_offers_release();
		return -EBUSY;
	}

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry(channel, &vmbus_connection.chn_list, listentry) {
		if (channel->offermsg.child_relid == INVALID_RELID)
			continue;
		vmbus_relid_unmap(channel);
		channel->offermsg.child_relid = INVALID_RELID;
		if (!is_hvsock_channel(channel))
			atomic_inc(&vmbus_connection.nr_chan_fixup_on_resume);
	}
	mutex_unlock(&vmbus_connection.channel_mutex);

	vmbus_unload(false);
	vmbus_offers_release();
	flush_workqueue(vmbus_connection.work_queue);
	reinit_completion(&vmbus_connection.ready_for_resume_event);
	return 0;
}

static int __maybe_unused bus_resume(struct device *dev)
{
	struct vmbus_channel_message_header msg = { .msgtype = CHANNELMSG_REQUESTOFFERS };
	int ret;

	/* The drivers' state is of the version before: no other will do. */
	ret = vmbus_negotiate(vmbus_proto_version);
	if (ret) {
		pr_err("host does not resume protocol %u.%u (%d)\n", vmbus_proto_version >> 16,
		       vmbus_proto_version & 0xffff, ret);
		return ret;
	}

	ret = vmbus_post(&msg, sizeof(msg), true);
	trace_vmbus_request_offers(ret);
	if (!ret && atomic_read(&vmbus_connection.nr_chan_fixup_on_resume) &&
	    !wait_for_completion_timeout(&vmbus_connection.ready_for_resume_event,
					 VMBUS_RESUME_SECONDS * HZ))
		pr_err("Some vmbus device is missing after suspending?\n");

	return ret;
}

static int __maybe_unused device_suspend(struct device *device)
{
	struct hv_driver *drv;

	if (!device->driver)
		return 0;
	drv = drv_to_hv_drv(device->driver);
	return drv->suspend ? drv->suspend(device_to_hv_device(device)) : -EOPNOTSUPP;
}

static int __maybe_unused device_resume(struct device *device)
{
	struct hv_driver *drv;

	if (!device->driver)
		return 0;
	drv = drv_to_hv_drv(device->driver);
	return drv->resume ? drv->resume(device_to_hv_device(device)) : -EOPNOTSUPP;
}

/*
 * Hibernation only, in the noirq phase as PCI does, because pass-through devices hang off the
 * bus. Suspend-to-idle leaves the bus alone: a key of the synthetic keyboard wakes the guest.
 */
const struct dev_pm_ops vmbus_bus_pm = {
#ifdef CONFIG_PM_SLEEP
	.freeze_noirq = bus_suspend,
	.thaw_noirq = bus_resume,
	.poweroff_noirq = bus_suspend,
	.restore_noirq = bus_resume,
#endif
};

const struct dev_pm_ops vmbus_device_pm = {
#ifdef CONFIG_PM_SLEEP
	.freeze_noirq = device_suspend,
	.thaw_noirq = device_resume,
	.poweroff_noirq = device_suspend,
	.restore_noirq = device_resume,
#endif
};

/**
 * vmbus_power_register() - the bus is connected: take part in kexec, crash and suspend
 * @state: of the CPU hotplug callbacks
 */
void vmbus_power_register(int state)
{
	cpuhp_state = state;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	hvic_panic_report_start();
	hv_setup_kexec_handler(kexec_handler);
	hv_setup_crash_handler(crash_handler);
	register_syscore(&synic_syscore);
}

/** vmbus_power_unregister() - undo vmbus_power_register(). */
void vmbus_power_unregister(void)
{
	unregister_syscore(&synic_syscore);
	hv_remove_crash_handler();
	hv_remove_kexec_handler();
	hvic_panic_report_stop();
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_notifier);
}
