/* inflated.h - raw streams of DEFLATE, read by zlib. */
#ifndef INFLATED_H
#define INFLATED_H

#include <stddef.h>
#include <stdint.h>

/* Inflates a stream into `room` bytes; how many they are, or `room` if it does not end properly, or
 * with the last byte, or does not leave one byte free. */
size_t inflated(const uint8_t *stream, size_t size, uint8_t *to, size_t room);

#endif
