// SPDX-License-Identifier: GPL-2.0
/* What a person types to hvhostctl, and the request that becomes of it. */
#define main hvhostctl_main
int hvhostctl_main(int argc, char **argv);
#include "hvhostctl.c"
#undef main

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void expect(char **words, const char *request)
{
	json_t *built;
	char *text;
	int n = 0;

	while (words[n])
		n++;
	built = build_request(n, words);
	text = json_dumps(built, JSON_COMPACT);
	assert_string_equal(text, request);
	free(text);
	json_decref(built);
}

#define EXPECT(request, ...)	expect((char *[]){ __VA_ARGS__, NULL }, request)

static void mouse(void **state)
{
	EXPECT("{\"cmd\":\"mouse-move\",\"x\":5,\"y\":-3}", "move", "5", "-3");
	EXPECT("{\"cmd\":\"mouse-move\",\"x\":5,\"after_ms\":9}", "move", "5", "after_ms=9");
	/* Digits alone are a report's bytes, too, and no number. */
	EXPECT("{\"cmd\":\"mouse-report\",\"data\":\"10\"}", "report", "10");
	EXPECT("{\"cmd\":\"mouse-report\",\"data\":\"01 05 fd\",\"after_ms\":9}", "report",
	       "01 05 fd", "after_ms=9");
}

/* A verb's own words come first, then what is key=value; other verbs are sent as they are. */
static void words(void **state)
{
	EXPECT("{\"cmd\":\"type\",\"text\":\"a=1\",\"delay_ms\":0}", "type", "a=1", "delay_ms=0");
	EXPECT("{\"cmd\":\"key\",\"keys\":[\"ctrl\",\"1\"]}", "key", "ctrl", "1");
	EXPECT("{\"cmd\":\"link\",\"device\":\"net0\",\"up\":false}", "link", "net0", "down");
	EXPECT("{\"cmd\":\"shutdown\",\"mode\":\"off\",\"force\":true}", "shutdown", "--force");
	EXPECT("{\"cmd\":\"hostile\",\"spec\":\"7,ring\"}", "hostile", "spec=7,ring");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mouse),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("hvhostctl", tests, NULL, NULL);
}
