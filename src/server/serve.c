/* serve.c - the server as a whole: its parts are made, run, and ended. */
#include "server/serve.h"
#include "server/config/settings.h"

int ibx_serve_main(int argc, char **argv) {
    ibx_settings settings;
    ibx_error err;
    const bool ok = ibx_settings_read(&settings, NULL, argc, argv, &err);
    ibx_settings_free(&settings);
    return ok ? 0 : 2;
}
