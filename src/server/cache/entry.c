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

/* READ: it is whole, and its header is in *h. */
static ibx_entry_state check(int fd, const char *key, int64_t size, header *h) {
    if (size < (int64_t)sizeof *h) return IBX_ENTRY_CORRUPT;
    if (!read_exactly(fd, h, sizeof *h, 0)) return errno ? IBX_ENTRY_UNREADABLE : IBX_ENTRY_CORRUPT;
    if (!is_plausible(h, key, size)) return IBX_ENTRY_CORRUPT;
    header unsummed = *h;
    unsummed.crc = 0;
    uint32_t crc = libdeflate_crc32(0, &unsummed, sizeof unsummed);
    if (!sum_rest(fd, &crc, size)) return errno ? IBX_ENTRY_UNREADABLE : IBX_ENTRY_CORRUPT;
    return crc == h->crc ? IBX_ENTRY_READ : IBX_ENTRY_CORRUPT;
}

static ibx_entry_state map(int fd, const header *h, ibx_cached *found) {
    const size_t size = sizeof *h + h->meta_size + (size_t)h->size;
    void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return IBX_ENTRY_UNREADABLE;
    const char *meta = (const char *)at + sizeof *h;
    *found = (ibx_cached){.map = at,
                          .map_size = size,
                          .meta = meta,
                          .body = (const uint8_t *)meta + h->meta_size,
                          .size = (size_t)h->size};
    if (meta[h->meta_size - 1] == 0) return IBX_ENTRY_READ;
    ibx_cache_release(found);
    return IBX_ENTRY_CORRUPT;
}

void ibx_cache_release(ibx_cached *found) {
    if (found->map) munmap(found->map, found->map_size);
    *found = (ibx_cached){0};
}

static ibx_entry_state read_file(int fd, const char *key, bool touch, ibx_cached *found) {
    struct stat st;
    header h;
    if (fstat(fd, &st) != 0) return IBX_ENTRY_UNREADABLE;
    if (!S_ISREG(st.st_mode)) return IBX_ENTRY_CORRUPT;
    const ibx_entry_state state = check(fd, key, st.st_size, &h);
    if (state != IBX_ENTRY_READ) return state;
    if (touch) futimens(fd, NULL); /* where it cannot be done, its age is too high: no harm */
    return map(fd, &h, found);
}

ibx_entry_state ibx_entry_read(int root, const char *key, bool touch, ibx_cached *found) {
    char path[IBX_ENTRY_PATH];
    *found = (ibx_cached){0};
    ibx_entry_path(key, path);
    const int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return IBX_ENTRY_GONE;
    if (fd < 0) return errno == ELOOP ? IBX_ENTRY_CORRUPT : IBX_ENTRY_UNREADABLE;
    const ibx_entry_state state = read_file(fd, key, touch, found);
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

/* Meta text and body, and in the end the header with their sum. */
static bool fill(int out, header *h, const char *meta, int in) {
    uint8_t piece[PIECE];
    int64_t to = sizeof *h;
    uint32_t crc = libdeflate_crc32(0, h, sizeof *h);
    crc = libdeflate_crc32(crc, meta, h->meta_size);
    if (!write_exactly(out, meta, h->meta_size, to)) return false;
    to += h->meta_size;
    for (int64_t from = 0, left = (int64_t)h->size; left > 0;) {
        const size_t n = left < PIECE ? (size_t)left : PIECE;
        if (!read_exactly(in, piece, n, from) || !write_exactly(out, piece, n, to)) return false;
        crc = libdeflate_crc32(crc, piece, n);
        from += (int64_t)n;
        to += (int64_t)n;
        left -= (int64_t)n;
    }
    h->crc = crc;
    return write_exactly(out, h, sizeof *h, 0);
}

bool ibx_entry_write(int root, const char *key, const char *meta, int fd, int64_t size) {
    draft d = {.root = root};
    header h = {
        .version = VERSION, .size = (uint64_t)size, .meta_size = (uint32_t)strlen(meta) + 1};
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    memcpy(h.key, key, IBX_KEY_DIGITS);
    ibx_entry_path(key, d.path);
    if (!open_draft(&d)) return false;
    const bool good = fill(d.fd, &h, meta, fd) && place(&d);
    const int why = errno;
    if (!good && d.draft[0]) unlinkat(root, d.draft, 0);
    close(d.fd);
    errno = why;
    return good;
}
