/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host behind the fake hypervisor: it answers channel messages as a good host does unless a test
 * says otherwise, keeps books of channels and GPADLs, and counts what no guest may do.
 */
#ifndef HVIC_VMBUS_TESTS_FAKE_HOST_H
#define HVIC_VMBUS_TESTS_FAKE_HOST_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/uuid.h>

#include <hvic/vmbus.h>

#include "fake_hypervisor.h"

#define FAKE_POSTED	1024	/* messages remembered */
#define FAKE_RELIDS	2048
#define FAKE_OFFERS	8

/* Memory of the guest's, as its messages told. */
struct fake_gpadl {
	struct list_head node;
	u32 handle, relid;
	u32 bytes, offset;
	u32 count, got;			/* page numbers: due, there */
	u32 bodies;
	u64 pfns[];
};

struct fake_channel {
	bool offered, open;
	u32 rescinds;			/* that the guest has not answered */
	u32 gpadl, open_id, target_vp, downstream;
	u32 opens, closes, modifies, released;
};

struct fake_host {
	/* How it behaves. */
	u32 oldest, newest;		/* versions that it accepts */
	u8 supported;			/* what it calls a version that it accepts */
	u8 conn_state;			/* of that answer */
	u32 msg_conn_id;		/* where it wants messages from 5.0 on */
	u32 silent;			/* bits of message types that it does not answer */
	u32 open_status, gpadl_status, modify_status;
	bool rescind_at_open;		/* instead of the answer */
	bool no_end_of_offers;
	struct vmbus_msg_offer offers[FAKE_OFFERS];
	unsigned int num_offers;
	/* A test's own rules; true when the host is to do no more about a message. */
	bool (*answer)(const struct fake_posted *posted);

	/* What it saw. */
	struct fake_posted posted[FAKE_POSTED];
	u32 num_posted, num_handled;
	u32 count[VMBUS_MSG_TYPES];
	u32 version;			/* agreed on */
	u32 target_vp;			/* of its messages */
	bool contacted, unloaded;
	struct fake_channel channels[FAKE_RELIDS];
	struct list_head gpadls;
	u32 wrong;			/* messages against the rules */
	const char *why;		/* the first of them */
};

extern struct fake_host fake_host;

/* Classes of devices: [MS-RNDIS] network, and SCSI; shutdown is not a performance device's. */
extern const guid_t fake_nic, fake_scsi, fake_shutdown, fake_unknown;

int fake_host_reset(void);
void fake_host_stop(void);
void fake_host_good(void);
void fake_host_settle(void);

bool fake_host_send(const void *msg, u32 len);
struct vmbus_msg_offer fake_offer(u32 relid, const guid_t *class, u8 instance, u16 subchannel);
bool fake_host_offer(const struct vmbus_msg_offer *offer);
bool fake_host_rescind(u32 relid);
bool fake_host_status(u32 type, u32 relid, u32 id, u32 status);
const void *fake_host_posted(u32 type, unsigned int nth);
struct fake_gpadl *fake_host_gpadl(u32 handle);
unsigned int fake_host_num_gpadls(void);

#endif
