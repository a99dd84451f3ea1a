/* libexif.c - libexif wants the marker that stands in front of a block in JPEG files. */
#include "libexif.h"
#include <stdlib.h>
#include <string.h>

ExifData *libexif_read(ibx_bytes exif) {
    uint8_t *wrapped = malloc(exif.size + 6);
    memcpy(wrapped, "Exif\0\0", 6);
    if (exif.size) memcpy(wrapped + 6, exif.data, exif.size);
    ExifData *d = exif_data_new();
    exif_data_unset_option(d, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(d, wrapped, (unsigned)exif.size + 6);
    free(wrapped);
    return d;
}
