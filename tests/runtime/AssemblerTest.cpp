//===- AssemblerTest.cpp ----------------------------------------------------===//

#include "runtime/Assembler.h"

#include "runtime/cuda/CubinImage.h"

#include "TestSupport.h"

#include <csignal>

using namespace thrift;
using namespace thrift::test;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

TEST(AssemblerText, Statistics) {
  auto entries = parseStatistics(R"(ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'big' for 'sm_90'
ptxas info    : Function properties for big
    1056 bytes stack frame, 1044 bytes spill stores, 1156 bytes spill loads
ptxas info    : Function properties for helper
    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 24 registers, used 1 barriers, 1056 bytes cumulative stack size, 1024 bytes smem
ptxas info    : Compile time = 48.589 ms
ptxas info    : Compiling entry function 'small' for 'sm_90'
ptxas info    : Function properties for small
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, 356 bytes cmem[0]
)");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].entry, "big");
  EXPECT_EQ(entries[0].registers, 24);
  EXPECT_EQ(entries[0].barriers, 1);
  EXPECT_EQ(entries[0].stackBytes, 1056);
  EXPECT_EQ(entries[0].spillStoreBytes, 1048);
  EXPECT_EQ(entries[0].spillLoadBytes, 1168);
  EXPECT_EQ(entries[0].sharedBytes, 1024);
  EXPECT_EQ(entries[1].entry, "small");
  EXPECT_EQ(entries[1].registers, 8);
  EXPECT_EQ(entries[1].spillStoreBytes + entries[1].spillLoadBytes + entries[1].sharedBytes, 0);
}

TEST(AssemblerText, StatisticsOfOddTexts) {
  EXPECT_TRUE(parseStatistics("").empty());
  EXPECT_TRUE(parseStatistics("Used 8 registers\nFunction properties for x\n").empty());
  auto entries =
      parseStatistics("Compiling entry function 'k' for 'sm_80'\n: Used 99999999999999 registers\n: Used  registers");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].registers, 0);
  EXPECT_TRUE(parseStatistics("Compiling entry function 'unfinished").empty());
}

TEST(AssemblerText, Version) {
  EXPECT_EQ(parseAssemblerVersion("Cuda compilation tools, release 13.0, V13.0.88\nBuild x"), "13.0.88");
  EXPECT_EQ(parseAssemblerVersion("GNU assembler version 2.40"), "");
  EXPECT_EQ(parseAssemblerVersion(""), "");
}

TEST(AssemblerText, QuotedCommands) {
  EXPECT_EQ(quoteCommand({"/usr/bin/ptxas", "-arch=sm_90a", "a b", "it's", "", "$HOME;rm"}),
            R"(/usr/bin/ptxas -arch=sm_90a 'a b' 'it'\''s' '' '$HOME;rm')");
}

//===----------------------------------------------------------------------===//
// Programs that play ptxas
//===----------------------------------------------------------------------===//

class FakePtxas : public ScratchDirectory {
protected:
  static std::string reports(const std::string &version) {
    return "if [ \"$1\" = --version ]; then echo 'release 1, V" + version + "'; exit 0; fi\n";
  }
  Environment environment() const {
    Environment environment;
    environment.tempDir = root_;
    return environment;
  }
  /// A ptxas that gives its version and otherwise runs `script`.
  Result<Assembler> playing(const std::string &script) {
    writeProgram(path("tool kit/ptxas"), reports("1.2.3") + script);
    Environment e = environment();
    e.ptxas = path("tool kit/ptxas");
    return Assembler::find(e);
  }
  std::string noToolkit() const { return path("no-toolkit"); }
};

TEST_F(FakePtxas, SearchOrder) {
  writeProgram(path("named/ptxas-x"), reports("1.0.0"));
  writeProgram(path("cuda/bin/ptxas"), reports("2.0.0"));
  writeProgram(path("first/ptxas"), reports("3.0.0"));
  writeProgram(path("second/ptxas"), reports("4.0.0"));
  writeProgram(path("toolkit/bin/ptxas"), reports("5.0.0"));
  auto version = [&](const Environment &e) {
    Result<Assembler> found = Assembler::find(e, path("toolkit"));
    return found ? found->version() : found.status().message();
  };
  Environment e = environment();
  EXPECT_EQ(version(e), "5.0.0");
  e.path = path("absent") + "::" + path("first") + ":" + path("second");
  EXPECT_EQ(version(e), "3.0.0");
  e.cudaHome = path("cuda");
  EXPECT_EQ(version(e), "2.0.0");
  e.cudaHome = path("absent");
  EXPECT_EQ(version(e), "3.0.0");
  e.ptxas = path("named/ptxas-x");
  EXPECT_EQ(version(e), "1.0.0");
  EXPECT_EQ(Assembler::find(e)->identity(), "ptxas 1.0.0");
}

TEST_F(FakePtxas, AbsentIsUnsupported) {
  Result<Assembler> found = Assembler::find(environment(), noToolkit());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.status().code(), StatusCode::Unsupported);
  EXPECT_TRUE(mentions(found.status(), "THRIFTJIT_PTXAS"));
}

TEST_F(FakePtxas, NamedButAbsentIsAnError) {
  Environment e = environment();
  fs::create_directory(path("directory"));
  std::ofstream(path("plain")) << "not executable";
  for (const std::string &name : {path("absent"), path("directory"), path("plain")}) {
    e.ptxas = name;
    Result<Assembler> found = Assembler::find(e);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.status().field(), "THRIFTJIT_PTXAS");
  }
}

TEST_F(FakePtxas, SomethingElseOfThatName) {
  Environment e = environment();
  for (const char *script : {"echo hello", "echo 'V1.2.3'; exit 4", "kill -SEGV $$", "exit 0"}) {
    writeProgram(path("other/ptxas"), script);
    e.ptxas = path("other/ptxas");
    Result<Assembler> found = Assembler::find(e);
    ASSERT_FALSE(found) << script;
    EXPECT_EQ(found.status().code(), StatusCode::CompileFailed);
    EXPECT_TRUE(mentions(found.status(), "does not behave like ptxas"));
  }
}

TEST_F(FakePtxas, NotAProgramAtAll) {
  fs::create_directory(path("odd"));
  std::ofstream(path("odd/ptxas")) << "\x7f"
                                      "ELF but no more";
  ASSERT_EQ(chmod(path("odd/ptxas").c_str(), 0755), 0);
  Environment e = environment();
  e.ptxas = path("odd/ptxas");
  EXPECT_FALSE(Assembler::find(e));
}

TEST_F(FakePtxas, ArgumentsAreAVector) {
  auto assembler = playing("for a in \"$@\"; do echo \"<$a>\"; done\nprev=\nfor a in \"$@\"; do [ \"$prev\" = -o ] && "
                           "printf cubin > \"$a\"; prev=$a; done\n");
  ASSERT_TRUE(assembler) << assembler.status().message();
  Result<Assembled> code = assembler->assemble("text", "sm_90a");
  ASSERT_TRUE(code) << code.status().message();
  EXPECT_EQ(code->cubin, "cubin");
  EXPECT_NE(code->log.find("<-arch=sm_90a>"), std::string::npos) << code->log;
  EXPECT_NE(code->log.find("kernel.ptx>"), std::string::npos) << code->log;
  // Nothing of a success stays on the disk.
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

TEST_F(FakePtxas, FailureNamesCommandAndKeepsThePtx) {
  auto assembler = playing("echo 'line 7: no such thing' >&2; exit 3");
  ASSERT_TRUE(assembler) << assembler.status().message();
  Result<Assembled> code = assembler->assemble("the PTX text", "sm_80");
  ASSERT_FALSE(code);
  EXPECT_EQ(code.status().code(), StatusCode::CompileFailed);
  EXPECT_TRUE(mentions(code.status(), "exit 3"));
  EXPECT_TRUE(mentions(code.status(), "line 7: no such thing"));
  EXPECT_TRUE(mentions(code.status(), "'" + path("tool kit/ptxas") + "' -v -arch=sm_80 " + root_ + "/thriftjit-"));
  // The command works when it is pasted into a shell, and the file is what was assembled.
  std::string message = code.status().message();
  size_t begin = message.find("repeat with: ") + 13;
  std::string command = message.substr(begin, message.find("; its output") - begin);
  EXPECT_EQ(WEXITSTATUS(std::system((command + " 2>/dev/null").c_str())), 3);
  size_t file = command.find(root_ + "/thriftjit-");
  std::string kept = command.substr(file, command.find(' ', file) - file);
  EXPECT_EQ(*readFile(kept), "the PTX text");
}

TEST_F(FakePtxas, CrashIsNamed) {
  auto assembler = playing("kill -SEGV $$");
  ASSERT_TRUE(assembler);
  EXPECT_TRUE(mentions(assembler->assemble("text", "sm_80").status(), "killed by signal 11"));
}

TEST_F(FakePtxas, HangIsStopped) {
  auto assembler = playing("exec sleep 600");
  ASSERT_TRUE(assembler);
  auto begin = std::chrono::steady_clock::now();
  Result<Assembled> code = assembler->assemble("text", "sm_80", std::chrono::milliseconds(150));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  ASSERT_FALSE(code);
  EXPECT_TRUE(mentions(code.status(), "stopped after 150 ms"));
}

TEST_F(FakePtxas, SuccessWithoutAFile) {
  auto assembler = playing("exit 0");
  ASSERT_TRUE(assembler);
  Result<Assembled> code = assembler->assemble("text", "sm_80");
  ASSERT_FALSE(code);
  EXPECT_EQ(code.status().code(), StatusCode::IoError);
}

TEST_F(FakePtxas, TemporaryDirectoryIsMissing) {
  auto assembler = playing("exit 0");
  ASSERT_TRUE(assembler);
  Environment e = environment();
  e.ptxas = assembler->path();
  e.tempDir = path("absent");
  Result<Assembler> found = Assembler::find(e);
  ASSERT_FALSE(found);
  EXPECT_TRUE(mentions(found.status(), "TMPDIR"));
}

TEST_F(FakePtxas, ArchitectureNames) {
  auto assembler = playing("exit 1");
  ASSERT_TRUE(assembler);
  for (const char *bad : {"", "sm_", "sm_90b", "sm_90aa", "90", "compute_90", "sm_90a -o /etc/passwd", "sm_9 0"})
    EXPECT_EQ(assembler->assemble("text", bad).status().field(), "architecture") << bad;
  for (const char *good : {"sm_80", "sm_90a", "sm_100f", "sm_120"})
    EXPECT_EQ(assembler->assemble("text", good).status().code(), StatusCode::CompileFailed) << good;
}

//===----------------------------------------------------------------------===//
// The real ptxas
//===----------------------------------------------------------------------===//

class RealPtxas : public ScratchDirectory {
protected:
  void SetUp() override {
    ScratchDirectory::SetUp();
    Result<Environment> environment = Environment::read();
    ASSERT_TRUE(environment) << environment.status().message();
    environment->tempDir = root_;
    Result<Assembler> found = Assembler::find(*environment);
    if (!found)
      GTEST_SKIP() << found.status().message();
    assembler_ = *found;
  }
  const Assembler &assembler() const { return *assembler_; }

private:
  std::optional<Assembler> assembler_;
};

TEST_F(RealPtxas, AssemblesForSeveralArchitectures) {
  for (const char *architecture : {"sm_80", "sm_90a", "sm_100a", "sm_120a"}) {
    Result<Assembled> code = assembler().assemble(kScalePtx, architecture);
    // sm_100a and later need ptxas 12.8.
    if (!code && code.status().code() == StatusCode::Unsupported)
      continue;
    ASSERT_TRUE(code) << code.status().message();
    Status whole = cuda::checkCubin(code->cubin);
    EXPECT_TRUE(whole) << architecture << ": " << whole.message();
    ASSERT_EQ(code->entries.size(), 1u) << code->log;
    EXPECT_EQ(code->entries[0].entry, "scale");
    EXPECT_GT(code->entries[0].registers, 3);
    EXPECT_EQ(code->entries[0].spillStoreBytes, 0);
    EXPECT_EQ(code->entries[0].sharedBytes, 0);
    for (size_t length = 0; length < code->cubin.size(); length += 7)
      EXPECT_FALSE(cuda::checkCubin(std::string_view(code->cubin).substr(0, length))) << length;
  }
}

TEST_F(RealPtxas, SyntaxErrorIsReported) {
  std::string broken(kScalePtx);
  broken.replace(broken.find("mul.f32"), 7, "mulx.f32");
  Result<Assembled> code = assembler().assemble(broken, "sm_80");
  ASSERT_FALSE(code);
  EXPECT_EQ(code.status().code(), StatusCode::CompileFailed);
  EXPECT_TRUE(mentions(code.status(), "mulx"));
  EXPECT_TRUE(mentions(code.status(), "repeat with: " + assembler().path()));
}

TEST_F(RealPtxas, UnknownArchitecture) {
  Status status = assembler().assemble(kScalePtx, "sm_999").status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported);
  EXPECT_TRUE(
      mentions(status, "ptxas " + assembler().version() + " at " + assembler().path() + " cannot target sm_999"));
}

TEST_F(RealPtxas, PtxTooNew) {
  std::string newer(kScalePtx);
  newer.replace(newer.find("7.0"), 3, "9.9");
  Status status = assembler().assemble(newer, "sm_80").status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported);
  EXPECT_TRUE(mentions(status, "too old for this PTX"));
}
