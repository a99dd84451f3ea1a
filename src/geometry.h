/* geometry.h - tools for filters that move pixels.
 *
 * Things that several filters share:
 *   - turning: the eight ways to lay an image down without touching a sample (orient, flip,
 * rotate);
 *   - scaling: separable resampling as two ready-made passes (resize, thumb);
 *   - cutting: keeping a rectangle (crop, thumb);
 *   - mapping: interpolation at the positions of any affine map (rotate);
 *   - placing: nine points of gravity, and a background colour as plane values (crop, pad, rotate);
 *   - interest: the rectangle of an image that is most worth keeping (thumb).
 *
 * Like filters, the code that touches pixels is compiled once per CPU variant, and all variants,
 * compilers and tile shapes give the same bits. */
#ifndef IBX_GEOMETRY_H
#define IBX_GEOMETRY_H

#include "vector.h"

#define ibx_turn IBX_OWN(ibx_turn, IBX_VARIANT)
#define ibx_turn_pixels IBX_OWN(ibx_turn_pixels, IBX_VARIANT)
#define ibx_affine_source IBX_OWN(ibx_affine_source, IBX_VARIANT)
#define ibx_affine_kernel IBX_OWN(ibx_affine_kernel, IBX_VARIANT)
#define ibx_scale_blocks IBX_OWN(ibx_scale_blocks, IBX_VARIANT)
#define ibx_scale_rows IBX_OWN(ibx_scale_rows, IBX_VARIANT)
#define ibx_scale_columns IBX_OWN(ibx_scale_columns, IBX_VARIANT)
#define ibx_scale_both IBX_OWN(ibx_scale_both, IBX_VARIANT)

/* ---- turning ------------------------------------------------------------------------------- */

/* The ways to turn an image, numbered as EXIF orientations are: the value of the tag is the turn
 * that makes the image upright. */
enum {
    IBX_TURN_NONE = 1,
    IBX_TURN_MIRROR = 2,     /* left and right change places */
    IBX_TURN_HALF = 3,       /* by 180 degrees */
    IBX_TURN_FLIP = 4,       /* top and bottom change places */
    IBX_TURN_TRANSPOSE = 5,  /* the main diagonal stays: columns become rows */
    IBX_TURN_CLOCKWISE = 6,  /* by 90 degrees clockwise */
    IBX_TURN_TRANSVERSE = 7, /* the other diagonal stays */
    IBX_TURN_ANTICLOCKWISE = 8
};

/* Do width and height change places? */
static inline bool ibx_turn_swaps(int turn) {
    return turn >= IBX_TURN_TRANSPOSE;
}

/* Is the input of a turn read from right to left; from bottom to top? */
static inline bool ibx_turn_mirrors_x(int turn) {
    return turn == 2 || turn == 3 || turn == 7 || turn == 8;
}

static inline bool ibx_turn_mirrors_y(int turn) {
    return turn == 3 || turn == 4 || turn == 6 || turn == 7;
}

/* Lets width and height of *head change places, if the turn does. For a filter's `head`. */
void ibx_turn_head(int turn, ibx_head *head);

/* Where the rectangle `out` of the turned image comes from in an image of in->w x in->h pixels.
 * For a filter's `source`. */
ibx_rect ibx_turn_source(int turn, const ibx_head *in, ibx_rect out);

/* Moves the samples of in, which is at ibx_turn_source(out->at), to out. Any number of planes.
 * For a filter's `kernel`. */
void ibx_turn(int turn, const ibx_tile *in, ibx_tile *out);

/* The same with whole pixels. For a filter's `move`. */
void ibx_turn_pixels(int turn, const ibx_region *in, const ibx_region *out);

/* ---- scaling ------------------------------------------------------------------------------- */

/* Interpolation kernels, and their words in this order for an IBX_CHOICE. */
enum {
    IBX_KERNEL_LANCZOS3, /* sinc windowed by sinc, 3 lobes: sharp, slight ringing */
    IBX_KERNEL_MITCHELL, /* cubic with B = C = 1/3 (Mitchell and Netravali 1988): soft, no ringing
                          */
    IBX_KERNEL_CATROM,   /* cubic with B = 0, C = 1/2 (Catmull and Rom 1974): between the two */
    IBX_KERNEL_LINEAR,   /* triangle */
    IBX_KERNEL_BOX,      /* exact mean of the area that an output pixel covers, up and down */
    IBX_KERNEL_NEAREST   /* the sample under the centre of the output pixel */
};
#define IBX_KERNEL_WORDS                                                                           \
    { "lanczos3", "mitchell", "catrom", "linear", "box", "nearest", NULL }
#define IBX_KERNEL_LABELS                                                                          \
    (const char *const[]) {                                                                        \
        "Lanczos 3", "Mitchell", "Catmull-Rom", "Linear", "Box", "Nearest", NULL                   \
    }

/* One of the kernels lanczos3 to linear at x (in samples, any sign); 0 from its support on. */
double ibx_kernel_at(int kernel, double x);

/* Half the width of the kernel's non-zero part: 3, 2, 2, 1. */
double ibx_kernel_support(int kernel);

/* Resampling along one axis as a table: output sample i is the sum over k of
 * weight[i * count + k] * input[first[i] + k], 0 <= k < count. All windows lie inside the input,
 * and never go backward. Outputs that look at fewer samples than others have weights of 0 at an
 * end: loops that all take as many steps are foreseen by the processor to their end. */
typedef struct {
    int in, out;   /* samples along the axis */
    int count;     /* taps of an output */
    int *first;    /* out */
    float *weight; /* out * count; of each output they sum up to 1 */
} ibx_taps;

/* Makes the table that spreads the input's samples from `start` over `length` (in samples; sample
 * j covers j to j + 1; both may be fractions) over `out` output samples. Kernels are widened by
 * length / out when that is above 1, so that a reduction does not alias. Samples outside the input
 * count as its edge sample. Where each input sample is the mean of `block` earlier ones, kernels
 * give back the fine detail that those means have weakened; else block is 1. Weights are computed
 * in double. False: no memory. */
bool ibx_taps_make(ibx_taps *taps, int in, double start, double length, int out, int kernel,
                   int block, ibx_error *err);
void ibx_taps_free(ibx_taps *taps); /* zeroed taps are allowed */

/* The weights of output i. */
static inline const float *ibx_weights(const ibx_taps *taps, int i) {
    return taps->weight + (ptrdiff_t)i * taps->count;
}

/* Width and height of the image in *head without shrink-on-load, and without halving where it is a
 * plane of chroma. */
static inline int ibx_full_w(const ibx_head *head) {
    return head->shrink > 1 || head->chroma ? head->full_w : head->w;
}

static inline int ibx_full_h(const ibx_head *head) {
    return head->shrink > 1 || head->chroma ? head->full_h : head->h;
}

/* Gives *head a new size, which is the full one. For a filter's `head`. */
static inline void ibx_set_size(ibx_head *head, int w, int h) {
    head->w = head->full_w = w;
    head->h = head->full_h = h;
    head->full_x = head->full_y = 0;
    head->shrink = 1;
}

/* Scaling of an image: the start of the state of every filter that uses the passes below. */
typedef struct {
    int w, h;         /* of the image that it becomes */
    int across, down; /* of the blocks of which means are taken first; 1: none */
    ibx_taps columns; /* along x */
    ibx_taps rows;    /* along y; the same table if both axes are alike */
    unsigned light;   /* what the passes' `wants` returns */
} ibx_scaling;

/* A rectangle between pixels. */
typedef struct {
    double x, y, w, h;
} ibx_area;

/* Makes both tables: an area of the image becomes out_w x out_h pixels. The area is given in pixels
 * of the full image; shrink-on-load is accounted for, as are planes of chroma, which stay halved.
 * Large reductions begin with means of blocks, so large that the kernel still reduces by 2.5 at
 * least; on photographs that were reduced to 10 % this and rounding to 8 bits came to 54.7 to 58.7
 * dB against the kernel alone, rounding by itself to 59. An axis on which nothing changes gets no
 * table. Free with ibx_scaling_free in any case. */
bool ibx_scaling_make(ibx_scaling *s, const ibx_head *in, ibx_area area, int out_w, int out_h,
                      int kernel, ibx_error *err);
void ibx_scaling_free(ibx_scaling *s);

/* The passes, for filters whose state starts with an ibx_scaling: blocks; then down the columns,
 * where vectors are natural, and along the rows, of which that has left fewer; or one of the two.
 */
extern const ibx_filter ibx_scale_blocks, ibx_scale_rows, ibx_scale_columns, ibx_scale_both;

/* Puts the passes that are needed (none to two) into `pass`; returns how many. */
static inline int ibx_scaling_passes(const ibx_scaling *s, const ibx_filter *pass[]) {
    int n = 0;
    if (s->across > 1 || s->down > 1) pass[n++] = &ibx_scale_blocks;
    if (s->rows.out && s->columns.out)
        pass[n++] = &ibx_scale_both;
    else if (s->rows.out)
        pass[n++] = &ibx_scale_rows;
    else if (s->columns.out)
        pass[n++] = &ibx_scale_columns;
    return n;
}

/* For the passes: the scaling of a call, what a pass makes of *head, and their `wants`. */
static inline const ibx_scaling *ibx_scaling_of(const ibx_call *c) {
    return (const ibx_scaling *)c->state;
}

static inline void ibx_scaling_head(const ibx_call *c, int w, int h, ibx_head *head) {
    ibx_set_size(head, w, h);
    if (!head->chroma) return;
    head->full_w = ibx_scaling_of(c)->w;
    head->full_h = ibx_scaling_of(c)->h;
}

static inline unsigned ibx_scaling_wants(const ibx_call *c) {
    return ibx_scaling_of(c)->light;
}

/* The light for scaling with these values of `kernel` and `light=linear|encoded` (0, 1). Nearest
 * mixes no samples, so it needs no conversion. */
static inline unsigned ibx_scaling_light(int kernel, int light) {
    if (kernel == IBX_KERNEL_NEAREST) return 0;
    return IBX_PREMULTIPLIED | (light == 0 ? IBX_LINEAR : 0);
}

/* How an image fits into an extent. */
enum { IBX_FIT_INSIDE, IBX_FIT_COVER, IBX_FIT_FILL };

/* The size of the (full) image in *in when scaled to an extent: inside it, covering it, or
 * exactly it; a side that is not given follows from the other, and `percent` scales both. Without
 * `grow` never larger than it was. Rounded half up, at least 1. False and IBX_USAGE if a side
 * would exceed IBX_SIDE_MAX. `who` names the filter. */
enum { IBX_SIDE_MAX = 1000000 };
bool ibx_scaled_size(const ibx_head *in, ibx_extent size, int fit, bool grow, const char *who,
                     int *w, int *h, ibx_error *err);

/* ---- cutting ------------------------------------------------------------------------------- */

/* Samples of the image in *in that a rectangle, in pixels of the full image, lies in. */
ibx_rect ibx_cut_samples(const ibx_head *in, ibx_rect full);

/* Makes *head, which starts as that of the input, that of such a rectangle: shrink-on-load is kept.
 * For a filter's `head`. */
void ibx_cut_full(ibx_rect full, ibx_head *head);

/* A filter that keeps a rectangle of its input: `keep` in the input's pixels. */
static inline void ibx_cut_head(ibx_rect keep, ibx_head *head) {
    ibx_set_size(head, keep.w, keep.h);
}

static inline ibx_rect ibx_cut_source(ibx_rect keep, ibx_rect out) {
    return (ibx_rect){out.x + keep.x, out.y + keep.y, out.w, out.h};
}

/* Moves the samples of in, which is at ibx_cut_source(keep, out->at), to out. */
static inline void ibx_cut(const ibx_tile *in, ibx_tile *out) {
    ibx_tile moved = *in;
    moved.at = out->at;
    ibx_copy(&moved, out, 0);
}

/* The same with whole pixels. For a filter's `move`. */
static inline void ibx_cut_pixels(const ibx_region *in, const ibx_region *out) {
    for (int y = 0; y < out->at.h; y++)
        memcpy(out->data + y * out->stride, in->data + y * in->stride,
               (size_t)out->at.w * out->size);
}

/* ---- mapping ------------------------------------------------------------------------------- */

/* Interpolation between samples for maps that keep the scale, and its words. */
enum { IBX_BETWEEN_CATROM, IBX_BETWEEN_LINEAR, IBX_BETWEEN_NEAREST };
#define IBX_BETWEEN_WORDS                                                                          \
    { "catrom", "linear", "nearest", NULL }
#define IBX_BETWEEN_LABELS                                                                         \
    (const char *const[]) {                                                                        \
        "Catmull-Rom", "Linear", "Nearest", NULL                                                   \
    }

/* Output pixel (x, y) shows the input at (xx x + xy y + x0, yx x + yy y + y0), all counted from the
 * centre of the first pixel. */
typedef struct {
    double xx, xy, x0;
    double yx, yy, y0;
    int between;
    float backdrop[IBX_MAX_PLANES]; /* output planes where there is no input; premultiplied */
} ibx_affine;

/* The samples around the positions of `out`, reaching over the image's edges by 2 at most. For a
 * filter's `source`. */
ibx_rect ibx_affine_source(const ibx_affine *map, const ibx_head *in, ibx_rect out);

/* Interpolates. Past the edge the edge is repeated, and how far a pixel stands over it decides the
 * share of the backdrop, so that edges come out smooth. A last plane that the input does not have
 * is alpha. For a filter's `kernel`; its light should be IBX_PREMULTIPLIED. */
void ibx_affine_kernel(const ibx_affine *map, const ibx_head *head, const ibx_tile *in,
                       ibx_tile *out);

/* ---- placing ------------------------------------------------------------------------------- */

/* Words for an IBX_CHOICE of gravity. */
#define IBX_GRAVITY_WORDS                                                                          \
    {                                                                                              \
        "centre", "north", "north-east", "east", "south-east", "south", "south-west", "west",      \
            "north-west", NULL                                                                     \
    }

/* The left (top) coordinate at which `part` pixels lie in `whole` pixels: at the side that the
 * gravity names and `offset` away from it, or in the middle (rounded down) and `offset` to the
 * right (down). Negative if they stand out. */
int ibx_place_x(int gravity, int whole, int part, int offset);
int ibx_place_y(int gravity, int whole, int part, int offset);

/* The colour as values of the planes of `head`, alpha last: gray gets its luma (Rec. 709 weights
 * on encoded values); premultiplied if told. Returns the number of planes. */
int ibx_colour_planes(ibx_colour colour, const ibx_head *head, bool premultiplied, float v[4]);

/* ---- interest ------------------------------------------------------------------------------ */

/* Sums over the cells of a grid that covers the image, as the accumulator of a filter's `scan`.
 * Integers, so the order of tiles does not matter. */
enum { IBX_INTEREST_GRID = 32 };
typedef struct {
    uint64_t opaque;  /* alpha, in 1/255 */
    uint64_t luma;    /* of encoded values times alpha, in 1/255 */
    uint64_t square;  /* of luma */
    uint64_t colour;  /* largest minus smallest of red, green and blue */
    uint64_t skin;    /* 255 for every pixel with the colour of skin */
    uint64_t samples; /* pixels */
} ibx_interest_cell;
typedef struct {
    ibx_interest_cell cell[IBX_INTEREST_GRID][IBX_INTEREST_GRID];
} ibx_interest;

/* Adds a tile (encoded values, straight alpha) of the image in *head, which is gray or RGB. */
void ibx_interest_add(ibx_interest *sums, const ibx_head *head, const ibx_tile *in);
void ibx_interest_merge(ibx_interest *into, const ibx_interest *from);

/* The position of w x h pixels, w <= head->w, h <= head->h, that holds most detail, contrast,
 * strong colour and skin; of equally good ones the most central. */
ibx_rect ibx_interest_best(const ibx_interest *sums, const ibx_head *head, int w, int h);

#endif
