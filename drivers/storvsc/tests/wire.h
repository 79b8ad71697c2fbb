/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The storage protocol as the suites see it: where things are in a packet, and their values. It is
 * written down once more, apart from the driver, so that the two can disagree.
 */
#ifndef HVIC_STORVSC_TESTS_WIRE_H
#define HVIC_STORVSC_TESTS_WIRE_H

#define LEN_V1			48	/* 4.2 and before */
#define LEN_V2			64	/* 5.1 on */

/* Bytes from the start of a packet. */
#define AT_OPERATION		0
#define AT_PACKET_FLAGS		4
#define AT_STATUS		8
/* EXECUTE_SRB */
#define AT_SRB_LEN		12
#define AT_SRB_STATUS		14
#define AT_SCSI_STATUS		15
#define AT_PATH			17
#define AT_TARGET		18
#define AT_LUN			19
#define AT_CDB_LEN		20
#define AT_SENSE_LEN		21
#define AT_DATA_IN		22
#define AT_TRANSFERRED		24
#define AT_CDB			28
#define AT_SENSE		28
#define AT_QUEUE_TAG		50
#define AT_QUEUE_ACTION		51
#define AT_SRB_FLAGS		52
#define AT_TIMEOUT		56
/* Others */
#define AT_VERSION		12
#define AT_SUBCHANNELS		12
#define AT_CHANNELS		16
#define AT_PROPERTY_FLAGS	20
#define AT_MAX_TRANSFER		24
#define AT_PRIMARY_ACTIVE	12
#define AT_PRIMARY_PORT		16
#define AT_PRIMARY_NODE		24

/* Operations */
#define COMPLETION		1
#define REMOVE_DEVICE		2
#define EXECUTE			3
#define RESET_BUS		6
#define BEGIN			7
#define END			8
#define QUERY_VERSION		9
#define QUERY_PROPERTIES	10
#define ENUMERATE		11
#define NAMES			12
#define SUBCHANNELS		13

#define REVISION_MISMATCH	0xc0000059
#define UNSUCCESSFUL		0xc0000001

#endif
