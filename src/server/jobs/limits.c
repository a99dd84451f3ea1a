/* limits.c - settings made limits. */
#include "server/jobs/limits.h"
#include "server/jobs/environment.h"

static const int64_t WORKER_BASE = (int64_t)32 << 20; /* code, tables of libraries, stacks */

int64_t ibx_workers_base(const ibx_settings *settings) {
    return (ibx_worker_count(settings) + IBX_SCOUTS) * WORKER_BASE;
}

/* Bytes for all jobs together. Many workers in little memory leave half of it, rather than none. */
static int64_t memory_for_jobs(const ibx_settings *settings) {
    const int64_t all = settings->limits.memory;
    return MAX(all - ibx_workers_base(settings), all / 2);
}

static int64_t most_of_one(const ibx_settings *settings) {
    return MIN(settings->limits.job_bytes, memory_for_jobs(settings));
}

ibx_lane_limits ibx_lane_limits_of(const ibx_settings *settings) {
    const int workers = ibx_worker_count(settings);
    return (ibx_lane_limits){.workers = workers,
                             .waiting = {[IBX_LANE_LIGHT] = settings->limits.queue_light * workers,
                                         [IBX_LANE_HEAVY] = settings->limits.queue_heavy * workers},
                             .memory = memory_for_jobs(settings),
                             .heavy_bytes = settings->limits.heavy_bytes,
                             .wait = (double)settings->limits.queue_ms * 1e-3};
}

void ibx_order_limits(ibx_order *order, const ibx_settings *settings) {
    order->threads = ibx_worker_threads(settings);
    order->memory = most_of_one(settings);
    order->max_pixels = settings->limits.pixels;
    order->output_side = settings->limits.output_side;
    order->output_pixels = settings->limits.output_pixels;
    order->output_bytes = settings->limits.output_bytes;
}

/* Megabytes, rounded up. */
static long long mb(int64_t bytes) {
    return (long long)((bytes + (1 << 20) - 1) >> 20);
}

static bool output_fits(const ibx_made *made, const ibx_settings *settings, ibx_error *err) {
    const int64_t side = settings->limits.output_side, pixels = settings->limits.output_pixels;
    if (side > 0 && MAX(made->w, made->h) > side)
        return ibx_fail(err, IBX_LIMIT,
                        "the result would have %d x %d pixels; %lld is the longest side allowed",
                        made->w, made->h, (long long)side);
    if (pixels > 0 && (int64_t)made->w * made->h > pixels)
        return ibx_fail(err, IBX_LIMIT,
                        "the result would have %d x %d pixels; %.1f megapixels are allowed",
                        made->w, made->h, (double)pixels * 1e-6);
    return true;
}

bool ibx_work_fits(const ibx_delivery *look, const ibx_settings *settings, ibx_error *err) {
    const int64_t most = most_of_one(settings);
    if (look->memory > most)
        return ibx_fail(err, IBX_LIMIT,
                        "the image would need %lld MB of memory with this recipe; %lld MB are "
                        "allowed",
                        mb(look->memory), mb(most));
    for (int i = 0; i < look->outputs; i++)
        if (!output_fits(&look->output[i], settings, err)) return false;
    return true;
}
