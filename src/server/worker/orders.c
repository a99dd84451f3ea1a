/* orders.c - looks at a source, or converts it within the limits of the order. */
#include "server/worker/orders.h"
#include "server/worker/result.h"
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* One order under way. */
typedef struct {
    const ibx_order *order;
    ibx_delivery *delivery;
    ibx_result result[IBX_WIRE_OUTPUTS];
    int results; /* that are open */
} errand;

/* ---- before any pixel is decoded ----------------------------------------------------------------
 */

/* Is output i, as it would be, within the limits? */
static bool within(const ibx_order *order, const ibx_outcome_file *file, int i, ibx_error *err) {
    const int64_t side = file->w > file->h ? file->w : file->h;
    const int64_t pixels = (int64_t)file->w * file->h;
    if (order->output_side > 0 && side > order->output_side)
        return ibx_fail(err, IBX_LIMIT,
                        "output %d would have %d x %d pixels; the limit is %lld per side", i + 1,
                        file->w, file->h, (long long)order->output_side);
    return order->output_pixels <= 0 || pixels <= order->output_pixels ||
           ibx_fail(err, IBX_LIMIT, "output %d would have %d x %d pixels; the limit is %lld", i + 1,
                    file->w, file->h, (long long)order->output_pixels);
}

/* Notes what would be done, and refuses what must not be. */
static bool judge(errand *e, const ibx_forecast *forecast, ibx_error *err) {
    ibx_delivery *d = e->delivery;
    d->about = forecast->about;
    d->known = forecast->about.format[0] != 0;
    d->memory = (int64_t)forecast->bytes;
    d->megapixels = forecast->megapixels;
    if (forecast->outputs > IBX_WIRE_OUTPUTS)
        return ibx_fail(err, IBX_LIMIT, "the recipe makes %d files of an image; the limit is %d",
                        forecast->outputs, IBX_WIRE_OUTPUTS);
    for (int i = 0; i < forecast->outputs; i++) {
        const ibx_outcome_file *file = &forecast->output[i];
        if (!within(e->order, file, i, err)) return false;
        ibx_made *made = &d->output[i];
        snprintf(made->format, sizeof made->format, "%s", file->format->name);
        snprintf(made->name, sizeof made->name, "%s", file->name);
        made->w = file->w;
        made->h = file->h;
    }
    d->outputs = forecast->outputs;
    return true;
}

/* ---- LOOK -------------------------------------------------------------------------------------
 */

static bool look(errand *e, const ibx_conversion *conversion, ibx_error *err) {
    ibx_forecast forecast;
    const bool ok = ibx_convert_look(conversion, &forecast, err);
    e->delivery->about = forecast.about;
    e->delivery->known = forecast.about.format[0] != 0;
    const bool allowed = ok && judge(e, &forecast, err);
    if (ok) ibx_forecast_free(&forecast);
    return allowed;
}

/* ---- RUN --------------------------------------------------------------------------------------
 */

/* The outputs are known: opens their results. */
static bool on_forecast(void *user, const ibx_forecast *forecast, ibx_error *err) {
    errand *e = user;
    if (!judge(e, forecast, err)) return false;
    for (; e->results < forecast->outputs; e->results++)
        if (!ibx_result_open(&e->result[e->results], e->order->output_bytes, err)) return false;
    return true;
}

static bool on_bytes(void *user, int output, const void *data, size_t size) {
    errand *e = user;
    return ibx_result_write(&e->result[output], data, size);
}

/* Says that a result was too long, if that was the reason. */
static bool blame_size(const errand *e, ibx_error *err) {
    for (int i = 0; i < e->results; i++)
        if (e->result[i].over)
            return ibx_fail(err, IBX_LIMIT, "output %d has more than %lld bytes, the limit", i + 1,
                            (long long)e->order->output_bytes);
    return false;
}

/* Which filters the time was spent on. */
static void tell_filters(ibx_delivery *delivery, const ibx_stats *stats) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count && i < IBX_WIRE_FILTERS; i++)
        for (const ibx_cost *c = stats->cost; c < stats->cost + stats->costs; c++)
            if ((c->kind == IBX_COST_LOOK || c->kind == IBX_COST_STEP) &&
                strcmp(c->name, filters[i]->name) == 0)
                delivery->filter[i] += c->seconds * 1e3;
}

static bool run(errand *e, ibx_conversion *conversion, ibx_error *err) {
    ibx_stats stats;
    conversion->stats = &stats;
    const bool done = ibx_convert(conversion, on_forecast, on_bytes, e, &e->delivery->times, err);
    tell_filters(e->delivery, &stats);
    ibx_stats_free(&stats);
    if (!done) return blame_size(e, err);
    for (int i = 0; i < e->results; i++) {
        if (!ibx_result_seal(&e->result[i], err)) return false;
        e->delivery->output[i].bytes = e->result[i].size;
    }
    return true;
}

/* Hands the sealed files over, or drops them. */
static void release(errand *e, bool ok, int *fds) {
    for (int i = 0; i < e->results; i++) {
        if (ok) {
            fds[i] = e->result[i].fd;
            e->result[i].fd = -1;
        }
        ibx_result_close(&e->result[i]);
    }
}

/* ---- both -------------------------------------------------------------------------------------
 */

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-3;
}

/* Resident bytes: the second number of proc(5)'s statm, in pages. */
static int64_t resident(int statm) {
    char text[128];
    const ssize_t n = statm < 0 ? -1 : pread(statm, text, sizeof text - 1, 0);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *second = strchr(text, ' ');
    return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static bool is_bare_look(const ibx_order *order) {
    return order->kind == IBX_ORDER_LOOK && !order->recipe[0];
}

static bool do_order(errand *e, const ibx_bench *bench, int source, ibx_error *err) {
    const ibx_order *order = e->order;
    ibx_recipe *recipe = NULL;
    if (!is_bare_look(order) && !(recipe = ibx_recipe_parse(order->recipe, err))) return false;
    ibx_conversion conversion = {.recipe = recipe,
                                 .fd = source,
                                 .name = order->name,
                                 .format = order->format[0] ? order->format : NULL,
                                 .metadata = order->metadata,
                                 .allow_loaders = bench->loaders,
                                 .in_memory = true,
                                 .limits = {.threads = order->threads,
                                            .memory = (size_t)order->memory,
                                            .max_pixels = order->max_pixels},
                                 .reserve = bench->reserve};
    const bool ok =
        order->kind == IBX_ORDER_LOOK ? look(e, &conversion, err) : run(e, &conversion, err);
    ibx_recipe_free(recipe);
    return ok;
}

void ibx_order_fill(const ibx_bench *bench, const ibx_order *order, int source,
                    ibx_delivery *delivery, int fds[IBX_WIRE_OUTPUTS]) {
    const double begin = cpu_ms();
    errand e = {.order = order, .delivery = delivery};
    *delivery = (ibx_delivery){.outputs = 0};
    const bool ok = do_order(&e, bench, source, &delivery->error);
    if (ok) delivery->error = (ibx_error){.code = IBX_OK};
    if (!ok) delivery->outputs = 0;
    release(&e, ok, fds);
    delivery->cpu = cpu_ms() - begin;
    delivery->rss = resident(bench->statm);
}
