//===- CudaImageTest.cpp - cubins and PTX versions --------------------------===//

#include "runtime/cuda/CubinImage.h"
#include "runtime/cuda/PtxVersion.h"

#include "TestSupport.h"

#include <cstring>
#include <elf.h>

using namespace thrift;
using namespace thrift::cuda;
using thrift::test::mentions;

/// A minimal ELF file that passes: header, one program header, two sections.
struct Cubin {
  Elf64_Ehdr header = {};
  Elf64_Phdr segment = {};
  Elf64_Shdr sections[2] = {};
  char content[32] = {};

  Cubin() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = 190;
    header.e_phoff = offsetof(Cubin, segment);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    header.e_shoff = offsetof(Cubin, sections);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 2;
    header.e_shstrndx = 1;
    segment.p_offset = offsetof(Cubin, content);
    segment.p_filesz = sizeof content;
    for (Elf64_Shdr &section : sections) {
      section.sh_type = SHT_PROGBITS;
      section.sh_offset = offsetof(Cubin, content);
      section.sh_size = sizeof content;
    }
  }
  Status check() const { return checkCubin({reinterpret_cast<const char *>(this), sizeof *this}); }
};

TEST(CubinImage, AcceptsAWholeFile) {
  EXPECT_TRUE(Cubin().check()) << Cubin().check().message();
  Cubin shared;
  shared.sections[0].sh_type = SHT_NOBITS; // shared memory has a size, but no bytes in the file
  shared.sections[0].sh_size = 1 << 20;
  EXPECT_TRUE(shared.check());
}

TEST(CubinImage, RefusesEveryTruncation) {
  Cubin cubin;
  for (size_t length = 0; length < sizeof cubin; ++length)
    EXPECT_FALSE(checkCubin({reinterpret_cast<const char *>(&cubin), length})) << length;
}

TEST(CubinImage, RefusesOffsetsOutsideOfTheFile) {
  for (uint64_t bad : {uint64_t(sizeof(Cubin)) + 1, ~uint64_t(0), ~uint64_t(0) - 16, uint64_t(1) << 63}) {
    Cubin cubin;
    cubin.header.e_shoff = bad;
    EXPECT_TRUE(mentions(cubin.check(), "truncated"));
    cubin = Cubin();
    cubin.header.e_phoff = bad;
    EXPECT_TRUE(mentions(cubin.check(), "truncated"));
    cubin = Cubin();
    cubin.sections[1].sh_offset = bad;
    EXPECT_TRUE(mentions(cubin.check(), "section 1"));
    cubin = Cubin();
    cubin.sections[1].sh_size = bad;
    EXPECT_TRUE(mentions(cubin.check(), "section 1"));
    cubin = Cubin();
    cubin.segment.p_filesz = bad;
    EXPECT_TRUE(mentions(cubin.check(), "segment 0"));
  }
  Cubin many;
  many.header.e_shnum = 0xffff;
  EXPECT_TRUE(mentions(many.check(), "truncated"));
}

TEST(CubinImage, RefusesOtherFiles) {
  Cubin host;
  host.header.e_machine = EM_X86_64;
  EXPECT_TRUE(mentions(host.check(), "ELF machine is 62, expected 190 (CUDA)"));
  Cubin narrow;
  narrow.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_TRUE(mentions(narrow.check(), "64-bit"));
  Cubin nameless;
  nameless.header.e_shstrndx = 2;
  EXPECT_TRUE(mentions(nameless.check(), "section names"));
  Cubin odd;
  odd.header.e_shentsize = 1;
  EXPECT_TRUE(mentions(odd.check(), "section headers"));
  EXPECT_TRUE(mentions(checkCubin(std::string(200, 'x')), "ELF header"));
  EXPECT_EQ(checkCubin("").code(), StatusCode::InvalidArgument);
}

TEST(PtxVersion, IsRead) {
  EXPECT_EQ(ptxVersion("// c\n.version 8.7\n"), 87);
  EXPECT_EQ(ptxVersion(".version\t9.0"), 90);
  for (const char *none : {"", ".version", ".version ", ".version x.y", ".version 8", ".version 8.", ".target sm_80"})
    EXPECT_EQ(ptxVersion(none), 0) << none;
}

TEST(PtxVersion, Explanation) {
  EXPECT_EQ(driverForPtx(80), 12000);
  EXPECT_EQ(driverForPtx(12), 0);
  EXPECT_EQ(explainPtxVersion(".version 8.8", 12040).rfind("PTX 8.8 needs a driver for CUDA 12.9 or newer", 0), 0u);
  EXPECT_EQ(explainPtxVersion(".version 9.9", 12040).rfind("PTX 9.9 needs a newer driver", 0), 0u);
  EXPECT_NE(explainPtxVersion("", 13000).find("this one is for CUDA 13.0"), std::string::npos);
}
