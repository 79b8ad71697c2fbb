// SPDX-License-Identifier: GPL-2.0
/*
 * The shim on arm64: the SynIC's registers are the hypervisor's, read and written by hypercall
 * (SMCCC, through the kernel's hv_get_msr() and hv_set_msr()), and its interrupt is a per-CPU one
 * of the GIC that the firmware names. TLFS chapters 3, 10 and 11.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/hyperv.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of_irq.h>
#include <asm/mshyperv.h>

#include "arch.h"
#include "post.h"

/* The interrupt, while it is set up. */
static struct {
	int irq;		/* the kernel's number */
	u32 intid;		/* the GIC's: what the SINT raises */
	void (*handler)(void);
} arm64_irq;

static void arm64_pages_free(struct vmbus_cpu *context)
{
	hv_free_hyperv_page(context->post_page);
	hv_free_hyperv_page(context->message_page);
	hv_free_hyperv_page(context->event_page);
	context->post_page = NULL;
	context->message_page = NULL;
	context->event_page = NULL;
}

/* The kernel's page may be larger than the hypervisor's: these are of the latter size. */
static int arm64_pages_alloc(struct vmbus_cpu *context)
{
	context->post_page = hv_alloc_hyperv_zeroed_page();
	context->message_page = hv_alloc_hyperv_zeroed_page();
	context->event_page = hv_alloc_hyperv_zeroed_page();
	return context->post_page && context->message_page && context->event_page ? 0 : -ENOMEM;
}

/* ---- the interrupt ---- */

static irqreturn_t arm64_interrupt(int irq, void *cpu_context)
{
	arm64_irq.handler();
	return IRQ_HANDLED;
}

/* The one interrupt of the device's _CRS; the kernel's number of it is made here. */
static acpi_status acpi_find_irq(struct acpi_resource *res, void *context)
{
	struct resource irq = { };

	if (res->type != ACPI_RESOURCE_TYPE_EXTENDED_IRQ || arm64_irq.irq)
		return AE_OK;
	if (!acpi_dev_resource_interrupt(res, 0, &irq) || irq.flags & IORESOURCE_DISABLED)
		return AE_ERROR;
	arm64_irq.irq = irq.start;
	arm64_irq.intid = res->data.extended_irq.interrupts[0];
	return AE_OK;
}

static int find_irq(struct device *bus)
{
	struct acpi_device *device = ACPI_COMPANION(bus);
	struct irq_data *data;
	int irq;

	arm64_irq.irq = 0;
	if (device) {
		acpi_walk_resources(device->handle, METHOD_NAME__CRS, acpi_find_irq, NULL);
	} else {
		irq = of_irq_get(bus->of_node, 0);
		data = irq > 0 ? irq_get_irq_data(irq) : NULL;
		if (data) {
			arm64_irq.irq = irq;
			arm64_irq.intid = irqd_to_hwirq(data);
		}
	}

	if (!arm64_irq.irq) {
		pr_err("the firmware names no interrupt for the VMBus\n");
		return -ENODEV;
	}
	/* The SINT has room for 8 bits, and no other number is of one CPU. */
	if (arm64_irq.intid > U8_MAX || !irq_is_percpu_devid(arm64_irq.irq)) {
		pr_err("the firmware names interrupt %u for the VMBus, which is not one of each CPU\n",
		       arm64_irq.intid);
		return -EINVAL;
	}
	return 0;
}

static int arm64_irq_setup(struct device *bus, void (*handler)(void))
{
	int ret;

	ret = find_irq(bus);
	if (ret)
		return ret;
	arm64_irq.handler = handler;
	/* It stays off on each CPU until arm64_synic_enable(). */
	ret = request_percpu_irq(arm64_irq.irq, arm64_interrupt, "Hyper-V VMbus", vmbus_cpus);
	if (ret) {
		pr_err("cannot have interrupt %d of the VMBus (%d)\n", arm64_irq.irq, ret);
		return ret;
	}
	return arm64_irq.intid;
}

static void arm64_irq_remove(void)
{
	free_percpu_irq(arm64_irq.irq, vmbus_cpus);
}

/* ---- SynIC ---- */

/* SIMP and SIEFP have one layout: enable bit 0, page number from bit 12. */
static void synic_page_attach(unsigned int reg, void *page)
{
	union hv_synic_simp simp;

	BUILD_BUG_ON(sizeof(union hv_synic_siefp) != sizeof(simp));

	simp.as_uint64 = hv_get_msr(reg);
	simp.base_simp_gpa = virt_to_phys(page) >> HV_HYP_PAGE_SHIFT;
	simp.simp_enabled = 1;
	hv_set_msr(reg, simp.as_uint64);
}

static void synic_page_detach(unsigned int reg)
{
	union hv_synic_simp simp;

	simp.as_uint64 = hv_get_msr(reg);
	simp.base_simp_gpa = 0;
	simp.simp_enabled = 0;
	hv_set_msr(reg, simp.as_uint64);
}

static void synic_control(bool enable)
{
	union hv_synic_scontrol control;

	control.as_uint64 = hv_get_msr(HV_MSR_SCONTROL);
	control.enable = enable;
	hv_set_msr(HV_MSR_SCONTROL, control.as_uint64);
}

static void arm64_synic_enable(unsigned int cpu, struct vmbus_cpu *context)
{
	union hv_synic_sint sint;

	synic_page_attach(HV_MSR_SIMP, context->message_page);
	synic_page_attach(HV_MSR_SIEFP, context->event_page);

	enable_percpu_irq(arm64_irq.irq, IRQ_TYPE_NONE);
	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.vector = arm64_irq.intid;
	sint.masked = 0;
	/* There is none on this architecture: the GIC driver ends the interrupt. */
	sint.auto_eoi = 0;
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	synic_control(true);
}

static void arm64_synic_disable(unsigned int cpu, struct vmbus_cpu *context)
{
	union hv_synic_sint sint;

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.masked = 1;
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	synic_page_detach(HV_MSR_SIMP);
	synic_page_detach(HV_MSR_SIEFP);
	synic_control(false);

	disable_percpu_irq(arm64_irq.irq);
}

/* ---- hypercalls ---- */

static u16 arm64_post_message(struct vmbus_cpu *context, u32 connection_id, u32 type,
			      const void *payload, size_t len)
{
	post_message_fill(context->post_page, connection_id, type, payload, len);
	return hv_result(hv_do_hypercall(HVCALL_POST_MESSAGE, context->post_page, NULL));
}

static void arm64_signal_event(u64 *connection)
{
	hv_do_fast_hypercall8(HVCALL_SIGNAL_EVENT, *connection);
}

/* The kernel uses synthetic timers in direct mode only. */
static bool arm64_timers_by_message(void)
{
	return false;
}

static void arm64_end_message(struct hv_message *msg, u32 old_type)
{
	vmbus_signal_eom(msg, old_type);
}

const struct vmbus_arch_ops vmbus_arch_native = {
	.pages_alloc = arm64_pages_alloc,
	.pages_free = arm64_pages_free,
	.irq_setup = arm64_irq_setup,
	.irq_remove = arm64_irq_remove,
	.synic_enable = arm64_synic_enable,
	.synic_disable = arm64_synic_disable,
	.post_message = arm64_post_message,
	.signal_event = arm64_signal_event,
	.timers_by_message = arm64_timers_by_message,
	.end_message = arm64_end_message,
};
