//===- ChildProcess.h - run a program and wait for it -----------------------===//
//
// A program with an argument vector (never a shell), a time limit, and its output in a file. Safe in a process with
// many threads and its own signal handlers: llvm::sys::Wait with a limit would take over SIGALRM.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CHILDPROCESS_H
#define THRIFTJIT_RUNTIME_CHILDPROCESS_H

#include "runtime/Status.h"

#include <chrono>
#include <string>
#include <vector>

namespace thrift {

/// How a program ended, and what it wrote to stdout and stderr together.
struct ProcessOutcome {
  int exitCode = 0;
  int signal = 0; ///< that killed it, or 0
  bool timedOut = false;
  std::string output;

  bool succeeded() const { return exitCode == 0 && signal == 0 && !timedOut; }
  /// "exit 255", "killed by signal 11", "stopped after 300 s"
  std::string describe() const;

  std::chrono::milliseconds limit{};
};

/// Runs `command` (program path first) with an empty stdin. IoError when it cannot be started or its output file cannot
/// be written; a program that starts and fails is an outcome.
Result<ProcessOutcome> runProcess(const std::vector<std::string> &command, const std::string &outputFile,
                                  std::chrono::milliseconds limit);

/// The command as one line for a POSIX shell, quoted where needed: for people to copy.
std::string quoteCommand(const std::vector<std::string> &command);

/// A directory of mode 0700 that is removed with its content, unless it is kept.
class TemporaryDirectory {
public:
  static Result<TemporaryDirectory> create(const std::string &parent);
  TemporaryDirectory(TemporaryDirectory &&other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryDirectory &operator=(TemporaryDirectory &&) = delete;
  ~TemporaryDirectory();

  const std::string &path() const { return path_; }
  /// Leaves the directory on the disk and returns its path.
  std::string keep();

private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Status writeFile(const std::string &path, const std::string &content);
Result<std::string> readFile(const std::string &path);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_CHILDPROCESS_H
