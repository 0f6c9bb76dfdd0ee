//===- ProgramDecoder.cpp - an entry and all that it calls ------------------===//

#include "runtime/sim/decode/FunctionDecoder.h"

#include <algorithm>

namespace thrift::sim {

// Chains of calls that are deeper than this are refused: the order of functions is found recursively.
static constexpr size_t kMaxCallDepth = 512;
// CUDA's limit of local memory per thread.
static constexpr uint32_t kMaxLocalBytes = 512 * 1024;

static uint32_t alignTo(uint32_t value, uint32_t alignment) { return (value + alignment - 1) / alignment * alignment; }

ProgramDecoder::ProgramDecoder(const ptx::Module &module, const std::string &text,
                               const std::vector<uint64_t> &variableAddresses)
    : module_(module), text_(text), variableAddresses_(variableAddresses), unit_(detectVectorUnit()) {}

uint32_t ProgramDecoder::newPlane(uint32_t bytes) {
  uint32_t place = program_->registerBytes;
  program_->registerBytes += bytes;
  return place;
}

/// Callees come before their callers: a split inside a function then has a lower pc than one that waits behind the
/// call, runs first, and both merge there.
Status ProgramDecoder::orderFunctions(uint32_t index, std::vector<uint8_t> &state, size_t depth) {
  enum : uint8_t { New, Open, Done };
  if (state[index] == Done)
    return Status::ok();
  const ptx::Function &function = module_.functions[index];
  if (state[index] == Open)
    return Status(StatusCode::Unsupported, "line " + std::to_string(function.line) + ": function " + function.name +
                                               " is recursive, which the simulator does not support");
  if (depth == kMaxCallDepth)
    return Status::unsupported("call depth", "more than " + std::to_string(depth), std::to_string(depth));
  state[index] = Open;
  for (const ptx::Instruction &instruction : function.instructions) {
    if (module_.opcodes[instruction.opcode].base != "call")
      continue;
    const ptx::Operand &callee = function.operandsOf(instruction)[ptx::Instruction::kCallCallee];
    if (callee.kind == ptx::OperandKind::Symbol && module_.functions[callee.id].isDefined)
      if (Status status = orderFunctions(callee.id, state, depth + 1); !status)
        return status;
  }
  state[index] = Done;
  order_.push_back(index);
  return Status::ok();
}

void ProgramDecoder::assignRegisters(uint32_t index) {
  const ptx::Function &function = module_.functions[index];
  FunctionLayout &layout = layouts_[index];
  for (ptx::Type type : function.registerTypes) {
    if (type == ptx::Type::Pred)
      layout.places.push_back(program_->predicates++);
    else
      layout.places.push_back(newPlane(std::max(ptx::sizeOf(type), 4u) * kWarpSize));
  }
  auto reserve = [this](uint32_t bytes) {
    uint32_t offset = localBytes_;
    localBytes_ = alignTo(localBytes_ + bytes, 16);
    return offset;
  };
  localBytes_ = alignTo(localBytes_, std::max(16u, function.localAlignment));
  layout.locals = reserve(function.localBytes);
  layout.callParams = reserve(function.callParamBytes);
  if (!function.isEntry) {
    layout.params = reserve(function.paramBytes);
    layout.results = reserve(function.resultBytes);
  }
}

Status ProgramDecoder::layOut(uint32_t entry) {
  std::vector<uint8_t> state(module_.functions.size());
  if (Status status = orderFunctions(entry, state, 0); !status)
    return status;
  for (uint32_t function : order_) {
    assignRegisters(function);
    if (localBytes_ > kMaxLocalBytes)
      return Status::invalid("local memory", std::to_string(localBytes_) + " bytes or more per thread",
                             "at most " + std::to_string(kMaxLocalBytes));
  }
  program_->firstRegisterPlane = 0;
  program_->endRegisterPlane = program_->registerBytes;
  sink_ = newPlane(4 * kPlaneBytes);
  return Status::ok();
}

void ProgramDecoder::describe(uint32_t entry) {
  const ptx::Function &function = module_.functions[entry];
  KernelInfo &info = program_->info;
  info.name = function.name;
  for (const ptx::Param &param : function.params)
    info.parameters.push_back({param.name, param.byteSize, param.alignment, param.offset});
  program_->parameterBytes = function.paramBytes;
  program_->dynamicSharedOffset = function.dynamicSharedOffset;
  program_->bounds = function.bounds;
  info.staticSharedBytes = function.sharedBytes;
  info.usesDynamicShared = !function.dynamicShared.empty();
  info.localBytes = localBytes_;
  info.instructions = static_cast<uint32_t>(program_->code.size());
  const auto &required = function.bounds.requiredThreads;
  const auto &maximum = function.bounds.maxThreads;
  info.required = {required[0], required[1], required[2]};
  const auto &cluster = function.bounds.requiredCluster;
  info.requiredCluster = {cluster[0], cluster[1], cluster[2]};
  info.maximum = {maximum[0], maximum[1], maximum[2]};
}

Result<std::unique_ptr<Program>> ProgramDecoder::decode(uint32_t entry) {
  program_ = std::make_unique<Program>();
  program_->touchedFrom.push_back(0);
  program_->ptx = &text_;
  unsigned &version = program_->info.smVersion;
  for (char c : module_.target)
    if (c >= '0' && c <= '9' && version < 1000)
      version = version * 10 + static_cast<unsigned>(c - '0');
  entry_ = entry;
  if (Status status = layOut(entry); !status)
    return status;
  for (uint32_t function : order_)
    if (Status status = FunctionDecoder(*this, function).run(); !status)
      return status;
  auto &registers = program_->wgmmaRegisters;
  std::sort(registers.begin(), registers.end());
  registers.erase(std::unique(registers.begin(), registers.end()), registers.end());
  program_->entryPc = layouts_[entry].entryPc;
  describe(entry);
  return std::move(program_);
}

} // namespace thrift::sim
