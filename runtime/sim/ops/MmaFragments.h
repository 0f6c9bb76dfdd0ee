//===- MmaFragments.h - the fragments of mma.m16n8kK ------------------------===//
//
// PTX ISA "Matrix Fragments for mma.m16n8k*": how the lanes of a warp hold A by rows, B by columns, C and D. With g =
// lane / 4, t = lane % 4 and `per` elements in a 32-bit register, all along k, the fragments are
//
//   A, register r: row g + 8 (r % 2),  elements k = (4 (r / 2) + t) per + 0 .. per-1
//   B, register r: column g,           elements k = (4 r + t) per + 0 .. per-1
//   C and D in f32: c0 c1 = row g, columns 2t 2t+1;  c2 c3 = row g + 8.  In f16 two of them share a register.
//
// so that A is an array of words [16][K/per] and B one of [8][K/per], whatever the type. C and D are held transposed,
// ct[n][m], as mmaM16N8K16F16 wants them.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MMAFRAGMENTS_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MMAFRAGMENTS_H

#include "runtime/sim/arith/Elements.h"
#include "runtime/sim/decode/Form.h"
#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

constexpr int kMmaM = 16, kMmaN = 8;
constexpr int kMaxMmaWords = 8; ///< words along k: K/per

/// Bits that an element takes in a register of a kind that has 8-bit containers for the 4- and 6-bit formats.
constexpr int containerBits(MmaElement element) { return bitsOf(element) < 8 ? 8 : bitsOf(element); }

/// Widens `count` elements in containers. The words are used up: E2M1 lies in bits 2-5 of its byte, the 6-bit formats
/// in bits 0-5.
void widenContainers(MmaElement element, uint32_t *words, int count, float *values);

/// Copies the words of a fragment out of the registers `places`; `words` lie along k.
void gatherA(Warp &warp, const uint32_t *places, int words, void *a);
void gatherB(Warp &warp, const uint32_t *places, int words, void *b);
void gatherC(Warp &warp, const uint32_t *places, bool f16, float *ct);
void scatterD(Warp &warp, const uint32_t *places, bool f16, const float *dt);

/// Where the four operands begin in inst.list, which takeFragments has filled.
struct FragmentLists {
  const uint32_t *d, *a, *b, *c;

  FragmentLists(const Inst &inst, int words, bool f16) {
    d = inst.list;
    a = d + (f16 ? 2 : 4);
    b = a + words / 2;
    c = b + words / 4;
  }
  /// The first place behind them.
  const uint32_t *end(bool f16) const { return c + (f16 ? 2 : 4); }
};

/// The registers of operands D, A, B, C in this order; `f16` accumulators share registers.
std::vector<uint32_t> takeFragments(Form &form, int words, bool f16);

void countMma(Warp &warp, int k);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MMAFRAGMENTS_H
