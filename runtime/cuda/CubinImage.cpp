//===- CubinImage.cpp - is this really a whole cubin? -----------------------===//

#include "runtime/cuda/CubinImage.h"

#include <cstdint>
#include <cstring>
#include <elf.h>

namespace thrift::cuda {

static constexpr uint16_t kMachineCuda = 190; // EM_CUDA in the ELF machine registry

static Status damaged(const std::string &what) {
  return Status(StatusCode::InvalidArgument, "not a usable cubin: " + what);
}

static bool inside(uint64_t offset, uint64_t bytes, size_t total) { return offset <= total && bytes <= total - offset; }

Status checkCubin(std::string_view image) {
  Elf64_Ehdr header;
  if (image.size() < sizeof header)
    return damaged(std::to_string(image.size()) + " bytes, shorter than an ELF header");
  std::memcpy(&header, image.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return damaged("it does not start with an ELF header");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return damaged("not a 64-bit little-endian ELF file");
  if (header.e_machine != kMachineCuda)
    return damaged("ELF machine is " + std::to_string(header.e_machine) + ", expected 190 (CUDA)");

  if (header.e_shnum && header.e_shentsize != sizeof(Elf64_Shdr))
    return damaged("section headers have " + std::to_string(header.e_shentsize) + " bytes each");
  if (header.e_phnum && header.e_phentsize != sizeof(Elf64_Phdr))
    return damaged("program headers have " + std::to_string(header.e_phentsize) + " bytes each");
  if (!header.e_shnum || header.e_shstrndx >= header.e_shnum)
    return damaged("no section names");
  if (!inside(header.e_shoff, uint64_t(header.e_shnum) * sizeof(Elf64_Shdr), image.size()) ||
      !inside(header.e_phoff, uint64_t(header.e_phnum) * sizeof(Elf64_Phdr), image.size()))
    return damaged("truncated: its header tables lie outside of its " + std::to_string(image.size()) + " bytes");

  for (unsigned i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, image.data() + header.e_shoff + i * sizeof section, sizeof section);
    if (section.sh_type != SHT_NOBITS && !inside(section.sh_offset, section.sh_size, image.size()))
      return damaged("truncated: section " + std::to_string(i) + " lies outside of its " +
                     std::to_string(image.size()) + " bytes");
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, image.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (!inside(segment.p_offset, segment.p_filesz, image.size()))
      return damaged("truncated: segment " + std::to_string(i) + " lies outside of its " +
                     std::to_string(image.size()) + " bytes");
  }
  return Status::ok();
}

} // namespace thrift::cuda
