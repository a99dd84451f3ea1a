/* codec.c - which codec reads or writes what, and the loading of the libvips module. */
#include "codec/codec.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define MODULE "imbrex-vips.so"

#if defined(__SANITIZE_THREAD__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif

/* The one piece of static state in the library: the module's table, or why there is none. A
 * shared library can be loaded only once per process, and every image of every batch needs the
 * answer; pthread_once makes it a constant after the first call. */
static pthread_once_t module_once = PTHREAD_ONCE_INIT;
static struct {
    const ibx_codec *codec;
    char reason[256];
} module;

/* False: there is no such file. It stays loaded until the process ends. */
static bool load(const char *path) {
    if (access(path, F_OK) != 0) return false;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle) module.codec = dlsym(handle, "ibx_codec_vips");
    if (module.codec) return true;
    const char *reason = dlerror();
    snprintf(module.reason, sizeof module.reason, "%.200s", reason ? reason : "no table in it");
    return true;
}

/* In the build folder the module lies beside this library, in an installed tree in a folder below
 * it; IBX_MODULE_DIR is that folder's place when it was configured. The first that exists
 * decides. */
static void load_module(void) {
    static const char *const BESIDE[] = {MODULE, "imbrex/" MODULE};
    char path[PATH_MAX];
    Dl_info self;
    if (dladdr(&module_once, &self) && self.dli_fname) {
        const char *slash = strrchr(self.dli_fname, '/');
        const int length = slash ? (int)(slash + 1 - self.dli_fname) : 0;
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%.*s%s", length, self.dli_fname, BESIDE[i]);
            if (load(path)) return;
        }
    }
    if (!load(IBX_MODULE_DIR "/" MODULE))
        snprintf(module.reason, sizeof module.reason, "there is none in " IBX_MODULE_DIR);
}

static const ibx_codec *vips(const char *what, ibx_error *err) {
    pthread_once(&module_once, load_module);
    if (!module.codec)
        ibx_fail(err, IBX_IO,
                 "%s needs the module " MODULE ", which could not be loaded (%s): reinstall "
                 "imbrex with it, and libvips (package libvips42)",
                 what, module.reason);
    return module.codec;
}

const ibx_codec *ibx_codec_for_reading(const uint8_t *head, size_t n, ibx_error *err) {
    if (ibx_codec_jpeg.sniff(head, n)) return &ibx_codec_jpeg;
    if (ibx_codec_png.sniff(head, n)) return &ibx_codec_png;
    return vips("a file that is neither JPEG nor PNG", err);
}

const ibx_codec *ibx_codec_for_writing(const ibx_format *format, ibx_error *err) {
    if (strcmp(format->name, ibx_codec_jpeg.name) == 0) return &ibx_codec_jpeg;
    if (strcmp(format->name, ibx_codec_png.name) == 0) return &ibx_codec_png;
    char what[64];
    snprintf(what, sizeof what, "the format %s", format->name);
    return vips(what, err);
}

bool ibx_loaders_check(const char *const *names, ibx_error *err) {
    if (!names || !names[0]) return true;
    const ibx_codec *codec = vips("a choice of loaders", err);
    return codec && codec->knows_loaders(names, err);
}

void ibx_strip_touch(const ibx_strip *strip, bool write) {
#ifdef WATCHED
    const size_t bytes = (size_t)strip->w * (size_t)strip->planes *
                         (strip->sample == IBX_U8    ? 1
                          : strip->sample == IBX_U16 ? 2
                                                     : 4);
    for (int y = 0; y < strip->rows; y++) {
        uint8_t *row = strip->data + (size_t)y * strip->stride;
        for (size_t i = 0; i < bytes; i++) {
            uint8_t v = row[i];
            __asm__ volatile("" : "+r"(v)); /* the compiler must not drop the access */
            if (write) row[i] = v;
        }
    }
#else
    (void)strip;
    (void)write;
#endif
}
