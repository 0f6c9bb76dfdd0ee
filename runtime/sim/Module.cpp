//===- Module.cpp - parsed PTX and its variables ----------------------------===//

#include "runtime/sim/Simulator.h"
#include "runtime/sim/decode/FunctionDecoder.h"
#include "runtime/sim/machine/Program.h"
#include "runtime/sim/ptx/Parser.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

namespace thrift::sim {

struct ModuleState {
  std::string text;
  ptx::Module module;
  std::vector<std::shared_ptr<Allocation>> storage; ///< of .global and .const, by variable; null for the others
  std::vector<uint64_t> addresses;                  ///< the same
  std::vector<Region> regions;

  std::mutex mutex;
  std::map<std::string, std::unique_ptr<Kernel>, std::less<>> kernels;

  Status placeVariables();
  Status relocate(const ptx::Variable &variable, uint8_t *data) const;
};

/// Module-scope variables become buffers of their own, filled with their initialisers.
Status ModuleState::placeVariables() {
  for (const ptx::Variable &variable : module.variables) {
    bool placed = variable.space == ptx::Space::Global || variable.space == ptx::Space::Const;
    if (!placed || variable.byteSize == 0) {
      storage.push_back(nullptr);
      addresses.push_back(0);
      continue;
    }
    std::shared_ptr<Allocation> allocation = Allocation::create(variable.byteSize);
    if (!allocation)
      return Status(StatusCode::InvalidArgument, "line " + std::to_string(variable.line) + ": no memory for variable " +
                                                     variable.name + " of " + std::to_string(variable.byteSize) +
                                                     " bytes");
    Region region;
    region.base = allocation->address();
    region.bytes = variable.byteSize;
    region.readOnly = variable.space == ptx::Space::Const;
    region.what = region.readOnly ? ".const" : ".global";
    regions.push_back(region);
    addresses.push_back(region.base);
    storage.push_back(std::move(allocation));
  }
  for (size_t i = 0; i < module.variables.size(); ++i)
    if (storage[i]) {
      const ptx::Variable &variable = module.variables[i];
      if (!variable.data.empty())
        std::memcpy(storage[i]->data(), variable.data.data(), std::min<uint64_t>(variable.data.size(), variable.byteSize));
      if (Status status = relocate(variable, storage[i]->data()); !status)
        return status;
    }
  return Status::ok();
}

Status ModuleState::relocate(const ptx::Variable &variable, uint8_t *data) const {
  for (const ptx::Relocation &relocation : variable.relocations) {
    bool isFunction = relocation.symbol == ptx::SymbolKind::Function;
    uint64_t address = isFunction ? kFunctionWindow | relocation.id : addresses[relocation.id];
    if (address == 0)
      return Status(
          StatusCode::Unsupported,
          "line " + std::to_string(variable.line) + ": variable " + variable.name +
              " is initialised with the address of something that is no function, .global or .const variable");
    uint64_t value = (address + static_cast<uint64_t>(relocation.addend)) >> relocation.shift;
    if (relocation.offset > variable.byteSize || relocation.byteSize > variable.byteSize - relocation.offset ||
        relocation.byteSize > sizeof value)
      return Status(StatusCode::InvalidArgument, "line " + std::to_string(variable.line) + ": variable " +
                                                     variable.name + " has an initialiser beyond its end");
    std::memcpy(data + relocation.offset, &value, relocation.byteSize);
  }
  return Status::ok();
}

Module::Module(std::unique_ptr<ModuleState> state) : state_(std::move(state)) {}
Module::~Module() = default;

Result<std::shared_ptr<Module>> Module::load(std::string_view ptx) {
  auto state = std::make_unique<ModuleState>();
  state->text = std::string(ptx);
  Result<ptx::Module> module = ptx::parse(state->text);
  if (!module)
    return module.status();
  state->module = std::move(*module);
  if (state->module.addressSize != 64)
    return Status::unsupported(".address_size", std::to_string(state->module.addressSize), "64");
  if (Status status = state->placeVariables(); !status)
    return status;
  return std::make_shared<Module>(std::move(state));
}

std::vector<std::string> Module::entries() const {
  std::vector<std::string> names;
  for (const ptx::Function &function : state_->module.functions)
    if (function.isEntry && function.isDefined)
      names.push_back(function.name);
  return names;
}

Result<const Kernel *> Module::find(std::string_view name) const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  if (auto known = state_->kernels.find(name); known != state_->kernels.end())
    return known->second.get();
  uint32_t index = state_->module.findFunction(name);
  if (index == ptx::kNone || !state_->module.functions[index].isEntry || !state_->module.functions[index].isDefined) {
    std::string allowed;
    for (const std::string &entry : entries())
      allowed += (allowed.empty() ? "" : ", ") + entry;
    return Status::invalid("entry", "\"" + std::string(name) + "\"", allowed.empty() ? "none" : allowed);
  }
  Result<std::unique_ptr<Program>> program =
      ProgramDecoder(state_->module, state_->text, state_->addresses).decode(index);
  if (!program)
    return program.status();
  (*program)->variables = state_->regions;
  auto kernel = std::make_unique<Kernel>(std::move(*program));
  return state_->kernels.emplace(std::string(name), std::move(kernel)).first->second.get();
}

Kernel::Kernel(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Kernel::~Kernel() = default;
const KernelInfo &Kernel::info() const { return program_->info; }

std::string Program::textOf(uint32_t line) const {
  size_t begin = 0;
  for (uint32_t i = 1; i < line; ++i) {
    begin = ptx->find('\n', begin);
    if (begin == std::string::npos)
      return "";
    ++begin;
  }
  std::string text = ptx->substr(begin, ptx->find('\n', begin) - begin);
  auto isSpace = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && isSpace(text.back()))
    text.pop_back();
  size_t first = 0;
  while (first < text.size() && isSpace(text[first]))
    ++first;
  return text.substr(first);
}

} // namespace thrift::sim
