/* decoded.c - see decoded.h. */
#include "decoded.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void *must(void *p) {
    if (p) return p;
    fprintf(stderr, "no memory for a test\n");
    abort();
}

blob blob_read(const char *path) {
    blob b = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return b;
    fseek(f, 0, SEEK_END);
    b.size = (size_t)ftell(f);
    rewind(f);
    b.data = must(malloc(b.size + 1));
    b.size = fread(b.data, 1, b.size, f);
    fclose(f);
    return b;
}

/* ---- a source in pieces ------------------------------------------------------------------- */

static bool next_piece(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)err;
    pieces *p = (pieces *)source;
    const size_t left = p->bytes.size - p->at;
    *size = p->piece < left ? p->piece : left;
    free(p->chunk);
    p->chunk = must(malloc(*size + 1));
    memcpy(p->chunk, p->bytes.data + p->at, *size);
    p->at += *size;
    *data = p->chunk;
    return true;
}

void pieces_init(pieces *p, blob bytes, size_t piece) {
    *p = (pieces){.source = {.name = "test", .next = next_piece, .size = -1, .fd = -1},
                  .bytes = bytes,
                  .piece = piece};
}

void pieces_free(pieces *p) {
    if (p->source.fd >= 0) close(p->source.fd);
    free(p->chunk);
    p->chunk = NULL;
}

/* Gives them a file of the same bytes. */
static void pieces_seek(pieces *p) {
    p->source.fd = memfd_create("test", MFD_CLOEXEC);
    p->source.size = (int64_t)p->bytes.size;
    if (write(p->source.fd, p->bytes.data, p->bytes.size) != (ssize_t)p->bytes.size) abort();
}

/* ---- decoding ----------------------------------------------------------------------------- */

static void copy_metadata(decoded *d) {
    ibx_metadata *m = &d->info.metadata;
    const ibx_bytes *from[] = {&m->exif, &m->xmp, &m->iptc, &m->profile};
    ibx_bytes *to[] = {&d->metadata.exif, &d->metadata.xmp, &d->metadata.iptc,
                       &d->metadata.profile};
    for (int i = 0; i < 4; i++)
        if (!ibx_metadata_set(to[i], from[i]->data, from[i]->size)) abort();
    *m = d->metadata;
    d->info.head.profile = d->metadata.profile;
}

/* Reads one strip into memory of exactly its size, so that the sanitizer sees what is written
 * outside, and copies it to its place. */
static bool read_strip(const ibx_codec *codec, void *decoder, decoded *d, int y, int rows,
                       ibx_error *err) {
    const size_t stride = d->stride + 24; /* even, for samples of 16 bits */
    uint8_t *memory = must(malloc((size_t)rows * stride));
    memset(memory, 0xA5, (size_t)rows * stride);
    const ibx_strip s = {d->info.sample, ibx_planes(&d->info.head), d->info.head.w, y, rows, stride,
                         memory};
    bool ok = codec->read(decoder, &s, err);
    for (int i = 0; i < rows && ok; i++) {
        const uint8_t *row = memory + (size_t)i * stride;
        for (size_t k = d->stride; k < stride; k++)
            if (row[k] != 0xA5) ok = ibx_fail(err, IBX_BUG, "row %d was written beyond its end", y);
        memcpy(d->pixels + (size_t)(y + i) * d->stride, row, d->stride);
    }
    free(memory);
    return ok;
}

static bool read_all(const ibx_codec *codec, void *decoder, how h, decoded *d, ibx_error *err) {
    if (h.shrink > 1 && !codec->start(decoder, h.shrink, &d->info, err)) return false;
    if (d->info.coarsens > 0 && h.reduction >= d->info.coarsens)
        codec->coarsen(decoder, h.reduction);
    const ibx_head *head = &d->info.head;
    const size_t sample = d->info.sample == IBX_U8 ? 1 : d->info.sample == IBX_U16 ? 2 : 4;
    d->stride = (size_t)head->w * (size_t)ibx_planes(head) * sample;
    d->pixels = must(calloc((size_t)head->h, d->stride));
    const int strip = h.strip ? h.strip : head->h;
    const int skip = codec->skip ? h.skip : 0;
    if (h.need > 0 && codec->columns) codec->columns(decoder, h.left, h.need);
    if (skip > 0 && !(codec->skip)(decoder, skip, err)) return false;
    for (int y = skip; y < head->h; y += strip)
        if (!read_strip(codec, decoder, d, y, ibx_min(strip, head->h - y), err)) return false;
    return true;
}

bool decode(blob bytes, how h, decoded *d, ibx_error *err) {
    const ibx_decode_limits limits = {
        .max_pixels = h.max_pixels, .memory = h.memory, .accept_damage = h.accept_damage};
    ibx_memory_source whole;
    pieces parts;
    ibx_error unused;
    if (!err) err = &unused;
    *err = (ibx_error){0};
    *d = (decoded){0};
    const ibx_codec *codec = ibx_codec_jpeg.sniff(bytes.data, bytes.size)  ? &ibx_codec_jpeg
                             : ibx_codec_png.sniff(bytes.data, bytes.size) ? &ibx_codec_png
                                                                           : NULL;
    if (!codec) return ibx_fail(err, IBX_FORMAT, "neither JPEG nor PNG");
    ibx_memory_source_init(&whole, "test", bytes.data, bytes.size);
    pieces_init(&parts, bytes, h.piece);
    if (h.seeks) pieces_seek(&parts);
    void *decoder = codec->open(h.piece ? &parts.source : &whole.source, &limits, &d->info, err);
    bool ok = decoder != NULL;
    if (ok) {
        copy_metadata(d);
        ok = read_all(codec, decoder, h, d, err);
    }
    codec->close(decoder);
    pieces_free(&parts);
    if (!ok) decoded_free(d);
    return ok;
}

void decoded_free(decoded *d) {
    ibx_metadata_free(&d->metadata);
    free(d->pixels);
    *d = (decoded){0};
}

/* ---- encoding ----------------------------------------------------------------------------- */

static bool write_all(const ibx_codec *codec, void *encoder, const ibx_save_job *job,
                      const uint8_t *pixels, int strip, ibx_error *err) {
    const int planes = ibx_planes(&job->head), h = job->head.h;
    const size_t stride = (size_t)job->head.w * (size_t)planes * (job->sample == IBX_U8 ? 1 : 2);
    for (int y = 0; y < h; y += strip) {
        const int rows = ibx_min(strip, h - y);
        const size_t size = (size_t)rows * stride;
        uint8_t *copy = must(malloc(size)); /* of exactly this size, for the sanitizer */
        memcpy(copy, pixels + (size_t)y * stride, size);
        const ibx_strip s = {job->sample, planes, job->head.w, y, rows, stride, copy};
        const bool ok = codec->write(encoder, &s, err);
        free(copy);
        if (!ok) return false;
    }
    return codec->finish(encoder, err);
}

bool encode(const ibx_save_job *job, const void *pixels, int strip, blob *out, ibx_error *err) {
    ibx_memory_sink sink;
    ibx_memory_sink_init(&sink);
    *out = (blob){0};
    const ibx_codec *codec = ibx_codec_for_writing(job->format, err);
    void *encoder = codec ? codec->create(&sink.sink, job, err) : NULL;
    const bool ok =
        encoder && write_all(codec, encoder, job, pixels, strip ? strip : job->head.h, err);
    if (codec) codec->destroy(encoder);
    if (ok)
        *out = (blob){sink.data, sink.size};
    else
        free(sink.data);
    return ok;
}

/* ---- test data ---------------------------------------------------------------------------- */

const char *data_folder(void) {
    const char *folder = getenv("IMBREX_DATA");
    return folder ? folder : SOURCE_DIR "/../shared/data";
}

static int visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

static int walk(const char *path, void (*each)(const char *path, void *user), void *user) {
    struct dirent **entries;
    const int n = scandir(path, &entries, visible, alphasort);
    int count = 0;
    if (n < 0) {
        each(path, user);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char *below = NULL;
        if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0) abort();
        count += walk(below, each, user);
        free(below);
        free(entries[i]);
    }
    free(entries);
    return count;
}

int for_each_file(const char *folder, void (*each)(const char *path, void *user), void *user) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s", data_folder(), folder) < 0) abort();
    DIR *there = opendir(path);
    const int count = there ? walk(path, each, user) : 0;
    if (there) closedir(there);
    free(path);
    return count;
}

/* ---- another decoder ---------------------------------------------------------------------- */

bool decoded_is(const decoded *d, int w, int h, size_t stride, const uint8_t *pixels) {
    return d->info.head.w == w && d->info.head.h == h && d->stride == stride &&
           memcmp(d->pixels, pixels, stride * (size_t)h) == 0;
}

void tally_add(tally *t, bool delivered, bool agreed) {
    t->differ += !agreed;
    t->same += agreed && delivered;
    t->refused += agreed && !delivered;
}

void tally_folders(const char *const *folders, const char *decoder, int least,
                   void (*each)(const char *path, void *tally)) {
    tally t = {0};
    int files = 0;
    for (; *folders; folders++) files += for_each_file(*folders, each, &t);
    if (!files) {
        print_message("no test data in %s (IMBREX_DATA)\n", data_folder());
        skip();
    }
    print_message("%d decodings equal those of %s, %d refused like it\n", t.same, decoder,
                  t.refused);
    assert_int_equal(t.differ, 0);
    assert_true(t.same > least);
}
