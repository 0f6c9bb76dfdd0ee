//===- ThriftDialect.cpp - registration -------------------------------------===//

#include "dialect/ThriftDialect.h"

#include "dialect/Syntax.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace thrift;

#include "dialect/ThriftDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialect/ThriftOps.cpp.inc"

void ThriftDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dialect/ThriftOps.cpp.inc"
      >();
}
