// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the driver's session with a host that agrees, knows old versions only, refuses, answers
 * nonsense, too late, twice or never. Messages are words of NVSP and [MS-RNDIS] 2.2.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/vmalloc.h>

#include "../netvsc.h"
#include "fake_host.h"
#include "suites.h"

#define OID_FRAME_SIZE	0x00010106
/* More than any test's waits for a silent host add up to. */
#define BOUND		(20 * HZ)

/* What to say instead of a good host's answer to messages of one type. */
struct script {
	u32 type;
	u32 words[7];
	u32 n;				/* 0: nothing at all */
};

static bool follow_script(struct fake_host *host, const u32 *msg, u64 id)
{
	const struct script *script = host->scratch;

	if (msg[0] != script->type)
		return false;
	if (script->n)
		fake_complete(host->channel, id, script->words, script->n);
	return true;
}

static int session_init(struct kunit *test)
{
	int ret = fake_driver_load();

	if (!ret)
		test->priv = fake_host_new(test);
	return ret;
}

static void session_exit(struct kunit *test)
{
	struct fake_host *host = test->priv;

	if (!host)
		return;
	host->on_nvsp = NULL;
	host->on_rndis = NULL;
	if (hv_get_drvdata(&host->hv))
		fake_host_remove(host);
	/* Nothing is left with the host. */
	KUNIT_EXPECT_FALSE(test, host->open);
	KUNIT_EXPECT_EQ(test, host->gpadls, 0u);
	KUNIT_EXPECT_EQ(test, host->tampered, 0u);
	fake_host_free(host);
	fake_driver_unload();
}

static void session_comes_and_goes(struct kunit *test)
{
	static const u8 mac[] = { 0x00, 0x15, 0x5d, 0x01, 0x02, 0x03 };
	struct fake_host *host = test->priv;
	struct netvsc_adapter *a;
	struct net_device *net;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	a = fake_host_adapter(host);
	net = a->net;
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(net->dev_addr, mac));
	KUNIT_EXPECT_EQ(test, net->mtu, 1500u);
	KUNIT_EXPECT_EQ(test, a->speed, 10000u);
	KUNIT_EXPECT_TRUE(test, net->features & NETIF_F_TSO);
	KUNIT_EXPECT_TRUE(test, net->features & NETIF_F_IPV6_CSUM);
	/* pktgen does not send one frame several times at once */
	KUNIT_EXPECT_FALSE(test, net->priv_flags & IFF_TX_SKB_SHARING);
	KUNIT_EXPECT_EQ(test, host->gpadls, 2u);
	/* version, NDIS version and configuration, both buffers */
	KUNIT_EXPECT_EQ(test, host->nvsp[1], 1u);
	KUNIT_EXPECT_EQ(test, host->versions[0], 0x60001u);
	KUNIT_EXPECT_EQ(test, host->nvsp[100], 1u);
	KUNIT_EXPECT_EQ(test, host->nvsp[125], 1u);
	KUNIT_EXPECT_EQ(test, host->nvsp[101], 1u);
	KUNIT_EXPECT_EQ(test, host->nvsp[104], 1u);
	KUNIT_EXPECT_EQ(test, host->rndis[2], 1u);
	KUNIT_EXPECT_EQ(test, a->counters.host_bad_completion, 0ul);
	KUNIT_EXPECT_EQ(test, a->counters.host_bad_frame, 0ul);
	KUNIT_EXPECT_EQ(test, a->counters.host_bad_packet, 0ul);
	KUNIT_EXPECT_EQ(test, a->counters.host_timeout, 0ul);

	/* Frames flow by a filter: directed, broadcast, all multicast. */
	KUNIT_EXPECT_EQ(test, fake_host_up(host), 0);
	KUNIT_EXPECT_EQ(test, host->filter, 0xdu);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(net));
	rtnl_lock();
	dev_close(net);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, host->filter, 0u);
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(net));

	fake_host_remove(host);
	KUNIT_EXPECT_EQ(test, host->rndis[3], 1u);
	KUNIT_EXPECT_EQ(test, host->nvsp[103], 1u);
	KUNIT_EXPECT_EQ(test, host->nvsp[106], 1u);
	/* Each transfer-page packet was given back, and well. */
	KUNIT_EXPECT_EQ(test, host->acks, host->next_section);
	KUNIT_EXPECT_EQ(test, host->bad_acks, 0u);
}

static void session_falls_back(struct kunit *test)
{
	static const u32 newest_first[] = {
		0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 0x00002,
	};
	unsigned int i, n;

	for (i = 0; i <= ARRAY_SIZE(newest_first); i++) {
		struct fake_host *host = fake_host_new(test);
		bool known = i < ARRAY_SIZE(newest_first);

		host->newest = known ? newest_first[i] : 0x00001;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host), known ? 0 : -EPROTO);
		KUNIT_EXPECT_EQ(test, host->num_versions, known ? i + 1 : i);
		for (n = 0; n < host->num_versions && n < ARRAY_SIZE(newest_first); n++)
			KUNIT_EXPECT_EQ(test, host->versions[n], newest_first[n]);
		/* The NDIS configuration came with version 2. */
		KUNIT_EXPECT_EQ(test, host->nvsp[125], i < 5 ? 1u : 0u);
		KUNIT_EXPECT_EQ(test, host->nvsp[100], known ? 1u : 0u);
		/* Version 2 and before: 15 MiB to receive at most. */
		if (known && host->newest <= 0x30002)
			KUNIT_EXPECT_LE(test, host->recv_bytes, 15u << 20);
		if (known)
			fake_host_remove(host);
		KUNIT_EXPECT_FALSE(test, host->open);
		KUNIT_EXPECT_EQ(test, host->gpadls, 0u);
		fake_host_free(host);
	}
}

static void session_refused(struct kunit *test)
{
	static const struct {
		const char *what;
		struct script script;
		int ret;
		u32 revokes_recv, revokes_send;
	} cases[] = {
		{ "no word about the version", { 1 }, -ETIMEDOUT, 0, 0 },
		{ "another message", { 1, { 102, 2, 34, 1 }, 4 }, -EPROTO, 0, 0 },
		{ "a version's answer cut short", { 1, { 2, 2 }, 2 }, -EINVAL, 0, 0 },
		{ "no word about the receive buffer", { 101 }, -ETIMEDOUT, 1, 0 },
		{ "no receive buffer", { 101, { 102, 2 }, 2 }, -EINVAL, 0, 0 },
		{ "more sections than fit", { 101, { 102, 1, 1, 0, 1728, 0x10000, 0 }, 7 },
		  -ERANGE, 1, 0 },
		{ "no word about the send buffer", { 104 }, -ETIMEDOUT, 1, 1 },
		{ "no send buffer", { 104, { 105, 2, 0, 0 }, 4 }, -EINVAL, 1, 0 },
		{ "a section larger than the buffer", { 104, { 105, 1, 0x7fffffff, 0 }, 4 },
		  -ERANGE, 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		unsigned long start = jiffies;

		host->scratch = (void *)&cases[i].script;
		host->on_nvsp = follow_script;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host), cases[i].ret, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->nvsp[103], cases[i].revokes_recv, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->nvsp[106], cases[i].revokes_send, "%s",
				    cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + BOUND), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->gpadls, 0u, "%s", cases[i].what);
		KUNIT_EXPECT_FALSE_MSG(test, host->open, "%s", cases[i].what);
		fake_host_free(host);
	}
}

static void session_without_bus(struct kunit *test)
{
	struct fake_host *host = test->priv;

	host->open_error[0] = -ENODEV;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), -ENODEV);
	KUNIT_EXPECT_EQ(test, host->nvsp[1], 0u);
	host->open_error[0] = 0;
	host->gpadl_error = -EDQUOT;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), -EDQUOT);
	KUNIT_EXPECT_EQ(test, host->nvsp[101], 0u);
	KUNIT_EXPECT_FALSE(test, host->open);
	/* And the same device once more, now with a host in a better mood. */
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
}

/* ---- RNDIS requests ---- */

enum mood {
	SILENT,			/* neither takes the request nor answers */
	TAKES,			/* takes it, and that is all */
	REFUSES,		/* completes it with a failure */
	FIRST_ANSWERS,		/* and completes it then */
	TWICE,			/* answers two times */
	TAKES_TWICE,
	OTHER_ID,
	OTHER_ID_THEN_RIGHT,
	OTHER_TYPE,
	TOO_LONG,
	FAILS,			/* NDIS_STATUS_FAILURE */
	KNOWS_NOT,		/* NDIS_STATUS_INVALID_OID */
};

struct request {
	enum mood mood;
	u64 id;			/* of the last one */
	u32 request;
};

static void say(struct fake_host *host, u32 type, u32 request, u32 status)
{
	const u32 words[] = { type, 28, request, status, 4, 16, 1400 };

	fake_rndis(host->channel, words, 7);
}

static bool moody(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 done[] = { 108, 1 }, refused[] = { 108, 2 };
	struct request *request = host->scratch;
	u32 number = msg[2], *words;

	if (msg[0] != 4)
		return false;
	request->id = id;
	request->request = number;
	if (request->mood == SILENT)
		return true;
	if (request->mood == FIRST_ANSWERS)
		say(host, 0x80000004, number, 0);
	fake_complete(host->channel, id, request->mood == REFUSES ? refused : done, 2);

	switch (request->mood) {
	case TWICE:
		say(host, 0x80000004, number, 0);
		say(host, 0x80000004, number, 0);
		break;
	case TAKES_TWICE:
		fake_complete(host->channel, id, done, 2);
		say(host, 0x80000004, number, 0);
		break;
	case OTHER_ID:
		say(host, 0x80000004, number + 1, 0);
		break;
	case OTHER_ID_THEN_RIGHT:
		say(host, 0x80000004, number - 1, 0);
		say(host, 0x80000004, number, 0);
		break;
	case OTHER_TYPE:
		say(host, 0x80000005, number, 0);
		break;
	case FAILS:
		say(host, 0x80000004, number, 0xc0000001);
		break;
	case KNOWS_NOT:
		say(host, 0x80000004, number, 0xc0010017);
		break;
	case TOO_LONG:
		words = kzalloc(1028, GFP_ATOMIC);
		if (!words)
			break;
		words[0] = 0x80000004;
		words[1] = 1028;
		words[2] = number;
		words[4] = 1004;
		words[5] = 16;
		fake_rndis(host->channel, words, 257);
		kfree(words);
		break;
	default:
		break;
	}
	return true;
}

static int query(struct fake_host *host, u32 *value)
{
	__le32 le = 0;
	u32 len = sizeof(le);
	int ret;

	rtnl_lock();
	ret = netvsc_rndis_query(fake_host_session(host), OID_FRAME_SIZE, NULL, 0, &le, &len);
	rtnl_unlock();
	*value = le32_to_cpu(le);
	return ret;
}

static void session_requests(struct kunit *test)
{
	static const struct {
		const char *what;
		enum mood mood;
		int ret;
		unsigned int bad_frames, bad_completions, timeouts, left;
	} cases[] = {
		{ "an answer before the completion", FIRST_ANSWERS, 0, 0, 0, 0, 0 },
		{ "a duplicate", TWICE, 0, 1, 0, 0, 0 },
		{ "a completion too many", TAKES_TWICE, 0, 0, 1, 0, 0 },
		{ "another's answer first", OTHER_ID_THEN_RIGHT, 0, 1, 0, 0, 0 },
		{ "an answer to a set", OTHER_TYPE, -EPROTO, 0, 0, 0, 0 },
		{ "an answer of 1028 bytes", TOO_LONG, -EMSGSIZE, 0, 0, 0, 0 },
		{ "a failure", FAILS, -EIO, 0, 0, 0, 0 },
		{ "no such object", KNOWS_NOT, -EOPNOTSUPP, 0, 0, 0, 0 },
		{ "a refusal", REFUSES, -EIO, 0, 0, 0, 0 },
		{ "an answer to nothing", OTHER_ID, -ETIMEDOUT, 1, 0, 1, 0 },
		{ "no answer", TAKES, -ETIMEDOUT, 0, 0, 1, 0 },
		{ "silence", SILENT, -ETIMEDOUT, 0, 0, 1, 1 },
	};
	static const u32 done[] = { 108, 1 };
	struct fake_host *host = test->priv;
	struct request request = { };
	struct netvsc_session *s;
	struct netvsc_adapter *a;
	unsigned int i;
	u32 value;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	a = fake_host_adapter(host);
	s = fake_host_session(host);
	KUNIT_EXPECT_TRUE(test, fake_wait(list_empty(&s->rndis_calls)));
	host->scratch = &request;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long start = jiffies;

		memset(&a->counters, 0, sizeof(a->counters));
		request.mood = cases[i].mood;
		host->on_rndis = moody;
		KUNIT_EXPECT_EQ_MSG(test, query(host, &value), cases[i].ret, "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + BOUND), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, value, cases[i].ret ? 0u : 1400u, "%s", cases[i].what);
		/* The poll loop may come later than the answer is there. */
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(a->counters.host_bad_frame ==
						      cases[i].bad_frames), "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(a->counters.host_bad_completion ==
						      cases[i].bad_completions), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, a->counters.host_timeout,
				    (unsigned long)cases[i].timeouts, "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(list_empty(&s->rndis_calls) ==
						      !cases[i].left), "%s", cases[i].what);

		/* What comes too late finds nobody, and the next request is none the worse. */
		if (cases[i].timeouts) {
			say(host, 0x80000004, request.request, 0);
			KUNIT_EXPECT_TRUE_MSG(test, fake_wait(a->counters.host_bad_frame ==
							      cases[i].bad_frames + 1), "%s",
					      cases[i].what);
		}
		if (cases[i].left)
			fake_complete(host->channel, request.id, done, 2);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(list_empty(&s->rndis_calls)), "%s",
				      cases[i].what);
		host->on_rndis = NULL;
		KUNIT_EXPECT_EQ_MSG(test, query(host, &value), 0, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, value, 1500u, "%s", cases[i].what);
	}
}

/* Requests that a host never takes are bounded in number, and their pages are not lost. */
static void session_hoards_no_requests(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct request request = { .mood = SILENT };
	struct list_head *at;
	unsigned int i, n = 0;
	u32 value;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	host->scratch = &request;
	host->on_rndis = moody;
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, query(host, &value), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, query(host, &value), -ENOMEM);
	list_for_each(at, &fake_host_session(host)->rndis_calls)
		n++;
	KUNIT_EXPECT_EQ(test, n, 16u);
}

/* The same while the device is probed, where failure means the end of it. */
static bool moody_init(struct fake_host *host, const u32 *msg, u64 id)
{
	static const u32 done[] = { 108, 1 };
	const struct script *script = host->scratch;
	u32 words[13];

	if (msg[0] != 2)
		return false;
	fake_complete(host->channel, id, done, 2);
	memset(words, 0, sizeof(words));
	memcpy(words, script->words, sizeof(script->words));
	words[2] = msg[2];
	if (script->n)
		fake_rndis(host->channel, words, script->n);
	return true;
}

static void session_needs_rndis(struct kunit *test)
{
	static const struct {
		const char *what;
		struct script script;
		int ret;
	} cases[] = {
		{ "no answer", { }, -ETIMEDOUT },
		{ "a failure", { 0, { 0x80000002, 52, 0, 0xc0000001 }, 13 }, -EIO },
		{ "a failure and no more", { 0, { 0x80000002, 16, 0, 0xc0000001 }, 4 }, -EIO },
		{ "one word short", { 0, { 0x80000002, 48 }, 12 }, -ETIMEDOUT },
		{ "another answer", { 0, { 0x80000005, 16 }, 4 }, -EPROTO },
		{ "a frame", { 0, { 1, 52 }, 13 }, -ETIMEDOUT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);

		host->scratch = (void *)&cases[i].script;
		host->on_rndis = moody_init;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host), cases[i].ret, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->gpadls, 0u, "%s", cases[i].what);
		KUNIT_EXPECT_FALSE_MSG(test, host->open, "%s", cases[i].what);
		fake_host_free(host);
	}
}

static void session_stray_completions(struct kunit *test)
{
	static const u64 ids[] = {
		0, 1, 0x0100000000000001, 0x01ffffffffffffff,	/* calls long over, or never */
		0x0200000000000001, 0x0300000000000000, 0x0300000000010000,
		0x0300000000010400, 0x030000000001ffff,		/* slots that there are not */
		0x0400000000000001, 0xffffffffffffffff,
	};
	static const u32 done[] = { 108, 1 };
	struct fake_host *host = test->priv;
	struct netvsc_adapter *a;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	a = fake_host_adapter(host);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		fake_complete(host->channel, ids[i], done, 2);
		KUNIT_EXPECT_TRUE_MSG(test, fake_wait(a->counters.host_bad_completion ==
							   i + 1), "%#llx", ids[i]);
	}
}

/* Hosts before VMBus 4.0 want the shared memory back before the channel closes, others after. */
static void session_order_of_the_end(struct kunit *test)
{
	static const struct {
		u32 bus, gpadls;
	} cases[] = { { VERSION_WIN8_1, 0 }, { VERSION_WIN10, 2 }, { VERSION_WIN10_V5_3, 2 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);

		fake_vmbus_proto_version = cases[i].bus;
		KUNIT_EXPECT_EQ(test, fake_host_probe(host), 0);
		fake_host_remove(host);
		KUNIT_EXPECT_EQ_MSG(test, host->gpadls_at_close, cases[i].gpadls, "%#x",
				    cases[i].bus);
		KUNIT_EXPECT_EQ(test, host->gpadls, 0u);
		fake_host_free(host);
	}
	fake_vmbus_proto_version = VERSION_WIN10;
}

/* Memory of which nobody knows whether the host has it is left alone; here it is freed later. */
static void session_doubtful_memory(struct kunit *test)
{
	struct fake_host *host = test->priv;

	host->gpadl_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), -ETIMEDOUT);
	KUNIT_ASSERT_NOT_NULL(test, host->refused);
	memset(host->refused, 0x5a, PAGE_SIZE);
	vfree(host->refused);
}

/* A request that a host which gives nothing back may still read is left alone likewise. */
static void session_doubtful_request(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct request request = { .mood = SILENT };
	struct list_head *call;
	u32 value;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	host->scratch = &request;
	host->on_rndis = moody;
	KUNIT_EXPECT_EQ(test, query(host, &value), -ETIMEDOUT);
	call = fake_host_session(host)->rndis_calls.next;
	host->on_rndis = NULL;
	host->keeps = true;
	fake_host_remove(host);
	/* The list is what it starts with. */
	kfree(call);
	vfree(host->recv);
	vfree(host->send);
}

/* A ring that is full for a while is waited for, one that stays so is not for ever. */
static void session_waits_for_room(struct kunit *test)
{
	struct fake_host *host = test->priv;
	unsigned long start;
	u32 value;

	host->busy = 3;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	host->busy = 3;
	KUNIT_EXPECT_EQ(test, query(host, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 1500u);
	start = jiffies;
	host->busy = U32_MAX;
	KUNIT_EXPECT_EQ(test, query(host, &value), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + BOUND));
	host->busy = 0;
	KUNIT_EXPECT_TRUE(test, fake_wait(list_empty(&fake_host_session(host)->rndis_calls)));
	KUNIT_EXPECT_EQ(test, query(host, &value), 0);
}

/* Gone while it is waited for: no time-out, and the memory is ours again. */
static bool vanish(struct fake_host *host, const u32 *msg, u64 id)
{
	host->channel[0].vmbus.rescind = msg[0] == 101;
	return msg[0] == 101;
}

static void session_rescinded(struct kunit *test)
{
	struct fake_host *host = test->priv;

	host->on_nvsp = vanish;
	KUNIT_EXPECT_EQ(test, fake_host_probe(host), -ENODEV);
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE(session_comes_and_goes),
	KUNIT_CASE(session_falls_back),
	KUNIT_CASE(session_refused),
	KUNIT_CASE(session_without_bus),
	KUNIT_CASE(session_needs_rndis),
	KUNIT_CASE(session_requests),
	KUNIT_CASE(session_hoards_no_requests),
	KUNIT_CASE(session_stray_completions),
	KUNIT_CASE(session_order_of_the_end),
	KUNIT_CASE(session_doubtful_memory),
	KUNIT_CASE(session_doubtful_request),
	KUNIT_CASE(session_waits_for_room),
	KUNIT_CASE(session_rescinded),
	{ }
};

struct kunit_suite session_suite = {
	.name = "hv-netvsc-session",
	.init = session_init,
	.exit = session_exit,
	.test_cases = session_cases,
};
