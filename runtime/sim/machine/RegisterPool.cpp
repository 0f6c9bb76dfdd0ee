//===- RegisterPool.cpp - who owns how many registers -----------------------===//

#include "runtime/sim/machine/RegisterPool.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>

namespace thrift::sim {

void RegisterPool::reset(const Cta &cta) {
  const ptx::LaunchBounds &bounds = cta.program.bounds;
  auto warps = static_cast<uint32_t>(cta.warps.size());
  uint32_t ctas = std::max(bounds.minBlocksPerSm, 1u);
  uint64_t fair = kRegistersPerSm / (uint64_t(warps) * kWarpSize * ctas) / kRegisterGranule * kRegisterGranule;
  atLaunch_ =
      bounds.maxRegisters != 0 ? bounds.maxRegisters : static_cast<uint32_t>(std::min<uint64_t>(fair, kMaxRegisters));
  atLaunch_ = (atLaunch_ + kRegisterGranule - 1) / kRegisterGranule * kRegisterGranule; // how they are given out
  free_ = 0;
  owners_.assign(warps, Owner());
  for (Owner &owner : owners_)
    owner.registers = atLaunch_;
}

/// All warps of a warpgroup ask for the same numbers of registers. By the letter they execute the same instructions,
/// and synchronise between two of them; roles of one or two warps, each with a setmaxnreg of its own, do neither.
std::string RegisterPool::checkGroup(const Cta &cta, const Warp &warp, uint32_t pc, uint32_t registers,
                                     std::string &lint) const {
  size_t done = owners_[warp.index].history.size();
  unsigned first = warp.index / kWarpgroup * kWarpgroup;
  for (unsigned other = first; other < first + kWarpgroup && other < owners_.size(); ++other) {
    const Owner &owner = owners_[other];
    if (other == warp.index)
      continue;
    if (owner.history.size() > done && owner.history[done].pc != pc) {
      std::string text = "warps of a warpgroup execute different setmaxnreg: warp " + std::to_string(other) +
                         " that of line " + std::to_string(cta.program.lines[owner.history[done].pc]);
      if (owner.history[done].registers != registers)
        return text + ", for " + std::to_string(owner.history[done].registers) + " registers";
      lint = text;
    }
    bool ordered = owner.history.size() >= done;
    if (ordered && cta.races && done != 0 && owner.history.size() == done)
      ordered = cta.races->of(warp.index).ordered.covers(owner.latest);
    if (!ordered)
      lint = "the warp executes a second setmaxnreg before it has synchronised with warp " + std::to_string(other) +
             " of its warpgroup after the first";
  }
  return "";
}

std::string RegisterPool::resize(Cta &cta, const Warp &warp, uint32_t pc, uint32_t registers, bool increases,
                                 bool &granted, std::string &lint) {
  granted = false;
  if (uint64_t(atLaunch_) * owners_.size() * kWarpSize > kRegistersPerSm)
    return "the CTA has " + std::to_string(owners_.size() * kWarpSize) + " threads of " + std::to_string(atLaunch_) +
           " registers; allowed: 65536 registers in all";
  if (std::string misuse = checkGroup(cta, warp, pc, registers, lint); !misuse.empty())
    return misuse;
  Owner &owner = owners_[warp.index];
  if (increases ? owner.registers > registers : owner.registers < registers)
    return std::string("setmaxnreg.") + (increases ? "inc" : "dec") + " to " + std::to_string(registers) +
           " registers by a warp that has " + std::to_string(owner.registers);
  if (increases && (registers - owner.registers) * kWarpSize > free_)
    return "";
  free_ += owner.registers * kWarpSize;
  free_ -= registers * kWarpSize;
  owner.registers = registers;
  owner.history.push_back({pc, registers});
  if (cta.races)
    owner.latest = cta.races->latest(static_cast<AgentId>(warp.index));
  granted = true;
  if (!increases)
    for (const auto &other : cta.warps)
      other->wake(SplitState::WaitsRegisters, 0);
  return "";
}

std::string RegisterPool::atExit(uint32_t &pc, unsigned &warp) const {
  for (unsigned index = 0; index < owners_.size(); ++index) {
    const Owner &first = owners_[index / kWarpgroup * kWarpgroup], &owner = owners_[index];
    if (owner.history.size() == first.history.size())
      continue;
    bool isLess = owner.history.size() < first.history.size();
    const Owner &more = isLess ? first : owner;
    warp = isLess ? index / kWarpgroup * kWarpgroup : index;
    unsigned lacking = isLess ? index : index / kWarpgroup * kWarpgroup;
    pc = more.history[std::min(owner.history.size(), first.history.size())].pc;
    return "warp " + std::to_string(lacking) + " of the same warpgroup has not executed this: all warps must";
  }
  return "";
}

std::string RegisterPool::describe(const Warp &warp, uint32_t registers) const {
  const Owner &owner = owners_[warp.index];
  return std::to_string((registers - owner.registers) * kWarpSize) + " registers (it has " +
         std::to_string(owner.registers) + " per thread and wants " + std::to_string(registers) + "), the CTA has " +
         std::to_string(free_) + " to give; " + std::to_string(atLaunch_) + " per thread were there at launch";
}

} // namespace thrift::sim
