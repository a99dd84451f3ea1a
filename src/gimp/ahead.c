/* ahead.c - results before they are asked for. */
#include "gimp/ahead.h"
#include "core/pixels.h"
#include "gimp/pixels.h"
#include "gimp/recipe.h"
#include <stdlib.h>

struct ibx_gimp_ahead {
    ibx_gimp_job job;   /* head and recipe are known from the beginning, the rest when planned */
    ibx_recipe *recipe; /* the job's */
    uint8_t *profile;   /* the head's */
    ibx_region in;      /* borrowed */
    ibx_rect selected;  /* of the layer */
    atomic_bool cancel; /* the job's */
    atomic_int thousandths;  /* of it are done */
    ibx_gimp_thread *thread; /* NULL: it has ended */
    ibx_region result;
    bool ok;
};

static bool resized(const ibx_gimp_job *job) {
    const ibx_head *result = ibx_view_head(job->view);
    return result->w != job->head.w || result->h != job->head.h;
}

/* In the thread: planning may take long as well, for instance where a step reads a file. */
static void work(void *data) {
    ibx_gimp_ahead *a = data;
    ibx_gimp_job *job = &a->job;
    const ibx_limits limits = {.cancel = job->cancel};
    job->view = ibx_view_open(job->recipe, &job->head, job->sample, job->sample, &limits, NULL);
    if (!job->view) return;
    const ibx_head *result = ibx_view_head(job->view);
    job->box = resized(job) ? (ibx_rect){0, 0, result->w, result->h} : a->selected;
    a->ok = ibx_gimp_compute_here(job, &a->in, &a->result, &a->thousandths, NULL);
}

/* As in the final run, only recipes that manage colours are told the profile. */
static bool tell_profile(ibx_gimp_ahead *a, ibx_bytes profile) {
    if (profile.size == 0 || !ibx_recipe_has(a->recipe, IBX_MANAGE)) return true;
    a->profile = malloc(profile.size);
    if (!a->profile) return false;
    memcpy(a->profile, profile.data, profile.size);
    a->job.head.profile = (ibx_bytes){a->profile, profile.size};
    return true;
}

static bool prepare(ibx_gimp_ahead *a, const ibx_gimp_subject *subject, const char *recipe) {
    const ibx_image *image = subject->pixels;
    const ibx_head *head = &image->head;
    a->job = (ibx_gimp_job){.head = *head, .sample = image->sample, .cancel = &a->cancel};
    a->in = (ibx_region){.at = {0, 0, head->w, head->h},
                         .size = (size_t)ibx_planes(head) * ibx_sample_size(image->sample),
                         .stride = (ptrdiff_t)image->stride,
                         .data = image->pixels};
    a->selected = subject->selected;
    a->job.recipe = a->recipe = ibx_gimp_recipe_read(recipe, NULL);
    return a->recipe && ibx_gimp_recipe_for_layer(a->recipe, NULL) &&
           tell_profile(a, subject->profile);
}

ibx_gimp_ahead *ibx_gimp_ahead_start(const ibx_gimp_subject *subject, const char *recipe) {
    ibx_gimp_ahead *a = subject->selected.w > 0 ? calloc(1, sizeof *a) : NULL;
    if (!a) return NULL;
    if (prepare(a, subject, recipe)) a->thread = ibx_gimp_thread_start(work, a);
    if (a->thread) return a;
    ibx_gimp_ahead_free(a);
    return NULL;
}

void ibx_gimp_ahead_stop(ibx_gimp_ahead *a) {
    if (a) atomic_store(&a->cancel, true);
}

bool ibx_gimp_ahead_has_ended(ibx_gimp_ahead *a) {
    return !a->thread || ibx_gimp_thread_wait(a->thread, 0);
}

void ibx_gimp_ahead_free(ibx_gimp_ahead *a) {
    if (!a) return;
    ibx_gimp_ahead_stop(a);
    if (a->thread) ibx_gimp_thread_join(a->thread);
    ibx_gimp_region_free(&a->result);
    ibx_view_free(a->job.view);
    ibx_recipe_free(a->recipe);
    free(a->profile);
    free(a);
}

static bool same_recipe(const ibx_recipe *a, const ibx_recipe *b) {
    char *x = ibx_recipe_print(a), *y = ibx_recipe_print(b);
    const bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static bool same_image(const ibx_gimp_job *a, const ibx_gimp_job *b) {
    const ibx_head *x = &a->head, *y = &b->head;
    return a->sample == b->sample && x->w == y->w && x->h == y->h && x->model == y->model &&
           x->alpha == y->alpha && x->profile.size == y->profile.size &&
           (x->profile.size == 0 || memcmp(x->profile.data, y->profile.data, x->profile.size) == 0);
}

bool ibx_gimp_ahead_is_of(const ibx_gimp_ahead *a, const ibx_gimp_job *job) {
    const ibx_rect s = a->selected, box = job->box;
    const bool there = s.x == box.x && s.y == box.y && s.w == box.w && s.h == box.h;
    return (there || resized(job)) && same_image(&a->job, job) &&
           same_recipe(a->recipe, job->recipe);
}

bool ibx_gimp_ahead_take(ibx_gimp_ahead *a, ibx_region *out, ibx_gimp_progress *show, void *user) {
    if (a->thread) ibx_gimp_wait(a->thread, &a->thousandths, show, user);
    a->thread = NULL;
    if (!a->ok) return false;
    a->ok = false;
    *out = a->result;
    a->result = (ibx_region){.data = NULL};
    return true;
}
