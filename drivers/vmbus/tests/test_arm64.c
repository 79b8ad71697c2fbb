// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the shim for arm64, on any machine: what it writes to which register in which order, what
 * its hypercalls carry (TLFS, "Virtual interrupt controller" and "Inter-partition communication"),
 * and which interrupt it takes from which firmware.
 */
#include "fake_arm64.h"

#include <kunit/test.h>

#include "../arch/arch.h"
#include "suite.h"

extern const struct vmbus_arch_ops fake_arm64_ops;

/* What it did, in order. */
enum step { SET_SIMP = 1, SET_SIEFP, SET_SINT, SET_SCONTROL, IRQ_ON, IRQ_OFF };

#define KERNEL_IRQ	77
#define INTID		18
#define CODE_POST	0x5cu
#define CODE_SIGNAL	0x5du

static struct {
	/* The machine. */
	u64 simp, siefp, sint, scontrol;
	struct acpi_resource found[3];
	unsigned int num_found;
	int tree_irq, request_error;
	bool unusable, shared;
	struct irq_data data;
	u64 status;

	/* What was done to it. */
	enum step steps[16];
	unsigned int num_steps, strange;
	irq_handler_t handler;
	unsigned int requested, freed;
	void __percpu *context;
	u64 control, input;
	u8 bytes[256];
	struct hv_message *ended;
	u32 ended_type;
} machine;

static unsigned int interrupts;

static u64 *reg_of(unsigned int reg, enum step *step)
{
	switch (reg) {
	case HV_MSR_SIMP:
		*step = SET_SIMP;
		return &machine.simp;
	case HV_MSR_SIEFP:
		*step = SET_SIEFP;
		return &machine.siefp;
	case HV_MSR_SINT0 + 2:
		*step = SET_SINT;
		return &machine.sint;
	case HV_MSR_SCONTROL:
		*step = SET_SCONTROL;
		return &machine.scontrol;
	}
	machine.strange++;
	return NULL;
}

static void took(enum step step)
{
	if (machine.num_steps < ARRAY_SIZE(machine.steps))
		machine.steps[machine.num_steps++] = step;
}

u64 fake_arm64_get(unsigned int reg)
{
	enum step step;
	u64 *at = reg_of(reg, &step);

	return at ? *at : 0;
}

void fake_arm64_set(unsigned int reg, u64 value)
{
	enum step step;
	u64 *at = reg_of(reg, &step);

	if (!at)
		return;
	*at = value;
	took(step);
}

u64 fake_arm64_hypercall(u64 control, void *input, void *output)
{
	machine.control = control;
	if (output)
		machine.strange++;
	memcpy(machine.bytes, input, sizeof(machine.bytes));
	return machine.status;
}

u64 fake_arm64_fast_hypercall(u16 control, u64 input)
{
	machine.control = control;
	machine.input = input;
	return machine.status;
}

void fake_arm64_signal_eom(struct hv_message *msg, u32 old_type)
{
	machine.ended = msg;
	machine.ended_type = old_type;
}

acpi_status fake_arm64_walk(acpi_handle handle, char *name, acpi_walk_resource_callback each,
			    void *context)
{
	acpi_status status = AE_OK;
	unsigned int i;

	if (strcmp(name, "_CRS"))
		machine.strange++;
	for (i = 0; i < machine.num_found && ACPI_SUCCESS(status); i++)
		status = each(&machine.found[i], context);
	return status;
}

bool fake_arm64_resource_irq(struct acpi_resource *res, int index, struct resource *irq)
{
	if (index)
		machine.strange++;
	irq->flags = IORESOURCE_IRQ;
	if (machine.unusable)
		irq->flags |= IORESOURCE_DISABLED;
	else
		irq->start = KERNEL_IRQ;
	return true;
}

int fake_arm64_tree_irq(struct device_node *node, int index)
{
	if (index)
		machine.strange++;
	return machine.tree_irq;
}

struct irq_data *fake_arm64_irq_data(unsigned int irq)
{
	return irq == KERNEL_IRQ ? &machine.data : NULL;
}

bool fake_arm64_is_percpu(unsigned int irq)
{
	return irq == KERNEL_IRQ && !machine.shared;
}

int fake_arm64_request(unsigned int irq, irq_handler_t handler, const char *name,
		       void __percpu *context)
{
	if (machine.request_error)
		return machine.request_error;
	machine.requested = irq;
	machine.handler = handler;
	machine.context = context;
	return 0;
}

void fake_arm64_free(unsigned int irq, void __percpu *context)
{
	machine.freed = irq;
	if (context != machine.context)
		machine.strange++;
}

void fake_arm64_enable(unsigned int irq, unsigned int type)
{
	if (irq != KERNEL_IRQ || type != IRQ_TYPE_NONE)
		machine.strange++;
	took(IRQ_ON);
}

void fake_arm64_disable(unsigned int irq)
{
	if (irq != KERNEL_IRQ)
		machine.strange++;
	took(IRQ_OFF);
}

static void on_interrupt(void)
{
	interrupts++;
}

/* ---- firmware ---- */

struct firmware {
	struct acpi_device acpi;
	struct device bus;
};

static void found_irq(u32 intid)
{
	struct acpi_resource *res = &machine.found[machine.num_found++];

	res->type = ACPI_RESOURCE_TYPE_EXTENDED_IRQ;
	res->data.extended_irq.interrupt_count = 1;
	res->data.extended_irq.interrupts[0] = intid;
}

static int arm64_init(struct kunit *test)
{
	struct firmware *firmware = kunit_kzalloc(test, sizeof(*firmware), GFP_KERNEL);

	if (!firmware)
		return -ENOMEM;
	memset(&machine, 0, sizeof(machine));
	interrupts = 0;
	machine.data.hwirq = INTID;
	fwnode_init(&firmware->acpi.fwnode, &acpi_device_fwnode_ops);
	firmware->bus.fwnode = &firmware->acpi.fwnode;
	test->priv = firmware;
	return 0;
}

static void arm64_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, machine.strange, 0u);
}

static int setup(struct kunit *test)
{
	struct firmware *firmware = test->priv;

	return fake_arm64_ops.irq_setup(&firmware->bus, on_interrupt);
}

/* The GIC's number goes to the SINT, the kernel's to the kernel. */
static void arm64_interrupt_of_acpi(struct kunit *test)
{
	machine.found[0].type = ACPI_RESOURCE_TYPE_ADDRESS64;
	machine.num_found = 1;
	found_irq(INTID);
	found_irq(INTID + 1);
	KUNIT_ASSERT_EQ(test, setup(test), INTID);
	KUNIT_EXPECT_EQ(test, machine.requested, (unsigned int)KERNEL_IRQ);
	KUNIT_EXPECT_TRUE(test, machine.context == vmbus_cpus);
	KUNIT_ASSERT_NOT_NULL(test, machine.handler);
	KUNIT_EXPECT_EQ(test, machine.handler(KERNEL_IRQ, NULL), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, interrupts, 1u);
	/* Not before the SynIC is enabled. */
	KUNIT_EXPECT_EQ(test, machine.num_steps, 0u);
	fake_arm64_ops.irq_remove();
	KUNIT_EXPECT_EQ(test, machine.freed, (unsigned int)KERNEL_IRQ);
}

static void arm64_interrupt_of_a_tree(struct kunit *test)
{
	struct firmware *firmware = test->priv;

	firmware->bus.fwnode = NULL;
	machine.tree_irq = KERNEL_IRQ;
	KUNIT_EXPECT_EQ(test, setup(test), INTID);
	KUNIT_EXPECT_EQ(test, machine.requested, (unsigned int)KERNEL_IRQ);

	machine.tree_irq = -EPROBE_DEFER;
	KUNIT_EXPECT_EQ(test, setup(test), -ENODEV);
	machine.tree_irq = 0;
	KUNIT_EXPECT_EQ(test, setup(test), -ENODEV);
}

static void arm64_interrupt_that_is_none(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, setup(test), -ENODEV);
	found_irq(INTID);
	machine.unusable = true;
	KUNIT_EXPECT_EQ(test, setup(test), -ENODEV);
	machine.unusable = false;
	/* One that all CPUs share cannot tell which of them is meant. */
	machine.shared = true;
	KUNIT_EXPECT_EQ(test, setup(test), -EINVAL);
	machine.shared = false;
	machine.request_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, setup(test), -EBUSY);
	machine.request_error = 0;
	KUNIT_EXPECT_EQ(test, machine.requested, 0u);

	/* The SINT's vector has 8 bits. */
	machine.num_found = 0;
	found_irq(256 + INTID);
	KUNIT_EXPECT_EQ(test, setup(test), -EINVAL);
	machine.num_found = 0;
	found_irq(255);
	KUNIT_EXPECT_EQ(test, setup(test), 255);
}

/* ---- SynIC ---- */

static const enum step on_steps[] = { SET_SIMP, SET_SIEFP, IRQ_ON, SET_SINT, SET_SCONTROL };
static const enum step off_steps[] = { SET_SINT, SET_SIMP, SET_SIEFP, SET_SCONTROL, IRQ_OFF };

static void expect_steps(struct kunit *test, const enum step *steps, unsigned int count)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, machine.num_steps, count);
	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, machine.steps[i], steps[i], "step %u", i);
	machine.num_steps = 0;
}

/*
 * Bit 0 of SIMP and SIEFP is enable, 1 to 11 are preserved, 12 on the page. SINT: vector 0 to 7,
 * masked 16, auto-EOI 17. Neither side of the enabling takes an interrupt that the other loses.
 */
static void arm64_synic_on_and_off(struct kunit *test)
{
	struct vmbus_cpu context = { };

	found_irq(INTID);
	KUNIT_ASSERT_EQ(test, setup(test), INTID);
	KUNIT_ASSERT_EQ(test, fake_arm64_ops.pages_alloc(&context), 0);
	machine.simp = 0x0123456789000a54;
	machine.siefp = 0xfedcba98760005aa;
	machine.sint = 0x00000000000300ff;
	machine.scontrol = 0xf0;

	fake_arm64_ops.synic_enable(0, &context);
	expect_steps(test, on_steps, ARRAY_SIZE(on_steps));
	KUNIT_EXPECT_EQ(test, machine.simp, virt_to_phys(context.message_page) | 0xa55);
	KUNIT_EXPECT_EQ(test, machine.siefp, virt_to_phys(context.event_page) | 0x5ab);
	KUNIT_EXPECT_EQ(test, machine.sint, (u64)INTID);
	KUNIT_EXPECT_EQ(test, machine.scontrol, 0xf1ull);

	fake_arm64_ops.synic_disable(0, &context);
	expect_steps(test, off_steps, ARRAY_SIZE(off_steps));
	KUNIT_EXPECT_EQ(test, machine.simp, 0xa54ull);
	KUNIT_EXPECT_EQ(test, machine.siefp, 0x5aaull);
	KUNIT_EXPECT_EQ(test, machine.sint, 0x10000ull | INTID);
	KUNIT_EXPECT_EQ(test, machine.scontrol, 0xf0ull);
	fake_arm64_ops.pages_free(&context);
}

/* Three pages of the hypervisor's, zeroed; freeing them twice is nothing. */
static void arm64_pages(struct kunit *test)
{
	struct vmbus_cpu context = { };
	void *pages[3];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_arm64_ops.pages_alloc(&context), 0);
	pages[0] = context.message_page;
	pages[1] = context.event_page;
	pages[2] = context.post_page;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		KUNIT_EXPECT_EQ(test, virt_to_phys(pages[i]) % 4096, 0ull);
		KUNIT_EXPECT_NULL(test, memchr_inv(pages[i], 0, 4096));
		KUNIT_EXPECT_PTR_NE(test, pages[i], pages[(i + 1) % ARRAY_SIZE(pages)]);
	}
	fake_arm64_ops.pages_free(&context);
	KUNIT_EXPECT_NULL(test, context.message_page);
	KUNIT_EXPECT_NULL(test, context.event_page);
	KUNIT_EXPECT_NULL(test, context.post_page);
	fake_arm64_ops.pages_free(&context);
}

/* ---- hypercalls ---- */

static void arm64_posts(struct kunit *test)
{
	static const u8 head[] = { 4, 3, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 240, 0, 0, 0 };
	struct vmbus_cpu context = { };
	u8 payload[240];
	unsigned int i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = 0xff - i;
	KUNIT_ASSERT_EQ(test, fake_arm64_ops.pages_alloc(&context), 0);

	memset(context.post_page, 0xee, 256);
	KUNIT_EXPECT_EQ(test, fake_arm64_ops.post_message(&context, 0x01020304, 1, payload,
							  sizeof(payload)), (u16)0);
	KUNIT_EXPECT_EQ(test, machine.control, (u64)CODE_POST);
	KUNIT_EXPECT_EQ(test, memcmp(machine.bytes, head, sizeof(head)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(machine.bytes + 16, payload, sizeof(payload)), 0);

	/* The status is in the low half; above it are repetitions. */
	machine.status = 0x000000010000000bull;
	KUNIT_EXPECT_EQ(test, fake_arm64_ops.post_message(&context, 1, 1, payload, 8), (u16)0xb);
	KUNIT_EXPECT_EQ(test, machine.bytes[12], (u8)8);
	fake_arm64_ops.pages_free(&context);
}

static void arm64_signals_and_ends(struct kunit *test)
{
	struct hv_message msg = { };
	u64 connection = 0x0000000100000a02ull;

	fake_arm64_ops.signal_event(&connection);
	KUNIT_EXPECT_EQ(test, machine.control, (u64)CODE_SIGNAL);
	KUNIT_EXPECT_EQ(test, machine.input, connection);

	fake_arm64_ops.end_message(&msg, 1);
	KUNIT_EXPECT_PTR_EQ(test, machine.ended, &msg);
	KUNIT_EXPECT_EQ(test, machine.ended_type, 1u);
}

static struct kunit_case arm64_cases[] = {
	KUNIT_CASE(arm64_interrupt_of_acpi),
	KUNIT_CASE(arm64_interrupt_of_a_tree),
	KUNIT_CASE(arm64_interrupt_that_is_none),
	KUNIT_CASE(arm64_synic_on_and_off),
	KUNIT_CASE(arm64_pages),
	KUNIT_CASE(arm64_posts),
	KUNIT_CASE(arm64_signals_and_ends),
	{ }
};

struct kunit_suite arm64_suite = {
	.name = "hv-vmbus-arm64",
	.init = arm64_init,
	.exit = arm64_exit,
	.test_cases = arm64_cases,
};
