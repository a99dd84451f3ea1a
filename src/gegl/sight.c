/* sight.c - views of GEGL's buffers. */
#include "gegl/sight.h"

/* Strips of the result that are tried when the input changes. */
#define STRIP 32

/* Sides beyond which it is not asked what a change of the input changes: everything does. */
#define FINE (1 << 17)

/* ---- what there is to be seen ---------------------------------------------------------------- */

static bool keeps_size(ibx_gegl_sight *s) {
    const ibx_head *head = ibx_view_head(s->view);
    if (head->w == s->box.width && head->h == s->box.height) return true;
    return ibx_fail(&s->error, IBX_USAGE,
                    "the recipe makes an image of %d x %d pixels of one of %d x %d, but an "
                    "operation cannot change the size",
                    head->w, head->h, s->box.width, s->box.height);
}

/* Opens another view of the same image. Colours stay in the space that the image is in, as all that
 * surrounds an operation expects, but where the recipe itself converts them. */
static ibx_view *open_view(const ibx_gegl_sight *s, ibx_error *err) {
    const ibx_limits limits = {.max_pixels = INT64_MAX};
    ibx_head head = s->from.head;
    head.w = s->box.width;
    head.h = s->box.height;
    if (!ibx_recipe_has(s->recipe, IBX_MANAGE)) head.profile = (ibx_bytes){NULL, 0};
    return ibx_view_open(s->recipe, &head, s->from.sample, s->from.sample, &limits, err);
}

static void look_through(ibx_gegl_sight *s) {
    s->recipe = ibx_recipe_parse(s->text, &s->error);
    if (!s->recipe || gegl_rectangle_is_empty(&s->box)) return;
    if (gegl_rectangle_is_infinite_plane(&s->box)) {
        ibx_fail(&s->error, IBX_USAGE, "the image has no end: cut a part out of it first");
        return;
    }
    s->view = open_view(s, &s->error);
    if (!s->view || keeps_size(s)) return;
    ibx_view_free(s->view);
    s->view = NULL;
}

ibx_gegl_sight *ibx_gegl_sight_new(const char *text, const Babl *source, const GeglRectangle *box) {
    ibx_gegl_sight *s = g_atomic_rc_box_new0(ibx_gegl_sight);
    s->text = g_strdup(text);
    s->source = source;
    s->box = *box;
    s->from = ibx_gegl_format_of(source);
    s->to = source ? source : s->from.format;
    look_through(s);
    if (s->view)
        s->to = ibx_gegl_format_for(ibx_view_head(s->view), s->from.sample, s->from.format,
                                    ibx_recipe_has(s->recipe, IBX_MANAGE));
    return s;
}

bool ibx_gegl_sight_is(const ibx_gegl_sight *s, const char *text, const Babl *source,
                       const GeglRectangle *box) {
    return s && s->source == source && gegl_rectangle_equal(&s->box, box) && !strcmp(s->text, text);
}

ibx_gegl_sight *ibx_gegl_sight_ref(ibx_gegl_sight *sight) {
    return sight ? g_atomic_rc_box_acquire(sight) : NULL;
}

static void clear(void *data) {
    ibx_gegl_sight *s = data;
    ibx_view_free(s->view);
    ibx_recipe_free(s->recipe);
    g_free(s->text);
}

void ibx_gegl_sight_unref(ibx_gegl_sight *sight) {
    if (sight) g_atomic_rc_box_release_full(sight, clear);
}

/* ---- regions --------------------------------------------------------------------------------- */

bool ibx_gegl_sight_looks(const ibx_gegl_sight *s) {
    return s->view && ibx_view_looks(s->view);
}

/* Between coordinates of the canvas and those of the image. */
static ibx_rect to_image(const ibx_gegl_sight *s, const GeglRectangle *r) {
    return (ibx_rect){r->x - s->box.x, r->y - s->box.y, r->width, r->height};
}

static GeglRectangle to_canvas(const ibx_gegl_sight *s, ibx_rect r) {
    return (GeglRectangle){r.x + s->box.x, r.y + s->box.y, r.w, r.h};
}

GeglRectangle ibx_gegl_sight_source(const ibx_gegl_sight *s, const GeglRectangle *out) {
    GeglRectangle inside;
    if (!s->view || !gegl_rectangle_intersect(&inside, out, &s->box)) return *out;
    if (ibx_gegl_sight_looks(s)) return s->box;
    return to_canvas(s, ibx_view_source(s->view, to_image(s, &inside)));
}

/* Adds the strip to *sum if it needs pixels of `in`. */
static void add_strip(const ibx_gegl_sight *s, GeglRectangle strip, const GeglRectangle *in,
                      GeglRectangle *sum) {
    const GeglRectangle source = ibx_gegl_sight_source(s, &strip);
    if (gegl_rectangle_intersect(NULL, &source, in)) gegl_rectangle_bounding_box(sum, sum, &strip);
}

/* As more of the output never needs less of the input, a pixel that needs one of `in` lies in a row
 * and in a column of strips that do. */
GeglRectangle ibx_gegl_sight_changed(const ibx_gegl_sight *s, const GeglRectangle *in) {
    GeglRectangle rows = {0, 0, 0, 0}, columns = rows, both;
    const GeglRectangle box = s->box;
    if (!s->view) return *in;
    if (box.width > FINE || box.height > FINE) return box; /* a plane without much of an image */
    for (int y = 0; y < box.height; y += STRIP)
        add_strip(s, (GeglRectangle){box.x, box.y + y, box.width, MIN(STRIP, box.height - y)}, in,
                  &rows);
    for (int x = 0; x < box.width; x += STRIP)
        add_strip(s, (GeglRectangle){box.x + x, box.y, MIN(STRIP, box.width - x), box.height}, in,
                  &columns);
    gegl_rectangle_intersect(&both, &rows, &columns);
    return both;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

/* Rows of the result that are made at once: where that is the whole of a large image, its memory is
 * a fraction of it, and touched for the first time only once. */
#define ROWS 512

/* Memory for the pixels of a rectangle. False without any; freed with g_free. */
static bool room(const ibx_gegl_sight *s, const GeglRectangle *r, const Babl *format,
                 ibx_region *region, ibx_error *err) {
    const size_t row = (size_t)r->width * (size_t)babl_format_get_bytes_per_pixel(format);
    *region = (ibx_region){.at = to_image(s, r), .stride = (ptrdiff_t)row};
    region->data = g_try_malloc(row * (size_t)r->height);
    return region->data ||
           ibx_fail(err, IBX_MEMORY, "no memory for %d x %d pixels", r->width, r->height);
}

static bool render(const ibx_gegl_sight *s, ibx_view *view, const ibx_region *in,
                   GeglBuffer *output, const GeglRectangle *at, int threads, ibx_error *err) {
    GeglRectangle rows = *at;
    rows.height = MIN(ROWS, at->height);
    ibx_region out;
    bool ok = room(s, &rows, s->to, &out, err);
    for (int left = at->height; ok && left > 0; left -= rows.height, rows.y += rows.height) {
        rows.height = MIN(rows.height, left);
        out.at = to_image(s, &rows);
        ok = ibx_view_render(view, in, &out, threads, err);
        if (ok) gegl_buffer_set(output, &rows, 0, s->to, out.data, (int)out.stride);
    }
    g_free(out.data);
    return ok;
}

/* On a view of its own: what was seen belongs to the pixels that the image has now. */
static bool look_and_render(const ibx_gegl_sight *s, const ibx_region *in, GeglBuffer *output,
                            const GeglRectangle *at, int threads, ibx_error *err) {
    ibx_view *view = open_view(s, err);
    const bool ok = view && ibx_view_look(view, in, threads, err) &&
                    render(s, view, in, output, at, threads, err);
    ibx_view_free(view);
    return ok;
}

static bool read_and_render(const ibx_gegl_sight *s, GeglBuffer *input, GeglBuffer *output,
                            const GeglRectangle *at, int threads, ibx_error *err) {
    const GeglRectangle source = ibx_gegl_sight_source(s, at);
    ibx_region in;
    bool ok = room(s, &source, s->from.format, &in, err);
    if (ok) {
        gegl_buffer_get(input, &source, 1, s->from.format, in.data, (int)in.stride,
                        GEGL_ABYSS_NONE);
        ok = ibx_view_looks(s->view) ? look_and_render(s, &in, output, at, threads, err)
                                     : render(s, s->view, &in, output, at, threads, err);
    }
    g_free(in.data);
    return ok;
}

void ibx_gegl_sight_render(const ibx_gegl_sight *s, GeglBuffer *input, GeglBuffer *output,
                           const GeglRectangle *region, int threads) {
    GeglRectangle at;
    ibx_error err = {0};
    if (!gegl_rectangle_intersect(&at, region, &s->box)) return;
    if (!s->view || !read_and_render(s, input, output, &at, threads, &err))
        gegl_buffer_copy(input, &at, GEGL_ABYSS_NONE, output, &at);
    if (err.code) g_warning("%s", err.text);
}
