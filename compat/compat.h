/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put in front of every unit with -include. It supplies, as macros only, what the newest
 * kernel interface has and the target lacks. It includes no kernel header: which types a unit
 * sees decides the CRCs of the symbols that it exports.
 */
#ifndef HVIC_COMPAT_H
#define HVIC_COMPAT_H

#include "have.h"

/* The type that hv_driver.remove returns, and how to leave it. */
#ifdef HVIC_HAVE_HV_DRIVER_REMOVE_VOID
#define hvic_remove_t			void
#define hvic_remove_return()		do { return; } while (0)
#else
#define hvic_remove_t			int
#define hvic_remove_return()		do { return 0; } while (0)
#endif

/* Likewise acpi_driver's remove. */
#ifdef HVIC_HAVE_ACPI_REMOVE_VOID
#define hvic_acpi_remove_t		void
#define hvic_acpi_remove_return()	do { return; } while (0)
#else
#define hvic_acpi_remove_t		int
#define hvic_acpi_remove_return()	do { return 0; } while (0)
#endif

#ifndef HVIC_HAVE_HV_GET_MSR
#define hv_get_msr(reg)			hv_get_register(reg)
#define hv_set_msr(reg, value)		hv_set_register(reg, value)
#define HV_MSR_SCONTROL			HV_REGISTER_SCONTROL
#define HV_MSR_SIEFP			HV_REGISTER_SIEFP
#define HV_MSR_SIMP			HV_REGISTER_SIMP
#define HV_MSR_EOM			HV_REGISTER_EOM
#define HV_MSR_SINT0			HV_REGISTER_SINT0
#endif

#endif
