// A full pipe that no program reads, as when the program at the other end of `./server | less` has
// been stopped.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "temporary_folder.hpp"

class FullPipe {
  public:
    FullPipe() : path_((folder_.root / "pipe").string()) {
        // Opened in both directions, so that neither we nor the server wait for the other end.
        if (mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("cannot make a pipe");
        descriptor_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    ~FullPipe() { close(descriptor_); }
    FullPipe(const FullPipe&) = delete;
    FullPipe& operator=(const FullPipe&) = delete;

    // Shell code that sends both output streams of the program after it into the pipe.
    std::string redirection() const { return "exec >'" + path_ + "' 2>&1;"; }

    // Fills the pipe until there is no room left. Waits for the start line first, because a server
    // may accept a client before it has printed that.
    void fill() {
        for (std::string printed; printed.find("Ctrl-C stops it") == std::string::npos;) {
            pollfd watched{descriptor_, POLLIN, 0};
            if (poll(&watched, 1, 5000) != 1) throw std::runtime_error("no start line came");
            printed += drain();
        }
        for (const char* bytes : {"................................................", "."}) {
            while (write(descriptor_, bytes, std::string(bytes).size()) > 0) {
            }
        }
    }

    // Makes room for one line, on Linux at least, where a page is free only when all of it was
    // read.
    void make_little_room() {
        char page[4096];
        if (read(descriptor_, page, sizeof page) < 0) throw std::runtime_error("the pipe is empty");
    }

    // Empties the pipe, and returns what was in it.
    std::string drain() {
        std::string all;
        char bytes[4096];
        for (ssize_t count; (count = read(descriptor_, bytes, sizeof bytes)) > 0;)
            all.append(bytes, static_cast<std::size_t>(count));
        return all;
    }

  private:
    TemporaryFolder folder_;
    std::string path_;
    int descriptor_ = -1;
};
