/* process.c - the process's own figures from /proc. */
#include "server/admin/process.h"
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void print(FILE *out, const char *name, const char *type, const char *help) {
    fprintf(out, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s ", name, help, name, type,
            name);
}

static void print_memory(FILE *out) {
    long resident;
    FILE *in = fopen("/proc/self/statm", "re");
    if (!in) return;
    const bool ok = fscanf(in, "%*d %ld", &resident) == 1;
    fclose(in);
    if (!ok) return;
    print(out, "resident_memory_bytes", "gauge", "Resident memory.");
    fprintf(out, "%lld\n", (long long)resident * sysconf(_SC_PAGESIZE));
}

/* When the machine was started, in seconds since 1970; 0: not known. */
static long long boot_time(void) {
    char line[256];
    long long at = 0;
    FILE *in = fopen("/proc/stat", "re");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "btime %lld", &at) == 1) break;
    if (in) fclose(in);
    return at;
}

/* Fields 14, 15 and 22 of the line: user and system time, and when it started, all in ticks. The
 * second field is the program's name and may hold anything, even blanks and brackets. */
static void print_times(FILE *out) {
    char line[1024] = "";
    unsigned long long user, system, start;
    FILE *in = fopen("/proc/self/stat", "re");
    if (!in) return;
    if (!fgets(line, sizeof line, in)) line[0] = 0;
    fclose(in);
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
                        "%*d %*d %llu",
                        &user, &system, &start) != 3)
        return;
    const unsigned long long tick = (unsigned long long)sysconf(_SC_CLK_TCK);
    const unsigned long long used = (user + system) * 100 / tick;
    print(out, "cpu_seconds_total", "counter", "Processor time of user and system.");
    fprintf(out, "%llu.%02llu\n", used / 100, used % 100);
    const long long boot = boot_time();
    if (!boot) return;
    print(out, "start_time_seconds", "gauge", "Start, in seconds since 1970.");
    fprintf(out, "%llu\n", (unsigned long long)boot + start / tick);
}

static void print_descriptors(FILE *out) {
    struct rlimit most;
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return;
    for (const struct dirent *e; (e = readdir(folder));) count += e->d_name[0] != '.';
    closedir(folder);
    print(out, "open_fds", "gauge", "Open file descriptors.");
    fprintf(out, "%d\n", count - 1); /* without the one that counted */
    if (getrlimit(RLIMIT_NOFILE, &most) != 0) return;
    print(out, "max_fds", "gauge", "Most file descriptors that may be open.");
    fprintf(out, "%llu\n", (unsigned long long)most.rlim_cur);
}

void ibx_process_print(FILE *out) {
    print_memory(out);
    print_times(out);
    print_descriptors(out);
}
