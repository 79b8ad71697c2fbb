// SPDX-License-Identifier: GPL-2.0
/*
 * Heartbeat: every two seconds the guest is asked for the next sequence number, so that its
 * silence is noticed.
 */
#include <endian.h>

#include <hvic/services.h>

#include "vsp/service_internal.h"

#define PERIOD_MS	2000
#define LOST_MS		(3 * PERIOD_MS)	/* after so much silence it is lost */

static const char *const state_names[] = { "unknown", "healthy", "critical", "stopped" };

struct heartbeat {
	uint64_t sequence;	/* of the last request */
	uint64_t beats, wrong;	/* answers with and without the right sequence number */
	uint64_t last_ms;	/* when the last good answer came */
	uint32_t state;		/* enum ic_heartbeat_state, as the guest says */
};

static uint64_t now_ms(void)
{
	return loop_now_ns() / 1000000;
}

static void answered(struct service *svc, const struct service_answer *answer,
		     const struct error *err)
{
	struct heartbeat *hb = service_priv(svc);
	const struct ic_heartbeat *beat;

	if (!answer)
		return;
	beat = answer->body;
	if (answer->status != IC_STATUS_OK || answer->len < sizeof(beat->sequence) ||
	    le64toh(beat->sequence) != hb->sequence + 1) {
		hb->wrong++;
		return;
	}
	hb->sequence++;
	hb->beats++;
	hb->last_ms = now_ms();
	if (answer->len >= sizeof(beat->sequence) + sizeof(beat->state))
		hb->state = le32toh(beat->state);
}

/* A beat that is still unanswered is not followed by another: its bound comes first. */
static void beat(struct service *svc)
{
	struct heartbeat *hb = service_priv(svc);
	struct ic_heartbeat msg = { .sequence = htole64(hb->sequence) };

	service_request(svc, &msg, sizeof(msg), PERIOD_MS - 100, answered, NULL);
	service_timer(svc, PERIOD_MS);
}

static void ready(struct service *svc)
{
	struct heartbeat *hb = service_priv(svc);

	*hb = (struct heartbeat){ 0 };
	beat(svc);
}

static void stats(struct service *svc, json_t *object)
{
	struct heartbeat *hb = service_priv(svc);

	json_object_set_new(object, "beats", json_integer(hb->beats));
	json_object_set_new(object, "wrong", json_integer(hb->wrong));
	json_object_set_new(object, "guest_state", json_string(hb->state <= IC_HEARTBEAT_STOPPED ?
							       state_names[hb->state] : "?"));
}

static int cmd_heartbeat(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct service *svc = arg;
	struct heartbeat *hb = service_priv(svc);
	uint64_t age = now_ms() - hb->last_ms;

	if (!service_busy(svc) && service_check(svc, err))
		return -1;
	stats(svc, reply);
	if (!hb->beats)
		return error_set(err, "no heartbeat: the guest has not answered yet");
	json_object_set_new(reply, "age_ms", json_integer(age));
	if (age > LOST_MS)
		return error_set(err, "no heartbeat: the guest last answered %llu ms ago",
				 (unsigned long long)age);
	json_object_set_new(reply, "status", json_string("ok"));
	return 0;
}

static const struct service_command commands[] = {
	{ "heartbeat", "whether the guest answers; fails when it does not", cmd_heartbeat },
	{ NULL, NULL, NULL },
};

static const uint32_t versions[] = { SERVICE_VERSION(1, 0), SERVICE_VERSION(3, 0), 0 };

const struct service_ops heartbeat_service = {
	.name = "heartbeat",
	.needs = "is hv_utils loaded?",
	.type = IC_TYPE_HEARTBEAT,
	.versions = versions,
	.commands = commands,
	.priv_size = sizeof(struct heartbeat),
	.ready = ready,
	.timer = beat,
	.stats = stats,
};
