// SPDX-License-Identifier: GPL-2.0
/*
 * Time synchronisation: the host's time at once when the guest comes, with the wish that its
 * clock be set, then a sample every five seconds.
 */
#include <endian.h>
#include <time.h>

#include <hvic/services.h>

#include "vsp/service.h"
#include "vsp/service_internal.h"

#define PERIOD_MS	5000
#define ANSWER_MS	4000
#define STRATUM		2	/* as if the host took its own time from a primary server */

struct timesync {
	struct control_pending *asker;
	uint64_t sync_sent, samples_sent;
};

static uint64_t (*reference_now)(void *arg);
static void *reference_arg;

/* Without a reference clock there is no 4.0: its samples carry that clock. */
static uint32_t versions[] = { SERVICE_VERSION(1, 0), SERVICE_VERSION(3, 0), 0, 0 };

void services_reference_clock(uint64_t (*now)(void *arg), void *arg)
{
	reference_now = now;
	reference_arg = arg;
	versions[2] = now ? SERVICE_VERSION(4, 0) : 0;
}

static uint64_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return IC_TIME_UNIX_EPOCH + now.tv_sec * 10000000ull + now.tv_nsec / 100;
}

static void answered(struct service *svc, const struct service_answer *answer,
		     const struct error *err)
{
	struct timesync *ts = service_priv(svc);
	struct control_pending *asker = ts->asker;

	ts->asker = NULL;
	control_answer(asker, NULL, err);
}

static int send_time(struct service *svc, uint8_t flags, struct error *err)
{
	struct ic_time msg = { .host_time = htole64(host_time()), .flags = flags };
	struct ic_time_ref ref;

	if (service_version(svc) < SERVICE_VERSION(4, 0))
		return service_request(svc, &msg, sizeof(msg), ANSWER_MS, answered, err);
	ref = (struct ic_time_ref){
		.reference_time = htole64(reference_now(reference_arg)),
		.host_time = htole64(host_time()),
		.flags = flags,
		.stratum = STRATUM,
	};
	return service_request(svc, &ref, sizeof(ref), ANSWER_MS, answered, err);
}

static void sample(struct service *svc)
{
	struct timesync *ts = service_priv(svc);

	if (!send_time(svc, IC_TIME_SAMPLE, NULL))
		ts->samples_sent++;
	service_timer(svc, PERIOD_MS);
}

static void ready(struct service *svc)
{
	struct timesync *ts = service_priv(svc);

	if (!send_time(svc, IC_TIME_SYNC, NULL))
		ts->sync_sent++;
	service_timer(svc, PERIOD_MS);
}

static int cmd_time_sync(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct service *svc = arg;
	struct timesync *ts = service_priv(svc);

	if (send_time(svc, IC_TIME_SYNC, err))
		return -1;
	ts->sync_sent++;
	ts->asker = control_defer(service_control(svc));
	return 0;
}

static void stats(struct service *svc, json_t *object)
{
	struct timesync *ts = service_priv(svc);

	json_object_set_new(object, "sync_sent", json_integer(ts->sync_sent));
	json_object_set_new(object, "samples_sent", json_integer(ts->samples_sent));
}

static const struct service_command commands[] = {
	{ "time-sync", "have the guest set its clock to the host's", cmd_time_sync },
	{ NULL, NULL, NULL },
};

const struct service_ops time_service = {
	.name = "timesync",
	.needs = "is hv_utils loaded?",
	.type = IC_TYPE_TIMESYNC,
	.versions = versions,
	.commands = commands,
	.priv_size = sizeof(struct timesync),
	.ready = ready,
	.timer = sample,
	.stats = stats,
};
