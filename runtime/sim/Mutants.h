//===- Mutants.h - kernels with one synchronisation broken ------------------===//
//
// How good are a kernel's checks? Break one wait, arrive, fence, commit or count at a time, and see whether anybody
// notices: a finding, a deadlock, or another output. A mutant that survives is either a hole in the checks or an
// instruction that the kernel does not need.
//
//   MutationResult result = runMutants(ptx, run, {lazy, random});
//   for (const Survivor &s : result.survivors) ...   // line, text, what was broken
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MUTANTS_H
#define THRIFTJIT_RUNTIME_SIM_MUTANTS_H

#include "runtime/sim/Simulator.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thrift::sim {

/// One broken statement of a PTX text.
struct Mutant {
  unsigned line = 0;  ///< of the statement, from 1
  std::string text;   ///< the statement as it was
  std::string change; ///< what was done: "removed", "always true", "16 bytes more", ...
  size_t begin = 0;   ///< where the statement stands in the text
  size_t length = 0;
  std::string replacement; ///< what stands there instead

  /// The whole text with the statement broken.
  std::string applyTo(std::string_view ptx) const;
};

/// All mutants of the body of `entry` and of the functions of the module, in the order of the text. Broken are:
/// barriers (bar, barrier, bar.warp.sync: removed), mbarriers (waits: always true, other parity; arrivals: removed;
/// expected bytes: 16 more, 16 fewer, removed; init: one more, one fewer), asynchronous groups (commits and waits:
/// removed; waits: one group more may be pending), fences (removed), and tcgen05 and wgmma waits, commits, fences and
/// deallocations (removed).
std::vector<Mutant> mutantsOf(std::string_view ptx, std::string_view entry);

/// What a run of a kernel left behind.
struct MutantRun {
  Report report;
  std::vector<uint8_t> outputs; ///< all memory that counts as output
};

/// Runs PTX text with these options; a Status where it cannot even be loaded.
using RunMutant = std::function<Result<MutantRun>(const std::string &ptx, const Options &options)>;

struct Survivor {
  Mutant mutant;
};

struct MutationResult {
  Status status; ///< not ok if the kernel itself fails, or its outputs depend on the policy
  size_t mutants = 0;
  std::map<std::string, size_t> killed; ///< by what noticed: a check's name, "wrong output", "not loadable"
  std::vector<Survivor> survivors;

  size_t killedCount() const { return mutants - survivors.size(); }
};

/// Runs every mutant under each of the options until one of them kills it. `threads` host threads share the mutants;
/// each run gets one. Findings of any severity kill, so turn lints and checkRaces on in the options.
MutationResult runMutants(const std::string &ptx, std::string_view entry, const RunMutant &run,
                          const std::vector<Options> &options, unsigned threads = 0);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MUTANTS_H
