/* SPDX-License-Identifier: GPL-2.0 */
/* The mouse's messages as the suites write them: bytes, apart from the driver's structs. */
#ifndef HVIC_HID_TESTS_MOUSE_BYTES_H
#define HVIC_HID_TESTS_MOUSE_BYTES_H

#define PIPE(len)		1, 0, 0, 0, (len) & 0xff, (len) >> 8, 0, 0
#define HEADER(type, len)	(type), 0, 0, 0, (len) & 0xff, (len) >> 8, 0, 0

/* Where the fields of a device info are, in a packet's payload. */
#define INFO_VENDOR_AT		(8 + 12)
#define INFO_LENGTH_AT		(8 + 40)
#define INFO_REPORT_LEN_AT	(8 + 47)
#define INFO_REPORT_AT		(8 + 49)

#endif
