// SPDX-License-Identifier: GPL-2.0
/*
 * The fixed ACPI hardware: PM1 event and control blocks and the reset register that the FADT
 * names. ACPI specification, chapter "ACPI Hardware Specification".
 */
#include "vmm/pm.h"

#define PM1_PWRBTN		0x0100
#define CONTROL_SCI_EN		0x0001
#define CONTROL_SLP_TYPE(c)	((c) >> 10 & 7)
#define CONTROL_SLP_EN		0x2000

enum { STATUS_LO, STATUS_HI, ENABLE_LO, ENABLE_HI, CONTROL_LO, CONTROL_HI,
	RESET = PM_RESET_PORT - PM_PORT };

static uint16_t with_byte(uint16_t word, bool high, uint8_t value)
{
	return high ? (word & 0x00ff) | value << 8 : (word & 0xff00) | value;
}

static void update_sci(struct pm *pm)
{
	pm->irq(pm->arg, pm->status & pm->enable & PM1_PWRBTN);
}

static uint8_t read_register(const struct pm *pm, uint16_t offset)
{
	const uint16_t words[] = { pm->status, pm->enable, pm->control | CONTROL_SCI_EN };

	if (offset > CONTROL_HI)
		return 0;
	return words[offset / 2] >> (offset & 1 ? 8 : 0);
}

static bool write_register(struct pm *pm, uint16_t offset, uint8_t value)
{
	bool high = offset & 1;

	switch (offset) {
	case STATUS_LO:
	case STATUS_HI:		/* one clears */
		pm->status &= ~with_byte(0, high, value);
		update_sci(pm);
		break;
	case ENABLE_LO:
	case ENABLE_HI:
		pm->enable = with_byte(pm->enable, high, value);
		update_sci(pm);
		break;
	case CONTROL_LO:
	case CONTROL_HI:
		pm->control = with_byte(pm->control, high, value);
		if ((pm->control & CONTROL_SLP_EN) &&
		    CONTROL_SLP_TYPE(pm->control) == PM_SLEEP_TYPE_S5)
			return true;
		pm->control &= ~CONTROL_SLP_EN;	/* write only */
		break;
	}
	return false;
}

uint8_t pm_access(void *arg, uint16_t offset, bool write, uint8_t value)
{
	struct pm *pm = arg;
	bool off = false;

	if (write && offset == RESET) {
		if (value == PM_RESET_VALUE)
			pm->reset(pm->arg);
		return value;
	}
	pthread_mutex_lock(&pm->lock);
	if (write)
		off = write_register(pm, offset, value);
	else
		value = read_register(pm, offset);
	pthread_mutex_unlock(&pm->lock);
	if (off)
		pm->power_off(pm->arg);
	return value;
}

void pm_power_button(struct pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->status |= PM1_PWRBTN;
	update_sci(pm);
	pthread_mutex_unlock(&pm->lock);
}

void pm_clear(struct pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->status = pm->enable = pm->control = 0;
	pthread_mutex_unlock(&pm->lock);
}
