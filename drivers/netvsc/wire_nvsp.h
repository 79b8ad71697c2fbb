/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NVSP messages: builders, and parsers that turn the host's bytes into checked structs. Pure:
 * bytes in, struct out, no state, no allocation; any context.
 */
#ifndef HVIC_NETVSC_WIRE_NVSP_H
#define HVIC_NETVSC_WIRE_NVSP_H

#include <hvic/network.h>

#include "wire_types.h"

/* Every message goes out in the size of the newest version; older hosts ignore the rest. */
#define NVSP_MSG_SIZE	((u32)sizeof(struct nvsp_msg))

/* The versions, newest first. */
extern const u32 nvsp_versions[];
extern const unsigned int nvsp_version_count;

/* A buffer divided by the host, checked against the buffer's size. */
struct nvsp_layout {
	u32 status;		/* enum nvsp_status; the rest is valid on success alone */
	u32 section_size;	/* bytes */
	u32 sections;
};

struct nvsp_vf_association {
	u32 present;
	u32 serial;
};

void nvsp_build_init(struct nvsp_msg *msg, u32 version);
void nvsp_build_ndis_config(struct nvsp_msg *msg, u32 version, u32 frame_size, bool sriov);
void nvsp_build_ndis_version(struct nvsp_msg *msg, u32 version);
void nvsp_build_recv_buf(struct nvsp_msg *msg, u32 gpadl, u16 id);
void nvsp_build_send_buf(struct nvsp_msg *msg, u32 gpadl, u16 id);
void nvsp_build_revoke_recv_buf(struct nvsp_msg *msg, u16 id);
void nvsp_build_revoke_send_buf(struct nvsp_msg *msg, u16 id);
void nvsp_build_subchannels(struct nvsp_msg *msg, u32 count);
void nvsp_build_data_path(struct nvsp_msg *msg, bool vf);
void nvsp_build_rndis(struct nvsp_msg *msg, u32 channel, u32 section, u32 section_size);
void nvsp_build_rndis_complete(struct nvsp_msg *msg, u32 status);

int nvsp_parse_type(const void *data, u32 len, u32 *type);
int nvsp_parse_init_complete(const void *data, u32 len, u32 *status);
int nvsp_parse_recv_buf_complete(const void *data, u32 len, u32 size, u32 least,
				 struct nvsp_layout *layout);
int nvsp_parse_send_buf_complete(const void *data, u32 len, u32 size, u32 least,
				 struct nvsp_layout *layout);
int nvsp_parse_subchannels(const void *data, u32 len, u32 asked, u32 *granted);
int nvsp_parse_status(const void *data, u32 len, u32 *status);
int nvsp_parse_send_table(const void *data, u32 len, u32 version,
			  u32 table[NVSP_SEND_TABLE_ENTRIES]);
int nvsp_parse_vf_association(const void *data, u32 len, struct nvsp_vf_association *vf);

int nvsp_parse_transfer(const void *packet, u32 header_len, u16 set, u32 *ranges);
int nvsp_parse_range(const void *packet, u32 index, u32 buffer_size, u32 *offset, u32 *len);

#endif
