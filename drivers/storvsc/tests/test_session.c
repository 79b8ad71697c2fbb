// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the driver's session with a host that agrees, knows old versions only, refuses, answers
 * nonsense, late, twice or never; and the limits that host and parameters set.
 */
#include <linux/sizes.h>
#include <linux/unaligned.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>
#include <scsi/scsi_transport_fc.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "suites.h"

/* More than the waits for a silent host add up to. */
#define BOUND	(5 * HZ)

static void session_comes_and_goes(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;
	struct Scsi_Host *shost;

	host->luns = 0x5;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
	KUNIT_EXPECT_EQ(test, host->ops[BEGIN], 1u);
	KUNIT_EXPECT_EQ(test, host->num_versions, 1u);
	KUNIT_EXPECT_EQ(test, (u32)host->versions[0], 0x0602u);
	KUNIT_EXPECT_EQ(test, host->ops[QUERY_PROPERTIES], 1u);
	KUNIT_EXPECT_EQ(test, host->ops[NAMES], 0u);
	KUNIT_EXPECT_EQ(test, host->ops[SUBCHANNELS], 0u);
	KUNIT_EXPECT_EQ(test, host->ops[END], 1u);

	shost = fake_host_controller(host)->shost;
	KUNIT_EXPECT_EQ(test, (u32)shost->max_sectors, 512u);	/* 256 KiB */
	KUNIT_EXPECT_EQ(test, (u32)shost->sg_tablesize, 65u);	/* at any offset */
	KUNIT_EXPECT_EQ(test, (u32)shost->max_channel, 7u);
	KUNIT_EXPECT_EQ(test, (u32)shost->max_id, 2u);
	KUNIT_EXPECT_EQ(test, shost->max_lun, 255ull);
	KUNIT_EXPECT_EQ(test, (u32)shost->max_cmd_len, 16u);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->bad_packets), 0);

	/* The LUNs that the host lists, and no other. */
	sdev = fake_host_lun(host, 0);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	KUNIT_EXPECT_EQ(test, sdev->type, 0x0c);
	scsi_device_put(sdev);
	KUNIT_EXPECT_NULL(test, fake_host_lun(host, 1));
	sdev = fake_host_lun(host, 2);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	scsi_device_put(sdev);

	fake_host_remove(host);
	KUNIT_EXPECT_FALSE(test, host->primary.open);
	KUNIT_EXPECT_NULL(test, hv_get_drvdata(&host->hv));
}

static void session_falls_back(struct kunit *test)
{
	static const u16 newest_first[] = { 0x0602, 0x0600, 0x0501, 0x0402 };
	unsigned int i, n;

	for (i = 0; i <= ARRAY_SIZE(newest_first); i++) {
		struct fake_host *host = fake_host_new(test);
		bool known = i < ARRAY_SIZE(newest_first);

		host->newest = known ? newest_first[i] : 0x0200;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_IDE), known ? 0 : -EPROTO);
		KUNIT_EXPECT_EQ(test, host->num_versions, known ? i + 1 : i);
		for (n = 0; n < host->num_versions && n < ARRAY_SIZE(newest_first); n++)
			KUNIT_EXPECT_EQ(test, host->versions[n], newest_first[n]);
		KUNIT_EXPECT_EQ(test, host->ops[QUERY_PROPERTIES], known ? 1u : 0u);
		KUNIT_EXPECT_EQ(test, host->ops[END], known ? 1u : 0u);
		if (known)
			fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* What to say instead of a good host's answer. */
struct script {
	u32 to;				/* this operation */
	u32 operation, status;
	u32 len;			/* 0: nothing at all */
};

static bool follow_script(struct fake_host *host, const struct fake_request *req)
{
	const struct script *script = host->scratch;

	if (fake_request_op(req) != script->to)
		return false;
	if (script->len)
		fake_host_reply(host, req, script->operation, script->status, script->len);
	return true;
}

static void session_refused(struct kunit *test)
{
	static const struct {
		const char *what;
		struct script script;
		int ret;
	} cases[] = {
		{ "begin refused", { BEGIN, COMPLETION, UNSUCCESSFUL, 64 }, -EPROTO },
		{ "begin answered with another request", { BEGIN, BEGIN, 0, 64 }, -EPROTO },
		{ "begin answered with no head", { BEGIN, COMPLETION, 0, 8 }, -ETIMEDOUT },
		{ "begin not answered", { BEGIN }, -ETIMEDOUT },
		{ "begin answered with a head", { BEGIN, COMPLETION, 0, 16 }, 0 },
		{ "begin answered at length", { BEGIN, COMPLETION, 0, 128 }, 0 },
		{ "every version refused", { QUERY_VERSION, COMPLETION, UNSUCCESSFUL, 64 },
		  -EPROTO },
		{ "version answered with a command", { QUERY_VERSION, EXECUTE, 0, 64 }, -EPROTO },
		{ "version not answered", { QUERY_VERSION }, -ETIMEDOUT },
		{ "properties refused", { QUERY_PROPERTIES, COMPLETION, UNSUCCESSFUL, 64 },
		  -EPROTO },
		{ "properties answered with news", { QUERY_PROPERTIES, ENUMERATE, 0, 64 },
		  -EPROTO },
		{ "properties without any", { QUERY_PROPERTIES, COMPLETION, 0, 16 }, -EMSGSIZE },
		{ "properties cut short", { QUERY_PROPERTIES, COMPLETION, 0, 32 }, -EMSGSIZE },
		{ "properties of nothing", { QUERY_PROPERTIES, COMPLETION, 0, 64 }, -ERANGE },
		{ "properties not answered", { QUERY_PROPERTIES }, -ETIMEDOUT },
		{ "end refused", { END, COMPLETION, UNSUCCESSFUL, 64 }, -EPROTO },
		{ "end answered with no operation", { END, 0, 0, 64 }, -EPROTO },
		{ "end not answered", { END }, -ETIMEDOUT },
		{ "end answered too short for a head", { END, COMPLETION, 0, 0 }, -ETIMEDOUT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		unsigned long start = jiffies;

		host->scratch = (void *)&cases[i].script;
		host->on_request = follow_script;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host, FAKE_IDE), cases[i].ret, "%s",
				    cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + BOUND), "%s",
				      cases[i].what);
		/* Nothing is asked after a failure. */
		if (cases[i].ret && cases[i].script.to != END)
			KUNIT_EXPECT_EQ_MSG(test, host->ops[END], 0u, "%s", cases[i].what);
		if (!cases[i].ret)
			fake_host_remove(host);
		KUNIT_EXPECT_NULL(test, hv_get_drvdata(&host->hv));
		fake_host_free(test, host);
	}
}

/* Each answer comes twice, after one to the request before. */
static bool answer_twice(struct fake_host *host, const struct fake_request *req)
{
	struct fake_request *last = host->scratch;

	if (fake_request_op(req) == EXECUTE)
		return false;
	if (last->id)
		fake_host_reply(host, last, COMPLETION, UNSUCCESSFUL, LEN_V2);
	fake_host_answer(host, req);
	fake_host_reply(host, req, COMPLETION, UNSUCCESSFUL, LEN_V2);
	*last = *req;
	return true;
}

static void session_late_answers(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct fake_request last = { };

	host->scratch = &last;
	host->on_request = answer_twice;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_IDE), 0);
	KUNIT_EXPECT_EQ(test, host->num_versions, 1u);
	host->on_request = NULL;
}

static void session_without_bus(struct kunit *test)
{
	struct fake_host *host = test->priv;

	host->primary.open_error = -ENODEV;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_SCSI), -ENODEV);
	KUNIT_EXPECT_EQ(test, host->ops[BEGIN], 0u);
	host->primary.open_error = 0;

	host->fail_op = QUERY_PROPERTIES;
	host->fail_error = -ENOMEM;
	host->fail_times = 1;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_SCSI), -ENOMEM);
	KUNIT_EXPECT_EQ(test, host->ops[END], 0u);

	/* A full ring is waited for, with a bound. */
	host->fail_op = BEGIN;
	host->fail_error = -EAGAIN;
	host->fail_times = U32_MAX;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_SCSI), -EAGAIN);
	host->fail_times = 3;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
	KUNIT_EXPECT_EQ(test, host->fail_times, 0u);
}

/* The bus does not take the driver; the suite's own is loaded again for the end of the test. */
static void session_without_driver(struct kunit *test)
{
	fake_driver_unload();
	fake_register_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, fake_driver_load(), -EBUSY);
	fake_register_error = 0;
	KUNIT_EXPECT_EQ(test, fake_driver_load(), 0);
}

static bool rescind(struct fake_host *host, const struct fake_request *req)
{
	if (fake_request_op(req) != END)
		return false;
	fake_host_rescind(host);
	return true;
}

static void session_rescinded(struct kunit *test)
{
	struct fake_host *host = test->priv;

	host->on_request = rescind;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_SCSI), -ENODEV);
}

static void session_transfer_limits(struct kunit *test)
{
	static const struct {
		u32 offered;
		int ret;
		u32 sectors;
	} cases[] = {
		{ 0, -ERANGE }, { 4095, -ERANGE },
		{ 4096, 0, 8 }, { 8191, 0, 8 }, { SZ_4M, 0, 8192 }, { U32_MAX, 0, 8192 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);

		host->max_transfer = cases[i].offered;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host, FAKE_IDE), cases[i].ret);
		if (!cases[i].ret) {
			struct Scsi_Host *shost = fake_host_controller(host)->shost;

			KUNIT_EXPECT_EQ(test, (u32)shost->max_sectors, cases[i].sectors);
			KUNIT_EXPECT_EQ(test, (u32)shost->sg_tablesize, cases[i].sectors / 8 + 1);
			fake_host_remove(host);
		}
		fake_host_free(test, host);
	}
}

/* An IDE disk's target is in its instance id, and has one LUN; without it there is no device. */
static void session_ide(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;

	host->luns = 0;
	KUNIT_EXPECT_NE(test, fake_host_probe(host, FAKE_IDE), 0);
	host->luns = 0x3;
	host->channels = 4;
	sdev = fake_host_probed(test, host, FAKE_IDE);
	scsi_device_put(sdev);
	KUNIT_EXPECT_NULL(test, fake_host_lun(host, 1));
	KUNIT_EXPECT_EQ(test, host->ops[SUBCHANNELS], 0u);
	KUNIT_EXPECT_EQ(test, (u32)fake_host_controller(host)->shost->nr_hw_queues, 1u);
}

/* ---- subchannels ---- */

static void session_subchannels(struct kunit *test)
{
	struct fake_host *host = test->priv;
	u32 wanted = num_online_cpus() - 1;

	if (!wanted)
		kunit_skip(test, "one CPU");
	host->channels = 0xffff;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
	KUNIT_EXPECT_EQ(test, host->ops[SUBCHANNELS], 1u);
	KUNIT_EXPECT_EQ(test, (u32)host->wanted_channels, wanted);
	KUNIT_ASSERT_NOT_NULL(test, host->offered);

	/* One that does not open, one that does, more than were asked for. */
	host->subs[0]->open_error = -EINVAL;
	fake_host_offer(host, 0);
	KUNIT_EXPECT_EQ(test, fake_host_controller(host)->nr_channels, 1u);
	fake_host_offer(host, 1);
	KUNIT_EXPECT_EQ(test, fake_host_controller(host)->nr_channels, 2u);
	KUNIT_EXPECT_TRUE(test, host->subs[1]->open);
	if (num_possible_cpus() == 2) {
		fake_host_offer(host, 2);
		KUNIT_EXPECT_EQ(test, fake_host_controller(host)->nr_channels, 2u);
		KUNIT_EXPECT_FALSE(test, host->subs[2]->open);
	}

	/* Gone with the primary one; an offer that comes late does nothing. */
	fake_host_remove(host);
	KUNIT_EXPECT_FALSE(test, host->subs[1]->open);
	fake_host_offer(host, 3);
	KUNIT_EXPECT_FALSE(test, host->subs[3]->open);
}

static void session_no_subchannels(struct kunit *test)
{
	static const struct {
		const char *what;
		u16 newest, channels;
		struct script script;
		u32 asked;
	} cases[] = {
		{ "none offered", 0x0602, 0, { }, 0 },
		{ "a version without", 0x0402, 4, { }, 0 },
		{ "refused", 0x0501, 4, { SUBCHANNELS, COMPLETION, UNSUCCESSFUL, 64 }, 1 },
		{ "not answered", 0x0602, 1, { SUBCHANNELS }, 1 },
		{ "answered with something else", 0x0602, 1, { SUBCHANNELS, ENUMERATE, 0, 64 },
		  1 },
	};
	unsigned int i;

	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev;

		host->newest = cases[i].newest;
		host->channels = cases[i].channels;
		host->scratch = (void *)&cases[i].script;
		host->on_request = cases[i].script.to ? follow_script : NULL;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host, FAKE_SCSI), 0, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->ops[SUBCHANNELS], cases[i].asked, "%s",
				    cases[i].what);
		/* One channel is enough to work. */
		sdev = fake_host_lun(host, 0);
		KUNIT_EXPECT_NOT_NULL_MSG(test, sdev, "%s", cases[i].what);
		if (sdev)
			scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* ---- Fibre Channel ---- */

/* A scan asks after a thousand targets; an answer that comes later lets others have the CPU. */
struct deferred {
	struct work_struct work;
	struct fake_host *host;
	struct fake_request req;
};

static void answer_work(struct work_struct *work)
{
	struct deferred *deferred = container_of(work, struct deferred, work);

	fake_host_answer(deferred->host, &deferred->req);
}

static bool answer_later(struct fake_host *host, const struct fake_request *req)
{
	struct deferred *deferred = host->scratch;

	if (fake_request_op(req) != EXECUTE)
		return false;
	deferred->req = *req;
	schedule_work(&deferred->work);
	return true;
}

static void session_fc(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct Scsi_Host *shost;
	/* A host that changes the names while it runs: primary ones are not active. */
	u8 names[36] = { [20] = 0x11, [27] = 0x22, [28] = 0x33, [35] = 0x44 };
	struct deferred deferred = { .host = host };

	INIT_WORK_ONSTACK(&deferred.work, answer_work);
	host->scratch = &deferred;
	host->on_request = answer_later;
	host->max_transfer = SZ_4M;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_FC), 0);
	KUNIT_EXPECT_EQ(test, host->ops[NAMES], 1u);
	shost = fake_host_controller(host)->shost;
	KUNIT_EXPECT_EQ(test, (u32)shost->max_sectors, 1024u);	/* 512 KiB at most */
	KUNIT_EXPECT_EQ(test, (u32)shost->max_id, 128u);
#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
	KUNIT_EXPECT_EQ(test, fc_host_port_name(shost), 0x5001122334455667ull);
	KUNIT_EXPECT_EQ(test, fc_host_node_name(shost), 0x5008899aabbccddeull);
#endif
	KUNIT_EXPECT_NOT_NULL(test, fake_host_controller(host)->rport);

	fake_host_say(host, NAMES, names, sizeof(names));
	KUNIT_EXPECT_EQ(test, fake_host_controller(host)->wwn.port, 0x1100000000000022ull);
	KUNIT_EXPECT_EQ(test, fake_host_controller(host)->wwn.node, 0x3300000000000044ull);
	fake_host_say(host, NAMES, names, 28);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->bad_packets), 1);
	flush_work(&deferred.work);
	destroy_work_on_stack(&deferred.work);
	host->on_request = NULL;
}

static void session_fc_refused(struct kunit *test)
{
	static const struct {
		const char *what;
		struct script script;
		int ret;
	} cases[] = {
		{ "names refused", { NAMES, COMPLETION, UNSUCCESSFUL, 64 }, -EPROTO },
		{ "names answered with a request", { NAMES, NAMES, 0, 64 }, -EPROTO },
		{ "names not answered", { NAMES }, -ETIMEDOUT },
		{ "names without any", { NAMES, COMPLETION, 0, 16 }, -EMSGSIZE },
		{ "names cut short", { NAMES, COMPLETION, 0, 40 }, -EMSGSIZE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		int ret;

		host->scratch = (void *)&cases[i].script;
		host->on_request = follow_script;
		ret = fake_host_probe(host, FAKE_FC);
		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].ret, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->ops[END], ret ? 0u : 1u, "%s", cases[i].what);
		if (!ret)
			fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* ---- parameters ---- */

static void session_parameters(struct kunit *test)
{
	static const struct {
		const char *what;
		int ring;
		unsigned int queues;
		int vcpus, lowater;
		u32 bytes;			/* of a ring with its header, 0: any */
		u32 hw_queues;			/* 0: one a CPU */
	} cases[] = {
		{ "as delivered", 128 * 1024, 0, 4, 10, 32 * 4096, 0 },
		{ "no ring", 0, 1, 4, 10, 2 * 4096, 1 },
		{ "a negative ring", INT_MIN, 1, 4, 10, 2 * 4096, 1 },
		{ "an odd ring", 4097, 1, 4, 10, 3 * 4096, 1 },
		{ "the largest ring", SZ_2M, 1, 4, 10, SZ_2M, 1 },
		{ "a larger ring", SZ_2M + 1, 1, 4, 10, SZ_2M, 1 },
		{ "a huge ring", INT_MAX, 1, 4, 10, SZ_2M, 1 },
		{ "more queues than CPUs", 4096, UINT_MAX, 4, 10, 0, 0 },
		{ "no CPU to a channel", 4096, 1, 0, 10, 0, 1 },
		{ "fewer than none", 4096, 1, INT_MIN, 10, 0, 1 },
		{ "one CPU to a channel", 4096, 1, 1, 10, 0, 1 },
		{ "no low water", 4096, 1, 4, INT_MIN, 0, 1 },
		{ "nothing but low water", 4096, 1, 4, 100, 0, 1 },
		{ "a flood", 4096, 1, 4, INT_MAX, 0, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct Scsi_Host *shost;

		*fake_ring_size = cases[i].ring;
		*fake_max_hw_queues = cases[i].queues;
		*fake_vcpus_per_channel = cases[i].vcpus;
		*fake_lowater = cases[i].lowater;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host, FAKE_SCSI), 0, "%s",
				    cases[i].what);
		if (cases[i].bytes)
			KUNIT_EXPECT_EQ_MSG(test, host->primary.asked, cases[i].bytes, "%s",
					    cases[i].what);
		shost = fake_host_controller(host)->shost;
		KUNIT_EXPECT_EQ_MSG(test, (u32)shost->nr_hw_queues,
				    cases[i].hw_queues ?: num_present_cpus(), "%s", cases[i].what);
		KUNIT_EXPECT_GE_MSG(test, shost->can_queue, 1, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->cdbs[0xa0], 1u, "%s", cases[i].what);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
	*fake_ring_size = 128 * 1024;
	*fake_max_hw_queues = 0;
	*fake_vcpus_per_channel = 4;
	*fake_lowater = 10;
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE(session_comes_and_goes),
	KUNIT_CASE(session_falls_back),
	KUNIT_CASE(session_refused),
	KUNIT_CASE(session_late_answers),
	KUNIT_CASE(session_without_bus),
	KUNIT_CASE(session_without_driver),
	KUNIT_CASE(session_rescinded),
	KUNIT_CASE(session_transfer_limits),
	KUNIT_CASE(session_ide),
	KUNIT_CASE(session_subchannels),
	KUNIT_CASE(session_no_subchannels),
	KUNIT_CASE(session_fc),
	KUNIT_CASE(session_fc_refused),
	KUNIT_CASE(session_parameters),
	{ }
};

struct kunit_suite session_suite = {
	.name = "hv-storvsc-session",
	.init = fake_suite_init,
	.exit = fake_suite_exit,
	.test_cases = session_cases,
};
