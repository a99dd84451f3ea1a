/* input.c - whole files, and large files in chunks. */
#include "engine/input.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until `size` bytes are there or the file ends. Returns the bytes, or -1 with errno. */
static ssize_t read_full(int fd, uint8_t *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* ---- the decoder's side --------------------------------------------------------------------- */

static bool next_whole(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)err;
    ibx_input *in = (ibx_input *)source;
    *data = in->whole;
    *size = in->given ? 0 : (size_t)source->size;
    in->given = true;
    return true;
}

/* Decoder: waits until there is a chunk or the file has ended. The lock is held. */
static void wait_for_more(ibx_input *in) {
    if (in->count > 0 || in->ended) return;
    const int64_t begin = ibx_trace_now(in->desk->trace);
    const double from = ibx_clock_ms();
    while (in->count == 0 && !in->ended) pthread_cond_wait(&in->more, &in->desk->lock);
    in->wait_ms += ibx_clock_ms() - from;
    ibx_trace_add(in->desk->trace, (ibx_span){.kind = IBX_SPAN_WAIT, .begin = begin});
}

/* Gives the chunk before this one back, then waits for the next. */
static bool next_chunk(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    ibx_input *in = (ibx_input *)source;
    pthread_mutex_lock(&in->desk->lock);
    if (in->given) {
        in->first = (in->first + 1) % IBX_CHUNKS;
        in->count--;
        in->given = false;
        ibx_desk_ring(in->desk);
    }
    wait_for_more(in);
    in->given = in->count > 0;
    *data = in->given ? in->chunk[in->first] : NULL;
    *size = in->given ? in->filled[in->first] : 0;
    const int failure = in->given ? 0 : in->failure;
    pthread_mutex_unlock(&in->desk->lock);
    return failure == 0 || ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(failure));
}

/* ---- the I/O thread's side ------------------------------------------------------------------ */

/* Moves the `size` bytes that are there into a block of `room`. */
static bool enlarge(ibx_input *in, size_t size, size_t room, ibx_error *err) {
    uint8_t *data = ibx_lend(in->desk->lender, room);
    if (!data) return ibx_fail(err, IBX_MEMORY, "no memory for %zu MB of input", room >> 20);
    if (size > 0) memcpy(data, in->whole, size);
    ibx_take_back(in->desk->lender, in->whole);
    in->whole = data;
    return true;
}

/* Standard input and other pipes: their size is known at their end. */
static bool read_pipe(ibx_input *in, int fd, ibx_error *err) {
    size_t size = 0, room = 0;
    for (;;) {
        if (size == room) {
            room = room ? 2 * room : IBX_CHUNK;
            if (!enlarge(in, size, room, err)) return false;
        }
        const ssize_t n = read_full(fd, in->whole + size, room - size);
        if (n < 0) return ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
        if (n == 0) break;
        size += (size_t)n;
    }
    in->source.size = (int64_t)size;
    return true;
}

static bool read_whole(ibx_input *in, int fd, ibx_error *err) {
    const size_t size = (size_t)in->source.size;
    if (!enlarge(in, 0, size + 1, err)) return false;
    const ssize_t n = read_full(fd, in->whole, size);
    if (n < 0) return ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
    in->source.size = n;
    return true;
}

static bool start_chunks(ibx_input *in, int fd, ibx_error *err) {
    in->source.fd = fd;
    in->source.next = next_chunk;
    for (int i = 0; i < IBX_CHUNKS; i++) {
        in->chunk[i] = ibx_lend(in->desk->lender, IBX_CHUNK);
        if (!in->chunk[i]) return ibx_fail(err, IBX_MEMORY, "no memory for a file's chunks");
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    ibx_input_refill(in);
    return in->failure == 0 || ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(in->failure));
}

/* What kind of file it is decides how it is read. */
static bool start(ibx_input *in, int fd, size_t most, ibx_error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0) return ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
    if (S_ISDIR(st.st_mode)) return ibx_fail(err, IBX_IO, "is a directory");
    in->source.size = st.st_size;
    in->mtime_s = st.st_mtim.tv_sec;
    in->mtime_ns = st.st_mtim.tv_nsec;
    in->source.next = next_whole;
    if (!S_ISREG(st.st_mode)) return read_pipe(in, fd, err);
    return (uint64_t)st.st_size <= most ? read_whole(in, fd, err) : start_chunks(in, fd, err);
}

bool ibx_input_open(ibx_input *in, ibx_desk *desk, const char *path, size_t most, ibx_error *err) {
    const double begin = ibx_clock_ms();
    *in = (ibx_input){.source = {.name = path, .fd = -1}, .desk = desk};
    pthread_cond_init(&in->more, NULL);
    const int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    const bool ok = fd >= 0 ? start(in, fd, most, err)
                            : ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
    if (fd >= 0 && in->source.fd != fd) close(fd);
    in->source.whole = in->whole;
    in->read_ms = ibx_clock_ms() - begin;
    if (!ok) ibx_input_close(in);
    return ok;
}

bool ibx_input_refill(ibx_input *in) {
    if (in->source.next != next_chunk) return false;
    const double begin = ibx_clock_ms();
    bool any = false;
    for (;;) {
        pthread_mutex_lock(&in->desk->lock);
        const bool full = in->count == IBX_CHUNKS || in->ended;
        const int slot = (in->first + in->count) % IBX_CHUNKS;
        pthread_mutex_unlock(&in->desk->lock);
        if (full) break;
        const ssize_t n = read_full(in->source.fd, in->chunk[slot], IBX_CHUNK);
        const int failure = n < 0 ? errno : 0;
        pthread_mutex_lock(&in->desk->lock);
        in->filled[slot] = n > 0 ? (size_t)n : 0;
        if (n > 0) in->count++;
        in->ended = n < IBX_CHUNK;
        in->failure = failure;
        pthread_cond_signal(&in->more);
        pthread_mutex_unlock(&in->desk->lock);
        any = true;
    }
    in->read_ms += ibx_clock_ms() - begin;
    return any;
}

ibx_bytes ibx_input_peek(const ibx_input *in) {
    if (in->whole) return (ibx_bytes){in->whole, (size_t)in->source.size};
    return (ibx_bytes){in->chunk[0], in->filled[0]};
}

size_t ibx_input_bytes(const ibx_input *in) {
    return in->whole ? (size_t)in->source.size : (size_t)IBX_CHUNK * IBX_CHUNKS;
}

void ibx_input_close(ibx_input *in) {
    if (in->source.fd >= 0) close(in->source.fd);
    ibx_lender *lender = in->desk ? in->desk->lender : NULL;
    ibx_take_back(lender, in->whole);
    for (int i = 0; i < IBX_CHUNKS; i++) ibx_take_back(lender, in->chunk[i]);
    pthread_cond_destroy(&in->more);
    *in = (ibx_input){.source = {.fd = -1}};
}
