// Each kernel knows its shared variables, those of the functions it may call included, and where they lie.

#include "Snippets.h"

namespace thrift::sim::ptx {

TEST(SharedLayout, declarationOrderWithAlignment) {
  Module module = parsed(kernelText(".shared .b8 c;\nst.shared.u8 [a], 1; st.shared.u32 [b], 1; st.shared.u8 [c], 1;",
                                    ".shared .b8 a;\n.shared .align 16 .b8 b[20];\n.shared .u64 unused;\n"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.shared.size(), 3u);
  EXPECT_EQ(kernel.shared[0].offset, 0u);
  EXPECT_EQ(kernel.shared[1].offset, 16u);
  EXPECT_EQ(kernel.shared[2].offset, 36u);
  EXPECT_EQ(module.variables[kernel.shared[2].variable].name, "c");
  EXPECT_EQ(kernel.sharedBytes, 37u);
  EXPECT_EQ(kernel.sharedAlignment, 16u);
  EXPECT_EQ(kernel.dynamicSharedOffset, 37u);
  EXPECT_TRUE(kernel.dynamicShared.empty());
}

TEST(SharedLayout, dynamicMemoryComesLast) {
  Module module = parsed(kernelText(".extern .shared .align 1024 .b8 inner[];\n"
                                    "mov.u32 %r1, outer; mov.u32 %r2, inner; mov.u32 %r3, a;",
                                    ".extern .shared .align 16 .b8 outer[];\n.shared .b8 a[100];\n"));
  const Function &kernel = kernelOf(module);
  EXPECT_EQ(kernel.sharedBytes, 100u);
  EXPECT_EQ(kernel.dynamicSharedOffset, 1024u);
  EXPECT_EQ(kernel.sharedAlignment, 1024u);
  EXPECT_EQ(kernel.dynamicShared.size(), 2u);
}

TEST(SharedLayout, followsCallsAddressesAndInitialisers) {
  Module module = parsed(header() + ".shared .b8 a[8]; .shared .b8 b[8]; .shared .b8 c[8]; .shared .b8 d[8];\n"
                                    ".func f() { st.shared.u8 [a], 1; ret; }\n"
                                    ".func g() { st.shared.u8 [b], 1; ret; }\n"
                                    ".global .u64 table[2] = {g, c};\n"
                                    ".func h() { .reg .b64 t; mov.u64 t, table; call f; ret; }\n"
                                    ".entry k() { call h; ret; }\n"
                                    ".entry other() { st.shared.u8 [d], 1; ret; }\n");
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.shared.size(), 3u);
  EXPECT_EQ(kernel.sharedBytes, 24u);
  EXPECT_EQ(kernel.callees.size(), 3u);
  const Function &other = module.functions[module.findFunction("other")];
  ASSERT_EQ(other.shared.size(), 1u);
  EXPECT_EQ(module.variables[other.shared[0].variable].name, "d");
  EXPECT_EQ(other.shared[0].offset, 0u);
  EXPECT_TRUE(module.functions[module.findFunction("f")].shared.empty()) << "kernels only";
}

} // namespace thrift::sim::ptx
