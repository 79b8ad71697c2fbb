/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's host bytes; their values do not matter here, but that they differ does. */
enum scsi_host_status {
	DID_OK = 0x00,
	DID_NO_CONNECT = 0x01,
	DID_BUS_BUSY = 0x02,
	DID_ERROR = 0x07,
	DID_RESET = 0x08,
	DID_PASSTHROUGH = 0x0a,
	DID_REQUEUE = 0x0d,
};
