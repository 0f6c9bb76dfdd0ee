//===- FunctionDecoder.cpp - a function into flat code ----------------------===//

#include "runtime/sim/decode/FunctionDecoder.h"

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Control.h"

namespace thrift::sim {

FunctionDecoder::FunctionDecoder(ProgramDecoder &program, uint32_t function)
    : program_(program), function_(program.module_.functions[function]), layout_(program.layouts_[function]) {}

const FunctionLayout *FunctionDecoder::layoutOf(uint32_t function) const {
  auto found = program_.layouts_.find(function);
  return found == program_.layouts_.end() ? nullptr : &found->second;
}

uint32_t FunctionDecoder::constantPlane(uint64_t value, bool wide) {
  auto &known = wide ? program_.wideConstants_ : program_.narrowConstants_;
  auto [it, isNew] = known.try_emplace(value, 0);
  if (isNew) {
    it->second = program_.newPlane(wide ? 2 * kPlaneBytes : kPlaneBytes);
    program_.program_->constants.push_back({it->second, wide, value});
  }
  return it->second;
}

uint32_t FunctionDecoder::specialPlane(ptx::SpecialRegister reg, bool wide) {
  auto [it, isNew] = program_.specials_.try_emplace(static_cast<uint32_t>(reg) << 1 | (wide ? 1u : 0u), 0);
  if (isNew) {
    it->second = program_.newPlane(wide ? 2 * kPlaneBytes : kPlaneBytes);
    program_.program_->specials.push_back({it->second, wide, reg});
  }
  return it->second;
}

SymbolAddress FunctionDecoder::addressOf(ptx::SymbolKind kind, uint32_t id) const {
  SymbolAddress result;
  switch (kind) {
  case ptx::SymbolKind::Variable: {
    const ptx::Variable &variable = module().variables[id];
    result.space = variable.space;
    if (variable.space != ptx::Space::Shared) {
      result.address = program_.variableAddresses_[id];
      return result;
    }
    // Shared memory is laid out per kernel, for all functions that it reaches.
    const ptx::Function &entry = module().functions[program_.entry_];
    result.address = entry.dynamicSharedOffset;
    for (const ptx::SharedSlot &slot : entry.shared)
      if (slot.variable == id)
        result.address = slot.offset;
    return result;
  }
  case ptx::SymbolKind::Local:
    result.space = ptx::Space::Local;
    result.address = layout_.locals + function_.locals[id].offset;
    return result;
  case ptx::SymbolKind::Param:
    result.space = ptx::Space::Param;
    result.isKernelParameter = isEntry();
    result.address = function_.params[id].offset + (isEntry() ? 0 : layout_.params);
    return result;
  case ptx::SymbolKind::Result:
    result.space = ptx::Space::Param;
    result.address = layout_.results + function_.results[id].offset;
    return result;
  case ptx::SymbolKind::CallParam:
    result.space = ptx::Space::Param;
    result.address = layout_.callParams + function_.callParams[id].offset;
    return result;
  case ptx::SymbolKind::Function:
    result.address = kFunctionWindow | id;
    return result;
  }
  return result;
}

const uint32_t *FunctionDecoder::keepList(std::vector<uint32_t> places) {
  program_.program_->lists.push_back(std::move(places));
  return program_.program_->lists.back().data();
}

void FunctionDecoder::append(const Inst &inst, uint32_t line) {
  program_.program_->code.push_back(inst);
  program_.program_->lines.push_back(line);
  program_.program_->touched.insert(program_.program_->touched.end(), touched_.begin(), touched_.end());
  program_.program_->touchedFrom.push_back(static_cast<uint32_t>(program_.program_->touched.size()));
}

Status FunctionDecoder::decodeOne(const ptx::Instruction &instruction) {
  touched_.clear();
  Form form(*this, instruction);
  const OpcodeEntry *entry = findOpcode(form.opcode());
  if (!entry) {
    form.unsupported("the simulator does not have this instruction");
    return form.status();
  }
  form.inst.cls = entry->cls;
  entry->decode(form);
  form.finish();
  if (form.failed())
    return form.status();
  append(form.inst, instruction.line);
  for (const Inst &follower : form.followers())
    append(follower, instruction.line);
  return Status::ok();
}

Status FunctionDecoder::run() {
  layout_.entryPc = nextPc();
  for (const ptx::Instruction &instruction : function_.instructions) {
    pcs_.push_back(nextPc());
    if (Status status = decodeOne(instruction); !status)
      return status;
  }
  pcs_.push_back(nextPc());
  touched_.clear();
  append(returnInst(isEntry()), function_.line); // a body may end without one
  for (const Jump &jump : jumps_) {
    if (jump.slot)
      *jump.slot = pcs_[jump.target];
    else
      program_.program_->code[jump.pc].imm = pcs_[jump.target];
  }
  return Status::ok();
}

} // namespace thrift::sim
