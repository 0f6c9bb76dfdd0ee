//===- InstructionDescriptor.h - what a tcgen05.mma multiplies ----------------===//
//
// The 32-bit operand idesc of tcgen05.mma (PTX ISA "Instruction descriptor"). Three layouts, by kind:
//
//   bit   f16, tf32, f8f6f4                       mxf8f6f4                  mxf4, mxf4nvf4
//   0-1   sparsity selector                       0                         0
//   2     sparse                                  sparse                    sparse
//   3     saturate (integers)                     0                         0
//   4-5   type of D: F16 0, F32 1                 id of B's scales          id of B's scales
//   6     0                                       0                         0
//   7-9   type of A                               type of A                 type of A: E2M1 1
//   10-12 type of B                               type of B                 type of B (10-11): E2M1 1
//   13,14 negate A, B                             the same                  the same
//   15,16 transpose A, B: MN-major                the same                  0
//   17-22 N / 8                                   N / 8                     N / 8
//   23    0                                       scales: UE8M0 1           scales: UE4M3 0, UE8M0 1
//   24-28 M / 16                                  27-28: M / 128            27-28: M / 128
//   29-30 0 (29)                                  id of A's scales          id of A's scales
//   31    30-31: shift of .ws                     0                         K: 0 is 64, 1 is 96 (sm_103a)
//
//   types: kind::f16 F16 0, BF16 1;  tf32 2;  f8f6f4 and mxf8f6f4 E4M3 0, E5M2 1, E2M3 3, E3M2 4, E2M1 5
//   ids: the first byte of a word of scales
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_INSTRUCTIONDESCRIPTOR_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_INSTRUCTIONDESCRIPTOR_H

#include "runtime/sim/arith/Mma.h"

#include <cstdint>
#include <string>

namespace thrift::sim {

enum class MmaKind : uint8_t { F16, TF32, F8F6F4, MxF8F6F4, MxF4, MxF4NvF4 };

constexpr bool isScaled(MmaKind kind) { return kind >= MmaKind::MxF8F6F4; }
/// Two elements of 4 bits in a byte, without containers.
constexpr bool isPackedFp4(MmaKind kind) { return kind == MmaKind::MxF4 || kind == MmaKind::MxF4NvF4; }
/// K of one dense instruction: 32 bytes of a row.
constexpr int kOf(MmaKind kind) {
  return kind == MmaKind::F16 ? 16 : kind == MmaKind::TF32 ? 8 : isPackedFp4(kind) ? 64 : 32;
}
const char *nameOf(MmaKind kind);

struct InstructionDescriptor {
  MmaElement a = MmaElement::F16, b = MmaElement::F16;
  bool f16Accumulator = false;
  bool negateA = false, negateB = false;
  bool transposeA = false, transposeB = false;
  int m = 0, n = 0, k = 0;
  MmaScaleFormat scales = MmaScaleFormat::UE8M0;
  unsigned scaleIdA = 0, scaleIdB = 0;
};

/// Decodes the descriptor of a dense mma; `scaleVector` is 1, 2 or 4 scales per row, 0 without block scaling. Returns
/// what is wrong with it; "" is good.
std::string decodeInstructionDescriptor(MmaKind kind, unsigned scaleVector, uint32_t bits,
                                        InstructionDescriptor &descriptor);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_INSTRUCTIONDESCRIPTOR_H
