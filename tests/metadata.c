/* metadata.c - what the policies keep of EXIF, XMP and IPTC. EXIF is read back by libexif. */
#include "codec/metadata.h"
#include "decoded.h"
#include "libexif.h"
#include <lcms2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- an EXIF block to work on ------------------------------------------------------------------
 */

enum { LONG = 4, SHORT = 3, ASCII = 2, RATIONAL = 5 };

/* Little-endian: first directory at 8, GPS at 120, EXIF at 160, thumbnail directory at 200 and
 * its picture at 260 to the end at 300. */
enum { SIZE = 300, GPS = 120, EXIF = 160, THUMB = 200, PICTURE = 260, ARTIST = 100 };

static void put(uint8_t *p, int bytes, uint32_t v) {
    for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static uint8_t *entry(uint8_t *p, int tag, int type, uint32_t count, uint32_t value) {
    put(p, 2, (uint32_t)tag);
    put(p + 2, 2, (uint32_t)type);
    put(p + 4, 4, count);
    put(p + 8, 4, value);
    return p + 12;
}

static uint8_t *make_exif(void) {
    uint8_t *b = calloc(1, SIZE), *p;
    memcpy(b, "II*\0\x08\0\0\0", 8);
    put(b + 8, 2, 6);
    p = entry(b + 10, 0x100, SHORT, 1, 4000);
    p = entry(p, 0x112, SHORT, 1, 6);
    p = entry(p, 0x13B, ASCII, 16, ARTIST);
    p = entry(p, 0x8298, ASCII, 3, 'M' | 'e' << 8);
    p = entry(p, 0x8769, LONG, 1, EXIF);
    p = entry(p, 0x8825, LONG, 1, GPS);
    put(p, 4, THUMB);
    memcpy(b + ARTIST, "Grace of Example", 16);
    put(b + GPS, 2, 2);
    p = entry(b + GPS + 2, 1, ASCII, 2, 'N');
    entry(p, 2, RATIONAL, 1, 148);
    put(b + 148, 4, 51);
    put(b + 152, 4, 1);
    put(b + EXIF, 2, 2);
    p = entry(b + EXIF + 2, 0xA002, SHORT, 1, 4000);
    entry(p, 0xA003, LONG, 1, 3000);
    put(b + THUMB, 2, 3);
    p = entry(b + THUMB + 2, 0x103, SHORT, 1, 6);
    p = entry(p, 0x201, LONG, 1, PICTURE);
    entry(p, 0x202, LONG, 1, SIZE - PICTURE);
    memset(b + PICTURE, 0x77, SIZE - PICTURE);
    return b;
}

/* A value as libexif prints it, or "". */
static const char *value(ExifData *d, ExifIfd ifd, int tag) {
    static char text[100];
    ExifEntry *e = exif_content_get_entry(d->ifd[ifd], (ExifTag)tag);
    text[0] = '\0';
    if (e) exif_entry_get_value(e, text, sizeof text);
    return text;
}

static ibx_metadata apply(ibx_keep policy, bool upright, const ibx_metadata *in) {
    ibx_metadata out;
    assert_true(ibx_metadata_apply(policy, upright, 640, 480, in, &out, NULL));
    assert_int_equal(out.profile.size, 0);
    return out;
}

static void test_keep_exif(void **state) {
    (void)state;
    uint8_t *b = make_exif();
    const ibx_metadata in = {.exif = {b, SIZE}};
    assert_int_equal(ibx_metadata_orientation(&in), 6);
    ibx_metadata out = apply(IBX_META_KEEP, true, &in);
    ExifData *d = libexif_read(out.exif);
    assert_int_equal(ibx_metadata_orientation(&out), 1);
    assert_string_equal(value(d, EXIF_IFD_0, 0x112), "Top-left");
    assert_string_equal(value(d, EXIF_IFD_0, 0x100), "640");
    assert_string_equal(value(d, EXIF_IFD_0, 0x13B), "Grace of Example");
    assert_string_equal(value(d, EXIF_IFD_EXIF, 0xA002), "640");
    assert_string_equal(value(d, EXIF_IFD_EXIF, 0xA003), "480");
    assert_string_equal(value(d, EXIF_IFD_GPS, 1), "N");
    assert_null(d->data);
    assert_int_equal(d->ifd[EXIF_IFD_1]->count, 0);
    assert_int_equal(out.exif.size, PICTURE); /* the thumbnail was at the end */
    exif_data_unref(d);
    ibx_metadata_free(&out);

    out = apply(IBX_META_KEEP, false, &in);
    assert_int_equal(ibx_metadata_orientation(&out), 6);
    ibx_metadata_free(&out);
    free(b);
}

static void test_no_gps(void **state) {
    (void)state;
    uint8_t *b = make_exif();
    const ibx_metadata in = {.exif = {b, SIZE}};
    ibx_metadata out = apply(IBX_META_NO_GPS, true, &in);
    ExifData *d = libexif_read(out.exif);
    assert_int_equal(d->ifd[EXIF_IFD_GPS]->count, 0);
    assert_string_equal(value(d, EXIF_IFD_0, 0x13B), "Grace of Example");
    assert_string_equal(value(d, EXIF_IFD_EXIF, 0xA002), "640");
    const uint8_t *left = out.exif.data;
    for (int i = GPS; i < 156; i++) assert_int_equal(left[i], 0);
    exif_data_unref(d);
    ibx_metadata_free(&out);
    free(b);
}

static void test_copyright_exif(void **state) {
    (void)state;
    uint8_t *b = make_exif();
    const ibx_metadata in = {.exif = {b, SIZE}};
    ibx_metadata out = apply(IBX_META_COPYRIGHT, true, &in);
    ExifData *d = libexif_read(out.exif);
    assert_string_equal(value(d, EXIF_IFD_0, 0x13B), "Grace of Example");
    assert_string_equal(value(d, EXIF_IFD_0, 0x8298), "Me (Photographer) - [None] (Editor)");
    assert_string_equal(value(d, EXIF_IFD_0, 0x100), "");
    assert_true(out.exif.size < 70);
    exif_data_unref(d);
    ibx_metadata_free(&out);
    out = apply(IBX_META_NONE, true, &in);
    assert_null(out.exif.data);
    free(b);
}

/* Any byte of the block wrong, and any length: no crash (this test is for the sanitizers), and a
 * picture that stands upright stays so. */
static void test_hostile_exif(void **state) {
    (void)state;
    static const uint8_t VALUES[] = {0, 1, 8, 0x7F, 0xFF};
    uint8_t *b = make_exif();
    for (int i = 0; i < SIZE; i++)
        for (int v = 0; v < 5; v++)
            for (int policy = IBX_META_KEEP; policy <= IBX_META_NO_GPS; policy++) {
                const uint8_t before = b[i];
                b[i] = VALUES[v];
                const ibx_metadata in = {.exif = {b, SIZE}};
                ibx_metadata out = apply((ibx_keep)policy, true, &in);
                const int o = ibx_metadata_orientation(&out);
                assert_true(o >= 1 && o <= 8);
                ibx_metadata_free(&out);
                b[i] = before;
            }
    for (size_t n = 0; n < SIZE; n++) {
        const ibx_metadata in = {.exif = {memcpy(malloc(n + 1), b, n), n}};
        ibx_metadata out = apply(IBX_META_NO_GPS, true, &in);
        ibx_metadata_free(&out);
        out = apply(IBX_META_COPYRIGHT, true, &in);
        ibx_metadata_free(&out);
        free((void *)in.exif.data);
    }
    free(b);
}

/* ---- XMP ------------------------------------------------------------------------------------- */

static const char PACKET[] =
    "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
    "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:t='http://ns.adobe.com/tiff/1.0/' "
    "xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:xmp='http://ns.adobe.com/xap/1.0/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/' t:Orientation='6' exif:GPSLatitude='51,5N' "
    "exif:PixelXDimension=\"4000\" xmp:Rating='3'>"
    "<exif:GPSLongitude>1,2E</exif:GPSLongitude><t:ImageLength>9</t:ImageLength>"
    "<xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt></xmp:Thumbnails>"
    "<dc:creator><rdf:Seq><rdf:li>Ann &amp; Bo</rdf:li><rdf:li>Cy</rdf:li></rdf:Seq></dc:creator>"
    "<dc:rights><rdf:Alt><rdf:li xml:lang='de'>Alle Rechte</rdf:li></rdf:Alt></dc:rights>"
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";

static char *xmp_after(ibx_keep policy, bool upright, const char *packet) {
    const ibx_metadata in = {.xmp = {packet, strlen(packet)}};
    ibx_metadata out = apply(policy, upright, &in);
    char *text = calloc(1, out.xmp.size + 1);
    if (out.xmp.size) memcpy(text, out.xmp.data, out.xmp.size);
    ibx_metadata_free(&out);
    return text;
}

static void has(const char *text, const char *words, bool yes) {
    if ((strstr(text, words) != NULL) != yes)
        fail_msg("'%s' %s in %s", words, yes ? "is not" : "is", text);
}

static void test_keep_xmp(void **state) {
    (void)state;
    char *text = xmp_after(IBX_META_KEEP, true, PACKET);
    has(text, "t:Orientation='1'", true);
    has(text, "exif:PixelXDimension=\"640\"", true);
    has(text, "<t:ImageLength>480</t:ImageLength>", true);
    has(text, "exif:GPSLatitude='51,5N'", true);
    has(text, "Thumbnails", false);
    has(text, "xmp:Rating='3'", true);
    free(text);
    text = xmp_after(IBX_META_KEEP, false, PACKET);
    has(text, "t:Orientation='6'", true);
    free(text);
}

static void test_no_gps_xmp(void **state) {
    (void)state;
    char *text = xmp_after(IBX_META_NO_GPS, true, PACKET);
    has(text, "GPS", false);
    has(text, "51,5N", false);
    has(text, "1,2E", false);
    has(text, "Ann &amp; Bo", true);
    has(text, "xmp:Rating='3'", true);
    free(text);
}

static void test_copyright_xmp(void **state) {
    (void)state;
    char *text = xmp_after(IBX_META_COPYRIGHT, true, PACKET);
    has(text, "<dc:creator><rdf:Seq><rdf:li>Ann &amp; Bo</rdf:li><rdf:li>Cy</rdf:li></rdf:Seq>",
        true);
    has(text, "<rdf:li xml:lang=\"de\">Alle Rechte</rdf:li>", true);
    has(text, "Rating", false);
    has(text, "GPS", false);
    char *again = xmp_after(IBX_META_COPYRIGHT, true, text);
    assert_string_equal(again, text);
    free(again);
    free(text);
    text = xmp_after(IBX_META_COPYRIGHT, true, "<a><b/></a>");
    assert_string_equal(text, "");
    free(text);
}

static void test_broken_xmp_is_dropped(void **state) {
    (void)state;
    static const char *const BROKEN[] = {
        "text",           "<a>",  "<a></b>", "<a b='></a>", "<!DOCTYPE a><a/>",
        "<a><b></a></b>", "</a>", "<a",      "<",           "<!-- <a/>"};
    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        char *text = xmp_after(IBX_META_KEEP, true, BROKEN[i]);
        assert_string_equal(text, "");
        free(text);
    }
    for (size_t n = 0; n < sizeof PACKET - 1; n++) { /* cut anywhere, in memory of that size */
        char *cut = strndup(PACKET, n);
        const ibx_metadata in = {.xmp = {memcpy(malloc(n + 1), cut, n), n}};
        ibx_metadata out = apply(IBX_META_NO_GPS, true, &in);
        ibx_metadata_free(&out);
        out = apply(IBX_META_COPYRIGHT, true, &in);
        ibx_metadata_free(&out);
        free((void *)in.xmp.data);
        free(cut);
    }
}

/* ---- IPTC, profiles, real files -------------------------------------------------------------- */

static void test_iptc(void **state) {
    (void)state;
    static const char IPTC[] = "\x1C\x02\x50\0\x03"
                               "Ann"
                               "\x1C\x02\x78\0\x02"
                               "Hi"
                               "\x1C\x02\x74\x80\x02\0\x01"
                               "C"
                               "junk";
    const ibx_metadata in = {.iptc = {IPTC, sizeof IPTC - 1}};
    ibx_metadata out = apply(IBX_META_KEEP, true, &in);
    assert_int_equal(out.iptc.size, sizeof IPTC - 1 - 4);
    ibx_metadata_free(&out);
    out = apply(IBX_META_COPYRIGHT, true, &in);
    assert_int_equal(out.iptc.size, 16);
    assert_memory_equal(out.iptc.data, IPTC, 8);
    assert_memory_equal((const char *)out.iptc.data + 8, IPTC + 15, 8);
    ibx_metadata_free(&out);
}

static void test_profile(void **state) {
    (void)state;
    char text[80];
    cmsHPROFILE p = cmsCreate_sRGBProfile();
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(p, NULL, &size);
    uint8_t *data = malloc(size);
    cmsSaveProfileToMem(p, data, &size);
    cmsCloseProfile(p);
    const ibx_bytes profile = {data, size};
    assert_true(ibx_profile_fits(profile, IBX_RGB));
    assert_false(ibx_profile_fits(profile, IBX_GRAY));
    assert_false(ibx_profile_fits(profile, IBX_CMYK));
    assert_false(ibx_profile_fits((ibx_bytes){data, size - 1}, IBX_RGB));
    assert_false(ibx_profile_fits((ibx_bytes){NULL, 0}, IBX_RGB));
    ibx_profile_name(profile, text, sizeof text);
    assert_string_equal(text, "sRGB built-in");
    ibx_profile_name(profile, text, 5);
    assert_string_equal(text, "sRGB");
    ibx_profile_name((ibx_bytes){"x", 1}, text, sizeof text);
    assert_string_equal(text, "");
    free(data);
}

static void check_density(uint32_t x, int unit, bool ok, int expected) {
    uint8_t b[100] = "II*\0\x08\0\0\0";
    put(b + 8, 2, 3);
    uint8_t *p = entry(b + 10, 0x11A, RATIONAL, 1, 60);
    p = entry(p, 0x11B, RATIONAL, 1, 60);
    entry(p, 0x128, SHORT, 1, (uint32_t)unit);
    put(b + 60, 4, x);
    put(b + 64, 4, 10);
    const ibx_metadata m = {.exif = {b, sizeof b}};
    ibx_density d = {0};
    assert_int_equal(ibx_metadata_density(&m, &d), ok);
    if (ok) assert_int_equal(d.x, expected);
    if (ok) assert_int_equal(d.per_cm, unit == 3);
}

static void test_density(void **state) {
    (void)state;
    check_density(3000, 2, true, 300);
    check_density(725, 3, true, 73);
    check_density(0, 2, false, 0);
    check_density(655360, 2, false, 0);
    check_density(3000, 1, false, 0);
}

/* libexif is the judge of the orientation of real files, and of what is left of them. */
static void check_file(const char *path, void *user) {
    int *files = user;
    blob file = blob_read(path);
    decoded d;
    if (decode(file, (how){.strip = 64, .max_pixels = 30 << 20}, &d, NULL)) {
        ExifData *e = libexif_read(d.metadata.exif);
        ExifEntry *o = exif_content_get_entry(e->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
        const int stated = o && o->format == EXIF_FORMAT_SHORT
                               ? exif_get_short(o->data, exif_data_get_byte_order(e))
                               : 1;
        const int expected = stated >= 1 && stated <= 8 ? stated : 1;
        if (ibx_metadata_orientation(&d.metadata) != expected)
            fail_msg("%s: orientation %d, libexif says %d", path,
                     ibx_metadata_orientation(&d.metadata), expected);
        exif_data_unref(e);
        for (int policy = IBX_META_KEEP; policy <= IBX_META_NO_GPS; policy++) {
            ibx_metadata out = apply((ibx_keep)policy, true, &d.metadata);
            assert_int_equal(ibx_metadata_orientation(&out), 1);
            if (out.exif.size && policy == IBX_META_NO_GPS) {
                e = libexif_read(out.exif);
                assert_int_equal(e->ifd[EXIF_IFD_GPS]->count, 0);
                assert_null(e->data);
                exif_data_unref(e);
            }
            ibx_metadata_free(&out);
        }
        *files += d.metadata.exif.size > 0;
        decoded_free(&d);
    }
    free(file.data);
}

static void test_files(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/exif-orientation",
                                          "formats/exif-orientation-other",
                                          "formats/exif-samples",
                                          "formats/pngsuite",
                                          "bad/exif-invalid",
                                          "bad/pillow",
                                          "bad/wuffs"};
    int files = 0, seen = 0;
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        seen += for_each_file(FOLDERS[i], check_file, &files);
    if (!seen) {
        print_message("no test data in %s (IMBREX_DATA)\n", data_folder());
        skip();
    }
    print_message("%d files with EXIF\n", files);
    assert_true(files > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_exif),      cmocka_unit_test(test_no_gps),
        cmocka_unit_test(test_copyright_exif), cmocka_unit_test(test_hostile_exif),
        cmocka_unit_test(test_keep_xmp),       cmocka_unit_test(test_no_gps_xmp),
        cmocka_unit_test(test_copyright_xmp),  cmocka_unit_test(test_broken_xmp_is_dropped),
        cmocka_unit_test(test_iptc),           cmocka_unit_test(test_profile),
        cmocka_unit_test(test_density),        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
