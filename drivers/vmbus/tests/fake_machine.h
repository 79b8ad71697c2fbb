/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that the copied bus finds itself in: firmware, memory, panic and kexec, clocks. Tests
 * set what it is like, and see what the bus did to it.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_MACHINE_H
#define HVIC_VMBUS_TESTS_FAKE_MACHINE_H

#include <linux/acpi.h>
#include <linux/atomic.h>
#include <linux/ioport.h>
#include <linux/notifier.h>
#include <linux/screen_info.h>

struct pci_dev;
struct pt_regs;
struct syscore_ops;

struct fake_machine {
	/* What it is like. */
	bool no_hyperv, root, isolated, efi;
	bool threaded;			/* its locks sleep */
	int thread_error;		/* of the threads that are for that */
	bool no_bus;			/* the firmware does not tell of a VMBus */
	bool bad_resources;		/* nor can it be asked for the bus's resources */
	bool bad_grant;			/* nor its parent for what is granted */
	int bus_error;			/* of bus_register() */
	int share_error, unshare_error;	/* of set_memory_decrypted() and its opposite */
	unsigned int shares_left;	/* calls before share_error */
	atomic_t allocations, failures;	/* that succeed first, that fail then */
	struct acpi_resource *granted;
	unsigned int num_granted;
	struct screen_info screen;
	struct pci_dev *video;
	struct resource memory;

	/* What the bus did. */
	struct bus_type *bus;
	struct acpi_device *firmware, *device;
	struct platform_device *platform;
	bool bound;
	void (*kexec)(void);
	void (*crash)(struct pt_regs *regs);
	const struct syscore_ops *syscore;
	struct atomic_notifier_head panic;
	atomic_t clocks, clock_ends, ticks;
};

extern struct fake_machine fake_machine;

/* The copied module: its start, its end, its parameters. */
extern int (*fake_bus_load)(void);
extern void (*fake_bus_unload)(void);
extern uint *const fake_param_max_version;
extern uint *const fake_param_response_timeout;

void fake_machine_reset(void);

/* What the copied bus calls in place of the kernel's. */
int fake_bus_register(struct bus_type *bus);
int fake_platform_driver_register(struct platform_driver *driver);
void fake_platform_driver_unregister(struct platform_driver *driver);
int fake_acpi_bus_register_driver(struct acpi_driver *driver);
void fake_acpi_bus_unregister_driver(struct acpi_driver *driver);
acpi_status fake_acpi_walk_resources(acpi_handle handle, char *name,
				     acpi_walk_resource_callback each, void *context);
struct pci_dev *fake_pci_get_device(unsigned int vendor, unsigned int device,
				    struct pci_dev *from);
bool fake_out_of_memory(void);
int fake_set_memory_decrypted(unsigned long address, int pages);
int fake_set_memory_encrypted(unsigned long address, int pages);
void fake_clock_start(unsigned int cpu, int sint);

#endif
