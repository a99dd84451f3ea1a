/* vips_loader.c - which loader of libvips reads a file, and whether it may.
 *
 * libvips finds loaders itself, but for a file whose loader is blocked it either says only that
 * an operation is blocked or tries the next one. Walking its table here gives a sentence that
 * names the loader, and a decision per call: what one batch allows, another does not. */
#include "codec/vips.h"
#include <pthread.h>
#include <unistd.h>

enum { MAX_LOADERS = 64 };

static struct {
    pthread_once_t once;
    pthread_mutex_t unblock;
    int count;
    ibx_vips_loader at[MAX_LOADERS]; /* by falling priority */
} loaders = {.once = PTHREAD_ONCE_INIT, .unblock = PTHREAD_MUTEX_INITIALIZER};

/* Formats with a codec of our own, and those that are no files of pictures. jp2kload of libvips
 * 8.14 writes beside its buffers (a valid image/jp2 with subsampled components crashes it); */
static const char *const NOT_OURS[] = {"jpegload", "jp2kload", "pngload",    "vipsload",
                                       "rawload",  "csvload",  "matrixload", NULL};

static bool in(const char *word, const char *const *list) {
    for (; list && *list; list++)
        if (!strcmp(word, *list)) return true;
    return false;
}

/* A relative of "tiffload": "tiffload_source", "tiffload_buffer". */
static VipsForeignLoadClass *relative(const char *nick, const char *suffix) {
    char name[64];
    g_snprintf(name, sizeof name, "%s%s", nick, suffix);
    const VipsObjectClass *class = vips_class_find("VipsForeignLoad", name);
    return class ? VIPS_FOREIGN_LOAD_CLASS(class) : NULL;
}

/* Takes the loaders named like "tiffload", each in the form that needs least of a file. */
static void collect(GType type) {
    VipsForeignLoadClass *by_path = g_type_class_ref(type); /* types of libvips never go away */
    const char *nick = VIPS_OBJECT_CLASS(by_path)->nickname;
    const char *end = strstr(nick, "load");
    if (G_TYPE_IS_ABSTRACT(type) || !end || end[4] || in(nick, NOT_OURS)) return;

    VipsForeignLoadClass *by_source = relative(nick, "_source");
    VipsForeignLoadClass *by_buffer = relative(nick, "_buffer");
    ibx_vips_loader l = {0};
    if (by_source && by_source->is_a_source)
        l.class = by_source, l.input = IBX_VIPS_SOURCE;
    else if (by_buffer && by_buffer->is_a_buffer)
        l.class = by_buffer, l.input = IBX_VIPS_BUFFER;
    else if (by_path->is_a)
        l.class = by_path, l.input = IBX_VIPS_PATH;
    if (!l.class || loaders.count == MAX_LOADERS) return;
    l.operation = VIPS_OBJECT_CLASS(l.class)->nickname;
    l.untrusted = VIPS_OPERATION_CLASS(l.class)->flags & VIPS_OPERATION_UNTRUSTED;
    l.priority = VIPS_FOREIGN_CLASS(l.class)->priority;
    g_snprintf(l.name, sizeof l.name, "%.*s", (int)(end - nick), nick);
    loaders.at[loaders.count++] = l;
}

static void *walk(GType type, void *a, void *b) {
    collect(type);
    return vips_type_map(type, walk, a, b);
}

static int by_priority(const void *a, const void *b) {
    const ibx_vips_loader *l = a, *r = b;
    if (l->priority != r->priority) return l->priority < r->priority ? 1 : -1;
    return strcmp(l->name, r->name);
}

static void list_loaders(void) {
    walk(g_type_from_name("VipsForeignLoad"), NULL, NULL);
    qsort(loaders.at, (size_t)loaders.count, sizeof *loaders.at, by_priority);
}

static bool is_a_source(const ibx_vips_loader *l, VipsSource *source) {
    size_t size = 0;
    if (l->input == IBX_VIPS_SOURCE) return l->class->is_a_source(source);
    const void *data = vips_source_map(source, &size);
    return data && l->class->is_a_buffer(data, size);
}

/* Some loaders leave a source unusable after a look at it, so each gets a fresh one. */
static bool is_a(const ibx_vips_loader *l, ibx_source *from, const char *path) {
    if (l->input == IBX_VIPS_PATH) return path && l->class->is_a(path);
    VipsSource *source = ibx_vips_source(from, NULL);
    const bool is = source && is_a_source(l, source);
    if (source) g_object_unref(source);
    return is;
}

bool ibx_vips_wants_path(const char *const *allowed) {
    pthread_once(&loaders.once, list_loaders);
    for (int i = 0; i < loaders.count; i++)
        if (loaders.at[i].input == IBX_VIPS_PATH && in(loaders.at[i].name, allowed)) return true;
    return false;
}

/* libvips' own block is lifted for good; ours is decided anew for every file. */
static void unblock(const ibx_vips_loader *l) {
    pthread_mutex_lock(&loaders.unblock);
    if (VIPS_OPERATION_CLASS(l->class)->flags & VIPS_OPERATION_BLOCKED)
        vips_operation_block_set(g_type_name(G_TYPE_FROM_CLASS(l->class)), FALSE);
    pthread_mutex_unlock(&loaders.unblock);
}

/* What no permitted loader takes, in words. Files with a signature are recognised by it, so that
 * nothing of an untrusted loader need run to name it; the others sniff a few bytes themselves. */
static const struct {
    const char *loader; /* "": none reads it */
    const char *what, *signature;
    int at, length;
} KNOWN[] = {
    {"svg", "an SVG drawing", NULL, 0, 0},
    {"pdf", "a PDF document", NULL, 0, 0},
    {"jxl", "a JPEG XL image", NULL, 0, 0},
    {"ppm", "a PNM image (PPM, PGM, PBM, PFM)", NULL, 0, 0},
    {"rad", "a Radiance HDR image", NULL, 0, 0},
    {"fits", "a FITS image", NULL, 0, 0},
    {"openexr", "an OpenEXR image", "\x76\x2f\x31\x01", 0, 4},
    {"mat", "a Matlab file", "MATLAB 5", 0, 8},
    {"magick", "a BMP image", "BM", 0, 2},
    {"magick", "a Windows icon", "\0\0\1\0", 0, 4},
    {"magick", "a Photoshop document", "8BPS", 0, 4},
    {"", "a JPEG 2000 image", "jP  \r\n\x87\n", 4, 8},
    {"", "a JPEG 2000 codestream", "\xff\x4f\xff\x51", 0, 4},
    {"", "an AVIF image sequence", "ftypavis", 4, 8},
    {"", "a Windows cursor", "\0\0\2\0", 0, 4},
    {"", "a QOI image", "qoif", 0, 4},
};

static const ibx_vips_loader *by_name(const char *name) {
    for (int i = 0; i < loaders.count; i++)
        if (!strcmp(loaders.at[i].name, name)) return &loaders.at[i];
    return NULL;
}

static bool recognise(size_t i, const ibx_vips_loader *l, ibx_source *from, const uint8_t *head) {
    if (KNOWN[i].signature)
        return !memcmp(head + KNOWN[i].at, KNOWN[i].signature, (size_t)KNOWN[i].length);
    return l && l->input == IBX_VIPS_SOURCE && is_a(l, from, NULL);
}

/* The sentence for a file that no permitted loader takes. */
static void explain(ibx_source *from, ibx_error *err) {
    uint8_t head[16] = {0};
    if (from->whole)
        memcpy(head, from->whole, from->size < 16 ? (size_t)from->size : 16);
    else if (pread(from->fd, head, 16, 0) < 0)
        memset(head, 0, sizeof head);
    for (size_t i = 0; i < G_N_ELEMENTS(KNOWN); i++) {
        const ibx_vips_loader *l = by_name(KNOWN[i].loader);
        if (!recognise(i, l, from, head)) continue;
        if (l)
            ibx_fail(err, IBX_FORMAT,
                     "%s: is %s; its loader is not safe for untrusted files: allow it with "
                     "--allow-loader %s",
                     from->name, KNOWN[i].what, KNOWN[i].loader);
        else
            ibx_fail(err, IBX_FORMAT, "%s: is %s, which this libvips cannot read", from->name,
                     KNOWN[i].what);
        return;
    }
    ibx_fail(err, IBX_FORMAT, "%s: is not an image of a known format", from->name);
}

const ibx_vips_loader *ibx_vips_find_loader(ibx_source *from, const char *path,
                                            const char *const *allowed, ibx_error *err) {
    pthread_once(&loaders.once, list_loaders);
    for (int i = 0; i < loaders.count; i++) {
        const ibx_vips_loader *l = &loaders.at[i];
        if ((l->untrusted && !in(l->name, allowed)) || !is_a(l, from, path)) continue;
        if (l->untrusted) unblock(l);
        return l;
    }
    explain(from, err);
    vips_error_clear();
    return NULL;
}
