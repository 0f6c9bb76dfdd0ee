//===- Logic.cpp - forms: bits, shifts, permutations ------------------------===//
//
// PTX ISA "Logic and Shift Instructions", prmt, and the bit instructions of "Integer Arithmetic Instructions".
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

void addLogicForms(FormList &list) {
  list.family("logic");
  Kind word = Kind::U32, wide = Kind::U64, bits = Kind::Bits8;
  for (const char *name : {"16", "32", "64"}) {
    std::string type = std::string(".b") + name;
    Kind kind = type == ".b16" ? Kind::U16 : type == ".b32" ? word : wide;
    list.elementwise("(and|or|xor)" + type + " %d, %a, %b;", kind, {kind, kind});
    list.elementwise("(not|cnot)" + type + " %d, %a;", kind, {kind});
    list.elementwise("shl" + type + " %d, %a, %b;", kind, {kind, word});
    for (const std::string &opcode : alternatives("(shl|shr)" + type))
      list.elementwise(opcode + " %d, %a, %b;", kind, {kind, bits}, {}, opcode + ", small amounts");
  }
  list.elementwise("shf.(l|r).(wrap|clamp).b32 %d, %a, %b, %c;", word, {word, word, word});
  list.elementwise("prmt.b32(|.f4e|.b4e|.rc8|.ecl|.ecr|.rc16) %d, %a, %b, %c;", word, {word, word, word});
  for (const char *table : {"0x00", "0x1B", "0x3C", "0x80", "0x96", "0xCA", "0xE8", "0xF8", "0xFE", "0xFF"})
    list.elementwise("lop3.b32 %d, %a, %b, %c, " + std::string(table) + ";", word, {word, word, word}, {},
                     "lop3.b32 " + std::string(table));
  for (const char *length : {"0", "1", "7", "32", "70"}) {
    std::string text = length;
    list.elementwise("bfi.b32 %d, %a, %b, %c, " + text + ";", word, {word, word, bits}, {}, "bfi.b32 of " + text);
    list.elementwise("bfi.b64 %d, %a, %b, %c, " + text + ";", wide, {wide, wide, bits}, {}, "bfi.b64 of " + text);
  }
  list.elementwise("mov.u64 %u, 0; bfi.b64 %d, %a, %u, %b, %c;", wide, {wide, word, word});
  list.elementwise("bmsk.(clamp|wrap).b32 %d, %a, %b;", word, {bits, bits});
  list.elementwise("szext.(clamp|wrap).(s32|u32) %d, %a, %b;", word, {word, bits});
  list.elementwise("(popc|clz).b32 %d, %a;", word, {word});
  list.elementwise("(popc|clz).b64 %d, %a;", word, {wide});
  list.elementwise("brev.b32 %d, %a;", word, {word});
  list.elementwise("brev.b64 %d, %a;", wide, {wide});
}

} // namespace thrift::sim::hardware
