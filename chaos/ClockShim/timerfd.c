// Loaded in front of libfaketime, into nodes whose clock is moved.
//
// libfaketime 0.9.10 moves the absolute times of all timers, also of those on CLOCK_MONOTONIC and
// CLOCK_BOOTTIME, whose clocks it leaves alone: with a clock that is ahead they fire at once or are
// refused, with one that is behind they fire hours later. Timers here are the system's own.

#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value,
                    struct itimerspec *old) {
  return (int)syscall(SYS_timerfd_settime, descriptor, flags, value, old);
}

int timerfd_gettime(int descriptor, struct itimerspec *value) {
  return (int)syscall(SYS_timerfd_gettime, descriptor, value);
}
