// SPDX-License-Identifier: GPL-2.0
/*
 * Plays QEMU for the plugin that counts instructions: blocks are translated and executed as each
 * test says, and what the plugin wrote is compared with what the test expects. Each test is a
 * process of its own. Ends with "N passed, N failed".
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marker.h"
#include "qemu_api.h"

#define CALLS	4
#define INSNS	8
#define COUNTS	(1u << 18)	/* as many as the plugin has */

struct call {
	qemu_plugin_exec_cb cb;	/* or NULL: an addition */
	void *data;
	size_t offset;
	uint64_t value;
};

struct qemu_plugin_insn {
	uint64_t vaddr;
	uint8_t *haddr;
	uint8_t bytes[16];
	size_t len;
	struct call calls[CALLS];
	unsigned int n_calls;
};

struct qemu_plugin_tb {
	struct qemu_plugin_insn insns[INSNS];
	size_t n;
	struct call call;
};

static uint8_t ram[4096];
static uint8_t *scores;
static qemu_plugin_trans_cb translate_cb;
static qemu_plugin_exit_cb exit_cb;
static void *exit_data;

/* --- what the plugin calls --- */

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_trans_cb cb)
{
	(void)id;
	translate_cb = cb;
}

void qemu_plugin_register_atexit_cb(uint64_t id, qemu_plugin_exit_cb cb, void *data)
{
	(void)id;
	exit_cb = cb;
	exit_data = data;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	return tb->n;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
	return tb->insns[0].vaddr;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t at)
{
	return (struct qemu_plugin_insn *)&tb->insns[at];
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
	return insn->vaddr;
}

void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
{
	return insn->haddr;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t room)
{
	size_t len = insn->len < room ? insn->len : room;

	memcpy(to, insn->bytes, len);
	return len;
}

static struct call *new_call(struct qemu_plugin_insn *insn)
{
	if (insn->n_calls == CALLS)
		abort();
	return &insn->calls[insn->n_calls++];
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_exec_cb cb,
					    enum qemu_plugin_cb_flags flags, void *data)
{
	(void)flags;
	*new_call(insn) = (struct call){ .cb = cb, .data = data };
}

void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
							 enum qemu_plugin_op op,
							 struct qemu_plugin_u64 entry,
							 uint64_t value)
{
	if (op != QEMU_PLUGIN_INLINE_ADD_U64)
		abort();
	*new_call(insn) = (struct call){ .offset = entry.offset, .value = value };
}

void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum qemu_plugin_op op,
						       struct qemu_plugin_u64 entry,
						       uint64_t value)
{
	if (op != QEMU_PLUGIN_INLINE_ADD_U64 || tb->call.value)
		abort();
	tb->call = (struct call){ .offset = entry.offset, .value = value };
}

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size)
{
	scores = calloc(1, size);
	return (struct qemu_plugin_scoreboard *)scores;
}

void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu)
{
	if (vcpu)
		abort();
	return score;
}

/* --- the machine --- */

static void add(const struct call *call)
{
	uint64_t now;

	memcpy(&now, scores + call->offset, sizeof(now));
	now += call->value;
	memcpy(scores + call->offset, &now, sizeof(now));
}

/* A block of @n one-byte no-ops at @vaddr, whose bytes QEMU has at @haddr. */
static struct qemu_plugin_tb *block(uint64_t vaddr, unsigned int haddr, unsigned int n)
{
	struct qemu_plugin_tb *tb = calloc(1, sizeof(*tb));
	unsigned int i;

	for (i = 0; i < n; i++)
		tb->insns[i] = (struct qemu_plugin_insn){
			.vaddr = vaddr + i, .haddr = &ram[haddr + i], .bytes = { 0x90 }, .len = 1,
		};
	tb->n = n;
	return tb;
}

/* The same with an instruction of @len @bytes as its last. */
static struct qemu_plugin_tb *block_with(uint64_t vaddr, unsigned int haddr, unsigned int n,
					 const void *bytes, size_t len)
{
	struct qemu_plugin_tb *tb = block(vaddr, haddr, n);

	memcpy(tb->insns[n - 1].bytes, bytes, len);
	tb->insns[n - 1].len = len;
	return tb;
}

/* Execute the first @n instructions of a block. */
static void execute_part(struct qemu_plugin_tb *tb, size_t n)
{
	size_t i;
	unsigned int c;

	if (tb->call.value)
		add(&tb->call);
	for (i = 0; i < n; i++) {
		const struct qemu_plugin_insn *insn = &tb->insns[i];

		for (c = 0; c < insn->n_calls; c++)
			if (insn->calls[c].cb)
				insn->calls[c].cb(0, insn->calls[c].data);
			else
				add(&insn->calls[c]);
	}
}

static struct qemu_plugin_tb *translate(struct qemu_plugin_tb *tb)
{
	translate_cb(1, tb);
	return tb;
}

static void execute(struct qemu_plugin_tb *tb)
{
	execute_part(tb, tb->n);
}

#define KERNEL	0xffffffff81000000ull
#define MODULE	0xffffffffc0000000ull
#define USER	0x400000ull

static struct qemu_plugin_tb *vmrun, *landing;

/* A block of two instructions, the second a VMRUN. */
static struct qemu_plugin_tb *vmrun_at(uint64_t vaddr, unsigned int haddr)
{
	static const uint8_t bytes[] = { 0x0f, 0x01, 0xd8 };

	return block_with(vaddr, haddr, 2, bytes, sizeof(bytes));
}

static void vm_enter(void)
{
	if (!vmrun)
		vmrun = translate(vmrun_at(MODULE + 0x100, 0x100));
	execute(vmrun);
}

/* The block behind the VMRUN, which begins at its third byte after the two instructions' start. */
static void vm_leave(void)
{
	if (!landing)
		landing = translate(block(MODULE + 0x104, 0x104, 3));
	execute(landing);
}

static struct qemu_plugin_tb *mark_at(uint64_t vaddr, uint32_t word)
{
	uint8_t bytes[COUNT_MARKER_BYTES] = COUNT_NOP;

	memcpy(bytes + COUNT_NOP_BYTES, &word, sizeof(word));
	return translate(block_with(vaddr, 0x200, 1, bytes, sizeof(bytes)));
}

/* The guest, running, begins or ends a window. */
static void begin(unsigned int id)
{
	execute(mark_at(USER + 16 * id, COUNT_MAGIC | id));
}

static void end(unsigned int id)
{
	execute(mark_at(USER + 16 * id, COUNT_MAGIC | COUNT_END | id));
}

/* --- the tests --- */

/* Host and guest at one address; what ran before the window does not count. */
static void apart(void)
{
	struct qemu_plugin_tb *host = translate(block(KERNEL, 0, 4)), *guest;

	execute(host);
	vm_enter();
	guest = translate(block(KERNEL, 0x300, 5));
	execute(guest);
	begin(7);
	execute(guest);
	execute(guest);
	execute(translate(block(USER + 0x1000, 0x320, 3)));
	vm_leave();
	execute(host);
	execute(translate(block(USER + 0x1000, 0x340, 2)));
	vm_enter();
	end(7);
}

/* An exit behind the second of a block's six instructions; the guest goes on at the one @at. */
static void resumed(unsigned int at)
{
	struct qemu_plugin_tb *guest;

	vm_enter();
	guest = translate(block(KERNEL, 0x300, 6));
	begin(1);
	execute_part(guest, 2);
	vm_leave();
	vm_enter();
	execute(translate(block(KERNEL + at, 0x300 + at, 6 - at)));
	end(1);
}

/* A block is left in its middle by an exit, and resumed there. */
static void middle(void)
{
	resumed(2);
}

/* An instruction leaves the guest, which goes on at it: it is executed again. */
static void again(void)
{
	resumed(1);
}

/* Windows overlap; a block that is new in one is counted. */
static void overlap(void)
{
	struct qemu_plugin_tb *guest;

	vm_enter();
	guest = translate(block(KERNEL, 0x300, 2));
	begin(1);
	execute(guest);
	begin(2);
	execute(guest);
	end(1);
	execute(guest);
	execute(translate(block(KERNEL + 0x10, 0x310, 1)));
	end(2);
}

/* Markers count in the guest's user space alone; the emulator ends with a window open. */
static void marks(void)
{
	execute(mark_at(USER, COUNT_MAGIC | 1));
	vm_enter();
	execute(mark_at(KERNEL, COUNT_MAGIC | 1));
	execute(mark_at(USER, 0x12340001));
	begin(3);
	execute(translate(block(KERNEL + 0x40, 0x310, 1)));
}

/* A marker that makes no sense is told. */
static void senseless(void)
{
	vm_enter();
	end(5);
	begin(5);
	begin(5);
}

/* The emulator forgets its blocks and translates them anew, the landing included. */
static void anew(void)
{
	struct qemu_plugin_tb *guest;

	vm_enter();
	guest = translate(block(KERNEL, 0x300, 2));
	begin(1);
	execute(guest);
	vm_leave();
	landing = NULL;
	vmrun = NULL;
	vm_enter();
	execute(translate(block(KERNEL, 0x300, 2)));
	vm_leave();
	execute(translate(block(KERNEL, 0, 3)));
	vm_enter();
	end(1);
}

/* More blocks than counters. */
static void many(void)
{
	unsigned int i;

	vm_enter();
	for (i = 0; i < COUNTS; i++)
		translate(block(MODULE + 0x1000 + 4ull * i, 0x300, 1));
	begin(1);
	execute(translate(block(KERNEL, 0x300, 5)));
	end(1);
}

/* A VMRUN is executed while the guest runs already. */
static void entered_twice(void)
{
	vm_enter();
	vm_enter();
}

/* The block behind the VMRUN is executed while the host runs already. */
static void left_twice(void)
{
	vm_enter();
	vm_leave();
	vm_leave();
}

/* Nine places with a VMRUN, the first eight of them twice. */
static void vmruns(void)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		translate(vmrun_at(MODULE + 16 * (i % 8), 16 * (i % 8)));
	translate(vmrun_at(MODULE + 16 * 8, 16 * 8));
}

/* A VMRUN of which QEMU does not say where it has it. */
static void nowhere(void)
{
	struct qemu_plugin_tb *tb = vmrun_at(MODULE + 0x100, 0x100);

	tb->insns[1].haddr = NULL;
	translate(tb);
}

static const struct test {
	const char *name;
	void (*run)(void);
	const char *each;
	const char *expected;
} tests[] = {
	/* In the order of translation. The landing has 3 instructions, the entry 2, a marker 1. */
	{ "guest and host at one address are counted apart", apart, "insn",
	  "window 7 S 1 ended\ng user 4\nh user 2\nh ffffffff81000000 4\n"
	  "h ffffffffc0000100 2\ng ffffffff81000000 10\nh ffffffffc0000104 3\nend\n" },
	{ "a block left in its middle counts for what ran", middle, "insn",
	  "window 1 S 1 ended\ng user 1\nh ffffffffc0000100 2\ng ffffffff81000000 2\n"
	  "h ffffffffc0000104 3\ng ffffffff81000002 4\nend\n" },
	{ "or as a whole, if so asked", middle, "block",
	  "window 1 S 1 ended\ng user 1\nh ffffffffc0000100 2\ng ffffffff81000000 6\n"
	  "h ffffffffc0000104 3\ng ffffffff81000002 4\nend\n" },
	{ "an instruction that left and is executed again counts again", again, "insn",
	  "window 1 S 1 ended\ng user 1\nh ffffffffc0000100 2\ng ffffffff81000000 2\n"
	  "h ffffffffc0000104 3\ng ffffffff81000001 5\nend\n" },
	{ "windows overlap", overlap, "insn",
	  "window 1 S 0 ended\ng user 2\ng ffffffff81000000 4\nend\n"
	  "window 2 S 0 ended\ng user 2\ng ffffffff81000000 4\ng ffffffff81000010 1\nend\n" },
	{ "markers of others are none; a window left open is told", marks, "insn",
	  "window 3 S 0 open\ng user 1\ng ffffffff81000040 1\nend\n" },
	{ "senseless markers are errors", senseless, "insn",
	  "error end of a window that is not open: 5\n"
	  "error begin of a window that is open: 5\nwindow 5 S 0 open\ng user 2\nend\n" },
	{ "blocks translated anew go on counting", anew, "insn",
	  "window 1 S 2 ended\ng user 1\nh ffffffffc0000100 4\ng ffffffff81000000 4\n"
	  "h ffffffffc0000104 6\nh ffffffff81000000 3\nend\n" },
	{ "blocks beyond the last counter are lost, and told", many, "insn",
	  "window 1 S 0 ended\ng user 1\ng lost 5\nend\n" },
	{ "an entry from the guest itself is an error", entered_twice, "insn",
	  "error the guest entered from itself, entry 1\n" },
	{ "an exit while the host runs is an error", left_twice, "insn",
	  "error the guest left while the host ran, entry 1\n" },
	{ "more VMRUNs than there is room for are an error", vmruns, "insn",
	  "error more VMRUNs than there is room for: 8\n" },
	/* 18446744072635810049 = 0xffffffffc0000101 */
	{ "a VMRUN outside of RAM is an error", nowhere, "insn",
	  "error a VMRUN outside of RAM at 18446744072635810049\n" },
};

/* The lines of @path, with S for the seconds of each window. */
static char *read_counts(const char *path)
{
	static char text[65536];
	char line[256], state[16];
	FILE *file = fopen(path, "r");
	unsigned long entries;
	size_t len = 0;
	unsigned int id;

	while (file && fgets(line, sizeof(line), file) && len < sizeof(text) - sizeof(line)) {
		if (sscanf(line, "window %u %*f %lu %15s", &id, &entries, state) == 3)
			len += sprintf(text + len, "window %u S %lu %s\n", id, entries, state);
		else
			len += sprintf(text + len, "%s", line);
	}
	if (file)
		fclose(file);
	text[len] = '\0';
	return text;
}

static int install(int cpus, const char *target, int argc, char **argv)
{
	const struct qemu_info info = {
		.target_name = target,
		.system_emulation = true,
		.system = { .smp_vcpus = cpus, .max_vcpus = cpus },
	};

	return qemu_plugin_install(1, &info, argc, argv);
}

static bool passes(const struct test *test, const char *path)
{
	char out[256], each[16], first[64];
	char *argv[] = { out, each };
	const char *text;
	int status;
	pid_t pid;

	snprintf(out, sizeof(out), "out=%s", path);
	snprintf(each, sizeof(each), "each=%s", test->each);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (install(1, "x86_64", 2, argv))
			_exit(1);
		test->run();
		exit_cb(1, exit_data);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return false;
	text = read_counts(path);
	snprintf(first, sizeof(first), "hvic-count 1 %ss\n", test->each);
	if (!strncmp(text, first, strlen(first)) && !strcmp(text + strlen(first), test->expected))
		return true;
	printf("wrote:\n%sexpected:\n%s%s", text, first, test->expected);
	return false;
}

/* What cannot be counted is refused. */
static bool refuses(char *path)
{
	char *good[] = { path }, *bad[] = { path, "each=thing" };

	return install(2, "x86_64", 1, good) && install(1, "aarch64", 1, good) &&
	       install(1, "x86_64", 2, bad) && install(1, "x86_64", 0, NULL) &&
	       qemu_plugin_version == QEMU_API_VERSION;
}

int main(int argc, char **argv)
{
	unsigned int i, failed = 0, n = sizeof(tests) / sizeof(tests[0]);
	char out[256];
	bool good;

	if (argc != 2)
		return 2;
	for (i = 0; i < n; i++) {
		good = passes(&tests[i], argv[1]);
		printf("%s plugin: %s\n", good ? "PASS" : "FAIL", tests[i].name);
		failed += !good;
	}
	snprintf(out, sizeof(out), "out=%s", argv[1]);
	good = refuses(out);
	printf("%s plugin: machines and options that it cannot work with are refused\n",
	       good ? "PASS" : "FAIL");
	failed += !good;
	printf("%u passed, %u failed\n", n + 1 - failed, failed);
	return failed ? 1 : 0;
}
