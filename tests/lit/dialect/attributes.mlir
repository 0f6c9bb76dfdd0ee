// Every attribute prints as it is written, and survives the generic form and bytecode.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK: names = [#thrift.param<block_q>, #thrift.param<x>, #thrift.param<f16>]
"use"() {names = [#thrift.param<block_q>, #thrift.param<x>, #thrift.param<f16>]} : () -> ()

// CHECK: formats = [#thrift.format<f32>, #thrift.format<f16>, #thrift.format<bf16>, #thrift.format<nvfp4>, #thrift.format<mxfp4>, #thrift.format<fp8>]
"use"() {formats = [#thrift.format<f32>, #thrift.format<f16>, #thrift.format<bf16>, #thrift.format<nvfp4>,
                    #thrift.format<mxfp4>, #thrift.format<fp8>]} : () -> ()

// CHECK: masks = [#thrift.mask<none>, #thrift.mask<causal>]
"use"() {masks = [#thrift.mask<none>, #thrift.mask<causal>]} : () -> ()

// CHECK: budgets = [#thrift.budget<mixed>, #thrift.budget<all_low>, #thrift.budget<all_high>]
"use"() {budgets = [#thrift.budget<mixed>, #thrift.budget<all_low>, #thrift.budget<all_high>]} : () -> ()

// CHECK: lists = [#thrift.list<visible>, #thrift.list<low>, #thrift.list<high>]
"use"() {lists = [#thrift.list<visible>, #thrift.list<low>, #thrift.list<high>]} : () -> ()

// CHECK: parts = [#thrift.part<all>, #thrift.part<interior>, #thrift.part<boundary>]
"use"() {parts = [#thrift.part<all>, #thrift.part<interior>, #thrift.part<boundary>]} : () -> ()

// CHECK: layouts = [#thrift.layout<shared>, #thrift.layout<accumulator>, #thrift.layout<operand_a>, #thrift.layout<operand_a_widened>, #thrift.layout<groups>, #thrift.layout<columns>, #thrift.layout<lanes>]
"use"() {layouts = [#thrift.layout<shared>, #thrift.layout<accumulator>, #thrift.layout<operand_a>,
                    #thrift.layout<operand_a_widened>, #thrift.layout<groups>, #thrift.layout<columns>,
                    #thrift.layout<lanes>]} : () -> ()
