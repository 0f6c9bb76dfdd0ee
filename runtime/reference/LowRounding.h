//===- LowRounding.h - what a low format leaves of an operand ---------------------------------===//
//
// Quantises and dequantises the operands of the low tier in place, with the quantisers of dialect/formats, in natural
// order and without packing. LowFormat::F16 leaves the values alone.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_LOWROUNDING_H
#define THRIFTJIT_RUNTIME_REFERENCE_LOWROUNDING_H

#include "dialect/formats/Format.h"

#include <cstdint>

namespace thrift {

/// Q or K: `rows` x `channels`, scale groups along the channels (fp8: one scale for all the rows, which are one block).
void roundRows(LowFormat format, float *values, int64_t rows, int64_t channels);

/// V: `rows` x `channels`, scale groups along the rows, the first one starting at row 0 (fp8: one power of two for
/// all).
void roundColumns(LowFormat format, float *values, int64_t rows, int64_t channels);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_LOWROUNDING_H
