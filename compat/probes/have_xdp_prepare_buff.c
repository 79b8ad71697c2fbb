// SPDX-License-Identifier: GPL-2.0
/* xdp_init_buff() and xdp_prepare_buff() (v5.12). */
#include <net/xdp.h>

void probe_xdp(struct xdp_buff *xdp, struct xdp_rxq_info *rxq, unsigned char *page);
void probe_xdp(struct xdp_buff *xdp, struct xdp_rxq_info *rxq, unsigned char *page)
{
	xdp_init_buff(xdp, 4096, rxq);
	xdp_prepare_buff(xdp, page, 256, 64, false);
}
