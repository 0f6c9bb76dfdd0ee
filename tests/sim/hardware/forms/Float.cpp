//===- Float.cpp - forms: f32 and f64 arithmetic ----------------------------===//
//
// PTX ISA "Floating-Point Instructions", those with exactly rounded results.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

void addFloatForms(FormList &list) {
  list.family("float");
  Kind f = Kind::F32, d = Kind::F64;
  list.elementwise("(add|sub|mul).(rn|rz|rm|rp)(|.ftz|.sat|.ftz.sat).f32 %d, %a, %b;", f, {f, f});
  list.elementwise("fma.(rn|rz|rm|rp)(|.ftz|.sat|.ftz.sat).f32 %d, %a, %b, %c;", f, {f, f, f});
  list.elementwise("div.(rn|rz|rm|rp)(|.ftz).f32 %d, %a, %b;", f, {f, f});
  list.elementwise("(rcp|sqrt).(rn|rz|rm|rp)(|.ftz).f32 %d, %a;", f, {f});
  list.elementwise("(min|max)(|.ftz|.NaN|.ftz.NaN|.xorsign.abs|.NaN.xorsign.abs|.ftz.NaN.xorsign.abs).f32 %d, %a, %b;",
                   f, {f, f});
  list.elementwise("(neg|abs)(|.ftz).f32 %d, %a;", f, {f});
  list.elementwise("copysign.f32 %d, %a, %b;", f, {f, f});

  list.elementwise("(add|sub|mul|div).(rn|rz|rm|rp).f64 %d, %a, %b;", d, {d, d});
  list.elementwise("fma.(rn|rz|rm|rp).f64 %d, %a, %b, %c;", d, {d, d, d});
  list.elementwise("(rcp|sqrt).rn.f64 %d, %a;", d, {d});
  list.elementwise("(min|max).f64 %d, %a, %b;", d, {d, d});
  list.elementwise("(neg|abs).f64 %d, %a;", d, {d});
  list.elementwise("copysign.f64 %d, %a, %b;", d, {d, d});

  // f64 keeps a NaN's payload: of several operands, whose?
  Kind nan = Kind::NaN64;
  for (const std::string &opcode : alternatives("(add.rn|sub.rn|mul.rn|div.rn|min|max).f64"))
    list.elementwise(opcode + " %d, %a, %b;", d, {nan, nan}, {}, opcode + ", NaNs");
  list.elementwise("fma.rn.f64 %d, %a, %b, %c;", d, {nan, nan, nan}, {}, "fma.rn.f64, NaNs");
  list.elementwise("sqrt.rn.f64 %d, %a;", d, {nan}, {}, "sqrt.rn.f64, NaNs");
}

} // namespace thrift::sim::hardware
