/* settings - from file, environment and options; what is refused, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "engine/machine.h"
#include "server/config/settings.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static ibx_settings settings;
static ibx_error err;
static char folder[] = "/tmp/imbrex-settings-XXXXXX";
static char file[64], secret[64];

static int set_up(void **state) {
    (void)state;
    settings = (ibx_settings){0};
    err = (ibx_error){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ibx_settings_free(&settings);
    return 0;
}

static void write_file(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* Reads with these options, NULL at the end. */
static bool read_words(const char *from, char **word) {
    int count = 0;
    while (word[count]) count++;
    ibx_settings_free(&settings);
    return ibx_settings_read(&settings, from, count, word, &err);
}
#define OPTIONS(...) read_words(NULL, (char *[]){__VA_ARGS__, NULL})

static bool read_text(const char *text) {
    write_file(file, text);
    return read_words(file, (char *[]){NULL});
}

static void good(bool worked) {
    if (!worked) fail_msg("%s", err.text);
}

/* It failed, and the sentence says this. */
static void refuse(bool worked, const char *sentence) {
    assert_false(worked);
    if (!strstr(err.text, sentence)) fail_msg("\"%s\" is not in \"%s\"", sentence, err.text);
}

static void defaults(void **state) {
    (void)state;
    good(read_words(NULL, (char *[]){NULL}));
    assert_string_equal(settings.server.listen[0], "127.0.0.1:8080");
    assert_null(settings.server.listen[1]);
    assert_string_equal(settings.server.admin, "127.0.0.1:9464");
    assert_string_equal(settings.server.root, "");
    assert_true(settings.server.ui);
    assert_int_equal(settings.server.drain, 30000);
    assert_null(settings.auth.keys[0]);
    assert_int_equal(settings.auth.unsigned_ok, IBX_UNSIGNED_AUTO);
    assert_int_equal(settings.limits.connections, 1024);
    assert_int_equal(settings.limits.header_bytes, 16384);
    assert_int_equal(settings.limits.body_rate, 1024);
    assert_int_equal(settings.limits.pixels, 100000000);
    assert_int_equal(settings.limits.job_bytes, 1 << 30);
    assert_int_equal(settings.limits.queue_ms, 5000);
    assert_int_equal(settings.worker.sandbox, IBX_SANDBOX_PREFER);
    assert_string_equal(settings.remote.ports[1], "443");
    assert_int_equal(settings.remote.fresh_ms, 600000);
    assert_int_equal(settings.cache.max_age, 365LL * 86400 * 1000);
    assert_string_equal(settings.log.file, "-");
    const double machine = 2 * (double)ibx_machine_memory();
    assert_true(fabs((double)settings.limits.memory - 0.6 * machine) < 0.01 * machine);
    assert_true(fabs((double)settings.limits.inflight_bytes - 0.25 * machine) < 0.01 * machine);
    good(ibx_settings_check(&settings, &err));
}

static void from_file(void **state) {
    (void)state;
    good(read_text("# comment\n"
                   "ui = no\n"
                   "[limits]\n"
                   "  memory=1.5G  \n"
                   "; comment\n"
                   "deadline = 300ms\n"
                   "requests_per_second = 2.5\n"
                   "[ server ]\n"
                   "listen = 127.0.0.1:1, 127.0.0.1:2\n"
                   "listen = 127.0.0.1:3\n"
                   "root = \" a \"\n"
                   "[recipes]\n"
                   "presets = web=resize:512x/save:jpeg,80\n"
                   "presets = small=resize:64x\n"
                   "[worker]\r\n"
                   "sandbox = require\r\n"));
    assert_false(settings.server.ui);
    assert_int_equal(settings.limits.memory, 3LL << 29);
    assert_int_equal(settings.limits.deadline, 300);
    assert_true(settings.limits.requests_per_second == 2.5);
    assert_string_equal(settings.server.listen[1], "127.0.0.1:2");
    assert_string_equal(settings.server.listen[2], "127.0.0.1:3");
    assert_null(settings.server.listen[3]);
    assert_string_equal(settings.server.root, " a ");
    assert_string_equal(settings.recipes.presets[0], "web=resize:512x/save:jpeg,80");
    assert_string_equal(settings.recipes.presets[1], "small=resize:64x");
    assert_int_equal(settings.worker.sandbox, IBX_SANDBOX_REQUIRE);
}

/* Every sentence has the file, the line, and what would be right. */
static void file_refused(void **state) {
    (void)state;
    char line[200];
    refuse(read_text("\n[limits]\nmemry = 2G\n"), "did you mean memory?");
    snprintf(line, sizeof line, "%s:3: ", file);
    refuse(false, line);
    refuse(read_text("[limit]\n"), "\"limit\"; did you mean limits?");
    refuse(read_text("[cache]\nmemory = 2G\n"), "belongs to section [limits], not to [cache]");
    refuse(read_text("[cache]\nsize = 1G\nfolder = /tmp\nsize = 2G\n"), ":4: size was given in "
                                                                        "line 2");
    refuse(read_text("[cache]\nsize 1G\n"), ":2: neither");
    refuse(read_text("[cache\n"), "ends with ]");
    refuse(read_text("[limits]\ndeadline = 10\n"), "is 10, but must be 10ms to 1d, with its unit");
    refuse(read_text("[limits]\nsteps = 1001\n"), "limits.steps is 1001, but must be 1 to 1000");
    refuse(read_text("[limits]\nsteps = 1.5\n"), "1 to 1000");
    refuse(read_text("[limits]\nsteps = 1e2\n"), "1 to 1000");
    refuse(read_text("[limits]\nsteps = 0x10\n"), "1 to 1000");
    refuse(read_text("[limits]\nsteps = -1\n"), "1 to 1000");
    refuse(read_text("[limits]\nsteps =\n"), "is empty, but must be 1 to 1000");
    refuse(read_text("[limits]\nmemory = 2Q\n"), "or as in 25% of the machine's");
    refuse(read_text("[worker]\nsandbox = requir\n"), "did you mean require?");
    refuse(read_text("ui = maybe\n"), "\"maybe\", but must be yes or no");
    refuse(read_words("/nowhere/imbrex.conf", (char *[]){NULL}), "/nowhere/imbrex.conf cannot be");
    FILE *out = fopen(file, "w");
    fwrite("ui = no\0\n", 1, 9, out);
    fclose(out);
    refuse(read_words(file, (char *[]){NULL}), ":1: a zero byte");
    assert_null(settings.server.listen); /* nothing is left of it */
}

static void from_environment(void **state) {
    (void)state;
    setenv("IMBREX_LISTEN", "127.0.0.1:5", 1);
    setenv("IMBREX_LIMITS_QUEUE_LIGHT", "7", 1);
    setenv("IMBREX_RECIPES_PRESETS", "a=resize:1x\nb=resize:2x,filter=lanczos3", 1);
    setenv("IMBREX_WORKER_COUNT", "3", 1);
    setenv("IMBREX_WORKER_ADDRESS_SPACE", "1", 1); /* of the worker's own */
    setenv("IMBREX_MODULES", "x", 1);
    setenv("IMBREX_CPU", "baseline", 1);
    good(read_text("listen = 127.0.0.1:9\nlisten = 127.0.0.1:8\n[limits]\nqueue_light = 5\n"
                   "queue_heavy = 6\n"));
    assert_string_equal(settings.server.listen[0], "127.0.0.1:5");
    assert_null(settings.server.listen[1]); /* replaced, not added */
    assert_int_equal(settings.limits.queue_light, 7);
    assert_int_equal(settings.limits.queue_heavy, 6);
    assert_int_equal(settings.worker.count, 3);
    assert_string_equal(settings.recipes.presets[1], "b=resize:2x,filter=lanczos3");

    setenv("IMBREX_LIMITS_MEMRY", "2G", 1);
    refuse(OPTIONS("--ui"), "IMBREX_LIMITS_MEMRY, which is no setting; did you mean "
                            "IMBREX_LIMITS_MEMORY?");
    unsetenv("IMBREX_LIMITS_MEMRY");
    setenv("IMBREX_WORKER_CUONT", "2", 1); /* a slip is not a worker's own variable */
    refuse(OPTIONS("--ui"), "did you mean IMBREX_WORKER_COUNT?");
    unsetenv("IMBREX_WORKER_CUONT");
    setenv("IMBREX_LIMITS_QUEUE_LIGHT", "many", 1);
    refuse(OPTIONS("--ui"), "IMBREX_LIMITS_QUEUE_LIGHT is \"many\", but must be 0 to 1000000");
    const char *const names[] = {"LISTEN",  "LIMITS_QUEUE_LIGHT",   "RECIPES_PRESETS",
                                 "MODULES", "WORKER_ADDRESS_SPACE", "WORKER_COUNT",
                                 "CPU"};
    for (int i = 0; i < 7; i++) {
        char name[64];
        snprintf(name, sizeof name, "IMBREX_%s", names[i]);
        unsetenv(name);
    }
}

static void from_options(void **state) {
    (void)state;
    setenv("IMBREX_LIMITS_STEPS", "5", 1);
    good(OPTIONS("--limits-steps", "6", "--listen=127.0.0.1:1", "--listen", "127.0.0.1:2",
                 "--no-ui", "--root", "--help-me"));
    unsetenv("IMBREX_LIMITS_STEPS");
    assert_int_equal(settings.limits.steps, 6);
    assert_string_equal(settings.server.listen[1], "127.0.0.1:2");
    assert_false(settings.server.ui);
    assert_string_equal(settings.server.root, "--help-me"); /* a value, whatever it looks like */
    good(OPTIONS("--no-ui", "--ui"));
    assert_true(settings.server.ui);
    good(OPTIONS("--ui", "no", "--limits-steps=7"));
    assert_false(settings.server.ui);
    assert_int_equal(settings.limits.steps, 7);
    refuse(OPTIONS("--limits-step", "6"), "did you mean --limits-steps?");
    refuse(OPTIONS("--no-root"), "unknown option --no-root");
    refuse(OPTIONS("--ui=maybe"), "--ui is \"maybe\", but must be yes or no");
    refuse(OPTIONS("--root"), "--root needs a value: DIR");
    refuse(OPTIONS("photos"), "what is \"photos\"?");
    refuse(OPTIONS("--limits-steps", "0"), "--limits-steps is 0, but must be 1 to 1000");
}

static void commands(void **state) {
    (void)state;
    write_file(file, "[limits]\nsteps = 3\noutputs = 4\n");
    good(OPTIONS("--limits-steps", "9", "--config", file, "--check-config"));
    assert_int_equal(settings.limits.steps, 9); /* options win wherever they stand */
    assert_int_equal(settings.limits.outputs, 4);
    assert_string_equal(settings.command.file, file);
    assert_true(settings.command.check && !settings.command.print && !settings.command.help);
    good(OPTIONS("--print-config"));
    assert_true(settings.command.print);
    setenv("IMBREX_NONSENSE_HERE", "1", 1);
    good(OPTIONS("--help")); /* even where nothing else is right */
    assert_true(settings.command.help);
    unsetenv("IMBREX_NONSENSE_HERE");
    refuse(OPTIONS("--help=yes"), "--help takes no value");
    refuse(OPTIONS("--config"), "--config needs a value: FILE");
}

static void secrets(void **state) {
    (void)state;
    write_file(secret,
               "a:00112233445566778899aabbccddeeff\n\nb:ffeeddccbbaa99887766554433221100\n");
    good(OPTIONS("--auth-keys-file", secret));
    assert_string_equal(settings.auth.keys[1], "b:ffeeddccbbaa99887766554433221100");
    assert_null(settings.auth.keys[2]);
    refuse(OPTIONS("--auth-keys-file", secret, "--auth-keys", "c:00"),
           "both auth.keys and auth.keys_file");
    write_file(secret, "sesame\n");
    good(OPTIONS("--auth-token-file", secret));
    assert_string_equal(settings.auth.token, "sesame");
    write_file(secret, " \n");
    refuse(OPTIONS("--s3-secret-file", secret), "is empty");
    refuse(OPTIONS("--s3-secret-file", "/nowhere/secret"), "/nowhere/secret cannot be read");
}

static char *printed(void) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ibx_settings_print(&settings, out);
    fclose(out);
    return text;
}

/* Printed, read and printed again: the same. */
static void prints(void **state) {
    (void)state;
    good(OPTIONS("--root", " a\t", "--auth-token", "sesame", "--limits-memory", "1536M",
                 "--limits-deadline", "90s", "--recipes-presets", "a=resize:1x",
                 "--recipes-presets", "b=resize:2x", "--remote-allow", "a.example,b.example",
                 "--auth-keys", "k:0123456789", "--no-ui", "--limits-pixels", "7M"));
    char *first = printed();
    assert_null(strstr(first, "sesame"));
    assert_null(strstr(first, "0123456789"));
    assert_non_null(strstr(first, "# token = (hidden)\n"));
    assert_non_null(strstr(first, "\nroot = \" a\t\"\n"));
    assert_non_null(strstr(first, "\nmemory = 1536M\n"));
    assert_non_null(strstr(first, "\nallow = a.example b.example\n"));
    good(read_text(first));
    assert_int_equal(settings.limits.deadline, 90000);
    assert_string_equal(settings.server.root, " a\t");
    assert_string_equal(settings.recipes.presets[1], "b=resize:2x");
    assert_string_equal(settings.auth.token, ""); /* that alone is lost */
    char *second = printed();
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void helps(void **state) {
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ibx_settings_help(out);
    fclose(out);
    assert_non_null(strstr(text, "--limits-connections-per-client N"));
    assert_non_null(strstr(text, "--check-config"));
    assert_non_null(strstr(text, "1 to 1T; default"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
}

/* ---- as a whole -------------------------------------------------------------------------------
 */

#define CHECKED(...) (OPTIONS(__VA_ARGS__) && ibx_settings_check(&settings, &err))
#define KEYS "--auth-keys", "k:00112233445566778899aabbccddeeff"
#define PUBLIC "--listen", "0.0.0.0:8080"

static void fails_closed(void **state) {
    (void)state;
    refuse(CHECKED(PUBLIC), "0.0.0.0:8080 without keys");
    refuse(false, "auth.unsigned_ok = yes if that is meant");
    refuse(CHECKED("--listen", "127.0.0.1:1,[::]:2"), "[::]:2 without keys");
    refuse(CHECKED(PUBLIC, KEYS), "without a token");
    refuse(CHECKED(PUBLIC, "--auth-token", "t"), "without keys");
    refuse(CHECKED(PUBLIC, "--auth-unsigned-ok", "no"), "without keys");
    good(CHECKED(PUBLIC, KEYS, "--auth-token", "t"));
    assert_false(ibx_settings_unsigned(&settings));
    good(CHECKED(PUBLIC, "--auth-unsigned-ok", "yes"));
    assert_true(ibx_settings_unsigned(&settings));
    good(CHECKED("--listen", "[::1]:80 127.8.0.1:0 unix:/tmp/x"));
    assert_true(ibx_settings_unsigned(&settings));
    good(CHECKED(KEYS)); /* keys behind a proxy on this machine: a signature is wanted */
    assert_false(ibx_settings_unsigned(&settings));
    good(CHECKED("--auth-unsigned-ok", "no"));
    assert_false(ibx_settings_unsigned(&settings));
}

static void wholes(void **state) {
    (void)state;
    refuse(CHECKED("--listen", "8080"), "\"8080\" is no address to listen on");
    refuse(CHECKED("--listen", "::1:80"), "no address to listen on");
    refuse(CHECKED("--listen", "127.0.0.1:65536"), "no address to listen on");
    refuse(CHECKED("--listen", "[127.0.0.1]:80"), "no address to listen on");
    refuse(CHECKED("--listen", "localhost:80"), "no address to listen on");
    refuse(CHECKED("--listen", "unix:relative"), "no address to listen on");
    refuse(CHECKED("--listen", ""), "server.listen is empty");
    refuse(CHECKED("--admin", "here"), "\"here\" is no address");
    good(CHECKED("--admin", "off"));
    refuse(CHECKED("--admin", "0.0.0.0:9464"), "server.admin is 0.0.0.0:9464");
    refuse(CHECKED("--admin", "[::]:9464", "--auth-unsigned-ok", "yes"), "admin_public = yes");
    refuse(CHECKED("--admin", "192.0.2.1:9464", KEYS, "--auth-token", "t"), "admin_public = yes");
    good(CHECKED("--admin", "0.0.0.0:9464", "--admin-public"));
    good(CHECKED("--admin", "[::1]:9464"));
    good(CHECKED("--admin", "unix:/tmp/imbrex-admin"));
    refuse(CHECKED("--root", "/nowhere/images"), "/nowhere/images cannot be opened as a folder");
    refuse(CHECKED("--root", file), "cannot be opened as a folder");
    refuse(CHECKED("--recipes-presets", "web"), "should be NAME=RECIPE");
    refuse(CHECKED("--recipes-presets", "a b=resize:1x"), "should be NAME=RECIPE");
    refuse(CHECKED("--recipes-presets", "web=resise:512x"), "presets: web: ");
    refuse(CHECKED("--recipes-presets", "a=resize:1x", "--recipes-presets", "a=resize:2x"),
           "two named a");
    refuse(CHECKED("--recipes-presets", "web=lut3d:/etc/a.cube"), "presets: web: ");
    good(CHECKED("--recipes-presets", "a=resize:1x", "--recipes-presets", "ab=resize:2x"));
    refuse(CHECKED("--remote-ports", "80,http"), "\"http\" must be 1 to 65535");
    refuse(CHECKED("--s3-key-id", "x"), "must be given together");
}

/* What a part of the server could not use is told before there is one. */
static void words(void **state) {
    (void)state;
    refuse(CHECKED("--auth-keys", "web"), "signing key 1 must be");
    refuse(CHECKED("--auth-keys", "web:0011"), "\"web\" must have 16 to 128 bytes");
    refuse(CHECKED(KEYS, KEYS), "two signing keys \"k\"");
    refuse(CHECKED("--recipes-automatic", "wepb"), "no format \"wepb\"");
    good(CHECKED("--recipes-automatic", "avif,webp,png"));
    refuse(CHECKED("--worker-allow-loaders", "svg svgg"),
           "worker.allow_loaders: there is no loader \"svgg\"; did you mean \"svg\"?");
    good(CHECKED("--worker-allow-loaders", "svg,ppm tiff"));
    refuse(CHECKED("--remote-allow", "img.example.org,ex/ample"), "\"ex/ample\" is no host");
    refuse(CHECKED("--remote-allow", "*"), "\"*\" is no host");
    refuse(CHECKED("--remote-allow", "a.example:80"), "\"a.example:80\" is no host");
    good(CHECKED("--remote-allow", "*.example.org 192.0.2.1 [2001:db8::1] ex.ample"));
    refuse(CHECKED("--remote-networks", "10.0.0.0/33"), "\"10.0.0.0/33\" is no network");
    refuse(CHECKED("--remote-networks", "10.0.0.1/8"), "without bits behind the prefix");
    good(CHECKED("--remote-networks", "10.0.0.0/8 fd00::/8 192.0.2.1"));
    refuse(CHECKED("--s3-buckets", "photos"), "s3.buckets: \"photos\" must be");
    refuse(CHECKED("--s3-buckets",
                   "a="
                   "https://h/b r-1",
                   "--s3-buckets",
                   "a="
                   "https://h/c r-1"),
           "two of the alias");
    good(CHECKED("--s3-buckets",
                 "a="
                 "https://h/b r-1",
                 "--s3-buckets",
                 "b="
                 "https://h/b r-1"));
    refuse(CHECKED("--origin", "img.example.org"), "scheme and host alone");
    refuse(CHECKED("--origin", "https://img.example.org/"), "scheme and host alone");
    good(CHECKED("--origin", "https://img.example.org:8443", "--cors", "*"));
    refuse(CHECKED("--cors", "https://www.example.org/"), "server.cors: ");
    good(CHECKED("--cors", "https://www.example.org,http://localhost:3"));
}

/* ---- SIGHUP -----------------------------------------------------------------------------------
 */

static char *reload(char **word) {
    ibx_settings fresh;
    char *left;
    size_t size;
    int count = 0;
    while (word[count]) count++;
    good(ibx_settings_read(&fresh, NULL, count, word, &err));
    FILE *out = open_memstream(&left, &size);
    const bool changed = ibx_settings_reload(&settings, &fresh, out);
    fclose(out);
    ibx_settings_free(&fresh);
    assert_int_equal(changed, !strstr(left, "nothing has changed"));
    return left;
}

/* Reads settings while systemd has handed over a socket on this address. */
static void inherit(in_addr_t address) {
    char id[24];
    const struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&where, sizeof where) != 0 || dup2(fd, 3) != 3) _exit(9);
    snprintf(id, sizeof id, "%d", getpid());
    setenv("LISTEN_PID", id, 1);
    setenv("LISTEN_FDS", "1", 1);
}

/* In a process of its own: descriptor 3 is in use here. */
static int in_child(int (*test)(void)) {
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(test());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It is looked at, whatever `listen` says; and a reload does not forget it, although the listener
 * has taken the variables out of the environment by then. */
static int inherit_open(void) {
    inherit(INADDR_ANY);
    if (CHECKED("--ui") || !strstr(err.text, "a socket of systemd without keys")) return 1;
    if (!CHECKED(KEYS, "--auth-token", "t")) return 2;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    char *left = reload((char *[]){"--ui", NULL});
    if (!strstr(left, "nothing has changed: everybody could use this server")) return 3;
    free(left);
    return ibx_settings_unsigned(&settings) ? 4 : 0;
}

static int inherit_local(void) {
    inherit(INADDR_LOOPBACK);
    return CHECKED(PUBLIC) ? 0 : 1; /* `listen` does not count */
}

static void inherited(void **state) {
    (void)state;
    assert_int_equal(in_child(inherit_open), 0);
    assert_int_equal(in_child(inherit_local), 0);
}

#define OTHER "n:ffeeddccbbaa99887766554433221100"

static void reloads(void **state) {
    (void)state;
    good(OPTIONS(KEYS, "--limits-steps", "3"));
    char *left =
        reload((char *[]){"--auth-keys", OTHER, "--limits-steps", "4", "--worker-count", "7",
                          "--root", "/tmp", "--recipes-presets", "a=resize:1x", NULL});
    assert_string_equal(settings.auth.keys[0], OTHER);
    assert_int_equal(settings.limits.steps, 4);
    assert_string_equal(settings.recipes.presets[0], "a=resize:1x");
    assert_int_equal(settings.worker.count, 0);
    assert_string_equal(settings.server.root, "");
    assert_string_equal(left, "root stays as it is until the server is started again\n"
                              "worker.count stays as it is until the server is started again\n");
    free(left);
}

/* The new file would be good by itself; but the old address goes on listening. */
static void reload_fails_closed(void **state) {
    (void)state;
    good(CHECKED(PUBLIC, KEYS, "--auth-token", "t"));
    char *left = reload((char *[]){"--listen", "127.0.0.1:8080", "--limits-steps", "4", NULL});
    assert_non_null(strstr(left, "nothing has changed: everybody could use this server"));
    assert_string_equal(settings.auth.token, "t");
    assert_int_equal(settings.limits.steps, 32);
    free(left);
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(file, sizeof file, "%s/conf", folder);
    snprintf(secret, sizeof secret, "%s/secret", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(file);
    unlink(secret);
    return rmdir(folder);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(defaults),         TEST(from_file),    TEST(file_refused),
        TEST(from_environment), TEST(from_options), TEST(commands),
        TEST(secrets),          TEST(prints),       TEST(helps),
        TEST(fails_closed),     TEST(wholes),       TEST(words),
        TEST(inherited),        TEST(reloads),      TEST(reload_fails_closed)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
