/* SPDX-License-Identifier: GPL-2.0 */
/* <asm/mshyperv.h> of the target kernel, then what newer ones have in it and the target lacks. */
#ifndef HVIC_COMPAT_ASM_MSHYPERV_H
#define HVIC_COMPAT_ASM_MSHYPERV_H

#include_next <asm/mshyperv.h>

#ifdef HVIC_HAVE_HV_ISOLATION
#define hvic_shared_boundary()	(ms_hyperv.shared_gpa_boundary)
#else
/* No guest of this kernel is isolated from its host. */
#define hvic_shared_boundary()	0ULL

static inline bool hv_is_isolation_supported(void)
{
	return false;
}

static inline bool hv_isolation_type_snp(void)
{
	return false;
}

static inline u64 hv_ghcb_hypercall(u64 control, void *input, void *output, u32 input_size)
{
	return U64_MAX;
}
#endif

#ifndef HVIC_HAVE_HV_ROOT_PARTITION
#define hv_root_partition	false
#endif

#ifndef HVIC_HAVE_HV_RESULT
static inline int hv_result(u64 status)
{
	return status & HV_HYPERCALL_RESULT_MASK;
}
#endif

#ifndef HVIC_HAVE_VMBUS_HANDLER
#define hv_setup_vmbus_handler(handler)	hv_setup_vmbus_irq(0, handler)
#define hv_remove_vmbus_handler		hv_remove_vmbus_irq
#endif

#ifndef HVIC_HAVE_HV_SETUP_DMA_OPS
#define hv_setup_dma_ops(dev, coherent)	do { } while (0)
#endif

#endif
