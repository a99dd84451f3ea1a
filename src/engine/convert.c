/* convert.c - one file through a recipe, from a descriptor to bytes. */
#include "engine/desk.h"
#include "engine/feed.h"
#include "engine/limits.h"
#include "engine/name.h"
#include "engine/picture.h"
#include "engine/pool.h"
#include <stdlib.h>

/* Bytes that a reserve holds at most between two conversions: what an image of 30 megapixels needs,
 * and no monster's memory for good. */
#define MOST_IDLE ((size_t)96 << 20)

struct ibx_reserve {
    ibx_pool pool;
    ibx_team team; /* for its arenas; arenas 0: none was made so far */
};

/* Everything about one conversion. */
typedef struct {
    const ibx_conversion *order;
    ibx_reserve *reserve, *own; /* `own` if the user brought none */
    ibx_wishes wishes;
    ibx_feed feed;
    ibx_picture picture;
    ibx_meter *meter; /* one per thread; NULL: no accounts are kept */
} errand;

/* The way of one output's bytes. */
typedef struct {
    ibx_sink sink;
    ibx_on_bytes *write;
    void *user;
    int output;
    double ms; /* spent in `write` */
} outlet;

/* ---- memory ---------------------------------------------------------------------------------- */

ibx_reserve *ibx_reserve_new(void) {
    ibx_reserve *reserve = calloc(1, sizeof *reserve);
    if (reserve) ibx_pool_open(&reserve->pool);
    return reserve;
}

void ibx_reserve_free(ibx_reserve *reserve) {
    if (!reserve) return;
    ibx_team_close(&reserve->team);
    ibx_pool_close(&reserve->pool);
    free(reserve);
}

/* The team for the next image, in the arenas of the last one if they are as many. */
static bool open_team(ibx_reserve *reserve, const ibx_limits *limits, ibx_error *err) {
    ibx_team *team = &reserve->team;
    team->cancel = limits->cancel;
    if (team->arenas == limits->threads) return true;
    ibx_team_close(team);
    return ibx_team_open(team, limits->threads, limits->threads, &reserve->pool.lender,
                         limits->cancel, err);
}

/* ---- up to the plan -------------------------------------------------------------------------- */

static bool begin(errand *e, const ibx_conversion *order, ibx_error *err) {
    *e = (errand){.order = order, .reserve = order->reserve};
    if (!e->reserve) e->reserve = e->own = ibx_reserve_new();
    if (!e->reserve) {
        ibx_fail(err, IBX_MEMORY, "no memory for a conversion");
        return false;
    }
    e->wishes = (ibx_wishes){.recipe = order->recipe,
                             .quality = order->quality,
                             .metadata = order->metadata,
                             .accept_damage = order->accept_damage,
                             .allow_loaders = order->allow_loaders,
                             .in_memory = order->in_memory,
                             .limits = ibx_limits_fill(&order->limits),
                             .lender = &e->reserve->pool.lender};
    return ibx_feed_open(&e->feed, order->fd, order->name ? order->name : "the input",
                         e->wishes.lender, err) &&
           ibx_picture_open(&e->picture, &e->feed.source, ibx_feed_peek(&e->feed), &e->wishes, err);
}

static void end(errand *e) {
    ibx_picture_free(&e->picture);
    ibx_feed_close(&e->feed);
    if (e->reserve) ibx_pool_trim(&e->reserve->pool, MOST_IDLE);
    ibx_reserve_free(e->own);
}

/* The formats of the outputs whose steps leave them open. NULL in *formats: the input's own. */
static bool choose_formats(const errand *e, const ibx_format **formats, ibx_error *err) {
    const ibx_recipe *recipe = e->order->recipe;
    const int outputs = ibx_recipe_outputs(recipe);
    int n = 0;
    for (int i = 0; i < recipe->count; i++) {
        const ibx_step *step = &recipe->steps[i];
        if (step->filter) continue;
        const char *name = ((const ibx_save_any *)step->params)->name;
        if (!ibx_format_of(step, name ? name : "", e->order->format, &formats[n++], err))
            return false;
    }
    return n == outputs || ibx_format_of(NULL, "", e->order->format, &formats[n], err);
}

static bool make_plan(errand *e, ibx_error *err) {
    const size_t outputs = (size_t)ibx_recipe_outputs(e->order->recipe);
    const size_t held = ibx_feed_bytes(&e->feed);
    const ibx_format **formats = calloc(outputs, sizeof *formats);
    if (!formats) return ibx_fail(err, IBX_MEMORY, "no memory for a conversion");
    e->wishes.limits.memory -= held < e->wishes.limits.memory ? held : e->wishes.limits.memory;
    const bool ok =
        choose_formats(e, formats, err) && ibx_picture_plan(&e->picture, formats, &e->wishes, err);
    free(formats);
    return ok;
}

/* ---- what it would do ------------------------------------------------------------------------ */

static double megapixels(int w, int h) {
    return (double)w * h * 1e-6;
}

/* What is decoded. Those who cannot go to a row directly decode all above it. */
static double decoded(const ibx_picture *picture) {
    const ibx_plan *plan = picture->plan;
    const ibx_band *band = &plan->band[0];
    const int end = ibx_min((band->last + 1) * band->strip_rows, band->head.h);
    if (picture->info.direct)
        return megapixels(band->right - band->left, end - band->first * band->strip_rows);
    return megapixels(plan->input.full_w, ibx_min(end * plan->shrink, plan->input.full_h));
}

static bool make_forecast(const errand *e, ibx_forecast *forecast, ibx_error *err) {
    const ibx_plan *plan = e->picture.plan;
    forecast->output = calloc((size_t)plan->saves + 1, sizeof *forecast->output);
    if (!forecast->output) return ibx_fail(err, IBX_MEMORY, "no memory for a conversion");
    forecast->outputs = plan->saves;
    forecast->bytes = plan->bytes + ibx_feed_bytes(&e->feed);
    forecast->megapixels = decoded(&e->picture);
    for (int i = 0; i < plan->stages; i++)
        forecast->megapixels += megapixels(plan->stage[i].head.w, plan->stage[i].head.h);
    for (int i = 0; i < plan->saves; i++) {
        const ibx_save *save = &plan->save[i];
        forecast->output[i] =
            (ibx_outcome_file){save->format, save->name, save->head.w, save->head.h};
        forecast->megapixels += megapixels(save->head.w, save->head.h);
    }
    return true;
}

void ibx_forecast_free(ibx_forecast *forecast) {
    free(forecast->output);
    *forecast = (ibx_forecast){.output = NULL};
}

bool ibx_convert_look(const ibx_conversion *conversion, ibx_forecast *forecast, ibx_error *err) {
    errand e;
    *forecast = (ibx_forecast){.output = NULL};
    bool ok = begin(&e, conversion, err);
    if (ok) ibx_picture_describe(&e.picture, &forecast->about);
    if (ok && conversion->recipe) ok = make_plan(&e, err) && make_forecast(&e, forecast, err);
    end(&e);
    return ok;
}

/* ---- doing it -------------------------------------------------------------------------------- */

static bool pass_on(ibx_sink *sink, const void *data, size_t size, ibx_error *err) {
    outlet *o = (outlet *)sink;
    const double from = ibx_clock_ms();
    const bool taken = o->write(o->user, o->output, data, size);
    o->ms += ibx_clock_ms() - from;
    return taken || ibx_fail(err, IBX_FULL, "there is no room for output %d", o->output + 1);
}

static bool open_accounts(errand *e, ibx_error *err) {
    const ibx_team *team = &e->reserve->team;
    if (!e->order->stats) return true;
    e->meter = ibx_meters_new(team->arenas);
    if (!e->meter) return ibx_fail(err, IBX_MEMORY, "no memory for accounts");
    for (int i = 0; i < team->arenas; i++) team->arena[i].meter = &e->meter[i];
    return true;
}

/* The arenas stay, in the reserve. */
static void close_accounts(errand *e) {
    const ibx_team *team = &e->reserve->team;
    if (!e->meter) return;
    for (int i = 0; i < team->arenas; i++) team->arena[i].meter = NULL;
    ibx_meters_end(e->meter, team->arenas, e->order->stats);
    e->order->stats->threads = team->threads;
}

static bool run(errand *e, ibx_sink *const *sinks, ibx_times *times, ibx_error *err) {
    ibx_team *team = &e->reserve->team;
    bool ok = false;
    if (!open_team(e->reserve, &e->wishes.limits, err) || !open_accounts(e, err)) return false;
#pragma omp parallel num_threads(team->threads)
#pragma omp single
    ok = ibx_picture_run(&e->picture, e->feed.source.name, team, sinks, times, err);
    close_accounts(e);
    return ok;
}

/* Runs it with an outlet for every output. */
static bool run_to(errand *e, ibx_on_bytes *write, void *user, ibx_times *times, ibx_error *err) {
    const int saves = e->picture.plan->saves;
    outlet *out = calloc((size_t)saves + 1, sizeof *out);
    ibx_sink **sinks = calloc((size_t)saves + 1, sizeof *sinks);
    bool ok = false;
    if (out && sinks) {
        for (int i = 0; i < saves; i++) {
            out[i] =
                (outlet){.sink = {.write = pass_on}, .write = write, .user = user, .output = i};
            sinks[i] = &out[i].sink;
        }
        ok = run(e, sinks, times, err);
        for (int i = 0; i < saves; i++) times->write += out[i].ms;
    } else {
        ibx_fail(err, IBX_MEMORY, "no memory for a conversion");
    }
    free(out);
    free(sinks);
    return ok;
}

static bool tell(const errand *e, ibx_on_forecast *looked, void *user, ibx_error *err) {
    ibx_forecast forecast = {.output = NULL};
    if (!looked) return true;
    ibx_picture_describe(&e->picture, &forecast.about);
    const bool ok = make_forecast(e, &forecast, err) && looked(user, &forecast, err);
    ibx_forecast_free(&forecast);
    return ok;
}

bool ibx_convert(const ibx_conversion *conversion, ibx_on_forecast *looked, ibx_on_bytes *write,
                 void *user, ibx_times *times, ibx_error *err) {
    errand e;
    ibx_times spent = {0};
    if (conversion->stats) *conversion->stats = (ibx_stats){.cost = NULL};
    if (!conversion->recipe) return ibx_fail(err, IBX_USAGE, "a conversion needs a recipe");
    const bool ok = begin(&e, conversion, err) && make_plan(&e, err) &&
                    tell(&e, looked, user, err) && run_to(&e, write, user, &spent, err);
    if (times) {
        times->read += e.feed.ms;
        times->decode += spent.decode;
        times->filter += spent.filter;
        times->encode += spent.encode;
        times->write += spent.write;
    }
    end(&e);
    return ok;
}
