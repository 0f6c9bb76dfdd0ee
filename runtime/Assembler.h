//===- Assembler.h - PTX to cubin with ptxas --------------------------------===//
//
// ptxas is optional: where it is found, kernels are assembled ahead and their registers and spills are known; where it
// is not, the driver compiles the PTX. A failure names the exact command to repeat and the PTX file that was kept.
//
//   Result<Assembler> assembler = Assembler::find(environment);
//   Result<Assembled> code = assembler->assemble(ptx, "sm_90a");
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_ASSEMBLER_H
#define THRIFTJIT_RUNTIME_ASSEMBLER_H

#include "runtime/Environment.h"
#include "runtime/Status.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// What ptxas says about one entry.
struct EntryStatistics {
  std::string entry;
  int registers = 0;       ///< per thread
  int barriers = 0;        ///< named barriers
  int stackBytes = 0;      ///< per thread
  int spillStoreBytes = 0; ///< per thread, functions that it calls included
  int spillLoadBytes = 0;  ///< the same for loads
  int sharedBytes = 0;     ///< static, per CTA
};

struct Assembled {
  std::string cubin;
  std::vector<EntryStatistics> entries; ///< in the order of ptxas
  std::string log;                      ///< warnings and statistics, as printed
};

class Assembler {
public:
  /// Looks for ptxas: THRIFTJIT_PTXAS (and nowhere else, when it is set), CUDA_HOME/bin, PATH, `toolkit`/bin; and asks
  /// it for its version. Unsupported when there is none.
  static Result<Assembler> find(const Environment &environment, const std::string &toolkit = "/usr/local/cuda");

  const std::string &path() const { return path_; }
  const std::string &version() const { return version_; } ///< "13.0.88"
  /// What belongs in a cache key: "ptxas 13.0.88".
  std::string identity() const { return "ptxas " + version_; }

  /// Assembles for one architecture ("sm_80", "sm_90a", ...). Thread-safe. CompileFailed with exit, output, command and
  /// kept PTX file; Unsupported when this ptxas is too old for architecture or PTX.
  Result<Assembled> assemble(std::string_view ptx, const std::string &architecture,
                             std::chrono::milliseconds limit = std::chrono::minutes(10)) const;

private:
  Assembler() = default;
  std::string path_, version_, temporaryDirectory_;
};

/// The statistics in what `ptxas -v` prints.
std::vector<EntryStatistics> parseStatistics(std::string_view log);

/// "13.0.88" in what `ptxas --version` prints; empty if there is no version in it.
std::string parseAssemblerVersion(std::string_view output);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_ASSEMBLER_H
