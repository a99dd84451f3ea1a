/* jpeg_memory.c - the coefficients of images with several scans, in lent memory.
 *
 * libjpeg keeps them in arrays as large as the image, and asks for these through a table of
 * functions that its users may replace (jpeglib.h, struct jpeg_memory_mgr). */
#include "codec/jpeg.h"
#include <jerror.h>

static ibx_jpeg_arrays *arrays_of(j_common_ptr jpeg) {
    return jpeg->client_data;
}

static jvirt_barray_ptr request(j_common_ptr jpeg, int pool, boolean zeros, JDIMENSION across,
                                JDIMENSION down, JDIMENSION at_once) {
    (void)pool, (void)zeros, (void)at_once;
    ibx_jpeg_arrays *arrays = arrays_of(jpeg);
    if (arrays->count == IBX_JPEG_ARRAYS) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    jvirt_barray_ptr a = &arrays->array[arrays->count++];
    *a = (struct jvirt_barray_control){.across = across, .down = down};
    return a;
}

/* One loan for all of them; then libjpeg's own arrays of other kinds. */
static void realize(j_common_ptr jpeg) {
    ibx_jpeg_arrays *arrays = arrays_of(jpeg);
    size_t blocks = 0;
    for (int i = 0; i < arrays->count; i++)
        blocks += (size_t)arrays->array[i].across * arrays->array[i].down;
    if (blocks > 0 && !arrays->block) {
        arrays->blocks = blocks;
        JBLOCK *block = arrays->block = ibx_lend(arrays->lender, blocks * sizeof(JBLOCK));
        if (!block) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
        for (int i = 0; i < arrays->count; i++) {
            jvirt_barray_ptr a = &arrays->array[i];
            a->row = jpeg->mem->alloc_large(jpeg, JPOOL_IMAGE, a->down * sizeof *a->row);
            for (JDIMENSION y = 0; y < a->down; y++, block += a->across) a->row[y] = block;
        }
    }
    arrays->realize(jpeg);
}

/* Rows start as zeros, which are written when a row is first asked for, so that it is in the
 * cache then. */
static JBLOCKARRAY get(j_common_ptr jpeg, jvirt_barray_ptr a, JDIMENSION first, JDIMENSION count,
                       boolean writable) {
    (void)writable;
    const JDIMENSION end = first + count;
    if (end > a->down || !a->row) {
        ERREXIT(jpeg, JERR_BAD_VIRTUAL_ACCESS);
        return NULL; /* it does not come here, but who reads this alone cannot know */
    }
    if (end > a->defined) {
        memset(a->row[a->defined], 0, (size_t)(end - a->defined) * a->across * sizeof(JBLOCK));
        a->defined = end;
    }
    return a->row + first;
}

void ibx_jpeg_arrays_init(ibx_jpeg_arrays *arrays, j_decompress_ptr jpeg, ibx_lender *lender) {
    *arrays = (ibx_jpeg_arrays){.lender = lender, .realize = jpeg->mem->realize_virt_arrays};
    jpeg->client_data = arrays;
    jpeg->mem->request_virt_barray = request;
    jpeg->mem->realize_virt_arrays = realize;
    jpeg->mem->access_virt_barray = get;
}

void ibx_jpeg_arrays_close(ibx_jpeg_arrays *arrays) {
    ibx_take_back(arrays->lender, arrays->block);
    arrays->block = NULL;
    arrays->count = 0;
}
