// SPDX-License-Identifier: GPL-2.0
/*
 * A CMOS clock that shows the host's UTC time and cannot be set; it raises no interrupts.
 */
#include "vmm/cmos.h"

#include <time.h>

#define REG_A		0x0a
#define REG_B		0x0b
#define REG_C		0x0c
#define REG_D		0x0d
#define REG_A_32KHZ	0x26	/* no update in progress */
#define REG_B_24H	0x02	/* 24 hours, BCD */
#define REG_D_VALID	0x80

static uint8_t bcd(int value)
{
	return value / 10 % 10 << 4 | value % 10;
}

static uint8_t read_register(const struct cmos *c)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (c->index) {
	case 0x00:
		return bcd(tm.tm_sec > 59 ? 59 : tm.tm_sec);
	case 0x02:
		return bcd(tm.tm_min);
	case 0x04:
		return bcd(tm.tm_hour);
	case 0x06:
		return bcd(tm.tm_wday + 1);
	case 0x07:
		return bcd(tm.tm_mday);
	case 0x08:
		return bcd(tm.tm_mon + 1);
	case 0x09:
		return bcd(tm.tm_year % 100);
	case CMOS_CENTURY:
		return bcd(19 + tm.tm_year / 100);
	case REG_A:
		return REG_A_32KHZ;
	case REG_B:
		return REG_B_24H;
	case REG_C:
		return 0;
	case REG_D:
		return REG_D_VALID;
	}
	return c->ram[c->index];
}

uint8_t cmos_access(void *arg, uint16_t offset, bool write, uint8_t value)
{
	struct cmos *c = arg;

	if (!offset) {
		if (write)
			c->index = value & 0x7f;	/* bit 7 masks the NMI */
		return 0xff;
	}
	if (!write)
		return read_register(c);
	c->ram[c->index] = value;
	return value;
}
