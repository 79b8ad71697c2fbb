// SPDX-License-Identifier: GPL-2.0
/*
 * Work whose instructions are known, for the guest: "loop N" executes two of its own N times,
 * "call N" a system call that does next to nothing, "exit N" one CPUID, which leaves the guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long i, n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (!n)
		return 2;
	if (!strcmp(argv[1], "loop")) {
		asm volatile("1:	dec %0\n\tjnz 1b" : "+r" (n) : : "cc");
	} else if (!strcmp(argv[1], "call")) {
		for (i = 0; i < n; i++)
			syscall(SYS_getppid);
	} else if (!strcmp(argv[1], "exit")) {
		for (i = 0; i < n; i++) {
			unsigned int a = 0, b, c = 0, d;

			asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
		}
	} else {
		return 2;
	}
	return 0;
}
