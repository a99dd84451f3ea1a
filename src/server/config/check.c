/* check.c - what the settings must be as a whole. */
#include "server/config/endpoint.h"
#include "server/config/rows.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What cannot be told counts as open. */
static bool is_open(GSocketAddress *address) {
    const bool local = address && ibx_endpoint_is_local(address);
    if (address) g_object_unref(address);
    return !local;
}

const char *ibx_settings_exposed_by(const ibx_settings *settings) {
    const int inherited = ibx_endpoint_inherited(); /* they win over server.listen */
    for (int i = 0; i < inherited; i++)
        if (is_open(ibx_endpoint_of(IBX_FIRST_INHERITED + i))) return "a socket of systemd";
    for (char *const *word = settings->server.listen; !inherited && *word; word++)
        if (is_open(ibx_endpoint_parse(*word, NULL))) return *word;
    return NULL;
}

bool ibx_settings_unsigned(const ibx_settings *settings) {
    if (settings->auth.unsigned_ok != IBX_UNSIGNED_AUTO)
        return settings->auth.unsigned_ok == IBX_UNSIGNED_YES;
    return !settings->exposed && !*settings->auth.keys;
}

static bool check_addresses(const ibx_settings *settings, ibx_error *err) {
    char *const *word = settings->server.listen;
    if (!*word) return ibx_fail(err, IBX_USAGE, "server.listen is empty; name an address");
    for (; *word; word++) {
        GSocketAddress *address = ibx_endpoint_parse(*word, err);
        if (!address) return false;
        g_object_unref(address);
    }
    return true;
}

static bool check_access(const ibx_settings *settings, ibx_error *err) {
    const char *by = ibx_settings_exposed_by(settings);
    if (!settings->exposed || settings->auth.unsigned_ok == IBX_UNSIGNED_YES) return true;
    if (!by) by = "a socket of systemd"; /* taken over since */
    if (!*settings->auth.keys)
        return ibx_fail(err, IBX_USAGE,
                        "everybody could use this server: it listens on %s without keys. Set "
                        "auth.keys or auth.keys_file, listen on 127.0.0.1, or say "
                        "auth.unsigned_ok = yes if that is meant",
                        by);
    if (!*settings->auth.token)
        return ibx_fail(err, IBX_USAGE,
                        "everybody could send images to this server: it listens on %s without a "
                        "token. Set auth.token or auth.token_file, listen on 127.0.0.1, or say "
                        "auth.unsigned_ok = yes if that is meant",
                        by);
    return true;
}

static bool check_admin(const ibx_settings *settings, ibx_error *err) {
    if (strcmp(settings->server.admin, "off") == 0) return true;
    GSocketAddress *address = ibx_endpoint_parse(settings->server.admin, err);
    if (!address) return false;
    if (!is_open(address) || settings->server.admin_public) return true;
    return ibx_fail(err, IBX_USAGE,
                    "everybody could read metrics and settings: server.admin is %s. Use an address "
                    "of this machine alone, such as 127.0.0.1:9464 or unix:/run/imbrex-admin.sock, "
                    "or say server.admin_public = yes if that is meant",
                    settings->server.admin);
}

static bool check_root(const ibx_settings *settings, ibx_error *err) {
    const char *root = settings->server.root;
    if (!*root) return true;
    const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ibx_fail(err, IBX_USAGE, "server.root: %s cannot be opened as a folder: %s", root,
                        strerror(errno));
    close(fd);
    return true;
}

/* "web=resize:512x/save:jpeg,80"; read as requests are, which may name no files. */
static bool check_preset(const char *preset, ibx_error *err) {
    const char *equals = strchr(preset, '=');
    const size_t length = equals ? (size_t)(equals - preset) : 0;
    const size_t good =
        strspn(preset, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    ibx_error why;
    if (length == 0 || good != length)
        return ibx_fail(err, IBX_USAGE,
                        "recipes.presets: \"%s\" should be NAME=RECIPE, with a name of letters, "
                        "digits, - and _",
                        preset);
    ibx_recipe *recipe = ibx_recipe_parse_foreign(equals + 1, &why);
    if (!recipe)
        return ibx_fail(err, IBX_USAGE, "recipes.presets: %.*s: %s", (int)length, preset, why.text);
    ibx_recipe_free(recipe);
    return true;
}

/* Does an earlier preset have the same name? */
static bool is_double(char *const *first, char *const *preset) {
    const size_t length = strcspn(*preset, "=") + 1;
    for (; first < preset; first++)
        if (strncmp(*first, *preset, length) == 0) return true;
    return false;
}

static bool check_presets(const ibx_settings *settings, ibx_error *err) {
    char *const *first = settings->recipes.presets;
    for (char *const *preset = first; *preset; preset++) {
        if (!check_preset(*preset, err)) return false;
        if (is_double(first, preset))
            return ibx_fail(err, IBX_USAGE, "recipes.presets: there are two named %.*s",
                            (int)strcspn(*preset, "="), *preset);
    }
    return true;
}

static bool check_ports(const ibx_settings *settings, ibx_error *err) {
    for (char *const *port = settings->remote.ports; *port; port++)
        if (!g_ascii_string_to_unsigned(*port, 10, 1, 65535, NULL, NULL))
            return ibx_fail(err, IBX_USAGE, "remote.ports: \"%s\" must be 1 to 65535", *port);
    return true;
}

static bool check_account(const ibx_settings *settings, ibx_error *err) {
    if (!*settings->s3.key_id == !*settings->s3.secret) return true;
    return ibx_fail(err, IBX_USAGE, "s3.key_id and s3.secret must be given together");
}

bool ibx_settings_check(const ibx_settings *settings, ibx_error *err) {
    return check_addresses(settings, err) && check_access(settings, err) &&
           check_admin(settings, err) && check_root(settings, err) &&
           check_presets(settings, err) && check_ports(settings, err) &&
           check_account(settings, err) && ibx_settings_check_words(settings, err);
}
