/* sign.c - imbrex sign: an address behind its signature. */
#include "server/config/settings.h"
#include "server/serve.h"
#include "server/source/signature.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print_signed(const ibx_keyring *keys, const char *rest, time_t expiry) {
    char *signature = ibx_signature_make(keys, rest, expiry);
    if (signature) printf("/v1/%s/%s\n", signature, rest);
    free(signature);
}

int ibx_sign_main(int argc, char **argv) {
    ibx_settings settings;
    ibx_error err = {0};
    ibx_keyring *keys = NULL;
    const bool words = argc > 0 && ibx_settings_read(&settings, NULL, argc - 1, argv, &err);
    if (words) keys = ibx_keyring_new(settings.auth.keys, &err);
    if (keys) print_signed(keys, argv[argc - 1], 0);
    if (!keys) fprintf(stderr, "imbrex: sign: %s\n", argc > 0 ? err.text : "what? Name a path");
    ibx_keyring_free(keys);
    if (words) ibx_settings_free(&settings);
    return keys ? 0 : 2;
}
