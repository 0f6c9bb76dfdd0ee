//===- CoverageTest.cpp - what the stored kernels are good for --------------===//
//
// Another version of a compiler may use other instructions. These are what the kernels are kept for.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/compilers/StoredKernel.h"

#include <set>

namespace thrift::sim::test {

TEST(CompiledKernels, EveryFamilyHasATest) {
  const std::set<std::string> kTested = {"attention", "axpy", "matmul", "mean", "scaled", "softmax", "transpose"};
  std::set<std::string> stored;
  for (const std::string &stem : storedKernels())
    stored.insert(StoredKernel(stem).family());
  EXPECT_EQ(stored, kTested);
}

namespace {
struct Use {
  const char *target;
  std::vector<std::string> opcodes; ///< beginnings of opcodes, or modifiers
};
} // namespace

TEST(CompiledKernels, UseWhatTheyAreKeptFor) {
  const Use kUses[] = {
      {"sm_80",
       {"cp.async.cg", "cp.async.mbarrier.arrive.noinc", "ldmatrix", "mma.sync", "f32.tf32.tf32", "f32.bf16.bf16",
        "mbarrier.test_wait.parity", "mbarrier.arrive.shared.b64"}},
      {"sm_90a",
       {"cp.async.bulk.tensor.2d", "cp.async.bulk.tensor.3d", "cp.async.bulk.tensor.5d", "cp.async.bulk.global",
        "bulk_group", "fence.proxy.async", "fence.proxy.tensormap", "tensormap.replace", "tensormap.cp_fenceproxy",
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16", "f32.bf16.bf16", "f32.tf32.tf32", "f32.e4m3.e4m3",
        "setmaxnreg.dec", "mbarrier.try_wait", "elect.sync"}},
      {"sm_100a",
       {"kind::f16", "kind::tf32", "kind::f8f6f4", "kind::mxf8f6f4.block_scale", "kind::mxf4.block_scale",
        "kind::mxf4nvf4.block_scale", "tcgen05.cp", "tcgen05.ld", "tcgen05.st", "tcgen05.commit", "tcgen05.fence",
        "tcgen05.relinquish_alloc_permit", "tcgen05.dealloc", "brx.idx", "setmaxnreg.inc", "cp.async.bulk.tensor.2d"}},
      {"sm_120a",
       {"kind::mxf8f6f4.block_scale", "kind::mxf4nvf4.block_scale.scale_vec::2X",
        "kind::mxf4nvf4.block_scale.scale_vec::4X", "cp.async.bulk.tensor.5d", "brx.idx", "setmaxnreg.inc",
        "f32.e4m3.e4m3", "mbarrier.try_wait"}},
  };
  for (const Use &use : kUses) {
    std::string all;
    for (const std::string &stem : storedKernels())
      if (StoredKernel kernel(stem); kernel.target() == use.target)
        all += kernel.ptx();
    for (const std::string &opcode : use.opcodes)
      EXPECT_NE(all.find(opcode), std::string::npos) << "no kernel for " << use.target << " uses " << opcode;
  }
}

} // namespace thrift::sim::test
