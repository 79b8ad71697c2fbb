// SPDX-License-Identifier: GPL-2.0
/*
 * The shim on x86-64: synthetic MSRs, the hypercall page, the fixed callback vector, and the
 * GHCB variants of an SEV-SNP guest. TLFS chapters 3, 10 and 11.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/hyperv.h>
#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>

#include "arch.h"
#include "post.h"

static int x86_pages_alloc(struct vmbus_cpu *context)
{
	context->post_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!context->post_page)
		return -ENOMEM;

	/* The paravisor of an SNP guest brings the SynIC pages; x86_synic_enable() maps them. */
	if (hv_isolation_type_snp())
		return 0;

	context->message_page = (void *)get_zeroed_page(GFP_KERNEL);
	context->event_page = (void *)get_zeroed_page(GFP_KERNEL);
	return context->message_page && context->event_page ? 0 : -ENOMEM;
}

static void x86_pages_free(struct vmbus_cpu *context)
{
	free_page((unsigned long)context->post_page);
	if (!hv_isolation_type_snp()) {
		free_page((unsigned long)context->message_page);
		free_page((unsigned long)context->event_page);
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
	if (hv_isolation_type_snp()) {
		*page = memremap(simp.base_simp_gpa << HV_HYP_PAGE_SHIFT, HV_HYP_PAGE_SIZE,
				 MEMREMAP_WB);
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
	if (hv_isolation_type_snp()) {
		/* The next kernel finds the paravisor's page by this register: keep the number. */
		memunmap(*page);
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
	if (hv_isolation_type_snp())
		status = hv_ghcb_hypercall(HVCALL_POST_MESSAGE, input, NULL, sizeof(*input));
	else
		status = hv_do_hypercall(HVCALL_POST_MESSAGE, input, NULL);
	return hv_result(status);
}

static void x86_signal_event(u64 *connection)
{
	if (hv_isolation_type_snp())
		hv_ghcb_hypercall(HVCALL_SIGNAL_EVENT, connection, NULL, sizeof(*connection));
	else
		hv_do_fast_hypercall8(HVCALL_SIGNAL_EVENT, *connection);
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
	.end_message = x86_end_message,
};
