//===- Report.cpp - words for findings and statistics -----------------------===//

#include "runtime/sim/Simulator.h"

namespace thrift::sim {

const char *instructionClassName(InstructionClass cls) {
  static constexpr const char *kNames[kNumInstructionClasses] = {"integer", "float",   "convert", "move",   "compare",
                                                                 "special", "control", "barrier", "warp",   "load",
                                                                 "store",   "atomic",  "async",   "matrix", "other"};
  return kNames[static_cast<size_t>(cls)];
}

const char *checkName(Check check) {
  static constexpr const char *kNames[] = {"out-of-bounds",
                                           "misaligned",
                                           "uninitialized",
                                           "pending-async",
                                           "write-to-read-only",
                                           "division-by-zero",
                                           "divergent-aligned",
                                           "bad-mask",
                                           "barrier-misuse",
                                           "deadlock",
                                           "budget",
                                           "async-in-flight",
                                           "trap",
                                           "assertion",
                                           "uniformity",
                                           "bad-operand",
                                           "bad-call",
                                           "race",
                                           "missing-proxy-fence",
                                           "register-in-flight",
                                           "mbarrier-misuse",
                                           "bad-descriptor",
                                           "tmem-misuse",
                                           "tmem-leak",
                                           "register-pool",
                                           "missing-tensor-fence"};
  static_assert(sizeof kNames / sizeof kNames[0] == kNumChecks);
  return kNames[static_cast<size_t>(check)];
}

Statistics &Statistics::operator+=(const Statistics &other) {
  ctas += other.ctas;
  warpInstructions += other.warpInstructions;
  for (size_t i = 0; i < kNumInstructionClasses; ++i)
    byClass[i] += other.byClass[i];
  mmaInstructions += other.mmaInstructions;
  mmaMacs += other.mmaMacs;
  globalReadBytes += other.globalReadBytes;
  globalWriteBytes += other.globalWriteBytes;
  sharedReadBytes += other.sharedReadBytes;
  sharedWriteBytes += other.sharedWriteBytes;
  localBytes += other.localBytes;
  bulkLoadBytes += other.bulkLoadBytes;
  bulkStoreBytes += other.bulkStoreBytes;
  tmemReadBytes += other.tmemReadBytes;
  tmemWriteBytes += other.tmemWriteBytes;
  specialFunctions += other.specialFunctions;
  divergentBranches += other.divergentBranches;
  seconds += other.seconds;
  return *this;
}

std::string Finding::describe() const {
  static constexpr const char *kSeverities[] = {"note", "warning", "error"};
  std::string out = kSeverities[static_cast<size_t>(severity)];
  out += std::string(": ") + checkName(check) + ": " + message + " (line " + std::to_string(line) + ": " + text +
         "; cta " + std::to_string(cta.x) + "," + std::to_string(cta.y) + "," + std::to_string(cta.z) + " warp " +
         std::to_string(warp);
  if (lane >= 0)
    out += " lane " + std::to_string(lane);
  return out + ")";
}

} // namespace thrift::sim
