// For unit tests of what writes files: no file may grow past `bytes` while a FullDisk lives. To the
// program that is a full disk.
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
