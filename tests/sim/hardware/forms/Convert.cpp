//===- Convert.cpp - forms: cvt ---------------------------------------------===//
//
// PTX ISA "Data Movement and Conversion Instructions: cvt", the combinations of sm_90.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

static const char *const kIntegers[] = {"s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"};

static unsigned bitsOf(const std::string &type) { return std::stoul(type.substr(1)); }
static Kind kindOf(const std::string &type) {
  return bitsOf(type) <= 16 ? Kind::U16 : bitsOf(type) == 32 ? Kind::U32 : Kind::U64;
}
/// Every value of `from` is one of `to`: such a cvt takes no .sat.
static bool holds(const std::string &to, const std::string &from) {
  return from[0] == to[0] ? bitsOf(to) >= bitsOf(from) : from[0] == 'u' && bitsOf(to) > bitsOf(from);
}

static void addIntegerConversions(FormList &list) {
  for (std::string from : kIntegers)
    for (std::string to : kIntegers) {
      list.elementwise("cvt." + to + "." + from + " %d, %a;", kindOf(to), {kindOf(from)});
      if (!holds(to, from))
        list.elementwise("cvt.sat." + to + "." + from + " %d, %a;", kindOf(to), {kindOf(from)});
    }
}

static void addFloatsAndIntegers(FormList &list) {
  for (std::string integer : kIntegers) {
    list.elementwise("cvt.(rni|rzi|rmi|rpi)." + integer + ".f32 %d, %a;", kindOf(integer), {Kind::F32});
    list.elementwise("cvt.(rni|rzi|rmi|rpi)." + integer + ".f64 %d, %a;", kindOf(integer), {Kind::F64});
    list.elementwise("cvt.(rni|rzi|rmi|rpi)." + integer + ".f16 %d, %a;", kindOf(integer), {Kind::Half});
    if (bitsOf(integer) > 8)
      list.elementwise("cvt.(rni|rzi)." + integer + ".bf16 %d, %a;", kindOf(integer), {Kind::Half});
    list.elementwise("cvt.(rn|rz|rm|rp).f32." + integer + " %d, %a;", Kind::F32, {kindOf(integer)});
    list.elementwise("cvt.(rn|rz|rm|rp).f64." + integer + " %d, %a;", Kind::F64, {kindOf(integer)});
    list.elementwise("cvt.(rn|rz|rm|rp).f16." + integer + " %d, %a;", Kind::Half, {kindOf(integer)});
    if (bitsOf(integer) > 8)
      list.elementwise("cvt.(rn|rz|rm|rp).bf16." + integer + " %d, %a;", Kind::Half, {kindOf(integer)});
  }
  list.elementwise("cvt.(rni|rzi|rmi|rpi).ftz.s32.f32 %d, %a;", Kind::U32, {Kind::F32});
  list.elementwise("cvt.(rni|rzi|rmi|rpi)(|.ftz).f32.f32 %d, %a;", Kind::F32, {Kind::F32});
  list.elementwise("cvt.(rni|rzi|rmi|rpi).f64.f64 %d, %a;", Kind::F64, {Kind::F64});
  list.elementwise("cvt.(rni|rzi|rmi|rpi).f16.f16 %d, %a;", Kind::Half, {Kind::Half});
}

static void addFloatConversions(FormList &list) {
  Kind f = Kind::F32, d = Kind::F64, h = Kind::Half, word = Kind::U32;
  list.elementwise("cvt.(rn|rz|rm|rp)(|.ftz|.sat).f32.f64 %d, %a;", f, {d});
  list.elementwise("cvt.(rn|rz|rm|rp).(f16|bf16).f64 %d, %a;", h, {d});
  list.elementwise("cvt.(rn|rz|rm|rp)(|.ftz|.sat).f16.f32 %d, %a;", h, {f});
  list.elementwise("cvt.(rn|rz|rm|rp).bf16.f32 %d, %a;", h, {f});
  list.elementwise("cvt.(rn|rz).relu.(f16|bf16).f32 %d, %a;", h, {f});
  list.elementwise("cvt.(rn|rz|rm|rp).bf16.f16 %d, %a;", h, {h});
  list.elementwise("cvt.(rn|rz|rm|rp).f16.bf16 %d, %a;", h, {h});
  list.elementwise("cvt.(rn|rz)(|.relu).(f16x2|bf16x2).f32 %d, %a, %b;", word, {f, f});
  list.elementwise("cvt.(rn|rz|rna|rn.relu|rz.relu).tf32.f32 %d, %a;", word, {f});
  list.elementwise("cvt(|.ftz|.sat).f32.f16 %d, %a;", f, {h});
  list.elementwise("cvt.f32.bf16 %d, %a;", f, {h});
  list.elementwise("cvt.(f64.f16|f64.bf16|sat.f64.f16) %d, %a;", d, {h});
  list.elementwise("cvt(|.ftz|.sat).f64.f32 %d, %a;", d, {f});
  for (const std::string &to : alternatives("(f32|f16|bf16)"))
    list.elementwise("cvt.rn." + to + ".f64 %d, %a;", to == "f32" ? f : h, {Kind::NaN64}, {},
                     "cvt.rn." + to + ".f64, NaNs");
  list.elementwise("cvt.sat.f32.f32 %d, %a;", f, {f});
  list.elementwise("cvt.sat.f64.f64 %d, %a;", d, {d});
  list.elementwise("cvt.sat.f16.f16 %d, %a;", h, {h});
}

static void addByteFloats(FormList &list) {
  Kind f = Kind::F32, h = Kind::Half;
  list.elementwise("cvt.rn.satfinite(|.relu).(e4m3x2|e5m2x2).f32 %d, %a, %b;", h, {f, f});
  list.elementwise("cvt.rn.satfinite(|.relu).(e4m3x2|e5m2x2).f16x2 %d, %a;", h, {Kind::Half2});
  list.elementwise("cvt.rn(|.relu).f16x2.(e4m3x2|e5m2x2) %d, %a;", Kind::Half2, {Kind::U16});
}

void addConvertForms(FormList &list) {
  list.family("convert");
  addIntegerConversions(list);
  addFloatsAndIntegers(list);
  addFloatConversions(list);
  addByteFloats(list);
}

} // namespace thrift::sim::hardware
