/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands before the copy of the shim for arm64: its registers, hypercalls and interrupts go to
 * test_arm64.c, which runs on any machine.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_ARM64_H
#define HVIC_VMBUS_TESTS_FAKE_ARM64_H

/* As the source has it. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/hyperv.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of_irq.h>
#include <asm/mshyperv.h>

u64 fake_arm64_get(unsigned int reg);
void fake_arm64_set(unsigned int reg, u64 value);
u64 fake_arm64_hypercall(u64 control, void *input, void *output);
u64 fake_arm64_fast_hypercall(u16 control, u64 input);
void fake_arm64_signal_eom(struct hv_message *msg, u32 old_type);
acpi_status fake_arm64_walk(acpi_handle handle, char *name, acpi_walk_resource_callback each,
			    void *context);
bool fake_arm64_resource_irq(struct acpi_resource *res, int index, struct resource *irq);
int fake_arm64_tree_irq(struct device_node *node, int index);
struct irq_data *fake_arm64_irq_data(unsigned int irq);
bool fake_arm64_is_percpu(unsigned int irq);
int fake_arm64_request(unsigned int irq, irq_handler_t handler, const char *name,
		       void __percpu *context);
void fake_arm64_free(unsigned int irq, void __percpu *context);
void fake_arm64_enable(unsigned int irq, unsigned int type);
void fake_arm64_disable(unsigned int irq);

#undef hv_get_msr
#undef hv_set_msr
#define hv_get_msr		fake_arm64_get
#define hv_set_msr		fake_arm64_set
#define hv_do_hypercall		fake_arm64_hypercall
#define hv_do_fast_hypercall8	fake_arm64_fast_hypercall
#define vmbus_signal_eom	fake_arm64_signal_eom
#define acpi_walk_resources	fake_arm64_walk
#define acpi_dev_resource_interrupt	fake_arm64_resource_irq
#define of_irq_get		fake_arm64_tree_irq
#define irq_get_irq_data	fake_arm64_irq_data
#define irq_is_percpu_devid	fake_arm64_is_percpu
#define request_percpu_irq	fake_arm64_request
#define free_percpu_irq		fake_arm64_free
#define enable_percpu_irq	fake_arm64_enable
#define disable_percpu_irq	fake_arm64_disable

/* Beside the fake hypervisor's table. */
#define vmbus_arch_native	fake_arm64_ops

#endif
