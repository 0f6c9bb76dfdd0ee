//===- TestFiles.h - folders, files and their contents, for tests ----------------------------===//

#ifndef THRIFTJIT_TESTS_CLI_TESTFILES_H
#define THRIFTJIT_TESTS_CLI_TESTFILES_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace thrift {

/// A folder that a test has for itself.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thriftjit-test-XXXXXX").string();
    if (const char *made = ::mkdtemp(pattern.data()))
      path_ = made;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  std::string file(const std::string &name) const { return (path_ / name).string(); }
  const std::filesystem::path &path() const { return path_; }

private:
  std::filesystem::path path_;
};

// Static: the runtime has functions of the same names that return otherwise, and the linker would take one for the other.
static inline std::string readFile(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

static inline void writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_CLI_TESTFILES_H
