/* format.h - the formats that imbrex writes, and the parameters of `save`.
 *
 * Only the table is here, so that recipes, help and forms know every parameter without loading a
 * codec. The codecs read the structs below. Every struct starts with ibx_save_any. */
#ifndef IBX_CORE_FORMAT_H
#define IBX_CORE_FORMAT_H

#include "imbrex.h"

/* Common to all formats, and all that `save` has when it names no format. */
typedef struct {
    const char *name; /* template of this output's name; "": the batch's */
} ibx_save_any;
extern const ibx_param IBX_SAVE_ANY[];

enum { IBX_SUBSAMPLING_AUTO, IBX_SUBSAMPLING_420, IBX_SUBSAMPLING_422, IBX_SUBSAMPLING_444 };

typedef struct {
    ibx_save_any any;
    int quality;      /* 1..100, default 85 */
    int subsampling;  /* auto: 4:2:0 below quality 90, else 4:4:4 */
    bool progressive; /* default no */
    bool optimize;    /* optimal Huffman tables: smaller by 1 to 3 %, slower to write; default no */
} ibx_save_jpeg;

enum { IBX_DEPTH_AUTO, IBX_DEPTH_8, IBX_DEPTH_16 };

enum { IBX_PNG_FAST, IBX_PNG_DEFAULT, IBX_PNG_SMALL };

typedef struct {
    ibx_save_any any;
    int compression; /* fast, default, small */
    int depth;       /* auto: as the source */
    bool interlace;
} ibx_save_png;

typedef struct {
    ibx_save_any any;
    int quality;   /* 1..100, default 80 */
    bool lossless; /* default no */
    int effort;    /* 0..6, default 4 */
} ibx_save_webp;

typedef struct {
    ibx_save_any any;
    int quality; /* 1..100, default 50 */
    bool lossless;
    int effort; /* 0..9, default 4 */
} ibx_save_avif;

enum { IBX_TIFF_NONE, IBX_TIFF_LZW, IBX_TIFF_DEFLATE, IBX_TIFF_JPEG, IBX_TIFF_ZSTD };

typedef struct {
    ibx_save_any any;
    int compression; /* none, lzw, deflate (default), jpeg, zstd */
    int quality;     /* of jpeg compression, default 85 */
    int depth;       /* auto, 8, 16 */
    bool tiled;
    bool pyramid;
    bool bigtiff;
} ibx_save_tiff;

typedef struct {
    ibx_save_any any;
    int colours;  /* 2..256, default 256 */
    float dither; /* 0..1, default 1 */
    int effort;   /* 1..10, default 7 */
} ibx_save_gif;

#endif
