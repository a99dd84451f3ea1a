/* libpng.h - libpng's own reader of whole images, to compare the PNG codec with. */
#ifndef TEST_LIBPNG_H
#define TEST_LIBPNG_H

#include <stddef.h>
#include <stdint.h>

/* Decodes a file into packed samples as the codec delivers them: 8 or 16 bits in the machine's
 * order, palettes and transparent colours expanded. NULL if libpng refuses the file or warns of
 * its pixels. Free with free(). */
uint8_t *libpng_decode(const uint8_t *data, size_t size, int *w, int *h, size_t *stride);

#endif
