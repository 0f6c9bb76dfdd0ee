//===- main.cpp - thrift-opt: runs passes on IR from a file -----------------===//

#include "compiler/Registration.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  thrift::registerThriftDialects(registry);
  thrift::registerCompilerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "ThriftJIT's optimizer driver\n", registry));
}
