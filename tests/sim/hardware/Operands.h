//===- Operands.h - random and special operands -----------------------------===//
//
// Values for operands of instructions, by kind. Every kind mixes uniform bits with the values at which instructions
// change their behaviour: ends of ranges, zeros, infinities, NaNs, subnormals, ties of narrower formats.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_OPERANDS_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_OPERANDS_H

#include "tests/sim/hardware/Form.h"

#include <cstring>

namespace thrift::sim::hardware {

enum class Kind : uint8_t {
  U8,
  U16,
  U32,
  U64,      ///< integers of any sign
  Bits8,    ///< 0 .. 255 in a word: shift amounts, positions, lengths
  F32,      ///<
  F64,      ///< all magnitudes
  NaN64,    ///< f64, mostly NaNs of any payload
  Half,     ///< 16 bits: f16 or bf16
  Half2,    ///< two of them
  Angle,    ///< f32 in [-2 pi, 2 pi]
  WideAngle ///< f32 in [-100 pi, 100 pi]
};
/// Bytes in memory.
uint32_t kindBytes(Kind kind);
uint64_t drawValue(Kind kind, Random &random);
Operand operandOf(Kind kind);

uint64_t drawInteger(unsigned bits, Random &random);
uint32_t drawFloat(Random &random);
uint64_t drawDouble(Random &random);
uint16_t drawHalf(Random &random);

/// Element formats of matrix instructions.
enum class MatrixFormat : uint8_t { F16, BF16, TF32, E4M3, E5M2, F32 };
unsigned formatBits(MatrixFormat format);
/// How elements are distributed. Sums of products show what an accumulator keeps only if magnitudes differ.
enum class Spread : uint8_t {
  Narrow,  ///< exponents within 4
  Wide,    ///< within 16
  Full,    ///< all finite values
  Special, ///< Wide, with some zeros, subnormals, infinities and NaNs
};
/// Cases of matrix forms take the spreads in turn.
inline Spread spreadOf(uint32_t index) { return static_cast<Spread>(index % 4); }
uint32_t drawElement(MatrixFormat format, Spread spread, Random &random);
/// Fills memory with elements, packed.
void fillElements(MatrixFormat format, Spread spread, Random &random, uint8_t *data, size_t bytes);

inline void fillRandom(Random &random, uint8_t *data, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 4) {
    uint32_t word = random.word();
    std::memcpy(data + i, &word, bytes - i < 4 ? bytes - i : 4);
  }
}
inline void putWord(uint8_t *data, size_t index, uint32_t word) { std::memcpy(data + 4 * index, &word, 4); }

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_OPERANDS_H
