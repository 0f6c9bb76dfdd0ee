//===- Mma.cpp - forms: mma.sync --------------------------------------------===//
//
// PTX ISA "Multiply-and-Accumulate Instruction: mma", the floating-point shapes of sm_90. Fragments come straight from
// memory: lane l has 16 words, 4 of A, 4 of B, 4 of C.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kLanes = 32, kLaneBytes = 64;

struct MmaForm {
  uint32_t k;
  const char *types; ///< of D, A, B, C
  MatrixFormat a, b, c;
};
constexpr MatrixFormat F16 = MatrixFormat::F16, BF16 = MatrixFormat::BF16, TF32 = MatrixFormat::TF32,
                       F32 = MatrixFormat::F32, E4 = MatrixFormat::E4M3, E5 = MatrixFormat::E5M2;
constexpr MmaForm kForms[] = {
    {16, "f32.f16.f16.f32", F16, F16, F32},     {8, "f32.f16.f16.f32", F16, F16, F32},
    {16, "f16.f16.f16.f16", F16, F16, F16},     {8, "f16.f16.f16.f16", F16, F16, F16},
    {16, "f32.bf16.bf16.f32", BF16, BF16, F32}, {8, "f32.bf16.bf16.f32", BF16, BF16, F32},
    {8, "f32.tf32.tf32.f32", TF32, TF32, F32},  {4, "f32.tf32.tf32.f32", TF32, TF32, F32},
    {32, "f32.e4m3.e4m3.f32", E4, E4, F32},     {32, "f32.e5m2.e4m3.f32", E5, E4, F32},
    {32, "f32.e4m3.e5m2.f32", E4, E5, F32},     {32, "f32.e5m2.e5m2.f32", E5, E5, F32},
    {16, "f32.e4m3.e4m3.f32", E4, E4, F32},     {16, "f32.e5m2.e5m2.f32", E5, E5, F32},
    {32, "f16.e4m3.e4m3.f16", E4, E4, F16},     {32, "f16.e5m2.e4m3.f16", E5, E4, F16},
    {16, "f16.e4m3.e5m2.f16", E4, E5, F16},
};

Operand fragments(const MmaForm &form) {
  return {kLanes * kLaneBytes, [form](Random &random, uint32_t index, uint8_t *data) {
            Spread spread = spreadOf(index);
            for (uint32_t lane = 0; lane < kLanes; ++lane, data += kLaneBytes) {
              fillElements(form.a, spread, random, data, 16);
              fillElements(form.b, spread, random, data + 16, 16);
              fillElements(form.c, spread, random, data + 32, 16);
            }
          }};
}

std::string registers(const char *name, uint32_t count) {
  std::string text = "{";
  for (uint32_t i = 0; i < count; ++i)
    text += (i == 0 ? "%" : ", %") + (name + std::to_string(i));
  return text + "}";
}

void addMma(FormList &list, const MmaForm &mma) {
  uint32_t wordsOfA = 16 * mma.k * formatBits(mma.a) / 32 / kLanes;
  uint32_t wordsOfC = mma.c == F32 ? 4 : 2;
  std::string opcode = "mma.sync.aligned.m16n8k" + std::to_string(mma.k) + ".row.col." + mma.types;
  CtaForm form;
  form.group = "mma " + std::string(mma.types);
  form.name = opcode;
  form.outBytes = 16 * kLanes;
  form.operands = {fragments(mma)};
  form.cases = 64;
  form.storedCases = 12;
  form.body = R"(
  .reg .b32 %a<4>, %b<4>, %c<4>, %d<4>;
  .reg .b64 %g;
  mad.wide.u32 %g, %t, 64, %in;
  ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%g];
  ld.global.v4.b32 {%b0, %b1, %b2, %b3}, [%g+16];
  ld.global.v4.b32 {%c0, %c1, %c2, %c3}, [%g+32];
  mov.b32 %d2, 0;
  mov.b32 %d3, 0;
  )" + opcode +
              " " + registers("d", wordsOfC) + ", " + registers("a", wordsOfA) + ", " + registers("b", wordsOfA / 2) +
              ", " + registers("c", wordsOfC) + R"(;
  mad.wide.u32 %g, %t, 16, %out;
  st.global.v4.b32 [%g], {%d0, %d1, %d2, %d3};
)";
  list.cta(form);
}

} // namespace

void addMmaForms(FormList &list) {
  list.family("mma");
  for (const MmaForm &form : kForms)
    addMma(list, form);
}

} // namespace thrift::sim::hardware
