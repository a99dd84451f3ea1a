/* store.c - strips in memory or in a mapped file; tiles in and out of them. */
#include "engine/store.h"
#include "core/pixels.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages of mapped stores that may stand in memory, and what a row of a tile brings in beside
 * itself: the kernel maps that much around every page that is missed. */
#define MOST_TOUCHED (64 << 20)
#define AROUND (64 << 10)

#define AHEAD 4 /* rows of a tile that are on their way from memory */

/* Maps a file that has no name, so that nothing is left behind whatever happens. */
static bool map_file(ibx_store *store, ibx_error *err) {
    const char *dir = getenv("TMPDIR");
    if (!dir || !*dir) dir = "/var/tmp";
    const int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return ibx_fail(err, IBX_IO, "cannot make a temporary file in %s: %s; set TMPDIR", dir,
                        strerror(errno));
    const int failure = posix_fallocate(fd, 0, (off_t)store->bytes);
    void *data =
        failure ? MAP_FAILED : mmap(NULL, store->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int code = failure ? failure : errno;
    close(fd);
    if (data == MAP_FAILED)
        return ibx_fail(err, code == ENOSPC ? IBX_FULL : IBX_IO,
                        "cannot keep %zu MB in a temporary file in %s: %s; set TMPDIR or raise "
                        "--memory",
                        store->bytes / 1000000, dir, strerror(code));
    store->data = data;
    return true;
}

bool ibx_store_open(ibx_store *store, const ibx_band *band, int slots, ibx_lender *lender,
                    ibx_error *err) {
    *store = (ibx_store){.band = band, .slots = slots, .mapped = band->mapped, .lender = lender};
    store->strip_bytes = band->strip_bytes;
    store->stride = band->stride;
    store->lead = band->lead;
    store->bytes = store->strip_bytes * (size_t)slots;
    store->at = (ibx_rect){0, 0, band->head.w, band->head.h};
    if (store->bytes == 0) return true;
    if (store->mapped) return map_file(store, err);
    store->data = ibx_lend(lender, store->bytes);
    return store->data ||
           ibx_fail(err, IBX_MEMORY, "no memory for %zu MB of pixels", store->bytes / 1000000 + 1);
}

void ibx_store_borrow(ibx_store *store, const ibx_band *band, const ibx_strip *pixels) {
    const ibx_region all = {.at = {0, 0, band->head.w, band->head.h},
                            .stride = (ptrdiff_t)pixels->stride,
                            .data = pixels->data};
    ibx_store_borrow_part(store, band, &all);
}

static int strips_of(const ibx_band *band, ibx_rect at) {
    return (at.h + band->strip_rows - 1) / band->strip_rows;
}

void ibx_store_borrow_part(ibx_store *store, const ibx_band *band, const ibx_region *part) {
    *store = (ibx_store){.band = band,
                         .at = part->at,
                         .slots = strips_of(band, part->at),
                         .data = part->data,
                         .stride = (size_t)part->stride,
                         .strip_bytes = (size_t)part->stride * (size_t)band->strip_rows,
                         .borrowed = true};
}

static size_t row_bytes(const ibx_band *band, ibx_rect at) {
    return (size_t)at.w * (size_t)ibx_planes(&band->head) * ibx_sample_size(band->sample);
}

size_t ibx_store_part_bytes(const ibx_band *band, ibx_rect at) {
    return row_bytes(band, at) * (size_t)band->strip_rows * (size_t)strips_of(band, at);
}

void ibx_store_over(ibx_store *store, const ibx_band *band, ibx_rect at, uint8_t *data) {
    const ibx_region part = {.at = at, .stride = (ptrdiff_t)row_bytes(band, at), .data = data};
    ibx_store_borrow_part(store, band, &part);
}

void ibx_store_close(ibx_store *store) {
    if (store->borrowed) return;
    if (store->mapped && store->data)
        munmap(store->data, store->bytes);
    else
        ibx_take_back(store->lender, store->data);
    store->data = NULL;
}

ibx_strip ibx_store_strip(const ibx_store *store, int number) {
    const ibx_band *b = store->band;
    const int y = store->at.y + number * b->strip_rows;
    return (ibx_strip){
        .sample = b->sample,
        .planes = ibx_planes(&b->head),
        .w = store->at.w,
        .y = y,
        .rows = ibx_min(b->strip_rows, store->at.y + store->at.h - y),
        .stride = store->stride,
        .data = store->data + (size_t)(number % store->slots) * store->strip_bytes + store->lead,
    };
}

/* The number of the strip with row y of the image. */
static int strip_at(const ibx_store *store, int y) {
    return (y - store->at.y) / store->band->strip_rows;
}

/* The sample (x, y) of plane p in a planar store. */
static float *planar_at(const ibx_store *store, int p, int x, int y) {
    const size_t rows = (size_t)store->band->strip_rows, strip = (size_t)strip_at(store, y);
    float *data = (float *)(store->data + strip % (size_t)store->slots * store->strip_bytes);
    const size_t row = (size_t)p * rows + (size_t)(y - store->at.y) % rows;
    return data + row * (size_t)store->at.w + (x - store->at.x);
}

/* The pixel (x, y) of a native store, in one of its strips. */
static uint8_t *native_at(const ibx_store *store, const ibx_strip *s, int x, int y) {
    const size_t pixel = (size_t)s->planes * ibx_sample_size(s->sample);
    return s->data + (size_t)(y - s->y) * s->stride + (size_t)(x - store->at.x) * pixel;
}

static void load_planar(const ibx_store *store, ibx_tile *tile, ibx_rect r) {
    for (int p = 0; p < tile->planes; p++)
        for (int y = r.y; y < r.y + r.h; y++)
            memcpy(ibx_at(tile, p, r.x, y), planar_at(store, p, r.x, y),
                   (size_t)r.w * sizeof(float));
}

/* From row y of a tile, in bytes, to what comes next but some of the strip that ends at `end`:
 * where there is no such row, or the tile is a single one, the pixels beside it. */
static ptrdiff_t ahead(const ibx_tile *t, int y, int end, size_t stride, size_t pixel) {
    const bool below = t->at.h > 1 && y + AHEAD < end;
    return (ptrdiff_t)(below ? AHEAD * stride : (size_t)t->at.w * pixel);
}

/* By the loops that the values stand for. */
void ibx_store_values(float value[256], bool linear) {
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    uint8_t sample[256];
    float *plane[IBX_MAX_PLANES] = {value};
    for (int i = 0; i < 256; i++) sample[i] = (uint8_t)i;
    loops->unpack(IBX_U8, sample, 0, 1, 256, plane);
    if (linear) loops->to_linear(value, 256);
}

/* Through a table, if there is one. */
static void load_native(const ibx_store *store, ibx_tile *tile, ibx_rect r, const float *table) {
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    const size_t pixel = (size_t)tile->planes * ibx_sample_size(store->band->sample);
    for (int y = r.y; y < r.y + r.h; y++) {
        const ibx_strip s = ibx_store_strip(store, strip_at(store, y));
        float *plane[IBX_MAX_PLANES];
        const uint8_t *row = native_at(store, &s, r.x, y);
        for (int p = 0; p < tile->planes; p++) plane[p] = ibx_at(tile, p, r.x, y);
        const ptrdiff_t next = ahead(tile, y, s.y + s.rows, s.stride, pixel);
        if (table)
            loops->look_up(table, row, next, tile->planes, r.w, plane);
        else
            loops->unpack(s.sample, row, next, tile->planes, r.w, plane);
    }
}

/* Where in `at` the pixels r are kept: there, or as near as `at` reaches. */
static ibx_rect place(ibx_rect at, ibx_rect r) {
    r.x = ibx_min(ibx_max(r.x, at.x), at.x + at.w - r.w);
    r.y = ibx_min(ibx_max(r.y, at.y), at.y + at.h - r.h);
    return r;
}

ibx_tile ibx_tile_part(const ibx_tile *tile, ibx_rect r) {
    const ibx_rect placed = place(tile->at, r);
    ibx_tile part = *tile;
    for (int p = 0; p < tile->planes; p++) part.plane[p] = ibx_at(tile, p, placed.x, placed.y);
    part.at = r;
    return part;
}

/* Columns left and right of r, in the rows of r. */
static void extend_rows(ibx_tile *tile, int p, ibx_rect r) {
    const int left = r.x - tile->at.x, right = tile->at.w - left - r.w;
    if (left == 0 && right == 0) return;
    for (int y = r.y; y < r.y + r.h; y++) {
        float *row = ibx_at(tile, p, tile->at.x, y);
        for (int x = 0; x < left; x++) row[x] = row[left];
        for (int x = 0; x < right; x++) row[left + r.w + x] = row[left + r.w - 1];
    }
}

void ibx_tile_extend(ibx_tile *tile, ibx_rect r) {
    const ibx_rect at = tile->at;
    r = place(at, r);
    for (int p = 0; p < tile->planes; p++) {
        extend_rows(tile, p, r);
        for (int y = at.y; y < at.y + at.h; y++) {
            const int from = y < r.y ? r.y : y >= r.y + r.h ? r.y + r.h - 1 : y;
            if (from != y)
                memcpy(ibx_at(tile, p, at.x, y), ibx_at(tile, p, at.x, from),
                       (size_t)at.w * sizeof(float));
        }
    }
}

void ibx_store_touch(ibx_store *store, size_t bytes) {
    if (!store->mapped || atomic_fetch_add(&store->touched, bytes) + bytes < MOST_TOUCHED) return;
    atomic_store(&store->touched, 0);
    madvise(store->data, store->bytes, MADV_DONTNEED);
}

/* A tile has been copied from or to the store. */
static void touch_tile(ibx_store *store, const ibx_tile *tile) {
    const size_t row = (size_t)tile->at.w * (size_t)tile->planes * sizeof(float);
    ibx_store_touch(store, (size_t)tile->at.h * (row + AROUND));
}

bool ibx_store_region(ibx_store *store, ibx_rect r, ibx_region *region) {
    const ibx_band *b = store->band;
    const int first = strip_at(store, r.y), last = strip_at(store, r.y + r.h - 1);
    const size_t size = (size_t)ibx_planes(&b->head) * ibx_sample_size(b->sample);
    const ibx_strip s = ibx_store_strip(store, first);
    *region = (ibx_region){.at = r, .size = size, .stride = (ptrdiff_t)store->stride};
    region->data = native_at(store, &s, r.x, r.y);
    ibx_store_touch(store, (size_t)r.h * ((size_t)r.w * size + AROUND));
    return first / store->slots == last / store->slots;
}

int ibx_store_next_turn(const ibx_store *store, int y) {
    const int turn = strip_at(store, y) / store->slots + 1;
    return store->at.y + turn * store->slots * store->band->strip_rows;
}

unsigned ibx_store_load(ibx_store *store, ibx_tile *tile, unsigned wanted, const float *linear) {
    const ibx_head *h = &store->band->head;
    const bool looks_up =
        wanted & IBX_LINEAR && store->band->native && store->band->sample == IBX_U8 && !h->alpha;
    const ibx_rect inner = ibx_rect_inside(tile->at, h->w, h->h);
    const bool whole = ibx_rect_same(inner, tile->at);
    ibx_tile part, *to = tile;
    if (!whole) part = ibx_tile_part(tile, inner), to = &part;
    if (store->band->native)
        load_native(store, to, inner, looks_up ? linear : NULL);
    else
        load_planar(store, to, inner);
    if (!whole) ibx_tile_extend(tile, inner);
    touch_tile(store, to);
    return looks_up ? wanted : store->band->light;
}

void ibx_store_rows(ibx_store *store, ibx_rect r, const uint8_t **row) {
    const ibx_band *band = store->band;
    const size_t pixel = (size_t)ibx_planes(&band->head) * ibx_sample_size(band->sample);
    for (int i = 0; i < r.h; i++) {
        const int y = ibx_min(ibx_max(r.y + i, 0), band->head.h - 1);
        const ibx_strip s = ibx_store_strip(store, strip_at(store, y));
        row[i] = native_at(store, &s, r.x, y);
    }
    ibx_store_touch(store, (size_t)r.h * ((size_t)r.w * pixel + AROUND));
}

void ibx_store_put(ibx_store *store, const ibx_tile *tile) {
    for (int p = 0; p < tile->planes; p++)
        for (int y = tile->at.y; y < tile->at.y + tile->at.h; y++)
            memcpy(planar_at(store, p, tile->at.x, y), ibx_at(tile, p, tile->at.x, y),
                   (size_t)tile->at.w * sizeof(float));
    touch_tile(store, tile);
}

void ibx_store_pack(ibx_store *store, const ibx_tile *tile) {
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    ibx_region to;
    ibx_store_region(store, tile->at, &to);
    for (int y = 0; y < tile->at.h; y++) {
        float *plane[IBX_MAX_PLANES];
        for (int p = 0; p < tile->planes; p++)
            plane[p] = ibx_at(tile, p, tile->at.x, tile->at.y + y);
        loops->pack(store->band->sample, plane, tile->planes, tile->at.w, to.data + y * to.stride,
                    ahead(tile, y, tile->at.h, (size_t)to.stride, to.size));
    }
}
