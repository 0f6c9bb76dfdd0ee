// One name is one thing: the launch ABI is spelled with the names of dimensions and arguments, and the dialect's syntax with
// those of parameters and of its own keywords.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{'thrift.kernel' op declares "q" twice}}
thrift.kernel @argument_and_dimension dims(q) (%q : i32) {
}

// -----

// "x.stride.0" is what the launch calls the first stride of x.
// expected-error-re @below {{'thrift.kernel' op {{.+}}"x.stride.0"}}
"thrift.kernel"() <{sym_name = "argument_and_stride", params = {}, dims = ["n"], arg_names = ["x", "x.stride.0"]}> ({
^bb0(%x : !thrift.view<[n, 64], f16>, %y : i32):
}) : () -> ()

// -----

// Printing would make another name of it.
// expected-error-re @below {{'thrift.kernel' op {{.+}}"0"}}
thrift.kernel @number (%0 : f32) {
}

// -----

// expected-error-re @below {{'thrift.kernel' op {{.+}}"two words"}}
"thrift.kernel"() <{sym_name = "blank", params = {}, dims = [], arg_names = ["two words"]}> ({
^bb0(%x : f32):
}) : () -> ()

// -----

// Where a format stands, f16 is the format: the parameter could never be used.
// expected-error-re @below {{'thrift.kernel' op {{.+}}f16}}
thrift.kernel @keyword<f16> dims(n) (%x : !thrift.view<[n, 64], f16>) {
}
