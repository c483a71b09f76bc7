/* Another wall clock for the programs of a test: CLOCK_REALTIME plus the whole seconds that a file names.

   The file is read again ten times a second, so the clock can be set while they run. No other clock is touched:
   libfaketime 0.9.10 also changes clock_nanosleep, and Python's time.sleep then fails with EINVAL. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift_s(void) {
    static __thread long shift, read_at_ms = -1000;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (now_ms - read_at_ms < 100) return shift;
    read_at_ms = now_ms;
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return shift;
    char text[32] = {0};
    if (read(file, text, sizeof text - 1) > 0) shift = atol(text);
    close(file);
    return shift;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int failed = (int)syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += shift_s();
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    int failed = (int)syscall(SYS_gettimeofday, at, zone);
    if (!failed && at) at->tv_sec += shift_s();
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
