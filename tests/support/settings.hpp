// What the command line said: which level is judged, how its server is started, where its files
// are. Written once by main(), read everywhere. Leaves doctest's own flags to doctest.
#pragma once

#include <string>

struct Settings {
    int level = 0;              // --level=N: the suites of levels 1 to N are run
    std::string server;         // --server='./level3/server {port}'
    std::string public_folder;  // --public=DIR: the server serves DIR/static and DIR/files
    std::string program;        // --program=PATH: our own binary, for its flags and its log
    unsigned seed = 0;          // the seed of all random payloads; the variable SEED sets it
    int limit_seconds = 300;    // --limit=SECONDS: a run that takes longer is ended
};

// The settings of this run.
const Settings& settings();

// Reads our flags from the command line. Throws std::runtime_error with a line for the user.
void read_settings(int argc, char** argv);

// Two or three lines for --help and for bad usage.
std::string usage();
