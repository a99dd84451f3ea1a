/* output.c - chunks from an encoder, a temporary name, a rename. */
#include "engine/output.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first piece grows to this size, because most files are small. */
#define FIRST_PIECE (64 << 10)
#define LEAST_PIECE (4 << 10)
#define MOST_WAITING 4

static bool is_stdout(const ibx_outfile *out) {
    return strcmp(out->path, "-") == 0;
}

/* ---- the encoder's side ---------------------------------------------------------------------- */

static bool too_many(const ibx_outfile *out) {
    return !is_stdout(out) && out->waiting >= MOST_WAITING && out->failure.code == IBX_OK;
}

/* Encoder: waits until pieces have been written. The lock is held. */
static void wait_for_less(ibx_outfile *out) {
    if (!too_many(out)) return;
    const int64_t begin = ibx_trace_now(out->desk->trace);
    const double from = ibx_clock_ms();
    while (too_many(out)) pthread_cond_wait(&out->less, &out->desk->lock);
    out->wait_ms += ibx_clock_ms() - from;
    ibx_trace_add(out->desk->trace, (ibx_span){.kind = IBX_SPAN_WAIT, .begin = begin});
}

/* Puts the current piece up for writing, and waits while too many are. Standard output is only
 * written when the image has succeeded: it cannot be taken back. */
static bool hand_over(ibx_outfile *out, ibx_error *err) {
    pthread_mutex_lock(&out->desk->lock);
    wait_for_less(out);
    *out->tail = out->current;
    out->tail = &out->current->next;
    out->waiting++;
    const ibx_error failure = out->failure;
    ibx_desk_ring(out->desk);
    pthread_mutex_unlock(&out->desk->lock);
    out->current = NULL;
    return failure.code == IBX_OK || ibx_fail(err, failure.code, "%s", failure.text);
}

/* The current piece, with room, at best for so many bytes. NULL without memory. */
static ibx_piece *roomy_piece(ibx_outfile *out, size_t size) {
    ibx_lender *lender = out->desk->lender;
    const size_t used = out->current ? out->current->size : 0;
    const size_t most = out->bytes < FIRST_PIECE ? FIRST_PIECE : IBX_CHUNK;
    if (out->current && used < out->room) return out->current;
    size_t room = most < IBX_CHUNK ? used + (size > used ? size : used) : most;
    room = room < LEAST_PIECE ? LEAST_PIECE : room > most ? most : room;
    ibx_piece *piece = ibx_lend(lender, sizeof *piece + room);
    if (!piece) return NULL;
    piece->next = NULL;
    piece->size = used;
    if (used > 0) memcpy(piece->data, out->current->data, used);
    ibx_take_back(lender, out->current);
    out->current = piece;
    out->room = room;
    return piece;
}

static bool sink_write(ibx_sink *sink, const void *data, size_t size, ibx_error *err) {
    ibx_outfile *out = (ibx_outfile *)sink;
    const uint8_t *from = data;
    while (size > 0) {
        ibx_piece *piece = roomy_piece(out, size);
        if (!piece) return ibx_fail(err, IBX_MEMORY, "no memory for output");
        const size_t left = out->room - piece->size, n = size < left ? size : left;
        memcpy(piece->data + piece->size, from, n);
        piece->size += n;
        out->bytes += (int64_t)n;
        from += n;
        size -= n;
        const bool full = piece->size == out->room && out->room >= FIRST_PIECE; /* grows no more */
        if (full && !hand_over(out, err)) return false;
    }
    return true;
}

void ibx_outfile_open(ibx_outfile *out, ibx_desk *desk, char *path, bool replace) {
    *out = (ibx_outfile){
        .sink = {.write = sink_write}, .desk = desk, .path = path, .fd = -1, .replace = replace};
    out->tail = &out->head;
    pthread_cond_init(&out->less, NULL);
}

void ibx_outfile_flush(ibx_outfile *out) {
    if (!out->current) return;
    pthread_mutex_lock(&out->desk->lock);
    *out->tail = out->current;
    out->tail = &out->current->next;
    out->waiting++;
    pthread_mutex_unlock(&out->desk->lock);
    out->current = NULL;
}

/* ---- the I/O thread's side ------------------------------------------------------------------- */

static ibx_code code_of(int failure) {
    return failure == ENOSPC || failure == EDQUOT || failure == EFBIG ? IBX_FULL : IBX_IO;
}

static bool fail_write(const ibx_outfile *out, int failure, ibx_error *err) {
    return ibx_fail(err, code_of(failure), "%s cannot be written: %s",
                    is_stdout(out) ? "standard output" : out->path, strerror(failure));
}

bool ibx_make_folders(const char *path) {
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s/", path) >= (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) return false;
        *slash = '/';
    }
    return true;
}

/* The folder of a file, with those above it. */
static bool make_folder_of(const char *path) {
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) *slash = '\0';
    const bool ok = slash && ibx_make_folders(folder);
    free(folder);
    return ok;
}

/* A name beside the final one that nobody else has. */
static int open_temporary(ibx_outfile *out) {
    const char *slash = strrchr(out->path, '/');
    const int folder = slash ? (int)(slash - out->path) + 1 : 0;
    for (int attempt = 0; attempt < 100; attempt++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, 0) != sizeof number) return -1;
        free(out->temporary);
        if (asprintf(&out->temporary, "%.*s.imbrex-%016llx.part", folder, out->path,
                     (unsigned long long)number) < 0) {
            out->temporary = NULL;
            return -1;
        }
        const int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

static bool start(ibx_outfile *out) {
    if (out->fd >= 0) return true;
    if (is_stdout(out)) {
        out->fd = dup(STDOUT_FILENO);
        return out->fd >= 0;
    }
    out->fd = open_temporary(out);
    if (out->fd < 0 && errno == ENOENT && make_folder_of(out->path)) out->fd = open_temporary(out);
    if (out->fd >= 0) return true;
    const int failure = errno;
    free(out->temporary);
    out->temporary = NULL;
    errno = failure;
    return false;
}

/* Takes the next piece to write, NULL if there is none. */
static ibx_piece *take(ibx_outfile *out) {
    if (atomic_load(&out->waiting) == 0) return NULL;
    pthread_mutex_lock(&out->desk->lock);
    ibx_piece *piece = out->head;
    if (piece) {
        out->head = piece->next;
        if (!out->head) out->tail = &out->head;
        out->waiting--;
        pthread_cond_signal(&out->less);
    }
    pthread_mutex_unlock(&out->desk->lock);
    return piece;
}

static void write_piece(ibx_outfile *out, const ibx_piece *piece) {
    if (out->failure.code != IBX_OK) return;
    if (start(out) && ibx_write_full(out->fd, piece->data, piece->size)) return;
    const int failure = errno;
    pthread_mutex_lock(&out->desk->lock);
    fail_write(out, failure, &out->failure);
    pthread_cond_signal(&out->less);
    pthread_mutex_unlock(&out->desk->lock);
}

static bool write_all(ibx_outfile *out) {
    const double begin = ibx_clock_ms();
    bool any = false;
    for (ibx_piece *piece; (piece = take(out)); any = true) {
        write_piece(out, piece);
        ibx_take_back(out->desk->lender, piece);
    }
    if (any) out->write_ms += ibx_clock_ms() - begin;
    return any;
}

bool ibx_outfile_write(ibx_outfile *out) {
    return !is_stdout(out) && write_all(out);
}

bool ibx_outfile_write_rest(ibx_outfile *out) {
    return write_all(out);
}

/* Renames to a name that must not exist yet, also where the file system lacks the atomic call. */
static bool rename_new(const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

/* A file that is replaced keeps who may read and write it. */
static bool keep_mode(const ibx_outfile *out) {
    struct stat st;
    if (!out->replace || stat(out->path, &st) != 0 || !S_ISREG(st.st_mode)) return true;
    return fchmod(out->fd, st.st_mode & 0777) == 0;
}

static bool finish(ibx_outfile *out, const ibx_input *mtime) {
    const struct timespec now = {.tv_nsec = UTIME_OMIT};
    if (!start(out)) return false;
    if (is_stdout(out)) return true;
    if (!keep_mode(out)) return false;
    if (mtime) {
        const struct timespec then = {.tv_sec = mtime->mtime_s, .tv_nsec = mtime->mtime_ns};
        if (futimens(out->fd, (struct timespec[]){now, then}) != 0) return false;
    }
    if (out->replace && fsync(out->fd) != 0) return false;
    const int closed = close(out->fd);
    out->fd = -1;
    if (closed != 0) return false;
    return out->replace ? rename(out->temporary, out->path) == 0
                        : rename_new(out->temporary, out->path);
}

bool ibx_outfile_commit(ibx_outfile *out, const ibx_input *mtime, ibx_error *err) {
    if (out->failure.code != IBX_OK)
        return ibx_fail(err, out->failure.code, "%s", out->failure.text);
    const double begin = ibx_clock_ms();
    const bool ok = finish(out, mtime);
    out->write_ms += ibx_clock_ms() - begin;
    if (!ok && errno == EEXIST)
        return ibx_fail(err, IBX_IO, "%s exists; see --if-exists", out->path);
    if (!ok) return fail_write(out, errno, err);
    free(out->temporary);
    out->temporary = NULL;
    return true;
}

void ibx_outfile_close(ibx_outfile *out) {
    for (ibx_piece *piece; (piece = take(out));) ibx_take_back(out->desk->lender, piece);
    ibx_take_back(out->desk->lender, out->current);
    if (out->fd >= 0) close(out->fd);
    if (out->temporary) unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    pthread_cond_destroy(&out->less);
}
