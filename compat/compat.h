/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put in front of every unit with -include. It supplies, as macros only, what the newest
 * kernel interface has and the target lacks. It includes no kernel header: which types a unit
 * sees decides the CRCs of the symbols that it exports. What needs types is in headers of its own
 * beside this one, which a unit includes after the kernel's.
 */
#ifndef HVIC_COMPAT_H
#define HVIC_COMPAT_H

#include "have.h"

/* ---- all drivers ---- */

/* The type that hv_driver.remove returns, and how to leave it. */
#ifdef HVIC_HAVE_HV_DRIVER_REMOVE_VOID
#define hvic_remove_t			void
#define hvic_remove_return()		do { return; } while (0)
#else
#define hvic_remove_t			int
#define hvic_remove_return()		do { return 0; } while (0)
#endif

/* ---- vmbus: the driver core ---- */

/* Whether the callbacks of a bus type get const pointers. */
#ifdef HVIC_HAVE_BUS_MATCH_CONST
#define hvic_match_const		const
#else
#define hvic_match_const
#endif

/* What bus_type.remove returns. */
#ifdef HVIC_HAVE_BUS_REMOVE_VOID
#define hvic_bus_remove_t		void
#define hvic_bus_remove_return()	do { return; } while (0)
#else
#define hvic_bus_remove_t		int
#define hvic_bus_remove_return()	do { return 0; } while (0)
#endif

#ifdef HVIC_HAVE_BUS_UEVENT_CONST
#define hvic_uevent_const		const
#else
#define hvic_uevent_const
#endif

#ifdef HVIC_HAVE_BUS_ATTR_CONST
#define hvic_bus_attr_const		const
#else
#define hvic_bus_attr_const
#endif

/* ---- vmbus: power ---- */

/* The callbacks' parameters, what is given for them, and what is registered. */
#ifdef HVIC_HAVE_REGISTER_SYSCORE
#define hvic_syscore_args		void *data
#define hvic_syscore_none		NULL
#define HVIC_SYSCORE(name, suspend_fn, resume_fn)					\
	static const struct syscore_ops name##_ops = {					\
		.suspend = suspend_fn,							\
		.resume = resume_fn,							\
	};										\
	static struct syscore name = { .ops = &name##_ops }
#else
#define hvic_syscore_args		void
#define hvic_syscore_none
#define HVIC_SYSCORE(name, suspend_fn, resume_fn)					\
	static struct syscore_ops name = {						\
		.suspend = suspend_fn,							\
		.resume = resume_fn,							\
	}
#define register_syscore(syscore)	register_syscore_ops(syscore)
#define unregister_syscore(syscore)	unregister_syscore_ops(syscore)
#endif

/* ---- vmbus: registers and hypercalls ---- */

#ifndef HVIC_HAVE_HV_GET_MSR
#ifdef HVIC_HAVE_HV_GET_REGISTER
#define hv_get_msr(reg)			hv_get_register(reg)
#define hv_set_msr(reg, value)		hv_set_register(reg, value)
#define HV_MSR_SCONTROL			HV_REGISTER_SCONTROL
#define HV_MSR_SIEFP			HV_REGISTER_SIEFP
#define HV_MSR_SIMP			HV_REGISTER_SIMP
#define HV_MSR_EOM			HV_REGISTER_EOM
#define HV_MSR_SINT0			HV_REGISTER_SINT0
#define HV_MSR_CRASH_CTL		HV_REGISTER_CRASH_CTL
#else
#define hv_get_msr(reg) \
	({ u64 hvic_value; rdmsrl(reg, hvic_value); hvic_value; })
#define hv_set_msr(reg, value)		wrmsrl(reg, value)
#define HV_MSR_SCONTROL			HV_X64_MSR_SCONTROL
#define HV_MSR_SIEFP			HV_X64_MSR_SIEFP
#define HV_MSR_SIMP			HV_X64_MSR_SIMP
#define HV_MSR_EOM			HV_X64_MSR_EOM
#define HV_MSR_SINT0			HV_X64_MSR_SINT0
#define HV_MSR_CRASH_CTL		HV_X64_MSR_CRASH_CTL
#endif
#endif

/* Guests of SEV-SNP had a paravisor, always, before those of TDX came. */
#ifdef HVIC_HAVE_HV_ISOLATION_TDX
#define hvic_paravisor()		(ms_hyperv.paravisor_present)
#else
#define hvic_paravisor()		hv_isolation_type_snp()
#define hv_isolation_type_tdx()		false
#define hv_tdx_hypercall(control, input, output)					\
	({ u64 hvic_status = HV_STATUS_INVALID_HYPERCALL_CODE; hvic_status; })
#endif

/* ---- vmbus: devices ---- */

/* Pass-through to isolated guests came with the end of the second mapping of shared memory. */
#ifdef HVIC_HAVE_HV_MAP_MEMORY
#define HVIC_PCI_IN_ISOLATED		false
#else
#define HVIC_PCI_IN_ISOLATED		true
#endif

/* ---- storvsc ---- */

/* "Done" once meant that the error handler takes over. */
#ifndef HVIC_HAVE_SCSI_TIMEOUT_ACTION
#define scsi_timeout_action		blk_eh_timer_return
#define SCSI_EH_NOT_HANDLED		BLK_EH_DONE
#define SCSI_EH_RESET_TIMER		BLK_EH_RESET_TIMER
#endif

/* What queuecommand returns. */
#ifdef HVIC_HAVE_SCSI_QC_STATUS
#define hvic_qc_status			enum scsi_qc_status
#else
#define hvic_qc_status			int
#endif

/* The setup of a LUN: names, and whether the queue's limits come along. */
#ifdef HVIC_HAVE_SDEV_INIT
#define HVIC_LUN_OPS(init, configure)	.sdev_init = init, .sdev_configure = configure
#define HVIC_LUN_CONFIGURE(configure)
#elif defined(HVIC_HAVE_SCSI_DEVICE_CONFIGURE)
#define HVIC_LUN_OPS(init, configure)	.slave_alloc = init, .device_configure = configure
#define HVIC_LUN_CONFIGURE(configure)
#else
#define HVIC_LUN_OPS(init, configure)	.slave_alloc = init, .slave_configure = configure##_sdev
#define HVIC_LUN_CONFIGURE(configure)							\
static int configure##_sdev(struct scsi_device *sdev)					\
{											\
	return configure(sdev, NULL);							\
}
#endif

/* Pages of one entry of a scatterlist. */
#ifndef HVIC_HAVE_NTH_PAGE
#define nth_page(page, n)		((page) + (n))
#endif

/* What bios_param calls a disk. */
#ifdef HVIC_HAVE_BIOS_PARAM_GENDISK
#define hvic_bios_disk			struct gendisk
#else
#define hvic_bios_disk			struct block_device
#endif

/* ---- netvsc ---- */

/* What ethtool's ring operations have after the rings. */
#ifdef HVIC_HAVE_KERNEL_RINGPARAM
#define HVIC_RINGPARAM_REST \
	, struct kernel_ethtool_ringparam *kernel_ring, struct netlink_ext_ack *extack
#else
#define HVIC_RINGPARAM_REST
#endif

/* What they have after what is coalesced. */
#ifdef HVIC_HAVE_KERNEL_COALESCE
#define HVIC_COALESCE_REST \
	, struct kernel_ethtool_coalesce *kernel_coal, struct netlink_ext_ack *extack
#else
#define HVIC_COALESCE_REST
#endif

#ifndef HVIC_HAVE_HRTIMER_SETUP
#define hrtimer_setup(timer, expired, clock, mode)					\
	do {										\
		hrtimer_init(timer, clock, mode);					\
		(timer)->function = expired;						\
	} while (0)
#endif

#ifndef HVIC_HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

/* dev_set_mac_address(), whose address is a struct sockaddr_storage. */
#ifdef HVIC_HAVE_SET_MAC_SOCKADDR_STORAGE
#define hvic_set_mac_address(dev, address, extack)	\
	dev_set_mac_address(dev, address, extack)
#else
#define hvic_set_mac_address(dev, address, extack)	\
	dev_set_mac_address(dev, (struct sockaddr *)(address), extack)
#endif

#endif
