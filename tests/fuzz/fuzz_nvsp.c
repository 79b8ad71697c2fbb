// SPDX-License-Identifier: GPL-2.0
/* NVSP messages and transfer pages from the host: every parser of netvsc's wire_nvsp.c. */
#include <netvsc/wire_nvsp.h>

#include "fuzz.h"

#define BUFFER	(16u << 20)
#define LEAST	1518u

static void layout(int ret, const struct nvsp_layout *layout)
{
	if (ret || layout->status != NVSP_STATUS_SUCCESS)
		return;
	HOLDS(layout->section_size >= LEAST);
	HOLDS(layout->sections);
	HOLDS((uint64_t)layout->section_size * layout->sections <= BUFFER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t type, status, granted, ranges, offset, len, i;
	uint32_t table[NVSP_SEND_TABLE_ENTRIES];
	struct nvsp_vf_association vf;
	struct nvsp_layout found;

	nvsp_parse_type(data, size, &type);
	nvsp_parse_init_complete(data, size, &status);
	nvsp_parse_status(data, size, &status);
	layout(nvsp_parse_recv_buf_complete(data, size, BUFFER, LEAST, &found), &found);
	layout(nvsp_parse_send_buf_complete(data, size, BUFFER, LEAST, &found), &found);
	if (!nvsp_parse_subchannels(data, size, 7, &granted))
		HOLDS(granted <= 7);
	for (i = 0; i < nvsp_version_count; i++)
		nvsp_parse_send_table(data, size, nvsp_versions[i], table);
	nvsp_parse_vf_association(data, size, &vf);
	if (nvsp_parse_transfer(data, size, 0xcafe, &ranges))
		return 0;
	HOLDS((uint64_t)ranges * 8 <= size);
	for (i = 0; i < ranges; i++)
		if (!nvsp_parse_range(data, i, BUFFER, &offset, &len))
			HOLDS((uint64_t)offset + len <= BUFFER);
	return 0;
}
