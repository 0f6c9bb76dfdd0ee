//===- Matrix.cpp - forms: ldmatrix, stmatrix, movmatrix --------------------===//
//
// PTX ISA "Matrix load instruction: ldmatrix" and its neighbours. Shared memory holds 64 random rows of 16 bytes. The
// lanes' row addresses are a random choice for loads, a random permutation for stores.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"

#include <utility>

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kRows = 64, kRowBytes = 16, kImage = kRows * kRowBytes, kLanes = 32;

/// The image, then the row of each lane.
Operand imageAndRows(bool distinct) {
  return {kImage + 4 * kLanes, [distinct](Random &random, uint32_t, uint8_t *data) {
            fillRandom(random, data, kImage);
            uint32_t rows[kRows];
            for (uint32_t i = 0; i < kRows; ++i)
              rows[i] = i;
            for (uint32_t lane = 0; lane < kLanes; ++lane) {
              std::swap(rows[lane], rows[lane + random.below(kRows - lane)]);
              putWord(data + kImage, lane, distinct ? rows[lane] : random.below(kRows));
            }
          }};
}

std::string registerList(uint32_t count) {
  std::string text = "{";
  for (uint32_t i = 0; i < count; ++i)
    text += (i == 0 ? "%r" : ", %r") + std::to_string(i);
  return text + "}";
}

/// The lanes have their row's address in %row, and %r0 .. %r3 hold random words.
CtaForm matrixForm(const std::string &opcode, const std::string &code, bool distinct) {
  CtaForm form;
  form.group = opcode.substr(0, opcode.find('.'));
  form.name = opcode;
  form.before = ".shared .align 128 .b8 image[1024];\n";
  form.operands = {imageAndRows(distinct)};
  form.storedCases = 2;
  form.body = R"(
  .reg .b32 %r<4>, %s, %row, %x;
  .reg .b64 %a, %o;
  mov.u32 %s, image;
  mad.lo.u32 %s, %t, 32, %s;
  mad.wide.u32 %a, %t, 32, %in;
  ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%a+16];
  st.shared.v4.b32 [%s+16], {%r0, %r1, %r2, %r3};
  ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%a];
  st.shared.v4.b32 [%s], {%r0, %r1, %r2, %r3};
  mad.wide.u32 %a, %t, 4, %in;
  ld.global.b32 %x, [%a+1024];
  mov.u32 %row, image;
  mad.lo.u32 %row, %x, 16, %row;
  bar.sync 0;
)" + code;
  return form;
}

} // namespace

void addMatrixForms(FormList &list) {
  list.family("matrix");
  std::string storeRegisters = "  mad.wide.u32 %o, %t, 16, %out;\n  st.global.v4.b32 [%o], {%r0, %r1, %r2, %r3};\n";
  std::string storeImage = R"(  bar.sync 0;
  mad.wide.u32 %o, %t, 32, %out;
  ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s];
  st.global.v4.b32 [%o], {%r0, %r1, %r2, %r3};
  ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s+16];
  st.global.v4.b32 [%o+16], {%r0, %r1, %r2, %r3};
)";
  for (uint32_t count : {1u, 2u, 4u})
    for (const char *trans : {"", ".trans"}) {
      std::string tail = ".sync.aligned.m8n8.x" + std::to_string(count) + trans + ".shared.b16";
      CtaForm load = matrixForm(
          "ldmatrix" + tail, "  ldmatrix" + tail + " " + registerList(count) + ", [%row];\n" + storeRegisters, false);
      load.outBytes = 16 * kLanes;
      list.cta(load);
      CtaForm store = matrixForm("stmatrix" + tail,
                                 "  stmatrix" + tail + " [%row], " + registerList(count) + ";\n" + storeImage, true);
      store.outBytes = kImage;
      list.cta(store);
    }
  CtaForm move = matrixForm("movmatrix.sync.aligned.m8n8.trans.b16",
                            "  movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r0;\n" + storeRegisters, false);
  move.outBytes = 16 * kLanes;
  list.cta(move);
}

} // namespace thrift::sim::hardware
