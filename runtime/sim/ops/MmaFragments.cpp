//===- MmaFragments.cpp - the fragments of mma.m16n8kK ----------------------===//

#include "runtime/sim/ops/MmaFragments.h"

#include "dialect/formats/Float16.h"

#include <cstring>

namespace thrift::sim {

void widenContainers(MmaElement element, uint32_t *words, int count, float *values) {
  if (element == MmaElement::E2M1)
    for (int i = 0; i < count / 4; ++i)
      words[i] >>= 2;
  widenElements(element, words, values, static_cast<size_t>(count));
}

// Four lanes of one g hold neighbours along k.
void gatherA(Warp &warp, const uint32_t *places, int words, void *a) {
  auto *to = static_cast<uint8_t *>(a);
  for (int r = 0; r < words / 2; ++r) {
    const uint32_t *plane = warp.plane<uint32_t>(places[r]);
    for (int g = 0; g < 8; ++g)
      std::memcpy(to + 4 * ((g + 8 * (r % 2)) * words + 4 * (r / 2)), plane + 4 * g, 16);
  }
}
void gatherB(Warp &warp, const uint32_t *places, int words, void *b) {
  auto *to = static_cast<uint8_t *>(b);
  for (int r = 0; r < words / 4; ++r) {
    const uint32_t *plane = warp.plane<uint32_t>(places[r]);
    for (int g = 0; g < 8; ++g)
      std::memcpy(to + 4 * (g * words + 4 * r), plane + 4 * g, 16);
  }
}

/// Where register r of the lanes with t = 0 begins in ct; t more are two rows further each, and g counts along the row.
static int columnsOf(int r) { return r % 2 * kMmaM + 8 * (r / 2); }

/// Register r of all lanes, as f32, into ct: an 8x4 transposition, written so that it becomes shuffles.
static void putRegister(const float *plane, int r, float *ct) {
  float *column0 = ct + columnsOf(r), *column2 = column0 + 2 * kMmaM, *column4 = column2 + 2 * kMmaM,
        *column6 = column4 + 2 * kMmaM;
  THRIFT_SIM_LANES
  for (int g = 0; g < 8; ++g) {
    column0[g] = plane[4 * g];
    column2[g] = plane[4 * g + 1];
    column4[g] = plane[4 * g + 2];
    column6[g] = plane[4 * g + 3];
  }
}
static void getRegister(float *plane, int r, const float *dt) {
  const float *column0 = dt + columnsOf(r), *column2 = column0 + 2 * kMmaM, *column4 = column2 + 2 * kMmaM,
              *column6 = column4 + 2 * kMmaM;
  THRIFT_SIM_LANES
  for (int g = 0; g < 8; ++g) {
    plane[4 * g] = column0[g];
    plane[4 * g + 1] = column2[g];
    plane[4 * g + 2] = column4[g];
    plane[4 * g + 3] = column6[g];
  }
}

void gatherC(Warp &warp, const uint32_t *places, bool f16, float *ct) {
  for (int r = 0; r < 4; ++r) {
    if (!f16) {
      putRegister(warp.plane<float>(places[r]), r, ct);
      continue;
    }
    const uint32_t *pairs = warp.plane<uint32_t>(places[r / 2]);
    float wide[kWarpSize];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      wide[lane] = f32FromF16(static_cast<uint16_t>(pairs[lane] >> (16 * (r % 2))));
    putRegister(wide, r, ct);
  }
}
void scatterD(Warp &warp, const uint32_t *places, bool f16, const float *dt) {
  for (int r = 0; r < 4; ++r) {
    if (!f16) {
      getRegister(warp.plane<float>(places[r]), r, dt);
      continue;
    }
    float wide[kWarpSize];
    getRegister(wide, r, dt);
    uint32_t *pairs = warp.plane<uint32_t>(places[r / 2]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      uint16_t code = f16FromF32(wide[lane]);
      pairs[lane] = r % 2 == 0 ? code : (pairs[lane] & 0xFFFF) | uint32_t(code) << 16;
    }
  }
}

static void takeFragment(Form &form, std::vector<uint32_t> &places, size_t index, int count, Ty type) {
  const ptx::Operand &operand = form.operand(index);
  auto elements = form.elementsOf(operand);
  auto add = [&](const ptx::Operand &element) {
    places.push_back(index == 0 ? form.destination(element, 32) : form.source(element, type));
  };
  if (operand.kind != ptx::OperandKind::Vector) {
    if (count != 1)
      return form.invalid("operand " + std::to_string(index + 1) + " is not a vector");
    return add(operand);
  }
  if (elements.size() != static_cast<size_t>(count))
    return form.invalid("operand " + std::to_string(index + 1) + " has " + std::to_string(elements.size()) +
                        " registers; allowed: " + std::to_string(count));
  for (const ptx::Operand &element : elements)
    add(element);
}

std::vector<uint32_t> takeFragments(Form &form, int words, bool f16) {
  Ty accumulator = f16 ? Ty::B32 : Ty::F32;
  std::vector<uint32_t> places;
  takeFragment(form, places, 0, f16 ? 2 : 4, accumulator);
  takeFragment(form, places, 1, words / 2, Ty::B32);
  takeFragment(form, places, 2, words / 4, Ty::B32);
  takeFragment(form, places, 3, f16 ? 2 : 4, accumulator);
  return places;
}

void countMma(Warp &warp, int k) {
  ++warp.cta.stats.mmaInstructions;
  warp.cta.stats.mmaMacs += static_cast<uint64_t>(kMmaM * kMmaN) * static_cast<uint64_t>(k);
}

} // namespace thrift::sim
