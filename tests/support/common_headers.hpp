// The headers that many tests include. The Makefile has them parsed once for all tests, each of which
// still names those that it needs, because other compilers read every file by itself.
// Leaves out: headers that few tests include.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
