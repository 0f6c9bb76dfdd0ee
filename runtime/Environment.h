//===- Environment.h - every environment variable, read in one place --------===//
//
// The only code that reads the process environment. It gives a plain value that is passed around; whoever wants another
// setting changes the value, not the environment.
//
//   Result<Environment> environment = Environment::read();
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_ENVIRONMENT_H
#define THRIFTJIT_RUNTIME_ENVIRONMENT_H

#include "runtime/Status.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace thrift {

/// One line of the table that `thriftjit env` and the documentation print.
struct EnvironmentVariable {
  const char *name;
  const char *defaultText; ///< what holds when it is unset
  const char *help;        ///< one sentence
  bool changesCode;        ///< whether another value can give other machine code, and so belongs in the cache key
};

/// What the environment says. An empty string means unset (and an empty variable counts as unset).
struct Environment {
  std::string cacheDir;                              ///< THRIFTJIT_CACHE_DIR
  std::string device = "auto";                       ///< THRIFTJIT_DEVICE: auto, cuda, cuda:N or sim
  std::string ptxas;                                 ///< THRIFTJIT_PTXAS
  unsigned simThreads = 0;                           ///< THRIFTJIT_SIM_THREADS; 0 means all cores
  uint64_t simInstructionBudget = 20'000'000'000ull; ///< THRIFTJIT_SIM_BUDGET, warp instructions of one launch

  std::string simDelivery = "lazy"; ///< THRIFTJIT_SIM_DELIVERY: lazy, eager, random or random:SEED
  std::string simChecks = "memory"; ///< THRIFTJIT_SIM_CHECKS: memory, races or strict

  std::string xdgCacheHome; ///< XDG_CACHE_HOME
  std::string home;         ///< HOME
  std::string cudaHome;     ///< CUDA_HOME
  std::string path;         ///< PATH
  std::string tempDir;      ///< TMPDIR

  /// Every variable of the table that is set, in the order of the environment: name and value as they stand there.
  std::vector<std::pair<std::string, std::string>> given;
  /// Variables named THRIFTJIT_* that the table does not have: most likely misspelt, so the owner should warn.
  std::vector<std::string> unknown;

  /// Reads the environment of this process. InvalidArgument names a variable whose value is not allowed.
  static Result<Environment> read();
  /// The same from an array of "NAME=value" that ends with a null pointer, like POSIX `environ`.
  static Result<Environment> read(const char *const *variables);
  /// All variables, ours first.
  static const std::vector<EnvironmentVariable> &table();

  /// The directory of the kernel cache: THRIFTJIT_CACHE_DIR, XDG_CACHE_HOME/thriftjit, HOME/.cache/thriftjit. Empty
  /// when none of them is set. As the XDG specification asks, a relative XDG_CACHE_HOME is ignored.
  std::string cacheDirectory() const;
  /// Where temporary files go: TMPDIR or /tmp.
  std::string temporaryDirectory() const;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_ENVIRONMENT_H
