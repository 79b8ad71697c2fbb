/* SPDX-License-Identifier: GPL-2.0 */
/* <net/xdp.h>, and what newer kernels have in it. */
#ifndef HVIC_COMPAT_NET_XDP_H
#define HVIC_COMPAT_NET_XDP_H

#include_next <net/xdp.h>

#ifndef HVIC_HAVE_XDP_PREPARE_BUFF
static inline void xdp_init_buff(struct xdp_buff *xdp, u32 frame_sz, struct xdp_rxq_info *rxq)
{
	xdp->frame_sz = frame_sz;
	xdp->rxq = rxq;
}

static inline void xdp_prepare_buff(struct xdp_buff *xdp, unsigned char *hard_start,
				    int headroom, int data_len, bool meta_valid)
{
	xdp->data_hard_start = hard_start;
	xdp->data = hard_start + headroom;
	xdp->data_end = xdp->data + data_len;
	/* Behind the data means that there is no room for it. */
	xdp->data_meta = meta_valid ? xdp->data : xdp->data + 1;
}
#endif

/* Before, whoever has ndo_xdp_xmit can be redirected to. */
#ifndef HVIC_HAVE_XDP_FEATURES
#define xdp_set_features_flag(net, features)	do { } while (0)
#endif

#ifndef HVIC_HAVE_XDP_RXQ_NAPI_ID
#define xdp_rxq_info_reg(rxq, net, index, napi_id)	xdp_rxq_info_reg(rxq, net, index)
#endif

#endif
