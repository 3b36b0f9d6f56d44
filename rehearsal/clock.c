/* A clock that is off by the seconds in the file CLOCK_OFFSET, for processes that preload this.
 *
 * Debian's faketime 0.9.10 would do, but breaks time.sleep() of Python 3.11 and later
 * (https://github.com/wolfcw/libfaketime/issues/426).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    long result = syscall(SYS_clock_gettime, clock, now), offset = 0;
    if (clock != CLOCK_REALTIME || result) return (int)result;
    FILE *file = fopen(getenv("CLOCK_OFFSET"), "r");
    if (file) {
        if (fscanf(file, "%ld", &offset) == 1) now->tv_sec += offset;
        fclose(file);
    }
    return 0;
}
