// SPDX-License-Identifier: GPL-2.0
/* The text of a failure; see error.h. */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

int error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}
