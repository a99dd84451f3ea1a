/* libexif.h - blocks of EXIF as another library reads them. */
#ifndef TEST_LIBEXIF_H
#define TEST_LIBEXIF_H

#include "filter.h"
#include <libexif/exif-data.h>

/* What libexif sees in a block that begins with its TIFF header, nothing added to what is missing.
 * exif_data_unref it. */
ExifData *libexif_read(ibx_bytes exif);

#endif
