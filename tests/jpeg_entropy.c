/* jpeg_entropy.c - our decoding of JPEG's entropy against libjpeg's: files that stand in memory go
 * the first way, files that come in pieces the second, here in one piece. Pixels and sentences must
 * be the same, whatever is wrong with a file. */
#include "codec/jpeg_entropy.h"
#include "codec/jpeg.h"
#include "decoded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- files ------------------------------------------------------------------------------------
 */

typedef struct {
    int w, h, planes; /* 1, 3, or 4: CMYK */
    int across, down; /* sampling of the first component */
    int restart;      /* MCUs; 0: none */
    int quality;
    bool progressive, optimal;
} kind;

/* Rough in some places and flat in others, so that all codes occur, and long runs of blocks that
 * end at once. */
static void draw(JSAMPLE *row, const kind *k, int y, uint32_t *seed) {
    for (int x = 0; x < k->w * k->planes; x++) {
        *seed = *seed * 1664525u + 1013904223u;
        const int at = x / k->planes, rough = (at / 40 + y / 24) % 3;
        const int noise = rough == 2 ? (int)(*seed >> 24) - 128 : rough ? (int)(*seed >> 29) : 0;
        const int v = 128 + noise + (rough ? (at * 3 + y * 2) % 97 - 48 : 0);
        row[x] = (JSAMPLE)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

static void configure(j_compress_ptr jpeg, const kind *k) {
    static const J_COLOR_SPACE SPACE[] = {0, JCS_GRAYSCALE, 0, JCS_RGB, JCS_CMYK};
    jpeg->image_width = (unsigned)k->w;
    jpeg->image_height = (unsigned)k->h;
    jpeg->input_components = k->planes;
    jpeg->in_color_space = SPACE[k->planes];
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, k->quality, TRUE);
    jpeg->comp_info[0].h_samp_factor = k->across;
    jpeg->comp_info[0].v_samp_factor = k->down;
    jpeg->restart_interval = (unsigned)k->restart;
    jpeg->optimize_coding = k->optimal;
    if (k->progressive) jpeg_simple_progression(jpeg);
}

static blob make(const kind *k) {
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint32_t seed = 1;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    configure(&jpeg, k);
    jpeg_start_compress(&jpeg, TRUE);
    JSAMPLE *row = malloc((size_t)k->w * (size_t)k->planes);
    for (int y = 0; y < k->h; y++) {
        draw(row, k, y, &seed);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (blob){data, size};
}

/* ---- both ways --------------------------------------------------------------------------------
 */

/* Tells what differs, or NULL. */
static const char *difference(blob file, how h) {
    decoded ours, libjpegs;
    ibx_error e[2] = {{0}, {0}};
    h.piece = 0;
    const bool ok = decode(file, h, &ours, &e[0]);
    h.piece = file.size;
    h.seeks = true;
    const bool plain_ok = decode(file, h, &libjpegs, &e[1]);
    const char *found = NULL;
    if (ok != plain_ok)
        found = "one way it is accepted";
    else if (strcmp(e[0].text, e[1].text) != 0)
        found = "the sentences differ";
    else if (ok && !decoded_is(&ours, libjpegs.info.head.w, libjpegs.info.head.h, libjpegs.stride,
                               libjpegs.pixels))
        found = "the pixels differ";
    if (ok) decoded_free(&ours);
    if (plain_ok) decoded_free(&libjpegs);
    return found;
}

static void demand_same(blob file, how h, const kind *k, const char *what, size_t at) {
    const char *found = difference(file, h);
    if (found)
        fail_msg("%d x %d, %d planes, %d x %d, restart %d, quality %d%s%s, %s %zu: %s", k->w, k->h,
                 k->planes, k->across, k->down, k->restart, k->quality,
                 k->progressive ? ", progressive" : "", k->optimal ? ", optimal" : "", what, at,
                 found);
}

/* Calls `each` with files of all kinds. */
static void all_kinds(int w, int h, void (*each)(const kind *k, blob file)) {
    static const int SHAPE[][3] = {{1, 1, 1}, {3, 1, 1}, {3, 2, 1}, {3, 2, 2}, {3, 1, 2},
                                   {3, 4, 1}, {4, 1, 1}, {4, 2, 2}, {1, 2, 2}};
    static const int QUALITY[] = {5, 50, 90, 100};
    for (size_t s = 0; s < sizeof SHAPE / sizeof *SHAPE; s++)
        for (int q = 0; q < 4; q++)
            for (int more = 0; more < 8; more++) {
                const kind k = {.w = w,
                                .h = h,
                                .planes = SHAPE[s][0],
                                .across = SHAPE[s][1],
                                .down = SHAPE[s][2],
                                .quality = QUALITY[q],
                                .progressive = more & 1,
                                .restart = more & 2 ? 3 : 0,
                                .optimal = more & 4};
                const blob file = make(&k);
                each(&k, file);
                free(file.data);
            }
}

/* ---- sound files ------------------------------------------------------------------------------
 */

static void sound(const kind *k, blob file) {
    for (int shrink = 1; shrink <= 8; shrink *= 2)
        demand_same(file, (how){.strip = 16, .shrink = shrink}, k, "shrink", (size_t)shrink);
    demand_same(file, (how){.strip = 5, .reduction = 8}, k, "reduction", 8);
}

static void test_sound_files(void **state) {
    (void)state;
    all_kinds(1, 1, sound);
    all_kinds(131, 77, sound);
    all_kinds(400, 200, sound);
}

/* A decompressor that reads ahead, and the object of ours that it was given then. */
typedef struct {
    struct jpeg_decompress_struct jpeg; /* first, for `take` */
    struct jpeg_entropy_decoder *ours;
    ibx_jpeg_arrays arrays;
    uint64_t *known;
} ahead;

static void take(j_common_ptr common) {
    ahead *a = (ahead *)common;
    if (a->known || !a->jpeg.progressive_mode) return;
    struct jpeg_entropy_decoder *const libjpegs = a->jpeg.entropy;
    a->known = calloc(a->arrays.blocks, sizeof *a->known);
    ibx_jpeg_progressive_take(&a->jpeg, a->arrays.block, a->known);
    a->ours = a->jpeg.entropy;
    assert_ptr_not_equal(a->ours, libjpegs);
}

static void start(ahead *a, blob file, struct jpeg_progress_mgr *progress) {
    j_decompress_ptr jpeg = &a->jpeg;
    jpeg_create_decompress(jpeg);
    ibx_jpeg_arrays_init(&a->arrays, jpeg, NULL);
    jpeg_mem_src(jpeg, file.data, file.size);
    progress->progress_monitor = take;
    jpeg->progress = progress;
    jpeg_read_header(jpeg, TRUE);
    assert_true(jpeg_start_decompress(jpeg));
    if (jpeg->progressive_mode) return;
    struct jpeg_entropy_decoder *const libjpegs = jpeg->entropy;
    ibx_jpeg_sequential_take(jpeg);
    a->ours = jpeg->entropy;
    assert_ptr_not_equal(a->ours, libjpegs);
}

/* Of a sound file libjpeg decodes nothing. */
static void stays_ours(const kind *k, blob file) {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress = {0};
    ahead a = {.jpeg.err = jpeg_std_error(&errors)};
    start(&a, file, &progress);
    JSAMPLE *row = malloc((size_t)k->w * 4);
    while (a.jpeg.output_scanline < a.jpeg.output_height) jpeg_read_scanlines(&a.jpeg, &row, 1);
    assert_ptr_equal(a.jpeg.entropy, a.ours);
    jpeg_finish_decompress(&a.jpeg);
    assert_int_equal(errors.num_warnings, 0);
    jpeg_destroy_decompress(&a.jpeg);
    ibx_jpeg_arrays_close(&a.arrays);
    free(a.known);
    free(row);
}

static void test_that_libjpeg_is_not_asked(void **state) {
    (void)state;
    all_kinds(131, 77, stays_ours);
}

/* A library that is not of our headers, as by its number of messages. */
static void is_left_alone(const kind *k, blob file) {
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
    errors.last_jpeg_message++;
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file.data, file.size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.buffered_image = k->progressive;
    jpeg_start_decompress(&jpeg);
    const struct jpeg_entropy_decoder *const libjpegs = jpeg.entropy;
    JBLOCK first;
    uint64_t known;
    if (k->progressive)
        ibx_jpeg_progressive_take(&jpeg, &first, &known);
    else
        ibx_jpeg_sequential_take(&jpeg);
    assert_ptr_equal(jpeg.entropy, libjpegs);
    jpeg_destroy_decompress(&jpeg);
}

static void test_other_libraries(void **state) {
    (void)state;
    all_kinds(20, 20, is_left_alone);
}

/* ---- little memory ----------------------------------------------------------------------------
 */

/* Refuses one loan. */
typedef struct {
    ibx_lender lender;
    int asked, refused;
} miser;

static void *lend_or_not(ibx_lender *lender, size_t bytes) {
    miser *m = (miser *)lender;
    return m->asked++ == m->refused ? NULL : ibx_lend(NULL, bytes);
}

static void take_back(ibx_lender *lender, void *block) {
    (void)lender;
    free(block);
}

static void without_what_is_known(const kind *k, blob file) {
    if (!k->progressive) return;
    miser m = {.lender = {lend_or_not, take_back}, .refused = 1};
    const ibx_decode_limits limits = {.lender = &m.lender};
    ibx_memory_source source;
    ibx_info info;
    ibx_error err = {0};
    ibx_memory_source_init(&source, "miser", file.data, file.size);
    void *decoder = ibx_codec_jpeg.open(&source.source, &limits, &info, &err);
    assert_non_null(decoder);
    const int planes = ibx_planes(&info.head);
    uint8_t *pixels = malloc((size_t)k->w * (size_t)k->h * (size_t)planes);
    const ibx_strip s = {IBX_U8, planes, k->w, 0, k->h, (size_t)(k->w * planes), pixels};
    assert_true(ibx_codec_jpeg.read(decoder, &s, &err));
    ibx_codec_jpeg.close(decoder);
    assert_int_equal(m.asked, 2);
    decoded whole;
    assert_true(decode(file, (how){0}, &whole, &err));
    assert_true(decoded_is(&whole, k->w, k->h, s.stride, pixels));
    decoded_free(&whole);
    free(pixels);
}

/* Then libjpeg decodes all, and not from the second row of blocks on another. */
static void test_a_loan_that_is_refused(void **state) {
    (void)state;
    all_kinds(131, 77, without_what_is_known);
}

/* ---- damage -----------------------------------------------------------------------------------
 */

static void cut(const kind *k, blob file) {
    const size_t step = file.size / 40 + 1;
    for (size_t n = file.size > 60 ? file.size - 30 : 3; n > 3; n -= n > step + 3 ? step : 1)
        for (int accept = 0; accept < 2; accept++)
            demand_same((blob){file.data, n}, (how){.strip = 8, .accept_damage = accept}, k, "cut",
                        n);
}

/* Bytes that are others: of the data mostly, whose last part may be 0xFF then, or a marker. */
static void scratch(const kind *k, blob file) {
    uint32_t seed = 7;
    for (int i = 0; i < 60; i++) {
        seed = seed * 1664525u + 1013904223u;
        const size_t head = i % 6 ? 600 : 2;
        const size_t at = head + (seed >> 8) % (file.size > head ? file.size - head : 1);
        if (at >= file.size) continue;
        const uint8_t was = file.data[at];
        file.data[at] = i % 5 ? (uint8_t)(was ^ 1 << i % 8) : 0xFF;
        const how h = {.strip = 8, .max_pixels = 1 << 20, .accept_damage = i % 4 > 0};
        demand_same(file, h, k, "byte", at);
        file.data[at] = was;
    }
}

static void test_files_that_end_too_early(void **state) {
    (void)state;
    all_kinds(50, 40, cut);
}

static void test_files_with_other_bytes(void **state) {
    (void)state;
    all_kinds(90, 60, scratch);
}

/* ---- scans out of turn ------------------------------------------------------------------------
 */

/* 8 x 8, gray, progressive. Codes of AC: 00 ends, 01 is a value of 2 bits. The scans give DC 0, and
 * 3 to the first of AC. */
static const uint8_t FRAME[] = {0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0};
static const uint8_t QUANTIZERS[69] = {0xFF, 0xDB, 0, 67, 0, 16, 16, 16};
static const uint8_t DC_CODES[22] = {0xFF, 0xC4, 0, 20, 0, 1};
static const uint8_t AC_CODES[23] = {0xFF, 0xC4, 0, 21, 0x10, 0, 2, [22] = 2};
static const uint8_t DC[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x00, 0x7F};
static const uint8_t AC[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0x00, 0x73};
static const uint8_t AGAIN[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0x01, 0x3F};
static const uint8_t REFINED[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0x10, 0x3F};
static const uint8_t TOO_EARLY[] = {0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0x21, 0x3F};

static void append(blob *file, const uint8_t *data, size_t size) {
    memcpy(file->data + file->size, data, size);
    file->size += size;
}

static void demand_scans(const uint8_t *first, const uint8_t *second, const char *what) {
    static const uint8_t START[] = {0xFF, 0xD8}, END[] = {0xFF, 0xD9};
    uint8_t data[300];
    blob file = {data, 0};
    append(&file, START, sizeof START);
    append(&file, QUANTIZERS, sizeof QUANTIZERS);
    append(&file, FRAME, sizeof FRAME);
    append(&file, DC_CODES, sizeof DC_CODES);
    append(&file, AC_CODES, sizeof AC_CODES);
    append(&file, DC, sizeof DC);
    append(&file, AC, sizeof AC);
    append(&file, first, sizeof AGAIN);
    if (second) append(&file, second, sizeof REFINED);
    append(&file, END, sizeof END);
    const char *found = difference(file, (how){.accept_damage = true});
    if (found) fail_msg("%s: %s", what, found);
}

/* A bit that a coefficient has already is not added to it: of 3 no refinement makes 4 or 5. */
static void test_scans_out_of_turn(void **state) {
    (void)state;
    demand_scans(AGAIN, REFINED, "a band that begins again");
    demand_scans(TOO_EARLY, NULL, "a bit that was there");
}

/* All of it with the loops for older processors, then with those for this one. */
int main(void) {
    const pid_t older = fork();
    int failures = 0;
    if (older > 0 && waitpid(older, &failures, 0) != older) return 1;
    if (older == 0) setenv("IMBREX_CPU", "baseline", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_files),
        cmocka_unit_test(test_that_libjpeg_is_not_asked),
        cmocka_unit_test(test_other_libraries),
        cmocka_unit_test(test_a_loan_that_is_refused),
        cmocka_unit_test(test_files_that_end_too_early),
        cmocka_unit_test(test_files_with_other_bytes),
        cmocka_unit_test(test_scans_out_of_turn),
    };
    return failures != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
