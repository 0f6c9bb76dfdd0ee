//===- Approximate.cpp - forms: approximations ------------------------------===//
//
// Each with the error that the PTX ISA states for it ("Floating Point Instructions", "Half Precision Floating Point
// Instructions": the notes of each instruction).
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

#include <cmath>

namespace thrift::sim::hardware {

static Judge f32Within(Tolerance tolerance) { return {4, Number::F32, tolerance}; }
static Judge halfWithin(Number number, Tolerance tolerance) { return {2, number, tolerance}; }

void addApproximateForms(FormList &list) {
  list.family("approximate");
  Kind f = Kind::F32, d = Kind::F64, h = Kind::Half;
  list.elementwise("ex2.approx(|.ftz).f32 %d, %a;", f, {f}, f32Within({2, 0, 0}));
  list.elementwise("lg2.approx(|.ftz).f32 %d, %a;", f, {f}, f32Within({0, 0x1p-22, 0x1p-22}));
  list.elementwise("rcp.approx(|.ftz).f32 %d, %a;", f, {f}, f32Within({1, 0, 0}));
  list.elementwise("sqrt.approx(|.ftz).f32 %d, %a;", f, {f}, f32Within({0, 0, 0x1p-23}));
  list.elementwise("rsqrt.approx(|.ftz).f32 %d, %a;", f, {f}, f32Within({0, 0, std::exp2(-22.9)}));
  list.elementwise("(div.full|div.approx)(|.ftz).f32 %d, %a, %b;", f, {f, f}, f32Within({2, 0, 0}));
  list.elementwise("tanh.approx.f32 %d, %a;", f, {f}, f32Within({0, 0, 0x1p-11}));
  list.elementwise("(sin|cos).approx(|.ftz).f32 %d, %a;", f, {Kind::Angle}, f32Within({0, std::exp2(-20.5), 0}));
  for (const std::string &opcode : alternatives("(sin|cos).approx.f32"))
    list.elementwise(opcode + " %d, %a;", f, {Kind::WideAngle}, f32Within({0, std::exp2(-14.7), 0}),
                     opcode + ", 100 pi");

  // The relative bounds of halves cannot hold for subnormal results; an H100 is one unit off there.
  list.elementwise("ex2.approx.f16 %d, %a;", h, {h}, halfWithin(Number::F16, {0.5, 0, std::exp2(-9.9)}));
  list.elementwise("ex2.approx.ftz.bf16 %d, %a;", h, {h}, halfWithin(Number::BF16, {0, 0, 0x1p-7}));
  list.elementwise("tanh.approx.f16 %d, %a;", h, {h}, halfWithin(Number::F16, {0, std::exp2(-10.987), 0}));
  list.elementwise("tanh.approx.bf16 %d, %a;", h, {h}, halfWithin(Number::BF16, {0, 0x1p-8, 0}));
  list.elementwise("ex2.approx.f16x2 %d, %a;", Kind::U32, {Kind::Half2},
                   halfWithin(Number::F16, {0.5, 0, std::exp2(-9.9)}));
  list.elementwise("ex2.approx.ftz.bf16x2 %d, %a;", Kind::U32, {Kind::Half2}, halfWithin(Number::BF16, {0, 0, 0x1p-7}));

  // No bound is stated; the operand's upper word is all that counts, so one unit of that.
  list.elementwise("(rcp|rsqrt).approx.ftz.f64 %d, %a;", d, {d}, {8, Number::F64Upper, {1, 0, 0}});
}

} // namespace thrift::sim::hardware
