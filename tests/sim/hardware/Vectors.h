//===- Vectors.h - results of forms in a file -------------------------------===//
//
// What a GPU answered: for each form the output of its first cases, whole, or where that is long a hash of each KiB.
//
// File: the text lines
//     thriftjit hardware vectors
//     generator 1
//     seed 1
//     device NVIDIA H100 80GB HBM3
//     driver 580.159.04
//     records 1234
// and an empty line, then the records, all numbers little-endian: name (u16 length, bytes), fingerprint of kernel and
// operands (u64), cases (u32), encoding (u8: 0 whole, 1 hashes), bytes (u32), these bytes.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_VECTORS_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_VECTORS_H

#include "tests/sim/hardware/Form.h"

#include "runtime/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thrift::sim::hardware {

constexpr uint32_t kHashedBytes = 1024; ///< that one hash stands for

struct Record {
  std::string form;
  uint64_t fingerprint = 0;
  uint32_t cases = 0;
  bool hashed = false;
  std::vector<uint8_t> bytes;
};

struct Vectors {
  uint32_t generator = kGeneratorVersion;
  uint64_t seed = 1;
  std::string device, driver;
  std::vector<Record> records;
};

/// One hash per KiB of output, the last for what is left.
std::vector<uint8_t> hashOutput(const std::vector<uint8_t> &output);

/// The first storedCases of each record, and hashes where that leaves more than `wholeBytes`.
Vectors condense(const Vectors &vectors, const std::vector<Form> &forms, uint64_t seed, uint32_t wholeBytes);

Status writeVectors(const std::string &path, const Vectors &vectors);
/// InvalidArgument says what is wrong with the file.
Result<Vectors> readVectors(const std::string &path);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_VECTORS_H
