// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the suites: the bus's functions that the driver calls, and the answers of a storage
 * controller that plays by the rules. Its LUNs know what a scan asks for; their data are zeros.
 */
#include "../../ring/tests/fake_channel.c"

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/unaligned.h>
#include <hvic/storage.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"

int fake_register_error;
static struct hv_driver *driver;

int fake_vmbus_driver_register(struct hv_driver *hv_driver, struct module *owner, const char *name)
{
	if (!fake_register_error)
		driver = hv_driver;
	return fake_register_error;
}

void fake_vmbus_driver_unregister(struct hv_driver *hv_driver)
{
	driver = NULL;
}

void fake_vmbus_set_sc_create_callback(struct vmbus_channel *channel,
				       void (*offered)(struct vmbus_channel *subchannel))
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);
	struct fake_host *host = fc->host;

	host->offered = offered;
}

void fake_vmbus_close(struct vmbus_channel *channel)
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);
	struct fake_host *host = fc->host;
	unsigned int i;

	for (i = 0; i < FAKE_SUBS; i++)
		fake_channel_shut(host->subs[i]);
	fake_channel_shut(fc);
}

/* ---- what the driver sends ---- */

/* A request is whole, has the version's length and wants to be completed. */
static bool sane(const struct fake_host *host, const struct fake_request *req, u32 len)
{
	u32 op = fake_request_op(req);

	return len == (host->version && host->version < 0x0501 ? LEN_V1 : LEN_V2) &&
	       op < ARRAY_SIZE(host->ops) && get_unaligned_le32(req->packet + AT_PACKET_FLAGS) == 1 &&
	       !get_unaligned_le32(req->packet + AT_STATUS) &&
	       (op == EXECUTE ? req->id && !(req->id >> 63) : req->id >> 63);
}

/**
 * fake_host_take() - a packet that the driver sent: remembered, and answered
 * @fc: the channel
 * @req: the request, but for the packet
 * @packet: the packet
 * @len: its bytes
 *
 * Return: 0, or why the bus does not take it.
 */
int fake_host_take(struct fake_channel *fc, struct fake_request *req, const void *packet, u32 len)
{
	struct fake_host *host = fc->host;
	int ret = 0;
	u32 op;

	memcpy(req->packet, packet, min_t(u32, len, LEN_V2));
	req->channel = fc->vmbus.offermsg.offer.sub_channel_index;
	op = fake_request_op(req);

	spin_lock_bh(&host->lock);
	if (!fc->open || !sane(host, req, len)) {
		host->tampered++;
		ret = -EINVAL;
	} else if (READ_ONCE(fc->vmbus.rescind)) {
		ret = -ENODEV;
	} else if (op != EXECUTE && host->fail_times && op == host->fail_op) {
		host->fail_times--;
		ret = host->fail_error;
	} else {
		host->ops[op]++;
		if (op == EXECUTE) {
			host->cdbs[req->packet[AT_CDB]]++;
			host->sent[host->num_sent++ % FAKE_SENT] = *req;
		}
	}
	spin_unlock_bh(&host->lock);
	if (ret)
		return ret;
	if (!(host->on_request && host->on_request(host, req)))
		fake_host_answer(host, req);
	return ret;
}

int fake_vmbus_sendpacket(struct vmbus_channel *channel, void *buffer, u32 len, u64 id,
			  enum vmbus_packet_type type, u32 flags)
{
	struct fake_channel *fc = container_of(channel, struct fake_channel, vmbus);
	struct fake_host *host = fc->host;
	struct fake_request req = { .id = id };

	if (type != VM_PKT_DATA_INBAND || flags != VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED) {
		host->tampered++;
		return -EINVAL;
	}
	return fake_host_take(fc, &req, buffer, len);
}

/* ---- what it says ---- */

static struct fake_channel *channel_of(struct fake_host *host, const struct fake_request *req)
{
	return req->channel ? host->subs[req->channel - 1] : &host->primary;
}

/**
 * fake_host_reply() - complete a request with its own packet, and interrupt
 * @host: the host
 * @req: the request; its data are the answer's, but for an operation and a status
 * @operation: COMPLETION, or what a good host would not say
 * @status: NTSTATUS
 * @len: bytes of the answer, at most 128
 */
void fake_host_reply(struct fake_host *host, const struct fake_request *req, u32 operation,
		     u32 status, u32 len)
{
	u8 packet[2 * LEN_V2] = { };

	memcpy(packet, req->packet, LEN_V2);
	put_unaligned_le32(operation, packet + AT_OPERATION);
	put_unaligned_le32(status, packet + AT_STATUS);
	fake_channel_packet(channel_of(host, req), VM_PKT_COMP, req->id, packet, len);
	fake_channel_kick(channel_of(host, req));
}

/**
 * fake_host_finish() - complete a command, and interrupt
 * @host: the host
 * @req: EXECUTE_SRB
 * @outcome: how it ended
 */
void fake_host_finish(struct fake_host *host, const struct fake_request *req,
		      const struct fake_outcome *outcome)
{
	struct fake_request answer = *req;

	answer.packet[AT_SRB_STATUS] = outcome->srb_status;
	answer.packet[AT_SCSI_STATUS] = outcome->scsi_status;
	answer.packet[AT_SENSE_LEN] = outcome->sense_len;
	put_unaligned_le32(outcome->moved, answer.packet + AT_TRANSFERRED);
	memcpy(answer.packet + AT_SENSE, outcome->sense, sizeof(outcome->sense));
	fake_host_reply(host, &answer, COMPLETION, 0,
			host->version < 0x0501 ? LEN_V1 : LEN_V2);
}

/**
 * fake_host_finish_all() - complete the commands that were sent from a point on
 * @host: the host
 * @from: its num_sent then
 * @outcome: how they ended
 */
void fake_host_finish_all(struct fake_host *host, u32 from, const struct fake_outcome *outcome)
{
	u32 to = READ_ONCE(host->num_sent);

	for (; from < to; from++)
		fake_host_finish(host, &host->sent[from % FAKE_SENT], outcome);
}

/**
 * fake_host_say() - begin an operation, as only a host does, and interrupt
 * @host: the host
 * @operation: what is in the packet's head
 * @more: what follows the head
 * @len: bytes of that
 */
void fake_host_say(struct fake_host *host, u32 operation, const u8 *more, u32 len)
{
	u8 packet[2 * LEN_V2] = { };

	put_unaligned_le32(operation, packet + AT_OPERATION);
	memcpy(packet + AT_VERSION, more, len);
	fake_channel_packet(&host->primary, VM_PKT_DATA_INBAND, 0, packet, AT_VERSION + len);
	fake_channel_kick(&host->primary);
}

/* ---- its LUNs ---- */

/* Writes into the guest's pages what a command gives, at most what was asked for. */
static u32 give(const struct fake_request *req, const u8 *data, u32 len)
{
	u32 done = 0;

	len = min(len, req->with_data ? req->bytes : 0);
	while (done < len) {
		u32 at = req->offset + done, n = min(len - done, 4096 - at % 4096);

		if (at / 4096 >= ARRAY_SIZE(req->pfns))
			break;
		memcpy(phys_to_virt(req->pfns[at / 4096] << 12) + at % 4096, data + done, n);
		done += n;
	}
	return done;
}

static u32 inquire(struct fake_host *host, const struct fake_request *req, const u8 *cdb)
{
	static const u8 pages[] = { 0x00, 0x83 };
	static const u8 name[] = { 0x01, 0x03, 0x00, 0x08, 0x60, 0x02, 0x24, 0x80, 1, 2, 3, 4 };
	u8 data[36] = { host->type, 0, 0x04, 0x02, 31, 0, 0, 0x02 };

	if (!(cdb[1] & 1)) {
		memcpy(data + 8, host->vendor, 8);
		memcpy(data + 16, "Virtual Disk    1.0 ", 20);
		return give(req, data, sizeof(data));
	}
	memset(data, 0, sizeof(data));
	data[0] = host->type;
	data[1] = cdb[2];
	data[3] = cdb[2] ? sizeof(name) : sizeof(pages);
	memcpy(data + 4, cdb[2] ? name : pages, data[3]);
	return give(req, data, 4 + data[3]);
}

static u32 list_luns(struct fake_host *host, const struct fake_request *req)
{
	u8 data[8 + 8 * 64] = { };
	u32 lun, len = 8;

	for (lun = 0; lun < 64; lun++) {
		if (!(host->luns & BIT_ULL(lun)))
			continue;
		data[len + 1] = lun;
		len += 8;
	}
	put_unaligned_be32(len - 8, data);
	return give(req, data, len);
}

static void execute(struct fake_host *host, const struct fake_request *req)
{
	static const u8 capacity[] = { 0, 0, 0x07, 0xff, 0, 0, 2, 0 };	/* 2048 of 512 bytes */
	static const struct fake_outcome unknown = { 0x84, 2, 0, 18, { 0x70, 0, 5, 0, 0, 0, 0, 10,
						     0, 0, 0, 0, 0x20 } };
	const u8 *cdb = req->packet + AT_CDB;
	struct fake_outcome good = { 1 };

	if (req->packet[AT_PATH] || req->packet[AT_TARGET]) {
		good.srb_status = 0x08;
	} else if (!(host->luns & BIT_ULL(req->packet[AT_LUN]))) {
		good.srb_status = 0x20;
	} else {
		switch (cdb[0]) {
		case 0x00:
		case 0x35:
			break;
		case 0x12:
			good.moved = inquire(host, req, cdb);
			break;
		case 0x25:
			good.moved = give(req, capacity, sizeof(capacity));
			break;
		case 0x28:
		case 0x2a:
			good.moved = req->bytes;
			break;
		case 0xa0:
			good.moved = list_luns(host, req);
			break;
		default:
			good = unknown;
		}
	}
	fake_host_finish(host, req, &good);
}

/**
 * fake_host_answer() - do about a request what a good host does
 * @host: the host
 * @req: the request
 *
 * Return: true.
 */
bool fake_host_answer(struct fake_host *host, const struct fake_request *req)
{
	struct fake_request answer = *req;
	u32 op = fake_request_op(req), status = 0;
	u16 version;

	switch (op) {
	case EXECUTE:
		if (!host->hold)
			execute(host, req);
		return true;
	case BEGIN:
		host->version = 0;
		break;
	case QUERY_VERSION:
		version = get_unaligned_le16(req->packet + AT_VERSION);
		host->versions[host->num_versions++ % ARRAY_SIZE(host->versions)] = version;
		if (version > host->newest)
			status = REVISION_MISMATCH;
		else
			host->version = version;
		break;
	case QUERY_PROPERTIES:
		put_unaligned_le16(host->channels, answer.packet + AT_CHANNELS);
		put_unaligned_le32(!!host->channels, answer.packet + AT_PROPERTY_FLAGS);
		put_unaligned_le32(host->max_transfer, answer.packet + AT_MAX_TRANSFER);
		break;
	case NAMES:
		answer.packet[AT_PRIMARY_ACTIVE] = 1;
		put_unaligned_be64(0x5001122334455667, answer.packet + AT_PRIMARY_PORT);
		put_unaligned_be64(0x5008899aabbccdde, answer.packet + AT_PRIMARY_NODE);
		break;
	case SUBCHANNELS:
		host->wanted_channels = get_unaligned_le16(req->packet + AT_SUBCHANNELS);
		break;
	}
	fake_host_reply(host, &answer, COMPLETION, status, LEN_V2);
	return true;
}

/**
 * fake_host_last() - the last command that the driver sent
 * @host: the host
 */
const struct fake_request *fake_host_last(struct fake_host *host)
{
	return &host->sent[(host->num_sent - 1) % FAKE_SENT];
}

/**
 * fake_request_op() - what a packet asks for
 * @req: the packet
 */
u32 fake_request_op(const struct fake_request *req)
{
	return get_unaligned_le32(req->packet + AT_OPERATION);
}

/* ---- its life ---- */

static void release(struct device *device)
{
	complete(&container_of(device, struct fake_host, hv.device)->released);
}

/**
 * fake_host_new() - a host with a device that no driver has probed
 * @test: the test
 *
 * Return: the host; fake_host_free() is due.
 */
struct fake_host *fake_host_new(struct kunit *test)
{
	struct fake_host *host = kzalloc(sizeof(*host), GFP_KERNEL);
	static unsigned int count;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, host);
	spin_lock_init(&host->lock);
	init_completion(&host->released);
	fake_channel_init(&host->primary, host, &host->hv);
	host->primary.signalled = fake_host_drain;
	for (i = 0; i < FAKE_SUBS; i++) {
		struct fake_channel *sub = kzalloc(sizeof(*sub), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, sub);
		fake_channel_init(sub, host, NULL);
		sub->signalled = fake_host_drain;
		sub->vmbus.primary_channel = &host->primary.vmbus;
		sub->vmbus.offermsg.offer.sub_channel_index = 1 + i;
		host->subs[i] = sub;
	}
	host->newest = 0x0602;
	host->max_transfer = 0x40000;
	host->luns = 1;
	host->type = 0x0c;		/* a controller: no driver of the kernel wants it */
	host->vendor = "Msft    ";
	host->hv.channel = &host->primary.vmbus;
	host->hv.device.release = release;
	host->hv.device.dma_parms = &host->hv.dma_parms;
	host->hv.device.dma_mask = &host->hv.dma_mask;
	dev_set_name(&host->hv.device, "fake-host-%u", count++);
	KUNIT_ASSERT_EQ(test, 0, device_register(&host->hv.device));
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(&host->hv.device, DMA_BIT_MASK(64)));
	return host;
}

/**
 * fake_host_free() - the end of a host whose device has no driver any more
 * @test: the test, which fails when something of the driver still holds the device
 * @host: the host
 */
void fake_host_free(struct kunit *test, struct fake_host *host)
{
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, host->primary.open);
	for (i = 0; i < FAKE_SUBS; i++)
		KUNIT_EXPECT_FALSE(test, host->subs[i]->open);
	KUNIT_EXPECT_EQ(test, host->tampered, 0u);
	device_unregister(&host->hv.device);
	if (!wait_for_completion_timeout(&host->released, 20 * HZ)) {
		KUNIT_FAIL(test, "the driver keeps the device");
		return;
	}
	for (i = 0; i < FAKE_SUBS; i++)
		kfree(host->subs[i]);
	kfree(host);
}

/**
 * fake_host_probe() - let the driver probe the device
 * @host: the host
 * @class: what kind of controller it is
 *
 * Return: what probe() says; after 0 fake_host_remove() is due.
 */
int fake_host_probe(struct fake_host *host, enum fake_class class)
{
	static const u8 classes[][16] = {
		[FAKE_SCSI] = { VSTOR_CLASS_SCSI },
		[FAKE_IDE] = { VSTOR_CLASS_IDE },
		[FAKE_FC] = { VSTOR_CLASS_FC },
	};
	const struct hv_vmbus_device_id *id = driver->id_table;
	int ret;

	while (memcmp(&id->guid, classes[class], sizeof(id->guid))) {
		if (guid_is_null(&id->guid))
			return -ENOENT;
		id++;
	}
	ret = driver->probe(&host->hv, id);
	host->driver = ret ? NULL : driver;
	return ret;
}

/**
 * fake_host_remove() - let the driver remove the device
 * @host: the host
 */
void fake_host_remove(struct fake_host *host)
{
	host->driver->remove(&host->hv);
	host->driver = NULL;
}

/**
 * fake_host_rescind() - the host takes the device away, which the driver is to find out
 * @host: the host
 */
void fake_host_rescind(struct fake_host *host)
{
	WRITE_ONCE(host->primary.vmbus.rescind, true);
}

/**
 * fake_host_offer() - a subchannel that the driver wanted
 * @host: the host
 * @sub: which, from 0 on
 */
void fake_host_offer(struct fake_host *host, unsigned int sub)
{
	host->offered(&host->subs[sub]->vmbus);
}

/**
 * fake_host_lun() - a LUN as the SCSI layer has it
 * @host: the host, of a probed device
 * @lun: of target 0
 *
 * Return: the LUN, scsi_device_put() is due; or NULL.
 */
struct scsi_device *fake_host_lun(struct fake_host *host, u64 lun)
{
	return scsi_device_lookup(fake_host_controller(host)->shost, 0, 0, lun);
}

/**
 * fake_host_controller() - what the driver keeps about a device that it has probed
 * @host: the host
 */
struct storvsc_host *fake_host_controller(struct fake_host *host)
{
	return hv_get_drvdata(&host->hv);
}

/**
 * fake_host_probed() - let the driver probe the device and find the LUN
 * @test: the test, which ends when it does not
 * @host: the host
 * @class: what kind of controller it is
 *
 * Return: LUN 0; scsi_device_put() and fake_host_remove() are due.
 */
struct scsi_device *fake_host_probed(struct kunit *test, struct fake_host *host,
				     enum fake_class class)
{
	struct scsi_device *sdev;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host, class), 0);
	sdev = fake_host_lun(host, 0);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	return sdev;
}

/**
 * fake_suite_init() - load the driver; a host for the test
 * @test: the test
 */
int fake_suite_init(struct kunit *test)
{
	int ret = fake_driver_load();

	if (!ret)
		test->priv = fake_host_new(test);
	return ret;
}

/**
 * fake_suite_exit() - remove what the test left probed, and unload the driver
 * @test: the test
 */
void fake_suite_exit(struct kunit *test)
{
	struct fake_host *host = test->priv;

	if (!host)
		return;
	host->on_request = NULL;
	host->on_write = NULL;
	host->on_written = NULL;
	host->hold = false;
	host->fail_times = 0;
	if (host->driver)
		fake_host_remove(host);
	fake_host_free(test, host);
	fake_driver_unload();
}
