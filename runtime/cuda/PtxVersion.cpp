//===- PtxVersion.cpp - which driver does a PTX text need? ------------------===//

#include "runtime/cuda/PtxVersion.h"

#include "runtime/cuda/Driver.h"

#include <cctype>

namespace thrift::cuda {

namespace {
struct Release {
  int ptx, cuda;
};
} // namespace

// PTX ISA reference, release history.
static constexpr Release kReleases[] = {
    {70, 11000}, {71, 11010}, {72, 11020}, {73, 11030}, {74, 11040}, {75, 11050}, {76, 11060},
    {77, 11070}, {78, 11080}, {80, 12000}, {81, 12010}, {82, 12020}, {83, 12030}, {84, 12040},
    {85, 12050}, {86, 12070}, {87, 12080}, {88, 12090}, {90, 13000},
};

int ptxVersion(std::string_view ptx) {
  constexpr std::string_view directive = ".version";
  size_t at = ptx.find(directive);
  if (at == std::string_view::npos)
    return 0;
  at += directive.size();
  while (at < ptx.size() && (ptx[at] == ' ' || ptx[at] == '\t'))
    ++at;
  auto digit = [&](size_t i) { return i < ptx.size() && std::isdigit(static_cast<unsigned char>(ptx[i])); };
  if (!digit(at) || at + 1 >= ptx.size() || ptx[at + 1] != '.' || !digit(at + 2))
    return 0;
  return 10 * (ptx[at] - '0') + (ptx[at + 2] - '0');
}

int driverForPtx(int version) {
  for (const Release &release : kReleases)
    if (release.ptx == version)
      return release.cuda;
  return 0;
}

std::string explainPtxVersion(std::string_view ptx, int driverVersion) {
  int version = ptxVersion(ptx);
  int needed = driverForPtx(version);
  std::string text = "PTX " + (version ? std::to_string(version / 10) + "." + std::to_string(version % 10) : "") +
                     " needs a newer driver";
  if (needed)
    text = "PTX " + std::to_string(version / 10) + "." + std::to_string(version % 10) + " needs a driver for CUDA " +
           formatCudaVersion(needed) + " or newer";
  return text + "; this one is for CUDA " + formatCudaVersion(driverVersion) +
         "; update the driver, or load a cubin made by ptxas";
}

} // namespace thrift::cuda
