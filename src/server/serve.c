/* serve.c - the server as a whole: its parts are made, run, and ended. */
#include "server/serve.h"
#include "describe/json.h"
#include "server/admin/admin.h"
#include "server/admin/notify.h"
#include "server/api/documents.h"
#include "server/api/routes.h"
#include "server/net/descriptors.h"
#include "server/net/soup.h"
#include <glib-unix.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LOOK_AROUND_MS = 200, /* between two looks at how the server is */
    MOMENT_US = 1000000,  /* for first requests after SIGTERM */
    REMEMBERED = 10000,   /* addresses and headers */
    EXIT_USAGE = 2,       /* wrong words or settings */
    EXIT_UNAVAILABLE = 4  /* an address or folder cannot be used */
};

typedef struct {
    ibx_house house;
    ibx_admin *admin;
    GMainLoop *loop;
    int argc; /* the words of the command line, for SIGHUP */
    char **argv;
    char *config;         /* the settings as text */
    int64_t drain_begins; /* monotonic microseconds, when draining */
    bool announced;
    int64_t beat, beaten; /* microseconds between signs of life, 0: none; the last one */
} hall;

/* ---- how it is
 * ----------------------------------------------------------------------------------- */

/* To the millisecond. */
static double wait_in(const hall *h, int lane) {
    return round(ibx_works_wait(h->house.works, lane) * 1000) / 1000;
}

static char *details(const hall *h, int workers, const ibx_hello *kept_in) {
    char *text = NULL;
    size_t size;
    ibx_json j = {.out = open_memstream(&text, &size)};
    if (!j.out) return NULL;
    ibx_json_open(&j, NULL, '{');
    ibx_json_bool(&j, "draining", h->house.draining);
    ibx_json_int(&j, "landlock_abi", kept_in->landlock_abi);
    ibx_json_bool(&j, "seccomp", kept_in->seccomp);
    ibx_json_int(&j, "workers", workers);
    ibx_json_int(&j, "jobs", ibx_works_pending(h->house.works));
    ibx_json_open(&j, "predicted_wait_seconds", '{');
    ibx_json_number(&j, "light", wait_in(h, IBX_LANE_LIGHT));
    ibx_json_number(&j, "heavy", wait_in(h, IBX_LANE_HEAVY));
    ibx_json_close(&j, '}');
    if (h->house.cache) ibx_json_bool(&j, "cache_writable", ibx_cache_writable(h->house.cache));
    ibx_json_close(&j, '}');
    fclose(j.out);
    return text;
}

static void announce(hall *h, const ibx_hello *kept_in) {
    ibx_metrics_info(h->house.metrics, kept_in->landlock_abi, kept_in->seccomp);
    ibx_log_event(h->house.log, "info", "ready; workers are kept in by %s and %s",
                  kept_in->landlock_abi > 0 ? "Landlock" : "no Landlock",
                  kept_in->seccomp ? "seccomp" : "no seccomp");
    ibx_notify("READY=1");
    h->announced = true;
}

/* systemd is told once; a moment without workers, as when they are renewed, is no new beginning. */
static void tell_readiness(hall *h) {
    ibx_hello kept_in = {0};
    const int workers = ibx_works_ready(h->house.works, &kept_in);
    const bool ready = workers > 0 && !h->house.draining;
    if (ready && !h->announced) announce(h, &kept_in);
    char *text = details(h, workers, &kept_in);
    if (h->admin && text) ibx_admin_tell(h->admin, ready, text, h->config);
    free(text);
}

/* Who connected while we listened has a moment for a first request: to a client that meant no
 * harm it would be lost. Later requests of a connection are told to go elsewhere. */
static bool is_idle(const hall *h, int64_t now) {
    const bool patient = now < h->drain_begins + MOMENT_US;
    return h->house.exchanges == 0 && ibx_works_pending(h->house.works) == 0 &&
           !(patient && ibx_listener_silent(h->house.listener) > 0);
}

/* A loop that stands still says nothing, and systemd starts another server. */
static void give_sign_of_life(hall *h, int64_t now) {
    if (h->beat == 0 || !h->announced || now < h->beaten + h->beat) return;
    h->beaten = now;
    ibx_notify("WATCHDOG=1");
}

static gboolean look_around(gpointer user) {
    hall *h = user;
    const int64_t now = g_get_monotonic_time();
    tell_readiness(h);
    give_sign_of_life(h, now);
    if (!h->house.draining) return G_SOURCE_CONTINUE;
    const bool idle = is_idle(h, now);
    if (idle || now > h->drain_begins + h->house.settings.server.drain * 1000) {
        if (!idle)
            ibx_log_event(h->house.log, "warning", "%d requests were dropped at the end",
                          h->house.exchanges);
        g_main_loop_quit(h->loop);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- signals
 * ------------------------------------------------------------------------------------- */

/* SIGTERM, SIGINT: what is under way ends, nothing new is taken; the second time at once. */
static gboolean on_stop(gpointer user) {
    hall *h = user;
    if (h->house.draining) {
        g_main_loop_quit(h->loop);
        return G_SOURCE_CONTINUE;
    }
    ibx_notify("STOPPING=1");
    ibx_log_event(h->house.log, "info", "stopping: %d requests under way", h->house.exchanges);
    h->house.draining = true;
    h->drain_begins = g_get_monotonic_time();
    ibx_listener_stop(h->house.listener);
    look_around(h);
    return G_SOURCE_CONTINUE;
}

static char *print_settings(const ibx_settings *settings) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    ibx_settings_print(settings, out);
    fclose(out);
    return text;
}

/* More connections than there are descriptors for would be accepted only to fail later. */
static void fit_connections(ibx_house *house) {
    const int fit = ibx_descriptors_connections(&house->settings);
    if (house->settings.limits.connections <= fit) return;
    ibx_log_event(house->log, "warning",
                  "limits.connections is %d in place of %d, as the process may have no more files "
                  "open; raise the hard limit (ulimit -Hn, LimitNOFILE=)",
                  fit, house->settings.limits.connections);
    house->settings.limits.connections = fit;
}

/* Exchanges what may change at run time, and logs what may not. False: nothing has changed. */
static bool exchange_settings(hall *h, ibx_settings *fresh, ibx_error *err) {
    char *left = NULL;
    size_t size;
    FILE *out = open_memstream(&left, &size);
    const bool ok = ibx_settings_reload(&h->house.settings, fresh, out);
    if (out) fclose(out);
    if (left) g_strchomp(left);
    if (!ok)
        ibx_fail(err, IBX_USAGE, "%s",
                 left ? left : "the new ones do not go with the old addresses");
    else if (left && left[0])
        ibx_log_event(h->house.log, "warning", "needs a restart: %s", left);
    free(left);
    return ok;
}

/* What was made of the old settings is made of the new ones. What other servers and buckets held
 * lately is forgotten: an alias may lead elsewhere now, or nowhere. */
static void spread_settings(ibx_house *house) {
    ibx_purse_limit(&house->purse, house->settings.limits.inflight_bytes);
    ibx_purse_limit(&house->results, house->settings.limits.inflight_bytes);
    ibx_works_reloaded(house->works);
    ibx_fetcher_reloaded(house->fetcher);
    ibx_recent_clear(house->addresses);
    ibx_document_drop(&house->openapi);
    house->openapi = ibx_document_keep(ibx_document_openapi(&house->settings));
}

/* New keys take the place of the old ones in one step, once the settings that go with them hold. */
static bool take_over(hall *h, ibx_settings *fresh, ibx_error *err) {
    ibx_keyring *keys = NULL;
    if (fresh->auth.keys[0] && !(keys = ibx_keyring_new(fresh->auth.keys, err))) return false;
    if (!exchange_settings(h, fresh, err)) {
        ibx_keyring_free(keys);
        return false;
    }
    ibx_keyring_free(h->house.keys);
    h->house.keys = keys;
    h->house.reloads++;
    fit_connections(&h->house);
    spread_settings(&h->house);
    free(h->config);
    h->config = print_settings(&h->house.settings);
    return true;
}

/* SIGHUP: all or nothing. */
static gboolean on_reload(gpointer user) {
    hall *h = user;
    ibx_settings fresh;
    ibx_error err = {0};
    char since[64];
    snprintf(since, sizeof since, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, g_get_monotonic_time());
    ibx_notify(since);
    bool ok = ibx_settings_read(&fresh, NULL, h->argc, h->argv, &err);
    if (ok) {
        ok = ibx_settings_check(&fresh, &err) && take_over(h, &fresh, &err);
        ibx_settings_free(&fresh);
    }
    ibx_metric_add(h->house.metrics, IBX_M_RELOADS, ok ? 0 : 1, 1);
    ibx_error no_log = {0};
    if (!ibx_log_reopen(h->house.log, &no_log))
        ibx_log_event(h->house.log, "error", "%s; the old file goes on", no_log.text);
    if (ok)
        ibx_log_event(h->house.log, "info", "settings read again");
    else
        ibx_log_event(h->house.log, "error", "settings stay as they were: %s", err.text);
    ibx_notify("READY=1");
    return G_SOURCE_CONTINUE;
}

/* ---- what libraries say
 * ------------------------------------------------------------------------------ */

/* GLib's warnings, ours about workers among them, are lines of the log like others. */
static void on_message(const char *domain, GLogLevelFlags level, const char *text, gpointer log) {
    (void)domain;
    if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) return;
    const bool grave = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    ibx_log_event(log, grave ? "error" : "warning", "%s", text);
}

/* Without a log they go where GLib writes them. */
static void hear_libraries(const ibx_house *house) {
    if (strcmp(house->settings.log.file, "off") != 0)
        g_log_set_default_handler(on_message, house->log);
}

/* ---- begin and end
 * ------------------------------------------------------------------------------- */

static void connected(void *user, GIOStream *stream, GSocketAddress *local,
                      GSocketAddress *remote) {
    hall *h = user;
    GError *why = NULL;
    if (soup_server_accept_iostream(h->house.soup, stream, local, remote, &why)) return;
    ibx_log_event(h->house.log, "warning", "a connection was dropped: %s", why->message);
    g_error_free(why);
}

/* What never was a request for libsoup has its line in the log too. */
static void refused(void *user, int status, const char *client, const char *why) {
    const hall *h = user;
    const ibx_log_request line = {.client = *client ? client : NULL,
                                  .route = ibx_route_name(IBX_ROUTE_OTHER),
                                  .status = status,
                                  .why = why};
    ibx_log_write(h->house.log, &line);
}

static bool open_sources(ibx_house *house, ibx_error *err) {
    const ibx_settings *s = &house->settings;
    house->purse = (ibx_purse){
        .most = s->limits.inflight_bytes, .metrics = house->metrics, .gauge = IBX_M_INFLIGHT};
    house->results = house->purse;
    house->results.gauge = IBX_M_RESULTS;
    if (s->auth.keys && s->auth.keys[0] && !(house->keys = ibx_keyring_new(s->auth.keys, err)))
        return false;
    if (s->server.root[0] && (house->root = ibx_files_root(s->server.root, err)) < 0) return false;
    if (s->cache.folder[0] &&
        !(house->cache = ibx_cache_open(s->cache.folder, s->cache.size, house->metrics, err)))
        return false;
    if (house->cache) house->checks = ibx_checks_new(house->cache);
    house->addresses = ibx_recent_new(REMEMBERED, sizeof(ibx_opened));
    house->abouts = ibx_recent_new(REMEMBERED, sizeof(ibx_about));
    house->forms = ibx_forms_new(&house->purse);
    house->fetcher = ibx_fetcher_new(s, house->metrics, &house->purse, err);
    return house->fetcher != NULL;
}

static bool open_house(hall *h, ibx_error *err) {
    ibx_house *house = &h->house;
    house->metrics = ibx_metrics_new();
    house->slow = ibx_slow_new();
    house->flights = ibx_flights_new();
    house->filters = ibx_document_keep(ibx_document_filters());
    house->openapi = ibx_document_keep(ibx_document_openapi(&house->settings));
    house->log = ibx_log_open(house->settings.log.file, err);
    if (house->log) hear_libraries(house);
    house->soup = house->log ? ibx_soup_new(err) : NULL;
    if (!house->soup || !open_sources(house, err)) return false;
    fit_connections(house);
    g_object_set(house->soup, "server-header", "imbrex", NULL);
    house->listener = ibx_listener_open(&house->settings, house->metrics, connected, h, err);
    if (!house->listener) return false;
    ibx_listener_on_refusal(house->listener, refused, h);
    h->admin = ibx_admin_open(&house->settings, house->metrics, house->slow, err);
    if (!h->admin && err->code != IBX_OK) return false;
    house->works = ibx_works_new(&house->settings, house->metrics, err);
    if (!house->works) return false;
    ibx_routes_add(house);
    return true;
}

static void close_house(hall *h) {
    ibx_house *house = &h->house;
    ibx_listener_free(house->listener);
    if (house->soup) soup_server_disconnect(house->soup);
    g_clear_object(&house->soup);
    ibx_works_free(house->works);
    ibx_fetcher_free(house->fetcher);
    ibx_forms_free(house->forms);
    ibx_admin_close(h->admin);
    ibx_checks_free(house->checks);
    ibx_cache_close(house->cache);
    ibx_flights_free(house->flights);
    ibx_recent_free(house->addresses);
    ibx_recent_free(house->abouts);
    ibx_keyring_free(house->keys);
    if (house->root >= 0) close(house->root);
    g_log_set_default_handler(g_log_default_handler, NULL);
    ibx_log_close(house->log);
    ibx_metrics_free(house->metrics);
    ibx_slow_free(house->slow);
    ibx_document_drop(&house->filters);
    ibx_document_drop(&house->openapi);
    free(h->config);
}

static void run(hall *h) {
    char *addresses = ibx_listener_addresses(h->house.listener);
    char **each = g_strsplit(addresses, "\n", -1);
    for (char **a = each; *a; a++)
        if (**a) ibx_log_event(h->house.log, "info", "listening on %s", *a);
    g_strfreev(each);
    free(addresses);
    h->config = print_settings(&h->house.settings);
    h->beat = ibx_notify_beat();
    h->loop = g_main_loop_new(NULL, FALSE);
    const guint source[] = {
        g_unix_signal_add(SIGTERM, on_stop, h), g_unix_signal_add(SIGINT, on_stop, h),
        g_unix_signal_add(SIGHUP, on_reload, h), g_timeout_add(LOOK_AROUND_MS, look_around, h)};
    g_main_loop_run(h->loop);
    for (size_t i = 0; i < G_N_ELEMENTS(source); i++) g_source_remove(source[i]);
    g_main_loop_unref(h->loop);
}

static int serve(hall *h) {
    ibx_error err = {0};
    ibx_descriptors_raise();
    const bool ok = open_house(h, &err);
    if (ok)
        run(h);
    else
        fprintf(stderr, "imbrex: serve: %s\n", err.text);
    close_house(h);
    return ok ? 0 : EXIT_UNAVAILABLE;
}

/* ---- the command
 * ---------------------------------------------------------------------------------- */

/* What is asked for in place of a server, or before one. -1: go on. */
static int before(const ibx_settings *settings, ibx_error *err) {
    if (settings->command.help) {
        ibx_settings_help(stdout);
        return 0;
    }
    if (settings->command.print) {
        ibx_settings_print(settings, stdout);
        return 0;
    }
    if (!ibx_settings_check(settings, err)) {
        fprintf(stderr, "imbrex: serve: %s\n", err->text);
        return EXIT_USAGE;
    }
    if (!settings->command.check) return -1;
    printf("the settings are good\n");
    return 0;
}

int ibx_serve_main(int argc, char **argv) {
    hall h = {.house.root = -1, .argc = argc, .argv = argv};
    ibx_error err = {0};
    if (!ibx_settings_read(&h.house.settings, NULL, argc, argv, &err)) {
        fprintf(stderr, "imbrex: serve: %s\n", err.text);
        return EXIT_USAGE;
    }
    int status = before(&h.house.settings, &err);
    if (status < 0) status = serve(&h);
    ibx_settings_free(&h.house.settings);
    return status;
}
