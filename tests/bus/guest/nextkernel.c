// SPDX-License-Identifier: GPL-2.0
/*
 * Another kernel by the system calls that kexec-tools uses. "nextkernel load KERNEL INITRD
 * CMDLINE" has it started by "nextkernel go", and "nextkernel crash KERNEL INITRD CMDLINE" when
 * the kernel panics. "go" is reboot(2) alone: no process is told, so all that is open stays open.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fprintf(stderr, "nextkernel: %s: %s\n", path, strerror(errno));
	return fd;
}

static int load(char **words, unsigned long flags)
{
	int kernel = open_file(words[0]), initrd = open_file(words[1]);

	if (kernel < 0 || initrd < 0)
		return 1;
	/* The length has the NUL in it. */
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(words[2]) + 1, words[2], flags)) {
		fprintf(stderr, "nextkernel: kexec_file_load: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

static int go(void)
{
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC,
		NULL);
	fprintf(stderr, "nextkernel: reboot: %s\n", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv + 2, 0);
	if (argc == 5 && !strcmp(argv[1], "crash"))
		return load(argv + 2, KEXEC_FILE_ON_CRASH);
	if (argc == 2 && !strcmp(argv[1], "go"))
		return go();
	fprintf(stderr, "usage: nextkernel load|crash KERNEL INITRD CMDLINE; nextkernel go\n");
	return 2;
}
