//===- Matrix.h - what the matrix transfers share ---------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MATRIX_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MATRIX_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/ops/Access.h"

namespace thrift::sim {

/// A row in shared memory, whatever its elements.
constexpr uint32_t kMatrixRowBytes = 16;

/// The lanes 0 to count - 1, which give the addresses of the rows.
constexpr uint32_t firstLanes(uint32_t count) { return count >= kWarpSize ? kFullMask : (1u << count) - 1; }

/// Where the rows of `lanes` are. A generic address must be one of shared memory.
Step resolveRows(Warp &warp, const Inst &inst, uint32_t lanes, bool isStore, Places &places);

/// The registers of a vector operand.
std::vector<uint32_t> matrixRegisters(Form &form, size_t index, bool isDestination);
/// .shared, .shared::cta or no space, and the address.
void takeRowAddress(Form &form, size_t index);

/// ldmatrix and stmatrix of a shape other than m8n8; .sync and .aligned are taken already.
void decodeByteMatrix(Form &form, bool isLoad);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MATRIX_H
