/* apply.c - a recipe applied to one image in memory. */
#include "engine/apply.h"
#include "engine/limits.h"
#include "engine/memory.h"
#include "engine/run.h"
#include <stdlib.h>

void ibx_image_free(ibx_image *image) {
    free(image->pixels);
    free((void *)image->head.profile.data);
    *image = (ibx_image){0};
}

/* Runs a plan with a team of its own. */
static bool run_plan(const ibx_plan *plan, const ibx_image *in, const ibx_limits *limits,
                     bool poison, ibx_image *out, ibx_error *err) {
    ibx_team team;
    const int threads = limits->threads;
    if (!ibx_team_open(&team, threads, threads, NULL, limits->cancel, err)) return false;
    team.progress = limits->progress;
    for (int i = 0; i < threads; i++) team.arena[i].poison = poison;
    ibx_memory_writer writer = {.image = out};
    ibx_sink *sink = &writer.sink;
    const ibx_metadata none = {.exif = {NULL, 0}};
    const ibx_image_job job = {.plan = plan,
                               .codec = &ibx_codec_memory,
                               .decoder = (void *)in,
                               .sink = &sink,
                               .metadata = &none};
    ibx_times times = {0};
    bool ok = false;
#pragma omp parallel num_threads(threads)
#pragma omp single
    ok = ibx_run_image(&team, &job, &times, err);
    ibx_team_close(&team);
    return ok;
}

bool ibx_apply_tuned(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample,
                     const ibx_tuning *tuning, ibx_image *out, const ibx_limits *user,
                     ibx_error *err) {
    *out = (ibx_image){0};
    const ibx_limits limits = ibx_limits_fill(user);
    if (!ibx_limits_admit(&limits, &in->head, err)) return false;
    const ibx_info info = {.head = in->head, .sample = in->sample, .format = "memory", .pages = 1};
    const ibx_plan_options options = {.threads = limits.threads,
                                      .memory = limits.memory,
                                      .max_pixels = limits.max_pixels,
                                      .to = &ibx_codec_memory,
                                      .sample = sample,
                                      .decode_rows = tuning->strip_rows,
                                      .strip_rows = tuning->strip_rows,
                                      .tile_w = tuning->tile_w};
    ibx_plan plan;
    if (!ibx_plan_make(&plan, recipe, &info, &options, err)) return false;
    const bool ok = run_plan(&plan, in, &limits, tuning->poison, out, err);
    if (!ok) ibx_image_free(out);
    ibx_plan_free(&plan);
    return ok;
}

bool ibx_apply(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample, ibx_image *out,
               const ibx_limits *limits, ibx_error *err) {
    const ibx_tuning tuning = {0};
    return ibx_apply_tuned(recipe, in, sample, &tuning, out, limits, err);
}
