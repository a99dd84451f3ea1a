/* multipart - forms: every rule of api/multipart.h with a body that keeps it and one that breaks
 * it, and api/shallow.h. Bodies end where their memory does. */
#include "server/api/multipart.h"
#include "server/api/shallow.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define D "Content-Disposition: form-data; name="
#define IMAGE D "\"image\"\r\n"
#define PART "--b\r\n" IMAGE "\r\n"
#define END "\r\n--b--\r\n"

/* ---- bodies that end at a page that may not be read ----------------------------------------- */

typedef struct {
    uint8_t *map, *body;
    size_t size, whole, page;
} guarded;

static guarded guard(size_t size) {
    guarded g = {.size = size, .page = (size_t)sysconf(_SC_PAGESIZE)};
    g.whole = (size + g.page - 1) / g.page * g.page + g.page;
    g.map = mmap(NULL, g.whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(g.map, MAP_FAILED);
    assert_int_equal(mprotect(g.map + g.whole - g.page, g.page, PROT_NONE), 0);
    g.body = g.map + g.whole - g.page - size;
    return g;
}

static void release(guarded *g) {
    munmap(g->map, g->whole);
}

static int read_bytes(const void *bytes, size_t size, const char *boundary, ibx_error *err) {
    ibx_form_part part[IBX_FORM_PARTS];
    guarded g = guard(size);
    *err = (ibx_error){0};
    memcpy(g.body, bytes, size);
    const int count = ibx_multipart_read(g.body, size, boundary, part, err);
    release(&g);
    return count;
}

/* ---- what is accepted ----------------------------------------------------------------------- */

static void check_part(const ibx_form_part *part, const char *name, const char *data) {
    assert_int_equal(part->name_size, strlen(name));
    assert_memory_equal(part->name, name, strlen(name));
    assert_int_equal(part->size, strlen(data));
    assert_memory_equal(part->data, data, strlen(data));
}

static void reads_the_parts(void **state) {
    (void)state;
    static const char BODY[] = "--b\r\n" D "\"recipe\"\r\n\r\ninvert\r\n"
                               "--b\r\nContent-Type: image/jpeg\r\n"
                               "content-DISPOSITION:Form-Data ; filename=\"a; name=\\\"x\\\".jpg\" "
                               ";\tname=image\r\n\r\n\r\n\r\n-- b\n--b\r--b\r\n\r\n"
                               "--b\r\n" D "\"\"\r\n\r\n" END;
    ibx_form_part part[IBX_FORM_PARTS];
    ibx_error err = {0};
    assert_int_equal(ibx_multipart_read((const uint8_t *)BODY, sizeof BODY - 1, "b", part, &err),
                     3);
    check_part(&part[0], "recipe", "invert");
    check_part(&part[1], "image", "\r\n\r\n-- b\n--b\r--b\r\n");
    check_part(&part[2], "", "");
    assert_true(part[0].data > (const uint8_t *)BODY && part[0].data < (const uint8_t *)BODY + 99);
}

static void accepts(void **state) {
    (void)state;
    static const struct {
        const char *body;
        int parts;
    } CASES[] = {
        {"--b--", 0},
        {"--b--\r\n", 0},
        {PART "x\r\n--b--", 1},
        {PART "x--b--" END, 1}, /* not at the start of a line */
        {"--b\r\n" D "\"caf\xc3\xa9\"\r\nX:\r\n\r\n" END, 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ibx_error err;
        const int count = read_bytes(CASES[i].body, strlen(CASES[i].body), "b", &err);
        if (count != CASES[i].parts) fail_msg("case %zu: %d, %s", i, count, err.text);
    }
}

static void knows_boundaries(void **state) {
    (void)state;
    char most[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    const char *const good[] = {"b", most, "a'()+_,-./:=? z", "----WebKitFormBoundaryAaBb09"};
    const char *const bad[] = {NULL, "", "b ", "a\"b", "a\r\nb", "a;b", "\xc3\xa9"};
    char body[200], longer[80];
    ibx_error err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const int n =
            snprintf(body, sizeof body, "--%s\r\n" IMAGE "\r\n\r\n--%s--", good[i], good[i]);
        assert_int_equal(read_bytes(body, (size_t)n, good[i], &err), 1);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int n = snprintf(body, sizeof body, "--%s--", bad[i] ? bad[i] : "");
        assert_int_equal(read_bytes(body, (size_t)n, bad[i], &err), -1);
        assert_non_null(strstr(err.text, "boundary of 1 to 70"));
    }
    snprintf(longer, sizeof longer, "%s0", most);
    assert_int_equal(read_bytes("--", 2, longer, &err), -1);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *body, *why;
    } CASES[] = {
        {"", "does not begin"},
        {"--", "does not begin"},
        {"\r\n" PART "x" END, "does not begin"},
        {"preamble\r\n" PART "x" END, "does not begin"},
        {"--b", "part 1"},
        {"--b-", "part 1"},
        {"--b\n" IMAGE "\r\nx" END, "part 1"},
        {"--b \r\n" IMAGE "\r\nx" END, "part 1"},
        {"--b\r\n", "not complete"},
        {PART, "not complete"},
        {PART "x", "not complete"},
        {PART "x\r\n--", "not complete"},
        {PART "x\n--b--", "not complete"},
        {PART "x\r\n--b", "part 2"},
        {PART "x\r\n--b-", "part 2"},
        {PART "x\r\n--bc\r\ny" END, "part 2"}, /* the boundary inside */
        {PART "x" END "epilogue", "more bytes"},
        {PART "x" END "\r\n", "more bytes"},
        {"--b\r\n--b--", "no empty line"},
        {"--b\r\n--b\r\n" IMAGE "\r\nx" END, "no empty line"},
        {"--b\r\n" IMAGE "\r\n--b--", "no empty line"},
        {PART "--b--" END, "no empty line"},
        {"--b\r\n" D "\"image\"" END, "no empty line"},
        {"--b\r\n" D "\"image\"\n\nx" END, "no empty line"},
        {"--b\r\n\r\nx" END, "no Content-Disposition"},
        {"--b\r\nX: y\r\n\r\nx" END, "no Content-Disposition"},
        {"--b\r\n" IMAGE IMAGE "\r\nx" END, "twice"},
        {"--b\r\n" IMAGE " folded\r\n\r\nx" END, "no field"},
        {"--b\r\nno colon\r\n" IMAGE "\r\nx" END, "no field"},
        {"--b\r\nX : y\r\n" IMAGE "\r\nx" END, "no field"},
        {"--b\r\nX: \x01\r\n" IMAGE "\r\nx" END, "control"},
        {"--b\r\nX: y\nZ: a\r\n" IMAGE "\r\nx" END, "control"},
        {"--b\r\n" D "\"image\r\n\r\nx" END, "can be read"},
        {"--b\r\n" D "\"image\\\"\r\n\r\nx" END, "can be read"},
        {"--b\r\n" D "\r\n\r\nx" END, "can be read"},
        {"--b\r\n" D "image; name=image\r\n\r\nx" END, "can be read"},
        {"--b\r\n" D "image name\r\n\r\nx" END, "can be read"},
        {"--b\r\n" D "image;\r\n\r\nx" END, "can be read"},
        {"--b\r\nContent-Disposition: form-data\r\n\r\nx" END, "can be read"},
        {"--b\r\nContent-Disposition: attachment; name=image\r\n\r\nx" END, "can be read"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ibx_error err;
        const int count = read_bytes(CASES[i].body, strlen(CASES[i].body), "b", &err);
        if (count != -1 || !strstr(err.text, CASES[i].why))
            fail_msg("case %zu: %d, %s", i, count, err.text);
    }
}

/* Every beginning of a good body is refused, whatever is behind it in memory; but the last CRLF
 * may be missing. */
static void refuses_what_is_cut(void **state) {
    (void)state;
    static const char BODY[] = "--b\r\n" D "\"recipe\"\r\n\r\ninvert\r\n" PART "x" END;
    const size_t size = sizeof BODY - 1;
    ibx_error err;
    for (size_t n = 0; n <= size; n++) {
        const bool whole = n == size || n == size - 2;
        assert_int_equal(read_bytes(BODY, n, "b", &err), whole ? 2 : -1);
    }
}

/* Bodies that fill their pages: nothing is behind them. */
static void stays_in_its_pages(void **state) {
    (void)state;
    const size_t sizes[] = {4096, 1 << 20};
    const char *const heads[] = {"--b\r\n" D "\"image\"; x=\"", PART, "--b\r\nX: "};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            ibx_form_part part[IBX_FORM_PARTS];
            ibx_error err = {0};
            guarded g = guard(sizes[i]);
            memset(g.body, 'x', g.size);
            memcpy(g.body, heads[k], strlen(heads[k]));
            assert_int_equal(ibx_multipart_read(g.body, g.size, "b", part, &err), -1);
            memcpy(g.body + g.size - strlen(END), END, strlen(END));
            assert_int_equal(ibx_multipart_read(g.body, g.size, "b", part, &err), k == 1 ? 1 : -1);
            release(&g);
        }
}

/* ---- limits --------------------------------------------------------------------------------- */

static int read_many(int parts, ibx_error *err) {
    static const char ONE[] = PART "\r\n", LAST[] = "--b--";
    const size_t one = sizeof ONE - 1, all = (size_t)parts * one;
    char *body = malloc(all + sizeof LAST);
    assert_non_null(body);
    for (size_t i = 0; i < all; i++) body[i] = ONE[i % one];
    memcpy(body + all, LAST, sizeof LAST);
    const int count = read_bytes(body, all + sizeof LAST - 1, "b", err);
    free(body);
    return count;
}

static void bounds_the_parts(void **state) {
    (void)state;
    ibx_error err;
    assert_int_equal(read_many(IBX_FORM_PARTS, &err), IBX_FORM_PARTS);
    assert_int_equal(read_many(IBX_FORM_PARTS + 1, &err), -1);
    assert_non_null(strstr(err.text, "one too many"));
    assert_int_equal(read_many(100000, &err), -1);
}

/* A part whose header has so many lines of `width` bytes each, and Content-Disposition. */
static int read_header(int lines, int width, ibx_error *err) {
    char body[16384];
    int n = snprintf(body, sizeof body, "--b\r\n");
    for (int i = 0; i < lines; i++)
        n += snprintf(body + n, sizeof body - (size_t)n, "X:%*s\r\n", width - 4, "");
    n += snprintf(body + n, sizeof body - (size_t)n, IMAGE "\r\nx" END);
    return read_bytes(body, (size_t)n, "b", err);
}

static void bounds_the_headers(void **state) {
    (void)state;
    const int rest = IBX_FORM_HEADER_BYTES - (int)strlen(IMAGE "\r\n");
    ibx_error err;
    assert_int_equal(read_header(IBX_FORM_LINES - 1, 10, &err), 1);
    assert_int_equal(read_header(IBX_FORM_LINES, 10, &err), -1);
    assert_non_null(strstr(err.text, "16 lines"));
    assert_int_equal(read_header(1, rest, &err), 1);
    assert_int_equal(read_header(1, rest + 1, &err), -1);
    assert_non_null(strstr(err.text, "4096 bytes"));
    assert_int_equal(read_header(1, 9000, &err), -1);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void counts_the_depth_of_json(void **state) {
    (void)state;
    const char *const shallow[] = {
        "",
        "{}",
        "[[[[1, -2.5e+3, true, false, null, 1E5]]], {}]",
        "{\"outputs\": [{\"name\": \"a]}\\\"[[[[[\", \"recipe\": \"\\\\\"}]}",
        "[\"\\ud83D\\uDE00 \\u00e9 \\n\\/ \xc3\xa9 // /* '\"]",
        "[],[],[],[],[],[],[]",
    };
    const char *const refused[] = {
        "[[[[[",
        "{\"a\": {\"a\": {\"a\": [{}]}}}",
        "]",
        "[]][[[[[[",
        "\"",
        "\"\\\"",
        "\"\\",
        "\"\\u12\"",
        "\"\\x\"",
        "\"a\nb\"",
        "[\"\\ud800\" , \",\" ,[]]", /* half a pair: some readers swallow the quote behind it */
        "[\"\\ud800\\u0041\"]",
        "[\"\\udc00\"]",
        "/*\"*/[]",
        "[] // \"",
        "['\"', []]",
        "#\"\n[]",
    };
    for (size_t i = 0; i < sizeof shallow / sizeof *shallow; i++)
        if (!ibx_json_is_shallow(shallow[i], 4)) fail_msg("refused: %s", shallow[i]);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (ibx_json_is_shallow(refused[i], 4)) fail_msg("accepted: %s", refused[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_parts),          cmocka_unit_test(accepts),
        cmocka_unit_test(knows_boundaries),         cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_what_is_cut),      cmocka_unit_test(stays_in_its_pages),
        cmocka_unit_test(bounds_the_parts),         cmocka_unit_test(bounds_the_headers),
        cmocka_unit_test(counts_the_depth_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
