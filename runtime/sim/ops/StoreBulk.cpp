//===- StoreBulk.cpp - st.bulk ----------------------------------------------===//
//
// PTX ISA "st.bulk": zeros in shared memory, an ordinary store of any length.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/BulkCopy.h"
#include "runtime/sim/ops/MemoryForm.h"

#include <cstring>

namespace thrift::sim {

namespace {

constexpr uint32_t kAlign = 8;
constexpr uint64_t kMaxBytes = 16777216;

enum Slot : unsigned { kDestination, kSize };

Step storeLane(Warp &warp, const Inst &inst, unsigned lane) {
  Cta &cta = warp.cta;
  int who = static_cast<int>(lane);
  uint64_t address = operandOf(inst, kDestination).of(warp, lane), size = operandOf(inst, kSize).of(warp, lane);
  if (size % kAlign != 0 || size > kMaxBytes)
    return warp.fault(inst, Check::BadOperand, who,
                      "the size is " + std::to_string(size) + " bytes; allowed: multiples of 8 up to 16777216");
  if (windowOf(inst) == Window::Generic) {
    if ((address & kWindowMask) != kSharedWindow)
      return warp.fault(inst, Check::BadOperand, who, "the generic address does not lie in shared memory");
    address &= ~kWindowMask;
  }
  if (Step step = checkShared(warp, inst, lane, "destination", address, size, kAlign); step != Step::Next)
    return step;
  if (size == 0)
    return Step::Next;
  SharedRange range{static_cast<uint32_t>(address), static_cast<uint32_t>(size)};
  if (Step step = checkFree(warp, inst, lane, range); step != Step::Next)
    return step;
  if (cta.races) {
    Actor actor = cta.races->warpActor(warp.index, warp.indexOf(inst));
    if (Step step = cta.orderShared(actor, warp, who, range, true, "the write"); step != Step::Next)
      return step;
  }
  std::memset(cta.shared + range.offset, 0, range.bytes);
  std::memset(cta.sharedShadow + range.offset, kWritten, range.bytes);
  cta.stats.sharedWriteBytes += range.bytes;
  return Step::Next;
}

} // namespace

void decodeStoreBulk(Form &form) {
  form.requireSm(100, "st.bulk");
  form.take("weak");
  Window window = takeWindow(form, 0);
  if (window != Window::Shared && window != Window::Generic)
    return form.noSuchForm();
  BulkOperand destination = takeBulkAddress(form, 0);
  BulkOperand size = takeBulkSize(form, 1);
  if (int64_t value = form.immediate(2); value != 0)
    return form.invalid("the initial value is " + std::to_string(value) + "; allowed: 0");
  keepOperands(form, {destination, size});
  form.use(&forEachLane<storeLane>);
}

} // namespace thrift::sim
