// What the command line said: which level is judged, how its server is started, where its files
// are. Written once by main(), read everywhere. Leaves doctest's own flags to doctest.
#pragma once

#include <string>
#include <vector>

struct Settings {
    int level = 0;              // --level=N: the suites of levels 1 to N are run
    std::string server;         // --server='./level3/server {port}', or the variable SERVER
    std::string public_folder;  // --public=DIR: the server serves DIR/static and DIR/files
    std::string program;        // --program=PATH: our own binary, for its flags and its log
    std::string folder;         // --folder=DIR: where the server is started, if not here
    std::string run_as;         // --run-as=USER: as which user (only root can change it)
    std::string case_words;     // --case=WORDS, or the variable CASE: cases with these words
    unsigned seed = 0;          // the seed of all random payloads; the variable SEED sets it
    int limit_seconds = 300;    // --limit=SECONDS: a run that takes longer is ended
    int case_seconds = 60;      // --case-limit=SECONDS: and so is a case
    bool next = false;          // --next: in order, only up to the first failure
    bool brief = false;         // --brief: print failures and the count, not each case
    bool once = false;          // --once: run the server's command to its end, and no cases
    bool list = false;          // -ltc: print the cases, run none
    std::string format;         // -r=FORMAT: junit or gradescope, in addition to what is printed
    std::string report_file;    // -o=FILE: where that goes
    std::string points;         // --points=FILE: what each stage is worth
    std::string tally;          // --tally=FILE: a line about this run is added to it
    std::string title;          // --title=TEXT: what that line calls it
    std::vector<char*> doctest_flags;  // the program's name, and what is left
};

// The settings of this run.
const Settings& settings();

// Reads our flags from the command line. Throws std::runtime_error with a line for the user.
void read_settings(int argc, char** argv);

// Some lines for --help and for bad usage.
std::string usage();
