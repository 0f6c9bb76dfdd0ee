//===- NameTable.cpp - what a name means here --------------------------------===//
//
// A slot per distinct name with a chain of bindings, innermost first. Slots are never removed, so that probing stays
// simple; a module has far fewer distinct names than uses.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/NameTable.h"

#include <cstring>

namespace thrift::sim::ptx {

/// Multiply and fold, eight bytes at a time: good spread for names that differ in their last digits.
static uint32_t hashOf(std::string_view name) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15ull; // 2^64 / golden ratio
  uint64_t hash = name.size() * kMultiplier;
  const char *cursor = name.data();
  size_t left = name.size();
  while (left > 0) {
    uint64_t chunk = 0;
    size_t taken = left < 8 ? left : 8;
    std::memcpy(&chunk, cursor, taken);
    hash = (hash ^ chunk) * kMultiplier;
    hash ^= hash >> 29;
    cursor += taken;
    left -= taken;
  }
  hash *= kMultiplier;
  return static_cast<uint32_t>(hash >> 32);
}

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

NameTable::NameTable() = default;

NameTable::Slot &NameTable::Table::slotOf(std::string_view name, uint32_t hash) {
  if ((used + 1) * 2 > slots.size())
    grow();
  size_t mask = slots.size() - 1;
  for (size_t index = hash & mask;; index = (index + 1) & mask) {
    Slot &slot = slots[index];
    if (slot.name.empty()) {
      slot = {hash, kEmpty, name};
      ++used;
      return slot;
    }
    if (slot.hash == hash && slot.name == name)
      return slot;
  }
}

const NameTable::Slot *NameTable::Table::find(std::string_view name, uint32_t hash) const {
  size_t mask = slots.size() - 1;
  for (size_t index = hash & mask;; index = (index + 1) & mask) {
    const Slot &slot = slots[index];
    if (slot.name.empty())
      return nullptr;
    if (slot.hash == hash && slot.name == name)
      return &slot;
  }
}

void NameTable::Table::grow() {
  std::vector<Slot> old(slots.size() * 2, Slot{0, kEmpty, {}});
  old.swap(slots);
  size_t mask = slots.size() - 1;
  for (const Slot &slot : old) {
    if (slot.name.empty())
      continue;
    size_t index = slot.hash & mask;
    while (!slots[index].name.empty())
      index = (index + 1) & mask;
    slots[index] = slot;
  }
}

bool NameTable::insert(Table &table, std::string_view name, NameKind kind, uint32_t id, uint32_t count) {
  uint32_t hash = hashOf(name);
  Slot &slot = table.slotOf(name, hash);
  if (slot.top != kEmpty && bindings_[slot.top].depth == depth())
    return false;
  bindings_.push_back({name, kind, id, count, depth(), slot.top, hash});
  slot.top = static_cast<uint32_t>(bindings_.size() - 1);
  return true;
}

bool NameTable::bind(std::string_view name, NameKind kind, uint32_t id) {
  Name present = find(name);
  if (present && present.depth == depth())
    return false;
  return insert(plain_, name, kind, id, 0);
}

bool NameTable::bindNumbered(std::string_view prefix, uint32_t first, uint32_t count) {
  if (!insert(numbered_, prefix, NameKind::Register, first, count))
    return false;
  prefixesWithDigit_ += isDigit(prefix.back());
  return true;
}

void NameTable::closeScope() {
  uint32_t keep = scopes_.back();
  scopes_.pop_back();
  while (bindings_.size() > keep) {
    const Binding &last = bindings_.back();
    Table &table = last.count > 0 ? numbered_ : plain_;
    table.slotOf(last.name, last.hash).top = last.shadowed;
    prefixesWithDigit_ -= last.count > 0 && isDigit(last.name.back());
    bindings_.pop_back();
  }
}

Name NameTable::findNumbered(std::string_view prefix, uint32_t number) const {
  const Slot *slot = numbered_.find(prefix, hashOf(prefix));
  if (!slot)
    return {};
  for (uint32_t index = slot->top; index != kEmpty; index = bindings_[index].shadowed) {
    const Binding &binding = bindings_[index];
    if (number < binding.count)
      return {binding.kind, binding.id + number, binding.depth};
  }
  return {};
}

Name NameTable::find(std::string_view name) const {
  Name best;
  if (const Slot *slot = plain_.find(name, hashOf(name)); slot && slot->top != kEmpty) {
    const Binding &binding = bindings_[slot->top];
    best = {binding.kind, binding.id, binding.depth};
  }
  if (!isDigit(name.back()) || bindings_.empty())
    return best;

  // Nine digits cannot overflow, and no function may have that many registers.
  size_t split = name.size();
  while (split > 1 && isDigit(name[split - 1]) && name.size() - split < 9)
    --split;
  for (; split < name.size(); ++split) {
    if (name[split] == '0' && split + 1 < name.size())
      continue; // "%r01" is not a name of "%r<100>"
    uint32_t number = 0;
    for (char digit : name.substr(split))
      number = number * 10 + static_cast<uint32_t>(digit - '0');
    Name found = findNumbered(name.substr(0, split), number);
    if (found && (!best || found.depth > best.depth))
      best = found;
    if (prefixesWithDigit_ == 0)
      break;
  }
  return best;
}

} // namespace thrift::sim::ptx
