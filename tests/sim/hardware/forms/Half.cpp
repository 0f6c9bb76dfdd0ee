//===- Half.cpp - forms: f16 and bf16 arithmetic ----------------------------===//
//
// PTX ISA "Half Precision Floating-Point Instructions".
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

void addHalfForms(FormList &list) {
  list.family("half");
  for (bool pair : {false, true}) {
    Kind kind = pair ? Kind::Half2 : Kind::Half;
    std::string f16 = pair ? ".f16x2" : ".f16", bf16 = pair ? ".bf16x2" : ".bf16";
    list.elementwise("(add|sub|mul).rn(|.ftz|.sat|.ftz.sat)" + f16 + " %d, %a, %b;", kind, {kind, kind});
    list.elementwise("fma.rn(|.ftz|.sat|.relu|.ftz.relu)" + f16 + " %d, %a, %b, %c;", kind, {kind, kind, kind});
    list.elementwise("(add|sub|mul).rn" + bf16 + " %d, %a, %b;", kind, {kind, kind});
    list.elementwise("fma.rn(|.relu)" + bf16 + " %d, %a, %b, %c;", kind, {kind, kind, kind});
    list.elementwise("(neg|abs)(" + f16 + "|" + bf16 + ") %d, %a;", kind, {kind});
    list.elementwise("(min|max)(|.ftz|.NaN|.ftz.NaN|.xorsign.abs|.NaN.xorsign.abs)" + f16 + " %d, %a, %b;", kind,
                     {kind, kind});
    list.elementwise("(min|max)(|.NaN|.xorsign.abs|.NaN.xorsign.abs)" + bf16 + " %d, %a, %b;", kind, {kind, kind});
  }
}

} // namespace thrift::sim::hardware
