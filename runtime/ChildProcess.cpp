//===- ChildProcess.cpp - run a program and wait for it ---------------------===//

#include "runtime/ChildProcess.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <utility>

namespace thrift {

std::string ProcessOutcome::describe() const {
  if (timedOut)
    return "stopped after " + std::to_string(limit.count()) + " ms";
  if (signal)
    return "killed by signal " + std::to_string(signal);
  return "exit " + std::to_string(exitCode);
}

/// Waits for a child of ours; kills it at the deadline.
static Result<int> waitFor(pid_t pid, std::chrono::milliseconds limit, bool &timedOut) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::chrono::microseconds pause(250);
  while (true) {
    int status = 0;
    pid_t done = waitpid(pid, &status, timedOut ? 0 : WNOHANG);
    if (done == pid)
      return status;
    if (done < 0 && errno != EINTR)
      return Status(StatusCode::IoError, "waiting for a program failed: " + std::string(std::strerror(errno)));
    if (done == 0 && std::chrono::steady_clock::now() >= deadline) {
      timedOut = true;
      (void)kill(pid, SIGKILL);
      continue;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(4000));
  }
}

Result<ProcessOutcome> runProcess(const std::vector<std::string> &command, const std::string &outputFile,
                                  std::chrono::milliseconds limit) {
  llvm::SmallVector<llvm::StringRef, 16> arguments(command.begin(), command.end());
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(outputFile),
                                                llvm::StringRef(outputFile)};
  std::string message;
  bool failed = false;
  llvm::sys::ProcessInfo child = llvm::sys::ExecuteNoWait(command.front(), arguments, /*Env=*/std::nullopt, redirects,
                                                          /*MemoryLimit=*/0, &message, &failed);
  if (failed || child.Pid == llvm::sys::ProcessInfo::InvalidPid)
    return Status(StatusCode::IoError, command.front() + " cannot be started: " + message);

  ProcessOutcome outcome;
  outcome.limit = limit;
  Result<int> status = waitFor(child.Pid, limit, outcome.timedOut);
  if (!status)
    return status.status();
  if (WIFSIGNALED(*status))
    outcome.signal = WTERMSIG(*status);
  else
    outcome.exitCode = WEXITSTATUS(*status);
  Result<std::string> output = readFile(outputFile);
  if (!output)
    return output.status();
  outcome.output = std::move(*output);
  return outcome;
}

std::string quoteCommand(const std::vector<std::string> &command) {
  constexpr const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+:,@%";
  std::string line;
  for (const std::string &argument : command) {
    if (!line.empty())
      line += ' ';
    if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) {
      line += argument;
      continue;
    }
    line += '\'';
    for (char c : argument)
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

Result<TemporaryDirectory> TemporaryDirectory::create(const std::string &parent) {
  std::string path = parent + "/thriftjit-XXXXXX";
  if (!mkdtemp(path.data()))
    return Status(StatusCode::IoError, "no temporary directory in " + parent + " (" + std::strerror(errno) +
                                           "); set TMPDIR to a writable directory");
  return TemporaryDirectory(path);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::keep() { return std::exchange(path_, std::string()); }

Status writeFile(const std::string &path, const std::string &content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), std::streamsize(content.size()));
  file.close();
  return file ? Status::ok() : Status(StatusCode::IoError, path + " cannot be written: " + std::strerror(errno));
}

Result<std::string> readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Status(StatusCode::IoError, path + " cannot be read: " + std::strerror(errno));
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad())
    return Status(StatusCode::IoError, path + " cannot be read: " + std::strerror(errno));
  return content;
}

} // namespace thrift
