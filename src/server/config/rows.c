/* rows.c - the table of settings. */
#include "server/config/rows.h"
#include "core/param.h"
#include "core/text.h"

static const char *const SANDBOXES[] = {"prefer", "require", "off", NULL};
static const char *const UNSIGNED[] = {"auto", "yes", "no", NULL};
static const char *const METADATA[] = {"keep", "none", "copyright", "no-gps", NULL};

#define K 1024.0
#define M (1024 * K)
#define G (1024 * M)
#define SECOND 1000.0
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

/* The member behind a row; a row whose member has another type does not compile. */
#define ROW(kind, T, s, k, dflt, h, ...)                                                           \
    {                                                                                              \
        .section = #s, .key = #k, .type = (kind), .offset = IBX_FIELD(ibx_settings, s.k, T),       \
        .standard = (dflt), .help = (h), __VA_ARGS__                                               \
    }
#define TEXT(s, k, v, dflt, h, ...)                                                                \
    ROW(IBX_SETTING_TEXT, char *, s, k, dflt, h, .value = (v), __VA_ARGS__)
#define WORDS(s, k, v, dflt, h, ...)                                                               \
    ROW(IBX_SETTING_WORDS, ibx_word_list, s, k, dflt, h, .value = (v), __VA_ARGS__)
#define LINES(s, k, v, h, ...)                                                                     \
    ROW(IBX_SETTING_LINES, ibx_word_list, s, k, "", h, .value = (v), __VA_ARGS__)
#define BOOL(s, k, dflt, h, ...) ROW(IBX_SETTING_BOOL, bool, s, k, dflt, h, __VA_ARGS__)
#define CHOICE(s, k, T, words, dflt, h, ...)                                                       \
    ROW(IBX_SETTING_CHOICE, T, s, k, dflt, h, .choices = (words), __VA_ARGS__)
#define NUMBER(kind, T, s, k, lo, hi, dflt, h, ...)                                                \
    ROW(kind, T, s, k, dflt, h, .min = (lo), .max = (hi), __VA_ARGS__)
#define INT(...) NUMBER(IBX_SETTING_INT, int, __VA_ARGS__)
#define RATE(...) NUMBER(IBX_SETTING_RATE, double, __VA_ARGS__)
#define BYTES(...) NUMBER(IBX_SETTING_BYTES, int64_t, __VA_ARGS__)
#define MEMORY(...) NUMBER(IBX_SETTING_MEMORY, int64_t, __VA_ARGS__)
#define COUNT(...) NUMBER(IBX_SETTING_COUNT, int64_t, __VA_ARGS__)
#define TIME(...) NUMBER(IBX_SETTING_TIME, int64_t, __VA_ARGS__)
#define FIXED .traits = 0
#define RELOADS .traits = IBX_SETTING_RELOADS
#define SECRET .traits = IBX_SETTING_RELOADS | IBX_SETTING_SECRET

const ibx_setting ibx_setting_rows[] = {
    WORDS(server, listen, "ADDRESS", "127.0.0.1:8080",
          "Where to listen: \"127.0.0.1:8080\", \"[::1]:8080\", \"unix:/run/imbrex.sock\".", FIXED),
    TEXT(server, admin, "ADDRESS", "127.0.0.1:9464",
         "Where to answer /livez, /readyz, /metrics, /config and /debug/slow; \"off\": nowhere.",
         FIXED),
    BOOL(server, admin_public, "no", "Whether others than this machine may ask there.", FIXED),
    TEXT(server, root, "DIR", "", "Folder whose images are served.", FIXED),
    TEXT(server, origin, "URL", "",
         "Scheme and host that clients reach the server by, as addresses in its replies begin; "
         "default: what they say in Host.",
         FIXED),
    WORDS(server, cors, "ORIGIN", "", "Sites whose pages may read replies; \"*\" for all.",
          RELOADS),
    BOOL(server, ui, "yes", "Offer the page at /ui/.", FIXED),
    TIME(server, drain, 0, HOUR, "30s", "How long requests under way may take after SIGTERM.",
         RELOADS),

    WORDS(auth, keys, "ID:HEX", "",
          "Keys that sign addresses, of at least 16 bytes; the first one signs.", SECRET),
    TEXT(auth, keys_file, "FILE", "", "File with such keys, one per line.", RELOADS),
    CHOICE(auth, unsigned_ok, ibx_unsigned, UNSIGNED, "auto",
           "Whether addresses without signature are served; auto: only where there are no keys and "
           "nobody outside this machine can connect.",
           RELOADS),
    TEXT(auth, token, "TEXT", "", "Bearer token that a POST must carry.", SECRET),
    TEXT(auth, token_file, "FILE", "", "File with that token.", RELOADS),

    INT(limits, connections, 1, 1e6, "1024", "Open connections.", RELOADS),
    INT(limits, connections_per_client, 1, 1e6, "64", "Open connections of one client.", RELOADS),
    RATE(limits, requests_per_second, 0, 1e6, "0", "Requests per second of one client; 0: any.",
         RELOADS),
    INT(limits, burst, 1, 1e6, "20", "Requests that a client may send at once above its rate.",
        RELOADS),
    TIME(limits, header_ms, SECOND, HOUR, "10s", "Time for the head of a request.", RELOADS),
    BYTES(limits, header_bytes, K, M, "16K", "Size of the head of a request.", RELOADS),
    TIME(limits, body_ms, SECOND, DAY, "60s", "Time for the body of a request.", RELOADS),
    BYTES(limits, body_rate, 0, G, "1K",
          "Bytes per second that a body must bring after five seconds.", RELOADS),
    TIME(limits, write_ms, SECOND, HOUR, "20s",
         "Time in which a client may take nothing of its reply.", RELOADS),
    TIME(limits, idle_ms, 0, DAY, "75s", "Time between two requests of a connection.", RELOADS),
    INT(limits, requests, 1, 1e9, "1000", "Requests of a connection.", RELOADS),
    BYTES(limits, source_bytes, K, 1024 * G, "32M", "Size of an upload or a remote source.",
          RELOADS),
    MEMORY(limits, inflight_bytes, M, 1024 * 1024 * G, "25%",
           "Bytes of all of these together, and of all results that clients have yet to read.",
           RELOADS),
    COUNT(limits, pixels, 1, 1e12, "100M", "Pixels of an input.", RELOADS),
    COUNT(limits, output_side, 1, 1e6, "16384", "Pixels of a side of a result.", RELOADS),
    COUNT(limits, output_pixels, 1, 1e12, "100M", "Pixels of a result.", RELOADS),
    BYTES(limits, output_bytes, K, 1024 * G, "256M", "Size of a result.", RELOADS),
    BYTES(limits, job_bytes, M, 1024 * G, "1G", "Memory that the plan of one image may need.",
          RELOADS),
    MEMORY(limits, memory, 16 * M, 1024 * 1024 * G, "60%",
           "Memory that all jobs together may need.", RELOADS),
    TIME(limits, deadline, 10, DAY, "10s", "Time of a job.", RELOADS),
    TIME(limits, cpu, 10, DAY, "20s", "Processor time of a job.", RELOADS),
    TIME(limits, queue_ms, 0, HOUR, "5s",
         "Predicted time of waiting above which a request is refused.", RELOADS),
    INT(limits, queue_light, 0, 1e6, "64", "Light jobs that wait, per worker.", RELOADS),
    INT(limits, queue_heavy, 0, 1e6, "4", "Heavy jobs that wait, per worker.", RELOADS),
    BYTES(limits, heavy_bytes, 0, 1024 * G, "128M", "Memory above which a job counts as heavy.",
          RELOADS),
    INT(limits, steps, 1, 1000, "32", "Steps of a recipe.", RELOADS),
    INT(limits, recipe_bytes, 16, 16383, "4096", "Characters of a recipe.", RELOADS),
    INT(limits, outputs, 1, 32, "32", "Results of one upload.", RELOADS),

    INT(worker, count, 0, 1024, "0", "Worker processes; 0: as many as processors.", FIXED),
    INT(worker, threads, 0, 1024, "0",
        "Threads of each; 0: so many that there is one per processor.", FIXED),
    INT(worker, jobs, 1, 1e9, "5000", "Jobs after which a worker is replaced.", FIXED),
    BYTES(worker, rss, 16 * M, 1024 * G, "512M", "Memory above which a worker is replaced.", FIXED),
    CHOICE(worker, sandbox, ibx_sandbox_mode, SANDBOXES, "prefer",
           "Whether workers are locked in: as far as the kernel can, or not without.", FIXED),
    WORDS(worker, allow_loaders, "NAME", "",
          "Loaders of libvips to use although it marks them as unsafe for files of unknown "
          "origin.",
          FIXED),

    WORDS(remote, allow, "HOST", "",
          "Servers that images may be fetched from: \"img.example.org\" or \"*.example.org\".",
          RELOADS),
    WORDS(remote, ports, "PORT", "80 443", "Ports of these servers.", RELOADS),
    WORDS(remote, networks, "CIDR", "",
          "Networks that may be connected to although they are not public.", RELOADS),
    TIME(remote, connect_ms, 10, HOUR, "3s", "Time to connect.", RELOADS),
    TIME(remote, total_ms, 10, HOUR, "10s", "Time to fetch a source.", RELOADS),
    INT(remote, redirects, 0, 20, "3", "Redirections to follow.", RELOADS),
    INT(remote, fetches, 1, 1024, "8", "Sources that are fetched at a time.", RELOADS),
    TIME(remote, fresh_ms, 0, 365 * DAY, "10min",
         "How long a source counts as fresh whose server does not say.", RELOADS),

    LINES(s3, buckets, "ALIAS=ADDRESS REGION",
          "A bucket that may be read by its alias, one per line.", RELOADS),
    TEXT(s3, key_id, "TEXT", "", "Key of the account that may read the buckets.", RELOADS),
    TEXT(s3, secret, "TEXT", "", "Secret of that account.", SECRET),
    TEXT(s3, secret_file, "FILE", "", "File with that secret.", RELOADS),

    TEXT(cache, folder, "DIR", "", "Folder that keeps results; without one there is no cache.",
         FIXED),
    BYTES(cache, size, M, 1024 * 1024 * G, "1G", "Size of all results that are kept.", FIXED),
    TIME(cache, max_age, 0, 3650 * DAY, "365d",
         "How long clients may keep what is behind a signed address.", FIXED),
    TIME(cache, max_age_unsigned, 0, 3650 * DAY, "10min", "The same for one without signature.",
         FIXED),

    LINES(recipes, presets, "NAME=RECIPE",
          "Steps that requests may name as preset:NAME, one per line.", RELOADS),
    WORDS(recipes, automatic, "FORMAT,...", "webp",
          "Formats for save:auto: the first whose media type the client's Accept names.", RELOADS),
    CHOICE(recipes, metadata, ibx_keep, METADATA, "keep",
           "What results keep of EXIF, XMP and IPTC; tiles keep nothing.", RELOADS),

    TEXT(log, file, "FILE", "-",
         "File for a line of JSON per request; \"-\": standard error; "
         "\"off\": none.",
         FIXED),
    TIME(log, slow_ms, 0, DAY, "1s", "Time to answer from which on a request is at /debug/slow.",
         RELOADS),
    {.key = NULL}};

_Static_assert(sizeof ibx_setting_rows / sizeof *ibx_setting_rows - 1 <= IBX_MOST_SETTINGS,
               "IBX_MOST_SETTINGS is too small");

int ibx_setting_count(void) {
    return (int)(sizeof ibx_setting_rows / sizeof *ibx_setting_rows) - 1;
}

const ibx_setting *ibx_setting_find(const char *section, const char *key) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++)
        if (strcmp(row->section, section) == 0 && strcmp(row->key, key) == 0) return row;
    return NULL;
}

bool ibx_setting_is_list(const ibx_setting *row) {
    return row->type == IBX_SETTING_WORDS || row->type == IBX_SETTING_LINES;
}

/* ---- names ------------------------------------------------------------------------------------
 */

static ibx_setting_name name_of(const ibx_setting *row, const char *prefix, char gap) {
    ibx_setting_name name;
    if (strcmp(row->section, "server") == 0)
        snprintf(name.text, sizeof name.text, "%s%s", prefix, row->key);
    else
        snprintf(name.text, sizeof name.text, "%s%s%c%s", prefix, row->section, gap, row->key);
    return name;
}

ibx_setting_name ibx_setting_path(const ibx_setting *row) {
    return name_of(row, "", '.');
}

ibx_setting_name ibx_setting_variable(const ibx_setting *row) {
    ibx_setting_name name = name_of(row, "IMBREX_", '_');
    for (char *p = name.text; *p; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    return name;
}

ibx_setting_name ibx_setting_option(const ibx_setting *row) {
    ibx_setting_name name = name_of(row, "", '-');
    for (char *p = name.text; *p; p++)
        if (*p == '_') *p = '-';
    return name;
}

static const char *name_word(const void *list, int i) {
    return ((const ibx_setting_name *)list)[i].text;
}

const ibx_setting *ibx_setting_named(const char *name, ibx_name_of *name_in,
                                     ibx_setting_name *near) {
    ibx_setting_name names[IBX_MOST_SETTINGS];
    const int count = ibx_setting_count();
    for (int i = 0; i < count; i++) {
        names[i] = name_in(&ibx_setting_rows[i]);
        if (strcmp(names[i].text, name) == 0) return &ibx_setting_rows[i];
    }
    const char *nearest = ibx_nearest(name, name_word, names, count);
    snprintf(near->text, sizeof near->text, "%s", nearest ? nearest : "");
    return NULL;
}
