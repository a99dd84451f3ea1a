/* jpeg_scans.c - what is left out of progressive JPEGs for reduced images: that it is nothing but
 * refinements of luma, that only sound files are cut, and how much it changes. */
#include "codec/jpeg_scans.h"
#include "decoded.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- files of all kinds, by libjpeg's encoder --------------------------------------------------
 */

typedef struct {
    int w, h;
    J_COLOR_SPACE space; /* of the file; JCS_UNKNOWN: YCbCr */
    int across, down;    /* sampling of luma; 0: 1 */
    int quantizer;       /* all the same; 0: 2 */
    int restart;         /* MCUs; 0: none */
    bool arithmetic;
    const jpeg_scan_info *script;
    int scans;
} kind;

/* libjpeg's usual scans, the last `without` luma refinements left out. */
enum { USUAL = 10 };
static const jpeg_scan_info SCRIPT[USUAL] = {
    {3, {0, 1, 2}, 0, 0, 0, 1}, {1, {0}, 1, 5, 0, 2},  {1, {2}, 1, 63, 0, 1},
    {1, {1}, 1, 63, 0, 1},      {1, {0}, 6, 63, 0, 2}, {1, {0}, 1, 63, 2, 1},
    {3, {0, 1, 2}, 0, 0, 1, 0}, {1, {2}, 1, 63, 1, 0}, {1, {1}, 1, 63, 1, 0},
    {1, {0}, 1, 63, 1, 0},
};
static const jpeg_scan_info WITHOUT_ONE[] = {
    {3, {0, 1, 2}, 0, 0, 0, 1}, {1, {0}, 1, 5, 0, 2},  {1, {2}, 1, 63, 0, 1},
    {1, {1}, 1, 63, 0, 1},      {1, {0}, 6, 63, 0, 2}, {1, {0}, 1, 63, 2, 1},
    {3, {0, 1, 2}, 0, 0, 1, 0}, {1, {2}, 1, 63, 1, 0}, {1, {1}, 1, 63, 1, 0},
};
static const jpeg_scan_info WITHOUT_TWO[] = {
    {3, {0, 1, 2}, 0, 0, 0, 1}, {1, {0}, 1, 5, 0, 2},  {1, {2}, 1, 63, 0, 1},
    {1, {1}, 1, 63, 0, 1},      {1, {0}, 6, 63, 0, 2}, {3, {0, 1, 2}, 0, 0, 1, 0},
    {1, {2}, 1, 63, 1, 0},      {1, {1}, 1, 63, 1, 0},
};
static const jpeg_scan_info GRAY[] = {{1, {0}, 0, 0, 0, 1},
                                      {1, {0}, 1, 63, 0, 2},
                                      {1, {0}, 1, 63, 2, 1},
                                      {1, {0}, 0, 0, 1, 0},
                                      {1, {0}, 1, 63, 1, 0}};
static const jpeg_scan_info GRAY_WITHOUT_TWO[] = {
    {1, {0}, 0, 0, 0, 1}, {1, {0}, 1, 63, 0, 2}, {1, {0}, 0, 0, 1, 0}};

#define SCANS(all) .script = (all), .scans = (int)(sizeof(all) / sizeof *(all))

static void sampling(j_compress_ptr jpeg, const kind *k) {
    jpeg->comp_info[0].h_samp_factor = k->across ? k->across : 1;
    jpeg->comp_info[0].v_samp_factor = k->down ? k->down : 1;
    unsigned table[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++) table[i] = k->quantizer ? (unsigned)k->quantizer : 2;
    for (int i = 0; i < NUM_QUANT_TBLS; i++) jpeg_add_quant_table(jpeg, i, table, 100, TRUE);
    jpeg->restart_interval = (unsigned)k->restart;
    jpeg->arith_code = k->arithmetic;
    jpeg->scan_info = k->script;
    jpeg->num_scans = k->scans;
}

/* Shapes, waves and grain, the same every time. */
static void draw(JSAMPLE *row, int w, int y, int planes) {
    for (int x = 0; x < w; x++)
        for (int c = 0; c < planes; c++) {
            const double wave = 60 * sin(x * 0.05 + c) + 40 * cos(y * 0.07 - c);
            const int grain =
                (int)(((unsigned)(x * 7919 + y * 104729 + c * 31) * 2654435761u) >> 27);
            const int shape = (x / 37 + y / 29) % 3 == 0 ? 25 : 0;
            row[x * planes + c] = (JSAMPLE)(100 + (int)wave + grain + shape);
        }
}

static blob make(const kind *k) {
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (unsigned)k->w;
    jpeg.image_height = (unsigned)k->h;
    const J_COLOR_SPACE space = k->space ? k->space : JCS_YCbCr;
    jpeg.input_components = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, space);
    sampling(&jpeg, k);
    jpeg_start_compress(&jpeg, TRUE);
    JSAMPLE *row = malloc((size_t)k->w * (size_t)jpeg.input_components);
    for (int y = 0; y < k->h; y++) {
        draw(row, k->w, y, jpeg.input_components);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (blob){data, size};
}

/* The same coefficients in other scans. */
static blob make_with(kind k, const jpeg_scan_info *script, int scans) {
    k.script = script;
    k.scans = scans;
    return make(&k);
}

/* The reduction from which on anything is left out, of a file as it is or in pieces. */
static int coarsens(blob file, size_t piece, bool seeks) {
    decoded d;
    ibx_error e;
    if (!decode(file, (how){.piece = piece, .seeks = seeks}, &d, &e)) fail_msg("%s", e.text);
    const int from = d.info.coarsens;
    decoded_free(&d);
    return from;
}

/* ---- what is left out --------------------------------------------------------------------------
 */

/* libjpeg's plainest use, without guesses at what a file does not give. */
static void demand_pixels(blob file, int shrink, const decoded *d) {
    struct jpeg_decompress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file.data, file.size);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.scale_num = 1;
    jpeg.scale_denom = (unsigned)shrink;
    jpeg.do_block_smoothing = FALSE;
    jpeg_start_decompress(&jpeg);
    assert_int_equal(jpeg.output_width, d->info.head.w);
    assert_int_equal(jpeg.output_height, d->info.head.h);
    JSAMPLE *row = malloc(d->stride);
    for (size_t y = 0; y < jpeg.output_height; y++) {
        jpeg_read_scanlines(&jpeg, &row, 1);
        assert_memory_equal(row, d->pixels + y * d->stride, d->stride);
    }
    free(row);
    jpeg_finish_decompress(&jpeg);
    assert_int_equal(errors.num_warnings, 0);
    jpeg_destroy_decompress(&jpeg);
}

/* A file, decoded for a reduction, is one that was written without some of the scans. Whatever way
 * it is read: in one piece, or in one of these. */
static void demand_same(blob file, int reduction, int shrink, blob without) {
    static const size_t PIECES[] = {13, 777, 65536};
    for (int seeks = 0; seeks < 2; seeks++) {
        const how h = {.strip = 7 + 9 * seeks,
                       .piece = seeks ? PIECES[reduction % 3] : 0,
                       .seeks = seeks,
                       .reduction = reduction,
                       .shrink = shrink};
        decoded d;
        ibx_error e;
        if (!decode(file, h, &d, &e)) fail_msg("%s", e.text);
        demand_pixels(without, shrink, &d);
        decoded_free(&d);
    }
}

static void test_refinements_of_luma(void **state) {
    (void)state;
    static const int SAMPLING[][2] = {{1, 1}, {2, 2}, {2, 1}, {1, 2}, {4, 1}, {4, 2}};
    static const int SIZES[][2] = {{64, 64}, {131, 77}, {1, 1}, {9, 200}};
    for (int s = 0; s < 6; s++)
        for (int i = 0; i < 4; i++)
            for (int restart = 0; restart < 8; restart += 7) {
                const kind k = {.w = SIZES[i][0],
                                .h = SIZES[i][1],
                                .across = SAMPLING[s][0],
                                .down = SAMPLING[s][1],
                                .restart = restart,
                                .quantizer = 4,
                                SCANS(SCRIPT)};
                const blob file = make(&k), one = make_with(k, WITHOUT_ONE, USUAL - 1),
                           two = make_with(k, WITHOUT_TWO, USUAL - 2);
                for (int shrink = 1; shrink <= 8; shrink *= 2) {
                    demand_same(file, 3, shrink, file);
                    demand_same(file, 4, shrink, one);
                    demand_same(file, 7, shrink, one);
                    demand_same(file, 8, shrink, two);
                    demand_same(file, 1001, shrink, two);
                }
                free(file.data), free(one.data), free(two.data);
            }
}

static void test_gray(void **state) {
    (void)state;
    const kind k = {.w = 133, .h = 71, .space = JCS_GRAYSCALE, SCANS(GRAY)};
    const blob file = make(&k), two = make_with(k, GRAY_WITHOUT_TWO, 3);
    demand_same(file, 4, 2, two);
    free(file.data), free(two.data);
}

/* The coarser the quantizer and the higher the bits, the larger the reduction. */
static void test_the_reduction_that_it_takes(void **state) {
    (void)state;
    static const struct {
        int quantizer, from;
    } CASES[] = {{1, 4}, {6, 4}, {7, 5}, {12, 8}, {13, 0}, {255, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const kind k = {.w = 16, .h = 16, .quantizer = CASES[i].quantizer, SCANS(SCRIPT)};
        const blob file = make(&k);
        assert_int_equal(coarsens(file, 0, false), CASES[i].from);
        assert_int_equal(coarsens(file, 100, true), CASES[i].from);
        assert_int_equal(coarsens(file, 100, false), 0); /* a source that cannot be looked at */
        free(file.data);
    }
}

/* ---- unusual scripts ---------------------------------------------------------------------------
 */

/* A scan is needed as long as one that refines any of its coefficients: the last bit of 6-63 comes
 * last and is fine enough to be left out, but not bit 1 of all below it, where 1-5 are kept. */
static void test_parts_of_the_spectrum(void **state) {
    (void)state;
    static const jpeg_scan_info PARTS[] = {{1, {0}, 0, 0, 0, 0},  {1, {0}, 1, 63, 0, 2},
                                           {1, {0}, 6, 63, 2, 1}, {1, {0}, 1, 5, 2, 1},
                                           {1, {0}, 1, 30, 1, 0}, {1, {0}, 31, 63, 1, 0}};
    static const jpeg_scan_info LEFT[] = {
        {1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 2}, {1, {0}, 6, 63, 2, 1}, {1, {0}, 1, 5, 2, 1}};
    const kind k = {.w = 50, .h = 40, .space = JCS_GRAYSCALE, .quantizer = 4, SCANS(PARTS)};
    const blob file = make(&k), left = make_with(k, LEFT, 4), least = make_with(k, LEFT, 2);
    demand_same(file, 7, 2, left);
    demand_same(file, 8, 2, least);
    free(file.data), free(left.data), free(least.data);
}

static void test_nothing_to_leave_out(void **state) {
    (void)state;
    static const jpeg_scan_info SPECTRAL[] = {
        {1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 5, 0, 0}, {1, {0}, 6, 63, 0, 0}};
    static const jpeg_scan_info CMYK[] = {{4, {0, 1, 2, 3}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 1},
                                          {1, {1}, 1, 63, 0, 0},         {1, {2}, 1, 63, 0, 0},
                                          {1, {3}, 1, 63, 0, 0},         {1, {0}, 1, 63, 1, 0}};
    static const jpeg_scan_info COMPONENTS[] = {
        {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    const kind kinds[] = {
        {.w = 20, .h = 20},
        {.w = 20, .h = 20, SCANS(COMPONENTS)},
        {.w = 20, .h = 20, .space = JCS_GRAYSCALE, SCANS(SPECTRAL)},
        {.w = 20, .h = 20, .space = JCS_GRAYSCALE, .script = GRAY, .scans = 4}, /* incomplete */
        {.w = 20, .h = 20, .space = JCS_CMYK, SCANS(CMYK)},
        {.w = 20, .h = 20, .space = JCS_RGB, SCANS(SCRIPT)},
        {.w = 20, .h = 20, .arithmetic = true, SCANS(SCRIPT)},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const blob file = make(&kinds[i]);
        assert_int_equal(coarsens(file, 0, false), 0);
        free(file.data);
    }
}

/* ---- markers -----------------------------------------------------------------------------------
 */

static blob usual(void) {
    return make(&(kind){.w = 40, .h = 30, .across = 2, .down = 2, .restart = 2, SCANS(SCRIPT)});
}

/* The n-th marker of a kind outside of scans' data, from 0. */
static size_t find(blob file, int marker, int n) {
    for (size_t i = 0; i + 1 < file.size; i++)
        if (file.data[i] == 0xFF && file.data[i + 1] == marker && n-- == 0) return i;
    fail_msg("no marker %x", (unsigned)marker);
    return 0;
}

/* The file with bytes put in. */
static blob insert(blob file, size_t at, const char *bytes, size_t size) {
    blob b = {malloc(file.size + size), file.size + size};
    memcpy(b.data, file.data, at);
    memcpy(b.data + at, bytes, size);
    memcpy(b.data + at + size, file.data + at, file.size - at);
    return b;
}

static int coarsens_with(blob file, size_t at, const char *bytes, size_t size) {
    const blob b = insert(file, at, bytes, size);
    decoded d = {0};
    ibx_error e;
    const int from = decode(b, (how){.accept_damage = true}, &d, &e) ? d.info.coarsens : -1;
    decoded_free(&d);
    free(b.data);
    return from;
}

/* What may stand between scans, and what may not. */
static void test_segments(void **state) {
    (void)state;
    const blob file = usual();
    const size_t last = find(file, 0xDA, USUAL - 1), first = find(file, 0xDA, 0);
    assert_int_equal(coarsens_with(file, last, "\xFF\xFF\xFF", 3), 4);       /* fill bytes */
    assert_int_equal(coarsens_with(file, last, "\xFF\xFE\0\4hi", 6), 4);     /* a comment */
    assert_int_equal(coarsens_with(file, last, "\xFF\xE5\0\4hi", 6), 4);     /* APP5 */
    assert_int_equal(coarsens_with(file, last, "\xFF\xDD\0\4\0\2", 6), 4);   /* restarts, again */
    assert_int_equal(coarsens_with(file, file.size, "\xFF\xD9 more", 7), 4); /* behind the end */
    assert_int_equal(coarsens_with(file, last, "\xFF\xDC\0\4\0\36", 6), 0);  /* DNL */
    assert_int_equal(coarsens_with(file, last, "\xFF\xDC", 2), 0);
    assert_int_equal(coarsens_with(file, last, "\xFF\xD8", 2), 0);
    assert_int_equal(coarsens_with(file, last, "\xFF\xFE\0\1", 4), 0); /* shorter than it can be */
    assert_int_equal(coarsens_with(file, first, "junk", 4), 0);
    const blob table = insert(file, last, (const char *)file.data + find(file, 0xDB, 0), 69);
    assert_int_equal(coarsens_with(table, 0, "", 0), 0); /* a quantizer that comes late */
    free(table.data), free(file.data);
}

static void test_scans_out_of_turn(void **state) {
    (void)state;
    const blob file = usual();
    const size_t last = find(file, 0xDA, USUAL - 1);
    const size_t before = find(file, 0xDA, USUAL - 2);
    const char *scan = (const char *)file.data + last;
    const size_t size = file.size - 2 - last;
    assert_int_equal(coarsens_with(file, last, scan, size), 0);   /* twice */
    assert_int_equal(coarsens_with(file, before, scan, size), 0); /* and apart */
    const blob cut = insert(file, 0, "", 0);
    memcpy(cut.data + last, "\xFF\xD9", 2);
    assert_int_equal(coarsens_with(cut, 0, "", 0), 0); /* never */
    static const struct {
        int at, value; /* of the last scan's header */
    } WRONG[] = {{4, 0}, {5, 9}, {7, 0}, {7, 7}, {8, 62}, {8, 64}, {9, 0}, {9, 0x21}, {9, 0x11}};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const blob bad = insert(file, 0, "", 0);
        bad.data[last + (size_t)WRONG[i].at] = (uint8_t)WRONG[i].value;
        assert_true(coarsens_with(bad, 0, "", 0) <= 0);
        free(bad.data);
    }
    free(cut.data), free(file.data);
}

/* More scans than are looked at: three bits of one coefficient after the other. */
static void test_many_scans(void **state) {
    (void)state;
    enum { MOST = IBX_JPEG_MOST_SCANS };
    jpeg_scan_info script[MOST + 1] = {{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 1}};
    for (int more = 0; more < 2; more++) {
        const int scans = MOST + more, single = scans - 3;
        for (int k = 1; k <= single; k++) script[1 + k] = (jpeg_scan_info){1, {0}, k, k, 1, 0};
        script[2 + single] = (jpeg_scan_info){1, {0}, single + 1, 63, 1, 0};
        const kind k = {.w = 20, .h = 20, .space = JCS_GRAYSCALE, .script = script, .scans = scans};
        const blob file = make(&k);
        assert_int_equal(coarsens(file, 0, false), more ? 0 : 4);
        free(file.data);
    }
}

/* ---- damage ------------------------------------------------------------------------------------
 */

/* A file that is cut off fails, wherever, as it does when it is decoded in full. */
static void test_truncation(void **state) {
    (void)state;
    const blob file = usual();
    for (size_t n = 3; n < file.size; n++)
        for (int chunks = 0; chunks < 2; chunks++) {
            const blob cut = {memcpy(malloc(n), file.data, n), n};
            const how h = {.reduction = 16, .piece = chunks ? 50 : 0, .seeks = chunks};
            decoded d;
            ibx_error e;
            assert_false(decode(cut, h, &d, &e));
            assert_int_equal(e.code, IBX_FORMAT);
            assert_string_equal(e.text, "test: Premature end of JPEG file");
            free(cut.data);
        }
    free(file.data);
}

/* Every byte another one. What is fine in full is fine with less. The reverse is not so: damage may
 * be in what is left out, or first be noticed there, as refinements follow from what they refine;
 * but not if it is in front of all scans. */
static void test_other_bytes(void **state) {
    (void)state;
    static const int BITS[] = {0x01, 0x08, 0x10, 0x80, 0xFF};
    const blob file = usual();
    const size_t first = find(file, 0xDA, 0);
    int unseen = 0;
    for (size_t i = 3; i < file.size; i++)
        for (size_t b = 0; b < sizeof BITS / sizeof *BITS; b++) {
            decoded all, less;
            file.data[i] ^= (uint8_t)BITS[b];
            const how h = {.max_pixels = 1 << 16};
            how reduced = h;
            reduced.reduction = 16;
            reduced.piece = i % 2 ? 33 : 0;
            reduced.seeks = i % 2;
            const bool full = decode(file, h, &all, NULL),
                       part = decode(file, reduced, &less, NULL);
            if (full && !part) fail_msg("byte %zu: fine in full only", i);
            if (part && !full && i < first) fail_msg("byte %zu: damage was not seen", i);
            unseen += part && !full;
            if (full) decoded_free(&all);
            if (part) decoded_free(&less);
            file.data[i] ^= (uint8_t)BITS[b];
        }
    assert_true(unseen > 0);
    free(file.data);
}

/* ---- how much it changes -----------------------------------------------------------------------
 */

/* Means of squares of so many pixels. */
static double *means(const decoded *d, int side, int *count) {
    const int planes = ibx_planes(&d->info.head), w = d->info.head.w / side,
              h = d->info.head.h / side;
    *count = w * h * planes;
    double *mean = calloc((size_t)*count, sizeof *mean);
    for (int y = 0; y < h * side; y++)
        for (int x = 0; x < w * side; x++)
            for (int p = 0; p < planes; p++)
                mean[(y / side * w + x / side) * planes + p] +=
                    d->pixels[(size_t)y * d->stride + (size_t)(x * planes + p)] / (double)side /
                    side;
    return mean;
}

static double psnr(const decoded *a, const decoded *b, int side) {
    int count;
    double *p = means(a, side, &count), *q = means(b, side, &count), sum = 0;
    for (int i = 0; i < count; i++) sum += (p[i] - q[i]) * (p[i] - q[i]);
    free(p), free(q);
    return sum > 0 ? 10 * log10(255.0 * 255.0 * count / sum) : 99;
}

/* Reduced photographs differ by what nobody sees. */
static void compare_photo(const char *path, void *user) {
    int *looked_at = user;
    const blob file = blob_read(path);
    decoded all, less;
    ibx_error e;
    const bool jpeg = ibx_codec_jpeg.sniff(file.data, file.size);
    if (jpeg && !decode(file, (how){.shrink = 2}, &all, &e)) fail_msg("%s", e.text);
    for (int n = jpeg ? all.info.coarsens : 0; n > 0 && n <= 32; n *= 2, ++*looked_at) {
        if (!decode(file, (how){.shrink = 2, .reduction = n}, &less, &e)) fail_msg("%s", e.text);
        const double same = psnr(&all, &less, n / 2);
        if (same < 49) fail_msg("%s at 1/%d: %.1f dB", path, n, same);
        decoded_free(&less);
    }
    if (jpeg) decoded_free(&all);
    free(file.data);
}

static void test_photographs(void **state) {
    (void)state;
    int looked_at = 0;
    if (!for_each_file("photos/lomiri-16.04", compare_photo, &looked_at)) skip();
    assert_true(looked_at >= 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refinements_of_luma),
        cmocka_unit_test(test_gray),
        cmocka_unit_test(test_the_reduction_that_it_takes),
        cmocka_unit_test(test_parts_of_the_spectrum),
        cmocka_unit_test(test_nothing_to_leave_out),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_scans_out_of_turn),
        cmocka_unit_test(test_many_scans),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_photographs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
