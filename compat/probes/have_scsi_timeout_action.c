// SPDX-License-Identifier: GPL-2.0
/* "scsi: core: Change the return type of .eh_timed_out()" (v6.2): before it, blk_eh_timer_return. */
#include <scsi/scsi_host.h>

enum scsi_timeout_action probe_timeout;
