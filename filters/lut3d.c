/* lut3d.c - colours through a look-up table from a .cube file. */
#include "cube.h"

enum { TETRAHEDRAL, TRILINEAR };
static const char *const INTERP[] = {"tetrahedral", "trilinear", NULL};

typedef struct {
    const char *file;
    float strength;
    int interp;
    ibx_cube cube; /* filled by open */
} params;

static const ibx_param PARAMS[] = {
    IBX_FILE(params, file, "The .cube file."),
    IBX_FLOAT(params, strength, 0, 1, 1, "", "How much of the change: 0 leaves the image alone."),
    IBX_CHOICE(params, interp, INTERP, TETRAHEDRAL, "How to go between the nodes of the cube.",
               .label = "Interpolation"),
    IBX_END};

static bool opened(void *values, ibx_error *err) {
    params *p = values;
    if (!*p->file) return ibx_fail(err, IBX_USAGE, "lut3d: needs the name of a .cube file");
    return ibx_cube_read(&p->cube, p->file, "lut3d", err);
}

static void closed(void *values) {
    ibx_cube_free(&((params *)values)->cube);
}

static void head(const ibx_call *c, ibx_head *out) {
    (void)c;
    out->model = IBX_RGB;
}

/* At most IBX_BLOCK pixels from (x0, y) on. */
static void block(const ibx_call *c, const ibx_tile *in, ibx_tile *out, int x0, int y, int n) {
    const params *p = c->params;
    const int last = ibx_colours(c) - 1; /* gray is red, green and blue */
    const size_t bytes = (size_t)n * sizeof(float);
    ibx_block v;
    for (int i = 0; i < 3; i++) memcpy(v[i], ibx_at(in, ibx_min(i, last), x0, y), bytes);
    ibx_cube_apply(&p->cube, p->interp == TRILINEAR, v, n);
    for (int i = 0; i < 3; i++) {
        const float *restrict a = ibx_at(in, ibx_min(i, last), x0, y);
        float *restrict b = ibx_at(out, i, x0, y);
        for (int x = 0; x < n; x++) b[x] = a[x] + p->strength * (v[i][x] - a[x]);
    }
    if (c->in.alpha) memcpy(ibx_at(out, 3, x0, y), ibx_at(in, last + 1, x0, y), bytes);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int right = out->at.x + out->at.w;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x = out->at.x; x < right; x += IBX_BLOCK)
            block(c, in, out, x, y, ibx_min(IBX_BLOCK, right - x));
}

static const ibx_filter APPLY = {.head = head, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return p->strength != 0;
}

IBX_FILTER(lut3d, .summary = "Grade colours through a .cube file.", .category = "colour",
           .label = "3D LUT",
           .details =
               "Looks every pixel up in a colour table, as video and photo programs do to give a "
               "film look. The file is in the .cube format (Adobe, \"Cube LUT Specification\", "
               "1.0): a cube of 2 to 129 nodes along an axis, curves of 2 to 65536 nodes, or "
               "curves in front of a cube, as Resolve writes them. Inputs are encoded (sRGB) "
               "values, clipped to the domain of the table. tetrahedral keeps grays free of "
               "casts and is the faster one. A gray image becomes a colour image.",
           .examples = {"lut3d:\"samples/warm.cube\"", "lut3d:\"samples/warm.cube\",strength=0.5"},
           .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .open = opened,
           .close = closed, .passes = passes);
