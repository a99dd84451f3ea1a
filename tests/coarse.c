/* coarse.c - conversions that leave out scans of a progressive JPEG: the bytes are those of a file
 * that has none of what these scans say, through luma and chroma as well as through RGB. */
#include "decoded.h"
#include "imbrex.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>

#define PHOTO SOURCE_DIR "/samples/pictures/photo-before.jpg"

/* libjpeg's usual scans, of which the last one refines luma. */
enum { SCANS = 10 };
static const jpeg_scan_info SCRIPT[SCANS] = {
    {3, {0, 1, 2}, 0, 0, 0, 1}, {1, {0}, 1, 5, 0, 2},  {1, {2}, 1, 63, 0, 1},
    {1, {1}, 1, 63, 0, 1},      {1, {0}, 6, 63, 0, 2}, {1, {0}, 1, 63, 2, 1},
    {3, {0, 1, 2}, 0, 0, 1, 0}, {1, {2}, 1, 63, 1, 0}, {1, {1}, 1, 63, 1, 0},
    {1, {0}, 1, 63, 1, 0},
};

/* The same coefficients, as far as these scans say them; without any: in one. */
static blob transcode(blob file, int scans) {
    struct jpeg_decompress_struct from;
    struct jpeg_compress_struct to;
    struct jpeg_error_mgr errors;
    blob made = {0};
    unsigned long size = 0;
    from.err = to.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&from);
    jpeg_create_compress(&to);
    jpeg_mem_src(&from, file.data, file.size);
    jpeg_read_header(&from, TRUE);
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&from);
    jpeg_copy_critical_parameters(&from, &to);
    jpeg_mem_dest(&to, &made.data, &size);
    to.scan_info = scans ? SCRIPT : NULL;
    to.num_scans = scans;
    jpeg_write_coefficients(&to, coefficients);
    jpeg_finish_compress(&to);
    jpeg_destroy_compress(&to);
    jpeg_finish_decompress(&from);
    jpeg_destroy_decompress(&from);
    made.size = size;
    return made;
}

static bool take(void *user, int output, const void *data, size_t size) {
    (void)output;
    blob *b = user;
    b->data = realloc(b->data, b->size + size);
    if (!b->data) abort();
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static blob converted(blob file, const char *text) {
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    blob result = {0};
    const ibx_conversion c = {
        .recipe = recipe, .fd = memfd_create("file", MFD_CLOEXEC), .name = "file.jpg"};
    if (write(c.fd, file.data, file.size) != (ssize_t)file.size) abort();
    ibx_times times = {0};
    if (!ibx_convert(&c, NULL, take, &result, &times, &err)) fail_msg("%s: %s", text, err.text);
    close(c.fd);
    ibx_recipe_free(recipe);
    return result;
}

static bool same(blob a, blob b, const char *recipe) {
    const blob x = converted(a, recipe), y = converted(b, recipe);
    const bool equal = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data), free(y.data);
    return equal;
}

/* A photograph in scans, in fewer, and in one, each of the latter two with the same coefficients.
 */
static void test_what_a_blur_does_without(void **state) {
    (void)state;
    static const char *const WITHOUT[] = {"blur:2/save:jpeg", "blur:2,light=linear/save:png",
                                          "blur:30/save:jpeg", "crop:300x200/blur:2.5/save:png",
                                          "resize:24%,light=encoded/save:jpeg"};
    static const char *const WITH[] = {"blur:1.9/save:jpeg", "exposure:1/blur:2/save:png",
                                       "save:jpeg", "resize:30%/save:png"};
    const blob photo = blob_read(PHOTO);
    assert_non_null(photo.data);
    const blob all = transcode(photo, SCANS), less = transcode(photo, SCANS - 1),
               plain = transcode(all, 0), rough = transcode(less, 0);
    for (size_t i = 0; i < sizeof WITHOUT / sizeof *WITHOUT; i++)
        if (!same(all, rough, WITHOUT[i]) || same(plain, rough, WITHOUT[i]))
            fail_msg("%s: not what is left without the last scan", WITHOUT[i]);
    for (size_t i = 0; i < sizeof WITH / sizeof *WITH; i++)
        if (!same(all, plain, WITH[i]) || same(all, rough, WITH[i]))
            fail_msg("%s: not all of it was decoded", WITH[i]);
    free(photo.data), free(all.data), free(less.data), free(plain.data), free(rough.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_a_blur_does_without)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
