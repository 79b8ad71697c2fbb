/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ACPI power management registers: power-off, reset, the power button.
 */
#ifndef HVHOST_VMM_PM_H
#define HVHOST_VMM_PM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define PM_PORT			0x400
#define PM_PORTS		16
#define PM_PM1_EVENT_PORT	(PM_PORT + 0)	/* status, enable: 2 bytes each */
#define PM_PM1_CONTROL_PORT	(PM_PORT + 4)	/* 2 bytes */
#define PM_RESET_PORT		(PM_PORT + 8)	/* 1 byte */
#define PM_RESET_VALUE		0x01
#define PM_SCI_IRQ		9
#define PM_SLEEP_TYPE_S5	5		/* as \_S5 in dsdt.asl says */

struct pm {
	void (*irq)(void *arg, bool level);	/* the SCI */
	void (*power_off)(void *arg);		/* on the vCPU's thread */
	void (*reset)(void *arg);		/* on the vCPU's thread */
	void *arg;

	pthread_mutex_t lock;			/* protects the three below */
	uint16_t status;
	uint16_t enable;
	uint16_t control;
};

/** pm_access() - a port_byte_fn for PM_PORTS ports. */
uint8_t pm_access(void *pm, uint16_t offset, bool write, uint8_t value);

/** pm_power_button() - the button is pressed; any thread. */
void pm_power_button(struct pm *pm);

void pm_clear(struct pm *pm);

#endif
