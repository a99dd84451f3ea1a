/* imbrex.h - the public interface of libimbrex, for the author of a front-end.
 *
 * Five things can be done here:
 *   - look at what there is: ibx_filters, ibx_formats (walk the tables, print help or forms);
 *   - read a recipe: ibx_recipe_parse, ibx_recipe_print;
 *   - apply a recipe to one image in memory: ibx_apply, or to regions of one: ibx_view;
 *   - apply a recipe to one file, from a descriptor to bytes: ibx_convert;
 *   - apply a recipe to files: ibx_batch_run, with events as it goes.
 *
 * Conventions: a function that can fail takes an ibx_error last and returns false or NULL; its
 * sentence is ready to be shown to a user. Strings and arrays that are passed in are only
 * borrowed for the call. Nothing here keeps global state, prints, or ends the process. A recipe is
 * read-only once parsed and may be used by several threads.
 *
 * The environment variable OMP_WAIT_POLICY should be "passive" before the process starts, or idle
 * threads of the OpenMP runtime burn processor time between images. In a build by clang, whose
 * runtime is libomp, a thread that has called ibx_apply, ibx_convert or ibx_batch_run must not end
 * before the last such call of any other: libomp 14 gives memory back to its thread after its end,
 * and ends the process.
 */
#ifndef IBX_IMBREX_H
#define IBX_IMBREX_H

#include "filter.h"
#include <stdatomic.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "1.2.3" */
const char *ibx_version(void);

/* ---- filters and formats ------------------------------------------------------------------ */

/* All filters, sorted by name. The table lives as long as the process. */
const ibx_filter *const *ibx_filters(size_t *count);

/* The filter of that name, or NULL. */
const ibx_filter *ibx_filter_find(const char *name);

/* What a file format can keep. */
enum {
    IBX_KEEPS_ALPHA = 1,
    IBX_KEEPS_16 = 2,      /* 16 bits per sample */
    IBX_KEEPS_PROFILE = 4, /* an ICC profile */
    IBX_KEEPS_METADATA = 8 /* EXIF and XMP */
};

/* A file format that imbrex writes; its parameters are those of the step `save:NAME`. */
typedef struct {
    const char *name;            /* "jpeg" */
    const char *summary;         /* one line, ends with a period */
    const char *mime;            /* "image/jpeg" */
    const char *const *suffixes; /* ".jpg", ".jpeg", NULL; the first is given to new files */
    unsigned traits;             /* IBX_KEEPS_... */
    size_t params_size;
    const ibx_param *params;
} ibx_format;

const ibx_format *const *ibx_formats(size_t *count);

/* By name ("jpeg") or suffix (".jpg", "jpg"), in any case; or NULL. */
const ibx_format *ibx_format_find(const char *name);

/* ---- recipes ------------------------------------------------------------------------------ */

typedef struct ibx_recipe ibx_recipe;

/* Reads a recipe: steps separated by "/", newlines or blanks; see the README for the grammar.
 * Everything that can be checked without an image is checked. An error names the step, the
 * parameter and the range, or the nearest spelling. Free with ibx_recipe_free. */
ibx_recipe *ibx_recipe_parse(const char *text, ibx_error *err);
void ibx_recipe_free(ibx_recipe *recipe); /* NULL is allowed */

/* The same for a recipe that came from somebody who may not read local files: parameters that name
 * one are refused, before anything is opened. */
ibx_recipe *ibx_recipe_parse_foreign(const char *text, ibx_error *err);

/* The recipe in its canonical spelling: every step, only the parameters that differ from their
 * defaults, one separator. Parsing it gives the same recipe. malloc'd. */
char *ibx_recipe_print(const ibx_recipe *recipe);

/* Has one of its steps a filter with one of these traits (IBX_MANAGE | ..)? */
bool ibx_recipe_has(const ibx_recipe *recipe, unsigned traits);

/* ---- one image in memory ------------------------------------------------------------------ */

typedef enum { IBX_U8, IBX_U16, IBX_F32 } ibx_sample;

/* Interleaved pixels: planes are ibx_planes(&head) samples per pixel, rows `stride` bytes apart.
 * head.orientation must be 1 if unknown. U16 in native byte order, full range. */
typedef struct {
    ibx_head head;
    ibx_sample sample;
    size_t stride;
    void *pixels;
} ibx_image;

typedef struct {
    int threads;               /* 0: as many as the process may use */
    size_t memory;             /* bytes; 0: half of the smaller of RAM and the cgroup's limit. What
                                  the C library keeps of freed memory is not counted: a program that
                                  must stay within it calls mallopt(M_MMAP_THRESHOLD, 1 << 20) */
    int64_t max_pixels;        /* refuse larger inputs; 0: 1 gigapixel */
    const atomic_bool *cancel; /* set it to stop between tiles; NULL: never */
    atomic_int *progress;      /* ibx_apply lets it rise from 0 to 1000 as its strips are done, for
                                  another thread to look at; NULL: nobody looks */
} ibx_limits;

/* Applies a recipe (without `save`) to `in` and stores a new image of sample type `sample` in
 * *out: rows without padding, free it with ibx_image_free. Colours are converted to sRGB by
 * in->head.profile unless the recipe says otherwise, as for files. Starts an OpenMP team of its
 * own; several threads may call it at the same time. On failure *out is empty. */
bool ibx_apply(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample, ibx_image *out,
               const ibx_limits *limits, ibx_error *err);

/* Frees pixels and profile of an image made by ibx_apply and empties it. */
void ibx_image_free(ibx_image *image);

/* ---- regions of one image in memory --------------------------------------------------------- */

/* A recipe made ready for an image of which a front-end holds the pixels, or gets them where it
 * needs them: a preview, a tile of a canvas. Any region of the result can be asked for, in any
 * order; its samples are those that ibx_apply gives there, to the bit.
 *
 *     view = ibx_view_open(recipe, &head, IBX_U8, IBX_U8, NULL, &err)
 *     if (ibx_view_looks(view)) ibx_view_look(view, &whole image, threads, &err)
 *     for every region:
 *         source = ibx_view_source(view, region)
 *         ibx_view_render(view, &pixels of source, &pixels of region, 1, &err)
 */
typedef struct ibx_view ibx_view;

/* Plans, once for all regions; no pixel is touched. `head` and its profile mean what they mean in
 * an ibx_image that ibx_apply is given; `from` and `to` are the types of samples that come in and
 * go out. Of the limits max_pixels and cancel count. The recipe and the profile must outlive the
 * view. NULL with an error where ibx_apply would refuse the image. */
ibx_view *ibx_view_open(const ibx_recipe *recipe, const ibx_head *head, ibx_sample from,
                        ibx_sample to, const ibx_limits *limits, ibx_error *err);
void ibx_view_free(ibx_view *view); /* NULL is allowed */

/* The image that the recipe makes. Its profile belongs to the recipe or to the image. */
const ibx_head *ibx_view_head(const ibx_view *view);

/* The region of the input that a region of the result needs: with its halo, as far as the image
 * reaches; where a filter averages blocks of the image, whole blocks. `out` must lie inside the
 * result. Larger regions need no less than smaller ones. */
ibx_rect ibx_view_source(const ibx_view *view, ibx_rect out);

/* Is there a step that looks at the whole image before anything can be rendered, such as one that
 * counts a histogram? */
bool ibx_view_looks(const ibx_view *view);

/* Lets such steps look; once per view. `whole` is the input. After a failure the view is of no
 * further use. */
bool ibx_view_look(ibx_view *view, const ibx_region *whole, int threads, ibx_error *err);

/* Renders the region out->at into the pixels of `out`, from those of `in`, which hold at least
 * ibx_view_source(view, out->at). A pixel's size is known to the view: `size` need not be set.
 * Several threads may call it at the same time. threads: 1, the calling thread does it all, and
 * no other is started; else it is helped by an OpenMP team of so many, its own included. Fails
 * without memory or when it is cancelled. */
bool ibx_view_render(ibx_view *view, const ibx_region *in, const ibx_region *out, int threads,
                     ibx_error *err);

/* ---- what is in a file -------------------------------------------------------------------- */

typedef struct {
    ibx_head head;          /* as stored; head.profile is not set here */
    char format[16];        /* "jpeg", "png", "tiff", ... */
    char profile[80];       /* description of the ICC profile, or "" */
    int pages;              /* images in the file; imbrex takes the first */
    bool progressive;       /* progressive or interlaced */
    size_t exif, xmp, iptc; /* bytes of metadata */
} ibx_about;

/* Reads the header of a file. allow_loaders as in ibx_batch. */
bool ibx_about_file(const char *path, const char *const *allow_loaders, const ibx_limits *limits,
                    ibx_about *about, ibx_error *err);

/* Are these loaders, as allow_loaders has them? Fails for the first that the installed libvips does
 * not have, with the nearest spelling or those that must be allowed. Loads libvips, unless there is
 * no name in the list; NULL is an empty one. */
bool ibx_loaders_check(const char *const *names, ibx_error *err);

/* What outputs keep of the input's EXIF, XMP and IPTC. */
typedef enum { IBX_META_KEEP, IBX_META_NONE, IBX_META_COPYRIGHT, IBX_META_NO_GPS } ibx_keep;

/* Milliseconds: read and write as the I/O thread saw them; the others are processor time, summed
 * over threads, of the parts of one image. */
typedef struct {
    double read, decode, filter, encode, write;
} ibx_times;

/* What processor time was spent on. */
typedef enum {
    IBX_COST_OPEN,   /* headers and plans, by format, or of refused files */
    IBX_COST_DECODE, /* by format */
    IBX_COST_LOAD,   /* tiles out of strips, samples made floats, linear where wanted */
    IBX_COST_LIGHT,  /* between encoded and linear values, straight and premultiplied alpha */
    IBX_COST_LOOK,   /* the look of a step at the whole image */
    IBX_COST_STEP,   /* a pass of a step */
    IBX_COST_STORE,  /* tiles into strips for a later stage */
    IBX_COST_PACK,   /* floats made samples of a file */
    IBX_COST_ENCODE  /* by format */
} ibx_cost_kind;

/* One account. Names live as long as the process. */
typedef struct {
    ibx_cost_kind kind;
    int number;        /* LOOK, STEP: the step as the user counts, from 1; 0: put in by itself */
    const char *name;  /* the format or the step's filter; else NULL */
    const char *pass;  /* LOOK, STEP: which of the step's passes; else NULL */
    double seconds;    /* of processor time, all threads together */
    double megapixels; /* of the images that it was done to; OPEN: 0 */
} ibx_cost;

typedef struct {
    ibx_cost *cost; /* in the order of ibx_cost_kind, steps in that of the recipe */
    size_t costs;
    int threads;    /* that computed */
    double cpu;     /* seconds of processor time of the whole process during the batch */
    double waiting; /* seconds, summed over threads, without work because a file was being read or
                       written */
    int64_t memory, memory_used; /* the budget, and the most of it in use; bytes */
    int64_t peak;                /* most memory that the process had (VmHWM), bytes; 0: not known */
} ibx_stats;

/* Frees the accounts and empties *stats. */
void ibx_stats_free(ibx_stats *stats);

/* ---- files in memory ------------------------------------------------------------------------- */

/* Memory that is kept from one conversion to the next, as the first touch of fresh memory costs
 * more than most filters: for those who convert many files, one after another. NULL: no memory.
 * For one conversion at a time. Free it with ibx_reserve_free. */
typedef struct ibx_reserve ibx_reserve;
ibx_reserve *ibx_reserve_new(void);
void ibx_reserve_free(ibx_reserve *reserve); /* NULL is allowed */

/* One file through a recipe, from a descriptor to bytes. The same bytes as those of a batch. */
typedef struct {
    const ibx_recipe *recipe;
    int fd;             /* the input: a file open for reading that can be sought; read from its
                           start, its position stays; not closed */
    const char *name;   /* of the input, for error sentences */
    const char *format; /* for `save` steps that leave it open; NULL: that of their name's suffix,
                           else the input's own, by its content */
    int quality;        /* as in ibx_batch, as are the next three */
    ibx_keep metadata;
    bool accept_damage;
    const char *const *allow_loaders;
    bool in_memory;       /* open no temporary files: what needs more memory than the limit fails */
    ibx_limits limits;    /* memory: that the plan may need, the input included */
    ibx_reserve *reserve; /* or NULL */
    ibx_stats *stats;     /* ibx_convert: filled where pixels were computed, `cost` (without OPEN)
                             and `threads` alone, to be freed; NULL: no accounts are kept */
} ibx_conversion;

/* A file that a conversion makes. */
typedef struct {
    const ibx_format *format;
    const char *name; /* what `save:name=` says, or "" */
    int w, h;
} ibx_outcome_file;

/* What a conversion would do. */
typedef struct {
    ibx_about about;
    ibx_outcome_file *output;
    int outputs;
    size_t bytes;      /* memory that it needs while it runs, the input included */
    double megapixels; /* decoded, made by each stage, and encoded: what time grows with */
} ibx_forecast;

/* Reads the header and plans; decodes no pixel. With a recipe of NULL only `about` is filled. After
 * a failure there is nothing to free, and `about` says what was understood of the file until then;
 * its format is "" where that is nothing. */
bool ibx_convert_look(const ibx_conversion *conversion, ibx_forecast *forecast, ibx_error *err);
void ibx_forecast_free(ibx_forecast *forecast);

/* Is told what will be done, before the first bytes come. Borrowed for the call; outputs are in the
 * order of the recipe. False ends the conversion with *err as it left it. */
typedef bool ibx_on_forecast(void *user, const ibx_forecast *forecast, ibx_error *err);

/* Takes the next bytes of an output. Calls for one output come one after another, for different
 * ones perhaps at the same time. False ends the conversion with IBX_FULL. */
typedef bool ibx_on_bytes(void *user, int output, const void *data, size_t size);

/* Runs it. `looked` may be NULL. Times are added to *times. On success *err may hold a warning
 * where damage was accepted: its code is IBX_OK, its text not empty. Starts an OpenMP team of its
 * own, whose threads stay for the next call from the same thread. */
bool ibx_convert(const ibx_conversion *conversion, ibx_on_forecast *looked, ibx_on_bytes *write,
                 void *user, ibx_times *times, ibx_error *err);

/* Does a step say `save:auto`: is the format to be chosen for who asks? Elsewhere than in a server
 * that is the same as `save`. */
bool ibx_recipe_is_automatic(const ibx_recipe *recipe);

/* ---- where time goes ---------------------------------------------------------------------- */

/* What a thread did for a while. */
typedef enum {
    IBX_SPAN_IMAGE,  /* saw to the pixels of an image; other threads may have helped */
    IBX_SPAN_OPEN,   /* read a header, made a plan */
    IBX_SPAN_DECODE, /* a strip of the input */
    IBX_SPAN_FILTER, /* a strip of a stage's output */
    IBX_SPAN_ENCODE, /* a strip of an output */
    IBX_SPAN_WAIT,   /* within DECODE or ENCODE: for the disk */
    IBX_SPAN_READ,   /* a file, or a part of a large one */
    IBX_SPAN_WRITE,
    IBX_SPAN_COMMIT, /* gave a complete file its name */
    IBX_SPAN_MEMORY  /* nothing: at `begin` the memory budget in use changed */
} ibx_span_kind;

/* Spans of one thread are disjoint or one inside the other. */
typedef struct {
    ibx_span_kind kind;
    int thread;         /* 0: the I/O thread; 1.. those that compute */
    int number;         /* FILTER: the stage; ENCODE, WRITE, COMMIT: the output; from 1, else 0 */
    int64_t value;      /* DECODE, FILTER, ENCODE: the strip, from 0; MEMORY: bytes; else 0 */
    const char *input;  /* the file it is about; NULL for WAIT and MEMORY */
    int64_t begin, end; /* microseconds since the batch began */
} ibx_span;

/* Called now and then with spans that have ended, those of one thread in the order of their ends,
 * and with the rest before ibx_batch_run returns; never while on_event or another call is under
 * way. Quick, please: reading waits for it. Borrowed for the duration of the call. */
typedef void ibx_on_spans(void *user, const ibx_span *spans, size_t count);

/* ---- batches ------------------------------------------------------------------------------ */

typedef enum {
    IBX_EXISTS_FAIL,
    IBX_EXISTS_OVERWRITE,
    IBX_EXISTS_SKIP,
    IBX_EXISTS_NEWER
} ibx_exists;

/* Called once, when the batch has been checked and before anything is written: the time to open
 * logs. False with an error ends the batch. */
typedef bool ibx_on_checked(void *user, ibx_error *err);

/* A batch: files through a recipe. Zeroed fields are the defaults. */
typedef struct {
    const ibx_recipe *recipe;
    const char *const *inputs; /* files, or directories that are walked; "-": standard input */
    size_t input_count;
    const char *const *include; /* globs on the path below its directory; NULL-terminated or NULL */
    const char *const *exclude;
    const char *output; /* directory, made if missing; its tree mirrors the inputs'. "-": stdout */
    const char *name;   /* template of output names; NULL: "{dir}{stem}{ext}", and
                           "{dir}{stem}-{w}x{h}{ext}" for recipes that save more than once.
                           {dir} {stem} {ext} {w} {h} {n} {save} */
    const char *format; /* format where the recipe names none; NULL: the input's own */
    int quality;        /* for the formats that have a parameter of that name; 0: their default */
    ibx_exists if_exists;
    bool stop_on_error; /* do not start further images after a failure */
    bool accept_damage; /* write what could be decoded of a damaged file, with a warning */
    bool in_place;      /* allow outputs that are inputs */
    bool keep_mtime;    /* outputs get the input's modification time */
    ibx_keep metadata;
    const char *const *allow_loaders; /* names of untrusted loaders to allow; NULL-terminated */
    /* Files that the caller writes besides images: refused where they are inputs, outputs, read for
     * the batch, or twice the same. "-": standard output. NULL-terminated or NULL. */
    const char *const *logs;
    /* Files that the batch was made from, a recipe or a list of inputs, which no log may be. "-":
     * standard input. NULL-terminated or NULL. */
    const char *const *sources;
    ibx_on_checked *on_checked; /* with the user of on_event; or NULL */
    const atomic_bool *stop; /* set it to start no further images; those in flight are finished and
                                the run ends with IBX_CANCELLED. NULL: never */
    ibx_on_spans *on_spans;  /* gets the timeline, with the user of on_event; NULL: none is kept */
    ibx_stats *stats; /* filled at the end of the run, to be freed; NULL: no accounts are kept */
    ibx_limits limits;
} ibx_batch;

typedef enum {
    IBX_EVENT_LISTED,  /* inputs are known: totals.listed is set */
    IBX_EVENT_STARTED, /* an image is being decoded; of small ones it is told when they end */
    IBX_EVENT_DONE,
    IBX_EVENT_SKIPPED, /* its output exists and if_exists says so */
    IBX_EVENT_FAILED,
    IBX_EVENT_TICK /* a few times per second, for progress displays */
} ibx_event_kind;

typedef struct {
    const char *path;
    const char *format;
    int w, h;
    int64_t bytes;
} ibx_written;

typedef struct {
    int64_t listed, done, failed, skipped; /* images */
    int64_t pixels;                        /* of decoded inputs */
    int64_t bytes_in, bytes_out;
    double seconds;  /* since the batch began */
    ibx_times times; /* sums, in milliseconds */
} ibx_totals;

/* Borrowed for the duration of the callback. */
typedef struct {
    ibx_event_kind kind;
    const char *input;         /* NULL for LISTED and TICK */
    const ibx_written *output; /* DONE: one per save */
    int output_count;
    int w, h; /* of the input, 0 if not known */
    int64_t bytes_in;
    ibx_times times;
    const ibx_error *error;   /* FAILED: why. DONE with accept_damage: what was damaged. */
    const ibx_totals *totals; /* so far, this event included */
} ibx_event;

/* Called from one thread at a time. Quick, please: reading waits for it. */
typedef void ibx_on_event(void *user, const ibx_event *event);

/* Runs the batch to its end. Returns false, with an error, if nothing could be started (no input,
 * two inputs with one output, no output directory) or if the destination can no longer be written
 * (IBX_FULL) or the user stopped it (IBX_CANCELLED). Failures of single images are events and
 * counted in *totals. */
bool ibx_batch_run(const ibx_batch *batch, ibx_on_event *on_event, void *user, ibx_totals *totals,
                   ibx_error *err);

/* Prints to `out` what ibx_batch_run would do, without decoding a pixel or writing a file: for
 * every input its stages, tile size, halo, shrink-on-load, bytes and output names; reordered
 * steps; all collisions. failures: gets the number of inputs that would fail, or NULL. Returns
 * false as ibx_batch_run would. */
bool ibx_batch_plan(const ibx_batch *batch, FILE *out, size_t *failures, ibx_error *err);

#ifdef __cplusplus
}
#endif

#endif
