// SPDX-License-Identifier: GPL-2.0
/*
 * Holds the kernel's names for the wire (<linux/hyperv.h>, which drivers see) against our own
 * description of it (<hvic/vmbus.h>, which the embedded host sees). Compile time only.
 */
#include <linux/hyperv.h>
#include <linux/stddef.h>

#include <hvic/vmbus.h>

#include "abi.h"

#define SAME_SIZE(kernel, wire) \
	static_assert(sizeof(struct kernel) == sizeof(struct wire))
#define SAME_PLACE(kernel, kernel_member, wire, wire_member) \
	static_assert(offsetof(struct kernel, kernel_member) == offsetof(struct wire, wire_member))

SAME_SIZE(vmbus_channel_message_header, vmbus_msg_header);
SAME_SIZE(vmbus_channel_offer_channel, vmbus_msg_offer);
SAME_PLACE(vmbus_channel_offer_channel, child_relid, vmbus_msg_offer, relid);
SAME_PLACE(vmbus_channel_offer_channel, monitorid, vmbus_msg_offer, monitor_id);
SAME_PLACE(vmbus_channel_offer_channel, connection_id, vmbus_msg_offer, connection_id);
SAME_PLACE(vmbus_channel_offer_channel, offer.if_instance, vmbus_msg_offer, instance_id);
SAME_PLACE(vmbus_channel_offer_channel, offer.chn_flags, vmbus_msg_offer, flags);
SAME_PLACE(vmbus_channel_offer_channel, offer.sub_channel_index, vmbus_msg_offer,
	   subchannel_index);
SAME_SIZE(vmbus_channel_rescind_offer, vmbus_msg_relid);
SAME_SIZE(vmbus_channel_close_channel, vmbus_msg_relid);
SAME_SIZE(vmbus_channel_relid_released, vmbus_msg_relid);
SAME_SIZE(vmbus_channel_open_channel, vmbus_msg_open);
SAME_PLACE(vmbus_channel_open_channel, target_vp, vmbus_msg_open, target_vp);
SAME_PLACE(vmbus_channel_open_channel, downstream_ringbuffer_pageoffset, vmbus_msg_open,
	   downstream_page_offset);
SAME_PLACE(vmbus_channel_open_channel, userdata, vmbus_msg_open, user_data);
SAME_SIZE(vmbus_channel_open_result, vmbus_msg_open_result);
SAME_PLACE(vmbus_channel_open_result, openid, vmbus_msg_open_result, open_id);
SAME_PLACE(vmbus_channel_open_result, status, vmbus_msg_open_result, status);
SAME_SIZE(vmbus_channel_gpadl_header, vmbus_msg_gpadl_header);
SAME_PLACE(vmbus_channel_gpadl_header, gpadl, vmbus_msg_gpadl_header, gpadl);
SAME_PLACE(vmbus_channel_gpadl_header, range_buflen, vmbus_msg_gpadl_header, range_buflen);
SAME_SIZE(vmbus_channel_gpadl_body, vmbus_msg_gpadl_body);
SAME_PLACE(vmbus_channel_gpadl_body, gpadl, vmbus_msg_gpadl_body, gpadl);
SAME_SIZE(gpa_range, vmbus_wire_gpa_range);
SAME_SIZE(vmbus_channel_gpadl_created, vmbus_msg_gpadl_created);
SAME_PLACE(vmbus_channel_gpadl_created, creation_status, vmbus_msg_gpadl_created, status);
SAME_SIZE(vmbus_channel_gpadl_teardown, vmbus_msg_gpadl_teardown);
SAME_PLACE(vmbus_channel_gpadl_teardown, gpadl, vmbus_msg_gpadl_teardown, gpadl);
SAME_SIZE(vmbus_channel_gpadl_torndown, vmbus_msg_gpadl_torndown);
SAME_SIZE(vmbus_channel_initiate_contact, vmbus_msg_initiate_contact);
SAME_PLACE(vmbus_channel_initiate_contact, target_vcpu, vmbus_msg_initiate_contact, target_vp);
SAME_PLACE(vmbus_channel_initiate_contact, msg_sint, vmbus_msg_initiate_contact, u.target.sint);
SAME_PLACE(vmbus_channel_initiate_contact, monitor_page1, vmbus_msg_initiate_contact,
	   parent_to_child_monitor);
SAME_SIZE(vmbus_channel_version_response, vmbus_msg_version_response);
SAME_PLACE(vmbus_channel_version_response, connection_state, vmbus_msg_version_response,
	   conn_state);
SAME_PLACE(vmbus_channel_version_response, msg_conn_id, vmbus_msg_version_response, msg_conn_id);
SAME_SIZE(vmbus_channel_tl_connect_request, vmbus_msg_tl_connect);
SAME_SIZE(vmbus_channel_modifychannel, vmbus_msg_modify_channel);
SAME_SIZE(vmbus_channel_modifychannel_response, vmbus_msg_modify_channel_response);

SAME_SIZE(vmpacket_descriptor, vmbus_pkt_header);
SAME_PLACE(vmpacket_descriptor, len8, vmbus_pkt_header, len8);
SAME_PLACE(vmpacket_descriptor, trans_id, vmbus_pkt_header, xid);
SAME_PLACE(hv_ring_buffer, read_index, vmbus_ring_control, read_index);
SAME_PLACE(hv_ring_buffer, interrupt_mask, vmbus_ring_control, interrupt_mask);
SAME_PLACE(hv_ring_buffer, pending_send_sz, vmbus_ring_control, pending_send_size);
SAME_PLACE(hv_ring_buffer, feature_bits, vmbus_ring_control, feature_bits);
SAME_SIZE(hv_monitor_page, vmbus_monitor_page);
SAME_PLACE(hv_monitor_page, parameter, vmbus_monitor_page, param);

static_assert((int)CHANNELMSG_OFFERCHANNEL == (int)VMBUS_MSG_OFFER_CHANNEL);
static_assert((int)CHANNELMSG_VERSION_RESPONSE == (int)VMBUS_MSG_VERSION_RESPONSE);
static_assert((int)CHANNELMSG_MODIFYCHANNEL_RESPONSE == (int)VMBUS_MSG_MODIFY_CHANNEL_RESPONSE);
static_assert(HV_MESSAGE_PAYLOAD_BYTE_COUNT == VMBUS_MESSAGE_MAX);
static_assert(VERSION_WIN10_V5_3 == VMBUS_WIRE_V5_3);
