/* format.c - the table of formats that imbrex writes. */
#include "core/format.h"
#include "core/text.h"

/* ibx_save_any is the first member of every struct, so its row fits them all. It comes last:
 * positional values are for what people change most. */
#define NAME_ROW                                                                                   \
    {                                                                                              \
        .name = "name", .type = IBX_TYPE_TEXT,                                                     \
        .offset = IBX_FIELD(ibx_save_any, name, const char *), .text = "", .unit = "",             \
        .doc = "Template of this output's name, as the option for all outputs takes it."           \
    }

const ibx_param IBX_SAVE_ANY[] = {NAME_ROW, IBX_END};

static const char *const SUBSAMPLINGS[] = {"auto", "420", "422", "444", NULL};
static const char *const DEPTHS[] = {"auto", "8", "16", NULL};
static const char *const PNG_COMPRESSIONS[] = {"fast", "default", "small", NULL};
static const char *const TIFF_COMPRESSIONS[] = {"none", "lzw", "deflate", "jpeg", "zstd", NULL};
static const char *const TIFF_LABELS[] = {"None", "LZW", "Deflate", "JPEG", "Zstandard", NULL};

static const ibx_param JPEG[] = {
    IBX_INT(ibx_save_jpeg, quality, 1, 100, 85, "", "Quality, from smallest file to best picture."),
    IBX_CHOICE(ibx_save_jpeg, subsampling, SUBSAMPLINGS, IBX_SUBSAMPLING_AUTO,
               "Resolution of colour; auto is 420 below quality 90, else 444."),
    IBX_BOOL(ibx_save_jpeg, progressive, false,
             "Store coarse to fine: smaller files, slower to write and to read."),
    IBX_BOOL(ibx_save_jpeg, optimize, false,
             "Optimal Huffman tables: 1 to 3 % smaller, slower to write."),
    NAME_ROW,
    IBX_END};

static const ibx_param PNG[] = {
    IBX_CHOICE(ibx_save_png, compression, PNG_COMPRESSIONS, IBX_PNG_DEFAULT,
               "Time spent on a smaller file; every pixel is kept in any case."),
    IBX_CHOICE(ibx_save_png, depth, DEPTHS, IBX_DEPTH_AUTO,
               "Bits per sample; auto is that of the source."),
    IBX_BOOL(ibx_save_png, interlace, false, "Store in seven passes of rising detail (Adam7)."),
    NAME_ROW, IBX_END};

static const ibx_param WEBP[] = {
    IBX_INT(ibx_save_webp, quality, 1, 100, 80, "", "Quality, from smallest file to best picture."),
    IBX_BOOL(ibx_save_webp, lossless, false, "Keep every pixel exactly."),
    IBX_INT(ibx_save_webp, effort, 0, 6, 4, "", "Processor time spent on a smaller file."),
    NAME_ROW, IBX_END};

static const ibx_param AVIF[] = {
    IBX_INT(ibx_save_avif, quality, 1, 100, 50, "", "Quality, from smallest file to best picture."),
    IBX_BOOL(ibx_save_avif, lossless, false, "Keep pixels exactly."),
    IBX_INT(ibx_save_avif, effort, 0, 9, 4, "", "Processor time spent on a smaller file."),
    NAME_ROW, IBX_END};

static const ibx_param TIFF[] = {
    IBX_CHOICE(ibx_save_tiff, compression, TIFF_COMPRESSIONS, IBX_TIFF_DEFLATE,
               "Method of compression; all but jpeg keep every pixel exactly.",
               .labels = TIFF_LABELS),
    IBX_INT(ibx_save_tiff, quality, 1, 100, 85, "", "Quality, for jpeg compression only."),
    IBX_CHOICE(ibx_save_tiff, depth, DEPTHS, IBX_DEPTH_AUTO,
               "Bits per sample; auto is that of the source."),
    IBX_BOOL(ibx_save_tiff, tiled, false, "Store tiles in place of strips of rows."),
    IBX_BOOL(ibx_save_tiff, pyramid, false, "Add smaller copies, for viewers that zoom."),
    IBX_BOOL(ibx_save_tiff, bigtiff, false, "Use 64-bit offsets, for files above 4 GB.",
             .label = "BigTIFF"),
    NAME_ROW,
    IBX_END};

static const ibx_param GIF[] = {
    IBX_INT(ibx_save_gif, colours, 2, 256, 256, "",
            "Colours in the palette, rounded down to a power of two."),
    IBX_FLOAT(ibx_save_gif, dither, 0, 1, 1, "", "Amount of dithering."),
    IBX_INT(ibx_save_gif, effort, 1, 10, 7, "", "Processor time spent on a better palette."),
    NAME_ROW, IBX_END};

#define SUFFIXES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const ibx_format FORMAT_JPEG = {.name = "jpeg",
                                       .summary = "Photographs: lossy, read everywhere.",
                                       .mime = "image/jpeg",
                                       .suffixes = SUFFIXES(".jpg", ".jpeg", ".jpe", ".jfif"),
                                       .traits = IBX_KEEPS_PROFILE | IBX_KEEPS_METADATA,
                                       .params_size = sizeof(ibx_save_jpeg),
                                       .params = JPEG};

static const ibx_format FORMAT_PNG = {
    .name = "png",
    .summary = "Graphics and masters: lossless, 8 or 16 bits, alpha.",
    .mime = "image/png",
    .suffixes = SUFFIXES(".png"),
    .traits = IBX_KEEPS_ALPHA | IBX_KEEPS_16 | IBX_KEEPS_PROFILE | IBX_KEEPS_METADATA,
    .params_size = sizeof(ibx_save_png),
    .params = PNG};

static const ibx_format FORMAT_WEBP = {.name = "webp",
                                       .summary = "Pictures for the web: lossy or lossless, alpha.",
                                       .mime = "image/webp",
                                       .suffixes = SUFFIXES(".webp"),
                                       .traits =
                                           IBX_KEEPS_ALPHA | IBX_KEEPS_PROFILE | IBX_KEEPS_METADATA,
                                       .params_size = sizeof(ibx_save_webp),
                                       .params = WEBP};

static const ibx_format FORMAT_AVIF = {
    .name = "avif",
    .summary = "Pictures for the web: smallest, slow to write, alpha.",
    .mime = "image/avif",
    .suffixes = SUFFIXES(".avif"),
    .traits = IBX_KEEPS_ALPHA | IBX_KEEPS_PROFILE | IBX_KEEPS_METADATA,
    .params_size = sizeof(ibx_save_avif),
    .params = AVIF};

static const ibx_format FORMAT_TIFF = {
    .name = "tiff",
    .summary = "Print and archives: lossless, 8 or 16 bits, alpha.",
    .mime = "image/tiff",
    .suffixes = SUFFIXES(".tif", ".tiff"),
    .traits = IBX_KEEPS_ALPHA | IBX_KEEPS_16 | IBX_KEEPS_PROFILE | IBX_KEEPS_METADATA,
    .params_size = sizeof(ibx_save_tiff),
    .params = TIFF};

static const ibx_format FORMAT_GIF = {.name = "gif",
                                      .summary = "Small graphics of up to 256 colours.",
                                      .mime = "image/gif",
                                      .suffixes = SUFFIXES(".gif"),
                                      .traits = IBX_KEEPS_ALPHA,
                                      .params_size = sizeof(ibx_save_gif),
                                      .params = GIF};

static const ibx_format *const FORMATS[] = {&FORMAT_JPEG, &FORMAT_PNG,  &FORMAT_WEBP,
                                            &FORMAT_AVIF, &FORMAT_TIFF, &FORMAT_GIF};

enum { COUNT = sizeof FORMATS / sizeof FORMATS[0] };

const ibx_format *const *ibx_formats(size_t *count) {
    if (count) *count = COUNT;
    return FORMATS;
}

const ibx_format *ibx_format_find(const char *name) {
    const char *suffix = *name == '.' ? name + 1 : name;
    for (int i = 0; i < COUNT; i++) {
        if (ibx_same_word(name, FORMATS[i]->name)) return FORMATS[i];
        for (const char *const *s = FORMATS[i]->suffixes; *s; s++)
            if (ibx_same_word(suffix, *s + 1)) return FORMATS[i];
    }
    return NULL;
}
