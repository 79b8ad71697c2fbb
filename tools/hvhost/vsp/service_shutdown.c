// SPDX-License-Identifier: GPL-2.0
/* Shutdown: asks the guest to power off, restart or hibernate, and says whether it will. */
#include <endian.h>
#include <string.h>

#include <hvic/services.h>

#include "vsp/service_internal.h"
#include "vsp/utf.h"

#define ANSWER_MS	10000
#define TIMEOUT_S_MAX	86400

static const struct {
	const char *mode;
	uint32_t flags;
} modes[] = {
	{ "off", 0 },
	{ "reboot", IC_SHUTDOWN_RESTART },
	{ "hibernate", IC_SHUTDOWN_HIBERNATE },
};

struct shutdown {
	struct control_pending *asker;
};

static void answered(struct service *svc, const struct service_answer *answer,
		     const struct error *err)
{
	struct shutdown *sd = service_priv(svc);
	struct control_pending *asker = sd->asker;
	struct error refused;

	sd->asker = NULL;
	if (answer && answer->status != IC_STATUS_OK) {
		error_set(&refused, "the guest refused: status 0x%08x", answer->status);
		err = &refused;
	}
	control_answer(asker, NULL, err);
}

static int build(json_t *request, struct ic_shutdown *msg, struct error *err)
{
	const char *mode = json_string_value(json_object_get(request, "mode"));
	const char *text = json_string_value(json_object_get(request, "text"));
	int64_t timeout_s = 0;
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].mode, mode ? mode : "off"))
			break;
	if (i == sizeof(modes) / sizeof(modes[0]))
		return error_set(err, "\"mode\" is off, reboot or hibernate");
	if (control_number(request, "timeout_s", 0, TIMEOUT_S_MAX, &timeout_s, err))
		return -1;
	memset(msg, 0, sizeof(*msg));
	msg->reason = htole32(IC_SHUTDOWN_REASON_PLANNED);
	msg->timeout_s = htole32(timeout_s);
	msg->flags = htole32(modes[i].flags | (json_is_true(json_object_get(request, "force")) ?
					       IC_SHUTDOWN_FORCE : 0));
	if (utf16_from_utf8(text ? text : "", msg->text, sizeof(msg->text)) < 0)
		return error_set(err, "\"text\" is longer than %zu UTF-16 units",
				 sizeof(msg->text) / 2 - 1);
	return 0;
}

static int cmd_shutdown(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct service *svc = arg;
	struct shutdown *sd = service_priv(svc);
	struct ic_shutdown msg;

	if (build(request, &msg, err) ||
	    service_request(svc, &msg, sizeof(msg), ANSWER_MS, answered, err))
		return -1;
	sd->asker = control_defer(service_control(svc));
	if (!sd->asker)
		json_object_set_new(reply, "state", json_string("asked"));
	return 0;
}

static const struct service_command commands[] = {
	{ "shutdown", "mode: off (default), reboot, hibernate; force; timeout_s; text",
	  cmd_shutdown },
	{ NULL, NULL, NULL },
};

static const uint32_t versions[] = {
	SERVICE_VERSION(1, 0), SERVICE_VERSION(3, 0), SERVICE_VERSION(3, 1),
	SERVICE_VERSION(3, 2), 0
};

const struct service_ops shutdown_service = {
	.name = "shutdown",
	.needs = "is hv_utils loaded?",
	.type = IC_TYPE_SHUTDOWN,
	.versions = versions,
	.commands = commands,
	.priv_size = sizeof(struct shutdown),
};
