/* machine.c - processors and memory from the affinity mask, cgroup v2 or v1, and sysconf. */
#include "engine/machine.h"
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the first line of a file. */
static bool read_line(const char *path, char *line, int size) {
    FILE *f = fopen(path, "re");
    if (!f) return false;
    const bool ok = fgets(line, size, f) != NULL;
    fclose(f);
    return ok;
}

/* The process's path in the cgroup v2 tree, "" if there is none. */
static void cgroup_path(char *path, size_t size) {
    char line[PATH_MAX];
    path[0] = '\0';
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f) return;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(path, size, "%s", line + 3);
        }
    fclose(f);
}

/* The smallest value of a limit over the process's cgroup and its ancestors, since each of them
 * binds. `read` turns the file's line into a number, or HUGE for no limit. */
static double smallest_limit(const char *file, double (*read)(const char *line)) {
    char path[PATH_MAX], name[2 * PATH_MAX], line[128];
    double least = 1e18;
    cgroup_path(path, sizeof path);
    for (;;) {
        snprintf(name, sizeof name, "/sys/fs/cgroup%s/%s", path, file);
        if (read_line(name, line, sizeof line)) {
            const double limit = read(line);
            if (limit < least) least = limit;
        }
        char *slash = strrchr(path, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

static double read_bytes(const char *line) {
    return line[0] == 'm' ? 1e18 : strtod(line, NULL);
}

/* "max 100000" or "QUOTA PERIOD", both in microseconds. */
static double read_quota(const char *line) {
    double quota, period;
    return sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 1e18;
}

/* cgroup v1 keeps quota and period in two files. */
static double quota_v1(void) {
    char quota[64], period[64];
    if (!read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota)) return 1e18;
    if (!read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) return 1e18;
    const double q = strtod(quota, NULL), p = strtod(period, NULL);
    return q > 0 && p > 0 ? q / p : 1e18;
}

int ibx_machine_threads(void) {
    cpu_set_t set;
    double n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
    const double v2 = smallest_limit("cpu.max", read_quota), v1 = quota_v1();
    const double quota = v1 < v2 ? v1 : v2;
    if (quota < n) n = (int)(quota + 0.999);
    return n < 1 ? 1 : (int)n;
}

size_t ibx_machine_memory(void) {
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE);
    char line[64];
    const double v2 = smallest_limit("memory.max", read_bytes);
    if (v2 < bytes) bytes = v2;
    if (read_line("/sys/fs/cgroup/memory/memory.limit_in_bytes", line, sizeof line)) {
        const double v1 = strtod(line, NULL);
        if (v1 > 0 && v1 < bytes) bytes = v1;
    }
    return (size_t)(bytes / 2);
}

/* Not by getrusage, which remembers what the process was before it called exec. */
size_t ibx_machine_peak(void) {
    FILE *in = fopen("/proc/self/status", "re");
    char line[128];
    size_t kilobytes = 0;
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "VmHWM: %zu", &kilobytes) == 1) break;
    if (in) fclose(in);
    return kilobytes * 1024;
}
