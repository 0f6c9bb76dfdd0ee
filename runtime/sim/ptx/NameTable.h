//===- NameTable.h - what a name means here ----------------------------------===//
//
// Names with nested scopes. `.reg .b32 %r<100>` is one entry that stands for %r0 ... %r99. Lookups cost one or two hash
// probes; closing a scope costs what was bound in it.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_NAMETABLE_H
#define THRIFTJIT_RUNTIME_SIM_PTX_NAMETABLE_H

#include <cstdint>
#include <string_view>
#include <vector>

namespace thrift::sim::ptx {

enum class NameKind : uint8_t {
  None,
  Register,
  Special,
  Variable,
  Local,
  Param,
  Result,
  CallParam,
  Function,
  Label,
  BranchTable,
  Prototype,
};

/// A name resolved: its kind and the index in the table of that kind.
struct Name {
  NameKind kind = NameKind::None;
  uint32_t id = 0;
  uint32_t depth = 0; ///< of the scope that declared it; 0 is the outermost

  explicit operator bool() const { return kind != NameKind::None; }
};

class NameTable {
public:
  NameTable();

  void openScope() { scopes_.push_back(static_cast<uint32_t>(bindings_.size())); }
  void closeScope();
  uint32_t depth() const { return static_cast<uint32_t>(scopes_.size()); }

  /// Declares a name in the current scope; false if it has that name already. `name` must outlive the table.
  bool bind(std::string_view name, NameKind kind, uint32_t id);
  /// Declares prefix0 ... prefix(count - 1) as registers first ... first + count - 1.
  bool bindNumbered(std::string_view prefix, uint32_t first, uint32_t count);

  /// The innermost declaration of the name.
  Name find(std::string_view name) const;

private:
  struct Binding {
    std::string_view name;
    NameKind kind;
    uint32_t id, count; // count > 0: numbered
    uint32_t depth;
    uint32_t shadowed; // binding that this one hides, or kEmpty
    uint32_t hash;
  };
  struct Slot {
    uint32_t hash;
    uint32_t top; // innermost binding, kEmpty if none; a slot once used keeps its name
    std::string_view name;
  };
  static constexpr uint32_t kEmpty = UINT32_MAX;

  /// Open addressing; plain names and prefixes live in tables of their own.
  struct Table {
    std::vector<Slot> slots;
    uint32_t used = 0;

    Table() : slots(64, Slot{0, kEmpty, {}}) {}
    Slot &slotOf(std::string_view name, uint32_t hash);
    const Slot *find(std::string_view name, uint32_t hash) const;
    void grow();
  };

  bool insert(Table &table, std::string_view name, NameKind kind, uint32_t id, uint32_t count);
  /// The innermost numbered declaration that covers prefix and number.
  Name findNumbered(std::string_view prefix, uint32_t number) const;

  Table plain_, numbered_;
  std::vector<Binding> bindings_;
  std::vector<uint32_t> scopes_;   // number of bindings when the scope opened
  uint32_t prefixesWithDigit_ = 0; // prefixes like "%r1" of "%r1<4>": every split of "%r123" is then possible
};

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_NAMETABLE_H
