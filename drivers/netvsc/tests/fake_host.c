// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the suites: the answers of one that plays by the rules ([MS-RNDIS] 2.2 and NVSP),
 * and the life of a device that it offers.
 */
#include <linux/dma-mapping.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

#include "../netvsc.h"
#include "fake_host.h"

/* Of an RNDIS request, its words. */
#define AT_REQUEST	2
#define AT_OID		3
#define AT_INFO_LEN	4
#define AT_INFO		7

#define FAILURE		0xc0000001
#define NOT_SUPPORTED	0xc00000bb

/* ---- NVSP ---- */

int fake_vmbus_sendpacket(struct vmbus_channel *vmbus, void *buffer, u32 len, u64 id,
			  enum vmbus_packet_type type, u32 flags)
{
	struct fake_channel *ch = container_of(vmbus, struct fake_channel, vmbus);
	struct fake_host *host = ch->host;
	u32 init[] = { 2, 2, 34, 1 };
	u32 recv[] = { 102, 1, 1, 0, FAKE_SECTION, host->recv_bytes / FAKE_SECTION, 0 };
	static const u32 send[] = { 105, 1, 6144 };
	u32 subchannels[] = { 133, 1, 0 };
	static const u32 nothing[] = { 0 };
	const u32 *msg = buffer;

	if (vmbus->rescind)
		return -ENODEV;
	if (host->busy) {
		host->busy--;
		return -EAGAIN;
	}
	if (len != 40 || type != VM_PKT_DATA_INBAND || msg[0] >= ARRAY_SIZE(host->nvsp)) {
		host->tampered++;
		return 0;
	}
	host->nvsp[msg[0]]++;
	if (msg[0] == 1)
		host->versions[host->num_versions++ % ARRAY_SIZE(host->versions)] = msg[1];
	if (msg[0] == 125)
		memcpy(host->ndis_config, msg + 1, sizeof(host->ndis_config));
	if (host->on_nvsp && host->on_nvsp(host, msg, id))
		return 0;
	switch (msg[0]) {
	case 1:
		init[3] = msg[1] <= host->newest ? 1 : 2;
		fake_complete(ch, id, init, 4);
		break;
	case 101:
		fake_complete(ch, id, recv, 7);
		break;
	case 104:
		fake_complete(ch, id, send, 3);
		break;
	case 129:
		host->path = msg[1];
		fake_complete(ch, id, nothing, 1);
		break;
	case 133:
		subchannels[2] = min(msg[2], host->grants);
		fake_complete(ch, id, subchannels, 3);
		host->offers_due = min(subchannels[2], host->offers);
		schedule_work(&host->offer_work);
		break;
	}
	return 0;
}

/* ---- RNDIS ---- */

/* An object of the host's; its bytes, or 0 when there is no such object. */
static u32 object(struct fake_host *host, u32 oid, u32 *words)
{
	/* everything on offer: NDIS_OFFLOAD, revision 3, in its words */
	static const u32 offload[39] = {
		[0] = 0x009c03a7, [2] = 0x155, [4] = 0x155, [6] = 0x55, [8] = 0x55,
		[20] = 2, [21] = 0xf53c, [22] = 2, [23] = 2, [24] = 0xf53c, [25] = 2, [26] = 5,
	};
	u32 i;

	switch (oid) {
	case 0x00010106:
		words[0] = host->mtu;
		return host->mtu ? 4 : 0;
	case 0x01010101:		/* 00:15:5d:01:02:03 */
		words[0] = 0x015d1500;
		words[1] = 0x0302;
		return 6;
	case 0x00010114:
		words[0] = host->link_down;
		return 4;
	case 0x00010107:		/* 10 Gbit/s */
		words[0] = 100000000;
		return 4;
	case 0x00020216:
		for (i = 0; host->name && host->name[i]; i++)
			((u16 *)words)[i] = host->name[i];
		return 2 * i;
	case 0x00010203:
		words[0] = 0x00120288;
		words[1] = 0x300;
		words[2] = host->queues;
		words[3] = host->queues;
		words[4] = host->table;
		return host->queues ? 18 : 0;
	case 0xfc01020d:
		memcpy(words, offload, sizeof(offload));
		words[36] = host->offers_lro ? 0x0101 : 0;
		return sizeof(offload);
	}
	return 0;
}

static void answer_query(struct fake_host *host, const u32 *msg)
{
	u32 answer[6 + 64] = { 0x80000004, 24, msg[AT_REQUEST], 0, 0, 16 };
	u32 bytes = object(host, msg[AT_OID], answer + 6);

	if (bytes && msg[AT_OID] != host->refuse) {
		answer[1] += ALIGN(bytes, 4);
		answer[4] = bytes;
	} else {
		answer[3] = bytes ? FAILURE : NOT_SUPPORTED;
	}
	fake_rndis(host->channel, answer, answer[1] / 4);
}

static void answer_set(struct fake_host *host, const u32 *msg)
{
	u32 answer[] = { 0x80000005, 16, msg[AT_REQUEST], 0 };
	struct fake_object *to;

	if (msg[AT_OID] == host->refuse) {
		answer[3] = FAILURE;
	} else if (msg[AT_OID] == 0x0001010e) {
		host->filter = msg[AT_INFO];
	} else {
		for (to = host->set; to->oid && to->oid != msg[AT_OID]; to++)
			if (WARN_ON(to == host->set + ARRAY_SIZE(host->set) - 1))
				return;
		to->oid = msg[AT_OID];
		to->len = min_t(u32, msg[AT_INFO_LEN], sizeof(to->data));
		memcpy(to->data, msg + AT_INFO, to->len);
		to->count++;
	}
	fake_rndis(host->channel, answer, 4);
}

int fake_vmbus_sendpacket_mpb_desc(struct vmbus_channel *vmbus,
				   struct vmbus_packet_mpb_array *desc, u32 desc_size,
				   void *buffer, u32 len, u64 id)
{
	struct fake_host *host = container_of(vmbus, struct fake_channel, vmbus)->host;
	static const u32 done[] = { 108, 1 };
	const u32 *nvsp = buffer, *msg;
	u32 init[13] = { 0x80000002, 52, 0, 0, 1, 0, 1, 0, host->max_packets, 0x4000,
			 host->align };

	if (vmbus->rescind)
		return -ENODEV;
	if (host->busy) {
		host->busy--;
		return -EAGAIN;
	}
	if (len != 40 || nvsp[0] != 107 || nvsp[1] != 1 || nvsp[2] != 0xffffffff || nvsp[3] ||
	    desc->rangecount != 1) {
		host->tampered++;
		return 0;
	}
	msg = phys_to_virt(desc->range.pfn_array[0] << PAGE_SHIFT) + desc->range.offset;
	if (msg[1] != desc->range.len || msg[0] >= ARRAY_SIZE(host->rndis)) {
		host->tampered++;
		return 0;
	}
	host->rndis[msg[0]]++;
	if (host->on_rndis && host->on_rndis(host, msg, id))
		return 0;
	fake_complete(host->channel, id, done, 2);
	switch (msg[0]) {
	case 2:
		init[AT_REQUEST] = msg[AT_REQUEST];
		fake_rndis(host->channel, init, 13);
		break;
	case 4:
		answer_query(host, msg);
		break;
	case 5:
		answer_set(host, msg);
		break;
	}
	return 0;
}

/* ---- its life ---- */

static void release(struct device *device)
{
	struct fake_host *host = container_of(device, struct fake_host, hv.device);

	kfree(host->channel);
	kfree(host);
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

	KUNIT_ASSERT_NOT_NULL(test, host);
	host->channel = kcalloc(FAKE_CHANNELS, sizeof(*host->channel), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, host->channel);
	fake_bus_init(host);
	host->newest = 0x60001;
	host->max_packets = 8;
	host->align = 3;
	host->mtu = 1500;
	host->table = 128;
	host->grants = FAKE_CHANNELS - 1;
	host->offers = FAKE_CHANNELS - 1;
	host->hv.device.release = release;
	host->hv.device.dma_parms = &host->hv.dma_parms;
	host->hv.dma_mask = DMA_BIT_MASK(64);
	host->hv.device.dma_mask = &host->hv.dma_mask;
	host->hv.device.coherent_dma_mask = DMA_BIT_MASK(64);
	dev_set_name(&host->hv.device, "fake-host-%u", count++);
	KUNIT_ASSERT_EQ(test, 0, device_register(&host->hv.device));
	return host;
}

/**
 * fake_host_free() - the end of a host whose device has no driver any more
 * @host: the host
 */
void fake_host_free(struct fake_host *host)
{
	cancel_work_sync(&host->offer_work);
	device_unregister(&host->hv.device);
}

/**
 * fake_host_probe() - let the driver probe the device
 * @host: the host
 *
 * Return: what probe() says; after 0 fake_host_remove() is due.
 */
int fake_host_probe(struct fake_host *host)
{
	int ret = fake_driver->probe(&host->hv, fake_driver->id_table);
	struct inet6_dev *idev;

	if (ret)
		return ret;
	/* The tests' frames shall be alone. */
	rtnl_lock();
	idev = __in6_dev_get(fake_host_adapter(host)->net);
	if (idev)
		idev->cnf.disable_ipv6 = 1;
	rtnl_unlock();
	return 0;
}

/**
 * fake_host_remove() - let the driver remove the device
 * @host: the host
 */
void fake_host_remove(struct fake_host *host)
{
	fake_driver->remove(&host->hv);
}

/**
 * fake_host_adapter() - the driver's adapter
 * @host: the host, of a probed device
 */
struct netvsc_adapter *fake_host_adapter(struct fake_host *host)
{
	return netdev_priv(hv_get_drvdata(&host->hv));
}

/**
 * fake_host_session() - the driver's session
 * @host: the host, of a probed device
 */
struct netvsc_session *fake_host_session(struct fake_host *host)
{
	return rcu_dereference_protected(fake_host_adapter(host)->session, true);
}

/**
 * fake_host_up() - bring the interface up, and wait for what that sets off
 * @host: the host, of a probed device
 *
 * Return: 0 or a negative error.
 */
int fake_host_up(struct fake_host *host)
{
	struct netvsc_adapter *a = fake_host_adapter(host);
	int ret;

	rtnl_lock();
	ret = dev_open(a->net, NULL);
	rtnl_unlock();
	flush_delayed_work(&a->rx_mode_work);
	return ret;
}

/**
 * fake_host_set() - what the driver set last by an object id
 * @host: the host
 * @oid: the id, not that of the packet filter
 *
 * Return: the object or NULL.
 */
const struct fake_object *fake_host_set(struct fake_host *host, u32 oid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(host->set); i++)
		if (host->set[i].oid == oid)
			return &host->set[i];
	return NULL;
}
