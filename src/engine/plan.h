/* plan.h - what will be done to one image: recipe + header -> passes, stages, bands, bytes.
 *
 * A plan is pure arithmetic: no pixel is touched, no thread started, no file opened (but filters
 * may load what their parameters name). From top to bottom:
 *
 *   steps    the recipe's steps, with the automatic ones (upright, colour management) put in and
 *            some reordered where the result is the same by definition
 *   passes   what the steps' filters ask to be run, each with the image in front and behind it
 *   stages   passes fused so that a tile goes through all of them while it is in cache
 *   bands    what lies between: a ring of strips where the next reader goes from top to bottom,
 *            else the whole image
 *   saves    the files that are written, each from one stage's output
 *
 * A stage with no band behind it and no save exists only to feed a scan. */
#ifndef IBX_ENGINE_PLAN_H
#define IBX_ENGINE_PLAN_H

#include "codec/codec.h"
#include "core/recipe.h"

/* What the image of a plan is: the whole, or a component of one (see components.c). */
typedef enum { IBX_ALL_COLOURS, IBX_LUMA, IBX_CHROMA } ibx_role;

/* What a plan is made from, besides recipe and header. */
typedef struct {
    int threads;
    size_t memory;      /* a plan that needs more puts whole bands into mapped files, or fails */
    int64_t max_pixels; /* of every image on the way, so that no recipe makes a monster */
    bool in_memory;     /* a plan that needs more fails, and encoders make no files either */
    const ibx_format *const *formats; /* by index of save, for those that name none; NULL: the
                                         input's own */
    int quality;         /* for formats that have it, where the recipe says nothing; 0: default */
    const ibx_codec *to; /* ibx_apply: the one output goes to this codec, as samples of type
                            `sample`; NULL: files, whose formats say */
    ibx_sample sample;
    /* 0: the plan chooses. */
    int decode_rows, strip_rows, tile_w;
    ibx_role role;        /* of the plan among those of components */
    int halve_x, halve_y; /* chroma: how often it is to be halved before it is saved */
} ibx_plan_options;

/* A step made ready for one image. */
typedef struct {
    const ibx_filter *filter;
    const void *params;   /* the recipe's block, or own_params */
    void *own_params;     /* a changed copy or the defaults of an automatic step; owned */
    void *state;          /* owned, released by the filter */
    int number;           /* 1.. as the user counts; 0: automatic */
    const ibx_step *save; /* filter is NULL: write a file here; itself NULL for the implied one */
} ibx_ready;

/* One filter pass with everything that its callbacks need. */
typedef struct {
    const ibx_filter *filter;
    ibx_call call; /* scratch is NULL; kernels get a copy with their own */
    unsigned wants;
    int ready;     /* index of its step */
    bool packed;   /* it reads what the decoder gives, and does so itself */
    double needed; /* pixels of its input that all of its stage's output is made from: less than
                      there are where a pass behind it cuts */
} ibx_pass;

/* What lies behind the decoder (band 0) or behind stage s (band s + 1): strips for other stages
 * and for encoders to read. */
typedef struct {
    ibx_head head;
    bool native;       /* interleaved samples as the decoder gives them, or behind a stage that
                          moves; else planes of float */
    ibx_sample sample; /* of native samples */
    unsigned light;    /* as the stage's last pass left it; native samples: 0 */
    int strip_rows, strips;
    int first, last;    /* strips that readers need */
    int left, right;    /* columns that they need: from left on to the one before right */
    int slots;          /* strips kept at a time, enough for every reader; whole: all of them */
    int tight;          /* the fewest slots that work, for images that run on one thread */
    bool whole;         /* its readers start when it is complete */
    bool mapped;        /* whole, and in an unlinked file because memory is short */
    size_t stride;      /* native: bytes from one row to the next */
    size_t lead;        /* native: bytes in front of the first row of a strip */
    size_t strip_bytes; /* 0 if nothing reads it but encoders, which have strips of their own */
} ibx_band;

/* A file to be written from a stage's output. */
typedef struct {
    const ibx_format *format; /* NULL: to memory */
    const ibx_codec *codec;
    const void *params;
    void *own_params; /* owned */
    const char *name; /* template of its name, or "" */
    int at;           /* passes in front of it */
    ibx_head head;    /* as encoded */
    ibx_sample sample;
    int tail;       /* pass, a point filter, applied for this file only; or -1 */
    int band_rows;  /* of bands that can be compressed by themselves; 0: it has none */
    int pressers;   /* that compress them, where threads would idle */
    bool in_memory; /* its encoder makes no files */
    size_t encoder_bytes, press_bytes; /* of the encoder; of one presser */
} ibx_save;

typedef struct {
    int first, count; /* passes */
    int in;           /* band it reads: 0 is the decoder's, i + 1 that of stage i */
    int first_save, saves;
    int scan;    /* pass whose scan is fed with the output, or -1 */
    bool stored; /* its output band has readers */
    bool waits;  /* starts when all earlier work is complete */
    bool moves;  /* its output is made of the samples that it reads, unchanged: see move.h */
    int tile_w, tile_rows; /* of a tile, which goes through all passes by itself */
    int strip_rows, strips;
    ibx_head head;     /* of its output */
    size_t tile_bytes; /* arena that one thread needs for one tile */
    double overlap;    /* samples read per sample needed, 1 without halo */
} ibx_stage;

#define IBX_MAX_NOTES 8

typedef struct ibx_plan {
    ibx_head input; /* as decoded (after shrinking) */
    ibx_sample sample;
    int shrink;
    int coarse; /* the reduction, or one that loses as much, that the decoder is told to leave out
                   detail for; 0: to decode all */
    ibx_role role;
    struct ibx_plan *component; /* IBX_COMPONENTS plans that run side by side instead of this one's
                                   stages, strip by strip alike; or NULL */
    ibx_ready *ready;
    int readies;
    ibx_pass *pass; /* those of the chain, then the tails of saves */
    int passes;     /* of the chain */
    ibx_stage *stage;
    int stages;
    ibx_band *band; /* stages + 1 */
    ibx_save *save;
    int saves;
    size_t decoder_bytes, band_bytes, mapped_bytes, encoder_bytes, tile_bytes;
    size_t bytes;                  /* memory while it runs, all threads counted, mapped files not */
    char note[IBX_MAX_NOTES][160]; /* what was reordered or put in, as sentences */
    int notes;
} ibx_plan;

/* Makes the plan for an image with this header. On failure *plan is empty and need not be freed.
 * The recipe and info must outlive the plan. */
bool ibx_plan_make(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                   const ibx_plan_options *options, ibx_error *err);
void ibx_plan_free(ibx_plan *plan);

/* The strips [*lo, *hi] of the band in front of stage `s` that strip `j` of its output needs. */
void ibx_plan_reach(const ibx_plan *plan, int s, int j, int *lo, int *hi);

/* components.c: the same for IBX_COMPONENTS plans that run side by side, of any of them: their
 * strips do not need the same rows of the image. */
void ibx_plan_reach_together(const ibx_plan *component, int s, int j, int *lo, int *hi);

/* Prints the plan as text, indented by two blanks. */
void ibx_plan_print(const ibx_plan *plan, FILE *out);

/* ---- parts of ibx_plan_make, in the order in which they run -------------------------------- */

/* steps.c: copies the recipe's steps, puts the automatic ones in, reorders. */
bool ibx_plan_steps(ibx_plan *plan, const ibx_recipe *recipe, const ibx_plan_options *options,
                    ibx_error *err);
/* passes.c: prepares the steps, asks for passes, follows the header through them; finds the
 * places of saves. */
bool ibx_plan_passes(ibx_plan *plan, const ibx_info *info, const ibx_plan_options *options,
                     ibx_error *err);
/* stages.c: cuts passes into stages, chooses tiles, strips and rings. */
bool ibx_plan_stages(ibx_plan *plan, const ibx_plan_options *options, ibx_error *err);

/* components.c: plans for luma and chroma, where neither the recipe nor the formats of input and
 * output need RGB. Where that is not so, plan->component stays NULL. */
void ibx_plan_components(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                         const ibx_plan_options *options);
/* fit.c: adds up what stands in memory at the same time, and lets whole bands go into mapped files
 * until that is within options->memory. */
bool ibx_plan_fit(ibx_plan *plan, const ibx_plan_options *options, ibx_error *err);
/* plan.c: all of the above but components and memory, for an image that is decoded at 1/shrink. */
bool ibx_plan_chain(ibx_plan *plan, int shrink, const ibx_recipe *recipe, const ibx_info *info,
                    const ibx_plan_options *options, ibx_error *err);

/* Passes that are put in to halve chroma, once in each direction. */
extern const ibx_filter ibx_halve_across, ibx_halve_down;

/* Bytes from one row to the next of native samples of this plan. */
size_t ibx_plan_stride(const ibx_plan *plan, const ibx_head *head, ibx_sample sample);

/* What a save tells its codec about the image that is coming. */
ibx_save_job ibx_plan_save_job(const ibx_save *save, const ibx_metadata *metadata);

/* move.c: does a stage only move pixels? What is in front of it is known. */
bool ibx_plan_moves(const ibx_plan *plan, const ibx_stage *stage);

/* The filter that has a trait of a role (IBX_UPRIGHT, IBX_MANAGE, IBX_FLATTEN), or NULL. */
const ibx_filter *ibx_filter_with(unsigned trait);

/* Adds a sentence to plan->note. */
void ibx_plan_note(ibx_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- geometry of fused passes, shared by plan and stage ------------------------------------ */

/* The part of r inside w x h; if there is none, the nearest pixel of the image. */
ibx_rect ibx_rect_inside(ibx_rect r, int w, int h);

static inline bool ibx_rect_same(ibx_rect a, ibx_rect b) {
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

/* For the output rectangle `out` of `count` fused passes: need[i] is the input rectangle of pass
 * i (may reach over the edge), made[i] the part that pass i computes; made[count - 1] = out. */
void ibx_fuse_rects(const ibx_pass *pass, int count, ibx_rect out, ibx_rect *need, ibx_rect *made);

/* At most so many passes are fused. */
#define IBX_MAX_FUSED 32

#endif
