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

/* libvips puts what it decodes at once into a temporary file from 100 MB on. We counted it as
 * memory (frame_bytes in vips_read.c), and a server's worker may not make a file. Only an option
 * says so. */
static bool never_to_disk(void) {
    char program[] = "imbrex", option[] = "--vips-disc-threshold=1048576g";
    char *words[] = {program, option, NULL};
    char **argv = words;
    int argc = 2;
    GOptionContext *context = g_option_context_new(NULL);
    GOptionGroup *group = g_option_group_new("vips", "", "", NULL, NULL);
    vips_add_option_entries(group);
    g_option_context_set_main_group(context, group);
    const bool fine = g_option_context_parse(context, &argc, &argv, NULL);
    g_option_context_free(context);
    return fine && vips_get_disc_threshold() > (guint64)1 << 49;
}

static void start(void) {
    start_failed = vips_init("imbrex") != 0 || !never_to_disk();
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

/* Whatever no other codec claims. */
static bool sniff(const uint8_t *head, size_t n) {
    (void)head;
    return n > 0;
}

const ibx_codec ibx_codec_vips = {
    .name = "vips",
    .sniff = sniff,
    .open = ibx_vips_open,
    .knows_loaders = ibx_vips_knows_loaders,
    .start = ibx_vips_reduce,
    .columns = ibx_vips_columns,
    .skip = ibx_vips_skip,
    .read = ibx_vips_read,
    .close = ibx_vips_close,
    .create = ibx_vips_create,
    .write = ibx_vips_write,
    .finish = ibx_vips_finish,
    .destroy = ibx_vips_destroy,
    .encoder_bytes = ibx_vips_encoder_bytes,
};
