//===- TestSupport.h - what the runtime tests share -------------------------===//
//
// A PTX kernel, scratch directories, and matchers for statuses.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_RUNTIME_TESTSUPPORT_H
#define THRIFTJIT_TESTS_RUNTIME_TESTSUPPORT_H

#include "runtime/ChildProcess.h"
#include "runtime/Status.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

namespace thrift::test {

/// data[i] *= factor for i < count, one thread an element.
constexpr const char *kScalePtx = R"(.version 7.0
.target sm_80
.address_size 64

.visible .entry scale(
	.param .u64 scale_data,
	.param .u32 scale_count,
	.param .f32 scale_factor
)
{
	.reg .pred %p<2>;
	.reg .f32 %f<4>;
	.reg .b32 %r<6>;
	.reg .b64 %rd<5>;

	ld.param.u64 %rd1, [scale_data];
	ld.param.u32 %r1, [scale_count];
	ld.param.f32 %f1, [scale_factor];
	mov.u32 %r2, %ctaid.x;
	mov.u32 %r3, %ntid.x;
	mov.u32 %r4, %tid.x;
	mad.lo.s32 %r5, %r2, %r3, %r4;
	setp.ge.u32 %p1, %r5, %r1;
	@%p1 bra DONE;
	cvta.to.global.u64 %rd2, %rd1;
	mul.wide.u32 %rd3, %r5, 4;
	add.s64 %rd4, %rd2, %rd3;
	ld.global.f32 %f2, [%rd4];
	mul.f32 %f3, %f2, %f1;
	st.global.f32 [%rd4], %f3;
DONE:
	ret;
}
)";

/// A directory that lives as long as a test.
class ScratchDirectory : public testing::Test {
protected:
  void SetUp() override {
    Result<TemporaryDirectory> created = TemporaryDirectory::create(testing::TempDir());
    ASSERT_TRUE(created) << created.status().message();
    root_ = created->keep();
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::string path(const std::string &name) const { return root_ + "/" + name; }

  void writeProgram(const std::string &file, const std::string &script) const {
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << "#!/bin/sh\n" << script;
    ASSERT_EQ(chmod(file.c_str(), 0755), 0);
  }

  std::string root_;
};

inline testing::AssertionResult mentions(const Status &status, const std::string &part) {
  if (status.message().find(part) != std::string::npos)
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << status.message() << "' does not mention '" << part << "'";
}

} // namespace thrift::test

#endif // THRIFTJIT_TESTS_RUNTIME_TESTSUPPORT_H
