/* png.c - the PNG codec's table. */
#include "codec/png.h"

static bool sniff(const uint8_t *head, size_t n) {
    return n >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
}

const ibx_codec ibx_codec_png = {
    .name = "png",
    .sniff = sniff,
    .open = ibx_png_open,
    .start = ibx_png_start,
    .read = ibx_png_read,
    .close = ibx_png_close,
    .create = ibx_png_create,
    .write = ibx_png_write,
    .finish = ibx_png_finish,
    .destroy = ibx_png_destroy,
    .encoder_bytes = ibx_png_encoder_bytes,
    .bands = &ibx_png_bands,
};
