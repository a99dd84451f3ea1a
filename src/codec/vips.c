/* vips.c - the codec table of the libvips module, and the library's global state. */
#include "codec/vips.h"
#include <locale.h>
#include <pthread.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static bool start_failed;

/* libvips warns through GLib's log, which prints; what matters comes back as errors. */
static void drop_message(const char *domain, GLogLevelFlags level, const char *text, void *user) {
    (void)domain, (void)level, (void)text, (void)user;
}

static void start(void) {
    start_failed = vips_init("imbrex") != 0;
    if (start_failed) return;
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION,
                      drop_message, NULL);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_block_untrusted_set(TRUE);
}

bool ibx_vips_start(ibx_error *err) {
    pthread_once(&started, start);
    return !start_failed || ibx_vips_fail(err, IBX_BUG, "libvips", "cannot be started");
}

/* The text without the domain that libvips puts in front: "tiff2vips: bad file" -> "bad file". */
static const char *without_domain(const char *text) {
    const size_t word = strcspn(text, ": \n");
    return word && text[word] == ':' && text[word + 1] == ' ' ? text + word + 2 : text;
}

bool ibx_vips_fail(ibx_error *err, ibx_code code, const char *name, const char *what) {
    char *all = vips_error_buffer_copy(); /* copies and clears under libvips' lock */
    const char *line = without_domain(all);
    const int length = (int)strcspn(line, "\n");
    if (length)
        ibx_fail(err, code, "%s: %s: %.*s", name, what, length, line);
    else
        ibx_fail(err, code, "%s: %s", name, what);
    g_free(all);
    return false;
}

/* Whatever no other codec claims. */
static bool sniff(const uint8_t *head, size_t n) {
    (void)head;
    return n > 0;
}

/* Reduced decoding is not offered: the formats that have it (pyramids) are rare, and a reduced
 * WebP is no faster to decode. */
static bool no_shrink(void *decoder, int shrink, ibx_info *info, ibx_error *err) {
    (void)decoder, (void)info;
    return ibx_fail(err, IBX_BUG, "this file cannot be decoded at 1/%d of its size", shrink);
}

const ibx_codec ibx_codec_vips = {
    .name = "vips",
    .sniff = sniff,
    .open = ibx_vips_open,
    .start = no_shrink,
    .read = ibx_vips_read,
    .close = ibx_vips_close,
    .create = ibx_vips_create,
    .write = ibx_vips_write,
    .finish = ibx_vips_finish,
    .destroy = ibx_vips_destroy,
    .encoder_bytes = ibx_vips_encoder_bytes,
};
