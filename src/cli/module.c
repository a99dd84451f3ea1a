/* module.c - finds a module and runs a function of it. */
#include "cli/module.h"
#include "cli/say.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The folder of libimbrex, and where modules lie beneath it when they are installed. */
static void *load(const char *module) {
    Dl_info library;
    char path[PATH_MAX];
    const char *const below[] = {"", "imbrex/"};
    if (dladdr((void *)ibx_version, &library) && strrchr(library.dli_fname, '/')) {
        const int folder = (int)(strrchr(library.dli_fname, '/') - library.dli_fname) + 1;
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%.*s%s%s.so", folder, library.dli_fname, below[i], module);
            void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (handle) return handle;
        }
    }
    snprintf(path, sizeof path, IBX_MODULE_DIR "/%s.so", module);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int ibx_run_module(const char *module, const char *name, int argc, char **argv) {
    void *handle = load(module), *symbol = handle ? dlsym(handle, name) : NULL;
    if (!symbol) {
        ibx_say("%s cannot be loaded: %s", module, dlerror());
        return IBX_EXIT_USAGE;
    }
    int (*function)(int, char **);
    memcpy(&function, &symbol, sizeof function);
    return function(argc, argv);
}
