/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/ethtool.h>, and what newer kernels have in it. */
#ifndef HVIC_COMPAT_LINUX_ETHTOOL_H
#define HVIC_COMPAT_LINUX_ETHTOOL_H

#include_next <linux/ethtool.h>

#ifndef HVIC_HAVE_ETHTOOL_SPRINTF
/* One statistic's name, in the room that each has. */
static inline __printf(2, 3) void ethtool_sprintf(u8 **data, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(*data, ETH_GSTRING_LEN, fmt, args);
	va_end(args);
	*data += ETH_GSTRING_LEN;
}
#endif

#endif
