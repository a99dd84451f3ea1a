/* entry.c - one entry of the cache as a file. */
#include "server/cache/entry.h"
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { VERSION = 1, PIECE = 65536 };

typedef struct {
    char magic[8];
    uint32_t version, crc;
    uint64_t size;
    uint32_t meta_size, zero;
    char key[IBX_KEY_DIGITS];
} header;
_Static_assert(sizeof(header) == 96, "as in entry.h");

static const char MAGIC[8] = {'i', 'b', 'x', 'c', 'a', 'c', 'h', 'e'};

bool ibx_entry_is_key(const char *text) {
    return strlen(text) == IBX_KEY_DIGITS && strspn(text, "0123456789abcdef") == IBX_KEY_DIGITS;
}

void ibx_entry_path(const char *key, char path[IBX_ENTRY_PATH]) {
    snprintf(path, IBX_ENTRY_PATH, "%.2s/%.2s/%s", key, key + 2, key);
}

int64_t ibx_entry_blocks(int64_t size) {
    return (size + IBX_ENTRY_BLOCK - 1) / IBX_ENTRY_BLOCK * IBX_ENTRY_BLOCK;
}

int64_t ibx_entry_size(const char *meta, int64_t size) {
    return (int64_t)sizeof(header) + (int64_t)strlen(meta) + 1 + size;
}

/* Reads exactly that many bytes; a file that ends before is no error of the system: errno 0. */
static bool read_exactly(int fd, void *data, size_t size, int64_t at) {
    while (size > 0) {
        const ssize_t n = pread(fd, data, size, at);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = 0;
        if (n <= 0) return false;
        data = (char *)data + n;
        size -= (size_t)n;
        at += n;
    }
    return true;
}

static bool write_exactly(int fd, const void *data, size_t size, int64_t at) {
    while (size > 0) {
        const ssize_t n = pwrite(fd, data, size, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        data = (const char *)data + n;
        size -= (size_t)n;
        at += n;
    }
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* The checksum of the file behind its header, read and not mapped: an error of the disk is a return
 * value here, and a signal there. */
static bool sum_rest(int fd, uint32_t *crc, int64_t size) {
    uint8_t piece[PIECE];
    for (int64_t at = sizeof(header); at < size;) {
        const size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
        if (!read_exactly(fd, piece, n, at)) return false;
        *crc = libdeflate_crc32(*crc, piece, n);
        at += (int64_t)n;
    }
    return true;
}

static bool is_plausible(const header *h, const char *key, int64_t size) {
    const uint64_t rest = (uint64_t)size - sizeof *h;
    return memcmp(h->magic, MAGIC, sizeof MAGIC) == 0 && h->version == VERSION && h->zero == 0 &&
           h->meta_size > 0 && h->meta_size <= rest && h->size == rest - h->meta_size &&
           memcmp(h->key, key, IBX_KEY_DIGITS) == 0;
}

static uint32_t sum_header(const header *h) {
    header unsummed = *h;
    unsummed.crc = 0;
    return libdeflate_crc32(0, &unsummed, sizeof unsummed);
}

/* The file as a whole. NULL with errno; 0: it has become shorter. */
static GBytes *read_whole(int fd, size_t size) {
    char *data = g_malloc(size);
    if (read_exactly(fd, data, size, 0)) return g_bytes_new_take(data, size);
    g_free(data);
    return NULL;
}

typedef struct {
    void *at;
    size_t size;
} mapping;

static void unmap(void *user) {
    mapping *m = user;
    munmap(m->at, m->size);
    g_free(m);
}

static GBytes *map_whole(int fd, size_t size) {
    void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return NULL;
    mapping *m = g_new(mapping, 1);
    *m = (mapping){at, size};
    return g_bytes_new_with_free_func(at, size, unmap, m);
}

/* Meta text and body of a file that is whole. */
static ibx_entry_state split(GBytes *whole, const header *h, ibx_cached *found) {
    const char *meta = (const char *)g_bytes_get_data(whole, NULL) + sizeof *h;
    if (meta[h->meta_size - 1] != 0) return IBX_ENTRY_CORRUPT;
    found->meta = g_strdup(meta);
    found->body = g_bytes_new_from_bytes(whole, sizeof *h + h->meta_size, (gsize)h->size);
    return IBX_ENTRY_READ;
}

void ibx_cache_release(ibx_cached *found) {
    g_free(found->meta);
    g_bytes_unref(found->body);
    *found = (ibx_cached){0};
}

static ibx_entry_state failed(void) {
    return errno ? IBX_ENTRY_UNREADABLE : IBX_ENTRY_CORRUPT;
}

/* A small file: all of it at once. */
static ibx_entry_state read_small(int fd, const char *key, size_t size, bool trusted,
                                  ibx_cached *found) {
    header h;
    GBytes *whole = read_whole(fd, size);
    if (!whole) return failed();
    const uint8_t *data = g_bytes_get_data(whole, NULL);
    memcpy(&h, data, sizeof h);
    ibx_entry_state state = IBX_ENTRY_CORRUPT;
    if (is_plausible(&h, key, (int64_t)size) &&
        (trusted || libdeflate_crc32(sum_header(&h), data + sizeof h, size - sizeof h) == h.crc))
        state = split(whole, &h, found);
    if (state == IBX_ENTRY_READ) found->copied = (int64_t)size;
    g_bytes_unref(whole);
    return state;
}

static ibx_entry_state read_large(int fd, const char *key, size_t size, bool trusted,
                                  ibx_cached *found) {
    header h;
    if (!read_exactly(fd, &h, sizeof h, 0)) return failed();
    if (!is_plausible(&h, key, (int64_t)size)) return IBX_ENTRY_CORRUPT;
    uint32_t crc = sum_header(&h);
    if (!trusted && !sum_rest(fd, &crc, (int64_t)size)) return failed();
    if (!trusted && crc != h.crc) return IBX_ENTRY_CORRUPT;
    GBytes *whole = map_whole(fd, size);
    if (!whole) return IBX_ENTRY_UNREADABLE;
    const ibx_entry_state state = split(whole, &h, found);
    g_bytes_unref(whole);
    return state;
}

static ibx_entry_stamp stamp_of(const struct stat *st) {
    return (ibx_entry_stamp){
        .inode = st->st_ino,
        .size = st->st_size,
        .modified = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
        .changed = st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec};
}

static bool is_same(const ibx_entry_stamp *a, const ibx_entry_stamp *b) {
    return a->inode == b->inode && a->size == b->size && a->modified == b->modified &&
           a->changed == b->changed;
}

static ibx_entry_state read_file(int fd, const char *key, bool touch, ibx_entry_stamp *stamp,
                                 ibx_cached *found) {
    struct stat st;
    if (fstat(fd, &st) != 0) return IBX_ENTRY_UNREADABLE;
    if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(header)) return IBX_ENTRY_CORRUPT;
    const ibx_entry_stamp now = stamp_of(&st);
    const ibx_entry_state state = (st.st_size < IBX_CACHE_HEAP ? read_small : read_large)(
        fd, key, (size_t)st.st_size, is_same(&now, stamp), found);
    if (state != IBX_ENTRY_READ) return state;
    *stamp = now;
    /* Where it cannot be done, its age is too high: no harm. */
    if (touch && futimens(fd, NULL) == 0 && fstat(fd, &st) == 0) *stamp = stamp_of(&st);
    return state;
}

ibx_entry_state ibx_entry_read(int root, const char *key, bool touch, ibx_entry_stamp *stamp,
                               ibx_cached *found) {
    char path[IBX_ENTRY_PATH];
    *found = (ibx_cached){0};
    ibx_entry_path(key, path);
    const int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return IBX_ENTRY_GONE;
    if (fd < 0) return errno == ELOOP ? IBX_ENTRY_CORRUPT : IBX_ENTRY_UNREADABLE;
    const ibx_entry_state state = read_file(fd, key, touch, stamp, found);
    const int why = errno;
    close(fd);
    errno = why;
    return state;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* A file on its way to its name. */
typedef struct {
    int root, fd;
    char path[IBX_ENTRY_PATH];       /* where it shall be */
    char draft[IBX_ENTRY_PATH + 40]; /* where it is meanwhile; "": nowhere */
} draft;

static bool make_folders(const draft *d) {
    char path[8];
    for (int depth = 1; depth <= 2; depth++) {
        snprintf(path, sizeof path, "%.*s", 3 * depth - 1, d->path);
        if (mkdirat(d->root, path, 0700) != 0 && errno != EEXIST) return false;
    }
    return true;
}

/* A name that no other thread of any server has. */
static void name_draft(draft *d) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(d->draft, sizeof d->draft, "%s" IBX_ENTRY_DRAFT "%d-%lld", d->path, (int)getpid(),
             (long long)now.tv_sec * 1000000000 + now.tv_nsec);
}

/* Opens a file without a name or, where the file system has no such thing, with another one. */
static bool open_once(draft *d) {
    char folder[8];
    snprintf(folder, sizeof folder, "%.5s", d->path);
    d->fd = openat(d->root, folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (d->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return d->fd >= 0;
    name_draft(d);
    d->fd = openat(d->root, d->draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (d->fd < 0) d->draft[0] = 0;
    return d->fd >= 0;
}

static bool open_draft(draft *d) {
    if (open_once(d)) return true;
    return errno == ENOENT && make_folders(d) && open_once(d);
}

static bool link_to(const draft *d, const char *path) {
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", d->fd);
    return linkat(AT_FDCWD, self, d->root, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Gives it its name, also in place of another entry. */
static bool place(draft *d) {
    if (!d->draft[0]) {
        if (link_to(d, d->path)) return true;
        if (errno != EEXIST) return false;
        name_draft(d);
        if (!link_to(d, d->draft)) {
            d->draft[0] = 0;
            return false;
        }
    }
    return renameat(d->root, d->draft, d->root, d->path) == 0;
}

/* Header, meta text and body; a file that is not complete has no name. */
static bool fill(int out, header *h, const char *meta, const void *body) {
    uint32_t crc = sum_header(h);
    crc = libdeflate_crc32(crc, meta, h->meta_size);
    h->crc = h->size > 0 ? libdeflate_crc32(crc, body, (size_t)h->size) : crc;
    return write_exactly(out, h, sizeof *h, 0) &&
           write_exactly(out, meta, h->meta_size, sizeof *h) &&
           write_exactly(out, body, (size_t)h->size, (int64_t)sizeof *h + h->meta_size);
}

bool ibx_entry_write(int root, const char *key, const char *meta, GBytes *body,
                     ibx_entry_stamp *stamp) {
    draft d = {.root = root};
    header h = {.version = VERSION,
                .size = g_bytes_get_size(body),
                .meta_size = (uint32_t)strlen(meta) + 1};
    struct stat st;
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    memcpy(h.key, key, IBX_KEY_DIGITS);
    ibx_entry_path(key, d.path);
    if (!open_draft(&d)) return false;
    const bool good = fill(d.fd, &h, meta, g_bytes_get_data(body, NULL)) && place(&d);
    const int why = errno;
    if (!good && d.draft[0]) unlinkat(root, d.draft, 0);
    *stamp = good && fstat(d.fd, &st) == 0 ? stamp_of(&st) : (ibx_entry_stamp){0};
    close(d.fd);
    errno = why;
    return good;
}
