// SPDX-License-Identifier: GPL-2.0
/* The command line: what each option takes, what it refuses and how it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <hvic/network.h>
#include <hvic/storage.h>

#include "options.h"

#define WORDS_MAX	8

/* "--kernel k" and the words of @line. */
static int parse(const char *line, struct options *opts, struct error *err)
{
	static char words[256];
	char *argv[WORDS_MAX + 4] = { "hvhost", "--kernel", "k" };
	int argc = 3;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < WORDS_MAX + 3);
		argv[argc++] = word;
	}
	return options_parse(opts, argc, argv, err);
}

static void defaults(void **state)
{
	struct options opts;
	struct error err;

	assert_int_equal(parse("", &opts, &err), 0);
	assert_string_equal(opts.kernel, "k");
	assert_int_equal(opts.cpus, 1);
	assert_true(opts.mem == 512ull << 20);
	assert_int_equal(opts.vmbus_max_version, 0x50003);
	assert_int_equal(opts.vstor_max_version, 0);
	assert_int_equal(opts.nvsp_max_version, 0);
	assert_int_equal(opts.disks.n, 0);
	assert_int_equal(opts.nics.n, 0);
}

static void protocol_versions(void **state)
{
	static const struct {
		const char *text;
		uint16_t version;
	} vstor[] = {
		{ "4.2", 0x0402 }, { "5.1", 0x0501 }, { "6.0", 0x0600 }, { "6.2", 0x0602 },
	};
	static const struct {
		const char *text;
		uint32_t version;
	} nvsp[] = {
		{ "1", 0x2 }, { "2", 0x30002 }, { "4", 0x40000 }, { "5", 0x50000 },
		{ "6", 0x60000 }, { "6.0", 0x60000 }, { "6.1", 0x60001 },
	};
	struct options opts;
	struct error err;
	char line[64];

	for (size_t i = 0; i < sizeof(vstor) / sizeof(vstor[0]); i++) {
		snprintf(line, sizeof(line), "--vstor-max-version %s", vstor[i].text);
		assert_int_equal(parse(line, &opts, &err), 0);
		assert_int_equal(opts.vstor_max_version, vstor[i].version);
		assert_int_equal(opts.nvsp_max_version, 0);
	}
	for (size_t i = 0; i < sizeof(nvsp) / sizeof(nvsp[0]); i++) {
		snprintf(line, sizeof(line), "--nvsp-max-version=%s", nvsp[i].text);
		assert_int_equal(parse(line, &opts, &err), 0);
		assert_int_equal(opts.nvsp_max_version, nvsp[i].version);
		assert_int_equal(opts.vstor_max_version, 0);
	}
	assert_int_equal(parse("--vmbus-max-version 4.1", &opts, &err), 0);
	assert_int_equal(opts.vmbus_max_version, 0x40001);
}

static void lists(void **state)
{
	struct options opts;
	struct error err;

	assert_int_equal(parse("--disk mem:1M --nic none --disk nbd:x --mem 1G", &opts, &err), 0);
	assert_int_equal(opts.disks.n, 2);
	assert_string_equal(opts.disks.spec[0], "mem:1M");
	assert_string_equal(opts.disks.spec[1], "nbd:x");
	assert_int_equal(opts.nics.n, 1);
	assert_true(opts.mem == 1ull << 30);

	assert_int_equal(parse("--mouse ids,size=4096", &opts, &err), 0);
	assert_string_equal(opts.mouse, "ids,size=4096");
	assert_int_equal(parse("--monitor scsi,net", &opts, &err), 0);
	assert_string_equal(opts.monitored, "scsi,net");
}

static void refusals(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "--vstor-max-version 2.0", "4.2, 5.1, 6.0, 6.2" },
		{ "--vstor-max-version 6", "4.2, 5.1, 6.0, 6.2" },
		{ "--vstor-max-version", "needs a value" },
		{ "--nvsp-max-version 3", "1, 2, 4, 5, 6, 6.1" },
		{ "--nvsp-max-version 6.2", "1, 2, 4, 5, 6, 6.1" },
		{ "--vmbus-max-version 5", "5.3" },
		{ "--mouse trackball", "relative, digitizer" },
		{ "--mouse usual,size=62", "relative, digitizer" },
		{ "--mouse hex:0", "relative, digitizer" },
		{ "--cpus 0", "1 to 64" },
		{ "--cpus 65", "1 to 64" },
		{ "--cpus 2x", "1 to 64" },
		{ "--mem 1Q", "not a size" },
		{ "--on-reset stop", "reboot or exit" },
		{ "--monitor nett", "some of net" },
		{ "--monitor ne", "some of net" },
		{ "--monitor net,", "some of net" },
		{ "--monitor net,,scsi", "some of net" },
		{ "--monitor", "needs a value" },
		{ "--agent-out x", "--agent" },
		{ "--no-such", "unknown option" },
		{ "word", "unexpected argument word" },
	};
	struct options opts;
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = 0;
		assert_int_not_equal(parse(bad[i].line, &opts, &err), 0);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].line, err.text,
				 bad[i].says);
	}
	assert_int_not_equal(options_parse(&opts, 1, (char *[]){ "hvhost", NULL }, &err), 0);
	assert_non_null(strstr(err.text, "--kernel"));
}

/* What is parsed is also told of. */
static void help(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	options_help(f);
	fclose(f);
	assert_non_null(strstr(text, "--vstor-max-version"));
	assert_non_null(strstr(text, "4.2, 5.1, 6.0, 6.2"));
	assert_non_null(strstr(text, "--nvsp-max-version"));
	assert_non_null(strstr(text, "1, 2, 4, 5, 6, 6.1"));
	assert_non_null(strstr(text, "--vmbus-max-version"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(protocol_versions),
		cmocka_unit_test(lists),
		cmocka_unit_test(refusals),
		cmocka_unit_test(help),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
