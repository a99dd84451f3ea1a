/* check_words.c - words in the settings that parts of the server will have to understand: what they
 * would refuse later, or never use, is told before it starts. */
#include "server/config/rows.h"
#include "server/source/origin.h"
#include "server/source/signature.h"
#include <gio/gio.h>

static bool check_keys(const ibx_settings *settings, ibx_error *err) {
    ibx_keyring *keys = ibx_keyring_new(settings->auth.keys, err);
    ibx_keyring_free(keys);
    return keys != NULL;
}

static bool check_formats(const ibx_settings *settings, ibx_error *err) {
    for (char *const *word = settings->recipes.automatic; *word; word++)
        if (!ibx_format_find(*word))
            return ibx_fail(err, IBX_USAGE, "recipes.automatic: there is no format \"%s\"", *word);
    return true;
}

static bool check_loaders(const ibx_settings *settings, ibx_error *err) {
    ibx_error why;
    if (ibx_loaders_check((const char *const *)settings->worker.allow_loaders, &why)) return true;
    return ibx_fail(err, IBX_USAGE, "worker.allow_loaders: %s", why.text);
}

/* "img.example.org" or "*.example.org" */
static bool check_hosts(const ibx_settings *settings, ibx_error *err) {
    for (char *const *word = settings->remote.allow; *word; word++) {
        char *host = ibx_host_normal(*word + (g_str_has_prefix(*word, "*.") ? 2 : 0));
        if (!host)
            return ibx_fail(err, IBX_USAGE,
                            "remote.allow: \"%s\" is no host; it should look like img.example.org "
                            "or *.example.org, without scheme and port",
                            *word);
        g_free(host);
    }
    return true;
}

static bool check_networks(const ibx_settings *settings, ibx_error *err) {
    for (char *const *word = settings->remote.networks; *word; word++) {
        GInetAddressMask *mask = g_inet_address_mask_new_from_string(*word, NULL);
        if (!mask)
            return ibx_fail(err, IBX_USAGE,
                            "remote.networks: \"%s\" is no network; it should look like "
                            "10.1.0.0/16, without bits behind the prefix",
                            *word);
        g_object_unref(mask);
    }
    return true;
}

static bool check_buckets(const ibx_settings *settings, ibx_error *err) {
    bool good;
    ibx_origins_unref(ibx_origins_new(settings, &good, err));
    return good;
}

/* "https://img.example.org:8443": what browsers send in Origin, and what addresses begin with. */
static bool is_origin(const char *word) {
    const size_t scheme = g_str_has_prefix(word, "https://")  ? strlen("https://")
                          : g_str_has_prefix(word, "http://") ? strlen("http://")
                                                              : 0;
    const char *host = word + scheme;
    for (const char *c = host; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr(".-_:[]", *c)) return false;
    return scheme > 0 && *host;
}

static bool check_origins(const ibx_settings *settings, ibx_error *err) {
    const char *own = settings->server.origin;
    if (*own && !is_origin(own))
        return ibx_fail(err, IBX_USAGE,
                        "server.origin: \"%s\" should be scheme and host alone, as in "
                        "https://img.example.org",
                        own);
    for (char *const *word = settings->server.cors; *word; word++)
        if (strcmp(*word, "*") != 0 && !is_origin(*word))
            return ibx_fail(err, IBX_USAGE,
                            "server.cors: \"%s\" should be * or scheme and host alone, as in "
                            "https://www.example.org",
                            *word);
    return true;
}

bool ibx_settings_check_words(const ibx_settings *settings, ibx_error *err) {
    return check_keys(settings, err) && check_formats(settings, err) &&
           check_loaders(settings, err) && check_hosts(settings, err) &&
           check_networks(settings, err) && check_buckets(settings, err) &&
           check_origins(settings, err);
}
