//===- Integer.cpp - forms: integer arithmetic ------------------------------===//
//
// PTX ISA "Integer Arithmetic Instructions", "Extended-Precision Integer Arithmetic Instructions".
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

static Kind integerKind(const std::string &type) {
  std::string bits = type.substr(1);
  return bits == "8" || bits == "16" ? Kind::U16 : bits == "32" ? Kind::U32 : Kind::U64;
}

static void addThreeWidths(FormList &list) {
  for (const char *name : {"u16", "s16", "u32", "s32", "u64", "s64"}) {
    std::string type = name;
    Kind kind = integerKind(type);
    list.elementwise("(add|sub|mul.lo|mul.hi|min|max|div|rem)." + type + " %d, %a, %b;", kind, {kind, kind});
    list.elementwise("(mad.lo|sad)." + type + " %d, %a, %b, %c;", kind, {kind, kind, kind});
    list.elementwise("shr." + type + " %d, %a, %b;", kind, {kind, Kind::U32});
    list.elementwise("shr." + type + " %d, %a, %b;", kind, {kind, Kind::Bits8}, {}, "shr." + type + ", small amounts");
    if (type[0] == 's')
      list.elementwise("(abs|neg)." + type + " %d, %a;", kind, {kind});
  }
}

static void addWordForms(FormList &list) {
  Kind word = Kind::U32, wide = Kind::U64, bits = Kind::Bits8;
  for (const char *name : {"u32", "s32"}) {
    std::string type = name;
    list.elementwise("(mul24.lo|mul24.hi)." + type + " %d, %a, %b;", word, {word, word});
    list.elementwise("(mad.hi|mad24.lo)." + type + " %d, %a, %b, %c;", word, {word, word, word});
    list.elementwise("mul.wide." + type + " %d, %a, %b;", wide, {word, word});
    list.elementwise("mad.wide." + type + " %d, %a, %b, %c;", wide, {word, word, wide});
    list.elementwise("bfe." + type + " %d, %a, %b, %c;", word, {word, bits, bits});
    list.elementwise("(bfind|bfind.shiftamt)." + type + " %d, %a;", word, {word});
    list.elementwise("dp4a." + type + ".(u32|s32) %d, %a, %b, %c;", word, {word, word, word});
    list.elementwise("dp2a.(lo|hi)." + type + ".(u32|s32) %d, %a, %b, %c;", word, {word, word, word});
  }
  for (const char *name : {"u16", "s16"})
    list.elementwise("mul.wide." + std::string(name) + " %d, %a, %b;", word, {Kind::U16, Kind::U16});
  for (const char *name : {"u64", "s64"}) {
    std::string type = name;
    list.elementwise("mad.hi." + type + " %d, %a, %b, %c;", wide, {wide, wide, wide});
    list.elementwise("bfe." + type + " %d, %a, %b, %c;", wide, {wide, bits, bits});
    list.elementwise("bfe." + type + " %d, %a, %b, %c;", wide, {wide, word, word}, {}, "bfe." + type + ", any word");
    list.elementwise("(bfind|bfind.shiftamt)." + type + " %d, %a;", word, {wide});
  }
  list.elementwise("mad.hi.sat.s32 %d, %a, %b, %c;", word, {word, word, word});
  list.elementwise("(add|sub).sat.s32 %d, %a, %b;", word, {word, word});
  list.elementwise("(add.u16x2|add.s16x2|min.s16x2|max.u16x2|min.relu.s16x2|max.relu.s16x2|min.relu.s32|max.relu.s32)"
                   " %d, %a, %b;",
                   word, {word, word});
}

static void addCarryForms(FormList &list) {
  Kind word = Kind::U32, wide = Kind::U64;
  list.elementwise("add.cc.u32 %x, %a, %b; addc.cc.u32 %y, %b, %c; addc.u32 %d, %x, %y;", word, {word, word, word});
  list.elementwise("sub.cc.u32 %x, %a, %b; subc.cc.u32 %y, %b, %c; subc.u32 %d, %x, %y;", word, {word, word, word});
  list.elementwise("mad.lo.cc.u32 %x, %a, %b, %c; madc.hi.cc.u32 %y, %a, %b, %c; madc.hi.s32 %d, %x, %y, %a;", word,
                   {word, word, word});
  list.elementwise("add.cc.u64 %u, %a, %b; addc.cc.u64 %v, %b, %c; addc.u64 %d, %u, %v;", wide, {wide, wide, wide});
  list.elementwise("sub.cc.s64 %u, %a, %b; subc.cc.s64 %v, %b, %c; subc.s64 %d, %u, %v;", wide, {wide, wide, wide});
}

void addIntegerForms(FormList &list) {
  list.family("integer");
  addThreeWidths(list);
  addWordForms(list);
  addCarryForms(list);
}

} // namespace thrift::sim::hardware
