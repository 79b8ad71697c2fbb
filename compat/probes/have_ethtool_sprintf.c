// SPDX-License-Identifier: GPL-2.0
/* "ethtool: Add common function for filling out strings" (v5.13). */
#include <linux/ethtool.h>

void probe_sprintf(u8 **data);
void probe_sprintf(u8 **data)
{
	ethtool_sprintf(data, "probe");
}
