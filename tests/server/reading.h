/* reading.h - how much was read, to show that something was not. After the headers of cmocka. */
#ifndef IBX_TEST_READING_H
#define IBX_TEST_READING_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes that "self", the process, or "thread-self" has read so far (proc_pid_io(5)). */
static int64_t bytes_read(const char *who) {
    char path[40], text[400] = "";
    snprintf(path, sizeof path, "/proc/%s/io", who);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    return strtoll(text + strlen("rchar: "), NULL, 10);
}

#endif
