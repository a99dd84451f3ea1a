/* jpeg.c - the JPEG codec's table, and libjpeg's errors, sources and destinations as ours. */
#include "codec/jpeg.h"
#include <jerror.h>

static bool sniff(const uint8_t *head, size_t n) {
    return n >= 3 && head[0] == 0xFF && head[1] == 0xD8 && head[2] == 0xFF;
}

const ibx_codec ibx_codec_jpeg = {
    .name = "jpeg",
    .sniff = sniff,
    .open = ibx_jpeg_open,
    .start = ibx_jpeg_start,
    .coarsen = ibx_jpeg_coarsen,
    .start_components = ibx_jpeg_start_components,
    .columns = ibx_jpeg_columns,
    .skip = ibx_jpeg_skip,
    .read = ibx_jpeg_read,
    .close = ibx_jpeg_close,
    .create = ibx_jpeg_create,
    .write = ibx_jpeg_write,
    .finish = ibx_jpeg_finish,
    .destroy = ibx_jpeg_destroy,
    .chroma = ibx_jpeg_saved_chroma,
    .encoder_bytes = ibx_jpeg_encoder_bytes,
    .bands = &ibx_jpeg_bands,
};

/* ---- errors ------------------------------------------------------------------------------- */

void ibx_jpeg_give_up(ibx_jpeg_errors *e) {
    longjmp(e->jump, 1);
}

/* libjpeg's own sentence, with the file in front. */
static void describe(j_common_ptr jpeg, ibx_error *error) {
    const ibx_jpeg_errors *e = (const ibx_jpeg_errors *)jpeg->err;
    const ibx_code code = e->base.msg_code == JERR_OUT_OF_MEMORY ? IBX_MEMORY
                          : e->name                              ? IBX_FORMAT
                                                                 : IBX_BUG;
    char text[JMSG_LENGTH_MAX];
    e->base.format_message(jpeg, text);
    ibx_fail(error, code, "%s%s%s", e->name ? e->name : "", e->name ? ": " : "", text);
}

static void error_exit(j_common_ptr jpeg) {
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    describe(jpeg, &e->error);
    ibx_jpeg_give_up(e);
}

/* Warnings that say nothing about the pixels: odd version numbers, a profile in pieces. */
static bool harmless(int code) {
    return code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC;
}

/* Levels from 0 up are for tracing; -1 is damage that libjpeg can paint over. */
static void emit_message(j_common_ptr jpeg, int level) {
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    if (level >= 0 || harmless(e->base.msg_code)) return;
    if (!e->accept_damage) error_exit(jpeg);
    if (!e->base.num_warnings++) describe(jpeg, &e->warning);
}

struct jpeg_error_mgr *ibx_jpeg_errors_init(ibx_jpeg_errors *e, const char *name,
                                            bool accept_damage) {
    *e = (ibx_jpeg_errors){.name = name, .accept_damage = accept_damage};
    jpeg_std_error(&e->base);
    e->base.error_exit = error_exit;
    e->base.emit_message = emit_message;
    return &e->base;
}

/* ---- source ------------------------------------------------------------------------------- */

static void nothing(j_decompress_ptr jpeg) {
    (void)jpeg;
}

/* Gives libjpeg the rest of the chunk, up to the next gap. False: nothing is left of it. */
static bool hand_out(ibx_jpeg_source *s) {
    while (s->gaps > 0 && s->left > 0 && s->at >= s->gap->from) {
        const uint64_t over = s->gap->to - s->at;
        const size_t n = over < s->left ? (size_t)over : s->left;
        s->rest += n;
        s->left -= n;
        s->at += n;
        if (s->at < s->gap->to) return false;
        s->gap++;
        s->gaps--;
    }
    if (s->left == 0) return false;
    const bool cut = s->gaps > 0 && s->gap->from - s->at < s->left;
    const size_t n = cut ? (size_t)(s->gap->from - s->at) : s->left;
    s->base.next_input_byte = s->rest;
    s->base.bytes_in_buffer = n;
    s->rest += n;
    s->left -= n;
    s->at += n;
    return true;
}

/* The next bytes, or at the end of the file an end-of-image marker, which makes libjpeg finish
 * with what it has. */
static boolean fill(j_decompress_ptr jpeg) {
    static const JOCTET end_of_image[] = {0xFF, JPEG_EOI};
    ibx_jpeg_source *s = (ibx_jpeg_source *)jpeg->src;
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    while (!hand_out(s)) {
        if (!s->ended && !s->source->next(s->source, &s->rest, &s->left, &e->error))
            ibx_jpeg_give_up(e);
        if (s->left > 0) continue;
        if (!s->ended) WARNMS(jpeg, JWRN_JPEG_EOF);
        s->ended = true;
        s->base.next_input_byte = end_of_image;
        s->base.bytes_in_buffer = sizeof end_of_image;
        break;
    }
    return TRUE;
}

static void skip(j_decompress_ptr jpeg, long count) {
    ibx_jpeg_source *s = (ibx_jpeg_source *)jpeg->src;
    size_t n = count > 0 ? (size_t)count : 0;
    while (n > s->base.bytes_in_buffer) {
        n -= s->base.bytes_in_buffer;
        fill(jpeg);
        if (s->ended) return;
    }
    s->base.next_input_byte += n;
    s->base.bytes_in_buffer -= n;
}

void ibx_jpeg_source_init(ibx_jpeg_source *s, ibx_source *source) {
    *s = (ibx_jpeg_source){.source = source,
                           .base = {.init_source = nothing,
                                    .fill_input_buffer = fill,
                                    .skip_input_data = skip,
                                    .resync_to_restart = jpeg_resync_to_restart,
                                    .term_source = nothing}};
}

void ibx_jpeg_source_rewind(ibx_jpeg_source *s) {
    ibx_source *source = s->source;
    ibx_jpeg_source_init(s, source);
    s->rest = source->whole;
    s->left = (size_t)source->size;
}

void ibx_jpeg_source_leave_out(ibx_jpeg_source *s, const ibx_jpeg_scan *gap, int gaps) {
    s->rest -= s->base.bytes_in_buffer;
    s->left += s->base.bytes_in_buffer;
    s->at -= s->base.bytes_in_buffer;
    s->base.bytes_in_buffer = 0;
    s->gap = gap;
    s->gaps = gaps;
}

/* ---- destination -------------------------------------------------------------------------- */

static void restart(j_compress_ptr jpeg) {
    ibx_jpeg_sink *s = (ibx_jpeg_sink *)jpeg->dest;
    s->base.next_output_byte = s->buffer;
    s->base.free_in_buffer = sizeof s->buffer;
}

static void flush(j_compress_ptr jpeg, size_t size) {
    ibx_jpeg_sink *s = (ibx_jpeg_sink *)jpeg->dest;
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    if (size && !s->sink->write(s->sink, s->buffer, size, &e->error)) ibx_jpeg_give_up(e);
    restart(jpeg);
}

/* libjpeg calls this when the buffer is full, whatever free_in_buffer says. */
static boolean empty(j_compress_ptr jpeg) {
    flush(jpeg, IBX_JPEG_BUFFER);
    return TRUE;
}

static void terminate(j_compress_ptr jpeg) {
    flush(jpeg, IBX_JPEG_BUFFER - jpeg->dest->free_in_buffer);
}

void ibx_jpeg_put(j_compress_ptr jpeg, const void *data, size_t size) {
    ibx_jpeg_sink *s = (ibx_jpeg_sink *)jpeg->dest;
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    terminate(jpeg);
    if (!s->sink->write(s->sink, data, size, &e->error)) ibx_jpeg_give_up(e);
}

void ibx_jpeg_sink_init(ibx_jpeg_sink *s, ibx_sink *sink) {
    s->sink = sink;
    s->base = (struct jpeg_destination_mgr){
        .init_destination = restart, .empty_output_buffer = empty, .term_destination = terminate};
}
