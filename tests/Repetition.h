//===- Repetition.h - how often a loop of a test runs ----------------------------------------===//
//
// Random and exhaustive loops run in full in the ordinary build. Under sanitizers, where every step costs several times
// as much and the question is whether any step misbehaves, they run the smaller number.
//
//   for (int i = 0; i < repetitions(20000, 2000); ++i)
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_REPETITION_H
#define THRIFTJIT_TESTS_REPETITION_H

namespace thrift {

template <typename Count>
constexpr Count repetitions(Count full, [[maybe_unused]] Count reduced) {
#ifdef THRIFTJIT_REDUCED_REPETITION
  return reduced;
#else
  return full;
#endif
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_REPETITION_H
