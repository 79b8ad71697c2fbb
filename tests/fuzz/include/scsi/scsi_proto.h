/* SPDX-License-Identifier: GPL-2.0 */
/* Operation codes and status bytes, SPC-4 and SAM-5. */
#define TEST_UNIT_READY		0x00
#define INQUIRY			0x12
#define MODE_SENSE		0x1a
#define MODE_SENSE_10		0x5a
#define ATA_16			0x85
#define ATA_12			0xa1
#define MAINTENANCE_IN		0xa3

#define SAM_STAT_GOOD			0x00
#define SAM_STAT_CHECK_CONDITION	0x02
