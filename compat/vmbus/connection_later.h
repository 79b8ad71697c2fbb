/* SPDX-License-Identifier: GPL-2.0 */
/* Members that struct vmbus_connection got later, before nr_chan_close_on_suspend; unused here. */
#ifdef HVIC_HAVE_RESCIND_REF
	struct workqueue_struct *rescind_work_queue;

	bool ignore_any_offer_msg;
#endif
