/* filter.h - everything that the author of a filter needs, and nothing else.
 *
 * A filter is one file under filters/. Its name is the file's name. The file describes the filter
 * in one table at its bottom (IBX_FILTER) and gives it a kernel: a function that turns a tile of
 * input into a tile of output. From the table come the command line, its help, recipes, the HTTP
 * interface, the GIMP plug-in, the documentation and most of the tests. Nothing else needs to be
 * touched to add one. filters/invert.c is the example to start from.
 *
 * What the engine does, so that a kernel need not:
 *   - It cuts the image into tiles and runs kernels on all cores. A kernel is a pure function of
 *     its arguments: it allocates nothing, reads no file, keeps no global, knows no thread.
 *   - It fills the whole input tile. Where `source` reaches over the image's edge, the nearest
 *     edge pixel is repeated, so a kernel has no border code.
 *   - It hands over planar 32-bit float, black 0 and white 1, in the light that `wants` asks for.
 *     Values outside 0..1 can occur between steps and should survive where that makes sense.
 *   - It checks every parameter against its row before any callback sees it.
 *
 * What a kernel owes in return: the same output sample for the same image and parameters,
 * whatever the tile that it lies in. So no sum may start at a tile's edge (take direct taps, or
 * blocks anchored to image coordinates), positions come from the image coordinates in `at`, and
 * whole-image accumulators are integers. The tests demand identical bytes over tile shapes.
 */
#ifndef IBX_FILTER_H
#define IBX_FILTER_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------------- */

/* Kinds of failure. A front-end turns them into exit codes or HTTP status. */
typedef enum {
    IBX_OK,
    IBX_USAGE,     /* the user's words: recipe, parameter, option */
    IBX_FORMAT,    /* the input file: not an image, damaged, not supported */
    IBX_LIMIT,     /* the input is larger than a limit that the user can raise */
    IBX_MEMORY,    /* no memory, or more than the budget */
    IBX_IO,        /* the operating system refused to read or write */
    IBX_FULL,      /* the destination has no room left */
    IBX_CANCELLED, /* the user stopped it */
    IBX_BUG        /* cannot happen; please report */
} ibx_code;

/* An error is a value that the caller owns: one sentence that says what, where and what to do.
 * A caller that does not want it passes NULL. */
typedef struct {
    ibx_code code;
    char text[400];
    /* Where in a recipe, for front-ends that point at it; 0 and "" where it is not about one. */
    int step;           /* from 1, as the user counts */
    char name[32];      /* the step's filter, as the user spelled it */
    char format[16];    /* of a `save`: the format that it names */
    char parameter[32]; /* its name in the table, or as the user spelled it */
    char value[64];     /* as the user spelled it, cut if longer */
} ibx_error;

/* Writes code and sentence into `err` (which may be NULL) and returns false, so that a failing
 * function ends with `return ibx_fail(err, ...)`. A sentence that is too long is cut. */
bool ibx_fail(ibx_error *err, ibx_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- images, rectangles, tiles ------------------------------------------------------------ */

/* Pixels. May reach over the image's edge (negative x, say) when it asks for a halo. */
typedef struct {
    int x, y, w, h;
} ibx_rect;

/* Grows `r` by `dx` columns on the left and right and by `dy` rows above and below. */
static inline ibx_rect ibx_grow(ibx_rect r, int dx, int dy) {
    return (ibx_rect){r.x - dx, r.y - dy, r.w + 2 * dx, r.h + 2 * dy};
}

/* Colour model; its value is the number of colour planes. */
typedef enum { IBX_GRAY = 1, IBX_RGB = 3, IBX_CMYK = 4 } ibx_model;

/* Bytes that somebody else owns. */
typedef struct {
    const void *data;
    size_t size;
} ibx_bytes;

/* What is known about an image at one point of a recipe, without its pixels. */
typedef struct {
    int w, h;           /* pixels, at least 1 */
    ibx_model model;    /* CMYK exists only in front of the step that converts colours */
    bool alpha;         /* one more plane, the last: 0 transparent, 1 opaque; never with CMYK */
    int orientation;    /* EXIF orientation still to be applied, 1 (upright) to 8 */
    int depth;          /* bits per sample of the source: 8, 16 or 32 (float) */
    ibx_bytes profile;  /* ICC profile of the pixels; empty: sRGB, or gray with the sRGB curve */
    int shrink;         /* 1; or 2, 4, 8, ..: the decoder reduced the image by it */
    int full_w, full_h; /* the size without that reduction, in a plane of chroma that of the
                           image; else w and h */
    int full_x, full_y; /* where that begins, in pixels without it, behind the left and upper edge
                           of the first sample: a cut may go through samples; else 0 */
    bool chroma;        /* a plane of chroma by itself, in which 0.5 is no colour */
    int halved_x, halved_y; /* 0; in a plane of chroma: how often the file halves its width and
                               height, so that a sample stands for 1 << halved_x pixels */
} ibx_head;

static inline int ibx_planes(const ibx_head *h) {
    return (int)h->model + (h->alpha ? 1 : 0);
}

#define IBX_MAX_PLANES 4

/* A rectangle of an image as planes of float. A view: it owns nothing.
 * Rows are 64-byte aligned only at plane[i] itself; read no sample outside `at`. */
typedef struct {
    ibx_rect at;      /* where it lies in the image */
    int planes;       /* 1..4, alpha last */
    ptrdiff_t stride; /* floats from one row to the next, the same in every plane */
    float *plane[IBX_MAX_PLANES];
} ibx_tile;

/* A rectangle of an image as files hold it: interleaved pixels. A view: it owns nothing. */
typedef struct {
    ibx_rect at;      /* where it lies in the image */
    size_t size;      /* bytes of a pixel: 1, 2, 3, 4, 6, 8, 12 or 16 */
    ptrdiff_t stride; /* bytes from one row to the next */
    uint8_t *data;    /* the first pixel; not aligned */
} ibx_region;

/* The sample of plane p at image coordinates (x, y). */
static inline float *ibx_at(const ibx_tile *t, int p, int x, int y) {
    return t->plane[p] + (ptrdiff_t)(y - t->at.y) * t->stride + (x - t->at.x);
}

/* A rectangle of an image as 8-bit samples, interleaved, as they stand in memory. */
typedef struct {
    ibx_rect at; /* columns inside the image; rows over its edge are its edge once more */
    int planes;
    const uint8_t *const *row; /* at.h rows, from the first sample of column at.x on */
    const float *value;        /* of each of the 256 samples, in the light that is wanted */
} ibx_packed;

/* ---- parameters --------------------------------------------------------------------------- */

/* The type of a parameter, the C type of its field, and how a value is written in a recipe. */
typedef enum {
    IBX_TYPE_FLOAT,  /* float         1.5 */
    IBX_TYPE_INT,    /* int           3 */
    IBX_TYPE_BOOL,   /* bool          yes no */
    IBX_TYPE_CHOICE, /* int           a word; the value is its index in `choices` */
    IBX_TYPE_COLOUR, /* ibx_colour    #rgb #rrggbb #rrggbbaa, or white black transparent */
    IBX_TYPE_TEXT,   /* const char *  a word or "quoted text"; never NULL */
    IBX_TYPE_FILE,   /* const char *  the same, names a local file; refused from the network */
    IBX_TYPE_EXTENT, /* ibx_extent    800x600 800x x600 800 (=800x800) 50% */
    IBX_TYPE_LENGTH  /* ibx_length    120 or 25% */
} ibx_type;

typedef struct {
    float r, g, b, a; /* encoded sRGB, 0..1, alpha straight */
} ibx_colour;

typedef struct {
    int w, h;      /* pixels; 0: follows from the other side */
    float percent; /* above 0: both sides in percent of the input, and w = h = 0 */
} ibx_extent;

typedef struct {
    float value; /* pixels, or percent of the image's width or height */
    bool percent;
} ibx_length;

/* One parameter. Rows of a table end with IBX_END. Positional values of a recipe fill the rows
 * in order, so the one that people change most comes first. */
typedef struct {
    const char *name;
    ibx_type type;
    size_t offset; /* of the field in the params struct */
    double min, max, def;
    const char *text;           /* the default as written in a recipe, for types without `def` */
    const char *const *choices; /* CHOICE: the words, NULL at the end */
    const char *unit;           /* "px", "stop", "%", "K", "deg" or "" */
    const char *doc;            /* one line, ends with a period */

    /* What forms call it where its name is an abbreviation, "Black point compensation"; NULL: the
     * name in words, "In black". The same for `choices`, all of them, NULL at the end. Recipes,
     * errors and scripts know the name alone. */
    const char *label;
    const char *const *labels;
} ibx_param;

/* offsetof that compiles only if the field has the type that the row says. */
#define IBX_FIELD(T, field, type) _Generic(((T *)0)->field, type : offsetof(T, field))

/* T is the params struct, `field` its member and the parameter's name. `...` is the sentence of
 * `doc`; behind it other members may follow, as in `"Weight of red.", .label = "Red"`. */
#define IBX_FLOAT(T, field, lo, hi, dflt, u, ...)                                                  \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_FLOAT, .offset = IBX_FIELD(T, field, float), .min = (lo), \
        .max = (hi), .def = (dflt), .unit = (u), .doc = __VA_ARGS__                                \
    }
#define IBX_INT(T, field, lo, hi, dflt, u, ...)                                                    \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_INT, .offset = IBX_FIELD(T, field, int), .min = (lo),     \
        .max = (hi), .def = (dflt), .unit = (u), .doc = __VA_ARGS__                                \
    }
#define IBX_BOOL(T, field, dflt, ...)                                                              \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_BOOL, .offset = IBX_FIELD(T, field, bool), .max = 1,      \
        .def = (dflt), .unit = "", .doc = __VA_ARGS__                                              \
    }
#define IBX_CHOICE(T, field, words, dflt, ...)                                                     \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_CHOICE, .offset = IBX_FIELD(T, field, int),               \
        .choices = (words), .def = (dflt), .unit = "", .doc = __VA_ARGS__                          \
    }
#define IBX_COLOUR(T, field, dflt, ...)                                                            \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_COLOUR, .offset = IBX_FIELD(T, field, ibx_colour),        \
        .text = (dflt), .unit = "", .doc = __VA_ARGS__                                             \
    }
#define IBX_TEXT(T, field, dflt, ...)                                                              \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_TEXT, .offset = IBX_FIELD(T, field, const char *),        \
        .text = (dflt), .unit = "", .doc = __VA_ARGS__                                             \
    }
#define IBX_FILE(T, field, ...)                                                                    \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_FILE, .offset = IBX_FIELD(T, field, const char *),        \
        .text = "", .unit = "", .doc = __VA_ARGS__                                                 \
    }
/* lo and hi bound the pixels of each side. */
#define IBX_EXTENT(T, field, lo, hi, dflt, ...)                                                    \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_EXTENT, .offset = IBX_FIELD(T, field, ibx_extent),        \
        .min = (lo), .max = (hi), .text = (dflt), .unit = "px", .doc = __VA_ARGS__                 \
    }
#define IBX_LENGTH(T, field, lo, hi, dflt, ...)                                                    \
    {                                                                                              \
        .name = #field, .type = IBX_TYPE_LENGTH, .offset = IBX_FIELD(T, field, ibx_length),        \
        .min = (lo), .max = (hi), .text = (dflt), .unit = "px", .doc = __VA_ARGS__                 \
    }
#define IBX_END                                                                                    \
    { .name = NULL }

/* ---- the filter --------------------------------------------------------------------------- */

/* What every callback is given. */
typedef struct ibx_call {
    const void *params; /* the user's values, checked: the filter's own struct */
    const void *state;  /* what `prepare` (and later `finish`) computed from them */
    void *scratch;      /* kernels only: as many bytes as `scratch` asked for, 64-byte aligned,
                           contents undefined */
    ibx_head in, out;   /* the image in front of and behind this filter (or pass) */
} ibx_call;

/* Traits: what the plan may know about a filter beyond its callbacks. Combine with |. */
enum {
    IBX_POINT = 1,    /* an output pixel depends on nothing but the same input pixel's values */
    IBX_CUT = 2,      /* the output is an unchanged rectangle of the input, given in pixels of
                         in.full_w x full_h: the decoder may reduce first, and `head` says what of
                         the samples at the edge is kept (ibx_cut_full) */
    IBX_UPRIGHT = 4,  /* the step that applies the EXIF orientation, reduced or not */
    IBX_MANAGE = 8,   /* the step that converts colours by ICC profile */
    IBX_FLATTEN = 16, /* the step that removes alpha, for formats that have none */
    IBX_REDUCE = 32,  /* resamples the whole image to a size computed from in.full_w x full_h, and
                         takes in.shrink into account: the decoder may reduce first */
    IBX_BYTES = 64,   /* `move` knows 8-bit samples only */
    IBX_ROUNDS = 128  /* `move` computes samples and rounds them, as the encoder would */
};

/* The light a kernel computes in; `wants` returns one or both. Nothing: encoded sRGB values with
 * straight alpha, as in the file. The output is in the same light as the input. */
enum {
    IBX_LINEAR = 1,       /* linear light: pixels add up as photons do */
    IBX_PREMULTIPLIED = 2 /* colour times alpha: for every kernel that mixes pixels */
};

#define IBX_MAX_PASSES 4

typedef struct ibx_filter {
    const char *name;        /* filled by IBX_FILTER: the file's name */
    const char *summary;     /* one line, an imperative sentence, ends with a period */
    const char *category;    /* geometry, colour, tone, blur, detail */
    const char *label;       /* what menus call it where its name is an abbreviation, "3D LUT";
                                NULL: the name in words, "White balance" */
    const char *details;     /* paragraphs: what it does, when to use it, the source; or NULL */
    const char *examples[4]; /* recipes; help, documentation and tests run them */

    size_t params_size; /* sizeof the params struct; 0: no parameters */
    const ibx_param *params;
    size_t state_size; /* sizeof the state struct; zeroed before `prepare` */
    unsigned traits;

    /* All callbacks but `kernel` are optional. In the order in which they run: */

    /* Once per recipe, after the rows are checked: values that must fit one another, files that
     * the parameters name (load them into fields of params that have no row). */
    bool (*open)(void *params, ibx_error *err);
    /* Once per recipe, at its end, also after a failed `open`: frees what `open` loaded. */
    void (*close)(void *params);

    /* Once per image, one thread. Turns the user's values into constants. c->out is not known
     * yet. May allocate; `release` is called for every state, also after a failure. */
    bool (*prepare)(const ibx_call *c, void *state, ibx_error *err);
    void (*release)(void *state);

    /* Changes *out, which starts as a copy of c->in, to the image behind this filter: size,
     * model, alpha, orientation, profile. NULL: nothing changes. */
    void (*head)(const ibx_call *c, ibx_head *out);

    /* A filter may be a chain of passes, each with callbacks of its own (head, wants, source,
     * scratch, kernel, scan, ...) but sharing params and state: a blur that shrinks, smooths and
     * enlarges, say. `plan` and `--stats` call them by their names, if they have any, else by the
     * filter's. Returns how many passes it put into `pass`; 0: there is nothing to do for
     * this image, the step disappears. NULL: the filter itself is the only pass. When `passes`
     * is given, the filter's own kernel, head, source, wants, scan are not used. */
    int (*passes)(const ibx_call *c, const struct ibx_filter *pass[IBX_MAX_PASSES]);

    /* The light that `kernel` and `scan` work in. NULL: encoded, straight. */
    unsigned (*wants)(const ibx_call *c);

    /* The rectangle of input that an output rectangle needs. Grows monotonically with `out`.
     * The engine hands over exactly this. NULL: the same rectangle. */
    ibx_rect (*source)(const ibx_call *c, ibx_rect out);

    /* Bytes of scratch for an output tile; counted in the memory budget. NULL: none. */
    size_t (*scratch)(const ibx_call *c, ibx_rect out);

    /* Computes every sample of out->at from in (in->at is source(c, out->at)). Cannot fail. */
    void (*kernel)(const ibx_call *c, const ibx_tile *in, ibx_tile *out);

    /* For filters whose output samples are samples of the input, moved or chosen, not computed: the
     * same as `kernel`, on pixels as files hold them. It runs in place of `kernel` where they go
     * out as they came in and where the pass wants no other light. `source` may not lie quite
     * outside the image. With the trait IBX_BYTES it is only called for 8-bit samples, size is the
     * number of planes. With IBX_ROUNDS samples are computed after all: the result must be that of
     * `kernel`, rounded; it is only called where the image is saved then and no other step computes
     * any. */
    void (*move)(const ibx_call *c, const ibx_region *in, const ibx_region *out);

    /* The same result from samples as they come from the decoder: in->at is source(c, out->at)
     * without columns outside the image. For a first pass that makes far fewer pixels than it
     * reads, which saves unpacking them. Used instead of `kernel` where the input is 8-bit without
     * alpha. NULL: always `kernel`. */
    void (*packed)(const ibx_call *c, const ibx_packed *in, ibx_tile *out);

    /* A look at the whole image before the first kernel: a histogram, a mean. Every tile of the
     * input goes once through `scan` into one of several zeroed accumulators of acc_size(c)
     * bytes, 64-byte aligned; `merge` adds them up, in any order: so use integers. `finish`
     * turns the sum into state. */
    size_t (*acc_size)(const ibx_call *c);
    void (*scan)(const ibx_call *c, const ibx_tile *in, void *acc);
    void (*merge)(const ibx_call *c, void *into, const void *from);
    bool (*finish)(const ibx_call *c, const void *acc, void *state, ibx_error *err);

    /* Changes params so that the filter in front of a transposition does what it did behind it
     * (swaps width and height). Given only by filters for which the result is the same: the plan
     * then turns the small image instead of the large one. */
    void (*transpose)(void *params);

    /* May luma and chroma each be filtered by itself, as a gray image (see halved_x of its head),
     * with chroma halved so often? Only for filters that are linear in encoded samples and do the
     * same to all colours, or change nothing but luma (BT.601): decoder and encoder then need not
     * convert to RGB and back. The pixels are those of RGB but for rounding and for colours that
     * RGB cannot hold. NULL: no. */
    bool (*planewise)(const void *params, int halved_x, int halved_y);

    /* For filters that average neighbours: the reduction, in each direction, that would lose about
     * as much detail. Where the recipe begins with such a filter the decoder need not decode what
     * is finer. NULL: all detail is needed. */
    double (*averages)(const void *params);
} ibx_filter;

/* Defines the filter `id`, which must be the file's name. Filters are compiled twice, for the
 * baseline CPU and for x86-64-v3; IBX_VARIANT keeps the two apart. */
#ifndef IBX_VARIANT
#define IBX_VARIANT baseline
#endif
#define IBX_JOIN_(a, b) ibx_filter_##a##_##b
#define IBX_JOIN(a, b) IBX_JOIN_(a, b)
#define IBX_FILTER(id, ...)                                                                        \
    extern const ibx_filter IBX_JOIN(id, IBX_VARIANT);                                             \
    const ibx_filter IBX_JOIN(id, IBX_VARIANT) = {.name = #id, __VA_ARGS__}

/* Names of this variant's functions and tables. A header of tools for filters says `#define
 * ibx_tool IBX_OWN(ibx_tool, IBX_VARIANT)` for everything that it declares and that a
 * file *_kernels.c in src/core defines. */
#define IBX_OWN_(name, variant) name##_##variant
#define IBX_OWN(name, variant) IBX_OWN_(name, variant)

/* ---- helpers ------------------------------------------------------------------------------ */

/* NaN becomes lo, so that the result can be an index. */
static inline float ibx_clamp(float v, float lo, float hi) {
    return v > lo ? (v < hi ? v : hi) : lo;
}

static inline int ibx_min(int a, int b) {
    return a < b ? a : b;
}

static inline int ibx_max(int a, int b) {
    return a > b ? a : b;
}

/* Number of planes that hold colour in this call's input (all but alpha). */
static inline int ibx_colours(const ibx_call *c) {
    return (int)c->in.model;
}

/* Copies the planes from `first` on, of the pixels of out->at, unchanged. What a colour filter
 * does with alpha: ibx_copy(in, out, ibx_colours(c)). */
static inline void ibx_copy(const ibx_tile *in, ibx_tile *out, int first) {
    for (int p = first; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++)
            memcpy(ibx_at(out, p, out->at.x, y), ibx_at(in, p, out->at.x, y),
                   (size_t)out->at.w * sizeof(float));
}

/* A length in pixels of a side that has `whole` pixels. */
static inline int ibx_pixels(ibx_length l, int whole) {
    const double v = l.percent ? (double)l.value * whole / 100 : (double)l.value;
    return (int)floor(v + 0.5);
}

/* x to the power e for finite x > 0; a number without meaning for other x. Absolute error below
 * 2e-7 for results up to 1, relative below 1e-5 for |e| up to 10; 1 gives 1. Unlike powf it
 * vectorises, and it gives the same bits on every CPU. By 2^(e log2 x): an odd series for the
 * logarithm of x scaled into sqrt(1/2)..sqrt(2), a Taylor polynomial for the fraction of 2^t. */
static inline float ibx_pow(float x, float e) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t k = (int32_t)(bits - 0x3f3504f3u) >> 23; /* x = 2^k m */
    bits -= (uint32_t)k << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1) / (m + 1), q = s * s;
    const float log2m =
        s * (2.88539008f +
             q * (0.961796694f + q * (0.577078016f + q * (0.412198583f + q * 0.320598898f))));
    float t = e * ((float)k + log2m);
    t = t > -126 ? t : -126;
    t = t < 126 ? t : 126;
    const float n = (t + 12582912.0f) - 12582912.0f; /* rounds to an integer */
    const float f = (t - n) * 0.693147181f;
    const float p =
        1 + f * (1 + f * (1 / 2.0f +
                          f * (1 / 6.0f +
                               f * (1 / 24.0f + f * (1 / 120.0f + f * (1 / 720.0f + f / 5040))))));
    bits = (uint32_t)((int32_t)n + 127) << 23;
    memcpy(&m, &bits, sizeof m);
    return p * m;
}

/* Transfer curve of sRGB (IEC 61966-2-1), scalar and exact, for constants. Linear below 0;
 * above 1 the tangent at 1. Kernels get whole tiles converted by the engine: see `wants`. */
static inline double ibx_srgb_to_linear(double v) {
    if (v > 1) return 1 + (v - 1) * (2.4 / 1.055);
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static inline double ibx_linear_to_srgb(double v) {
    if (v > 1) return 1 + (v - 1) * (1.055 / 2.4);
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

#endif
