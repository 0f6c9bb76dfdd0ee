//===- PtxMutator.h - changes that leave most of a PTX text valid -----------===//
//
// Random bytes hardly ever parse. These changes work on statements and tokens: exchange two statements, repeat or drop
// one, take an operand, a modifier or a number from elsewhere in the text.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_FUZZ_PTXMUTATOR_H
#define THRIFTJIT_TESTS_FUZZ_PTXMUTATOR_H

#include <cstdint>
#include <string>

namespace thrift::sim {

/// The text with a few changes, chosen by `seed`.
std::string mutatePtx(const std::string &text, uint64_t seed);

} // namespace thrift::sim

#endif // THRIFTJIT_TESTS_FUZZ_PTXMUTATOR_H
