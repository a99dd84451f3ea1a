/* vips_store.c - the rows of an image, from when they are there until libvips asks for them. */
#include "codec/vips.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool ibx_vips_store_open(ibx_vips_store *store, size_t row_bytes, int rows, bool in_memory,
                         ibx_error *err) {
    *store = (ibx_vips_store){.row_bytes = row_bytes, .rows = rows, .fd = -1};
    const size_t size = row_bytes * (size_t)rows;
    if (size > IBX_VIPS_HEAP && !in_memory) {
        store->fd = ibx_vips_unnamed_file(size, true, err);
        return store->fd >= 0;
    }
    store->data = malloc(size);
    return store->data || ibx_fail(err, IBX_MEMORY, "no memory for %zu bytes", size);
}

void ibx_vips_store_close(ibx_vips_store *store) {
    if (store->fd >= 0) close(store->fd);
    free(store->data);
    *store = (ibx_vips_store){.fd = -1};
}

bool ibx_vips_store_put(ibx_vips_store *store, int y, const ibx_strip *strip, ibx_error *err) {
    for (int i = 0; i < strip->rows; i++) {
        uint8_t *row = strip->data + (size_t)i * strip->stride;
        const size_t at = (size_t)(y + i) * store->row_bytes;
        if (store->data)
            memcpy(store->data + at, row, store->row_bytes);
        else if (!ibx_vips_write_at(store->fd, row, store->row_bytes, (off_t)at, err))
            return false;
    }
    return true;
}

/* Fills a region of the image from the file. */
static int generate(VipsRegion *out, void *sequence, void *a, void *b, gboolean *stop) {
    (void)sequence, (void)b, (void)stop;
    const ibx_vips_store *store = a;
    const ibx_source file = {.size = (int64_t)store->row_bytes * store->rows, .fd = store->fd};
    const VipsRect *r = &out->valid;
    const size_t pixel = VIPS_IMAGE_SIZEOF_PEL(out->im);
    for (int y = r->top; y < r->top + r->height; y++) {
        const size_t at = (size_t)y * store->row_bytes + (size_t)r->left * pixel;
        if (!ibx_source_fetch(&file, at, (size_t)r->width * pixel,
                              VIPS_REGION_ADDR(out, r->left, y))) {
            vips_error("imbrex", "a temporary file cannot be read: %s", strerror(errno));
            return -1;
        }
    }
    return 0;
}

VipsImage *ibx_vips_store_image(ibx_vips_store *store, int w, int planes, VipsBandFormat format) {
    if (store->data)
        return vips_image_new_from_memory(store->data, store->row_bytes * (size_t)store->rows, w,
                                          store->rows, planes, format);
    VipsImage *image = vips_image_new();
    vips_image_init_fields(image, w, store->rows, planes, format, VIPS_CODING_NONE,
                           VIPS_INTERPRETATION_MULTIBAND, 1, 1);
    if (vips_image_pipelinev(image, VIPS_DEMAND_STYLE_THINSTRIP, NULL) == 0 &&
        vips_image_generate(image, NULL, generate, NULL, store, NULL) == 0)
        return image;
    g_object_unref(image);
    return NULL;
}
