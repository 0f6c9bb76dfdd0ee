//===- Atomic.cpp - forms: atom and red -------------------------------------===//
//
// PTX ISA atom, red. Every thread has a cell of its own, in global memory the second half of its 32 bytes of output,
// with a first value, and operands b and c; the first half of the output takes what the instruction returned. Some
// forms have one cell for all threads of a CTA, with operations whose result does not depend on the order.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kThreads = 32, kSlot = 32;

struct CellType {
  const char *name;
  uint32_t bytes;
  uint64_t (*draw)(Random &random);
};
uint64_t drawWord(Random &random) { return drawInteger(32, random); }
uint64_t drawWide(Random &random) { return drawInteger(64, random); }
uint64_t drawSmall(Random &random) { return drawInteger(16, random); }
uint64_t drawF32(Random &random) { return drawFloat(random); }
uint64_t drawNaN64(Random &random) { return drawValue(Kind::NaN64, random); }
uint64_t drawF16(Random &random) { return drawHalf(random); }
uint64_t drawF16x2(Random &random) { return drawHalf(random) | uint64_t(drawHalf(random)) << 16; }

constexpr CellType kU32{"u32", 4, drawWord}, kS32{"s32", 4, drawWord}, kB32{"b32", 4, drawWord};
constexpr CellType kU64{"u64", 8, drawWide}, kS64{"s64", 8, drawWide}, kB64{"b64", 8, drawWide};
constexpr CellType kB16{"b16", 2, drawSmall}, kF32{"f32", 4, drawF32}, kF64{"f64", 8, drawDouble};
constexpr CellType kF16{"f16", 2, drawF16}, kBF16{"bf16", 2, drawF16};
constexpr CellType kF16x2{"f16x2", 4, drawF16x2}, kBF16x2{"bf16x2", 4, drawF16x2};

/// Slots of 32 bytes: first value, b, c. Operand c meets the first value half of the time: for cas.
Operand cellOperands(const CellType &type) {
  return {kSlot * kThreads, [type](Random &random, uint32_t, uint8_t *data) {
            for (uint32_t t = 0; t < kThreads; ++t) {
              uint64_t values[4] = {type.draw(random), type.draw(random), type.draw(random), 0};
              if (random.below(2) == 0)
                values[1] = values[0];
              std::memcpy(data + kSlot * t, values, sizeof values);
            }
          }};
}

CtaForm cellForm(const std::string &group, const std::string &name, const Operand &operand) {
  CtaForm form;
  form.group = group;
  form.name = name;
  form.threads = kThreads;
  form.outBytes = kSlot * kThreads;
  form.operands = {operand};
  form.before = ".shared .align 16 .b8 cells[512];\n";
  return form;
}

const char *const kAddresses = R"(
  .reg .b64 %a, %o;
  .reg .b32 %s;
  mad.wide.u32 %a, %t, 32, %in;
  mad.wide.u32 %o, %t, 32, %out;
  mov.u32 %s, cells;
  mad.lo.u32 %s, %t, 16, %s;
)";

/// `operation` is what follows the state space: ".add.u32".
void cells(FormList &list, const std::string &operation, const CellType &type, bool threeOperands = false,
           const std::string &suffix = "") {
  std::string b = "b" + std::to_string(8 * type.bytes), operands = threeOperands ? "%vb, %vc" : "%vb";
  for (bool shared : {false, true}) {
    std::string space = shared ? ".shared" : ".global", cell = shared ? "[%s]" : "[%o+16]";
    std::string start = kAddresses + ("  .reg ." + b + " %v0, %vb, %vc, %old;\n  ld.global." + b +
                                      " %v0, [%a];\n  ld.global." + b + " %vb, [%a+8];\n  ld.global." + b +
                                      " %vc, [%a+16];\n  st" + space + "." + b + " " + cell + ", %v0;\n");
    std::string finish = shared ? "  ld.shared." + b + " %v0, [%s];\n  st.global." + b + " [%o+16], %v0;\n" : "";
    CtaForm form = cellForm("atom", "atom" + space + operation + suffix, cellOperands(type));
    form.body = start + "  atom" + space + operation + " %old, " + cell + ", " + operands + ";\n  st.global." + b +
                " [%o], %old;\n" + finish;
    list.cta(form);
    if (threeOperands || operation.find(".exch") != std::string::npos)
      continue;
    form.group = "red";
    form.name = "red" + space + operation + suffix;
    form.body = start + "  red" + space + operation + " " + cell + ", " + operands + ";\n" + finish;
    list.cta(form);
  }
}

/// Vectors exist in global memory only.
void vectors(FormList &list, const std::string &operation, const CellType &type, uint32_t count) {
  std::string b = "b" + std::to_string(8 * type.bytes), lists[3];
  const char *const kNames[] = {"%v", "%w", "%old"};
  for (int i = 0; i < 3; ++i)
    for (uint32_t j = 0; j < count; ++j)
      lists[i] += (j == 0 ? "" : ", ") + std::string(kNames[i]) + std::to_string(j);
  Operand operand{kSlot * kThreads, [type](Random &random, uint32_t, uint8_t *data) {
                    for (uint32_t i = 0; i < kSlot * kThreads; i += type.bytes) {
                      uint64_t value = type.draw(random);
                      std::memcpy(data + i, &value, type.bytes);
                    }
                  }};
  CtaForm form = cellForm("atom, vectors", "atom.global" + operation, operand);
  form.body = kAddresses + ("  .reg ." + b + " %v<8>, %w<8>, %old<8>;\n");
  for (uint32_t j = 0; j < count; ++j) {
    std::string n = std::to_string(j), at = std::to_string(type.bytes * j);
    form.body += "  ld.global." + b + " %v" + n + ", [%a+" + at + "];\n  ld.global." + b + " %w" + n + ", [%a+" +
                 std::to_string(16 + type.bytes * j) + "];\n  st.global." + b + " [%o+" +
                 std::to_string(16 + type.bytes * j) + "], %v" + n + ";\n";
  }
  form.body += "  atom.global" + operation + " {" + lists[2] + "}, [%o+16], {" + lists[1] + "};\n";
  for (uint32_t j = 0; j < count; ++j)
    form.body += "  st.global." + b + " [%o+" + std::to_string(type.bytes * j) + "], %old" + std::to_string(j) + ";\n";
  list.cta(form);
}

/// All threads on one cell; only its last value is looked at.
void contended(FormList &list, const std::string &operation, const CellType &type) {
  std::string b = "b" + std::to_string(8 * type.bytes);
  CtaForm form = cellForm("red, one cell", "red.shared" + operation + ", one cell", cellOperands(type));
  form.outBytes = 8;
  form.body = R"(
  .reg .b64 %a;
  .reg .pred %first;
  .reg .)" + b +
              R"( %v;
  mad.wide.u32 %a, %t, 32, %in;
  setp.eq.u32 %first, %t, 0;
  ld.global.)" +
              b + " %v, [%a];\n  @%first st.shared." + b + " [cells], %v;\n  bar.sync 0;\n  ld.global." + b +
              " %v, [%a+8];\n  red.shared" + operation + " [cells], %v;\n  bar.sync 0;\n  ld.shared." + b +
              " %v, [cells];\n  @%first st.global." + b + " [%out], %v;\n";
  list.cta(form);
}

} // namespace

void addAtomicForms(FormList &list) {
  list.family("atomic");
  for (const CellType &type : {kU32, kS32, kU64})
    cells(list, std::string(".add.") + type.name, type);
  for (const CellType &type : {kU32, kS32, kU64, kS64})
    for (const char *operation : {".min.", ".max."})
      cells(list, operation + std::string(type.name), type);
  for (const CellType &type : {kB32, kB64}) {
    for (const char *operation : {".and.", ".or.", ".xor.", ".exch."})
      cells(list, operation + std::string(type.name), type);
    cells(list, std::string(".cas.") + type.name, type, true);
  }
  cells(list, ".cas.b16", kB16, true);
  for (const char *operation : {".inc.u32", ".dec.u32"})
    cells(list, operation, kU32);
  for (const CellType &type : {kF32, kF64})
    cells(list, std::string(".add.") + type.name, type);
  cells(list, ".add.f64", {"f64", 8, drawNaN64}, false, ", NaNs");
  for (const CellType &type : {kF16, kBF16, kF16x2, kBF16x2})
    cells(list, std::string(".add.noftz.") + type.name, type);

  vectors(list, ".add.v2.f32", kF32, 2);
  vectors(list, ".add.v4.f32", kF32, 4);
  for (const CellType &type : {kF16, kBF16})
    for (uint32_t count : {2u, 4u, 8u})
      vectors(list, ".add.noftz.v" + std::to_string(count) + "." + type.name, type, count);
  for (const CellType &type : {kF16x2, kBF16x2})
    for (uint32_t count : {2u, 4u})
      vectors(list, ".add.noftz.v" + std::to_string(count) + "." + type.name, type, count);

  for (const char *operation : {".add", ".min", ".max"})
    for (const CellType &type : {kU32, kS32, kU64})
      contended(list, std::string(operation) + "." + type.name, type);
  for (const char *operation : {".and.b32", ".or.b32", ".xor.b32"})
    contended(list, operation, kB32);
}

} // namespace thrift::sim::hardware
