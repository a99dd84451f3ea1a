/* vips_stream.c - bytes between our sources and sinks and those of libvips; unnamed files. */
#include "codec/vips.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct {
    ibx_source *from;
    int64_t at;
} reader;

static gint64 on_read(VipsSourceCustom *source, void *data, gint64 length, reader *r) {
    (void)source;
    ssize_t n;
    do n = pread(r->from->fd, data, (size_t)length, r->at);
    while (n < 0 && errno == EINTR);
    if (n > 0) r->at += n;
    return n;
}

static gint64 on_seek(VipsSourceCustom *source, gint64 offset, int whence, reader *r) {
    (void)source;
    const int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? r->at : r->from->size;
    if (base < 0 || offset < -base) return -1;
    return r->at = base + offset;
}

static void free_reader(void *r, GClosure *closure) {
    (void)closure;
    g_free(r);
}

VipsSource *ibx_vips_source(ibx_source *source, ibx_error *err) {
    if (source->whole) {
        VipsSource *s = vips_source_new_from_memory(source->whole, (size_t)source->size);
        if (!s) ibx_vips_fail(err, IBX_MEMORY, source->name, "cannot be read");
        return s;
    }
    reader *r = g_new(reader, 1);
    *r = (reader){source, 0};
    VipsSourceCustom *s = vips_source_custom_new();
    g_signal_connect(s, "seek", G_CALLBACK(on_seek), r);
    g_signal_connect_data(s, "read", G_CALLBACK(on_read), r, free_reader, 0);
    return VIPS_SOURCE(s);
}

int ibx_vips_source_fd(ibx_source *source, ibx_error *err) {
    int fd;
    if (!source->whole) {
        fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 0);
    } else {
        fd = memfd_create("imbrex", MFD_CLOEXEC);
        if (fd >= 0 && !ibx_write_full(fd, source->whole, (size_t)source->size)) {
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0) ibx_fail(err, IBX_IO, "%s: %s", source->name, strerror(errno));
    return fd;
}

/* ---- writing ------------------------------------------------------------------------------- */

static gint64 on_write(VipsTargetCustom *target, const void *data, gint64 length,
                       ibx_vips_forward *f) {
    (void)target;
    if (f->err.code != IBX_OK) return -1;
    return f->sink->write(f->sink, data, (size_t)length, &f->err) ? length : -1;
}

VipsTarget *ibx_vips_target(ibx_vips_forward *forward) {
    VipsTargetCustom *t = vips_target_custom_new();
    g_signal_connect(t, "write", G_CALLBACK(on_write), forward);
    return VIPS_TARGET(t);
}

static bool cannot_reserve(size_t size, const char *where, int why, ibx_error *err) {
    const ibx_code code = why == ENOSPC || why == EDQUOT ? IBX_FULL : IBX_IO;
    return ibx_fail(err, code, "no temporary file of %zu MB in %s: %s (set TMPDIR)", size >> 20,
                    where, strerror(why));
}

/* Space is reserved at once, so that a full disk is known before any work. */
int ibx_vips_unnamed_file(size_t size, bool on_disk, ibx_error *err) {
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/var/tmp";
    const int fd = on_disk ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
                           : memfd_create("imbrex", MFD_CLOEXEC);
    const int why = fd < 0 ? errno : size ? posix_fallocate(fd, 0, (off_t)size) : 0;
    if (!why) return fd;
    if (fd >= 0) close(fd);
    cannot_reserve(size, on_disk ? folder : "memory", why, err);
    return -1;
}

bool ibx_vips_write_at(int fd, const void *data, size_t size, off_t at, ibx_error *err) {
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const uint8_t *)data + done, size - done, at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return ibx_fail(err, errno == ENOSPC ? IBX_FULL : IBX_IO,
                            "a temporary file cannot be written: %s (set TMPDIR)", strerror(errno));
        if (n > 0) done += (size_t)n;
    }
    return true;
}

bool ibx_vips_send_file(int fd, ibx_sink *sink, ibx_error *err) {
    enum { CHUNK = 1 << 18 };
    uint8_t *chunk = malloc(CHUNK);
    if (!chunk) return ibx_fail(err, IBX_MEMORY, "no memory to write the file");
    bool fine = true;
    ssize_t n = 1;
    for (off_t at = 0; fine && n; at += n) {
        do n = pread(fd, chunk, CHUNK, at);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            fine = ibx_fail(err, IBX_IO, "a temporary file cannot be read: %s", strerror(errno));
        else if (n)
            fine = sink->write(sink, chunk, (size_t)n, err);
    }
    free(chunk);
    return fine;
}
