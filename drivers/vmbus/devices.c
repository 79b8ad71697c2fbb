// SPDX-License-Identifier: GPL-2.0
/*
 * What the bus knows of the types of devices: the table that drivers see, and which offers an
 * isolated guest accepts. Exports a symbol of upstream's channel_mgmt.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_offer.h"

#include "vmbus.h"

#define DEVICE(type, guid, perf, isolated) \
	[type] = { .dev_type = type, guid, .perf_device = perf, hvic_isolated_init(isolated) }

/* By enum vmbus_device_type. A performance device's channels are spread over the CPUs. */
const struct vmbus_device vmbus_devs[] = {
	DEVICE(HV_IDE, HV_IDE_GUID, true, false),
	DEVICE(HV_SCSI, HV_SCSI_GUID, true, true),
	DEVICE(HV_FC, HV_SYNTHFC_GUID, true, false),
	DEVICE(HV_NIC, HV_NIC_GUID, true, true),
	DEVICE(HV_ND, HV_ND_GUID, true, false),
	DEVICE(HV_PCIE, HV_PCIE_GUID, false, HVIC_PCI_IN_ISOLATED),
	DEVICE(HV_FB, HV_SYNTHVID_GUID, false, false),
	DEVICE(HV_KBD, HV_KBD_GUID, false, false),
	DEVICE(HV_MOUSE, HV_MOUSE_GUID, false, false),
	DEVICE(HV_KVP, HV_KVP_GUID, false, false),
	DEVICE(HV_TS, HV_TS_GUID, false, true),
	DEVICE(HV_HB, HV_HEART_BEAT_GUID, false, true),
	DEVICE(HV_SHUTDOWN, HV_SHUTDOWN_GUID, false, true),
	[HV_FCOPY] = { .dev_type = HV_FCOPY, HV_FCOPY_GUID, hvic_pref_ring_init(0x4000) },
	DEVICE(HV_BACKUP, HV_VSS_GUID, false, false),
	DEVICE(HV_DM, HV_DM_GUID, false, false),
	/* What uio_hv_generic takes for a device that the table does not know. */
	[HV_UNKNOWN] = { .dev_type = HV_UNKNOWN, hvic_pref_ring_init(0x11000) },
};
EXPORT_SYMBOL_GPL(vmbus_devs);

/* Offered by every host, of no use to Linux: activation, remote desktop, initial setup. */
static const struct {
	guid_t guid;
} unused_devices[] = {
	{ HV_AVMA1_GUID }, { HV_AVMA2_GUID }, { HV_RDV_GUID }, { HV_IMC_GUID },
};

static u16 type_of_guid(const guid_t *guid)
{
	u16 type;

	for (type = 0; type < HV_UNKNOWN; type++)
		if (guid_equal(guid, &vmbus_devs[type].guid))
			break;
	return type;
}

/**
 * vmbus_device_type() - what kind of device a channel belongs to
 * @channel: its offermsg is set
 * Any context. Return: enum vmbus_device_type.
 */
u16 vmbus_device_type(const struct vmbus_channel *channel)
{
	const guid_t *guid = &channel->offermsg.offer.if_type;
	unsigned int i;
	u16 type;

	/* A socket's interface GUID is a port number. */
	if (is_hvsock_channel(channel))
		return HV_UNKNOWN;
	for (i = 0; i < ARRAY_SIZE(unused_devices); i++)
		if (guid_equal(guid, &unused_devices[i].guid))
			return HV_UNKNOWN;

	type = type_of_guid(guid);
	if (type == HV_UNKNOWN)
		pr_info("Unknown GUID: %pUl\n", guid);
	return type;
}

/**
 * vmbus_offer_allowed() - whether this guest trusts a device of that type to a hostile host
 * @offer: an offer
 * Any context. Return: true in a guest that is not isolated.
 */
bool vmbus_offer_allowed(const struct vmbus_channel_offer_channel *offer)
{
	if (!hv_is_isolation_supported() || is_hvsock_offer(offer))
		return true;
	return hvic_isolated(&vmbus_devs[type_of_guid(&offer->offer.if_type)]);
}
