// For unit tests of code that opens files. While one of these exists, the process gets no more
// descriptors, as happens to a server with too many clients.
#pragma once

#include <sys/resource.h>

class NoDescriptors {
  public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &previous_);
        rlimit limit = previous_;
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &previous_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    rlimit previous_{};
};
