/* components.c - luma and chroma as JPEG files hold them: through the codec against libjpeg,
 * through the engine cut up in every way, and against a float blur of the planes. */
#include "core/recipe.h"
#include "decoded.h"
#include "engine/run.h"
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jpeglib.h>

/* Sampling factors of luma; those of chroma are 1. */
typedef struct {
    int across, down;
} factors;

static const factors FACTORS[] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}};
enum { KINDS = sizeof FACTORS / sizeof *FACTORS };

/* Three planes, each of its own size. */
typedef struct {
    int w[IBX_COMPONENTS], h[IBX_COMPONENTS];
    uint8_t *data[IBX_COMPONENTS]; /* packed */
} planes;

static planes planes_new(int w, int h, factors f) {
    planes p;
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        p.w[c] = c ? (w + f.across - 1) / f.across : w;
        p.h[c] = c ? (h + f.down - 1) / f.down : h;
        p.data[c] = malloc((size_t)p.w[c] * (size_t)p.h[c]);
        if (!p.data[c]) abort();
    }
    return p;
}

static void planes_free(planes *p) {
    for (int c = 0; c < IBX_COMPONENTS; c++) free(p->data[c]);
}

/* Waves of every length with a little noise, of colours that RGB can hold. */
static planes chart(int w, int h, factors f) {
    planes p = planes_new(w, h, f);
    uint32_t noise = 1;
    for (int c = 0; c < IBX_COMPONENTS; c++)
        for (int i = 0; i < p.w[c] * p.h[c]; i++) {
            const double x = i % p.w[c], y = i / p.w[c];
            noise = noise * 1664525u + 1013904223u;
            const double v =
                128 + 30 * sin(x * x * 0.004 + y * 0.05 * (c + 1)) + (noise >> 24) / 16.;
            p.data[c][i] = (uint8_t)v;
        }
    return p;
}

static void assert_planes(const planes *a, const planes *b) {
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        assert_int_equal(a->w[c], b->w[c]);
        assert_int_equal(a->h[c], b->h[c]);
        assert_memory_equal(a->data[c], b->data[c], (size_t)a->w[c] * (size_t)a->h[c]);
    }
}

/* ---- libjpeg itself: pixels of YCbCr, chroma repeated -----------------------------------------
 */

/* Row y of the pixels, each with the sample that stands for it. */
static void interleave(const planes *p, factors f, int y, uint8_t *row) {
    for (int x = 0; x < p->w[0]; x++) {
        const size_t at = (size_t)(y / f.down) * (size_t)p->w[1] + (size_t)(x / f.across);
        row[3 * x] = p->data[0][(size_t)y * (size_t)p->w[0] + (size_t)x];
        row[3 * x + 1] = p->data[1][at];
        row[3 * x + 2] = p->data[2][at];
    }
}

static blob libjpeg_write(const planes *p, factors f, int quality, bool progressive) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    blob file = {0};
    unsigned long size = 0;
    uint8_t *row = malloc((size_t)p->w[0] * 3);
    if (!row) abort();
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file.data, &size);
    jpeg.image_width = (JDIMENSION)p->w[0];
    jpeg.image_height = (JDIMENSION)p->h[0];
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.comp_info[0].h_samp_factor = f.across;
    jpeg.comp_info[0].v_samp_factor = f.down;
    if (progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < p->h[0]; y++) {
        interleave(p, f, y, row);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(row);
    file.size = size;
    return file;
}

/* Every pixel's sample to its place in the planes; those of chroma agree, as they were repeated. */
static void separate(const uint8_t *row, factors f, int y, planes *p) {
    for (int x = 0; x < p->w[0]; x++) {
        const size_t at = (size_t)(y / f.down) * (size_t)p->w[1] + (size_t)(x / f.across);
        p->data[0][(size_t)y * (size_t)p->w[0] + (size_t)x] = row[3 * x];
        p->data[1][at] = row[3 * x + 1];
        p->data[2][at] = row[3 * x + 2];
    }
}

static planes libjpeg_read(blob file, factors *f) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file.data, file.size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_YCbCr;
    jpeg.do_fancy_upsampling = FALSE;
    *f = (factors){jpeg.max_h_samp_factor, jpeg.max_v_samp_factor};
    planes p = planes_new((int)jpeg.image_width, (int)jpeg.image_height, *f);
    uint8_t *row = malloc(jpeg.image_width * (size_t)3);
    if (!row) abort();
    jpeg_start_decompress(&jpeg);
    for (int y = 0; y < p.h[0]; y++) {
        jpeg_read_scanlines(&jpeg, &row, 1);
        separate(row, *f, y, &p);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    free(row);
    return p;
}

/* ---- the codec ------------------------------------------------------------------------------- */

/* Strips of components that start at row y of luma, over memory of whole strips. */
typedef struct {
    ibx_strip strip[IBX_COMPONENTS];
} strips;

static strips strips_new(const planes *p, factors f, int rows) {
    strips s;
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        const size_t stride = ibx_component_stride(p->w[c]);
        uint8_t *data = calloc((size_t)(c ? rows / f.down : rows), stride);
        if (!data) abort();
        s.strip[c] = (ibx_strip){IBX_U8, 1, p->w[c], 0, 0, stride, data};
    }
    return s;
}

static void strips_place(strips *s, const planes *p, factors f, int y, int rows) {
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        s->strip[c].y = c ? y / f.down : y;
        s->strip[c].rows = ibx_min(c ? rows / f.down : rows, p->h[c] - s->strip[c].y);
    }
}

static void strips_free(strips *s) {
    for (int c = 0; c < IBX_COMPONENTS; c++) free(s->strip[c].data);
}

/* Between a strip and its rows of a plane. */
static void copy_strip(const ibx_strip *s, uint8_t *plane, bool to_plane) {
    for (int y = 0; y < s->rows; y++) {
        uint8_t *a = s->data + (size_t)y * s->stride,
                *b = plane + (size_t)(s->y + y) * (size_t)s->w;
        memcpy(to_plane ? b : a, to_plane ? a : b, (size_t)s->w);
    }
}

static planes codec_read(blob file, factors f, int rows, bool accept_damage, ibx_error *err) {
    const ibx_decode_limits limits = {.accept_damage = accept_damage};
    ibx_memory_source source;
    ibx_info info;
    ibx_memory_source_init(&source, "test", file.data, file.size);
    void *decoder = ibx_codec_jpeg.open(&source.source, &limits, &info, err);
    assert_non_null(decoder);
    assert_true(info.chroma.known);
    assert_int_equal(1 << info.chroma.halved_x, f.across);
    assert_int_equal(1 << info.chroma.halved_y, f.down);
    ibx_codec_jpeg.start_components(decoder);
    planes p = planes_new(info.head.w, info.head.h, f);
    strips s = strips_new(&p, f, rows);
    for (int y = 0; y < p.h[0]; y += rows) {
        strips_place(&s, &p, f, y, rows);
        assert_true(ibx_codec_jpeg.read(decoder, s.strip, err));
        for (int c = 0; c < IBX_COMPONENTS; c++) copy_strip(&s.strip[c], p.data[c], true);
    }
    strips_free(&s);
    ibx_codec_jpeg.close(decoder);
    return p;
}

static blob codec_write(const planes *p, factors f, int rows, int quality) {
    const ibx_save_jpeg params = {.quality = quality,
                                  .subsampling = f.across == 1 ? IBX_SUBSAMPLING_444
                                                 : f.down == 1 ? IBX_SUBSAMPLING_422
                                                               : IBX_SUBSAMPLING_420};
    const ibx_save_job job = {.head = {.w = p->w[0], .h = p->h[0], .model = IBX_RGB, .depth = 8},
                              .sample = IBX_U8,
                              .format = ibx_format_find("jpeg"),
                              .params = &params,
                              .components = true};
    ibx_memory_sink sink;
    ibx_memory_sink_init(&sink);
    void *encoder = ibx_codec_jpeg.create(&sink.sink, &job, NULL);
    assert_non_null(encoder);
    strips s = strips_new(p, f, rows);
    for (int y = 0; y < p->h[0]; y += rows) {
        strips_place(&s, p, f, y, rows);
        for (int c = 0; c < IBX_COMPONENTS; c++) copy_strip(&s.strip[c], p->data[c], false);
        assert_true(ibx_codec_jpeg.write(encoder, s.strip, NULL));
    }
    assert_true(ibx_codec_jpeg.finish(encoder, NULL));
    ibx_codec_jpeg.destroy(encoder);
    strips_free(&s);
    return (blob){sink.data, sink.size};
}

static const int SIZES[][2] = {{1, 1},   {3, 2},   {8, 8},    {16, 16},  {17, 33},
                               {31, 15}, {64, 49}, {131, 97}, {200, 16}, {90, 1200}};
enum { MANY = sizeof SIZES / sizeof *SIZES };

static void read_one(int w, int h, factors f, bool progressive) {
    planes made = chart(w, h, f);
    blob file = libjpeg_write(&made, f, 90, progressive);
    factors found;
    planes want = libjpeg_read(file, &found);
    assert_int_equal(found.across, f.across);
    for (int rows = 16; rows <= 48; rows += 16) {
        planes got = codec_read(file, f, rows, false, NULL);
        assert_planes(&got, &want);
        planes_free(&got);
    }
    planes_free(&want);
    planes_free(&made);
    free(file.data);
}

static void test_read(void **state) {
    (void)state;
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < KINDS; k++)
            for (int progressive = 0; progressive < 2; progressive++)
                read_one(SIZES[i][0], SIZES[i][1], FACTORS[k], progressive);
}

/* The same planes through libjpeg's own way in: repeating a sample and taking the mean of the
 * copies loses nothing. */
static void write_one(int w, int h, factors f, int rows) {
    planes made = chart(w, h, f);
    blob mine = codec_write(&made, f, rows, 85), libjpeg = libjpeg_write(&made, f, 85, false);
    factors found;
    planes got = libjpeg_read(mine, &found), want = libjpeg_read(libjpeg, &found);
    assert_planes(&got, &want);
    planes_free(&got);
    planes_free(&want);
    planes_free(&made);
    free(mine.data);
    free(libjpeg.data);
}

static void test_write(void **state) {
    (void)state;
    static const factors WRITTEN[] = {{1, 1}, {2, 1}, {2, 2}};
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < 3; k++)
            for (int rows = 16; rows <= 48; rows += 32)
                write_one(SIZES[i][0], SIZES[i][1], WRITTEN[k], rows);
}

/* What is missing of a file becomes gray in all planes, what is there stays. */
static void test_damage(void **state) {
    (void)state;
    const factors f = {2, 2};
    planes made = chart(200, 300, f);
    blob file = libjpeg_write(&made, f, 90, false);
    planes whole = codec_read(file, f, 32, false, NULL);
    ibx_error err = {0};
    blob cut = {file.data, file.size / 2};
    planes half = codec_read(cut, f, 32, true, &err);
    assert_true(err.text[0]);
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        const size_t size = (size_t)half.w[c] * (size_t)half.h[c];
        assert_memory_equal(half.data[c], whole.data[c], size / 3);
        for (size_t i = size - 16; i < size; i++) assert_in_range(half.data[c][i], 120, 136);
    }
    planes_free(&whole);
    planes_free(&half);
    planes_free(&made);
    free(file.data);
}

/* A file whose pixels are all there although its end is not what it should be loses none of them.
 */
static void test_damaged_end(void **state) {
    (void)state;
    const factors f = {2, 2};
    planes made = chart(117, 51, f);
    blob file = libjpeg_write(&made, f, 90, false);
    planes whole = codec_read(file, f, 32, false, NULL);
    file.data[file.size - 1] = 0xD8; /* a start of image where the end is due */
    ibx_error err = {0};
    planes damaged = codec_read(file, f, 32, true, &err);
    assert_true(err.text[0]);
    assert_planes(&damaged, &whole);
    planes_free(&damaged);
    planes_free(&whole);
    planes_free(&made);
    free(file.data);
}

/* ---- the engine ------------------------------------------------------------------------------ */

typedef struct {
    int decode_rows, strip_rows, tile_w, threads;
} cut;

/* Would the engine use components for this file and recipe? A second stage says no. */
static bool components_used(blob file, const char *text) {
    static const ibx_decode_limits LIMITS;
    const ibx_plan_options options = {
        .threads = 1, .memory = (size_t)1 << 30, .max_pixels = 1000000};
    ibx_memory_source source;
    ibx_info info;
    ibx_plan plan;
    ibx_memory_source_init(&source, "test", file.data, file.size);
    void *decoder = ibx_codec_jpeg.open(&source.source, &LIMITS, &info, NULL);
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    assert_true(decoder && recipe && ibx_plan_make(&plan, recipe, &info, &options, NULL));
    const bool used = plan.component != NULL;
    ibx_plan_free(&plan);
    ibx_recipe_free(recipe);
    ibx_codec_jpeg.close(decoder);
    return used;
}

/* The file through a recipe. Components are used if `want`, else never. */
static blob run_file(blob file, const char *text, cut c, bool want) {
    static const ibx_decode_limits LIMITS;
    static const ibx_metadata NOTHING;
    ibx_error err = {0};
    ibx_memory_source source;
    ibx_memory_source_init(&source, "test", file.data, file.size);
    ibx_info info;
    void *decoder = ibx_codec_jpeg.open(&source.source, &LIMITS, &info, &err);
    assert_non_null(decoder);
    if (!want) info.chroma.known = false;
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    const ibx_plan_options options = {.threads = c.threads,
                                      .memory = (size_t)1 << 30,
                                      .max_pixels = 1000000,
                                      .decode_rows = c.decode_rows,
                                      .strip_rows = c.strip_rows,
                                      .tile_w = c.tile_w};
    ibx_plan plan;
    ibx_team team;
    if (!recipe || !ibx_plan_make(&plan, recipe, &info, &options, &err)) fail_msg("%s", err.text);
    if (want != (plan.component != NULL))
        fail_msg("%s, %d x %d, chroma halved %d, %d times: components are %s", text, info.head.w,
                 info.head.h, info.chroma.halved_x, info.chroma.halved_y,
                 want ? "not used" : "used");
    if (want) ibx_codec_jpeg.start_components(decoder);
    assert_true(ibx_team_open(&team, c.threads, c.threads, NULL, NULL, &err));
    for (int i = 0; i < c.threads; i++) team.arena[i].poison = true;
    ibx_memory_sink sink;
    ibx_memory_sink_init(&sink);
    ibx_sink *const sinks[] = {&sink.sink};
    const ibx_image_job job = {.name = "test",
                               .plan = &plan,
                               .codec = &ibx_codec_jpeg,
                               .format = "jpeg",
                               .decoder = decoder,
                               .sink = sinks,
                               .metadata = &NOTHING};
    ibx_times times = {0};
    bool ok = false;
#pragma omp parallel num_threads(c.threads)
#pragma omp single
    ok = ibx_run_image(&team, &job, &times, &err);
    if (!ok) fail_msg("%s: %s", text, err.text);
    ibx_team_close(&team);
    ibx_plan_free(&plan);
    ibx_recipe_free(recipe);
    ibx_codec_jpeg.close(decoder);
    return (blob){sink.data, sink.size};
}

static const cut PLAIN = {0, 0, 0, 1};

static void cut_up(blob file, const char *recipe) {
    static const cut CUT[] = {{16, 16, 64, 1}, {32, 48, 100, 2}, {64, 16, 9, 2}, {16, 32, 2048, 2}};
    blob whole = run_file(file, recipe, PLAIN, true);
    for (size_t i = 0; i < sizeof CUT / sizeof *CUT; i++) {
        blob other = run_file(file, recipe, CUT[i], true);
        assert_int_equal(whole.size, other.size);
        assert_memory_equal(whole.data, other.data, whole.size);
        free(other.data);
    }
    free(whole.data);
}

static void test_cuts(void **state) {
    (void)state;
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < KINDS; k++) {
            const factors f = FACTORS[k];
            const int *size = SIZES[i];
            if (f.across > 2) continue; /* more than files that are written have */
            planes made = chart(size[0], size[1], f);
            blob file = libjpeg_write(&made, f, 90, k % 2);
            cut_up(file, "blur:2.5/blur:1/save:jpeg,quality=80");
            cut_up(file, "save:jpeg,quality=80");
            if (size[1] > 600) {
                cut_up(file, "blur:8/save:jpeg,quality=80");
                cut_up(file, "resize:61%,light=encoded/unsharp:0.8/save:jpeg,quality=80");
                cut_up(file, "resize:140%,kernel=mitchell,light=encoded/save:jpeg,quality=80");
            }
            planes_free(&made);
            free(file.data);
        }
}

/* Sample of a plane, its edge repeated. */
static double at(const planes *p, int c, int x, int y) {
    x = ibx_min(ibx_max(x, 0), p->w[c] - 1);
    y = ibx_min(ibx_max(y, 0), p->h[c] - 1);
    return p->data[c][(size_t)y * (size_t)p->w[c] + (size_t)x];
}

/* One value of a blur with different sigmas across and down, by its definition. */
static double blurred(const planes *p, int c, int x, int y, double across, double down) {
    double sum = 0, all = 0;
    for (int dy = -12; dy <= 12; dy++)
        for (int dx = -12; dx <= 12; dx++) {
            const double t = exp(-dx * dx / (2 * across * across) - dy * dy / (2 * down * down));
            sum += t * at(p, c, x + dx, y + dy);
            all += t;
        }
    return sum / all;
}

/* The error of a blur of 2 pixels, in a file that keeps its sampling at the best quality. */
static void reference_one(factors f) {
    planes made = chart(97, 61, f);
    blob file = libjpeg_write(&made, f, 95, false);
    char recipe[100];
    snprintf(recipe, sizeof recipe, "blur:2/save:jpeg,quality=100,subsampling=%s",
             f.across == 1 ? "444"
             : f.down == 1 ? "422"
                           : "420");
    blob after = run_file(file, recipe, PLAIN, true);
    factors found;
    planes in = libjpeg_read(file, &found), out = libjpeg_read(after, &found);
    double worst = 0;
    for (int c = 0; c < IBX_COMPONENTS; c++)
        for (int i = 0; i < out.w[c] * out.h[c]; i++) {
            const int x = i % out.w[c], y = i / out.w[c];
            const double want = blurred(&in, c, x, y, c ? 2. / f.across : 2, c ? 2. / f.down : 2);
            worst = fmax(worst, fabs(out.data[c][i] - want));
        }
    print_message("%dx%d: at most %.2f of 255 from a float blur\n", f.across, f.down, worst);
    assert_true(worst <= 3);
    planes_free(&in);
    planes_free(&out);
    planes_free(&made);
    free(after.data);
    free(file.data);
}

static void test_reference(void **state) {
    (void)state;
    reference_one((factors){1, 1});
    reference_one((factors){2, 1});
    reference_one((factors){2, 2});
}

/* A slope, at a sample that stands for `across` x `down` pixels and lies in their middle. */
static double slope(double across, double down, int x, int y) {
    return 20 + 0.3819 * across * (x + 0.5) + 0.2113 * down * (y + 0.5);
}

static planes slopes(int w, int h, factors f) {
    planes p = planes_new(w, h, f);
    for (int c = 0; c < IBX_COMPONENTS; c++)
        for (int i = 0; i < p.w[c] * p.h[c]; i++)
            p.data[c][i] =
                (uint8_t)(slope(c ? f.across : 1, c ? f.down : 1, i % p.w[c], i / p.w[c]) + 0.5);
    return p;
}

/* A slope that is resampled is a slope in the same place, whatever the sides. Chroma that lay half
 * a sample off would be off by 0.2 and more. */
static void place_one(int w, int h, int new_w, int new_h, factors f) {
    char recipe[100];
    snprintf(recipe, sizeof recipe,
             "resize:%dx%d,fit=fill,light=encoded/save:jpeg,quality=100,subsampling=420", new_w,
             new_h);
    planes made = slopes(w, h, f);
    blob file = libjpeg_write(&made, f, 100, false);
    blob after = run_file(file, recipe, PLAIN, true);
    factors found;
    planes out = libjpeg_read(after, &found);
    assert_int_equal(out.w[0], new_w);
    assert_int_equal(out.h[0], new_h);
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        const double across = (double)w / new_w * (c ? found.across : 1);
        const double down = (double)h / new_h * (c ? found.down : 1);
        double sum = 0;
        int n = 0;
        for (int y = 9; y < out.h[c] - 9; y++)
            for (int x = 9; x < out.w[c] - 9; x++, n++)
                sum += at(&out, c, x, y) - slope(across, down, x, y);
        if (fabs(sum / n) > 0.05)
            fail_msg("%dx%d from %d x %d to %d x %d: plane %d is off by %.3f", f.across, f.down, w,
                     h, new_w, new_h, c, sum / n);
    }
    planes_free(&out);
    planes_free(&made);
    free(after.data);
    free(file.data);
}

static void test_places(void **state) {
    (void)state;
    static const int SIDES[][4] = {{300, 400, 150, 200}, {301, 401, 150, 200},
                                   {301, 401, 151, 199}, {300, 400, 97, 131},
                                   {301, 399, 301, 201}, {101, 301, 203, 455}};
    for (size_t i = 0; i < sizeof SIDES / sizeof *SIDES; i++)
        for (int k = 0; k < 4; k++) {
            const int *s = SIDES[i];
            place_one(s[0], s[1], s[2], s[3], FACTORS[k]);
        }
}

/* dB between the planes of two files of the same shape, of the worst plane. */
static double likeness(blob a, blob b) {
    factors found;
    planes x = libjpeg_read(a, &found), y = libjpeg_read(b, &found);
    double least = 200;
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        double sum = 0;
        const int n = x.w[c] * x.h[c];
        for (int i = 0; i < n; i++) sum += pow(x.data[c][i] - y.data[c][i], 2);
        if (sum > 0) least = fmin(least, 10 * log10(65025.0 * n / sum));
    }
    planes_free(&x);
    planes_free(&y);
    return least;
}

/* The example of a filter, from JPEG to JPEG. If components are used the picture is that of RGB but
 * for rounding, and for chroma that is enlarged and reduced again there. */
static void like_rgb(const char *example, factors f, int *count) {
    char recipe[200];
    snprintf(recipe, sizeof recipe, "%s/save:jpeg,quality=95,subsampling=420", example);
    planes made = chart(300, 1200, f);
    blob file = libjpeg_write(&made, f, 95, false);
    if (components_used(file, recipe)) {
        blob mine = run_file(file, recipe, PLAIN, true), rgb = run_file(file, recipe, PLAIN, false);
        const double likely = likeness(mine, rgb);
        print_message("%s, %dx%d: %.1f dB from RGB\n", example, f.across, f.down, likely);
        assert_true(likely > 36);
        free(mine.data);
        free(rgb.data);
        ++*count;
    }
    planes_free(&made);
    free(file.data);
}

static void test_like_rgb(void **state) {
    (void)state;
    size_t n;
    int count = 0;
    const ibx_filter *const *filters = ibx_filters(&n);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; filters[i]->planewise && k < 4 && filters[i]->examples[k]; k++) {
            like_rgb(filters[i]->examples[k], (factors){1, 1}, &count);
            like_rgb(filters[i]->examples[k], (factors){2, 2}, &count);
        }
    assert_true(count >= 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),   cmocka_unit_test(test_write),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_damaged_end),
        cmocka_unit_test(test_cuts),   cmocka_unit_test(test_reference),
        cmocka_unit_test(test_places), cmocka_unit_test(test_like_rgb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
