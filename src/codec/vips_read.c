/* vips_read.c - opens a file through libvips and hands out its rows. */
#include "codec/exif.h"
#include "codec/vips.h"
#include "codec/vips_exif.h"
#include "codec/vips_levels.h"
#include "codec/vips_plain.h"
#include "core/pixels.h"
#include <pthread.h>
#include <unistd.h>

typedef struct {
    ibx_source *source;
    ibx_decode_limits limits;
    const ibx_vips_loader *loader;
    VipsSource *stream;
    bool apart;    /* it must run on a thread of its own, see errand */
    int fd;        /* for loaders that want a path, or -1 */
    char path[40]; /* of that descriptor */
    ibx_vips_level level[IBX_VIPS_LEVELS];
    int levels;
    const ibx_vips_level *chosen; /* among them; NULL: the image itself */
    int w, h;                     /* of the strips' image */
    int left, across;             /* the columns that are needed, from left on */
    ibx_vips_pixels pixels;
    ibx_vips_plain plain; /* piece_w above 0: rows are read by this */
    ibx_metadata metadata;
    bool tolerant;     /* damage was met and accepted: libvips fills in what is missing */
    ibx_error warning; /* that damage */
} decoder;

/* ---- opening ------------------------------------------------------------------------------- */

static bool find_loader(decoder *d, ibx_error *err) {
    const char *const *allowed = d->limits.allow_loaders;
    if (d->source->size == 0) {
        ibx_fail(err, IBX_FORMAT, "%s: is an empty file", d->source->name);
        return false;
    }
    if (ibx_vips_wants_path(allowed)) {
        d->fd = ibx_vips_source_fd(d->source, err);
        if (d->fd < 0) return false;
        g_snprintf(d->path, sizeof d->path, "/proc/self/fd/%d", d->fd);
    }
    const ibx_vips_loader *loader =
        ibx_vips_find_loader(d->source, d->fd >= 0 ? d->path : NULL, allowed, err);
    if (!loader) return false;
    d->loader = loader;
    d->apart = !strcmp(loader->name, "magick");
    return true;
}

static int call_loader(const decoder *d, VipsImage **image) {
    const VipsFailOn fail_on = d->tolerant ? VIPS_FAIL_ON_NONE : VIPS_FAIL_ON_ERROR;
    VipsBlob *blob = NULL;
    const void *input = d->stream;
    if (d->loader->input == IBX_VIPS_PATH) input = d->path;
    if (d->loader->input == IBX_VIPS_BUFFER) input = blob = vips_source_map_blob(d->stream);
    if (!input) return -1;
    int failed;
    if (d->chosen)
        failed = vips_call(d->loader->operation, input, image, "access", VIPS_ACCESS_SEQUENTIAL,
                           "fail_on", fail_on, "page", d->chosen->page, "subifd", d->chosen->subifd,
                           NULL);
    else
        failed = vips_call(d->loader->operation, input, image, "access", VIPS_ACCESS_SEQUENTIAL,
                           "fail_on", fail_on, NULL);
    if (blob) vips_area_unref(VIPS_AREA(blob));
    return failed;
}

/* ImageMagick keeps one cache per OpenMP thread and aborts where it meets a thread of a team that
 * is not its own. So it never sees our threads: it reads header and pixels on one that is no
 * OpenMP thread, the pixels all at once. */
typedef struct {
    const decoder *d;
    VipsImage *in, *out;
    bool failed;
} errand;

static void *run_errand(void *user) {
    errand *e = user;
    if (e->in)
        e->failed = !(e->out = vips_image_copy_memory(e->in));
    else
        e->failed = call_loader(e->d, &e->out);
    vips_thread_shutdown();
    return NULL;
}

static bool run_apart(errand *e) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_errand, e)) return false;
    pthread_join(thread, NULL);
    return !e->failed;
}

/* Runs the loader up to the header. The caller owns the image. */
static VipsImage *load(decoder *d, ibx_error *err) {
    errand e = {.d = d};
    g_clear_object(&d->stream);
    d->stream = ibx_vips_source(d->source, err);
    if (!d->stream) return NULL;
    if (d->apart ? run_apart(&e) : !call_loader(d, &e.out)) return e.out;
    char what[64];
    g_snprintf(what, sizeof what, "cannot be read as %s", d->loader->name);
    ibx_vips_refuse(err, d->source->name, what);
    return NULL;
}

/* What the strips are to be made of. */
static bool load_pixels(decoder *d, VipsImage *image, ibx_error *err) {
    errand e = {.d = d, .in = image};
    if (!d->apart)
        return ibx_vips_pixels_of(image, d->loader->name, d->source->name, &d->pixels, err);
    if (!run_apart(&e)) return ibx_vips_refuse(err, d->source->name, "cannot be read as magick");
    const bool fine = ibx_vips_pixels_of(e.out, d->loader->name, d->source->name, &d->pixels, err);
    g_object_unref(e.out);
    return fine;
}

/* The first image of the file; if damage is accepted, also what is left of one whose header is
 * damaged. */
static VipsImage *load_first(decoder *d, ibx_error *err) {
    ibx_error why = {0};
    VipsImage *image = load(d, &why);
    if (!image && d->limits.accept_damage) {
        d->tolerant = true;
        d->warning = why;
        image = load(d, &why);
    }
    if (!image && err) *err = why;
    return image;
}

static bool within_limits(const decoder *d, const ibx_info *info, ibx_error *err) {
    const int64_t pixels = (int64_t)info->head.w * info->head.h;
    if (d->limits.max_pixels && pixels > d->limits.max_pixels)
        return ibx_fail(err, IBX_LIMIT,
                        "%s: %d x %d pixels are more than the limit of %lld; raise that of pixels",
                        d->source->name, info->head.w, info->head.h,
                        (long long)d->limits.max_pixels);
    if (d->limits.memory && info->decoder_bytes > d->limits.memory)
        return ibx_fail(err, IBX_MEMORY,
                        "%s: decoding %d x %d pixels takes %zu MB, more than the %zu MB of memory "
                        "allowed",
                        d->source->name, info->head.w, info->head.h, info->decoder_bytes >> 20,
                        d->limits.memory >> 20);
    return true;
}

/* ---- what the header says -------------------------------------------------------------------- */

/* HEIF tells its two codecs apart; everything else is named after its loader. */
static const char *format_name(const decoder *d, VipsImage *image) {
    const char *codec = "";
    if (strcmp(d->loader->name, "heif")) return d->loader->name;
    if (vips_image_get_typeof(image, "heif-compression"))
        vips_image_get_string(image, "heif-compression", &codec);
    return !strcmp(codec, "av1") ? "avif" : !strcmp(codec, "hevc") ? "heic" : "heif";
}

/* Bytes per pixel that a loader holds of the whole picture, beside its output; 0: it streams.
 * Measured as peak memory over 10 megapixels. */
static double frame_bytes(const char *loader, double pixel) {
    static const struct {
        const char *loader;
        double fixed, share; /* fixed + share * bytes per pixel */
    } FRAMES[] = {
        {"webp", 5, 1}, {"heif", 4.5, 2}, {"gif", 8, 1},    {"jxl", 12, 4},
        {"svg", 4, 1},  {"pdf", 4, 1},    {"magick", 8, 1}, {"mat", 0, 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(FRAMES); i++)
        if (!strcmp(FRAMES[i].loader, loader)) return FRAMES[i].fixed + FRAMES[i].share * pixel;
    return 0;
}

/* Streaming loaders hold a row of tiles or a strip and half as many again; 512 rows are the most
 * in common use. */
static size_t decoder_bytes(const decoder *d, VipsImage *image) {
    const double w = vips_image_get_width(image), h = vips_image_get_height(image);
    const double pixel = (double)VIPS_IMAGE_SIZEOF_PEL(image);
    const double frame = frame_bytes(d->loader->name, pixel);
    const double rows = h < 1024 ? h : 1024;
    const double file =
        frame > 0 && d->source->size > 0 && !d->source->whole ? (double)d->source->size : 0;
    return (size_t)((frame > 0 ? w * h * frame : w * rows * pixel) + file) + ((size_t)1 << 20);
}

static bool keep_blob(VipsImage *image, const char *name, const char *prefix, size_t prefix_size,
                      ibx_bytes *field) {
    const void *data = NULL;
    size_t size = 0;
    if (!vips_image_get_typeof(image, name) || vips_image_get_blob(image, name, &data, &size))
        return true;
    if (prefix_size && size >= prefix_size && !memcmp(data, prefix, prefix_size)) {
        data = (const char *)data + prefix_size;
        size -= prefix_size;
    }
    return !size || ibx_metadata_set(field, data, size);
}

/* libvips takes the number of longs in a TIFF for the number of bytes. What it cut is dropped: a
 * whole block is a row of datasets (0x1c, record, number, 16-bit length) up to padding zeros. */
static bool is_whole_iptc(ibx_bytes block) {
    const uint8_t *data = block.data;
    size_t at = 0;
    while (at + 5 <= block.size && data[at] == 0x1c)
        at += 5 + ((size_t)data[at + 3] << 8 | data[at + 4]);
    while (at < block.size && !data[at]) at++;
    return at == block.size;
}

static bool keep_metadata(decoder *d, VipsImage *image, ibx_error *err) {
    ibx_metadata *m = &d->metadata;
    const bool kept =
        keep_blob(image, VIPS_META_EXIF_NAME, "Exif\0", 6, &m->exif) &&
        keep_blob(image, VIPS_META_XMP_NAME, NULL, 0, &m->xmp) &&
        keep_blob(image, VIPS_META_IPTC_NAME, NULL, 0, &m->iptc) &&
        (d->pixels.converted || keep_blob(image, VIPS_META_ICC_NAME, NULL, 0, &m->profile));
    if (!is_whole_iptc(m->iptc)) ibx_metadata_set(&m->iptc, NULL, 0);
    if (kept && !m->exif.size && !strcmp(d->loader->name, "tiff"))
        return ibx_vips_exif_read(d->source, &m->exif, err);
    return kept || ibx_fail(err, IBX_MEMORY, "%s: no memory for its metadata", d->source->name);
}

/* HEIF states its orientation itself, libheif has obeyed it, and what EXIF says is a leftover. */
static void obey_loader(decoder *d, int orientation) {
    ibx_exif exif;
    if (orientation == 1 && ibx_exif_open(&exif, d->metadata.exif.data, d->metadata.exif.size))
        ibx_exif_set_upright(&exif);
}

static void fill_info(const decoder *d, VipsImage *image, ibx_info *info) {
    const ibx_vips_pixels *p = &d->pixels;
    const int w = vips_image_get_width(image), h = vips_image_get_height(image);
    info->head = (ibx_head){
        .w = w,
        .h = h,
        .model = p->model,
        .alpha = p->alpha,
        .orientation = vips_image_get_orientation(image),
        .depth = (int)(8 * ibx_sample_size(p->sample)),
        .profile = d->metadata.profile,
        .shrink = 1,
        .full_w = w,
        .full_h = h,
    };
    info->sample = p->sample;
    info->pages = vips_image_get_n_pages(image);
    info->progressive = vips_image_get_typeof(image, "interlaced") != 0;
    info->metadata = d->metadata;
}

/* Looks whether the rows can be read without libvips: if they are what it would give. */
static void find_plain(decoder *d, ibx_info *info) {
    const bool changed = d->pixels.converted || d->pixels.linear || d->pixels.spread;
    if (strcmp(d->loader->name, "tiff") || changed || d->tolerant || d->source->size <= 0) return;
    if (!ibx_vips_plain_open(&d->plain, d->source, 0, &info->head, info->sample)) return;
    info->decoder_bytes = ((size_t)1 << 20) + ibx_vips_plain_bytes(&d->plain);
}

static void find_levels(decoder *d, ibx_info *info) {
    d->w = d->across = info->head.w;
    d->h = info->head.h;
    if (strcmp(d->loader->name, "tiff") || d->source->size <= 0) return;
    d->levels = ibx_vips_levels_find(d->source, d->w, d->h, d->level, &info->direct);
    for (int i = 0; i < d->levels; i++) info->shrinks += d->level[i].shrink;
    info->levels = d->levels > 0;
    info->direct |= d->plain.piece_w > 0;
}

/* Header first and limits before anything that grows with the image. */
static bool prepare(decoder *d, ibx_info *info, ibx_error *err) {
    if (!find_loader(d, err)) return false;
    VipsImage *image = load_first(d, err);
    if (!image) return false;
    *info = (ibx_info){.format = format_name(d, image), .decoder_bytes = decoder_bytes(d, image)};
    info->head.w = vips_image_get_width(image);
    info->head.h = vips_image_get_height(image);
    bool fine =
        within_limits(d, info, err) && load_pixels(d, image, err) && keep_metadata(d, image, err);
    if (fine) {
        obey_loader(d, vips_image_get_orientation(image));
        fill_info(d, image, info);
        find_plain(d, info);
        find_levels(d, info);
    }
    g_object_unref(image);
    return fine;
}

void *ibx_vips_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                    ibx_error *err) {
    if (!ibx_vips_start(err)) return NULL;
    decoder *d = g_new0(decoder, 1);
    d->source = source;
    d->limits = *limits;
    d->fd = -1;
    if (prepare(d, info, err)) return d;
    ibx_vips_close(d);
    return NULL;
}

void ibx_vips_close(void *decoder_) {
    decoder *d = decoder_;
    if (!d) return;
    if (d->pixels.image) g_object_unref(d->pixels.image);
    if (d->stream) g_object_unref(d->stream);
    if (d->fd >= 0) close(d->fd);
    ibx_vips_plain_close(&d->plain);
    ibx_metadata_free(&d->metadata);
    g_free(d);
}

/* ---- levels of a pyramid --------------------------------------------------------------------- */

/* A level that was rounded down gets its last column and row once more. */
static bool round_up(VipsImage **image, int w, int h) {
    VipsImage *whole = NULL;
    if (vips_image_get_width(*image) == w && vips_image_get_height(*image) == h) return true;
    if (vips_embed(*image, &whole, 0, 0, w, h, "extend", VIPS_EXTEND_COPY, NULL)) return false;
    g_object_unref(*image);
    *image = whole;
    return true;
}

/* What the strips are to be made of, of a level. Samples are light or not as in the first image,
 * whatever the level says. */
static bool load_level(decoder *d, ibx_error *err) {
    const ibx_vips_pixels first = d->pixels;
    VipsImage *image = load(d, err);
    if (!image) return false;
    bool fine = load_pixels(d, image, err);
    g_object_unref(image);
    if (!fine) {
        d->pixels = first;
        return false;
    }
    d->pixels.linear = first.linear;
    fine = d->pixels.model == first.model && d->pixels.alpha == first.alpha &&
           d->pixels.sample == first.sample;
    if (first.image) g_object_unref(first.image);
    if (!fine)
        return ibx_fail(err, IBX_FORMAT, "%s: its smaller copies are of another kind",
                        d->source->name);
    return round_up(&d->pixels.image, d->w, d->h) ||
           ibx_vips_refuse(err, d->source->name, "cannot be read at a smaller size");
}

bool ibx_vips_reduce(void *decoder_, int shrink, ibx_info *info, ibx_error *err) {
    decoder *d = decoder_;
    for (int i = 0; i < d->levels; i++)
        if (d->level[i].shrink == shrink) d->chosen = &d->level[i];
    if (!d->chosen)
        return ibx_fail(err, IBX_BUG, "%s: has no copy at 1/%d of its size", d->source->name,
                        shrink);
    d->w = d->across = info->head.w = (info->head.w + shrink - 1) / shrink;
    d->h = info->head.h = (info->head.h + shrink - 1) / shrink;
    const bool plain = d->plain.piece_w > 0;
    ibx_vips_plain_close(&d->plain);
    return (plain && ibx_vips_plain_open(&d->plain, d->source, d->chosen->directory, &info->head,
                                         info->sample)) ||
           load_level(d, err);
}

/* ---- rows ------------------------------------------------------------------------------------ */

void ibx_vips_columns(void *decoder_, int x, int w) {
    decoder *d = decoder_;
    d->left = x;
    d->across = w;
}

/* libvips goes to the rows that are asked for by itself: at once, or by reading up to them. */
bool ibx_vips_skip(void *decoder_, int rows, ibx_error *err) {
    (void)decoder_, (void)rows, (void)err;
    return true;
}

/* Opens the file again, this time telling libvips to go on behind damage. The rows that were
 * delivered are decoded again; they are the same. */
static void reopen(decoder *d) {
    g_clear_object(&d->pixels.image);
    d->tolerant = true;
    VipsImage *image = load(d, NULL);
    if (!image) return;
    if (load_pixels(d, image, NULL)) round_up(&d->pixels.image, d->w, d->h);
    g_object_unref(image);
}

static bool pull(const decoder *d, const ibx_strip *strip, ibx_error *err) {
    return d->pixels.image &&
           ibx_vips_pull(&d->pixels, strip, d->left, d->across, d->source->name, err);
}

/* The strip again, of a file that turned out to be damaged there. Black from where even libvips
 * gives up. */
static void salvage(decoder *d, const ibx_strip *strip) {
    const size_t row_bytes =
        (size_t)strip->w * (size_t)strip->planes * ibx_sample_size(strip->sample);
    if (!d->tolerant) {
        reopen(d);
        if (pull(d, strip, NULL)) return;
    }
    g_clear_object(&d->pixels.image);
    for (int i = 0; i < strip->rows; i++)
        memset(strip->data + (size_t)i * strip->stride, 0, row_bytes);
}

bool ibx_vips_read(void *decoder_, const ibx_strip *strip, ibx_error *err) {
    decoder *d = decoder_;
    ibx_error why = {0};
    if (d->plain.piece_w > 0)
        return ibx_vips_plain_read(&d->plain, d->source, strip, d->left, d->across, err);
    if (!pull(d, strip, &why)) {
        if (!d->limits.accept_damage) {
            if (err) *err = why;
            return false;
        }
        if (d->warning.code == IBX_OK) d->warning = why;
        salvage(d, strip);
    }
    ibx_strip_touch(strip, true);
    if (d->warning.code != IBX_OK && err) *err = d->warning;
    return true;
}
