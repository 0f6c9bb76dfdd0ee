// Attributes name what is allowed when a word is not.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// expected-error @below {{expected ::thrift::ElementFormat to be one of: f32, f16, bf16, nvfp4, mxfp4, fp8}}
// expected-error @below {{failed to parse Thrift_FormatAttr parameter 'value' which is to be a `::thrift::ElementFormat`}}
"use"() {format = #thrift.format<e5m2>} : () -> ()

// -----

// expected-error @below {{expected ::thrift::MaskKind to be one of: none, causal}}
// expected-error @below {{failed to parse Thrift_MaskAttr parameter 'value' which is to be a `::thrift::MaskKind`}}
"use"() {mask = #thrift.mask<window>} : () -> ()

// -----

// expected-error @below {{expected ::thrift::BudgetClass to be one of: mixed, all_low, all_high}}
// expected-error @below {{failed to parse Thrift_BudgetAttr parameter 'value' which is to be a `::thrift::BudgetClass`}}
"use"() {budget = #thrift.budget<half>} : () -> ()

// -----

// expected-error @below {{expected ::thrift::BlockList to be one of: visible, low, high}}
// expected-error @below {{failed to parse Thrift_ListAttr parameter 'value' which is to be a `::thrift::BlockList`}}
"use"() {list = #thrift.list<all>} : () -> ()

// -----

// expected-error @below {{expected ::thrift::SweepPart to be one of: all, interior, boundary}}
// expected-error @below {{failed to parse Thrift_PartAttr parameter 'value' which is to be a `::thrift::SweepPart`}}
"use"() {part = #thrift.part<edge>} : () -> ()

// -----

// expected-error @below {{expected ::thrift::TileLayout to be one of: shared, accumulator, operand_a, operand_a_widened, groups, columns, lanes}}
// expected-error @below {{failed to parse Thrift_LayoutAttr parameter 'value' which is to be a `::thrift::TileLayout`}}
"use"() {layout = #thrift.layout<operand_b>} : () -> ()

// -----

// A parameter is a bare word.
// expected-error @below {{expected valid keyword}}
"use"() {name = #thrift.param<128>} : () -> ()

// -----

// expected-error @below {{expected valid keyword}}
"use"() {name = #thrift.param<>} : () -> ()

// -----

// expected-error @below {{expected '<'}}
"use"() {name = #thrift.param} : () -> ()

// -----

// expected-error @below {{unknown attribute `scale` in dialect `thrift`}}
"use"() {scale = #thrift.scale<2>} : () -> ()
