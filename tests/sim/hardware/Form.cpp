//===- Form.cpp - a kernel of one instruction, its operands, its judge ------===//

#include "tests/sim/hardware/Form.h"

namespace thrift::sim::hardware {

/// Streams of a form that are no operand of a case.
static constexpr uint64_t kTensorStream = 1000;

std::vector<std::vector<uint8_t>> makeOperands(const Form &form, uint64_t seed, uint32_t cases) {
  uint64_t name = hashText(form.name);
  std::vector<std::vector<uint8_t>> buffers;
  for (size_t operand = 0; operand < form.operands.size(); ++operand) {
    const Operand &made = form.operands[operand];
    std::vector<uint8_t> buffer(size_t(made.bytes) * cases);
    for (uint32_t i = 0; i < cases; ++i) {
      Random random(seed, name, operand, i);
      made.fill(random, i, buffer.data() + size_t(made.bytes) * i);
    }
    buffers.push_back(std::move(buffer));
  }
  return buffers;
}

std::vector<uint8_t> makeTensor(const Form &form, uint64_t seed) {
  if (!form.tensor || form.tensor->isOutput)
    return {};
  std::vector<uint8_t> buffer(form.tensor->data.bytes);
  Random random(seed, hashText(form.name), kTensorStream, 0);
  form.tensor->data.fill(random, 0, buffer.data());
  return buffer;
}

uint64_t fingerprint(const Form &form, uint64_t seed, uint32_t cases) {
  uint64_t hash = hashText(form.ptx);
  for (const std::vector<uint8_t> &buffer : makeOperands(form, seed, cases))
    hash = hashBytes(buffer.data(), buffer.size(), hash);
  std::vector<uint8_t> tensor = makeTensor(form, seed);
  hash = hashBytes(tensor.data(), tensor.size(), hash);
  if (form.tensor)
    hash = hashBytes(&form.tensor->map, sizeof form.tensor->map, hash);
  return hash;
}

} // namespace thrift::sim::hardware
