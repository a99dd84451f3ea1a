/* convert - one file from a descriptor to bytes: the same as a batch makes, and what goes wrong. */
#include "decoded.h"
#include "imbrex.h"
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PHOTO SOURCE_DIR "/samples/pictures/photo-before.jpg"

enum { MOST = 8 };

/* The outputs of a conversion, as they come. */
typedef struct {
    blob file[MOST];
    int outputs, told, w[MOST];
    size_t room; /* bytes of an output that are taken; 0: any */
    bool refuse; /* what is told */
} harvest;

static bool take(void *user, int output, const void *data, size_t size) {
    harvest *h = user;
    blob *b = &h->file[output];
    if (h->room && b->size + size > h->room) return false;
    b->data = realloc(b->data, b->size + size + 1);
    assert_non_null(b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static bool listen(void *user, const ibx_forecast *forecast, ibx_error *err) {
    harvest *h = user;
    h->outputs = forecast->outputs;
    h->told++;
    for (int i = 0; i < forecast->outputs; i++) {
        h->w[i] = forecast->output[i].w;
        assert_int_equal(h->file[i].size, 0); /* nothing has come so far */
    }
    return !h->refuse || ibx_fail(err, IBX_LIMIT, "no thank you");
}

static void drop(harvest *h) {
    for (int i = 0; i < MOST; i++) free(h->file[i].data);
    *h = (harvest){0};
}

static ibx_recipe *parse(const char *text) {
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    return recipe;
}

static int open_file(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_msg("%s cannot be opened", path);
    return fd;
}

/* An unnamed file with these bytes. */
static int file_of(const void *data, size_t size) {
    const int fd = memfd_create("convert", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    return fd;
}

static void write_file(const char *path, const blob *file) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->size, out), file->size);
    assert_int_equal(fclose(out), 0);
}

/* ---- the same bytes ----------------------------------------------------------------------------
 */

static char *scratch; /* a folder of this test */

static void read_outputs(void *user, const ibx_event *event) {
    harvest *h = user;
    if (event->kind == IBX_EVENT_FAILED) fail_msg("%s: %s", event->input, event->error->text);
    if (event->kind != IBX_EVENT_DONE) return;
    h->outputs = event->output_count;
    for (int i = 0; i < event->output_count; i++) {
        h->file[i] = blob_read(event->output[i].path);
        h->w[i] = event->output[i].w;
    }
}

static harvest by_batch(const char *path, const ibx_recipe *recipe, const char *format,
                        int threads) {
    harvest h = {0};
    ibx_error err = {0};
    const ibx_batch batch = {.recipe = recipe,
                             .inputs = &path,
                             .input_count = 1,
                             .output = scratch,
                             .name = "{save}{ext}",
                             .format = format,
                             .if_exists = IBX_EXISTS_OVERWRITE,
                             .metadata = IBX_META_NO_GPS,
                             .limits = {.threads = threads}};
    if (!ibx_batch_run(&batch, read_outputs, &h, NULL, &err)) fail_msg("%s: %s", path, err.text);
    return h;
}

static harvest by_conversion(const char *path, const ibx_recipe *recipe, const char *format,
                             int threads, ibx_reserve *reserve) {
    harvest h = {0};
    ibx_error err = {0};
    ibx_times times = {0};
    const int fd = open_file(path);
    const ibx_conversion c = {.recipe = recipe,
                              .fd = fd,
                              .name = path,
                              .format = format,
                              .metadata = IBX_META_NO_GPS,
                              .limits = {.threads = threads},
                              .reserve = reserve};
    if (!ibx_convert(&c, listen, take, &h, &times, &err)) fail_msg("%s: %s", path, err.text);
    assert_int_equal(h.told, 1);
    assert_true(times.decode > 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    close(fd);
    return h;
}

static void demand_same(const char *path, const char *text, const char *format,
                        ibx_reserve *reserve) {
    ibx_recipe *recipe = parse(text);
    for (int threads = 1; threads <= 2; threads++) {
        harvest a = by_batch(path, recipe, format, threads);
        harvest b = by_conversion(path, recipe, format, threads, reserve);
        assert_int_equal(a.outputs, b.outputs);
        for (int i = 0; i < a.outputs; i++) {
            if (a.w[i] != b.w[i] || a.file[i].size != b.file[i].size ||
                memcmp(a.file[i].data, b.file[i].data, a.file[i].size) != 0)
                fail_msg("%s, %s: output %d differs at %d threads", path, text, i + 1, threads);
        }
        drop(&a);
        drop(&b);
    }
    ibx_recipe_free(recipe);
}

static const char *const RECIPES[] = {
    "",
    "resize:300x300",
    "resize:50%/unsharp/save:png,fast/resize:100x100/save:jpeg,quality=70/invert",
    "autolevels/rotate:90/save:png",
    "blur:3",
    "crop:200x100/save:tiff/save:webp,effort=0",
    "thumb:64x64/save:gif",
};

static void same_bytes_as_a_batch(void **state) {
    (void)state;
    ibx_reserve *reserve = ibx_reserve_new();
    for (size_t i = 0; i < sizeof RECIPES / sizeof *RECIPES; i++) {
        demand_same(PHOTO, RECIPES[i], "jpeg", NULL);
        demand_same(PHOTO, RECIPES[i], "jpeg", reserve);
    }
    ibx_reserve_free(reserve);
}

/* Every format is written, and read again. */
static void every_format(void **state) {
    (void)state;
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    ibx_recipe *recipe = parse("resize:150x150");
    for (size_t i = 0; i < count; i++) {
        demand_same(PHOTO, "resize:150x150", format[i]->name, NULL);
        harvest h = by_conversion(PHOTO, recipe, format[i]->name, 1, NULL);
        char *path = NULL;
        assert_true(asprintf(&path, "%s/again%s", scratch, format[i]->suffixes[0]) > 0);
        write_file(path, &h.file[0]);
        demand_same(path, "rotate:180", "png", NULL);
        demand_same(path, "", NULL, NULL); /* the input's own format */
        free(path);
        drop(&h);
    }
    ibx_recipe_free(recipe);
}

static int photos;

static void demand_photo(const char *path, void *user) {
    (void)user;
    if (photos++ % 4 == 0) demand_same(path, "resize:512x512", "jpeg", NULL);
}

/* Large files too, which come in chunks. */
static void photos_and_large_files(void **state) {
    (void)state;
    if (for_each_file("photos/mate", demand_photo, NULL) == 0) skip();
    ibx_recipe *recipe =
        parse("resize:3000x3000,grow=yes/save:tiff,compression=none/save:png,depth=16");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/large.tif", scratch) > 0);
    harvest h = by_conversion(PHOTO, recipe, NULL, 2, NULL);
    for (int i = 0; i < 2; i++) {
        assert_true(h.file[i].size > (8 << 20)); /* more than is read at once */
        write_file(path, &h.file[i]);
        demand_same(path, "resize:512x512", i ? "png" : "jpeg", NULL);
    }
    drop(&h);
    free(path);
    ibx_recipe_free(recipe);
}

/* ---- looking --------------------------------------------------------------------------------- */

static void a_look(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_forecast f;
    ibx_recipe *recipe = parse("resize:100x100/save:png,name=small/save:auto");
    ibx_conversion c = {.fd = open_file(PHOTO), .limits = {.threads = 1}};
    assert_true(ibx_convert_look(&c, &f, &err));
    assert_string_equal(f.about.format, "jpeg");
    assert_int_equal(f.outputs, 0);
    const double mega = (double)f.about.head.w * f.about.head.h * 1e-6;
    ibx_forecast_free(&f);
    c.recipe = recipe;
    c.format = "webp";
    assert_true(ibx_convert_look(&c, &f, &err));
    assert_int_equal(f.outputs, 2);
    assert_string_equal(f.output[0].name, "small");
    assert_string_equal(f.output[0].format->name, "png");
    assert_string_equal(f.output[1].name, "");
    assert_string_equal(f.output[1].format->name, "webp");
    assert_int_equal(ibx_max(f.output[0].w, f.output[0].h), 100);
    assert_true(f.megapixels > mega && f.megapixels < 2.5 * mega);
    assert_true(f.bytes > 100000);
    ibx_forecast_free(&f);
    ibx_recipe_free(recipe);
    close(c.fd);
}

static double account_of(const ibx_stats *stats, const char *name) {
    double seconds = 0;
    for (size_t i = 0; i < stats->costs; i++)
        if (stats->cost[i].name && strcmp(stats->cost[i].name, name) == 0)
            seconds += stats->cost[i].seconds;
    return seconds;
}

static double all_but_codecs(const ibx_stats *stats) {
    double seconds = 0;
    for (size_t i = 0; i < stats->costs; i++)
        if (stats->cost[i].kind != IBX_COST_DECODE && stats->cost[i].kind != IBX_COST_ENCODE)
            seconds += stats->cost[i].seconds;
    return seconds;
}

/* Accounts of a conversion add up to its times; the next one in the same reserve keeps none, and
 * one that failed has none. */
static void accounts(void **state) {
    (void)state;
    harvest h = {0};
    ibx_error err = {0};
    ibx_stats stats = {.costs = 77};
    ibx_reserve *reserve = ibx_reserve_new();
    ibx_recipe *recipe = parse("median:3/blur:9/median:2/save:png");
    ibx_conversion c = {.recipe = recipe,
                        .fd = open_file(PHOTO),
                        .limits = {.threads = 2},
                        .reserve = reserve,
                        .stats = &stats};
    for (int i = 0; i < 3; i++) {
        ibx_times times = {0};
        c.stats = i == 1 ? NULL : &stats;
        assert_true(ibx_convert(&c, NULL, take, &h, &times, &err));
        if (!c.stats) continue;
        assert_int_equal(stats.threads, 2);
        assert_true(account_of(&stats, "median") > 0 && account_of(&stats, "blur") > 0);
        assert_true(fabs(all_but_codecs(&stats) - times.filter * 1e-3) < 1e-6);
        assert_true(fabs(account_of(&stats, "png") - times.encode * 1e-3) < 1e-6);
        assert_true(fabs(account_of(&stats, "jpeg") - times.decode * 1e-3) < 1e-6);
        ibx_stats_free(&stats);
    }
    stats.costs = 77;
    c.limits.max_pixels = 10;
    assert_false(ibx_convert(&c, NULL, take, &h, NULL, &err));
    assert_int_equal(stats.costs, 0);
    assert_null(stats.cost);
    ibx_recipe_free(recipe);
    ibx_reserve_free(reserve);
    close(c.fd);
    drop(&h);
}

/* A name's suffix is a format where nothing else says. */
static void names_that_promise(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_forecast f;
    ibx_recipe *recipe = parse("save:name=a.webp");
    ibx_conversion c = {.recipe = recipe, .fd = open_file(PHOTO)};
    assert_true(ibx_convert_look(&c, &f, &err));
    assert_string_equal(f.output[0].format->name, "webp");
    ibx_forecast_free(&f);
    c.format = "png";
    assert_false(ibx_convert_look(&c, &f, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_string_equal(f.about.format, "jpeg"); /* so far it was understood */
    c.format = "gpeg";
    assert_false(ibx_convert_look(&c, &f, &err));
    assert_int_equal(err.code, IBX_USAGE);
    ibx_recipe_free(recipe);
    close(c.fd);
}

/* ---- what goes wrong ----------------------------------------------------------------------------
 */

/* Demands a failure; what is refused is not told of, or not written. */
static ibx_error failure(ibx_conversion c, const char *text, harvest *h) {
    ibx_error err = {0};
    ibx_recipe *recipe = parse(text);
    c.recipe = recipe;
    if (ibx_convert(&c, listen, take, h, NULL, &err)) fail_msg("%s: did not fail", text);
    ibx_recipe_free(recipe);
    assert_true(err.text[0]);
    return err;
}

static void not_images(void **state) {
    (void)state;
    static const char TEXT[] = "This is a text, and no image at all.";
    harvest h = {0};
    ibx_conversion c = {.fd = file_of(TEXT, sizeof TEXT), .name = "a.txt"};
    assert_int_equal(failure(c, "", &h).code, IBX_FORMAT);
    close(c.fd);
    c.fd = file_of("", 0);
    assert_int_equal(failure(c, "", &h).code, IBX_FORMAT);
    close(c.fd);
    assert_int_equal(failure(c, "", &h).code, IBX_IO); /* a closed descriptor */
    assert_int_equal(h.told, 0);
    c.fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(failure(c, "", &h).code, IBX_IO);
    close(c.fd);
}

/* Cut at many places: an error, or with accept_damage a warning. Never neither. */
static void cut_files(void **state) {
    (void)state;
    blob photo = blob_read(PHOTO);
    assert_non_null(photo.data);
    ibx_recipe *recipe = parse("resize:100x100/save:png");
    for (size_t n = photo.size - 3; n > 1000; n = n * 2 / 3) {
        harvest h = {0};
        ibx_error err = {0};
        ibx_conversion c = {.recipe = recipe, .fd = file_of(photo.data, n), .name = "cut.jpg"};
        if (ibx_convert(&c, NULL, take, &h, NULL, &err)) fail_msg("%zu bytes were enough", n);
        assert_int_equal(err.code, IBX_FORMAT);
        drop(&h);
        c.accept_damage = true;
        if (ibx_convert(&c, NULL, take, &h, NULL, &err)) {
            assert_int_equal(err.code, IBX_OK);
            assert_true(err.text[0] && h.file[0].size > 100);
        } else {
            assert_int_equal(err.code, IBX_FORMAT); /* within the header */
        }
        drop(&h);
        close(c.fd);
    }
    ibx_recipe_free(recipe);
    free(photo.data);
}

static void limits(void **state) {
    (void)state;
    harvest h = {0};
    ibx_conversion c = {.fd = open_file(PHOTO), .name = "photo.jpg"};
    c.limits = (ibx_limits){.threads = 1, .max_pixels = 1000};
    assert_int_equal(failure(c, "", &h).code, IBX_LIMIT);
    c.limits = (ibx_limits){.threads = 1, .memory = 300000};
    assert_int_equal(failure(c, "", &h).code, IBX_MEMORY);
    assert_int_equal(h.told, 0);
    /* whole images would go into a file */
    c.limits = (ibx_limits){.threads = 1, .memory = 1500000};
    c.in_memory = true;
    assert_int_equal(failure(c, "resize:3000x3000,grow=yes/rotate:90/blur:2", &h).code, IBX_MEMORY);
    c.limits.memory = 0;
    h.refuse = true;
    const ibx_error err = failure(c, "", &h);
    assert_int_equal(err.code, IBX_LIMIT);
    assert_string_equal(err.text, "no thank you");
    assert_int_equal(h.file[0].size, 0);
    h.refuse = false;
    h.room = 5000;
    assert_int_equal(failure(c, "save:png", &h).code, IBX_FULL);
    assert_true(h.file[0].size <= 5000);
    close(c.fd);
    drop(&h);
}

static void stopped(void **state) {
    (void)state;
    harvest h = {0};
    atomic_bool cancel = true;
    ibx_conversion c = {.fd = open_file(PHOTO), .limits = {.threads = 2, .cancel = &cancel}};
    assert_int_equal(failure(c, "blur:3/save:png", &h).code, IBX_CANCELLED);
    close(c.fd);
    drop(&h);
}

/* A step that cannot be prepared for this image says which it is. */
static void errors_of_steps(void **state) {
    (void)state;
    harvest h = {0};
    ibx_conversion c = {.fd = open_file(PHOTO), .limits = {.threads = 1}};
    const ibx_error err = failure(c, "invert/crop:10x10,x=60000", &h);
    assert_int_equal(err.step, 2);
    assert_string_equal(err.name, "crop");
    c.limits.max_pixels = 10000000;
    const ibx_error much = failure(c, "resize:9000x9000,grow=yes", &h);
    assert_int_equal(much.code, IBX_LIMIT);
    assert_int_equal(much.step, 1);
    assert_string_equal(much.name, "resize");
    close(c.fd);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static int make_scratch(void **state) {
    (void)state;
    const char *folder = getenv("TMPDIR");
    if (asprintf(&scratch, "%s/imbrex-convert-XXXXXX", folder ? folder : "/tmp") < 0) return -1;
    return mkdtemp(scratch) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int remove_scratch(void **state) {
    (void)state;
    const int status = nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(scratch);
    return status;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_as_a_batch),
        cmocka_unit_test(every_format),
        cmocka_unit_test(photos_and_large_files),
        cmocka_unit_test(a_look),
        cmocka_unit_test(accounts),
        cmocka_unit_test(names_that_promise),
        cmocka_unit_test(not_images),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(limits),
        cmocka_unit_test(stopped),
        cmocka_unit_test(errors_of_steps),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
