/* libpng.c - see libpng.h. */
#include "libpng.h"
#include <png.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *at;
    size_t left;
    bool warned;
} input;

static void on_read(png_structp png, png_bytep to, size_t size) {
    input *in = png_get_io_ptr(png);
    if (size > in->left) png_error(png, "end");
    memcpy(to, in->at, size);
    in->at += size;
    in->left -= size;
}

static void on_warning(png_structp png, png_const_charp text) {
    input *in = png_get_error_ptr(png);
    if (strstr(text, "IDAT")) in->warned = true;
}

static void on_error(png_structp png, png_const_charp text) {
    (void)text;
    png_longjmp(png, 1);
}

static bool read_rows(png_structp png, png_infop info, input *in) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_read_fn(png, in, on_read);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_png(png, info, PNG_TRANSFORM_EXPAND | PNG_TRANSFORM_SWAP_ENDIAN, NULL);
    return !in->warned;
}

uint8_t *libpng_decode(const uint8_t *data, size_t size, int *w, int *h, size_t *stride) {
    input in = {data, size, false};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &in, on_error, on_warning);
    png_infop info = png_create_info_struct(png);
    uint8_t *pixels = NULL;
    if (read_rows(png, info, &in)) {
        *w = (int)png_get_image_width(png, info);
        *h = (int)png_get_image_height(png, info);
        *stride = png_get_rowbytes(png, info);
        pixels = malloc(*stride * (size_t)*h);
        for (int y = 0; pixels && y < *h; y++)
            memcpy(pixels + *stride * (size_t)y, png_get_rows(png, info)[y], *stride);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return pixels;
}
