// SPDX-License-Identifier: GPL-2.0
/*
 * What the commands of the keyboard and of the mouse have in common; see input.h.
 */
#include "vsp/input.h"

/* Time for a guest to go to sleep. */
#define AFTER_MS_MAX	60000

int input_after_ms(json_t *request, int64_t *after_ms, struct error *err)
{
	*after_ms = 0;
	return control_number(request, "after_ms", 0, AFTER_MS_MAX, after_ms, err);
}

struct control_pending *input_defer(struct control *control, int64_t after_ms)
{
	return after_ms ? NULL : control_defer(control);
}
