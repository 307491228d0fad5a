// Having no more rights than other users have, for unit tests of what may not be read or written.
#pragma once

#include <doctest/doctest.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>

#include "temporary_folder.hpp"

// Root may read everything. While one of these exists, the process has the rights of another user,
// who owns the folder.
class OtherUser {
  public:
    explicit OtherUser(const TemporaryFolder& folder) : was_(geteuid()) {
        if (was_ != 0) return;
        REQUIRE(chown(folder.root.c_str(), nobody, nobody) == 0);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.root)) {
            REQUIRE(chown(entry.path().c_str(), nobody, nobody) == 0);
        }
        REQUIRE(seteuid(nobody) == 0);
    }
    ~OtherUser() { CHECK(seteuid(was_) == 0); }
    OtherUser(const OtherUser&) = delete;
    OtherUser& operator=(const OtherUser&) = delete;

  private:
    static constexpr uid_t nobody = 65534;
    uid_t was_;
};
