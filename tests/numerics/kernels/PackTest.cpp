//===- PackTest.cpp - the quantize kernels of every format, layout and target -===//
//
// Below the runtime: the quantize template is compiled for a copy of a target's row with the packed layout changed, run
// in the simulator, and its bytes compared with the host's packers, which do the same arithmetic in the same order.

#include "tests/numerics/kernels/KernelRun.h"

#include "compiler/Compiler.h"
#include "dialect/formats/Float16.h"
#include "dialect/formats/Pack.h"
#include "runtime/LaunchBinding.h"
#include "runtime/reference/ReadTensor.h"
#include "templates/Templates.h"

#include <gtest/gtest.h>

#include <random>

using namespace thrift;
using namespace thrift::test;

namespace {

struct PackCase {
  std::string_view target;
  PackedLayout layout;
  LowFormat format;
};

std::ostream &operator<<(std::ostream &stream, const PackCase &c) {
  return stream << c.target << " " << name(c.layout) << " " << name(c.format);
}

class PackKernels : public testing::TestWithParam<PackCase> {
protected:
  void SetUp() override { target.packedLayout = GetParam().layout; }

  Target target = *findTarget(GetParam().target);
};

enum class Values { Normal, EveryPattern };

/// One head dimension: [batch, heads, tokens, channels] of 16-bit values.
struct Input {
  std::vector<uint16_t> values;
  TensorView view;
};

Input makeInput(DType dtype, std::array<int64_t, 4> shape, Values kind) {
  Input input;
  input.values.resize(shape[0] * shape[1] * shape[2] * shape[3]);
  std::mt19937 generator(shape[2] * 2 + shape[3]);
  std::normal_distribution<float> normal;
  for (size_t n = 0; n < input.values.size(); ++n) {
    float x = normal(generator);
    // NaN, infinities, subnormals, zeros of both signs; the middle third is small, so that scales round to zero.
    uint16_t pattern = static_cast<uint16_t>(n * 40503u >> 3);
    if (n % 3072 >= 1024 && n % 3072 < 2048)
      pattern &= 0x8003;
    uint16_t value = dtype == DType::F16 ? f16FromF32(x) : bf16FromF32(x);
    bool everyPattern = kind == Values::EveryPattern && n % 5 < 4;
    input.values[n] = everyPattern ? pattern : value;
  }
  input.view = TensorView::contiguous(input.values.data(), dtype, {shape[0], shape[1], shape[2], shape[3]});
  return input;
}

/// Compiles the template, launches the entry `kernel` and returns what it wrote to the elements and the scales.
class QuantizeRun {
public:
  QuantizeRun(const KernelSpec &spec, const Target &target) {
    CompileRequest request;
    request.source = findTemplate("quantize")->text;
    request.spec = spec;
    request.spec.kernel = "quantize";
    request.target = &target;
    llvm::Expected<CompiledModule> compiled = Compiler().compile(request);
    if (!compiled) {
      ADD_FAILURE() << llvm::toString(compiled.takeError());
      return;
    }
    kernels = compiled->kernels;
    Result<std::shared_ptr<const LoadedModule>> loaded = device().loadModule({ImageKind::Ptx, compiled->text});
    if (!loaded)
      ADD_FAILURE() << loaded.status().message();
    else
      module = *loaded;
  }

  /// `first` is the slot of the input, `tokens` and `blocks` those of its extents.
  PackedTensor run(const std::string &kernel, const Input &input, size_t dataBytes, size_t scaleBytes) {
    PackedTensor packed{std::vector<uint8_t>(dataBytes), std::vector<uint8_t>(scaleBytes)};
    const KernelInfo *info = nullptr;
    for (const KernelInfo &known : kernels)
      if (known.name == kernel)
        info = &known;
    if (!module || !info) {
      ADD_FAILURE() << "no kernel " << kernel;
      return packed;
    }
    Result<LaunchBinding> binding = LaunchBinding::resolve(*info);
    Result<std::shared_ptr<const LoadedKernel>> loaded = module->find(kernel);
    Result<Buffer> x = device().allocate(input.values.size() * 2), data = device().allocate(dataBytes),
                   scales = device().allocate(scaleBytes), means = device().allocate(input.values.size() * 4);
    if (!binding || !loaded || !x || !data || !scales || !means) {
      ADD_FAILURE() << "cannot prepare " << kernel;
      return packed;
    }
    LaunchValues values;
    const int64_t *shape = input.view.shape.data();
    char which = kernel.back();
    int64_t block = which == 'q' ? blockQ : blockKv, blocks = (shape[2] + block - 1) / block;
    for (Slot slot : {Slot::QHeads, Slot::KvHeads})
      values.set(slot, shape[1]);
    for (Slot slot : {Slot::QLen, Slot::KvLen})
      values.set(slot, shape[2]);
    for (Slot slot : {Slot::QTiles, Slot::KvTiles})
      values.set(slot, blocks);
    values.set(Slot::Batch, shape[0]);
    TensorView view = input.view;
    view.data = reinterpret_cast<void *>(x->address());
    values.setTensor(which == 'q' ? Slot::Q : which == 'k' ? Slot::K : Slot::V, view);
    for (Slot slot : {Slot::QElements, Slot::KElements, Slot::VElements})
      values.set(slot, data->address());
    for (Slot slot : {Slot::QScales, Slot::KScales, Slot::VScales})
      values.set(slot, scales->address());
    TensorView mean = TensorView::contiguous(reinterpret_cast<void *>(means->address()), DType::F32,
                                             {shape[0], shape[1], blocks, shape[3]});
    for (Slot slot : {Slot::QMean, Slot::KMean})
      values.setTensor(slot, mean);
    Result<LaunchArguments> arguments = binding->arguments(values, device());
    if (!arguments) {
      ADD_FAILURE() << kernel << ": " << arguments.status().message();
      return packed;
    }
    Status steps[] = {device().copyIn(x->address(), input.values.data(), input.values.size() * 2, {}),
                      device().fill(data->address(), 0xEE, dataBytes, {}),
                      device().fill(scales->address(), 0xEE, scaleBytes, {}),
                      device().launch(**loaded, binding->shape(values), *arguments, {}),
                      device().copyOut(packed.data.data(), data->address(), dataBytes, {}),
                      device().copyOut(packed.scales.data(), scales->address(), scaleBytes, {})};
    for (const Status &step : steps)
      if (!step)
        ADD_FAILURE() << kernel << ": " << step.message();
    return packed;
  }

  int64_t blockQ = 128, blockKv = 64;

private:
  static Device &device() { return *simulator().device(); }
  std::vector<KernelInfo> kernels;
  std::shared_ptr<const LoadedModule> module;
};

RowReader readerOf(const TensorView &view) {
  return [view](int64_t b, int64_t h, int64_t token, float *row) { readRow(view, b, h, token, row); };
}

void expectBytes(const std::vector<uint8_t> &actual, const std::vector<uint8_t> &expected, const char *what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t n = 0; n < expected.size(); ++n)
    ASSERT_EQ(int(actual[n]), int(expected[n])) << what << ", byte " << n << " of " << expected.size();
}

/// All three kernels on one tensor of this many tokens.
void expectPacked(const PackCase &c, const Target &target, const KernelSpec &spec, std::array<int64_t, 3> extents,
                  Values kind) {
  SCOPED_TRACE(spec.print() + ", " + std::to_string(extents[2]) + " tokens");
  QuantizeRun kernels(spec, target);
  kernels.blockQ = spec.blockQ;
  kernels.blockKv = spec.blockKv;
  Input input = makeInput(spec.dtype, {extents[0], extents[1], extents[2], spec.headDim}, kind);
  for (const char *kernel : {"quantize_q", "quantize_k"}) {
    int64_t block = std::string(kernel) == "quantize_q" ? spec.blockQ : spec.blockKv;
    RowsLayout layout{c.format, {extents[0], extents[1], extents[2], spec.headDim, block}, c.layout};
    PackedTensor expected = packRows(layout, readerOf(input.view));
    PackedTensor actual = kernels.run(kernel, input, expected.data.size(), expected.scales.size());
    expectBytes(actual.data, expected.data, kernel);
    expectBytes(actual.scales, expected.scales, (std::string(kernel) + " scales").c_str());
  }
  TransposedLayout layout{c.format, {extents[0], extents[1], extents[2], spec.headDim, spec.blockKv}, c.layout};
  PackedTensor expected = packTransposed(layout, readerOf(input.view));
  PackedTensor actual = kernels.run("quantize_v", input, expected.data.size(), expected.scales.size());
  expectBytes(actual.data, expected.data, "quantize_v");
  expectBytes(actual.scales, expected.scales, "quantize_v scales");
}

KernelSpec specOf(LowFormat format, int64_t headDim, int64_t blockKv, DType dtype) {
  KernelSpec spec;
  spec.kernel = "quantize";
  spec.low = {format, format};
  spec.headDim = spec.valueDim = headDim;
  spec.blockKv = blockKv;
  spec.dtype = dtype;
  return spec;
}

} // namespace

TEST_P(PackKernels, LengthsThatBreakBlocksAndAtoms) {
  for (int64_t tokens : {1, 63, 64, 65, 128, 129, 200})
    expectPacked(GetParam(), target, specOf(GetParam().format, 64, 64, DType::F16), {2, 2, tokens}, Values::Normal);
}

TEST_P(PackKernels, HeadDimsBlocksAndTypes) {
  for (int64_t headDim : {64, 128})
    for (int64_t blockKv : {64, 128})
      for (DType dtype : {DType::F16, DType::BF16})
        expectPacked(GetParam(), target, specOf(GetParam().format, headDim, blockKv, dtype), {1, 2, 150},
                     Values::Normal);
}

TEST_P(PackKernels, EveryPattern) {
  for (DType dtype : {DType::F16, DType::BF16})
    expectPacked(GetParam(), target, specOf(GetParam().format, 128, 64, dtype), {1, 2, 330}, Values::EveryPattern);
}

static std::vector<PackCase> packCases() {
  std::vector<PackCase> cases;
  // sm_80 has no conversion, sm_90a those to fp8, sm_100a all of them.
  for (LowFormat format : {LowFormat::Nvfp4, LowFormat::Mxfp4, LowFormat::Fp8}) {
    cases.push_back({"sm_80", PackedLayout::Portable, format});
    cases.push_back({"sm_90a", PackedLayout::Portable, format});
    cases.push_back({"sm_100a", PackedLayout::Sm100, format});
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Targets, PackKernels, testing::ValuesIn(packCases()),
                         [](const testing::TestParamInfo<PackCase> &info) {
                           return std::string(info.param.target) + "_" + std::string(name(info.param.format));
                         });
