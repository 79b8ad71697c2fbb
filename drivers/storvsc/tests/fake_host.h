/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host for the driver to talk to, within the test: a storage controller with LUNs, which answers
 * as a good host does unless the test takes a request away from it, and remembers what it saw.
 */
#ifndef HVIC_STORVSC_TESTS_FAKE_HOST_H
#define HVIC_STORVSC_TESTS_FAKE_HOST_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/hyperv.h>

#include "../../ring/tests/fake_channel.h"
#include "wire.h"

struct scsi_cmnd;
struct scsi_device;
struct storvsc_host;

#define FAKE_SENT	64	/* requests remembered */
#define FAKE_SUBS	8	/* subchannels */
#define FAKE_PFNS	1100	/* of one request */

enum fake_class { FAKE_SCSI, FAKE_IDE, FAKE_FC };

/* A packet that the driver sent. */
struct fake_request {
	u64 id;
	u8 packet[LEN_V2];
	u8 channel;			/* 0: the primary one */
	bool with_data;
	u32 bytes, offset, pages;	/* of its data */
	u64 pfns[2];			/* the first ones */
};

struct fake_host {
	struct hv_device hv;
	struct completion released;	/* nobody holds the device any more */
	struct fake_channel primary;
	struct fake_channel *subs[FAKE_SUBS];
	void (*offered)(struct vmbus_channel *subchannel);
	spinlock_t lock;		/* what was seen */
	struct hv_driver *driver;	/* that probed the device */

	/* How it behaves. */
	u16 newest;			/* version that it accepts */
	u16 channels;			/* subchannels that it offers */
	u32 max_transfer;
	u64 luns;			/* that there are at target 0, one a bit */
	u8 type;			/* peripheral device type of each */
	const char *vendor;		/* eight characters */
	bool hold;			/* does not answer EXECUTE_SRB */
	u32 fail_op;			/* sending such packets fails */
	int fail_error;
	u32 fail_times;
	bool fail_late;			/* commands: only after the host has had them */
	/* Requests by a test's own rules; true when the host is to do no more about it. */
	bool (*on_request)(struct fake_host *host, const struct fake_request *req);
	/* The packet of a command is about to be written: nothing of it is in the ring yet. */
	void (*on_write)(struct fake_host *host, u64 id);
	/* It is in the ring, and the driver does not know yet that the host has it. */
	void (*on_written)(struct fake_host *host);
	void *scratch;			/* the test's */

	/* What it saw. */
	u16 version;			/* that was settled */
	u16 versions[8];
	u32 num_versions;
	u32 ops[16];			/* packets by operation */
	u32 cdbs[256];			/* commands by operation code */
	u16 wanted_channels;
	u32 tampered;			/* packets that make no sense */
	struct fake_request sent[FAKE_SENT];	/* EXECUTE_SRB */
	u32 num_sent;
	u64 pfns[FAKE_PFNS];		/* of the last one with data */
	u8 raw[32 + 8 * FAKE_PFNS + LEN_V2];	/* the packet that is being taken */
};

/* How a command ended; moved is what the packet says. */
struct fake_outcome {
	u8 srb_status, scsi_status;
	u32 moved;
	u8 sense_len;
	u8 sense[20];
};

/* driver.c */
extern int (*fake_driver_load)(void);
extern void (*fake_driver_unload)(void);
extern unsigned int *fake_io_deadline, *fake_max_hw_queues;
extern int *fake_ring_size, *fake_vcpus_per_channel, *fake_lowater;

extern int fake_register_error;		/* of the bus, to a driver that is loaded */

struct fake_host *fake_host_new(struct kunit *test);
void fake_host_free(struct kunit *test, struct fake_host *host);
int fake_host_probe(struct fake_host *host, enum fake_class class);
void fake_host_remove(struct fake_host *host);
void fake_host_rescind(struct fake_host *host);
void fake_host_offer(struct fake_host *host, unsigned int sub);
struct scsi_device *fake_host_lun(struct fake_host *host, u64 lun);
struct storvsc_host *fake_host_controller(struct fake_host *host);
struct scsi_device *fake_host_probed(struct kunit *test, struct fake_host *host,
				     enum fake_class class);

void fake_host_reply(struct fake_host *host, const struct fake_request *req, u32 operation,
		     u32 status, u32 len);
void fake_host_finish(struct fake_host *host, const struct fake_request *req,
		      const struct fake_outcome *outcome);
void fake_host_finish_all(struct fake_host *host, u32 from, const struct fake_outcome *outcome);
void fake_host_say(struct fake_host *host, u32 operation, const u8 *more, u32 len);
int fake_host_take(struct fake_channel *fc, struct fake_request *req, const void *packet, u32 len);

/* fake_ring.c */
void fake_host_drain(struct fake_channel *fc);
int fake_put_packet(struct storvsc_host *sh, struct vmbus_channel *ch, struct scsi_cmnd *cmd,
		    u64 id, bool *due);
bool fake_host_answer(struct fake_host *host, const struct fake_request *req);
const struct fake_request *fake_host_last(struct fake_host *host);
u32 fake_request_op(const struct fake_request *req);

/* Of each suite: the driver loaded and a host in test->priv, which the end takes away. */
int fake_suite_init(struct kunit *test);
void fake_suite_exit(struct kunit *test);

#endif
