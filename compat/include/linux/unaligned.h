/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "move asm/unaligned.h to linux/unaligned.h" (v6.12). The kernel's folders come first on the
 * command line, so this one is found only where the kernel has none.
 */
#include <asm/unaligned.h>
