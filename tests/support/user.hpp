// Becoming another user, which only root can do (--run-as). If it fails, the process ends with exit
// code 126.
#pragma once

#include <string>

// For good.
void become(const std::string& user);

// For what is done with files: they are found, written and removed with this user's rights. The
// process stays root's, so the user's own programs can neither end it nor look into it.
void use_files_as(const std::string& user);
