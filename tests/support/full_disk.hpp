// For unit tests of code that writes files. While a FullDisk exists, no file may grow past `bytes`,
// which the program sees as a full disk.
#pragma once

#include <signal.h>
#include <sys/resource.h>

class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) : previous_handler_(signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &previous_);
        rlimit limit = previous_;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &previous_);
        signal(SIGXFSZ, previous_handler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit previous_{};
    void (*previous_handler_)(int);
};
