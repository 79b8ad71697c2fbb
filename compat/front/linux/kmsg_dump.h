/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/kmsg_dump.h>, and a way to read the end of the log that all forms of it have. */
#ifndef HVIC_COMPAT_LINUX_KMSG_DUMP_H
#define HVIC_COMPAT_LINUX_KMSG_DUMP_H

#include_next <linux/kmsg_dump.h>

/* What of the log's end fits into @size bytes. */
static inline bool hvic_kmsg_dump_end(struct kmsg_dumper *dumper, char *buf, size_t size,
				      size_t *len)
{
#ifdef HVIC_HAVE_KMSG_DUMP_ITER
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return kmsg_dump_get_buffer(&iter, false, buf, size, len);
#else
	return kmsg_dump_get_buffer(dumper, false, buf, size, len);
#endif
}

#endif
