// Attention over 512 tokens of 4 heads, on the first GPU or else in the simulator.
#include <thriftjit/Context.h>
#include <thriftjit/Device.h>

#include <cstdio>
#include <vector>

using namespace thrift;

static int fail(const Status &status) { return std::fprintf(stderr, "%s\n", status.message().c_str()), 1; }

int main() {
  Result<std::shared_ptr<Context>> context = Context::create();
  if (!context)
    return fail(context.status());
  Spec spec; // causal, f16, head dim 128, 5 % of the blocks in f16 and the rest in nvfp4
  Result<Plan> plan = (*context)->plan(spec);
  if (!plan)
    return fail(plan.status());
  std::printf("%s, lowering %s\n", (*context)->deviceSentence().c_str(), plan->lowering().c_str());

  Device &device = *(*context)->device();
  const int64_t heads = 4, tokens = 512, bytes = heads * tokens * 128 * 2;
  Result<size_t> scratch = plan->workspaceBytes({1, heads, heads, tokens, tokens});
  Result<Buffer> qkv = device.allocate(bytes), o = device.allocate(bytes), workspace = device.allocate(*scratch);
  if (!qkv || !o || !workspace)
    return fail(Status(StatusCode::DeviceError, "out of memory"));
  std::vector<uint16_t> ones(bytes / 2, 0x3C00), result(bytes / 2); // 1.0 in f16
  auto view = [&](Buffer &b) { return TensorView::contiguous((void *)b.address(), DType::F16, {1, heads, tokens, 128}); };
  Status steps[] = {device.copyIn(qkv->address(), ones.data(), bytes, {}),
                    plan->launch({view(*qkv), view(*qkv), view(*qkv), view(*o)}, {(void *)workspace->address(), *scratch}),
                    device.copyOut(result.data(), o->address(), bytes, {}), device.synchronize({})};
  for (const Status &step : steps)
    if (!step)
      return fail(step);
  std::printf("o[0] is %s\n", result[0] == 0x3C00 ? "1, as it must be for V = 1" : "wrong");
  return result[0] != 0x3C00;
}
