/* timing.c - measures recipes that grow by one step each. */
#include "gimp/model/timing.h"
#include "gimp/model/steps.h"
#include "gimp/thread.h"
#include <stdlib.h>
#include <time.h>

struct ibx_gimp_timing {
    char *text;
    const ibx_image *pixels;
    ibx_bytes profile;
    int steps;
    atomic_int measured;
    atomic_bool cancel, ended;
    ibx_gimp_thread *thread;
    double ms[]; /* of the first `measured` */
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool apply_once(ibx_gimp_timing *t, const ibx_recipe *recipe, double *ms) {
    const ibx_limits limits = {.cancel = &t->cancel};
    ibx_image in = *t->pixels, out;
    if (ibx_recipe_has(recipe, IBX_MANAGE)) in.head.profile = t->profile;
    const double begin = now_ms();
    if (!ibx_apply(recipe, &in, in.sample, &out, &limits, NULL)) return false;
    *ms = now_ms() - begin;
    ibx_image_free(&out);
    return true;
}

/* The fastest of some runs: more of them where one is so short that others disturb it. */
static bool measure(ibx_gimp_timing *t, const char *text, double *ms) {
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    bool ok = recipe && apply_once(t, recipe, ms);
    for (int i = 0; ok && i < 4 && *ms < 100; i++) {
        double again;
        ok = apply_once(t, recipe, &again);
        if (ok && again < *ms) *ms = again;
    }
    ibx_recipe_free(recipe);
    return ok;
}

static void measure_all(void *data) {
    ibx_gimp_timing *t = data;
    ibx_gimp_stretch s;
    double before = 0, until = 0;
    bool ok = measure(t, "", &before); /* a copy */
    for (int i = 0; i < t->steps && ok && ibx_gimp_find_step(t->text, i, &s); i++) {
        char *text = strndup(t->text, s.all.at + s.all.length);
        ok = text && measure(t, text, &until);
        free(text);
        t->ms[i] = until > before ? until - before : 0;
        before = until;
        if (ok) atomic_store(&t->measured, i + 1);
    }
    atomic_store(&t->ended, true);
}

ibx_gimp_timing *ibx_gimp_timing_start(const char *recipe, const ibx_image *pixels,
                                       ibx_bytes profile) {
    const int steps = ibx_gimp_count_steps(recipe);
    ibx_gimp_timing *t = calloc(1, sizeof *t + (size_t)steps * sizeof t->ms[0]);
    if (!t) return NULL;
    t->steps = steps;
    t->pixels = pixels;
    t->profile = profile;
    t->text = strdup(recipe);
    if (t->text) t->thread = ibx_gimp_thread_start(measure_all, t);
    if (t->thread) return t;
    free(t->text);
    free(t);
    return NULL;
}

int ibx_gimp_timing_look(ibx_gimp_timing *t, bool *ended) {
    *ended = atomic_load(&t->ended);
    return atomic_load(&t->measured);
}

double ibx_gimp_timing_of(ibx_gimp_timing *t, int step) {
    return t->ms[step];
}

void ibx_gimp_timing_free(ibx_gimp_timing *t) {
    if (!t) return;
    atomic_store(&t->cancel, true);
    ibx_gimp_thread_join(t->thread);
    free(t->text);
    free(t);
}
