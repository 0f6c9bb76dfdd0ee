//===- BoxKernel.h - a kernel that copies one box by a tensor map ------------===//
//
// Loads the box at given coordinates by TMA and writes it out as it lies in shared memory, swizzled. By hand, so that
// maps are tested before any compiled kernel has one.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_RUNTIME_BOXKERNEL_H
#define THRIFTJIT_TESTS_RUNTIME_BOXKERNEL_H

#include "runtime/Device.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace thrift::test {

constexpr uint32_t kBoxThreads = 128;

/// `box(map, u64 out, u32 c0, ...)`: coordinates innermost first, one a dimension. `bytes` is the size of the box.
inline std::string boxPtx(unsigned rank, uint32_t bytes) {
  std::string parameters, loads, coordinates, size = std::to_string(bytes);
  for (unsigned i = 0; i < rank; ++i) {
    std::string c = std::to_string(i);
    parameters += ", .param .u32 c" + c;
    loads += "\tld.param.u32 %c" + c + ", [c" + c + "];\n";
    coordinates += (i ? ", %c" : "%c") + c;
  }
  return R"(.version 8.0
.target sm_90a
.address_size 64

.visible .entry box(.param .align 64 .b8 map[128], .param .u64 out)" +
         parameters + R"()
{
	.shared .align 1024 .b8 tile[)" +
         size + R"(];
	.shared .align 8 .b64 bar;
	.reg .b64 %map, %out, %at;
	.reg .b32 %t, %bar, %tile, %byte, %word, %c<5>;
	.reg .pred %first, %more, %done;

	mov.u32 %t, %tid.x;
	mov.u32 %bar, bar;
	mov.u32 %tile, tile;
	setp.eq.u32 %first, %t, 0;
	@%first mbarrier.init.shared::cta.b64 [%bar], 1;
	fence.proxy.async.shared::cta;
	bar.sync 0;
	@!%first bra WAIT;
	mov.b64 %map, map;
	cvta.param.u64 %map, %map;
)" + loads +
         "\tmbarrier.arrive.expect_tx.shared::cta.b64 _, [%bar], " + size + ";\n\tcp.async.bulk.tensor." +
         std::to_string(rank) + "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%tile], [%map, {" +
         coordinates + R"(}], [%bar];
WAIT:
	mbarrier.try_wait.parity.shared::cta.b64 %done, [%bar], 0;
	@!%done bra WAIT;
	ld.param.u64 %out, [out];
	cvta.to.global.u64 %out, %out;
	shl.b32 %byte, %t, 2;
COPY:
	cvt.u64.u32 %at, %byte;
	add.u64 %at, %at, %out;
	add.u32 %word, %tile, %byte;
	ld.shared.u32 %word, [%word];
	st.global.u32 [%at], %word;
	add.u32 %byte, %byte, )" +
         std::to_string(4 * kBoxThreads) + R"(;
	setp.lt.u32 %more, %byte, )" +
         size + R"(;
	@%more bra COPY;
	ret;
}
)";
}

inline std::shared_ptr<const LoadedKernel> loadBoxKernel(Device &device, unsigned rank, uint32_t bytes) {
  auto module = device.loadModule({ImageKind::Ptx, boxPtx(rank, bytes)});
  EXPECT_TRUE(module) << module.status().message();
  if (!module)
    return nullptr;
  auto kernel = (*module)->find("box");
  EXPECT_TRUE(kernel) << kernel.status().message();
  return kernel ? *kernel : nullptr;
}

/// Runs the kernel; `arguments` are all of its arguments, with `out` for `bytes` bytes among them.
inline std::vector<uint8_t> runBox(Device &device, const LoadedKernel &kernel, const LaunchArguments &arguments,
                                   DevicePointer out, uint32_t bytes) {
  std::vector<uint8_t> box(bytes);
  EXPECT_TRUE(device.fill(out, 0xEE, bytes, {}));
  Status status = device.launch(kernel, {{1}, {kBoxThreads}}, arguments, {});
  EXPECT_TRUE(status) << status.message();
  status = device.copyOut(box.data(), out, bytes, {});
  EXPECT_TRUE(status) << status.message();
  status = device.synchronize({});
  EXPECT_TRUE(status) << status.message();
  return box;
}

/// Where byte `byte` of row `row` of a box lies in shared memory. The 16-byte pieces of a row change places by an
/// exclusive or with the number of the 128-byte line that the row lies in.
inline size_t swizzled(size_t row, size_t byte, size_t rowBytes, size_t swizzleBytes) {
  size_t at = row * rowBytes + byte;
  if (swizzleBytes == 0)
    return at;
  size_t piece = at % swizzleBytes / 16, line = at / 128;
  return at - piece * 16 + (piece ^ line % (swizzleBytes / 16)) * 16;
}

} // namespace thrift::test

#endif // THRIFTJIT_TESTS_RUNTIME_BOXKERNEL_H
