//===- AsyncQueue.cpp - operations between issue and completion -------------===//

#include "runtime/sim/machine/AsyncQueue.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>

namespace thrift::sim {

// More are under way in no kernel that anybody waits for; the queue is searched from end to end.
static constexpr size_t kMostUnderWay = 512;

AsyncOperation::AsyncOperation(AsyncKind kind, Warp &warp, const Inst &inst, int lane)
    : kind(kind), lane(lane), warp(&warp), pc(warp.indexOf(inst)) {}

AsyncOperation::~AsyncOperation() = default;

Step AsyncOperation::onTouch(Warp &toucher, const Inst &inst) {
  return toucher.fault(inst, Check::RegisterInFlight, -1,
                       "the instruction touches a register of " + describe(toucher.cta) +
                           ", which is not complete: no wait came between");
}

std::string AsyncOperation::describe(const Cta &cta) const {
  uint32_t line = cta.program.lines[pc];
  std::string text = cta.program.textOf(line);
  // The opcode alone: the operands are in the listing.
  size_t first = text.rfind('@', 0) == 0 ? text.find(' ') + 1 : 0;
  size_t last = text.find_first_of(" \t;{[", first);
  return "the " + text.substr(first, last == std::string::npos ? last : last - first) + " of line " +
         std::to_string(line) + " (warp " + std::to_string(warp->index) + ")";
}

void AsyncQueue::reset(Delivery delivery, uint64_t seed) {
  delivery_ = delivery;
  random_.seed(seed);
  operations_.clear();
}

bool AsyncQueue::issue(Cta &cta, std::unique_ptr<AsyncOperation> operation) {
  operations_.push_back(std::move(operation));
  if (!becameReady(cta, *operations_.back()))
    return false;
  if (operations_.size() <= kMostUnderWay)
    return true;
  const AsyncOperation *oldest = find([](const AsyncOperation &each) { return each.isReady(); });
  return !oldest || perform(cta, *oldest);
}

bool AsyncQueue::becameReady(Cta &cta, const AsyncOperation &operation) {
  return delivery_ != Delivery::Eager || !operation.isReady() || perform(cta, operation);
}

bool AsyncQueue::performAt(Cta &cta, size_t index) {
  std::unique_ptr<AsyncOperation> operation = std::move(operations_[index]);
  operations_.erase(operations_.begin() + static_cast<ptrdiff_t>(index));
  return operation->perform(cta);
}

bool AsyncQueue::perform(Cta &cta, const AsyncOperation &operation) {
  size_t last = 0;
  while (operations_[last].get() != &operation)
    ++last;
  std::vector<size_t> due = {last}; // in falling order
  for (size_t i = last; i-- > 0;)
    if (std::any_of(due.begin(), due.end(),
                    [&](size_t later) { return operations_[later]->mustFollow(*operations_[i]); }))
      due.push_back(i);
  for (size_t done = 0; done < due.size(); ++done)
    if (!performAt(cta, due[due.size() - 1 - done] - done))
      return false;
  return true;
}

bool AsyncQueue::performAll(Cta &cta, const std::function<bool(const AsyncOperation &)> &select) {
  while (const AsyncOperation *operation = find(select))
    if (!perform(cta, *operation))
      return false;
  return true;
}

const AsyncOperation *AsyncQueue::find(const std::function<bool(const AsyncOperation &)> &select) const {
  for (const auto &operation : operations_)
    if (select(*operation))
      return operation.get();
  return nullptr;
}

void AsyncQueue::visit(const std::function<void(AsyncOperation &)> &visitor) {
  for (auto &operation : operations_)
    visitor(*operation);
}

AsyncQueue::Progress AsyncQueue::deliverToWaiters(Cta &cta) {
  const AsyncOperation *chosen = find([&](const AsyncOperation &operation) {
    return operation.isReady() && operation.barrier != kNoBarrier && cta.mbarriers.isAwaited(cta, operation.barrier);
  });
  if (!chosen)
    chosen = find([](const AsyncOperation &operation) { return operation.isReady(); });
  if (!chosen)
    return Progress::None;
  return perform(cta, *chosen) ? Progress::Delivered : Progress::Fault;
}

AsyncQueue::Progress AsyncQueue::deliverByChance(Cta &cta) {
  if (operations_.empty() || random_() % 4 != 0)
    return Progress::None;
  const AsyncOperation &chosen = *operations_[random_() % operations_.size()];
  if (!chosen.isReady())
    return Progress::None;
  return perform(cta, chosen) ? Progress::Delivered : Progress::Fault;
}

} // namespace thrift::sim
