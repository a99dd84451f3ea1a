/* spatial.h - what the tests of the filters that mix neighbours have in common. */
#ifndef SPATIAL_H
#define SPATIAL_H

#include "whole.h"

/* White noise, F32. levels > 0: on the grid k / levels as unpacked samples are; 0: any values, some
 * of them outside 0..1. Alpha has holes and stays within 0..1. */
ibx_image spatial_noise(int w, int h, ibx_model model, bool alpha, int levels);

/* The test fails unless tiles of several shapes and the whole image give the same bits. */
void spatial_same_for_tiles(const char *recipe, const ibx_image *in);

/* The sample at x, y with the edge repeated around the image. */
double spatial_sample(const ibx_image *in, int p, int x, int y);

/* Peak signal (1) to noise of plane p in dB against w * h values; 200 where they are equal. */
double spatial_psnr(const ibx_image *image, int p, const double *reference);

/* Largest difference of plane p from the references. */
double spatial_worst(const ibx_image *image, int p, const double *reference);

#endif
