// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's TCG that counts the instructions that an emulated machine executes, apart
 * for the machine itself ("host") and for the guest that its KVM runs ("guest").
 *
 * Which of the two runs is known exactly. KVM enters its guest by one instruction, VMRUN, and the
 * guest's exit resumes behind it (AMD64 Architecture Programmer's Manual 2, 15.5 and 15.6). The
 * emulator keeps blocks of instructions of both apart (guest mode is part of their key), so that a
 * block is the guest's when it is translated while the guest runs.
 *
 * Kernel addresses have a counter for each block's first address; user space has one in each of
 * the two. The guest begins and ends windows by markers, see marker.h; what each has counted goes
 * to the file as text:
 *
 *	hvic-count 1 insns|blocks
 *	window ID SECONDS ENTRIES ended|open
 *	g|h user|lost|ADDRESS INSTRUCTIONS
 *	end
 *	error TEXT
 *
 * ENTRIES is how often the guest was entered; "lost" are instructions at kernel addresses for which
 * no counter was left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "marker.h"
#include "qemu_api.h"

#define SLOTS		(1u << 18)	/* counters */
#define BUCKETS		(SLOTS * 4)	/* a power of two: of the table that finds them */
#define VMRUNS		8u		/* places where a VMRUN may be: KVM has two */
#define ERRORS_TOLD	20u

#define KERNEL_HALF	(1ull << 63)	/* addresses from here on are the kernel's */
#define KEY_GUEST	(1ull << 62)	/* set as in the address: the guest's; clear: the host's */

static const uint8_t vmrun_bytes[] = { 0x0f, 0x01, 0xd8 };
static const uint8_t nop_bytes[] = COUNT_NOP;

/* The counters that are always there. */
enum slot {
	SLOT_GUEST_USER,
	SLOT_HOST_USER,
	SLOT_GUEST_LOST,
	SLOT_HOST_LOST,
	SLOT_ENTRIES,
	SLOT_FIRST,
};

struct window {
	uint64_t *base;		/* the counters at its begin; NULL: it is not open */
	unsigned int used;	/* how many there were */
	struct timespec began;
};

static struct window windows[COUNT_WINDOWS];
static struct qemu_plugin_scoreboard *board;
static uint64_t keys[SLOTS];		/* of each counter: the block's address and whose it is */
static uint32_t table[BUCKETS];		/* 0: free; else a counter's number */
static unsigned int used = SLOT_FIRST;
static uint8_t *landings[VMRUNS];	/* where QEMU has the instruction behind each VMRUN */
static unsigned int n_landings;
static unsigned int n_errors;
static bool in_guest;
static bool by_block;
static FILE *file;

QEMU_EXPORT int qemu_plugin_version = QEMU_API_VERSION;

static void error(const char *what, uint64_t number)
{
	if (n_errors++ < ERRORS_TOLD)
		fprintf(file, "error %s %" PRIu64 "\n", what, number);
	fflush(file);
}

static uint64_t *counters(void)
{
	return qemu_plugin_scoreboard_find(board, 0);
}

/* The counter of a block at @vaddr of the guest or the host, made when there is none. */
static unsigned int slot_of(uint64_t vaddr, bool guest)
{
	uint64_t key = guest ? vaddr | KEY_GUEST : vaddr & ~KEY_GUEST;
	unsigned int at = (key * 0x9e3779b97f4a7c15ull) >> 32;

	if (!(vaddr & KERNEL_HALF))
		return guest ? SLOT_GUEST_USER : SLOT_HOST_USER;
	for (at &= BUCKETS - 1; table[at]; at = (at + 1) & (BUCKETS - 1))
		if (keys[table[at]] == key)
			return table[at];
	if (used == SLOTS)
		return guest ? SLOT_GUEST_LOST : SLOT_HOST_LOST;
	keys[used] = key;
	table[at] = used;
	return used++;
}

static struct qemu_plugin_u64 entry(unsigned int slot)
{
	return (struct qemu_plugin_u64){ .score = board, .offset = slot * sizeof(uint64_t) };
}

/* --- windows --- */

static void window_begin(struct window *window, unsigned int id)
{
	if (window->base) {
		error("begin of a window that is open:", id);
		return;
	}
	window->base = malloc(used * sizeof(uint64_t));
	if (!window->base) {
		error("no memory for window", id);
		return;
	}
	window->used = used;
	clock_gettime(CLOCK_MONOTONIC, &window->began);
	memcpy(window->base, counters(), used * sizeof(uint64_t));
}

static void write_slot(unsigned int slot, uint64_t count)
{
	static const char * const names[SLOT_FIRST] = {
		[SLOT_GUEST_USER] = "g user",
		[SLOT_HOST_USER] = "h user",
		[SLOT_GUEST_LOST] = "g lost",
		[SLOT_HOST_LOST] = "h lost",
	};

	if (slot >= SLOT_FIRST)
		fprintf(file, "%c %" PRIx64 " %" PRIu64 "\n",
			keys[slot] & KEY_GUEST ? 'g' : 'h', keys[slot] | (uint64_t)KEY_GUEST,
			count);
	else if (names[slot])
		fprintf(file, "%s %" PRIu64 "\n", names[slot], count);
}

static void window_end(struct window *window, unsigned int id, bool ended)
{
	const uint64_t *now = counters();
	struct timespec time;
	unsigned int slot;

	if (!window->base) {
		error("end of a window that is not open:", id);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &time);
	fprintf(file, "window %u %.3f %" PRIu64 " %s\n", id,
		time.tv_sec - window->began.tv_sec +
		(time.tv_nsec - window->began.tv_nsec) / 1e9,
		now[SLOT_ENTRIES] - window->base[SLOT_ENTRIES], ended ? "ended" : "open");
	for (slot = 0; slot < used; slot++) {
		uint64_t count = now[slot] - (slot < window->used ? window->base[slot] : 0);

		if (count)
			write_slot(slot, count);
	}
	fprintf(file, "end\n");
	fflush(file);
	free(window->base);
	window->base = NULL;
}

static void marker(unsigned int vcpu, void *data)
{
	uint32_t word = (uintptr_t)data;
	unsigned int id = word & COUNT_ID_MASK;

	(void)vcpu;
	if (word & COUNT_END)
		window_end(&windows[id], id, true);
	else
		window_begin(&windows[id], id);
}

/* --- who runs --- */

static void entered(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	if (in_guest)
		error("the guest entered from itself, entry", counters()[SLOT_ENTRIES]);
	in_guest = true;
	counters()[SLOT_ENTRIES]++;
}

static void left(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	if (!in_guest)
		error("the guest left while the host ran, entry", counters()[SLOT_ENTRIES]);
	in_guest = false;
}

/* Whether a block that begins with @insn is where the host goes on after its guest. */
static bool is_landing(const struct qemu_plugin_insn *insn)
{
	const uint8_t *where = qemu_plugin_insn_haddr(insn);
	unsigned int i;

	for (i = 0; i < n_landings; i++)
		if (landings[i] == where)
			return true;
	return false;
}

static void add_landing(uint8_t *where)
{
	unsigned int i;

	for (i = 0; i < n_landings; i++)
		if (landings[i] == where)
			return;
	if (n_landings == VMRUNS)
		error("more VMRUNs than there is room for:", VMRUNS);
	else
		landings[n_landings++] = where;
}

/* What is special about an instruction: the host enters its guest, the guest marks. */
static void look_at(struct qemu_plugin_insn *insn, bool guest)
{
	uint8_t bytes[COUNT_MARKER_BYTES] = { 0 };
	size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
	bool kernel = qemu_plugin_insn_vaddr(insn) & KERNEL_HALF;
	uint8_t *where;
	uint32_t word;

	if (!guest && kernel && len == sizeof(vmrun_bytes) && !memcmp(bytes, vmrun_bytes, len)) {
		where = qemu_plugin_insn_haddr(insn);
		if (where)
			add_landing(where + len);
		else
			error("a VMRUN outside of RAM at", qemu_plugin_insn_vaddr(insn));
		qemu_plugin_register_vcpu_insn_exec_cb(insn, entered, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
	}
	if (!guest || kernel || len != COUNT_MARKER_BYTES ||
	    memcmp(bytes, nop_bytes, sizeof(nop_bytes)))
		return;
	word = bytes[4] | bytes[5] << 8 | (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 24;
	if ((word & COUNT_MAGIC_MASK) == COUNT_MAGIC)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marker, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)word);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *first = n ? qemu_plugin_tb_get_insn(tb, 0) : NULL;
	bool landing, guest = in_guest;
	unsigned int slot;

	(void)id;
	if (!first)
		return;
	landing = is_landing(first);
	if (landing) {
		guest = false;
		qemu_plugin_register_vcpu_insn_exec_cb(first, left, QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	slot = slot_of(qemu_plugin_tb_vaddr(tb), guest);
	if (by_block)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
								  entry(slot), n);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		look_at(insn, guest);
		if (!by_block)
			qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
				QEMU_PLUGIN_INLINE_ADD_U64, entry(slot), 1);
	}
}

/* --- begin and end --- */

static void ended(uint64_t id, void *data)
{
	unsigned int i;

	(void)id;
	(void)data;
	for (i = 0; i < COUNT_WINDOWS; i++)
		if (windows[i].base)
			window_end(&windows[i], i, false);
	fclose(file);
}

/*
 * qemu_plugin_install() - QEMU calls this when it loads the plugin
 * @id: what QEMU calls the plugin
 * @info: about the machine: x86_64 with one processor, since one processor at a time can be known
 *	to run the guest
 * @argc: words in @argv
 * @argv: out=FILE, where the counts go, and each=insn|block, whether an instruction counts when it
 *	is executed, or with the block that it is in when that begins; the second is faster
 *	and counts too much where a block is left in its middle
 *
 * Return: 0, or 1 with a word on stderr: QEMU then ends.
 */
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *out = NULL;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4)) {
			out = argv[i] + 4;
		} else if (!strcmp(argv[i], "each=block")) {
			by_block = true;
		} else if (strcmp(argv[i], "each=insn")) {
			fprintf(stderr, "count: unknown option %s\n", argv[i]);
			return 1;
		}
	}
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation ||
	    info->system.max_vcpus != 1) {
		fprintf(stderr, "count: for an x86_64 machine with one processor alone\n");
		return 1;
	}
	if (!out) {
		fprintf(stderr, "count: out=FILE is missing\n");
		return 1;
	}
	file = fopen(out, "w");
	if (!file) {
		fprintf(stderr, "count: %s: %s\n", out, strerror(errno));
		return 1;
	}
	fprintf(file, "hvic-count 1 %s\n", by_block ? "blocks" : "insns");
	board = qemu_plugin_scoreboard_new(SLOTS * sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
