// SPDX-License-Identifier: GPL-2.0
/*
 * The shim on x86-64: synthetic MSRs, the hypercall page, the fixed callback vector, and the
 * ways of isolated guests (SEV-SNP, TDX, with a paravisor or without). TLFS chapters 3, 10 and 11.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/hyperv.h>
#include <linux/set_memory.h>
#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>

#include "compat/shared_memory.h"
#include "arch.h"
#include "post.h"

/* An isolated guest whose host sees its memory by the guest's own leave, and its hypercalls. */
static bool x86_enlightened(void)
{
	return !hvic_paravisor() && (hv_isolation_type_snp() || hv_isolation_type_tdx());
}

/* A page that the hypervisor reads or writes. Return: NULL; a page in doubt is not freed. */
static void *x86_page_alloc(bool shared)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	if (!page || !shared)
		return page;
	if (set_memory_decrypted((unsigned long)page, 1)) {
		pr_err("cannot share a page with the hypervisor\n");
		return NULL;
	}
	/* Its content changes when it is shared. */
	memset(page, 0, PAGE_SIZE);
	return page;
}

static void x86_page_free(void *page, bool shared)
{
	if (page && (!shared || !set_memory_encrypted((unsigned long)page, 1)))
		free_page((unsigned long)page);
}

/* An SNP guest's paravisor is given a copy of the message; the others' host reads it here. */
static bool x86_post_page_shared(void)
{
	return x86_enlightened() || hv_isolation_type_tdx();
}

static int x86_pages_alloc(struct vmbus_cpu *context)
{
	context->post_page = x86_page_alloc(x86_post_page_shared());
	if (!context->post_page)
		return -ENOMEM;

	/* A paravisor brings the SynIC pages; x86_synic_enable() maps them. */
	if (hvic_paravisor())
		return 0;

	context->message_page = x86_page_alloc(x86_enlightened());
	context->event_page = x86_page_alloc(x86_enlightened());
	return context->message_page && context->event_page ? 0 : -ENOMEM;
}

static void x86_pages_free(struct vmbus_cpu *context)
{
	x86_page_free(context->post_page, x86_post_page_shared());
	if (!hvic_paravisor()) {
		x86_page_free(context->message_page, x86_enlightened());
		x86_page_free(context->event_page, x86_enlightened());
	}
	context->post_page = NULL;
	context->message_page = NULL;
	context->event_page = NULL;
}

static int x86_irq_setup(struct device *bus, void (*handler)(void))
{
	hv_setup_vmbus_handler(handler);
	return HYPERVISOR_CALLBACK_VECTOR;
}

/* The page that SIMP or SIEFP names: ours, or the paravisor's. */
static u64 x86_synic_page(unsigned int reg, void **page)
{
	union hv_synic_simp simp;

	/* SIMP and SIEFP have one layout: enable bit 0, page number from bit 12. */
	BUILD_BUG_ON(sizeof(union hv_synic_siefp) != sizeof(simp));

	simp.as_uint64 = hv_get_msr(reg);
	if (hvic_paravisor()) {
		*page = hvic_map_paravisor_page(simp.base_simp_gpa << HV_HYP_PAGE_SHIFT);
		if (!*page)
			pr_err("cannot map the paravisor's page of register 0x%x\n", reg);
	} else {
		simp.base_simp_gpa = virt_to_phys(*page) >> HV_HYP_PAGE_SHIFT;
	}
	simp.simp_enabled = 1;
	return simp.as_uint64;
}

static void x86_synic_enable(unsigned int cpu, struct vmbus_cpu *context)
{
	union hv_synic_scontrol control;
	union hv_synic_sint sint;

	hv_set_msr(HV_MSR_SIMP, x86_synic_page(HV_MSR_SIMP, &context->message_page));
	hv_set_msr(HV_MSR_SIEFP, x86_synic_page(HV_MSR_SIEFP, &context->event_page));

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.vector = HYPERVISOR_CALLBACK_VECTOR;
	sint.masked = 0;
	sint.auto_eoi = !(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED);
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	control.as_uint64 = hv_get_msr(HV_MSR_SCONTROL);
	control.enable = 1;
	hv_set_msr(HV_MSR_SCONTROL, control.as_uint64);
}

static void x86_synic_page_detach(unsigned int reg, void **page)
{
	union hv_synic_simp simp;

	simp.as_uint64 = hv_get_msr(reg);
	simp.simp_enabled = 0;
	if (hvic_paravisor()) {
		/* The next kernel finds the paravisor's page by this register: keep the number. */
		hvic_unmap_paravisor_page(*page);
		*page = NULL;
	} else {
		simp.base_simp_gpa = 0;
	}
	hv_set_msr(reg, simp.as_uint64);
}

static void x86_synic_disable(unsigned int cpu, struct vmbus_cpu *context)
{
	union hv_synic_scontrol control;
	union hv_synic_sint sint;

	sint.as_uint64 = hv_get_msr(HV_MSR_SINT0 + VMBUS_SINT);
	sint.masked = 1;
	hv_set_msr(HV_MSR_SINT0 + VMBUS_SINT, sint.as_uint64);

	x86_synic_page_detach(HV_MSR_SIMP, &context->message_page);
	x86_synic_page_detach(HV_MSR_SIEFP, &context->event_page);

	control.as_uint64 = hv_get_msr(HV_MSR_SCONTROL);
	control.enable = 0;
	hv_set_msr(HV_MSR_SCONTROL, control.as_uint64);
}

static u16 x86_post_message(struct vmbus_cpu *context, u32 connection_id, u32 type,
			    const void *payload, size_t len)
{
	struct post_message_input *input = context->post_page;
	u64 status;

	post_message_fill(input, connection_id, type, payload, len);
	if (!hvic_paravisor())
		status = hv_do_hypercall(HVCALL_POST_MESSAGE, input, NULL);
	else if (hv_isolation_type_tdx())
		status = hv_tdx_hypercall(HVCALL_POST_MESSAGE, virt_to_phys(input), 0);
	else
		status = hv_ghcb_hypercall(HVCALL_POST_MESSAGE, input, NULL, sizeof(*input));
	return hv_result(status);
}

static void x86_signal_event(u64 *connection)
{
	if (!hvic_paravisor())
		hv_do_fast_hypercall8(HVCALL_SIGNAL_EVENT, *connection);
	else if (hv_isolation_type_tdx())
		hv_tdx_hypercall(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST_BIT, *connection, 0);
	else
		hv_ghcb_hypercall(HVCALL_SIGNAL_EVENT, connection, NULL, sizeof(*connection));
}

/* TLFS 12.4: timers that do not interrupt directly send a message. The kernel decides by the same. */
static bool x86_timers_by_message(void)
{
	return (ms_hyperv.features & HV_MSR_SYNTIMER_AVAILABLE) &&
	       !(ms_hyperv.misc_features & HV_STIMER_DIRECT_MODE_AVAILABLE);
}

static void x86_end_message(struct hv_message *msg, u32 old_type)
{
	vmbus_signal_eom(msg, old_type);
}

const struct vmbus_arch_ops vmbus_arch_native = {
	.pages_alloc = x86_pages_alloc,
	.pages_free = x86_pages_free,
	.irq_setup = x86_irq_setup,
	.irq_remove = hv_remove_vmbus_handler,
	.synic_enable = x86_synic_enable,
	.synic_disable = x86_synic_disable,
	.post_message = x86_post_message,
	.signal_event = x86_signal_event,
	.timers_by_message = x86_timers_by_message,
	.end_message = x86_end_message,
};
