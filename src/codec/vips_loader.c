/* vips_loader.c - which loader of libvips reads a file, and whether it may.
 *
 * libvips finds loaders itself, but for a file whose loader is blocked it either says only that
 * an operation is blocked or tries the next one. Walking its table here gives a sentence that
 * names the loader, and a decision per call: what one batch allows, another does not. */
#include "codec/vips.h"
#include "core/param.h"
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
 * 8.14 writes beside its buffers (valid files crash it). */
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

static bool is_installed(const char *loader) {
    for (int i = 0; i < loaders.count; i++)
        if (!strcmp(loaders.at[i].name, loader)) return true;
    return false;
}

static const char *name_at(const void *list, int i) {
    (void)list;
    return loaders.at[i].name;
}

/* "jxl, pdf, svg" */
static void print_untrusted(char *text, size_t room) {
    text[0] = 0;
    for (int i = 0; i < loaders.count; i++) {
        const size_t used = strlen(text);
        if (loaders.at[i].untrusted)
            g_snprintf(text + used, room - used, "%s%s", used ? ", " : "", loaders.at[i].name);
    }
}

bool ibx_vips_knows_loaders(const char *const *names, ibx_error *err) {
    char all[256];
    if (!ibx_vips_start(err)) return false;
    pthread_once(&loaders.once, list_loaders);
    while (*names && is_installed(*names)) names++;
    if (!*names) return true;
    const char *nearest = ibx_nearest(*names, name_at, NULL, loaders.count);
    if (nearest)
        return ibx_fail(err, IBX_USAGE, "there is no loader \"%s\"; did you mean \"%s\"?", *names,
                        nearest);
    print_untrusted(all, sizeof all);
    return ibx_fail(err, IBX_USAGE, "there is no loader \"%s\"; this libvips has %s to allow",
                    *names, all[0] ? all : "none");
}

/* What no permitted loader takes, recognised by its first bytes. The loaders' own tests are not
 * asked: they are code that must not run on this file (that of svgload never returns from some
 * truncated files). at < 0: the signature lies anywhere in the first bytes. */
static const struct {
    const char *loader; /* "": none reads it */
    const char *what;
    int at, length;
    const char *signature;
} KNOWN[] = {
    {"svg", "an SVG drawing", -1, 4, "<svg"},
    {"svg", "gzip data (perhaps an SVG drawing)", 0, 2, "\x1f\x8b"},
    {"pdf", "a PDF document", 0, 5, "%PDF-"},
    {"jxl", "a JPEG XL image", 4, 8, "JXL \r\n\x87\n"},
    {"jxl", "a JPEG XL codestream", 0, 2, "\xff\x0a"},
    {"ppm", "a PBM image", 0, 2, "P1"},
    {"ppm", "a PGM image", 0, 2, "P2"},
    {"ppm", "a PPM image", 0, 2, "P3"},
    {"ppm", "a PBM image", 0, 2, "P4"},
    {"ppm", "a PGM image", 0, 2, "P5"},
    {"ppm", "a PPM image", 0, 2, "P6"},
    {"ppm", "a PFM image", 0, 2, "PF"},
    {"ppm", "a PFM image", 0, 2, "Pf"},
    {"rad", "a Radiance HDR image", 0, 10, "#?RADIANCE"},
    {"fits", "a FITS image", 0, 9, "SIMPLE  ="},
    {"openexr", "an OpenEXR image", 0, 4, "\x76\x2f\x31\x01"},
    {"mat", "a Matlab file", 0, 8, "MATLAB 5"},
    {"magick", "a BMP image", 0, 2, "BM"},
    {"magick", "a Windows icon", 0, 4, "\0\0\1\0"},
    {"magick", "a Photoshop document", 0, 4, "8BPS"},
    {"", "a damaged TIFF", 0, 4, "II*\0"},
    {"", "a damaged TIFF", 0, 4, "MM\0*"},
    {"", "a damaged BigTIFF", 0, 4, "II+\0"},
    {"", "a damaged BigTIFF", 0, 4, "MM\0+"},
    {"", "a damaged WebP", 8, 4, "WEBP"},
    {"", "a JPEG 2000 image", 4, 8, "jP  \r\n\x87\n"},
    {"", "a JPEG 2000 codestream", 0, 4, "\xff\x4f\xff\x51"},
    {"", "an AVIF image sequence", 4, 8, "ftypavis"},
    {"", "a Windows cursor", 0, 4, "\0\0\2\0"},
    {"", "a QOI image", 0, 4, "qoif"},
};

static bool recognise(size_t i, const uint8_t *head, size_t n) {
    const size_t length = (size_t)KNOWN[i].length;
    if (KNOWN[i].at < 0) return memmem(head, n, KNOWN[i].signature, length) != NULL;
    const size_t at = (size_t)KNOWN[i].at;
    return n >= at + length && !memcmp(head + at, KNOWN[i].signature, length);
}

static size_t first_bytes(ibx_source *from, uint8_t *head, size_t room) {
    if (!from->whole) {
        const ssize_t n = pread(from->fd, head, room, 0);
        return n < 0 ? 0 : (size_t)n;
    }
    const size_t n = (uint64_t)from->size < room ? (size_t)from->size : room;
    memcpy(head, from->whole, n);
    return n;
}

/* The sentence for a file that no permitted loader takes. */
static void explain(ibx_source *from, ibx_error *err) {
    uint8_t head[1024];
    const size_t n = first_bytes(from, head, sizeof head);
    size_t i = 0;
    while (i < G_N_ELEMENTS(KNOWN) && !recognise(i, head, n)) i++;
    if (i == G_N_ELEMENTS(KNOWN))
        ibx_fail(err, IBX_FORMAT, "%s: is not an image of a known format", from->name);
    else if (is_installed(KNOWN[i].loader))
        ibx_fail(err, IBX_FORMAT,
                 "%s: is %s, whose loader is not safe for untrusted files; allow it with "
                 "--allow-loader %s",
                 from->name, KNOWN[i].what, KNOWN[i].loader);
    else
        ibx_fail(err, IBX_FORMAT, "%s: is %s, which this libvips cannot read", from->name,
                 KNOWN[i].what);
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
