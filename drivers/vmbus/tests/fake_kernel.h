/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands before each source of the copied bus: what it would register with the kernel, or change
 * for the machine, goes to fake_kernel.c; its trace points and its bus type have names of their
 * own, its parameters can be set, and its patience with a host is short.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_KERNEL_H
#define HVIC_VMBUS_TESTS_FAKE_KERNEL_H

/* As the sources have it. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/efi.h>
#include <linux/hyperv.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/screen_info.h>
#include <linux/set_memory.h>
#include <linux/smpboot.h>
#include <linux/syscore_ops.h>
#include <asm/mshyperv.h>
#include <clocksource/hyperv_timer.h>

#include "fake_machine.h"

/* The module's start and end are called by the suites, as often as they like. */
#undef __init
#undef __exit
#undef module_init
#undef module_exit
#undef module_param
#undef MODULE_PARM_DESC
#undef MODULE_DEVICE_TABLE
#define __init
#define __exit
#define module_init(fn)			int (*fake_bus_load)(void) = fn
#define module_exit(fn)			void (*fake_bus_unload)(void) = fn
#define module_param(name, type, perm)	type *const fake_param_##name = &name
#define MODULE_PARM_DESC(name, text)
#define MODULE_DEVICE_TABLE(type, table)

/* What kind of guest this is. */
#define hv_is_hyperv_initialized()	(!fake_machine.no_hyperv)
#define hv_root_partition		fake_machine.root
#define hv_is_isolation_supported()	fake_machine.isolated
#define efi_enabled(feature)		fake_machine.efi
#define screen_info			fake_machine.screen
#define iomem_resource			fake_machine.memory

#define bus_register			fake_bus_register
#undef platform_driver_register
#define platform_driver_register	fake_platform_driver_register
#define platform_driver_unregister	fake_platform_driver_unregister
#undef acpi_bus_register_driver
#define acpi_bus_register_driver	fake_acpi_bus_register_driver
#define acpi_bus_unregister_driver	fake_acpi_bus_unregister_driver
#define acpi_walk_resources		fake_acpi_walk_resources
#define pci_get_device			fake_pci_get_device
#define pci_dev_put(device)		((void)(device))
#define set_memory_decrypted		fake_set_memory_decrypted
#define set_memory_encrypted		fake_set_memory_encrypted

#undef kzalloc
#undef kcalloc
#define kzalloc(size, flags) \
	(fake_out_of_memory() ? NULL : kmalloc(size, (flags) | __GFP_ZERO))
#define kcalloc(n, size, flags) \
	(fake_out_of_memory() ? NULL : kmalloc_array(n, size, (flags) | __GFP_ZERO))

/* Crash, kexec, panic, suspend, clocks. */
#define hv_setup_kexec_handler(handler)	(fake_machine.kexec = (handler))
#define hv_remove_kexec_handler()	(fake_machine.kexec = NULL)
#define hv_setup_crash_handler(handler)	(fake_machine.crash = (handler))
#define hv_remove_crash_handler()	(fake_machine.crash = NULL)
#define panic_notifier_list		fake_machine.panic
#ifdef HVIC_HAVE_REGISTER_SYSCORE
#define register_syscore(core)		(fake_machine.syscore = (core)->ops)
#define unregister_syscore(core)	(fake_machine.syscore = NULL)
#else
#define register_syscore_ops(ops)	(fake_machine.syscore = (ops))
#define unregister_syscore_ops(ops)	(fake_machine.syscore = NULL)
#endif
#define hv_stimer_legacy_init(cpu, sint)	fake_clock_start(cpu, sint)
#define hv_stimer_legacy_cleanup(cpu)	atomic_dec(&fake_machine.clocks)
#define hv_stimer_cleanup(cpu)		atomic_inc(&fake_machine.clock_ends)
#define hv_stimer_global_cleanup()	atomic_inc(&fake_machine.clock_ends)
#define hv_stimer0_isr()		atomic_inc(&fake_machine.ticks)

/* Whether its interrupts are served by threads, as where locks sleep. */
#define VMBUS_IRQ_THREADED		fake_machine.threaded
#define smpboot_register_percpu_thread(threads) \
	(fake_machine.thread_error ?: smpboot_register_percpu_thread(threads))

#define VMBUS_POST_LIMIT_US		(300 * USEC_PER_MSEC)
#define VMBUS_UNLOAD_SECONDS		1
#define VMBUS_RESUME_SECONDS		1

/* The group of trace points. */
#define hyperv				hyperv_kunit

#endif
