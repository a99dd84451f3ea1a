/* limits.h - what the settings mean for one piece of work, and for all together. */
#ifndef IBX_SERVER_LIMITS_H
#define IBX_SERVER_LIMITS_H

#include "server/config/settings.h"
#include "server/jobs/lanes.h"

enum { IBX_SCOUTS = 2 }; /* so that a slow header stops nobody else's */

/* Bytes that the workers and scouts take before they have work. */
int64_t ibx_workers_base(const ibx_settings *settings);

ibx_lane_limits ibx_lane_limits_of(const ibx_settings *settings);

/* Writes the limits that a worker is to keep. */
void ibx_order_limits(ibx_order *order, const ibx_settings *settings);

/* Can what the scout saw ever be done? Else IBX_LIMIT with what is too large, and the limit. */
bool ibx_work_fits(const ibx_delivery *look, const ibx_settings *settings, ibx_error *err);

#endif
