//===- Target.cpp - the table of targets ------------------------------------===//

#include "compiler/targets/Target.h"

using namespace thrift;

static constexpr std::string_view kPortable = "portable";
static constexpr std::string_view kStorageOnly = "FP4 is storage only, no speed-up";
static constexpr std::string_view kSm100 = "sm100";
static constexpr std::string_view kFp4Arithmetic = "products in FP4, FP8 and f16";

static constexpr PackedLayout kFragments = PackedLayout::Portable, kAtoms = PackedLayout::Sm100;

// cvt to e4m3x2 came with sm_89, to e2m1x2 and ue8m0x2 with the architecture-specific code of sm_100: PTX ISA, cvt.
static constexpr NativeConversions kInteger = NativeConversions::None, kFp8 = NativeConversions::Fp8,
                                   kFp4 = NativeConversions::Fp4;

// Shared memory per CTA: CUDA C++ programming guide, table "technical specifications per compute capability".
static constexpr Target targets[] = {
    // name, chip, capability, exact, ptx, shared, lowering, packed layout, conversions, low formats, notice
    {"sm_80", "sm_80", 80, false, 70, 166912, kPortable, kFragments, kInteger, kStorageOnly, ""},
    {"sm_86", "sm_86", 86, false, 71, 101376, kPortable, kFragments, kInteger, kStorageOnly, ""},
    {"sm_89", "sm_89", 89, false, 78, 101376, kPortable, kFragments, kFp8, kStorageOnly, ""},
    {"sm_90", "sm_90", 90, false, 78, 232448, kPortable, kFragments, kFp8, kStorageOnly, ""},
    {"sm_90a", "sm_90a", 90, true, 80, 232448, kPortable, kFragments, kFp8, kStorageOnly, ""},
    {"sm_100", "sm_100a", 100, true, 88, 232448, kSm100, kAtoms, kFp4, kFp4Arithmetic,
     "sm_100 means sm_100a: tensor memory and FP4 arithmetic exist only there"},
    {"sm_100a", "sm_100a", 100, true, 88, 232448, kSm100, kAtoms, kFp4, kFp4Arithmetic, ""},
    {"sm_103a", "sm_103a", 103, true, 88, 232448, kSm100, kAtoms, kFp4, kFp4Arithmetic, ""},
    {"sm_120a", "sm_120a", 120, true, 87, 101376, kPortable, kFragments, kFp4, kStorageOnly, ""},
};

std::string_view thrift::name(NativeConversions conversions) {
  switch (conversions) {
  case NativeConversions::None:
    return "none";
  case NativeConversions::Fp8:
    return "fp8";
  case NativeConversions::Fp4:
    return "fp4";
  }
  return "";
}

std::optional<NativeConversions> thrift::parseNativeConversions(std::string_view text) {
  for (NativeConversions conversions : {NativeConversions::None, NativeConversions::Fp8, NativeConversions::Fp4})
    if (name(conversions) == text)
      return conversions;
  return std::nullopt;
}

bool thrift::multipliesPacked(const Target &target) { return target.lowering == kSm100; }

LowPair thrift::defaultLow(const Target &target) {
  return {LowFormat::Nvfp4, multipliesPacked(target) ? LowFormat::Fp8 : LowFormat::Nvfp4};
}

const Target *thrift::findTarget(std::string_view name) {
  for (const Target &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

bool thrift::runsOn(const Target &target, int capability) {
  return target.exactCapability ? target.capability == capability : target.capability <= capability;
}

const Target *thrift::targetForCapability(int capability) {
  const Target *best = nullptr;
  for (const Target &target : targets) {
    bool better = !best || target.capability > best->capability ||
                  (target.capability == best->capability && target.exactCapability && target.name == target.chip);
    if (runsOn(target, capability) && better)
      best = &target;
  }
  return best;
}

std::string thrift::targetNames() {
  std::string names;
  for (const Target &target : targets)
    names.append(names.empty() ? "" : ", ").append(target.name);
  return names;
}
