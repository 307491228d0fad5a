// The groups come first, because only root can change them.
#include "user.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

void become(const std::string& name) {
    const bool root = geteuid() == 0 || seteuid(0) == 0;  // use_files_as() may have been called
    const passwd* user = getpwnam(name.c_str());
    const bool changed = root && user != nullptr && setgroups(1, &user->pw_gid) == 0 &&
                         setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
    if (!changed) _exit(126);
}

void use_files_as(const std::string& name) {
    const passwd* user = getpwnam(name.c_str());
    const bool changed = user != nullptr && setgroups(1, &user->pw_gid) == 0 &&
                         setegid(user->pw_gid) == 0 && seteuid(user->pw_uid) == 0;
    if (!changed) _exit(126);
}
