//===- Compare.cpp - forms: comparisons and selections ----------------------===//
//
// PTX ISA "Comparison and Selection Instructions", "Half Precision Comparison Instructions", testp.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

static const char *const kOrdered = "(eq|ne|lt|le|gt|ge)";
static const char *const kAll = "(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan)";

static void addSet(FormList &list) {
  Kind f = Kind::F32, d = Kind::F64, h = Kind::Half, word = Kind::U32;
  std::string all = kAll, ordered = kOrdered;
  list.elementwise("set." + all + ".u32.f32 %d, %a, %b;", word, {f, f});
  list.elementwise("set." + all + ".f32.f64 %d, %a, %b;", f, {d, d});
  list.elementwise("set." + ordered + ".s32.(u32|s32) %d, %a, %b;", word, {word, word});
  list.elementwise("set." + ordered + ".u32.(u64|s64) %d, %a, %b;", word, {Kind::U64, Kind::U64});
  list.elementwise("set." + ordered + ".u32.f16 %d, %a, %b;", word, {h, h});
}

static void addSetp(FormList &list) {
  Kind f = Kind::F32, h = Kind::Half, word = Kind::U32;
  auto named = [&](const std::string &compare, const std::string &rest, Kind kind) {
    for (const std::string &opcode : alternatives("setp." + compare + rest))
      list.elementwise(opcode + " %p|%q, %a, %b; selp.u32 %x, 1, 0, %p; selp.u32 %y, 2, 0, %q; or.b32 %d, %x, %y;",
                       word, {kind, kind}, {}, opcode);
  };
  named(kAll, ".f32", f);
  named(kAll, ".ftz.f32", f);
  named(kAll, ".f64", Kind::F64);
  for (const std::string &opcode : alternatives("setp." + std::string(kAll) + ".(f16|bf16)"))
    list.elementwise(opcode + " %p, %a, %b; selp.u32 %d, 1, 0, %p;", word, {h, h}, {}, opcode);
  named(kOrdered, ".(s16|u16)", Kind::U16);
  named(kOrdered, ".(s32|u32)", word);
  named(kOrdered, ".(s64|u64)", Kind::U64);
  named("(lo|ls|hi|hs)", ".u32", word);
  named("(eq|ne)", ".b32", word);
  for (const std::string &combine : alternatives("(and|or|xor)"))
    list.elementwise("setp.lt.u32 %p, %c, 1000000; setp.gt." + combine +
                         ".s32 %p|%q, %a, %b, !%p; selp.u32 %x, 1, 0, %p; selp.u32 %y, 2, 0, %q; or.b32 %d, %x, %y;",
                     word, {word, word, word}, {}, "setp.gt." + combine + ".s32");
}

void addCompareForms(FormList &list) {
  list.family("compare");
  addSet(list);
  addSetp(list);
  Kind f = Kind::F32, word = Kind::U32, wide = Kind::U64;
  for (const std::string &opcode : alternatives("testp.(finite|infinite|number|notanumber|normal|subnormal).f32"))
    list.elementwise(opcode + " %p, %a; selp.u32 %d, 1, 0, %p;", word, {f}, {}, opcode);
  for (const std::string &opcode : alternatives("testp.(finite|infinite|number|notanumber|normal|subnormal).f64"))
    list.elementwise(opcode + " %p, %a; selp.u32 %d, 1, 0, %p;", word, {Kind::F64}, {}, opcode);
  list.elementwise("slct.b32.f32 %d, %a, %b, %c;", word, {word, word, f});
  list.elementwise("slct.b64.s32 %d, %a, %b, %c;", wide, {wide, wide, word});
}

} // namespace thrift::sim::hardware
